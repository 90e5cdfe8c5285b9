// SPDX-License-Identifier: GPL-2.0-only
/*
 * What root can do to the maps and programs that a guard has pinned.
 *
 *	tamper map		writes the state by bpf(2), as `bpftool map update` does
 *	tamper latch WORD	loads a BPF program that writes the latch
 *	tamper ledger		changes a byte of each part of the ledger, in its memory
 *	tamper empty		replaces the ledger by an empty one
 *
 * and how what root does disturbs their work:
 *
 *	tamper writers S FILE...
 *				counts writers for S seconds while others open the FILEs all
 *				the time
 *	tamper trial FILE	tries the gate, as `status` does, while another thread tries it, too
 *	tamper late FILE	tries the gate long after it said that it would
 *
 * Exit status: 0 done; 1 refused, or of no use; 2 it could not be tried.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "abi/latch.h"

#define PINS "/sys/fs/bpf/snp-guard/maps/"

static int done(const char *what, int err)
{
	if (err)
		printf("%s: refused: %s\n", what, strerror(errno));
	else
		printf("%s: done\n", what);
	return !!err;
}

static int open_map(const char *name, struct bpf_map_info *info)
{
	__u32 size = sizeof(*info);
	char path[128];
	int fd;

	snprintf(path, sizeof(path), PINS "%s", name);
	fd = bpf_obj_get(path);
	memset(info, 0, sizeof(*info));
	if (fd < 0 || bpf_obj_get_info_by_fd(fd, info, &size)) {
		fprintf(stderr, "tamper: %s: %s\n", path, strerror(errno));
		exit(2);
	}
	return fd;
}

static int write_map(void)
{
	struct bpf_map_info info;
	int fd = open_map("snp_guar_bss", &info);
	__u32 zero = 0;

	return done("map", bpf_map_update_elem(fd, &zero, calloc(1, info.value_size), BPF_ANY));
}

static int write_latch(__s32 word)
{
	LIBBPF_OPTS(bpf_prog_load_opts, options, .prog_flags = BPF_F_SLEEPABLE);
	LIBBPF_OPTS(bpf_test_run_opts, run);
	struct bpf_map_info info;
	const struct bpf_insn program[] = {
		{ .code = BPF_LD | BPF_DW | BPF_IMM,
		  .dst_reg = 1,
		  .src_reg = BPF_PSEUDO_MAP_VALUE,
		  .imm = open_map("snp_guar_bss", &info) },
		{ 0 },
		{ .code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = 1, .imm = word },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_SYSCALL, "tamper", "GPL", program,
			       sizeof(program) / sizeof(program[0]), &options);

	if (fd < 0) {
		fprintf(stderr, "tamper: the program is not taken: %s\n", strerror(errno));
		exit(2);
	}
	return done("latch", bpf_prog_test_run_opts(fd, &run));
}

static int write_ledger(bool empty)
{
	struct bpf_map_info info;
	int fd = open_map("ledger", &info);
	unsigned char *memory =
		mmap(NULL, info.value_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (memory == MAP_FAILED)
		return done("ledger", -1);
	if (empty) {
		/* Which slot is valid; how much was appended, and reported (struct ledger_header).
		 */
		memset(memory + 12, 0, 4);
		memset(memory + 48, 0, 16);
		return done("empty", 0);
	}
	/* Beyond the magic number. */
	for (size_t i = 256; i < info.value_size; i += 64)
		memory[i] ^= 1;
	return done("ledger", 0);
}

/* ---- the program that a guard steers the gate by ---- */

static int find_steer(void)
{
	struct bpf_prog_info info;
	__u32 id = 0, size;
	int fd;

	while (!bpf_prog_get_next_id(id, &id)) {
		fd = bpf_prog_get_fd_by_id(id);
		size = sizeof(info);
		memset(&info, 0, sizeof(info));
		if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &size) &&
		    !strcmp(info.name, "steer"))
			return fd;
		close(fd);
	}
	fprintf(stderr, "tamper: no guard is loaded\n");
	exit(2);
}

static __s64 steer(int program, enum snp_steer_verb verb, __u64 value)
{
	struct snp_steer s = { .verb = verb, .value = value };
	LIBBPF_OPTS(bpf_test_run_opts, run, .ctx_in = &s, .ctx_size_in = sizeof(s));

	if (bpf_prog_test_run_opts(program, &run)) {
		perror("tamper: steer");
		exit(2);
	}
	return s.result;
}

enum { OPENERS = 2 };

static pid_t open_all_the_time(char **files)
{
	pid_t child = fork();

	if (child)
		return child;
	for (;;)
		for (char **file = files; *file; file++)
			close(open(*file, O_WRONLY | O_CLOEXEC));
}

static int count_writers(int seconds, char **files)
{
	int program = find_steer(), counted = 0, none = 0, failed = 0;
	time_t until = time(NULL) + seconds;
	pid_t openers[OPENERS];
	__s64 writers;

	for (int i = 0; i < OPENERS; i++)
		openers[i] = open_all_the_time(files);
	for (; time(NULL) < until; counted++) {
		writers = steer(program, SNP_STEER_WRITERS, 0);
		none += !writers;
		failed += writers < 0;
	}
	for (int i = 0; i < OPENERS; i++) {
		kill(openers[i], SIGKILL);
		waitpid(openers[i], NULL, 0);
	}
	printf("counted %d times, %d times none, %d times in vain\n", counted, none, failed);
	return !counted || none || failed;
}

/* Another thread begins and ends a trial within this one's. */
static int try_gate(const char *file, bool late)
{
	int program = find_steer();
	pid_t other;

	if (steer(program, SNP_STEER_TRY, gettid()))
		return 2;
	other = fork();
	if (!other) {
		steer(program, SNP_STEER_TRY, gettid());
		steer(program, SNP_STEER_TRY, 0);
		_exit(0);
	}
	waitpid(other, NULL, 0);
	if (late)
		sleep(SNP_TRIAL_NS / 1000000000 + 1);
	return done("open", open(file, O_WRONLY | O_CLOEXEC) < 0 ? -1 : 0);
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "writers"))
		return count_writers(atoi(argv[2]), argv + 3);
	if (argc == 3 && (!strcmp(argv[1], "trial") || !strcmp(argv[1], "late")))
		return try_gate(argv[2], !strcmp(argv[1], "late"));
	if (argc == 2 && !strcmp(argv[1], "map"))
		return write_map();
	if (argc == 3 && !strcmp(argv[1], "latch"))
		return write_latch(atoi(argv[2]));
	if (argc == 2 && !strcmp(argv[1], "ledger"))
		return write_ledger(false);
	if (argc == 2 && !strcmp(argv[1], "empty"))
		return write_ledger(true);
	fprintf(stderr, "usage: tamper map | latch WORD | ledger | empty |\n"
			"              writers S FILE... | trial FILE | late FILE\n");
	return 2;
}
