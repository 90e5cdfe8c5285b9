// SPDX-License-Identifier: GPL-2.0-only
#include "monitor/metrics.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "contract/names.h"

/* One metric while its samples are written. */
struct metric {
	FILE *out;
	const char *name, *labels; /* labels: names, separated by commas */
};

static void put_escaped(FILE *out, const char *value)
{
	for (; *value; value++)
		if (*value == '\n')
			fputs("\\n", out);
		else
			fprintf(out, *value == '"' || *value == '\\' ? "\\%c" : "%c", *value);
}

/* The value of each label follows, in the table's order. */
static void sample(const struct metric *m, double value, ...)
{
	const char *label = m->labels;
	va_list values;

	fputs(m->name, m->out);
	va_start(values, value);
	while (*label) {
		int len = (int)strcspn(label, ",");

		fprintf(m->out, "%c%.*s=\"", label == m->labels ? '{' : ',', len, label);
		put_escaped(m->out, va_arg(values, const char *));
		fputc('"', m->out);
		label += len + (label[len] == ',');
	}
	va_end(values);
	fprintf(m->out, "%s %.17g\n", *m->labels ? "}" : "", value);
}

static void put_BUILD_INFO(const struct metric *m, const struct metrics_facts *f)
{
	sample(m, 1, SNP_GUARD_VERSION, f->kernel);
}

static void put_LAST_CHECK(const struct metric *m, const struct metrics_facts *f)
{
	sample(m, f->last_check);
}

static void put_WINDOW(const struct metric *m, const struct metrics_facts *f)
{
	sample(m, f->totals.truth && f->window_open, "open");
	sample(m, f->totals.truth && !f->window_open, "closed");
	sample(m, !f->totals.truth, "unknown");
}

static void put_GATE(const struct metric *m, const struct metrics_facts *f)
{
	for (int i = 0; i < GUARD_STATE_COUNT; i++)
		sample(m, f->gate == (enum guard_state)i, guard_state_name(i));
}

static void put_GATE_HOOK(const struct metric *m, const struct metrics_facts *f)
{
	for (unsigned int i = 0; i < SNP_GATE_HOOK_COUNT; i++)
		sample(m, f->gate_hook == i, snp_gate_hook_name(i));
}

static void put_CPUS(const struct metric *m, const struct metrics_facts *f)
{
	sample(m, f->cpus_present, "present");
	sample(m, f->cpus_online, "online");
	sample(m, f->cpus_snp_en, "snp_en");
}

static void put_UNCOVERED(const struct metric *m, const struct metrics_facts *f)
{
	sample(m, f->uncovered);
}

static void put_WINDOWS(const struct metric *m, const struct metrics_facts *f)
{
	sample(m, f->totals.windows);
}

static void put_BREACHES(const struct metric *m, const struct metrics_facts *f)
{
	for (int i = 0; i < SNP_BREACH_COUNT; i++)
		sample(m, f->totals.breaches[i], snp_breach_name(i),
		       snp_severity_name(snp_breach_severity(i)));
}

/* No sample: unknown. */
static void put_GUESTS(const struct metric *m, const struct metrics_facts *f)
{
	if (f->guests != SNP_COUNT_UNKNOWN)
		sample(m, f->guests);
}

static void put_DENIED(const struct metric *m, const struct metrics_facts *f)
{
	sample(m, f->denied);
}

static void put_LOST(const struct metric *m, const struct metrics_facts *f)
{
	sample(m, f->recorded ? 0 : f->totals.lost - f->missed, "ring-buffer");
	sample(m, f->missed, "hook-not-called");
	sample(m, f->recorded ? f->totals.lost : 0, "on-record");
}

static void put_OUTPUT_LOST(const struct metric *m, const struct metrics_facts *f)
{
	for (int i = 0; i < SNP_PART_COUNT; i++)
		if (snp_part_is_output(i))
			sample(m, f->lost[i], snp_part_name(i));
}

static void put_FAULT(const struct metric *m, const struct metrics_facts *f)
{
	for (int i = 0; i < SNP_PART_COUNT; i++)
		sample(m, !!f->fails[i], snp_part_name(i));
}

static void put_CHECK_STATUS(const struct metric *m, const struct metrics_facts *f)
{
	for (unsigned int i = 0; i < f->check_count; i++)
		for (int status = 0; status < f->check_status_count; status++)
			sample(m, f->checks[i].status == status, f->checks[i].name,
			       f->check_statuses[status]);
}

static void put_CHECK_TIME(const struct metric *m, const struct metrics_facts *f)
{
	sample(m, f->check_time);
}

static const struct {
	const char *name, *type;
	enum metrics_of whose;
	const char *labels, *help;
	void (*put)(const struct metric *m, const struct metrics_facts *f);
} table[] = {
#define X(sym, name, type, whose, labels, help)                                                    \
	{ name, #type, METRICS_OF_##whose, labels, help, put_##sym },
	METRICS(X)
#undef X
};

int metrics_render(FILE *out, enum metrics_of whose, const struct metrics_facts *f)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct metric m = { out, table[i].name, table[i].labels };

		if (table[i].whose != whose)
			continue;
		fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", m.name, table[i].help, m.name,
			table[i].type);
		table[i].put(&m, f);
	}
	return ferror(out) ? -EIO : 0;
}
