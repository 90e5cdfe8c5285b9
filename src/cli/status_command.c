// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "util/complain.h"
#include "cli/options.h"
#include "cli/status_output.h"
#include "pinned/pinned_status.h"

static const int exit_statuses[] = {
	[GUARD_DETACHED] = STATUS_UNVERIFIED,
	[GUARD_AUDITING] = STATUS_CLEAN,
	[GUARD_DEGRADED] = STATUS_WARNING,
	[GUARD_ENFORCING] = STATUS_CLEAN,
};

static const struct argp_option option_table[] = {
	FORMAT_OPTION,
	{ 0 },
};

const struct argp status_argp = {
	.options = option_table,
	.parser = options_parse,
	.doc = "Reads from the kernel the state of a guard that was started with --pin: whether "
	       "the "
	       "gate refuses (tried, where a window is open), what is missing, the last windows, "
	       "and who was refused. Of another guard that runs it shows the state and the "
	       "findings that the guard itself tells. Exit status: 0 enforcing or auditing, 1 "
	       "degraded, 3 no guard, or one whose state can't be read.",
};

int command_status(int argc, char **argv, int *status)
{
	struct terminal terminal = terminal_of(stdout);
	struct command_options options = { 0 };
	struct pinned_status b;
	int err;

	options_read(&status_argp, argc, argv, &options);
	err = pinned_status_read(&b);
	if (err == -EACCES)
		complain("not root: can't read the state of a pinned guard; use sudo");
	else if (err)
		complain("can't read the state of a pinned guard, which may go on: %s %s",
			 strerror(-err), sensors_complaint());
	if (err)
		status_print_unknown(stdout, &terminal, options.format == REPORT_JSON, err);
	else if (options.format == REPORT_JSON)
		status_print_json(stdout, &b);
	else
		status_print_text(stdout, &terminal, &b);
	if (!err)
		*status = b.facts.told_err ? STATUS_UNVERIFIED : exit_statuses[b.facts.state];
	pinned_status_free(&b);
	return err;
}
