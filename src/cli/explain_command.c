// SPDX-License-Identifier: GPL-2.0-only
#include "cli/commands.h"
#include "contract/explain.h"
#include "cli/options.h"
#include "session/session.h"

static const struct argp_option option_table[] = {
	FORMAT_OPTION,
	{ 0 },
};

const struct argp explain_argp = {
	.options = option_table,
	.parser = options_parse,
	.args_doc = "[BREACH]",
	.doc = "Explains a finding: its meaning and remedy, when it is reported and when not, and "
	       "which tests show it. Without BREACH, lists all findings.",
};

int command_explain(int argc, char **argv, int *status)
{
	struct command_options o = { 0 };

	options_read(&explain_argp, argc, argv, &o);
	if (!o.argument && o.format == REPORT_TEXT)
		explain_list(stdout);
	for (int i = 0; i < SNP_BREACH_COUNT; i++) {
		if (o.argument ? i != o.word : o.format == REPORT_TEXT)
			continue;
		if (o.format == REPORT_JSON)
			explain_json(stdout, i);
		else
			explain_text(stdout, i);
	}
	*status = STATUS_CLEAN;
	return 0;
}
