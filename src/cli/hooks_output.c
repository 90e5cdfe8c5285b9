// SPDX-License-Identifier: GPL-2.0-only
#include "cli/hooks_output.h"

#include "util/json.h"

enum { FACT_WIDTH = 14 };

/* What the guard can't do, or does less well, with the source in use; NULL: nothing. */
static const char *hooks_effect(const struct hook_state *s, enum hook_fact fact)
{
	return s->covered ? s->less : hook_fact_without(fact);
}

void hooks_print_text(FILE *out, const struct terminal *t, const struct hooks *h)
{
	char text[sizeof(struct hook_missing) + 16];

	fprintf(out, "%-*s%s\n", FACT_WIDTH, "FACT", "SOURCE");
	for (int i = 0; i < FACT_NUM; i++) {
		const struct hook_state *s = &h->states[i];
		const char *effect = hooks_effect(s, i);

		terminal_label(t, out, s->covered ? TONE_PLAIN : TONE_WARNING, FACT_WIDTH,
			       hook_fact_name(i));
		terminal_wrap(t, out, FACT_WIDTH, FACT_WIDTH, s->covered ? s->source : "none");
		for (int j = 0; j < s->missing_count; j++) {
			snprintf(text, sizeof(text), "tried %s: %s", s->missing[j].source,
				 s->missing[j].why);
			fprintf(out, "%*s", FACT_WIDTH, "");
			terminal_wrap(t, out, FACT_WIDTH, FACT_WIDTH + 2, text);
		}
		if (!effect)
			continue;
		snprintf(text, sizeof(text), "effect: %s", effect);
		fprintf(out, "%*s", FACT_WIDTH, "");
		terminal_wrap(t, out, FACT_WIDTH, FACT_WIDTH + 2, text);
	}
}

static struct json_object *hooks_missing(const struct hook_state *s)
{
	struct json_object *list = json_object_new_array(), *o;

	for (int i = 0; i < s->missing_count; i++) {
		o = json_object_new_object();
		json_put_str(o, "source", s->missing[i].source);
		json_put_str(o, "why", s->missing[i].why);
		json_append(list, o);
	}
	return list;
}

void hooks_print_json(FILE *out, const struct hooks *h)
{
	for (int i = 0; i < FACT_NUM; i++) {
		const struct hook_state *s = &h->states[i];
		const char *effect = hooks_effect(s, i);
		struct json_object *o = json_object_new_object();

		json_put_str(o, "fact", hook_fact_name(i));
		json_put_bool(o, "covered", s->covered);
		json_put_str(o, "source", s->source);
		json_put_str(o, "without", effect ? effect : "");
		json_put(o, "looked_for", hooks_missing(s));
		json_print(out, o);
	}
}
