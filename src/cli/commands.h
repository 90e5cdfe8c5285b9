/* SPDX-License-Identifier: GPL-2.0-only */
/* The commands; each takes its own arguments, argv[0] being "snp-guard COMMAND". */
#ifndef COMMANDS_H
#define COMMANDS_H

#include <argp.h>

struct command {
	const char *name; /* NULL: the table ends */
	/*
	 * Returns 0 with *status set to the exit status, or a negative errno after a message on
	 * stderr. Usage errors don't return: argp exits with 64.
	 */
	int (*run)(int argc, char **argv, int *status);
	const struct argp *argp;
	const char *what; /* for --help and completion */
};

/* All commands, in the order in which --help lists them. */
const struct command *command_table(void);

int command_run(int argc, char **argv, int *status);
int command_replay(int argc, char **argv, int *status);
int command_snapshot(int argc, char **argv, int *status);
int command_hooks(int argc, char **argv, int *status);
int command_config(int argc, char **argv, int *status);
int command_check(int argc, char **argv, int *status);
int command_status(int argc, char **argv, int *status);
int command_detach(int argc, char **argv, int *status);
int command_explain(int argc, char **argv, int *status);
int command_timeline(int argc, char **argv, int *status);
int command_completion(int argc, char **argv, int *status);
int command_catalog(int argc, char **argv, int *status);

extern const struct argp run_argp, replay_argp, snapshot_argp, hooks_argp, check_argp, explain_argp,
	timeline_argp, completion_argp, catalog_argp, status_argp, detach_argp, config_argp;

struct snapshot;
/*
 * Reads the snapshot of --since; path NULL gives an empty one. Returns 0, or a negative errno after
 * a message on stderr. snapshot_free() in either case.
 */
int read_snapshot(const char *path, struct snapshot *s);

#endif
