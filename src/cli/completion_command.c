// SPDX-License-Identifier: GPL-2.0-only
#include "cli/commands.h"
#include "cli/completion.h"
#include "session/session.h"

static error_t parse(int key, char *arg, struct argp_state *state)
{
	int *shell = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		*shell = completion_shell_by_name(arg);
		if (*shell < 0)
			argp_error(state, "there is completion for bash and zsh, not for `%s`",
				   arg);
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "for which SHELL?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp completion_argp = {
	.parser = parse,
	.args_doc = "SHELL",
	.doc = "Prints the completion of snp-guard's command line for bash or zsh.",
};

int command_completion(int argc, char **argv, int *status)
{
	int shell = -1;

	argp_parse(&completion_argp, argc, argv, 0, NULL, &shell);
	completion_print(stdout, shell, command_table());
	*status = STATUS_CLEAN;
	return 0;
}
