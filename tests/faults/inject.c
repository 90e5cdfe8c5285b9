// SPDX-License-Identifier: GPL-2.0-only
#include "inject.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <execinfo.h>
#include <fcntl.h>
#include <glob.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/commands.h"
#include "output/sink.h"
#include "output/systemd.h"
#include "run/sweep.h"

const char *const fault_phase_names[] = {
#define X(symbol, name) name,
	FAULT_PHASES(X)
#undef X
};

/* ---- which call fails ---- */

static struct {
	struct fault_places *places;
	const struct fault_place *target;
	int err;
	bool is_prepared, is_on, is_running, has_fired;
	enum fault_phase phase;
	unsigned int counts[2][FAULT_CALLS_NUM]; /* of the command's thread, of others */
} run;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_t command_thread;
/* How deep this thread is in what is not counted. */
static __thread unsigned int inside;
/* The stand-in runs the work of another thread. */
static __thread bool is_other;

void faults_prepare(struct fault_places *places, const struct fault_place *target, int err)
{
	void *frames[FAULT_FRAMES];

	/* The first call loads a library, and allocates. */
	backtrace(frames, FAULT_FRAMES);
	memset(&run, 0, sizeof(run));
	run.places = places;
	run.target = target;
	run.err = err;
	run.is_prepared = true;
}

bool faults_fired(void)
{
	return run.has_fired;
}

void faults_set_phase(enum fault_phase phase)
{
	run.phase = phase;
}

bool faults_is_running(void)
{
	return run.is_running;
}

static void note(enum fault_call call, bool other, unsigned int nth)
{
	struct fault_place *place;

	if (run.places->count == run.places->room)
		return;
	place = &run.places->all[run.places->count++];
	*place = (struct fault_place){ call, run.phase, other, nth, { 0 } };
	backtrace(place->frames, FAULT_FRAMES);
}

static bool is_target(enum fault_call call, bool other, unsigned int nth)
{
	const struct fault_place *t = run.target;

	return t && t->call == call && t->other_thread == other && t->nth == nth;
}

/* In a library's thread the sanitizers allocate too, and take no refusal. */
static bool is_excepted(enum fault_call call)
{
#ifdef __SANITIZE_ADDRESS__
	return call == FAULT_malloc && !pthread_equal(pthread_self(), command_thread);
#else
	(void)call;
	return false;
#endif
}

/* Counts a call; true if it is to fail, with errno set. */
static bool fails(enum fault_call call)
{
	bool other, hit;
	unsigned int nth;

	if (!run.is_on || inside || is_excepted(call))
		return false;
	inside++;
	pthread_mutex_lock(&lock);
	other = is_other || !pthread_equal(pthread_self(), command_thread);
	nth = ++run.counts[other][call];
	if (run.places)
		note(call, other, nth);
	hit = is_target(call, other, nth);
	run.has_fired |= hit;
	pthread_mutex_unlock(&lock);
	inside--;
	if (hit)
		errno = run.err;
	return hit;
}

/* ---- the command, and the parts of it that are phases ---- */

int __real_command_run(int argc, char **argv, int *status);
int __wrap_command_run(int argc, char **argv, int *status);
int __wrap_command_run(int argc, char **argv, int *status)
{
	int err;

	command_thread = pthread_self();
	run.is_on = run.is_prepared;
	err = __real_command_run(argc, argv, status);
	run.is_on = run.is_prepared = false;
	return err;
}

int __real_sweep(const struct platform *p, struct feed *f, bool firmware);
int __wrap_sweep(const struct platform *p, struct feed *f, bool firmware);
int __wrap_sweep(const struct platform *p, struct feed *f, bool firmware)
{
	enum fault_phase phase = run.phase;
	int n;

	/* The first one is a part of the start, the last one of the end. */
	if (phase == PHASE_IDLE || phase == PHASE_WINDOW)
		run.phase = PHASE_SWEEP;
	n = __real_sweep(p, f, firmware);
	run.phase = phase;
	return n;
}

/* The thread of an output, which the stand-in has work while the guard waits. */
bool __real_sink_work(struct sink *s);
bool __wrap_sink_work(struct sink *s);
bool __wrap_sink_work(struct sink *s)
{
	unsigned int depth = inside;
	bool progress;

	inside = 0;
	is_other = true;
	progress = __real_sink_work(s);
	is_other = false;
	inside = depth;
	return progress;
}

/* ---- allocations ---- */

#ifdef __SANITIZE_ADDRESS__
#define REAL(name) __interceptor_##name
#else
#define REAL(name) __libc_##name
#endif

void *REAL(malloc)(size_t size);
void *REAL(calloc)(size_t count, size_t size);
void *REAL(realloc)(void *old, size_t size);

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): libc has other names */
void *malloc(size_t size)
{
	return fails(FAULT_malloc) ? NULL : REAL(malloc)(size);
}

void *calloc(size_t count, size_t size)
{
	return fails(FAULT_malloc) ? NULL : REAL(calloc)(count, size);
}

void *realloc(void *old, size_t size)
{
	return fails(FAULT_malloc) ? NULL : REAL(realloc)(old, size);
}

#ifdef __SANITIZE_ADDRESS__
/* json-c leaves the copy of a key where the table of the object can't grow. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:json_object_object_add_ex\n";
}
#endif

/* A sanitizer's own would not come here. */
void *reallocarray(void *old, size_t count, size_t size)
{
	if (size && count > SIZE_MAX / size) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(old, count * size);
}

char *strndup(const char *text, size_t max)
{
	size_t len = strnlen(text, max);
	char *copy = malloc(len + 1);

	if (!copy)
		return NULL;
	copy[len] = 0;
	return memcpy(copy, text, len);
}

char *strdup(const char *text)
{
	return strndup(text, SIZE_MAX);
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

/* ---- calls that go on to libc, libbpf or the stand-in ---- */

#define VIA(type, failed, call, name, parameters, arguments)                                       \
	type faulty_##name parameters;                                                             \
	type faulty_##name parameters                                                              \
	{                                                                                          \
		type result;                                                                       \
                                                                                                   \
		if (fails(FAULT_##call))                                                           \
			return failed;                                                             \
		inside++;                                                                          \
		result = name arguments;                                                           \
		inside--;                                                                          \
		return result;                                                                     \
	}

VIA(int, -1, access, access, (const char *path, int mode), (path, mode))
VIA(int, -1, bind, bind, (int fd, const struct sockaddr *address, socklen_t len),
    (fd, address, len))
VIA(int, -1, eventfd, eventfd, (unsigned int value, int flags), (value, flags))
VIA(int, -1, fchmod, fchmod, (int fd, mode_t mode), (fd, mode))
VIA(int, -1, flock, flock, (int fd, int operation), (fd, operation))
VIA(int, -1, fstat, fstat, (int fd, struct stat *st), (fd, st))
VIA(int, -1, fstat, lstat, (const char *path, struct stat *st), (path, st))
VIA(int, -1, fstat, stat, (const char *path, struct stat *st), (path, st))
VIA(int, -1, ftruncate, ftruncate, (int fd, off_t size), (fd, size))
VIA(int, EAI_SYSTEM, socket, getaddrinfo,
    (const char *host, const char *port, const struct addrinfo *hints, struct addrinfo **found),
    (host, port, hints, found))
VIA(int, -1, listen, listen, (int fd, int backlog), (fd, backlog))
VIA(int, -1, mkdir, mkdir, (const char *path, mode_t mode), (path, mode))
VIA(int, -1, open, mkostemp, (char *path, int flags), (path, flags))
VIA(void *, MAP_FAILED, mmap, mmap,
    (void *at, size_t size, int protection, int flags, int fd, off_t offset),
    (at, size, protection, flags, fd, offset))
VIA(int, -1, mount, mount,
    (const char *what, const char *where, const char *type, unsigned long flags, const void *data),
    (what, where, type, flags, data))
VIA(DIR *, NULL, open, opendir, (const char *path), (path))
VIA(int, errno, pthread_create, pthread_create,
    (pthread_t * thread, const pthread_attr_t *attributes, void *(*start)(void *arg), void *arg),
    (thread, attributes, start, arg))
VIA(ssize_t, -1, pread, pread, (int fd, void *data, size_t size, off_t offset),
    (fd, data, size, offset))
VIA(ssize_t, -1, read, read, (int fd, void *data, size_t size), (fd, data, size))
VIA(ssize_t, -1, readlink, readlink, (const char *path, char *link, size_t size),
    (path, link, size))
VIA(int, -1, rename, rename, (const char *from, const char *to), (from, to))
VIA(int, -1, rmdir, rmdir, (const char *path), (path))
VIA(int, -1, open, scandir,
    (const char *path, struct dirent ***names, int (*filter)(const struct dirent *),
     int (*compare)(const struct dirent **, const struct dirent **)),
    (path, names, filter, compare))
VIA(int, -1, signalfd, signalfd, (int fd, const sigset_t *set, int flags), (fd, set, flags))
VIA(int, -1, socket, socket, (int family, int type, int protocol), (family, type, protocol))
VIA(int, -1, unlink, unlink, (const char *path), (path))
VIA(int, -1, unlink, unlinkat, (int dir, const char *path, int flags), (dir, path, flags))
VIA(int, -1, unshare, unshare, (int flags), (flags))
VIA(ssize_t, -1, write, write, (int fd, const void *data, size_t size), (fd, data, size))

VIA(cap_t, NULL, capset, cap_get_proc, (void), ())
VIA(int, -1, capset, cap_set_proc, (cap_t caps), (caps))
VIA(int, -1, prctl, cap_drop_bound, (cap_value_t cap), (cap))

/* libbpf returns a negative errno and sets errno. */
VIA(int, -errno, bpf, bpf_link_create,
    (int program, int target, enum bpf_attach_type type, const struct bpf_link_create_opts *opts),
    (program, target, type, opts))
VIA(int, -errno, bpf, bpf_map_create,
    (enum bpf_map_type type, const char *name, __u32 key_size, __u32 value_size, __u32 entries,
     const struct bpf_map_create_opts *opts),
    (type, name, key_size, value_size, entries, opts))
VIA(int, -errno, bpf, bpf_map_freeze, (int fd), (fd))
VIA(int, -errno, bpf, bpf_map_lookup_elem, (int fd, const void *key, void *value), (fd, key, value))
VIA(int, -errno, bpf, bpf_map__reuse_fd, (struct bpf_map * map, int fd), (map, fd))
VIA(int, -errno, bpf, bpf_obj_get, (const char *path), (path))
VIA(int, -errno, bpf, bpf_obj_get_info_by_fd, (int fd, void *info, __u32 *size), (fd, info, size))
VIA(int, -errno, bpf, bpf_obj_pin, (int fd, const char *path), (fd, path))
VIA(int, -errno, bpf, bpf_object__load_skeleton, (struct bpf_object_skeleton * s), (s))
VIA(int, -errno, bpf, bpf_prog_test_run_opts, (int program, struct bpf_test_run_opts *opts),
    (program, opts))
VIA(struct btf *, NULL, open, btf__parse, (const char *path, struct btf_ext **ext), (path, ext))
VIA(struct btf *, NULL, open, btf__parse_split, (const char *path, struct btf *base), (path, base))

VIA(int, -errno, sendmsg, systemd_notify, (const char *state), (state))
VIA(int, -errno, sendmsg, systemd_journal, (const char *fields, size_t size), (fields, size))

int faulty_open(const char *path, int flags, ...);
int faulty_open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list args;
	int fd;

	if (flags & O_CREAT) {
		va_start(args, flags);
		mode = va_arg(args, mode_t);
		va_end(args);
	}
	if (fails(FAULT_open))
		return -1;
	inside++;
	fd = open(path, flags, mode);
	inside--;
	return fd;
}

/* Whatever close(2) returns, the descriptor is gone. */
int faulty_close(int fd);
int faulty_close(int fd)
{
	bool failed = fails(FAULT_close);
	int err = errno, result;

	inside++;
	result = close(fd);
	inside--;
	if (!failed)
		return result;
	errno = err;
	return -1;
}

/* Disks are slow, and none is lost here. */
int faulty_fsync(int fd);
int faulty_fsync(int fd)
{
	(void)fd;
	return fails(FAULT_fsync) ? -1 : 0;
}

int faulty_ioctl(int fd, unsigned long request, ...);
int faulty_ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	return fails(FAULT_ioctl) ? -1 : ioctl(fd, request, arg);
}

int faulty_prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d);
int faulty_prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)
{
	return fails(FAULT_prctl) ? -1 : prctl(option, a, b, c, d);
}

long faulty_syscall(long number, void *attr, int pid, int cpu, int group, unsigned long flags);
long faulty_syscall(long number, void *attr, int pid, int cpu, int group, unsigned long flags)
{
	return fails(FAULT_perf_event_open) ? -1 : syscall(number, attr, pid, cpu, group, flags);
}

/* It has no other way to say that a directory can't be read. */
int faulty_glob(const char *pattern, int flags, int (*error)(const char *, int), glob_t *found);
int faulty_glob(const char *pattern, int flags, int (*error)(const char *, int), glob_t *found)
{
	int err;

	*found = (glob_t){ 0 };
	if (fails(FAULT_open))
		return errno == ENOMEM ? GLOB_NOSPACE : GLOB_NOMATCH;
	inside++;
	err = glob(pattern, flags, error, found);
	inside--;
	return err;
}

/* In its first call the guard has come to its loop. */
int faulty_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int faulty_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	int n;

	if (run.is_on && pthread_equal(pthread_self(), command_thread) && !run.is_running) {
		run.is_running = true;
		run.phase = run.phase == PHASE_ADOPT ? PHASE_WINDOW : PHASE_IDLE;
	}
	if (fails(FAULT_poll))
		return -1;
	inside++;
	n = poll(fds, count, timeout_ms);
	inside--;
	return n;
}

/* ---- records: the guard's function is called by the stand-in ---- */

static ring_buffer_sample_fn on_record;

static int count_again(void *ctx, void *data, size_t size)
{
	unsigned int depth = inside;
	int err;

	inside = 0;
	err = on_record(ctx, data, size);
	inside = depth;
	return err;
}

struct ring_buffer *faulty_ring_buffer__new(int map, ring_buffer_sample_fn fn, void *ctx,
					    const struct ring_buffer_opts *opts);
struct ring_buffer *faulty_ring_buffer__new(int map, ring_buffer_sample_fn fn, void *ctx,
					    const struct ring_buffer_opts *opts)
{
	struct ring_buffer *ring;

	if (fails(FAULT_mmap) || fails(FAULT_epoll))
		return NULL;
	on_record = fn;
	inside++;
	ring = ring_buffer__new(map, count_again, ctx, opts);
	inside--;
	return ring;
}

/* ---- streams: what stdio reads and writes comes through here ---- */

static ssize_t stream_read(void *cookie, char *data, size_t size)
{
	return faulty_read((int)(intptr_t)cookie, data, size);
}

/* 0 is an error, as fopencookie(3) has it. */
static ssize_t stream_write(void *cookie, const char *data, size_t size)
{
	ssize_t n = faulty_write((int)(intptr_t)cookie, data, size);

	return n < 0 ? 0 : n;
}

static int stream_seek(void *cookie, off64_t *to, int whence)
{
	off_t at = lseek((int)(intptr_t)cookie, *to, whence);

	*to = at;
	return at < 0 ? -1 : 0;
}

static int stream_close(void *cookie)
{
	return faulty_close((int)(intptr_t)cookie);
}

static FILE *stream_of(int fd, const char *mode)
{
	return fopencookie(
		(void *)(intptr_t)fd, mode,
		(cookie_io_functions_t){ stream_read, stream_write, stream_seek, stream_close });
}

FILE *faulty_fdopen(int fd, const char *mode);
FILE *faulty_fdopen(int fd, const char *mode)
{
	return stream_of(fd, mode);
}

/* The stand-in knows where the file is. */
FILE *faulty_fopen(const char *path, const char *mode);
FILE *faulty_fopen(const char *path, const char *mode)
{
	FILE *file, *stream;

	if (fails(FAULT_open))
		return NULL;
	inside++;
	file = fopen(path, mode);
	inside--;
	if (!file)
		return NULL;
	stream = stream_of(dup(fileno(file)), mode);
	inside++;
	fclose(file);
	inside--;
	return stream;
}
