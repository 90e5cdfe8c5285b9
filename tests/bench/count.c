// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counts guest instructions in the lab, by the counter of its emulated processor
 * (snp-lab --count). Prints "NAME NUMBER" lines.
 *
 *	count calls FILE		instructions per call: read, write, open, open-rw of FILE,
 *					which must be on tmpfs, the opens with their close; and
 *					read-zero, write-zero of /dev/zero, the cheapest there are
 *	count total			instructions of all online CPUs together, so far
 *	count start READY OUT COMMAND...
 *					starts COMMAND with its output in OUT, and leaves it
 *					running once it has made the file READY: pid,
 *					instructions of all CPUs until then, milliseconds
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

#include "../../lab/machine.h"

#define CALLS  200 /* in a block: so few that most blocks have no interrupt */
#define BLOCKS 100

static void die(const char *format, ...)
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
static int fd;
static char byte = 'x';

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

/* The least block is one that no interrupt fell into. */
static void measure(const char *name, bool (*call)(void))
{
	uint64_t least = UINT64_MAX;

	/* The first block is for warming up. */
	for (int i = 0; i <= BLOCKS; i++) {
		uint64_t count = counter();
		bool well = true;

		for (int j = 0; j < CALLS; j++)
			well &= call();
		count = counter() - count;
		if (!well)
			die("%s: %s: %s", path, name, strerror(errno));
		if (i && count < least)
			least = count;
	}
	printf("%s %" PRIu64 "\n", name, (least + CALLS / 2) / CALLS);
}

static void use(const char *at, int flags)
{
	path = at;
	fd = open(path, O_RDWR | O_CLOEXEC | flags, 0600);
	if (fd < 0 || !call_write())
		die("%s: %s", path, strerror(errno));
}

static int calls(const char *at)
{
	struct statfs fs;

	need_counter(cpu_limit() - 1);
	use(at, O_CREAT);
	if (fstatfs(fd, &fs) || fs.f_type != TMPFS_MAGIC)
		die("%s is not on tmpfs", at);
	/* Comparing atime with mtime takes longer where they are of the same second. */
	nanosleep(&(struct timespec){ .tv_sec = 1, .tv_nsec = 100000000 }, NULL);
	measure("read", call_read);
	measure("write", call_write);
	measure("open", call_open);
	measure("open-rw", call_open_rw);
	close(fd);
	use("/dev/zero", 0);
	measure("read-zero", call_read);
	measure("write-zero", call_write);
	close(fd);
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
	if (argc == 3 && !strcmp(argv[1], "calls"))
		return calls(argv[2]);
	if (argc == 2 && !strcmp(argv[1], "total")) {
		need_counter(0);
		printf("total %" PRIu64 "\n", total());
		return 0;
	}
	if (argc >= 5 && !strcmp(argv[1], "start"))
		return start(argv[2], argv[3], argv + 4);
	fprintf(stderr, "usage: count calls FILE | total | start READY OUT COMMAND...\n");
	return 2;
}
