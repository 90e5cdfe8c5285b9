// SPDX-License-Identifier: GPL-2.0-only
#include "cli/commands.h"

#include <stddef.h>

#include "cli/completion.h"
#include "cli/options.h"
#include "session/session.h"

static const struct command commands[] = {
	{ "run", command_run, &run_argp, "watch SNP; refuse CPU on/offlining in a window" },
	{ "replay", command_replay, &replay_argp, "judge a recorded run again" },
	{ "timeline", command_timeline, &timeline_argp, "draw a recorded run as a picture" },
	{ "check", command_check, &check_argp, "check this host's SNP state once" },
	{ "status", command_status, &status_argp, "show the state of the guard and its gate" },
	{ "detach", command_detach, &detach_argp, "unload a pinned guard; ends enforcement" },
	{ "snapshot", command_snapshot, &snapshot_argp,
	  "save this host's state, to compare after a kexec" },
	{ "config", command_config, &config_argp, "show or check the configuration of run" },
	{ "hooks", command_hooks, &hooks_argp,
	  "show what the guard can observe on this kernel, and how" },
	{ "explain", command_explain, &explain_argp, "explain a finding, and what to do" },
	{ "completion", command_completion, &completion_argp,
	  "print the completion of a shell, bash or zsh" },
	{ "catalog", command_catalog, &catalog_argp, "print the catalog for journalctl -x" },
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
	.doc = "Prints a script that completes snp-guard's command line in bash or zsh.",
};

int command_completion(int argc, char **argv, int *status)
{
	struct command_options o = { 0 };

	options_read(&completion_argp, argc, argv, &o);
	completion_print(stdout, o.word, commands);
	*status = STATUS_CLEAN;
	return 0;
}
