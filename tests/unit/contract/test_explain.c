// SPDX-License-Identifier: GPL-2.0-only
/* The contract's chapters and the table of breaches say the same; what explain prints of them. */
#include <criterion/criterion.h>
#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "contract/explain.h"
#include "contract/names.h"

Test(explain, the_contract_has_a_whole_chapter_for_each_breach)
{
	for (int i = 0; i < SNP_BREACH_COUNT; i++) {
		const struct explanation *e = explain(i);
		const char *name = snp_breach_name(i);

		cr_assert(e->paragraph && *e->paragraph, "no chapter on %s", name);
		cr_assert(e->named && *e->named, "when %s is named", name);
		cr_assert(e->not_named && *e->not_named, "when %s is not named", name);
		cr_assert(e->shown_by && *e->shown_by, "what shows %s", name);
		cr_expect_eq(e->severity, snp_breach_severity(i), "%s's severity", name);
	}
}

Test(explain, breaches_are_found_by_name)
{
	for (int i = 0; i < SNP_BREACH_COUNT; i++)
		cr_expect_eq(explain_breach_by_name(snp_breach_name(i)), i);
	cr_expect_eq(explain_breach_by_name("cpu-online"), -EINVAL);
	cr_expect_eq(explain_breach_by_name(""), -EINVAL);
}

/* Blanks and line ends are one blank each. */
static void unwrap(char *text)
{
	char *to = text;

	for (char *from = text; *from; from++) {
		char c = *from == '\n' ? ' ' : *from;

		if (c != ' ' || (to > text && to[-1] != ' '))
			*to++ = c;
	}
	*to = 0;
}

Test(explain, text_says_all_of_it_in_eighty_columns)
{
	for (int i = 0; i < SNP_BREACH_COUNT; i++) {
		const struct explanation *e = explain(i);
		const char *parts[] = { e->paragraph,	       e->named,
					e->not_named,	       e->shown_by,
					snp_breach_meaning(i), snp_breach_remedy(i) };
		char said[8192] = "";
		FILE *out = fmemopen(said, sizeof(said), "w");

		explain_text(out, i);
		fclose(out);
		for (const char *line = said; *line; line += strcspn(line, "\n") + 1)
			cr_expect_leq(strcspn(line, "\n"), 80, "%s", line);
		unwrap(said);
		cr_expect_eq(strncmp(said, snp_breach_name(i), strlen(snp_breach_name(i))), 0);
		for (size_t p = 0; p < sizeof(parts) / sizeof(parts[0]); p++)
			cr_expect(strstr(said, parts[p]), "`%s` lacks `%s`", said, parts[p]);
	}
}

Test(explain, json_has_each_part_under_its_name)
{
	for (int i = 0; i < SNP_BREACH_COUNT; i++) {
		const struct explanation *e = explain(i);
		const char *parts[][2] = {
			{ "breach", snp_breach_name(i) },
			{ "severity", snp_severity_name(snp_breach_severity(i)) },
			{ "what", e->paragraph },
			{ "meaning", snp_breach_meaning(i) },
			{ "remedy", snp_breach_remedy(i) },
			{ "named", e->named },
			{ "not_named", e->not_named },
			{ "shown_by", e->shown_by },
		};
		char said[8192] = "";
		FILE *out = fmemopen(said, sizeof(said), "w");
		struct json_object *o, *value;

		explain_json(out, i);
		fclose(out);
		o = json_tokener_parse(said);
		cr_assert(o, "%s", said);
		cr_expect_eq(json_object_object_length(o), i == SNP_BREACH_BLIND ? 9 : 8);
		for (size_t p = 0; p < sizeof(parts) / sizeof(parts[0]); p++) {
			cr_assert(json_object_object_get_ex(o, parts[p][0], &value));
			cr_expect_str_eq(json_object_get_string(value), parts[p][1]);
		}
		json_object_put(o);
	}
}

Test(explain, blind_has_each_cause_with_its_remedy)
{
	char said[8192] = "";
	FILE *out = fmemopen(said, sizeof(said), "w");
	struct json_object *o, *causes, *value;

	explain_json(out, SNP_BREACH_BLIND);
	fclose(out);
	o = json_tokener_parse(said);
	cr_assert(o, "%s", said);
	cr_assert(json_object_object_get_ex(o, "causes", &causes));
	cr_assert_eq(json_object_array_length(causes), SNP_BLIND_CAUSE_COUNT);
	for (int i = 0; i < SNP_BLIND_CAUSE_COUNT; i++) {
		struct json_object *cause = json_object_array_get_idx(causes, i);
		bool has = json_object_object_get_ex(cause, "remedy", &value);

		cr_expect_str_eq(has ? json_object_get_string(value) : "", snp_blind_remedy(i));
		cr_assert(json_object_object_get_ex(cause, "what", &value));
		cr_expect_str_eq(json_object_get_string(value), snp_blind_what(i));
	}
	json_object_put(o);
}

Test(explain, the_list_has_a_line_for_each_breach)
{
	char said[8192] = "";
	FILE *out = fmemopen(said, sizeof(said), "w");
	char *line = said;

	explain_list(out);
	fclose(out);
	for (int i = 0; i < SNP_BREACH_COUNT; i++) {
		char *end = strchr(line, '\n');

		cr_assert(end);
		*end = 0;
		cr_expect(strstr(line, snp_breach_name(i)) && strstr(line, snp_breach_meaning(i)));
		line = end + 1;
	}
	cr_expect_str_eq(line, "");
}
