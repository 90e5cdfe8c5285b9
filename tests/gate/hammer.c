// SPDX-License-Identifier: GPL-2.0-only
/*
 * Opens a guarded file for writing whenever it can, keeps the descriptors, and writes by them as
 * soon as SNP_EN is set; then lets go of them all, so that the gate may drop the programs that look
 * at writes, and goes on opening. A call that began with SNP_EN set, ended with it set, and was not
 * refused got through the gate.
 *
 * usage: hammer FILE UNTIL
 *
 * It goes on until the file UNTIL is there, prints what it did, and ends with 1 if something got
 * through.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SYSCFG 0xc0010010
#define SNP_EN (1ull << 24)
#define KEPT   16
#define WRITES 40 /* in a window, before all are closed */

static int msr, fds[KEPT], kept;
static unsigned long opened, writes_refused, opens_refused, through;

static bool snp_en(void)
{
	uint64_t value;

	if (pread(msr, &value, sizeof(value), SYSCFG) != sizeof(value)) {
		perror("hammer: SYSCFG");
		_exit(2);
	}
	return value & SNP_EN;
}

static void close_all(void)
{
	while (kept)
		close(fds[--kept]);
}

static void got_through(const char *what)
{
	if (!snp_en())
		return; /* the window ended meanwhile */
	printf("%s was not refused\n", what);
	through++;
}

/* SNP_EN was set before. */
static void write_one(int fd)
{
	if (pwrite(fd, "0", 1, 0) == 1)
		got_through("a write");
	else if (errno == EPERM)
		writes_refused++;
}

static void open_one(const char *file)
{
	bool in_window = snp_en();
	int fd = open(file, O_WRONLY | O_CLOEXEC);

	if (fd < 0) {
		opens_refused += errno == EPERM;
		return;
	}
	if (in_window)
		got_through("an open");
	opened++;
	if (kept == KEPT)
		close_all();
	fds[kept++] = fd;
}

int main(int argc, char **argv)
{
	unsigned int writes = 0;

	msr = open("/dev/cpu/0/msr", O_RDONLY | O_CLOEXEC);
	if (argc != 3 || msr < 0) {
		fprintf(stderr, "usage: hammer FILE UNTIL, with the msr driver\n");
		return 2;
	}
	while (access(argv[2], F_OK)) {
		if (!kept || !snp_en()) {
			writes = 0;
			open_one(argv[1]);
		} else if (writes++ < WRITES) {
			write_one(fds[writes % kept]);
		} else {
			close_all();
		}
		usleep(500);
	}
	printf("opened %lu, writes refused %lu, opens refused %lu, got through %lu\n", opened,
	       writes_refused, opens_refused, through);
	return through ? 1 : 0;
}
