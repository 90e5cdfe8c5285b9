/* SPDX-License-Identifier: GPL-2.0-only */
/* The commands; each takes its own arguments, argv[0] being "snp-guard COMMAND". */
#ifndef COMMANDS_H
#define COMMANDS_H

/*
 * Each returns 0 with *status set to the exit status to end with, or a negative errno after it
 * said on stderr what went wrong. Usage errors don't return: argp exits with 64.
 */
int command_run(int argc, char **argv, int *status);
int command_replay(int argc, char **argv, int *status);
int command_snapshot(int argc, char **argv, int *status);
int command_hooks(int argc, char **argv, int *status);
int command_config(int argc, char **argv, int *status);
int command_check(int argc, char **argv, int *status);
int command_status(int argc, char **argv, int *status);
int command_detach(int argc, char **argv, int *status);

struct snapshot;
/*
 * Reads the snapshot of --since; path NULL gives an empty one. Returns 0, or a negative errno after
 * it said why.
 */
int read_snapshot(const char *path, struct snapshot *s);

/* One line on stderr, "snp-guard: ...". */
void __attribute__((format(printf, 1, 2))) complain(const char *format, ...);

#endif
