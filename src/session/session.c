// SPDX-License-Identifier: GPL-2.0-only
#include "session/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/own_events.h"
#include "util/printable.h"

int session_init(struct session *s, enum report_format format, FILE *out,
		 const struct trace_header *host)
{
	int err;

	*s = (struct session){
		.host = { .realtime_offset_ns = host->realtime_offset_ns,
			  .audit = host->flags & TRACE_AUDIT },
	};
	memcpy(s->host.boot_id, host->boot_id, sizeof(s->host.boot_id));
	memcpy(s->host.release, host->release, sizeof(s->host.release));
	make_printable(s->host.boot_id);
	make_printable(s->host.release);
	stream_init(&s->stream);
	err = report_init(&s->report, format, out, &s->host, &s->severities);
	if (err)
		return err;
	s->window = window_new();
	return s->window ? 0 : -ENOMEM;
}

void session_free(struct session *s)
{
	stream_free(&s->stream);
	flight_free(&s->flight);
	window_free(s->window);
	for (unsigned int i = 0; i < s->uncovered_count; i++)
		free(s->uncovered[i]);
	free(s->uncovered);
	*s = (struct session){ 0 };
}

void session_set_severities(struct session *s, const struct severities *severities)
{
	s->severities = *severities;
}

/* Returns false for a breach that is not reported, as its severity is off. */
static bool count_breach(struct session *s, enum snp_breach breach)
{
	enum snp_severity severity = severity_of(&s->severities, breach);
	struct report_breach *b = &s->breaches[breach];

	if (severity_is_off(&s->severities, breach)) {
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
	bool counts = v->kind != VERDICT_BREACH || count_breach(s, v->id);

	history_verdict(&s->history, v);
	s->report.recording = NULL;
	if (v->kind == VERDICT_BREACH && counts &&
	    severity_of(&s->severities, v->id) >= SNP_WARNING && !s->quiet)
		s->report.recording = flight_breach(&s->flight, v->id, v->time_ns);
	if (s->report.recording)
		snprintf(s->last_flight, sizeof(s->last_flight), "%s", s->report.recording);
	if (counts && !s->quiet && !s->silent)
		report_verdict(&s->report, v);
}

static void note_fault(struct session *s, const struct snp_event *e)
{
	struct session_part *p = &s->parts[e->subject];
	int err = e->flags & SNP_F_FAILING ? e->result : 0;

	if (!err != !p->err)
		p->since_ns = e->time_ns;
	p->err = err;
	p->lost = e->value;
}

static int take_in(struct session *s, const struct snp_event *e)
{
	struct snp_event shown = *e;
	int err = 0;

	make_printable(shown.comm);
	make_printable(shown.name);
	s->last_ns = e->time_ns;
	if (e->kind == SNP_EV_TRUTH && e->flags & SNP_F_STABLE)
		s->swept_ns = e->time_ns;
	history_event(&s->history, &shown);
	if (e->kind == SNP_EV_FAULT)
		note_fault(s, e);
	if (e->kind == SNP_EV_START || e->kind == SNP_EV_ADOPT)
		s->gate_hook = e->status;
	if (e->kind == SNP_EV_GUESTS)
		s->guests = e->count;
	if (e->kind == SNP_EV_UNCOVERED)
		err = session_keep_uncovered(s, shown.name);
	if (!s->quiet && !s->silent)
		report_event(&s->report, &shown);
	return err ? err : window_feed(s->window, &shown, on_verdict, s);
}

/* ---- the ledger ---- */

/*
 * Records that wait stay in the log across a checkpoint, so that none is lost whenever the guard is
 * killed: they are appended again before the checkpoint frees the log up to them. If they would
 * fill more than half of the log, it keeps none: after a kill they count as lost.
 */
static unsigned int waiting_to_keep(const struct session *s)
{
	return s->stream.count <= LEDGER_LOG_ROOM / 2 ? s->stream.count : 0;
}

static int append_waiting(struct session *s, unsigned int count)
{
	const struct stream *w = &s->stream;
	int err = 0;

	for (unsigned int i = 0; !err && i < count; i++)
		err = ledger_append(s->ledger, &w->waiting[w->gone + i], w->next, true);
	return err;
}

/* What was reported must have come out before the log forgets it; a slow output is not waited for.
 */
#define DRAIN_NS 10000000ull

static int checkpoint(struct session *s)
{
	unsigned int keep = waiting_to_keep(s);
	int err;

	if (s->outputs)
		outputs_drain(s->outputs, DRAIN_NS);
	if (keep > ledger_room(s->ledger))
		keep = 0;
	err = append_waiting(s, keep);
	return err ? err : ledger_checkpoint(s->ledger, keep, session_save, s);
}

void session_checkpoint(struct session *s)
{
	if (s->ledger)
		session_fault(s, SNP_PART_LEDGER, checkpoint(s), s->parts[SNP_PART_LEDGER].lost);
}

/*
 * Makes room in the log for one event, and leaves enough to append those that wait again: since the
 * last call at most one more waits, and one was appended.
 */
static void make_room(struct session *s)
{
	if (s->ledger && ledger_room(s->ledger) <= waiting_to_keep(s) + 2)
		session_checkpoint(s);
}

static void keep_in_ledger(struct session *s, const struct snp_event *e, bool waits)
{
	struct session_part *p = &s->parts[SNP_PART_LEDGER];

	make_room(s);
	/* The fault of a full log is told by the checkpoint that should have freed it. */
	if (s->ledger && ledger_append(s->ledger, e, s->stream.next, waits))
		p->lost++;
}

int session_resume(struct session *s, const struct ledger *l)
{
	char version[SESSION_VERSION_LEN];
	struct ledger_entry entry;
	struct pack p;
	int err = ledger_state(l, &p);

	if (!err)
		err = session_load(s, &p, version);
	/* This build made the ledger, so another program has changed a newer state. */
	if (err && err != -ENOENT)
		return err == -ENOTSUP ? -EBADMSG : err;
	for (unsigned int i = 0; !(err = ledger_entry(l, i, &entry)); i++) {
		if (entry.waits) {
			err = stream_push(&s->stream, &entry.event);
			/* In the log twice, or fed since. */
			if (err == -ESTALE)
				err = 0;
		} else {
			stream_skip_to(&s->stream, entry.next);
			s->quiet = entry.reported;
			err = window_accepts(s->window, &entry.event) ? take_in(s, &entry.event)
								      : -EBADMSG;
			s->quiet = false;
		}
		if (err)
			return err;
	}
	if (err != -ENOENT)
		return err;
	/* Each guard writes at least its START. */
	return window_has_started(s->window) ? 0 : -EBADMSG;
}

/* ---- events ---- */

static void keep(struct session *s, const struct snp_event *e)
{
	/* First, so that a guard that is killed from here on does not lose the event. */
	keep_in_ledger(s, e, false);
	flight_event(&s->flight, e, s->state_room, session_save, s);
	if (!s->records)
		return;
	recorder_event(s->outputs, SNP_PART_RECORDING, e);
	s->recorded += sizeof(*e);
	/* Nothing follows an END. */
	s->records = e->kind != SNP_EV_END;
}

int session_feed(struct session *s, const struct snp_event *e)
{
	int err;

	if (!window_accepts(s->window, e))
		return -EINVAL;
	keep(s, e);
	err = take_in(s, e);
	if (!err && s->ledger && !s->outputs)
		ledger_reported(s->ledger);
	return err;
}

int session_feed_next(struct session *s, __u64 now_ns, const struct stream_end *end,
		      struct snp_event *e)
{
	int err;

	/* A checkpoint must not say yet that the record was taken in. */
	make_room(s);
	if (!stream_next(&s->stream, now_ns, end, e))
		return 0;
	err = session_feed(s, e);
	return err ? err : 1;
}

void session_keep_waiting(struct session *s, const struct snp_event *e)
{
	if (s->ledger && stream_has(&s->stream, e->seq))
		keep_in_ledger(s, e, true);
}

void session_look(struct session *s, __u64 now_ns)
{
	for (; s->outputs && s->report.lost; s->report.lost--)
		outputs_lose(s->outputs, SNP_PART_STDOUT);
	if (s->ledger && s->outputs && outputs_are_idle(s->outputs))
		ledger_reported(s->ledger);
	flight_look(&s->flight, now_ns, false);
}

void session_fault(struct session *s, enum snp_part part, int err, __u64 lost)
{
	struct session_part *p = &s->parts[part];
	struct snp_event e = own_event(SNP_EV_FAULT);

	if (!err == !p->err && (err || lost == p->lost)) {
		p->lost = lost;
		return;
	}
	e.subject = part;
	e.flags = err ? SNP_F_FAILING : 0;
	e.result = err;
	e.value = lost;
	snprintf(e.name, sizeof(e.name), "%s", snp_part_name(part));
	/* Set first: feeding the event may report this fault again. */
	p->err = err;
	p->lost = lost;
	p->since_ns = e.time_ns;
	session_feed(s, &e);
}

void session_record(struct session *s, const char *path, enum recorder_place place,
		    const struct trace_header *header, bool with_state)
{
	struct pack p = { .size = s->state_room };
	struct snp_event end = own_event(SNP_EV_END);

	if (s->records)
		recorder_event(s->outputs, SNP_PART_RECORDING, &end);
	if (with_state) {
		p.data = malloc(p.size);
		p.err = p.data ? 0 : -ENOMEM;
		session_save(s, &p);
	}
	s->records = !p.err;
	if (p.err)
		session_fault(s, SNP_PART_RECORDING, p.err, s->parts[SNP_PART_RECORDING].lost + 1);
	else
		recorder_begin(s->outputs, SNP_PART_RECORDING, path, place, header, p.data, p.used);
	s->recorded = sizeof(*header) + p.used;
	free(p.data);
}

/* ---- the end ---- */

int session_status(const struct session *s)
{
	if (!window_totals(s->window).truth)
		return STATUS_UNVERIFIED;
	for (int i = 0; i < SNP_PART_COUNT; i++)
		if (s->parts[i].err || s->parts[i].lost)
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

void session_end(struct session *s, __u64 refused)
{
	struct report_end end = {
		.totals = window_totals(s->window),
		.uncovered = (const char *const *)s->uncovered,
		.uncovered_count = s->uncovered_count,
		.window_open = window_is_open(s->window),
		.denied = refused,
		.status = session_status(s),
		.time_ns = s->last_ns,
	};

	memcpy(end.breaches, s->breaches, sizeof(end.breaches));
	for (int i = 0; i < SNP_PART_COUNT; i++) {
		end.lost[i] = s->parts[i].lost;
		end.fails[i] = s->parts[i].err;
	}
	report_end(&s->report, &end);
	flight_look(&s->flight, s->last_ns, true);
}
