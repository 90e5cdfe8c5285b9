// SPDX-License-Identifier: GPL-2.0-only
#include "report/report.h"

#include <errno.h>
#include <string.h>

static const struct report_ops *const ops[] = {
	[REPORT_TEXT] = &report_text,
	[REPORT_JSON] = &report_json,
	[REPORT_JOURNAL] = &report_journal,
};

const char *report_format_name(enum report_format format)
{
	static const char *const names[] = {
#define X(sym, name) name,
		RUN_FORMATS(X)
#undef X
	};

	return names[format];
}

int report_init(struct report *r, enum report_format format, FILE *out,
		const struct report_host *host, const struct severities *severities)
{
	if (format >= REPORT_FORMAT_COUNT)
		return -EINVAL;
	*r = (struct report){
		.ops = ops[format],
		.out = out,
		.terminal = terminal_of(out),
		.host = host,
		.severities = severities,
	};
	return 0;
}

/* Each write(2) of a line alone costs more than the line. */
static void show(struct report *r)
{
	if (!r->gathers)
		fflush(r->out);
}

void report_event(struct report *r, const struct snp_event *e)
{
	if (e->kind == SNP_EV_START || e->kind == SNP_EV_ADOPT) {
		r->start_ns = e->time_ns;
		if (r->ops->start)
			r->ops->start(r, e->status);
	}
	r->ops->event(r, e);
	show(r);
}

void report_verdict(struct report *r, const struct verdict *v)
{
	r->ops->verdict(r, v);
	show(r);
}

void report_end(struct report *r, const struct report_end *end)
{
	r->ops->end(r, end);
	fflush(r->out);
}
