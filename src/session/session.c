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

static int keep_uncovered(struct session *s, const char *fact)
{
	char **all = realloc(s->uncovered, (s->uncovered_count + 1) * sizeof(*all));

	if (!all)
		return -ENOMEM;
	s->uncovered = all;
	all[s->uncovered_count] = strdup(fact);
	if (!all[s->uncovered_count])
		return -ENOMEM;
	s->uncovered_count++;
	return 0;
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
	history_event(&s->history, &shown);
	if (e->kind == SNP_EV_FAULT)
		note_fault(s, e);
	if (e->kind == SNP_EV_START || e->kind == SNP_EV_ADOPT)
		s->gate_hook = e->status;
	if (e->kind == SNP_EV_GUESTS)
		s->guests = e->count;
	if (e->kind == SNP_EV_UNCOVERED)
		err = keep_uncovered(s, shown.name);
	if (!s->quiet && !s->silent)
		report_event(&s->report, &shown);
	return err ? err : window_feed(s->window, &shown, on_verdict, s);
}

/* ---- the state as bytes ---- */

static void pack_uncovered(struct session *s, struct pack *p)
{
	char fact[SNP_NAME_LEN] = "";
	__u32 count = s->uncovered_count;

	pack_u32(p, &count);
	for (__u32 i = 0; !p->err && i < count; i++) {
		if (!p->reading)
			snprintf(fact, sizeof(fact), "%s", s->uncovered[i]);
		pack_text(p, fact, sizeof(fact));
		if (p->reading && !p->err)
			p->err = keep_uncovered(s, fact);
	}
}

static void pack_breach(struct pack *p, struct report_breach *b)
{
	unsigned int worst = b->worst;

	pack_u32(p, &b->counted);
	pack_u32(p, &b->left_out);
	pack_enum(p, &worst, SNP_CRITICAL);
	b->worst = worst;
}

static void pack_part(struct pack *p, struct session_part *part)
{
	pack_s32(p, &part->err);
	pack_u64(p, &part->since_ns);
	pack_u64(p, &part->lost);
	/* MAX_ERRNO, as in window_accepts() */
	if (p->reading && (part->err > 0 || part->err < -4095))
		p->err = -EBADMSG;
}

static void pack_parts(struct session *s, struct pack *p)
{
	__u32 count = SNP_PART_COUNT;

	pack_u32(p, &count);
	if (count > SNP_PART_COUNT)
		p->err = -EBADMSG;
	for (__u32 i = 0; !p->err && i < count; i++)
		pack_part(p, &s->parts[i]);
	pack_text(p, s->last_flight, sizeof(s->last_flight));
}

static void pack_session(struct session *s, struct pack *p)
{
	unsigned int worst = s->worst;

	pack_enum(p, &worst, SNP_CRITICAL);
	s->worst = worst;
	for (unsigned int i = 0; i < pack_rows(p, SNP_BREACH_COUNT); i++)
		pack_breach(p, &s->breaches[i]);
	pack_uncovered(s, p);
	pack_u64(p, &s->last_ns);
	pack_u64(p, &s->stream.missed);
	pack_u64(p, &s->stream.next);
	history_pack(&s->history, p);
	if (pack_has(p, 1))
		pack_parts(s, p);
}

/* Twice what a CPU takes, and what all the rest takes, generously (tests/unit/session). */
#define CPU_BYTES  (2ul * 80)
#define REST_BYTES (64ul * 1024)

size_t session_state_room(unsigned int cpus)
{
	return REST_BYTES + (size_t)cpus * CPU_BYTES;
}

/*
 * Raised by one when what follows the head changes; unpack_head() says how older layouts are read.
 * Layout 0 has no head: it begins with the worst severity, a small number. It has no parts either.
 * Layout 2 added what sweeps find of VM_HSAVE_PA, layout 3 of RMPOPT_BASE.
 */
#define STATE_LAYOUT	3
#define STATE_MAGIC	0x53504e53 /* "SNPS" */
#define STATE_ROWS_OF_0 17

static void pack_head(struct pack *p, __u32 *magic, __u32 *layout, __u32 *rows,
		      char version[SESSION_VERSION_LEN])
{
	pack_u32(p, magic);
	pack_u32(p, layout);
	pack_u32(p, rows);
	pack_text(p, version, SESSION_VERSION_LEN);
}

/* Sets how many breaches the rest has. Returns 0 or a negative errno, as session_load(). */
static int unpack_head(struct pack *p, char version[SESSION_VERSION_LEN])
{
	__u32 magic = 0, layout = 0, rows = 0;
	size_t begin = p->used;

	memset(version, 0, SESSION_VERSION_LEN);
	pack_head(p, &magic, &layout, &rows, version);
	if (!p->err && magic == STATE_MAGIC) {
		p->rows = rows;
		p->old = layout < STATE_LAYOUT;
		p->layout = layout;
		if (layout > STATE_LAYOUT || rows > SNP_BREACH_COUNT)
			return -ENOTSUP;
		return layout && rows ? 0 : -EBADMSG;
	}
	memset(version, 0, SESSION_VERSION_LEN);
	p->used = begin;
	p->err = 0;
	p->rows = STATE_ROWS_OF_0;
	p->old = true;
	return 0;
}

void session_save(void *session, struct pack *p)
{
	__u32 magic = STATE_MAGIC, layout = STATE_LAYOUT;
	__u32 rows = pack_rows(p, SNP_BREACH_COUNT);
	char version[SESSION_VERSION_LEN] = SNP_GUARD_VERSION;
	struct session *s = session;

	pack_head(p, &magic, &layout, &rows, version);
	pack_session(s, p);
	window_save(s->window, p);
}

int session_load(struct session *s, struct pack *p, char version[SESSION_VERSION_LEN])
{
	int err = unpack_head(p, version);

	if (err)
		return err;
	pack_session(s, p);
	return p->err ? p->err : window_load(s->window, p);
}

/* ---- the ledger ---- */

/*
 * Records that wait stay in the log across a checkpoint, so that none is lost whenever the guard is
 * killed: they are appended again before the checkpoint frees the log up to them. A log that more
 * than half of would be full of them holds none: after a kill they count as lost then.
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
	/* This build made the ledger, so a newer state is another's doing. */
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
	/* First: to feed the event may be another reason to tell this fault. */
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
