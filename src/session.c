// SPDX-License-Identifier: GPL-2.0-only
#include "session.h"

#include <errno.h>
#include <string.h>

/*
 * A task may call itself anything, and a recording may be forged: what is shown must not steer
 * the reader's terminal, nor break a line of JSON.
 */
static void make_printable(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

int session_init(struct session *s, enum report_format format, FILE *out,
		 const struct trace_header *host, struct trace *trace)
{
	struct trace_header shown = *host;
	int err;

	make_printable(shown.boot_id);
	make_printable(shown.release);
	*s = (struct session){ .trace = trace };
	err = report_init(&s->report, format, out, &shown);
	if (err)
		return err;
	s->window = window_new();
	return s->window ? 0 : -ENOMEM;
}

void session_free(struct session *s)
{
	window_free(s->window);
	report_free(&s->report);
	*s = (struct session){ 0 };
}

void session_set_severities(struct session *s, const struct severities *severities)
{
	s->report.severities = *severities;
}

/* The one place where a breach is left out; returns false for such a one. */
static bool count_breach(struct session *s, enum snp_breach breach)
{
	enum snp_severity severity = severity_of(&s->report.severities, breach);
	struct report_breach *b = &s->breaches[breach];

	if (severity_is_off(&s->report.severities, breach)) {
		b->left_out++;
		return false;
	}
	b->counted++;
	if (severity > b->worst)
		b->worst = severity;
	if (severity > s->worst)
		s->worst = severity;
	return true;
}

static void on_verdict(void *ctx, const struct verdict *v)
{
	struct session *s = ctx;

	if (v->kind != VERDICT_BREACH || count_breach(s, v->id))
		report_verdict(&s->report, v);
}

int session_feed(struct session *s, const struct snp_event *e)
{
	int err = window_accepts(s->window, e) ? 0 : -EINVAL;
	struct snp_event shown;

	if (!err && s->trace)
		err = trace_write(s->trace, e);
	if (err)
		return err;
	shown = *e;
	make_printable(shown.comm);
	make_printable(shown.name);
	s->last_ns = e->time_ns;
	report_event(&s->report, &shown);
	return window_feed(s->window, &shown, on_verdict, s);
}

int session_status(const struct session *s)
{
	if (!window_totals(s->window).truth)
		return STATUS_UNVERIFIED;
	switch (s->worst) {
	case SNP_CRITICAL:
		return STATUS_CRITICAL;
	case SNP_WARNING:
		return STATUS_WARNING;
	case SNP_NOTICE:
		break;
	}
	return STATUS_CLEAN;
}

void session_end(struct session *s, __u64 denied)
{
	struct report_end end = {
		.totals = window_totals(s->window),
		.window_open = window_is_open(s->window),
		.denied = denied,
		.status = session_status(s),
		.time_ns = s->last_ns,
	};

	memcpy(end.breaches, s->breaches, sizeof(end.breaches));
	report_end(&s->report, &end);
}
