// SPDX-License-Identifier: GPL-2.0-only
#include "cli/commands.h"
#include "cli/completion.h"
#include "cli/options.h"
#include "session/session.h"

const struct argp completion_argp = {
	.parser = options_parse,
	.args_doc = "SHELL",
	.doc = "Prints the completion of snp-guard's command line for bash or zsh.",
};

int command_completion(int argc, char **argv, int *status)
{
	struct command_options o = { 0 };

	options_read(&completion_argp, argc, argv, &o);
	completion_print(stdout, o.word, command_table());
	*status = STATUS_CLEAN;
	return 0;
}
