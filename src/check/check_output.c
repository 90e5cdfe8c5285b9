// SPDX-License-Identifier: GPL-2.0-only
#include "check/check_output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "monitor/metrics.h"
#include "report/report.h"
#include "util/json.h"
#include "util/printable.h"

/* The columns of the text: a status, a check's name, and then the evidence. */
enum { STATUS_WIDTH = 14, NAME_WIDTH = 16, TEXT_MARGIN = STATUS_WIDTH + 2 + NAME_WIDTH + 1 };

static const char *const status_names[] = {
#define X(sym, name) name,
	CHECK_STATUSES(X)
#undef X
};

/* A check that is not applicable counts as well. */
static int index_of(enum check_status status)
{
	switch (status) {
	case CHECK_WARN:
		return 1;
	case CHECK_FAIL:
		return 2;
	case CHECK_UNKNOWN:
		return 3;
	default:
		return 0;
	}
}

const char *check_verdict(const struct check_report *r)
{
	static const char *const words[] = { "OK", "WARNING", "CRITICAL", "UNKNOWN" };

	return words[index_of(check_worst(r))];
}

int check_exit_status(const struct check_report *r, enum check_exit_map map)
{
	static const int maps[][4] = {
#define X(sym, name, ok, warning, critical, unknown) { ok, warning, critical, unknown },
		CHECK_EXIT_MAPS(X)
#undef X
	};

	return maps[map][index_of(check_worst(r))];
}

static enum terminal_tone tone_of(enum check_status status)
{
	static const enum terminal_tone tones[] = {
		[CHECK_NOT_APPLICABLE] = TONE_PLAIN, [CHECK_PASS] = TONE_GOOD,
		[CHECK_WARN] = TONE_WARNING,	     [CHECK_UNKNOWN] = TONE_WARNING,
		[CHECK_FAIL] = TONE_CRITICAL,
	};

	return tones[status];
}

void check_print_text(FILE *out, const struct terminal *t, const struct check_report *r)
{
	for (int i = 0; i < r->count; i++) {
		const struct check_result *c = &r->results[i];

		terminal_label(t, out, tone_of(c->status), STATUS_WIDTH,
			       check_status_name(c->status));
		fprintf(out, "  %-*s ", NAME_WIDTH, c->name);
		terminal_wrap(t, out, TEXT_MARGIN, TEXT_MARGIN, c->evidence);
		if (!c->remedy || c->status <= CHECK_PASS)
			continue;
		fprintf(out, "%*s", TEXT_MARGIN, "");
		terminal_wrap(t, out, TEXT_MARGIN, TEXT_MARGIN, c->remedy);
	}
}

static int print_text(FILE *out, const struct check_report *r)
{
	struct terminal t = terminal_of(out);

	check_print_text(out, &t, r);
	return 0;
}

static struct json_object *json_begin(const char *type)
{
	struct json_object *o = json_object_new_object();

	json_put_int(o, "schema", JSON_SCHEMA);
	json_put_str(o, "type", type);
	return o;
}

static void json_result(FILE *out, const struct check_result *c)
{
	struct json_object *o = json_begin("check");
	char id[CHECK_ID_SIZE];

	json_put_str(o, "id", check_result_id(c, id));
	json_put_str(o, "check", c->name);
	json_put_str(o, "status", check_status_name(c->status));
	json_put_str(o, "evidence", c->evidence);
	json_put_str(o, "remedy", c->remedy ? c->remedy : "");
	json_print(out, o);
}

static void json_summary(FILE *out, const struct check_report *r)
{
	struct json_object *o = json_begin("check-summary"), *counts = json_object_new_object();

	json_put_str(o, "verdict", check_verdict(r));
	for (size_t i = 0; i < sizeof(status_names) / sizeof(status_names[0]); i++)
		json_put_int(counts, status_names[i], check_count(r, i));
	json_put(o, "counts", counts);
	json_put_int(o, "exit_status", r->exit_status);
	json_print(out, o);
}

static int print_json(FILE *out, const struct check_report *r)
{
	for (int i = 0; i < r->count; i++)
		json_result(out, &r->results[i]);
	json_summary(out, r);
	return 0;
}

/* The worst result of each name stands for all of that name. Returns how many names there are. */
static unsigned int worst_by_name(const struct check_report *r, struct metrics_check *worst)
{
	unsigned int count = 0, at;

	for (int i = 0; i < r->count; i++) {
		const struct check_result *c = &r->results[i];

		for (at = 0; at < count && strcmp(worst[at].name, c->name); at++)
			;
		if (at == count)
			worst[count++] = (struct metrics_check){ .name = c->name };
		if ((int)c->status > worst[at].status)
			worst[at].status = c->status;
	}
	return count;
}

static int print_prometheus(FILE *out, const struct check_report *r)
{
	struct metrics_check *worst = calloc(r->count + 1, sizeof(*worst));
	struct metrics_facts facts = {
		.checks = worst,
		.check_statuses = status_names,
		.check_status_count = sizeof(status_names) / sizeof(status_names[0]),
		.check_time = time(NULL),
	};
	int err;

	if (!worst)
		return -ENOMEM;
	facts.check_count = worst_by_name(r, worst);
	err = metrics_render(out, METRICS_OF_CHECK, &facts);
	free(worst);
	return err;
}

/*
 * Lists the worst results, as many as fit, or says that all checks pass. To monitors | and line
 * ends have a meaning of their own.
 */
static void summarise(const struct check_report *r, char *text, size_t size)
{
	enum check_status worst = check_worst(r);
	size_t used = 0;

	if (worst == CHECK_PASS)
		used = snprintf(text, size, "%d checks pass", check_count(r, CHECK_PASS));
	for (int i = 0; worst != CHECK_PASS && i < r->count && used < size; i++)
		if (r->results[i].status == worst)
			used += snprintf(text + used, size - used, "%s%s: %s", used ? "; " : "",
					 r->results[i].name, r->results[i].evidence);
	make_printable(text);
	for (char *c = text; *c; c++)
		if (*c == '|')
			*c = '?';
}

static int print_nagios(FILE *out, const struct check_report *r)
{
	char text[CHECK_NAGIOS_SIZE - 128];

	summarise(r, text, sizeof(text));
	fprintf(out, "SNP %s - %s |", check_verdict(r), text);
	for (int status = CHECK_PASS; status <= CHECK_FAIL; status++) {
		static const char *const labels[] = { "not_applicable", "pass", "warn", "unknown",
						      "fail" };

		fprintf(out, " '%s'=%d;;;0", labels[status], check_count(r, status));
	}
	fputc('\n', out);
	return 0;
}

static int print_npd(FILE *out, const struct check_report *r)
{
	char text[CHECK_NPD_SIZE - sizeof("CRITICAL ")];

	summarise(r, text, sizeof(text));
	fprintf(out, "%s %s\n", check_verdict(r), text);
	return 0;
}

static const struct {
	const char *name;
	int (*print)(FILE *out, const struct check_report *r);
	enum check_exit_map map;
} formats[] = {
#define X(sym, name, printer, map) { name, printer, CHECK_EXIT_##map },
	CHECK_FORMATS(X)
#undef X
};

int check_print(FILE *out, const struct check_report *r, enum check_format format)
{
	return formats[format].print(out, r);
}

enum check_exit_map check_format_map(enum check_format format)
{
	return formats[format].map;
}
