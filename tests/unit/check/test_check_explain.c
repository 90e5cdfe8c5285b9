// SPDX-License-Identifier: GPL-2.0-only
/* The runbook's sections and the checks are the same; how a section's lines are printed. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "check/check.h"
#include "check/check_explain.h"

static char *text;

static void finish(void)
{
	free(text);
}

TestSuite(check_explain, .fini = finish);

static bool is_explained(const char *check)
{
	for (const struct check_explanation *e = check_explanations; e->check; e++)
		if (!strcmp(e->check, check))
			return true;
	return false;
}

/* As a terminal of 40 columns shows it. */
static const char *shown(const char *line)
{
	struct terminal t = { .columns = 40 };
	size_t size;
	FILE *f;

	free(text);
	f = open_memstream(&text, &size);
	cr_assert(f);
	check_explain_line(f, &t, line);
	fclose(f);
	return text;
}

Test(check_explain, the_runbook_has_a_section_on_each_check)
{
	char missing[4096] = "";
	const char *name, *what;

	for (unsigned int i = 0; (name = check_name(i, &what)); i++)
		if (*name && !is_explained(name))
			snprintf(missing + strlen(missing), sizeof(missing) - strlen(missing),
				 " %s", name);
	cr_expect_str_empty(missing, "docs/runbook.md lacks sections on%s", missing);
}

Test(check_explain, the_runbook_has_sections_on_checks_alone)
{
	for (const struct check_explanation *e = check_explanations; e->check; e++) {
		const char *name, *what;
		unsigned int i = 0;

		while ((name = check_name(i, &what)) && strcmp(name, e->check))
			i++;
		cr_expect(name, "docs/runbook.md: no check is called %s", e->check);
	}
}

Test(check_explain, paragraphs_and_points_are_wrapped)
{
	cr_expect_str_eq(shown("A CPU came online inside a window, and may skip the checks."),
			 "A CPU came online inside a window, and\nmay skip the checks.\n");
	cr_expect_str_eq(shown("* A CPU came online inside a window, and may skip the checks."),
			 "* A CPU came online inside a window, and\n  may skip the checks.\n");
	cr_expect_str_eq(shown("12. A CPU came online inside a window, so stop."),
			 "12. A CPU came online inside a window,\n  so stop.\n");
	/* It begins with a number, and is no point. */
	cr_expect_str_eq(shown("12 CPUs came online inside a window and may skip the checks."),
			 "12 CPUs came online inside a window and\nmay skip the checks.\n");
	cr_expect_str_eq(shown(""), "\n");
}

Test(check_explain, code_and_tables_stay_as_they_are)
{
	static const char *const lines[] = {
		"    grubby --update-kernel ALL --args   iommu.passthrough=0",
		"| menu of the vendor, as it is printed |   term |",
	};

	for (int i = 0; i < 2; i++) {
		shown(lines[i]);
		cr_expect_eq(strncmp(text, lines[i], strlen(lines[i])), 0, "%s", text);
		cr_expect_str_eq(text + strlen(lines[i]), "\n");
	}
}
