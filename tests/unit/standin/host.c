// SPDX-License-Identifier: GPL-2.0-only
#include "standin/host.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <linux/perf_event.h>
#include <linux/psp-sev.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "abi/event.h"
#include "host/cpuid.h"
#include "host/registers.h"
#include "output/sink.h"
#include "output/systemd.h"

struct host host;

/* ---- files ---- */

static const char *const roots[] = { "/sys/", "/proc/",	      "/dev/",	  "/run/",
				     "/etc/", "/lib/modules", "/var/lib/" };

static bool is_of_host(const char *path)
{
	for (size_t i = 0; host.stands && i < sizeof(roots) / sizeof(roots[0]); i++)
		if (!strncmp(path, roots[i], strlen(roots[i])))
			return true;
	return false;
}

/* The path that libc is to have; path itself where it is no file of the host. */
static const char *below(const char *path, char full[PATH_MAX])
{
	if (!is_of_host(path))
		return path;
	snprintf(full, PATH_MAX, "%s%s", host.kernel.files.root, path);
	return full;
}

static struct refusal {
	char path[128];
	int err;
} refusals[16];

void host_refuse(const char *path, int err)
{
	struct refusal *free = NULL;

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		if (!strcmp(refusals[i].path, path)) {
			refusals[i].err = err;
			return;
		}
		if (!refusals[i].path[0] && !free)
			free = &refusals[i];
	}
	cr_assert(free);
	snprintf(free->path, sizeof(free->path), "%s", path);
	free->err = err;
}

/* Sets errno and returns true if the path is refused. */
static bool is_refused(const char *path)
{
	for (size_t i = 0; host.stands && i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (refusals[i].err && !strcmp(refusals[i].path, path)) {
			errno = -refusals[i].err;
			return true;
		}
	return false;
}

/* A CPU's registers, as /dev/cpu/N/msr has them: at each address the 8 bytes of one. */
enum { FDS = 1024 };
static int cpu_of_fd[FDS];

static int cpu_of_msr(const char *path)
{
	int cpu;
	char end;

	return sscanf(path, "/dev/cpu/%d/ms%c", &cpu, &end) == 2 ? cpu : -1;
}

static uint64_t register_of(int cpu, uint32_t msr)
{
	if (msr == SNP_MSR_SYSCFG)
		return host.syscfg[cpu];
	if (msr == SNP_MSR_RMPOPT) {
		host.rmpopts++;
		return host.rmpopt[cpu];
	}
	if (msr == 0xc0010117)
		return host.hsave_pa;
	if (msr == 0xc0000080) {
		host.efers++;
		return host.svme ? 1 << 12 : 0;
	}
	if (msr == register_msr(REGISTER_RMP_BASE, 0))
		return 0x10000000;
	if (msr == register_msr(REGISTER_RMP_END, 0))
		return 0x107fffff;
	return 0;
}

ssize_t __real_pread(int fd, void *data, size_t size, off_t offset);
ssize_t __wrap_pread(int fd, void *data, size_t size, off_t offset);
ssize_t __wrap_pread(int fd, void *data, size_t size, off_t offset)
{
	uint64_t value;

	if (!host.stands || fd < 0 || fd >= FDS || cpu_of_fd[fd] < 0)
		return __real_pread(fd, data, size, offset);
	cr_assert_eq(size, sizeof(value));
	value = register_of(cpu_of_fd[fd], offset);
	memcpy(data, &value, size);
	return size;
}

int __real_open(const char *path, int flags, ...);
static int tracefs_fd = -1;

int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	char full[PATH_MAX];
	mode_t mode = 0;
	va_list args;
	int fd, err;

	if (flags & O_CREAT) {
		va_start(args, flags);
		mode = va_arg(args, mode_t);
		va_end(args);
	}
	if (is_refused(path))
		return -1;
	err = is_of_host(path) && host.on_open ? host.on_open(path, flags) : 0;
	if (err) {
		errno = -err;
		return -1;
	}
	if (is_of_host(path) && flags & O_CREAT)
		host_log("write %s", path);
	fd = __real_open(below(path, full), flags, mode);
	if (fd >= 0 && fd < FDS)
		cpu_of_fd[fd] = is_of_host(path) ? cpu_of_msr(path) : -1;
	if (is_of_host(path) && flags & O_WRONLY && strstr(path, "/kprobe_events"))
		tracefs_fd = fd;
	else if (fd == tracefs_fd)
		tracefs_fd = -1; /* closed since */
	return fd;
}

FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode)
{
	char full[PATH_MAX];

	if (host.stands && *mode == 'w')
		host_log("write %s", path);
	if (is_of_host(path) && host.on_read)
		host.on_read(path);
	return is_refused(path) ? NULL : __real_fopen(below(path, full), mode);
}

DIR *__real_opendir(const char *path);
DIR *__wrap_opendir(const char *path);
DIR *__wrap_opendir(const char *path)
{
	char full[PATH_MAX];

	return is_refused(path) ? NULL : __real_opendir(below(path, full));
}

/* One path, and nothing else that matters here. */
#define WRAP_PATH(name, parameters, arguments)                                                     \
	int __real_##name parameters;                                                              \
	int __wrap_##name parameters;                                                              \
	int __wrap_##name parameters                                                               \
	{                                                                                          \
		char full[PATH_MAX];                                                               \
                                                                                                   \
		return is_refused(path) ? -1 : __real_##name arguments;                            \
	}

WRAP_PATH(access, (const char *path, int mode), (below(path, full), mode))
WRAP_PATH(mkdir, (const char *path, mode_t mode), (below(path, full), mode))
WRAP_PATH(rmdir, (const char *path), (below(path, full)))
WRAP_PATH(unlink, (const char *path), (below(path, full)))
WRAP_PATH(lstat, (const char *path, struct stat *st), (below(path, full), st))
WRAP_PATH(scandir,
	  (const char *path, struct dirent ***names, int (*filter)(const struct dirent *),
	   int (*compare)(const struct dirent **, const struct dirent **)),
	  (below(path, full), names, filter, compare))

ssize_t __real_readlink(const char *path, char *link, size_t size);
ssize_t __wrap_readlink(const char *path, char *link, size_t size);
ssize_t __wrap_readlink(const char *path, char *link, size_t size)
{
	char full[PATH_MAX];

	return is_refused(path) ? -1 : __real_readlink(below(path, full), link, size);
}

int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to)
{
	char full_from[PATH_MAX], full_to[PATH_MAX];

	if (is_refused(from) || is_refused(to))
		return -1;
	return __real_rename(below(from, full_from), below(to, full_to));
}

/* Of this host, root owns what the user owns who runs the tests. */
static void give_to_root(struct stat *st)
{
	if (host.stands && st->st_uid == getuid())
		st->st_uid = 0;
}

int __real_stat(const char *path, struct stat *st);
int __wrap_stat(const char *path, struct stat *st);
int __wrap_stat(const char *path, struct stat *st)
{
	char full[PATH_MAX];
	int err = is_refused(path) ? -1 : __real_stat(below(path, full), st);

	if (!err)
		give_to_root(st);
	return err;
}

int __real_fstat(int fd, struct stat *st);
int __wrap_fstat(int fd, struct stat *st);
int __wrap_fstat(int fd, struct stat *st)
{
	int err = __real_fstat(fd, st);

	if (!err)
		give_to_root(st);
	return err;
}

/* The paths that are found begin with the root, which open() then leaves alone. */
int __real_glob(const char *pattern, int flags, int (*error)(const char *, int), glob_t *found);
int __wrap_glob(const char *pattern, int flags, int (*error)(const char *, int), glob_t *found);
int __wrap_glob(const char *pattern, int flags, int (*error)(const char *, int), glob_t *found)
{
	size_t len = strlen(host.kernel.files.root);
	char full[PATH_MAX];
	int err = __real_glob(below(pattern, full), flags, error, found);

	for (size_t i = 0; is_of_host(pattern) && !err && i < found->gl_pathc; i++)
		memmove(found->gl_pathv[i], found->gl_pathv[i] + len,
			strlen(found->gl_pathv[i] + len) + 1);
	return err;
}

/* libbpf opens files by itself. */
struct btf *__real_btf__parse(const char *path, struct btf_ext **ext);
struct btf *__wrap_btf__parse(const char *path, struct btf_ext **ext);
struct btf *__wrap_btf__parse(const char *path, struct btf_ext **ext)
{
	char full[PATH_MAX];

	return __real_btf__parse(below(path, full), ext);
}

struct btf *__real_btf__parse_split(const char *path, struct btf *base);
struct btf *__wrap_btf__parse_split(const char *path, struct btf *base);
struct btf *__wrap_btf__parse_split(const char *path, struct btf *base)
{
	char full[PATH_MAX];

	return __real_btf__parse_split(below(path, full), base);
}

/* ---- kprobe events of tracefs ---- */

static unsigned int event_ids;
static int perf_fd = -1;
static char event_of_perf_fd[80], events[64][80]; /* by id */

static const char events_file[] = "/sys/kernel/tracing/kprobe_events";

static void rewrite_events(const char *without)
{
	FILE *from = __real_fopen(fixture_path(&host.kernel.files, events_file), "r"), *to;
	char line[256], text[4096] = "";

	cr_assert(from);
	while (fgets(line, sizeof(line), from))
		if (!strstr(line, without))
			strncat(text, line, sizeof(text) - strlen(text) - 1);
	fclose(from);
	to = __real_fopen(fixture_path(&host.kernel.files, events_file), "w");
	cr_assert(to);
	fputs(text, to);
	fclose(to);
}

static ssize_t change_events(int fd, const char *line, size_t len)
{
	char name[80], with_blank[84], path[160], id[16];

	if (sscanf(line + 1, ":%79s", name) != 1) {
		errno = EINVAL;
		return -1;
	}
	snprintf(path, sizeof(path), "/sys/kernel/tracing/events/%s/id", name);
	if (line[0] == '-') {
		if (host.is_in_use && host.is_in_use(name)) {
			errno = EBUSY;
			return -1;
		}
		host_log("event removed %s", name);
		snprintf(with_blank, sizeof(with_blank), "%s ", name);
		rewrite_events(with_blank);
		if (host_has(path))
			host_remove(path);
		return len;
	}
	if (is_refused(path))
		return -1;
	host_log("event added %.*s", (int)len - 3, line + 2);
	cr_assert_lt(++event_ids, 64);
	snprintf(events[event_ids], sizeof(events[0]), "%s", name);
	snprintf(id, sizeof(id), "%u\n", event_ids);
	host_write(path, id);
	return dprintf(fd, "%.*s", (int)len, line);
}

ssize_t __real_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size)
{
	if (host.stands && fd >= 0 && fd == tracefs_fd)
		return change_events(fd, data, size);
	if (host.on_write && host.on_write(fd, &size))
		return -1;
	return __real_write(fd, data, size);
}

long __wrap_syscall(long number, ...);
long __wrap_syscall(long number, ...)
{
	const struct perf_event_attr *attr;
	va_list args;

	cr_assert_eq(number, SYS_perf_event_open);
	va_start(args, number);
	attr = va_arg(args, const struct perf_event_attr *);
	va_end(args);
	if (is_refused("perf_event_open"))
		return -1;
	perf_fd = eventfd(0, EFD_CLOEXEC);
	snprintf(event_of_perf_fd, sizeof(event_of_perf_fd), "%s", events[attr->config]);
	return perf_fd;
}

const char *host_event_of(int fd)
{
	return fd >= 0 && fd == perf_fd ? event_of_perf_fd : "";
}

/* ---- who runs the guard, and what it mounts ---- */

uid_t __real_geteuid(void);
uid_t __wrap_geteuid(void);
uid_t __wrap_geteuid(void)
{
	return host.stands ? host.euid : __real_geteuid();
}

/* The tests keep the privileges that the guard drops. A thread that exists would keep them, too. */
int __real_cap_set_proc(cap_t caps);
int __wrap_cap_set_proc(cap_t caps);
int __wrap_cap_set_proc(cap_t caps)
{
	char *text;

	if (!host.stands)
		return __real_cap_set_proc(caps);
	if (is_refused("cap_set_proc"))
		return -1;
	cr_assert_eq(fixture_threads(), host.threads,
		     "a thread was started before the privileges were dropped");
	text = cap_to_text(caps, NULL);
	host_log("capabilities %s", text);
	cap_free(text);
	return 0;
}

int __real_cap_drop_bound(cap_value_t cap);
int __wrap_cap_drop_bound(cap_value_t cap);
int __wrap_cap_drop_bound(cap_value_t cap)
{
	return host.stands ? 0 : __real_cap_drop_bound(cap);
}

int __wrap_prctl(int option, ...);
int __wrap_prctl(int option, ...)
{
	host_log("prctl %d", option);
	return 0;
}

int __wrap_unshare(int flags);
int __wrap_unshare(int flags)
{
	host_log("unshare %#x", (unsigned int)flags);
	return is_refused("unshare") ? -1 : 0;
}

int __wrap_mount(const char *what, const char *where, const char *type, unsigned long flags,
		 const void *data);
int __wrap_mount(const char *what, const char *where, const char *type, unsigned long flags,
		 const void *data)
{
	(void)flags;
	(void)data;
	(void)what;
	host_log("mount %s at %s", type ? type : "none", where);
	if (type && !strcmp(type, "tracefs"))
		host_write(events_file, "");
	if (type && !strcmp(type, "securityfs"))
		host_write("/sys/kernel/security/lsm", "lockdown,capability,bpf\n");
	return 0;
}

int __wrap_posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
			const posix_spawnattr_t *attributes, char *const argv[],
			char *const environment[]);
int __wrap_posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
			const posix_spawnattr_t *attributes, char *const argv[],
			char *const environment[])
{
	(void)pid;
	(void)actions;
	(void)attributes;
	(void)environment;
	host_log("spawn %s %s %s", file, argv[1], argv[2]);
	for (unsigned int cpu = 0; cpu < host.cpus; cpu++)
		host_set_snp_en(cpu, false);
	return ENOENT; /* there is no child to wait for */
}

/* ---- libraries ---- */

void *__real_library_function(const char *soname, const char *function);
void *__wrap_library_function(const char *soname, const char *function);
void *__wrap_library_function(const char *soname, const char *function)
{
	return is_refused(soname) ? NULL : __real_library_function(soname, function);
}

/* ---- the network ---- */

int __real_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol)
{
	int fd, on = 1;

	if (family != AF_INET6)
		return __real_socket(family, type, protocol);
	if (is_refused("AF_INET6"))
		return -1;
	fd = __real_socket(family, type, protocol);
	if (fd >= 0 && host.bindv6only)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	return fd;
}

/* ---- the service manager and the journal ---- */

int systemd_notify(const char *state)
{
	host_log("notify %s", state);
	return 1;
}

__u64 systemd_watchdog_usec(void)
{
	return host.watchdog_usec;
}

int systemd_journal(const char *fields, size_t size)
{
	cr_assert_gt(size, 0);
	if (is_refused("systemd_journal"))
		return -errno;
	host_log("journal %s", fields);
	return 0;
}

/* ---- the firmware's answer, through /dev/sev ---- */

int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...)
{
	const struct sev_issue_cmd *command;
	va_list args;

	va_start(args, request);
	command = va_arg(args, const struct sev_issue_cmd *);
	va_end(args);
	/* Of the terminal that stdout is. */
	if (request == TIOCGWINSZ)
		return __real_ioctl(fd, request, command);
	if (is_refused("ioctl"))
		return -1;
	cr_assert_eq(request, SEV_ISSUE_CMD);
	memcpy((void *)(uintptr_t)command->data, &host.firmware, sizeof(host.firmware));
	return 0;
}

/* ---- the clock and the script ---- */

static struct step {
	__u64 at_ns;
	void (*step)(void);
	bool relative;
} steps[64];
static unsigned int step_count;

#define HOUR 3600000000000ull

void at(double seconds, void (*step)(void))
{
	cr_assert_lt(step_count, sizeof(steps) / sizeof(steps[0]));
	steps[step_count++] = (struct step){ seconds * 1e9, step, true };
}

void host_begin_script(void)
{
	host.began_ns = host.now_ns;
	host.threads = fixture_threads();
	host.late = false;
	for (unsigned int i = 0; i < step_count; i++)
		if (steps[i].relative) {
			steps[i].at_ns += host.now_ns;
			steps[i].relative = false;
		}
}

/* The step that is due first, of those by until; the one that was scripted first if several are. */
static struct step *next_step(__u64 until)
{
	struct step *next = NULL;

	for (unsigned int i = 0; i < step_count; i++)
		if (!steps[i].relative && steps[i].step && steps[i].at_ns <= until &&
		    (!next || steps[i].at_ns < next->at_ns))
			next = &steps[i];
	return next;
}

/* Moves to the next step by until, and runs it; or to until. Returns true for a step. */
static bool move_on(__u64 until)
{
	struct step *next = next_step(until);
	void (*step)(void);

	if (!next) {
		host.now_ns = until > host.now_ns ? until : host.now_ns;
		return false;
	}
	if (next->at_ns > host.now_ns)
		host.now_ns = next->at_ns;
	step = next->step;
	next->step = NULL;
	step();
	return true;
}

static void end_what_does_not_end(void)
{
	if (next_step(UINT64_MAX) || host.now_ns < host.began_ns + HOUR || host.late)
		return;
	host.late = true;
	raise(SIGTERM);
}

/* ---- threads: the outputs work whenever the guard waits, and no time passes ---- */

static struct sink *sinks[SNP_PART_COUNT];

static bool let_outputs_work(void)
{
	bool progress = false;

	for (int i = 0; i < SNP_PART_COUNT; i++)
		while (sinks[i] && sink_work(sinks[i]))
			progress = true;
	return progress;
}

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
			  void *(*start)(void *arg), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
			  void *(*start)(void *arg), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
			  void *(*start)(void *arg), void *arg)
{
	int i = 0;

	if (!host.stands)
		return __real_pthread_create(thread, attributes, start, arg);
	if (is_refused("pthread_create"))
		return errno;
	while (sinks[i])
		i++;
	sinks[i] = arg;
	*thread = i;
	return 0;
}

int __real_pthread_join(pthread_t thread, void **result);
int __wrap_pthread_join(pthread_t thread, void **result);
int __wrap_pthread_join(pthread_t thread, void **result)
{
	if (!host.stands)
		return __real_pthread_join(thread, result);
	sinks[thread] = NULL;
	return 0;
}

int __real_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *lock,
				  const struct timespec *until);
int __wrap_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *lock,
				  const struct timespec *until);
int __wrap_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *lock,
				  const struct timespec *until)
{
	bool progress;

	if (!host.stands)
		return __real_pthread_cond_timedwait(cond, lock, until);
	pthread_mutex_unlock(lock);
	progress = let_outputs_work();
	pthread_mutex_lock(lock);
	return progress ? 0 : ETIMEDOUT;
}

int __real_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	__u64 until = host.now_ns + (timeout_ms < 0 ? HOUR : timeout_ms * 1000000ull);
	int n;

	if (!host.stands)
		return __real_poll(fds, count, timeout_ms);
	if (is_refused("poll"))
		return -1;
	while (next_step(host.now_ns))
		move_on(host.now_ns);
	do {
		let_outputs_work();
		end_what_does_not_end();
		n = __real_poll(fds, count, 0);
	} while (!n && move_on(until));
	return n;
}

int __real_nanosleep(const struct timespec *time, struct timespec *left);
int __wrap_nanosleep(const struct timespec *time, struct timespec *left);
int __wrap_nanosleep(const struct timespec *time, struct timespec *left)
{
	__u64 until = host.now_ns + time->tv_sec * SECOND + time->tv_nsec;

	if (!host.stands)
		return __real_nanosleep(time, left);
	while (move_on(until))
		;
	return 0;
}

int __real_clock_gettime(clockid_t clock, struct timespec *time);
int __wrap_clock_gettime(clockid_t clock, struct timespec *time);
int __wrap_clock_gettime(clockid_t clock, struct timespec *time)
{
	if (!host.stands)
		return __real_clock_gettime(clock, time);
	/* What the guard does takes a moment. */
	host.now_ns += 1000;
	time->tv_sec = host.now_ns / SECOND + (clock == CLOCK_REALTIME ? HOST_REALTIME_S : 0);
	time->tv_nsec = host.now_ns % SECOND;
	return 0;
}

time_t __real_time(time_t *to);
time_t __wrap_time(time_t *to);
time_t __wrap_time(time_t *to)
{
	time_t now = HOST_REALTIME_S + host.now_ns / SECOND;

	if (!host.stands)
		return __real_time(to);
	if (to)
		*to = now;
	return now;
}

void sigterm(void)
{
	raise(SIGTERM);
}

void sighup(void)
{
	raise(SIGHUP);
}

long __real_syscall(long number, ...);

void sighup_of_terminal(void)
{
	siginfo_t info = { .si_signo = SIGHUP, .si_code = SI_KERNEL };

	cr_assert_eq(__real_syscall(SYS_rt_sigqueueinfo, getpid(), SIGHUP, &info), 0);
}

/* ---- the log ---- */

void host_log(const char *format, ...)
{
	size_t used = strlen(host.log), len;
	char line[512];
	va_list args;

	va_start(args, format);
	len = vsnprintf(line, sizeof(line) - 1, format, args);
	va_end(args);
	strcat(line, "\n");
	len++;
	cr_assert_lt(used + len, sizeof(host.log));
	strcpy(host.log + used, line);
}

void host_forget_log(void)
{
	host.log[0] = 0;
}

/* The first line from at on that begins with text, or NULL. */
static const char *find_line(const char *from, const char *text)
{
	for (const char *line = from; line && *line; line = strchr(line, '\n'), line += !!line)
		if (!strncmp(line, text, strlen(text)))
			return line;
	return NULL;
}

unsigned int host_logged(const char *text)
{
	unsigned int n = 0;

	for (const char *line = host.log; (line = find_line(line, text)); line += strlen(text))
		n++;
	return n;
}

bool host_is_before(const char *first, const char *then)
{
	const char *a = find_line(host.log, first), *b = find_line(host.log, then);

	return a && b && a < b;
}

/* ---- a host ---- */

void host_has_rmpopt(bool has)
{
	const __u32 regs[4] = { 0, 0, 0, has ? CPUID_RMP_RMPOPT : 0 };

	fixture_cpuid(&host.kernel.files, CPUID_RMP, regs);
}

void host_write(const char *path, const char *text)
{
	fixture_write(&host.kernel.files, path, text);
}

void host_remove(const char *path)
{
	fixture_remove(&host.kernel.files, path);
}

bool host_has(const char *path)
{
	return !__real_access(fixture_path(&host.kernel.files, path), F_OK);
}

const char *host_read(const char *path)
{
	static char text[256];
	FILE *f = __real_fopen(fixture_path(&host.kernel.files, path), "r");

	text[0] = 0;
	if (!f)
		return text;
	if (!fgets(text, sizeof(text), f))
		text[0] = 0;
	fclose(f);
	text[strcspn(text, "\n")] = 0;
	return text;
}

int host_hold_lock(const char *holder)
{
	struct flock whole = { .l_type = F_WRLCK };
	int fd;

	host_write("/run/snp-guard.lock", holder);
	fd = open("/run/snp-guard.lock", O_RDWR | O_CLOEXEC);
	cr_assert_eq(fcntl(fd, F_OFD_SETLK, &whole), 0);
	return fd;
}

static __u64 online;

static void write_online(void)
{
	char text[256] = "";

	for (unsigned int cpu = 0; cpu < host.cpus; cpu++)
		if (online >> cpu & 1)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%u",
				 *text ? "," : "", cpu);
	strcat(text, "\n");
	host_write("/sys/devices/system/cpu/online", text);
}

void host_set_online(unsigned int cpu, bool on)
{
	online = on ? online | 1ull << cpu : online & ~(1ull << cpu);
	write_online();
}

bool host_is_online(unsigned int cpu)
{
	return online >> cpu & 1;
}

void host_set_snp_en(unsigned int cpu, bool set)
{
	char path[32];

	snprintf(path, sizeof(path), "/dev/cpu/%u/msr", cpu);
	host_write(path, "");
	host.syscfg[cpu] = set ? SNP_SYSCFG_SNP_EN : 0;
}

static void make_cpus(void)
{
	char path[80], text[32];

	snprintf(text, sizeof(text), "0-%u\n", host.cpus - 1);
	host_write("/sys/devices/system/cpu/present", text);
	host_write("/sys/devices/system/cpu/possible", text);
	host_write("/sys/devices/system/cpu/smt/control", "on\n");
	online = (1ull << host.cpus) - 1;
	write_online();
	for (unsigned int cpu = 0; cpu < host.cpus; cpu++) {
		host_set_snp_en(cpu, false);
		snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/online", cpu);
		host_write(path, "1\n");
		snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/hotplug/target", cpu);
		host_write(path, "238\n");
		snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/hotplug/fail", cpu);
		host_write(path, "-1\n");
	}
}

static void link_to(const char *path, const char *to)
{
	host_write(path, "");
	host_remove(path);
	cr_assert_eq(symlink(to, fixture_path(&host.kernel.files, path)), 0);
}

void host_begin(unsigned int cpus, const char *without)
{
	host = (struct host){ .cpus = cpus, .now_ns = 1000 * SECOND };
	memset(refusals, 0, sizeof(refusals));
	step_count = event_ids = 0;
	perf_fd = tracefs_fd = -1;
	for (int fd = 0; fd < FDS; fd++)
		cpu_of_fd[fd] = -1;
	setenv("NOTIFY_SOCKET", "/run/systemd/notify", 1);
	kernel_fixture_begin(&host.kernel);
	host_has_rmpopt(false);
	kernel_fixture_like_7_3(&host.kernel, without);
	kernel_fixture_symbol(&host.kernel, "hibernate_atomic");
	make_cpus();
	host_write("/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu sev_snp\n");
	host_write("/proc/self/status", "Name:\tsnp-guard\nCapEff:\t000001ffffffffff\n");
	host_write("/proc/sys/kernel/random/boot_id", "01234567-89ab-cdef-0123-456789abcdef\n");
	host_write("/proc/sys/kernel/ftrace_enabled", "1\n");
	host_write("/sys/kernel/debug/kprobes/enabled", "1\n");
	host_write("/sys/kernel/security/lockdown", "[none] integrity confidentiality\n");
	host_write("/sys/power/state", "freeze mem disk\n");
	host_write(events_file, "");
	link_to("/proc/self/ns/user", "user:[4026531837]");
	link_to("/proc/self/ns/pid", "pid:[4026531836]");
	host_write("/run/keep", "");
	host_write("/var/lib/keep", "");
	host_write("/etc/keep", "");
	host_write("/sys/fs/bpf/keep", "");
	host_write("/bpf/keep", "");
}

void host_save(void)
{
	kernel_fixture_save(&host.kernel);
	host.stands = true;
}

void host_end(void)
{
	host.stands = false;
	kernel_fixture_end(&host.kernel);
}
