// SPDX-License-Identifier: GPL-2.0-only
#include "timeline/timeline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const cpu_texts[][2] = {
#define X(sym, class, text) { class, text },
	TIMELINE_CPUS(X)
#undef X
};

static const char *const mark_texts[][2] = {
#define X(sym, class, text) { class, text },
	TIMELINE_MARKS(X)
#undef X
};

const char *timeline_cpu_class(enum timeline_cpu cpu)
{
	return cpu_texts[cpu][0];
}

const char *timeline_cpu_text(enum timeline_cpu cpu)
{
	return cpu_texts[cpu][1];
}

const char *timeline_mark_class(enum timeline_mark_kind kind)
{
	return mark_texts[kind][0];
}

const char *timeline_mark_text(enum timeline_mark_kind kind)
{
	return mark_texts[kind][1];
}

enum timeline_lane timeline_lane_of(enum timeline_mark_kind kind)
{
	switch (kind) {
	case TIMELINE_COMMAND:
	case TIMELINE_FAILED:
		return TIMELINE_LANE_FIRMWARE;
	case TIMELINE_DENIED:
	case TIMELINE_AUDITED:
		return TIMELINE_LANE_GATE;
	case TIMELINE_NOTICE:
	case TIMELINE_WARNING:
	case TIMELINE_CRITICAL:
		return TIMELINE_LANE_BREACHES;
	default:
		return TIMELINE_LANE_DRIVER;
	}
}

int timeline_init(struct timeline *t, const struct report_host *host,
		  const struct severities *severities, const struct window *automaton)
{
	FILE *memo;

	*t = (struct timeline){ .host = *host, .automaton = automaton };
	memo = open_memstream(&t->said, &t->said_len);
	if (!memo)
		return -ENOMEM;
	return report_init(&t->text, REPORT_TEXT, memo, &t->host, severities);
}

void timeline_free(struct timeline *t)
{
	struct timeline_track *tracks[] = { &t->window, &t->held, &t->count };

	for (size_t i = 0; i < sizeof(tracks) / sizeof(tracks[0]); i++)
		free(tracks[i]->steps);
	for (unsigned int i = 0; i < t->mark_count; i++)
		free(t->marks[i].text);
	free(t->marks);
	for (unsigned int i = 0; i < t->row_count; i++) {
		cpulist_free(&t->rows[i].cpus);
		free(t->rows[i].first.steps);
		free(t->rows[i].last.steps);
	}
	free(t->rows);
	for (unsigned int i = 0; i < t->cpu_count; i++)
		free(t->cpus[i].steps);
	free(t->cpus);
	if (t->text.out)
		fclose(t->text.out);
	free(t->said);
	*t = (struct timeline){ 0 };
}

/* A value that holds from ns on, unless it did before. Nothing is shown before the first. */
static void track_set(struct timeline *t, struct timeline_track *track, __u64 ns, int value)
{
	if (track->count && track->steps[track->count - 1].value == value)
		return;
	if (timeline_track_add(track, (struct timeline_step){ .ns = ns, .value = value }))
		t->err = -ENOMEM;
}

/* ---- what the automaton knows after an event ---- */

static enum timeline_cpu timeline_state_of(struct window_cpu cpu, bool may_be_initialised)
{
	if (!cpu.present)
		return TIMELINE_CPU_ABSENT;
	if (!cpu.online)
		return TIMELINE_CPU_OFFLINE;
	if (!cpu.readable)
		return TIMELINE_CPU_UNKNOWN;
	if (cpu.snp_en)
		return TIMELINE_CPU_SET;
	return may_be_initialised ? TIMELINE_CPU_UNCHECKED : TIMELINE_CPU_CLEAR;
}

static void timeline_look_at_cpu(struct timeline *t, __u64 ns, unsigned int cpu)
{
	struct window_now now = window_now(t->automaton);

	if (cpu >= t->cpu_count) {
		struct timeline_track *cpus = realloc(t->cpus, (cpu + 1) * sizeof(*cpus));

		if (!cpus) {
			t->err = -ENOMEM;
			return;
		}
		memset(cpus + t->cpu_count, 0, (cpu + 1 - t->cpu_count) * sizeof(*cpus));
		t->cpus = cpus;
		t->cpu_count = cpu + 1;
	}
	track_set(t, &t->cpus[cpu], ns,
		  timeline_state_of(window_cpu(t->automaton, cpu), now.may_be_initialised));
}

static void timeline_look(struct timeline *t)
{
	struct window_now now = window_now(t->automaton);
	const struct snp_event *e = &t->last;

	if (!t->waits)
		return;
	t->waits = false;
	if (now.open && !t->first_window)
		t->first_window = window_totals(t->automaton).windows;
	track_set(t, &t->window, t->end_ns,
		  now.open ? TIMELINE_WINDOW + now.initialised : TIMELINE_NO_WINDOW);
	track_set(t, &t->held, t->end_ns, now.outstanding);
	switch (e->kind) {
	case SNP_EV_SNP_ENABLE:
	case SNP_EV_CPU_UP:
	case SNP_EV_CPU_DOWN:
	case SNP_EV_CPU_STATE:
		timeline_look_at_cpu(t, t->end_ns, e->subject);
		break;
	case SNP_EV_HP_DISABLE:
	case SNP_EV_HP_ENABLE:
		track_set(t, &t->count, t->end_ns, e->count);
		break;
	case SNP_EV_TRUTH:
		track_set(t, &t->count, t->end_ns, e->count);
		/* fall through */
	case SNP_EV_COMMAND:
	case SNP_EV_PREPARE_EXIT:
	case SNP_EV_X86_SHUTDOWN:
		for (unsigned int i = 0; i < t->cpu_count; i++)
			timeline_look_at_cpu(t, t->end_ns, i);
		break;
	}
}

/* ---- marks ---- */

/* What the report in text said last, its columns closed up. */
static char *timeline_take_text(struct timeline *t)
{
	char *text, *to;

	fflush(t->text.out);
	text = to = t->said_len ? strndup(t->said, t->said_len) : NULL;
	rewind(t->text.out);
	if (!text)
		return NULL;
	for (const char *from = text; *from; from++) {
		bool begins = to == text || to[-1] == '\n';

		if (*from != ' ' || (!begins && to[-1] != ' '))
			*to++ = *from;
	}
	while (to > text && to[-1] == '\n')
		to--;
	*to = 0;
	return text;
}

static void timeline_mark(struct timeline *t, struct timeline_mark m)
{
	struct timeline_mark *marks =
		timeline_grown(t->marks, t->mark_count, &t->mark_room, sizeof(*marks));

	if (marks) {
		t->marks = marks;
		m.text = timeline_take_text(t);
		marks[t->mark_count] = m;
	}
	if (!marks || !m.text)
		t->err = -ENOMEM;
	else
		t->mark_count++;
}

static void timeline_on_event(struct report *r, const struct snp_event *e)
{
	struct timeline *t = r->state;
	struct timeline_mark m = { .breach = -1, .cpu = SNP_NO_SUBJECT };

	timeline_look(t);
	t->last = *e;
	t->waits = true;
	if (e->kind == SNP_EV_START)
		t->start_ns = e->time_ns;
	/* Two CPUs' clocks were read in another order than their events came in. */
	if (e->time_ns > t->end_ns)
		t->end_ns = e->time_ns;
	m.ns = t->end_ns;
	switch (e->kind) {
	case SNP_EV_COMMAND:
		m.kind = e->result || e->status ? TIMELINE_FAILED : TIMELINE_COMMAND;
		break;
	case SNP_EV_DENIED:
		m.kind = e->flags & SNP_F_AUDIT ? TIMELINE_AUDITED : TIMELINE_DENIED;
		break;
	case SNP_EV_PREPARE_ENTER:
	case SNP_EV_PREPARE_EXIT:
	case SNP_EV_X86_SHUTDOWN:
	case SNP_EV_SHUTDOWN_LOCKED:
	case SNP_EV_MODULE_LOAD:
	case SNP_EV_MODULE_FREE:
	case SNP_EV_CPUHP_FAIL:
	case SNP_EV_KEXEC:
		m.kind = TIMELINE_DRIVER;
		break;
	default:
		/* It shows in a band, or says nothing; its words go unread. */
		report_event(&t->text, e);
		rewind(t->text.out);
		return;
	}
	report_event(&t->text, e);
	timeline_mark(t, m);
}

static void timeline_on_verdict(struct report *r, const struct verdict *v)
{
	static const enum timeline_mark_kind kinds[] = { TIMELINE_NOTICE, TIMELINE_WARNING,
							 TIMELINE_CRITICAL };
	struct timeline *t = r->state;

	if (v->kind != VERDICT_BREACH)
		return;
	report_verdict(&t->text, v);
	timeline_mark(t, (struct timeline_mark){
				 .ns = t->end_ns,
				 .kind = kinds[snp_breach_severity(v->id)],
				 .breach = v->id,
				 .cpu = v->cpu,
			 });
}

static void timeline_on_end(struct report *r, const struct report_end *end)
{
	struct timeline *t = r->state;

	timeline_look(t);
	t->end = *end;
	t->end.uncovered = NULL; /* the session's, which the timeline outlives */
	if (!t->err)
		t->err = timeline_cut(t);
	if (!t->err)
		t->err = timeline_make_rows(t);
}

const struct report_ops report_timeline = {
	.event = timeline_on_event,
	.verdict = timeline_on_verdict,
	.end = timeline_on_end,
};
