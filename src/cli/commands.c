// SPDX-License-Identifier: GPL-2.0-only
#include "cli/commands.h"

#include <stddef.h>

#include "cli/completion.h"
#include "cli/options.h"
#include "session/session.h"

static const struct command commands[] = {
	{ "run", command_run, &run_argp,
	  "follow SNP on this host, refuse CPU onlining inside a window" },
	{ "replay", command_replay, &replay_argp, "reach the verdicts of a recorded run again" },
	{ "timeline", command_timeline, &timeline_argp, "draw a recorded run as a picture" },
	{ "check", command_check, &check_argp, "look at this host once: is its SNP state sound" },
	{ "status", command_status, &status_argp,
	  "read back what a guard with --pin left in the kernel" },
	{ "detach", command_detach, &detach_argp, "remove it: from then on nothing is refused" },
	{ "snapshot", command_snapshot, &snapshot_argp,
	  "keep the host's state, to compare with after a kexec" },
	{ "config", command_config, &config_argp,
	  "show or check what the configuration asks of run" },
	{ "hooks", command_hooks, &hooks_argp,
	  "show what this kernel lets the guard see, and from where" },
	{ "explain", command_explain, &explain_argp, "say what a breach means, and what to do" },
	{ "completion", command_completion, &completion_argp, NULL },
	{ "catalog", command_catalog, &catalog_argp, NULL },
	{ NULL, NULL, NULL, NULL },
};

const struct command *command_table(void)
{
	return commands;
}

/* ---- the command that prints the table, as completion ---- */

const struct argp completion_argp = {
	.parser = options_parse,
	.args_doc = "SHELL",
	.doc = "Prints the completion of snp-guard's command line for bash or zsh.",
};

int command_completion(int argc, char **argv, int *status)
{
	struct command_options o = { 0 };

	options_read(&completion_argp, argc, argv, &o);
	completion_print(stdout, o.word, commands);
	*status = STATUS_CLEAN;
	return 0;
}
