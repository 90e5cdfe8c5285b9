// SPDX-License-Identifier: GPL-2.0-only
#include "cli/options.h"

error_t option_format(struct argp_state *state, const char *arg, enum report_format *format)
{
	int found = report_format_by_name(arg);

	if (found < 0 || found == REPORT_JOURNAL)
		argp_error(state, "--format takes text or json, not `%s`", arg);
	*format = found;
	return 0;
}

error_t option_severity(struct argp_state *state, const char *arg, struct severities *severities)
{
	char why[256];

	if (severity_parse(severities, arg, why, sizeof(why)) < 0)
		argp_error(state, "--severity: %s", why);
	return 0;
}
