// SPDX-License-Identifier: GPL-2.0-only
#include "session/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

static int take_in(struct session *s, const struct snp_event *e)
{
	struct snp_event shown = *e;
	int err = 0;

	make_printable(shown.comm);
	make_printable(shown.name);
	s->last_ns = e->time_ns;
	history_event(&s->history, &shown);
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
}

/*
 * Raised by one when what follows the head changes; unpack_head() says how older layouts are read.
 * Layout 0 has no head: it begins with the worst severity, a small number.
 */
#define STATE_LAYOUT	1
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
		if (layout > STATE_LAYOUT || rows > SNP_BREACH_COUNT)
			return -ENOTSUP;
		return layout && rows ? 0 : -EBADMSG;
	}
	memset(version, 0, SESSION_VERSION_LEN);
	p->used = begin;
	p->err = 0;
	p->rows = STATE_ROWS_OF_0;
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

int session_checkpoint(struct session *s)
{
	unsigned int keep = waiting_to_keep(s);
	int err;

	if (keep > ledger_room(s->ledger))
		keep = 0;
	err = append_waiting(s, keep);
	return err ? err : ledger_checkpoint(s->ledger, keep, session_save, s);
}

/*
 * Makes room in the log for one event, and leaves enough to append those that wait again: since the
 * last call at most one more waits, and one was appended.
 */
static int make_room(struct session *s)
{
	if (!s->ledger || ledger_room(s->ledger) > waiting_to_keep(s) + 2)
		return 0;
	return session_checkpoint(s);
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

int session_feed(struct session *s, const struct snp_event *e)
{
	int err = window_accepts(s->window, e) ? make_room(s) : -EINVAL;

	/* First, so that a guard that is killed from here on does not lose the event. */
	if (!err && s->ledger)
		err = ledger_append(s->ledger, e, s->stream.next, false);
	if (!err && s->trace)
		err = trace_write(s->trace, e);
	if (!err)
		err = take_in(s, e);
	if (!err && s->ledger)
		ledger_reported(s->ledger);
	return err;
}

int session_feed_next(struct session *s, __u64 now_ns, const struct stream_end *end,
		      struct snp_event *e)
{
	/* A checkpoint must not say yet that the record was taken in. */
	int err = make_room(s);

	if (err)
		return err;
	if (!stream_next(&s->stream, now_ns, end, e))
		return 0;
	err = session_feed(s, e);
	return err ? err : 1;
}

int session_keep_waiting(struct session *s, const struct snp_event *e)
{
	int err;

	if (!s->ledger || !stream_has(&s->stream, e->seq))
		return 0;
	err = make_room(s);
	return err ? err : ledger_append(s->ledger, e, s->stream.next, true);
}

/* ---- the end ---- */

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
	report_end(&s->report, &end);
}
