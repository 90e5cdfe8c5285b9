// SPDX-License-Identifier: GPL-2.0-only
#include "check/check_explain.h"

#include <string.h>

#include "check/check.h"

enum { POINT_MARGIN = 2 };

const struct check_explanation check_explanations[] = {
#include "runbook.h"
	{ NULL, NULL },
};

static bool is_kept(const char *line)
{
	return *line == '|' || !strncmp(line, "    ", 4);
}

static bool is_point(const char *line)
{
	return !strncmp(line, "* ", 2) || !strncmp(line, "- ", 2) ||
	       !strncmp(line + strspn(line, "0123456789"), ". ", 2);
}

void check_explain_line(FILE *out, const struct terminal *t, const char *line)
{
	if (is_kept(line))
		fprintf(out, "%s\n", line);
	else
		terminal_wrap(t, out, 0, is_point(line) ? POINT_MARGIN : 0, line);
}

bool check_explain(FILE *out, const char *check)
{
	struct terminal t = terminal_of_page(out);
	const char *name, *what;
	bool explained = false;

	for (unsigned int i = 0; (name = check_name(i, &what)); i++)
		if (!strcmp(name, check))
			fprintf(out, "%s: %s\n\n", name, what);
	for (const struct check_explanation *e = check_explanations; e->check; e++)
		if (!strcmp(e->check, check)) {
			check_explain_line(out, &t, e->line);
			explained = true;
		}
	return explained;
}
