// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counts guest instructions in the lab, by the counter of its emulated processor (snp-lab --count).
 * Prints "NAME NUMBER" lines.
 *
 * count calls FILE SYSFS
 *	Instructions per call: read, write, open, open-rw of FILE, which must be on tmpfs, the
 *	opens with their close, and close alone; write-sysfs, open-sysfs of a file in sysfs that
 *	takes a Y; read-zero, write-zero of /dev/zero, the cheapest there are.
 *
 * count bind DEVICE DRIVER
 *	A PCI device bound to a driver and unbound: bind-task, instructions of the task itself;
 *	bind-all, of all CPUs.
 *
 * count hotplug CPU
 *	hotplug-all: a CPU taken offline and online, of all CPUs.
 *
 * count total
 *	Instructions of all online CPUs together, so far.
 *
 * count start READY OUT COMMAND...
 *	Starts COMMAND with its output in OUT, and leaves it running once it has made the file
 *	READY: pid, instructions of all CPUs until then, milliseconds.
 */
#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/magic.h>

#include "../../lab/machine/machine.h"

#define CALLS  50 /* in a block: so few that most blocks have no interrupt */
#define BLOCKS 200
#define ROUNDS 2
#define NAMES  5
#define PAUSE  2 /* seconds after which all that a call led to is done */

static void __attribute__((noreturn, format(printf, 1, 2))) die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("count: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

/* ---- the counter ---- */

/* Instructions that this CPU has executed; the caller is pinned. */
static uint64_t counter(void)
{
	uint32_t a, b, c, d;

	__cpuid(MACHINE_CPUID_COUNTER, a, b, c, d);
	return (uint64_t)d << 32 | a;
}

static bool pin(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return !sched_setaffinity(0, sizeof(set), &set);
}

/* A processor that has no such leaf answers with another leaf's values. */
static void need_counter(unsigned int cpu)
{
	uint32_t a, b, c, d;

	if (!pin(cpu))
		die("can't run on CPU %u: %s", cpu, strerror(errno));
	__cpuid(MACHINE_CPUID_COUNTER, a, b, c, d);
	if (b != 1 || c != cpu || !(a | d))
		die("this processor does not count: start the lab with snp-lab --count");
}

static unsigned int cpu_limit(void)
{
	long n = sysconf(_SC_NPROCESSORS_CONF);

	return n < 1 ? 1 : n > CPU_SETSIZE ? CPU_SETSIZE : n;
}

static void unpin(void)
{
	cpu_set_t all;

	CPU_ZERO(&all);
	for (unsigned int cpu = 0; cpu < cpu_limit(); cpu++)
		CPU_SET(cpu, &all);
	if (sched_setaffinity(0, sizeof(all), &all))
		die("sched_setaffinity: %s", strerror(errno));
}

/* Of all CPUs that are online. */
static uint64_t total(void)
{
	uint64_t sum = 0;

	for (unsigned int cpu = 0; cpu < cpu_limit(); cpu++)
		if (pin(cpu))
			sum += counter();
	unpin();
	return sum;
}

/* ---- calls ---- */

static const char *path;
static int fd, fds[CALLS];
static int fd_count;
static char byte = 'Y';

static bool call_read(void)
{
	return syscall(SYS_pread64, fd, &byte, 1, 0) == 1;
}

static bool call_write(void)
{
	return syscall(SYS_pwrite64, fd, &byte, 1, 0) == 1;
}

static bool open_and_close(int flags)
{
	long opened = syscall(SYS_openat, AT_FDCWD, path, flags);

	return opened >= 0 && !syscall(SYS_close, opened);
}

static bool call_open(void)
{
	return open_and_close(O_RDONLY);
}

static bool call_open_rw(void)
{
	return open_and_close(O_RDWR);
}

static bool open_many(void)
{
	for (fd_count = 0; fd_count < CALLS; fd_count++)
		if ((fds[fd_count] = open(path, O_RDWR)) < 0)
			return false;
	return true;
}

static bool call_close(void)
{
	return !syscall(SYS_close, fds[--fd_count]);
}

/* The least block is one that no interrupt fell into. */
static uint64_t least_of_task(const char *name, bool (*prepare)(void), bool (*call)(void),
			      int calls)
{
	uint64_t least = UINT64_MAX;

	/* The first block is for warming up. */
	for (int i = 0; i <= BLOCKS; i++) {
		bool well = !prepare || prepare();
		uint64_t count = counter();

		for (int j = 0; j < calls; j++)
			well &= call();
		count = counter() - count;
		if (!well)
			die("%s: %s: %s", path, name, strerror(errno));
		if (i && count < least)
			least = count;
	}
	return (least + calls / 2) / calls;
}

static void print(const char *name, uint64_t number)
{
	printf("%s %" PRIu64 "\n", name, number);
}

static void measure(const char *name, bool (*prepare)(void), bool (*call)(void))
{
	print(name, least_of_task(name, prepare, call, CALLS));
}

/*
 * Names that share a bucket of the kernel's hash table of dentries cost some instructions more,
 * and which do so differs from boot to boot, and while a boot lasts. So this is the least of
 * several names.
 */
static void measure_opens(const char *name, const char *file, bool (*call)(void))
{
	uint64_t least = UINT64_MAX;
	char at[128];

	path = at;
	for (int i = 0; i < NAMES; i++) {
		uint64_t count;

		snprintf(at, sizeof(at), "%s.%d", file, i);
		close(open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
		count = least_of_task(name, NULL, call, CALLS);
		if (count < least)
			least = count;
	}
	path = file;
	print(name, least);
}

static void use(const char *at, int flags)
{
	path = at;
	fd = open(path, O_RDWR | O_CLOEXEC | flags, 0600);
	if (fd < 0 || !call_write())
		die("%s: %s", path, strerror(errno));
}

static void need_magic(const char *at, long magic, const char *name)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) || fs.f_type != magic)
		die("%s is not on %s", at, name);
}

static int calls(const char *file, const char *sysfs)
{
	need_counter(cpu_limit() - 1);
	use(file, O_CREAT);
	need_magic(file, TMPFS_MAGIC, "tmpfs");
	/* Comparing atime with mtime takes longer where they are of the same second. */
	nanosleep(&(struct timespec){ .tv_sec = 1, .tv_nsec = 100000000 }, NULL);
	measure("read", NULL, call_read);
	measure("write", NULL, call_write);
	measure_opens("open", file, call_open);
	measure_opens("open-rw", file, call_open_rw);
	measure("close", open_many, call_close);
	close(fd);
	use(sysfs, 0);
	need_magic(sysfs, SYSFS_MAGIC, "sysfs");
	measure("write-sysfs", NULL, call_write);
	measure("open-sysfs", NULL, call_open_rw);
	close(fd);
	use("/dev/zero", 0);
	measure("read-zero", NULL, call_read);
	measure("write-zero", NULL, call_write);
	close(fd);
	return 0;
}

/* ---- what others work on too ---- */

static bool call_nothing(void)
{
	return true;
}

/* Of all CPUs, with all that follows within the pause; idle ones too. */
static uint64_t least_of_all(const char *name, bool (*call)(void), int calls)
{
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < ROUNDS; i++) {
		uint64_t count = total();

		for (int j = 0; j < calls; j++)
			if (!call())
				die("%s: %s", name, strerror(errno));
		nanosleep(&(struct timespec){ .tv_sec = PAUSE }, NULL);
		count = total() - count;
		if (count < least)
			least = count;
	}
	return least;
}

/* 0: what else went on outweighs it. */
static void measure_all(const char *name, bool (*call)(void), int calls)
{
	uint64_t idle = least_of_all(name, call_nothing, 1), busy = least_of_all(name, call, calls);

	print(name, busy > idle ? (busy - idle) / calls : 0);
}

static int open_to_write(const char *before, const char *name, const char *after)
{
	char at[128];
	int opened;

	snprintf(at, sizeof(at), "%s%s%s", before, name, after);
	opened = open(at, O_WRONLY | O_CLOEXEC);
	if (opened < 0)
		die("%s: %s", at, strerror(errno));
	return opened;
}

static bool put(int to, const char *text)
{
	return pwrite(to, text, strlen(text), 0) == (ssize_t)strlen(text);
}

static int bind_fd, unbind_fd;
static const char *device;

static bool call_bind(void)
{
	return put(bind_fd, device) && put(unbind_fd, device);
}

static int bind_and_unbind(const char *at, const char *driver)
{
	device = path = at;
	bind_fd = open_to_write("/sys/bus/pci/drivers/", driver, "/bind");
	unbind_fd = open_to_write("/sys/bus/pci/drivers/", driver, "/unbind");
	need_counter(0);
	unpin();
	measure_all("bind-all", call_bind, 200);
	need_counter(cpu_limit() - 1);
	print("bind-task", least_of_task("bind", NULL, call_bind, 1));
	return 0;
}

static int online_fd;

static bool call_hotplug(void)
{
	return put(online_fd, "0") && put(online_fd, "1");
}

static int hotplug(const char *cpu)
{
	online_fd = open_to_write("/sys/devices/system/cpu/cpu", cpu, "/online");
	need_counter(0);
	unpin();
	measure_all("hotplug-all", call_hotplug, 10);
	return 0;
}

/* ---- start ---- */

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * 1000ull + ts.tv_nsec / 1000000;
}

static void await(const char *ready, pid_t pid, int watch)
{
	struct pollfd p = { .fd = watch, .events = POLLIN };
	char events[4096];

	while (access(ready, F_OK)) {
		if (waitpid(pid, NULL, WNOHANG) == pid)
			die("the command ended before %s was there", ready);
		if (poll(&p, 1, 1000) > 0 && read(watch, events, sizeof(events)) < 0)
			die("inotify: %s", strerror(errno));
	}
}

static void watch_directory(int watch, const char *at)
{
	char *dir = strdup(at), *slash = dir ? strrchr(dir, '/') : NULL;

	if (!slash || slash == dir)
		die("READY must be /DIRECTORY/NAME, not %s", at);
	*slash = 0;
	if (watch < 0 || inotify_add_watch(watch, dir, IN_CREATE) < 0)
		die("inotify: %s: %s", dir, strerror(errno));
	free(dir);
}

static void become(const char *out, char **command)
{
	int to = open(out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (to < 0 || dup2(to, STDOUT_FILENO) < 0)
		die("%s: %s", out, strerror(errno));
	dup2(to, STDERR_FILENO);
	execvp(command[0], command);
	die("%s: %s", command[0], strerror(errno));
}

static int start(const char *ready, const char *out, char **command)
{
	int watch = inotify_init1(IN_CLOEXEC);
	uint64_t begin, begin_ms;
	pid_t pid;

	need_counter(0);
	unpin();
	unlink(ready);
	watch_directory(watch, ready);
	begin_ms = now_ms();
	begin = total();
	pid = fork();
	if (!pid)
		become(out, command);
	if (pid < 0)
		die("fork: %s", strerror(errno));
	await(ready, pid, watch);
	printf("instructions %" PRIu64 "\n", total() - begin);
	printf("ms %" PRIu64 "\n", now_ms() - begin_ms);
	printf("pid %d\n", pid);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "calls"))
		return calls(argv[2], argv[3]);
	if (argc == 4 && !strcmp(argv[1], "bind"))
		return bind_and_unbind(argv[2], argv[3]);
	if (argc == 3 && !strcmp(argv[1], "hotplug"))
		return hotplug(argv[2]);
	if (argc == 2 && !strcmp(argv[1], "total")) {
		need_counter(0);
		print("total", total());
		return 0;
	}
	if (argc >= 5 && !strcmp(argv[1], "start"))
		return start(argv[2], argv[3], argv + 4);
	fprintf(stderr,
		"usage: count calls FILE SYSFS | bind DEVICE DRIVER | hotplug CPU | total | "
		"start READY OUT COMMAND...\n");
	return 2;
}
