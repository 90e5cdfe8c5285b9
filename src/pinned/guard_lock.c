// SPDX-License-Identifier: GPL-2.0-only
#include "pinned/guard_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "contract/explain.h"
#include "contract/names.h"
#include "host/own_events.h"
#include "util/complain.h"

#define LOCK_FILE "/run/snp-guard.lock"

static int read_holder(int fd)
{
	char text[16] = "";

	return pread(fd, text, sizeof(text) - 1, 0) > 0 ? (int)strtol(text, NULL, 10) : 0;
}

/* How long a guard that ends, or `detach`, may still have the lock. */
#define LOCK_TRIES 40
#define LOCK_NS	   50000000

static int take(int fd)
{
	struct flock whole = { .l_type = F_WRLCK };

	/* F_OFD_GETLK looks at such a lock without taking it; flock(2) has nothing like that. */
	for (int i = 0; fcntl(fd, F_OFD_SETLK, &whole); i++) {
		if (errno != EAGAIN && errno != EACCES)
			return -errno;
		if (i == LOCK_TRIES)
			return -EBUSY;
		nanosleep(&(struct timespec){ .tv_nsec = LOCK_NS }, NULL);
	}
	return 0;
}

/* kubelet makes the file readable by all, and whoever can read it can lock it against guards. */
static int shut_out(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if (st.st_uid)
		return -EPERM;
	return fchmod(fd, 0600) ? -errno : 0;
}

/* A guard locks the file for writing. Who could only read it is no guard. */
static int find_holder(int fd)
{
	struct flock whole = { .l_type = F_WRLCK };
	int holder;

	if (fcntl(fd, F_OFD_GETLK, &whole))
		return -errno;
	if (whole.l_type != F_WRLCK)
		return 0;
	holder = read_holder(fd);
	/* It has not written its id yet. */
	return holder ? holder : -ESRCH;
}

int guard_lock(int *holder)
{
	int fd = open(LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	char text[16];
	int err;

	*holder = 0;
	if (fd < 0)
		return -errno;
	err = shut_out(fd);
	if (!err)
		err = take(fd);
	if (err) {
		if (err == -EBUSY)
			*holder = find_holder(fd);
		close(fd);
		return err;
	}
	snprintf(text, sizeof(text), "%d\n", getpid());
	if (ftruncate(fd, 0) || write(fd, text, strlen(text)) < 0) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

int guard_holder(void)
{
	int fd = open(LOCK_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), holder;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	holder = find_holder(fd);
	close(fd);
	return holder;
}

void guard_lock_complain(int err, int holder)
{
	if (err != -EBUSY)
		complain("can't take the lock of the guards: %s", strerror(-err));
	else if (holder > 0)
		complain("guard %d is running here: stop it first", holder);
	else
		complain("another process has locked " LOCK_FILE ": end it; `fuser -v " LOCK_FILE
			 "` names it");
}

/* ---- what its holder tells ---- */

/* The whole file, always of one size, so that no write leaves the end of an earlier one. */
enum { TOLD_SIZE = 2048 };
static const char mark[] = "end";

int guard_tell(int lock, const struct guard_facts *facts, __u64 until_ns)
{
	char text[TOLD_SIZE] = "";
	FILE *f = fmemopen(text, sizeof(text), "w");
	ssize_t n;

	if (!f)
		return -errno;
	fprintf(f, "%d\nuntil %llu\nstate %s\nhook %u\n", getpid(), (unsigned long long)until_ns,
		guard_state_name(facts->state), facts->gate_hook);
	if (facts->missing[0])
		fprintf(f, "missing %s\n", facts->missing);
	for (int i = 0; i < SNP_BREACH_COUNT; i++)
		if (facts->breaches[i])
			fprintf(f, "breach %s %u\n", snp_breach_name(i), facts->breaches[i]);
	fprintf(f, "%s\n", mark);
	if (fclose(f))
		return -errno;
	n = pwrite(lock, text, sizeof(text), 0);
	return n < 0 ? -errno : n == sizeof(text) ? 0 : -ENOSPC;
}

static int parse_number(const char *text, unsigned long long max, unsigned long long *n)
{
	char *end;

	errno = 0;
	*n = strtoull(text, &end, 10);
	return end == text || *end || errno || *n > max ? -EBADMSG : 0;
}

static int parse_state(const char *name, struct guard_facts *facts)
{
	for (int i = 0; i < GUARD_STATE_COUNT; i++)
		if (!strcmp(guard_state_name(i), name)) {
			facts->state = i;
			return 0;
		}
	return -EBADMSG;
}

/* "NAME COUNT" */
static int parse_breach(char *text, struct guard_facts *facts)
{
	const char *name = strsep(&text, " ");
	int i = explain_breach_by_name(name), err;
	unsigned long long n;

	err = i < 0 || !text ? -EBADMSG : parse_number(text, UINT_MAX, &n);
	if (!err)
		facts->breaches[i] = n;
	return err;
}

/* "KEY VALUE" */
static int parse_line(char *line, struct guard_facts *facts, unsigned long long *until_ns)
{
	const char *key = strsep(&line, " ");
	unsigned long long n = 0;
	int err = 0;

	if (!line)
		return -EBADMSG;
	if (!strcmp(key, "until"))
		return parse_number(line, ULLONG_MAX, until_ns);
	if (!strcmp(key, "state"))
		return parse_state(line, facts);
	if (!strcmp(key, "breach"))
		return parse_breach(line, facts);
	if (!strcmp(key, "hook")) {
		err = parse_number(line, UINT_MAX, &n);
		facts->gate_hook = n;
	} else if (!strcmp(key, "missing")) {
		snprintf(facts->missing, sizeof(facts->missing), "%s", line);
	} else {
		err = -EBADMSG;
	}
	return err;
}

static int parse(char *text, struct guard_facts *facts)
{
	unsigned long long until_ns = 0;
	char *line, *rest = text;
	int err = 0;

	while (!err && (line = strsep(&rest, "\n")) && strcmp(line, mark))
		err = rest ? parse_line(line, facts, &until_ns) : -EBADMSG;
	if (err)
		return err;
	facts->has_history = true;
	return boottime_ns() < until_ns ? 0 : -ETIME;
}

/* Twice the same: no write was under way. */
static int read_told(int fd, char text[TOLD_SIZE])
{
	char again[TOLD_SIZE];

	for (int i = 0; i < 5; i++) {
		memset(text, 0, TOLD_SIZE);
		memset(again, 0, TOLD_SIZE);
		if (pread(fd, text, TOLD_SIZE - 1, 0) < 0 || pread(fd, again, TOLD_SIZE - 1, 0) < 0)
			return -errno;
		if (!memcmp(text, again, TOLD_SIZE))
			return 0;
	}
	return -EAGAIN;
}

int guard_ask(struct guard_facts *facts)
{
	int fd = open(LOCK_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), err;
	char text[TOLD_SIZE], *rest;

	if (fd < 0)
		return -errno;
	err = read_told(fd, text);
	close(fd);
	if (err)
		return err;
	/* Behind the holder's id. */
	rest = strchr(text, '\n');
	return rest && rest[1] ? parse(rest + 1, facts) : -ENODATA;
}
