// SPDX-License-Identifier: GPL-2.0-only
#include "contract/explain.h"

#include <errno.h>
#include <string.h>

#include "contract/names.h"
#include "util/json.h"
#include "util/terminal.h"

enum { MARGIN = 12, LIST_SEVERITY = 10, LIST_MARGIN = 30 };

static const struct explanation explanations[SNP_BREACH_COUNT] = {
#include "contract.h"
};

const struct explanation *explain(enum snp_breach breach)
{
	return &explanations[breach];
}

int explain_breach_by_name(const char *name)
{
	for (int i = 0; i < SNP_BREACH_COUNT; i++)
		if (!strcmp(snp_breach_name(i), name))
			return i;
	return -EINVAL;
}

/* A label, and the text beside it. */
static void put_wrapped(FILE *out, const struct terminal *t, const char *label, const char *text)
{
	fprintf(out, "%-*s", MARGIN, label);
	terminal_wrap(t, out, MARGIN, MARGIN, text);
}

/* What `blind` may be about, each with its remedy. */
static void put_causes(FILE *out, const struct terminal *t, enum snp_breach breach)
{
	char text[512];

	for (unsigned int i = 0; breach == SNP_BREACH_BLIND && i < SNP_BLIND_CAUSE_COUNT; i++) {
		snprintf(text, sizeof(text), "%s%s%s", snp_blind_what(i),
			 *snp_blind_remedy(i) ? ": " : "", snp_blind_remedy(i));
		put_wrapped(out, t, i ? "" : "causes", text);
	}
}

void explain_text(FILE *out, enum snp_breach breach)
{
	const struct explanation *e = explain(breach);
	struct terminal t = terminal_of_page(out);

	fprintf(out, "%s (%s)\n\n", snp_breach_name(breach),
		snp_severity_name(snp_breach_severity(breach)));
	put_wrapped(out, &t, "what", e->paragraph);
	put_wrapped(out, &t, "means", snp_breach_meaning(breach));
	put_wrapped(out, &t, "remedy", snp_breach_remedy(breach));
	put_causes(out, &t, breach);
	put_wrapped(out, &t, "named", e->named);
	put_wrapped(out, &t, "not named", e->not_named);
	put_wrapped(out, &t, "shown by", e->shown_by);
}

static struct json_object *causes_json(void)
{
	struct json_object *causes = json_object_new_array(), *o;

	for (unsigned int i = 0; i < SNP_BLIND_CAUSE_COUNT; i++) {
		o = json_object_new_object();
		json_put_str(o, "what", snp_blind_what(i));
		if (*snp_blind_remedy(i))
			json_put_str(o, "remedy", snp_blind_remedy(i));
		json_append(causes, o);
	}
	return causes;
}

void explain_json(FILE *out, enum snp_breach breach)
{
	const struct explanation *e = explain(breach);
	struct json_object *o = json_object_new_object();

	json_put_str(o, "breach", snp_breach_name(breach));
	json_put_str(o, "severity", snp_severity_name(snp_breach_severity(breach)));
	json_put_str(o, "what", e->paragraph);
	json_put_str(o, "meaning", snp_breach_meaning(breach));
	json_put_str(o, "remedy", snp_breach_remedy(breach));
	if (breach == SNP_BREACH_BLIND)
		json_put(o, "causes", causes_json());
	json_put_str(o, "named", e->named);
	json_put_str(o, "not_named", e->not_named);
	json_put_str(o, "shown_by", e->shown_by);
	json_print(out, o);
}

void explain_list(FILE *out)
{
	static const enum terminal_tone tones[] = { TONE_NOTICE, TONE_WARNING, TONE_CRITICAL };
	struct terminal t = terminal_of(out);

	for (int i = 0; i < SNP_BREACH_COUNT; i++) {
		enum snp_severity severity = snp_breach_severity(i);

		terminal_label(&t, out, tones[severity], LIST_SEVERITY,
			       snp_severity_name(severity));
		fprintf(out, "%-*s", LIST_MARGIN - LIST_SEVERITY, snp_breach_name(i));
		terminal_wrap(&t, out, LIST_MARGIN, LIST_MARGIN, snp_breach_meaning(i));
	}
}
