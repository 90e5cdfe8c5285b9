// SPDX-License-Identifier: GPL-2.0-only
#include "session/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void stream_init(struct stream *s)
{
	*s = (struct stream){ .next = 1 };
}

void stream_free(struct stream *s)
{
	free(s->waiting);
	stream_init(s);
}

void stream_skip_to(struct stream *s, __u64 next)
{
	s->next = next;
	while (s->count && s->waiting[s->gone].seq < next) {
		s->gone++;
		s->count--;
	}
}

/* Moves the records down only if half of the room is free: a constant number of steps a record. */
static int make_room(struct stream *s)
{
	struct snp_event *waiting;
	unsigned int room;

	if (s->gone + s->count < s->room)
		return 0;
	if (s->gone >= s->room / 2 && s->gone) {
		memmove(s->waiting, s->waiting + s->gone, s->count * sizeof(*s->waiting));
		s->gone = 0;
		return 0;
	}
	room = s->room ? s->room * 2 : 64;
	waiting = realloc(s->waiting, room * sizeof(*waiting));
	if (!waiting)
		return -ENOMEM;
	s->waiting = waiting;
	s->room = room;
	return 0;
}

int stream_push(struct stream *s, const struct snp_event *e)
{
	struct snp_event *first;
	unsigned int at;
	int err;

	if (e->seq < s->next)
		return -ESTALE;
	err = make_room(s);
	if (err)
		return err;
	first = s->waiting + s->gone;
	/* From the end, as the ring buffer's order is nearly right. */
	for (at = s->count; at && first[at - 1].seq > e->seq; at--)
		;
	if (at && first[at - 1].seq == e->seq)
		return -ESTALE;
	memmove(first + at + 1, first + at, (s->count - at) * sizeof(*e));
	first[at] = *e;
	s->count++;
	return 0;
}

bool stream_has(const struct stream *s, __u64 seq)
{
	for (unsigned int i = s->count; i; i--)
		if (s->waiting[s->gone + i - 1].seq == seq)
			return true;
	return false;
}

static int stream_lost(__u64 count, enum snp_blind_cause cause, __u64 time_ns, struct snp_event *e)
{
	*e = (struct snp_event){
		.kind = SNP_EV_LOST,
		.time_ns = time_ns,
		.subject = SNP_NO_SUBJECT,
		.count = SNP_COUNT_UNKNOWN,
		.status = cause,
		.value = count,
	};
	return 1;
}

/* Gives up the numbers before next. */
static int stream_give_up(struct stream *s, __u64 next, __u64 time_ns, struct snp_event *e)
{
	__u64 count = next - s->next;

	s->next = next;
	s->behind_ns = 0;
	return stream_lost(count, SNP_BLIND_LOST, time_ns, e);
}

static int stream_next_waiting(struct stream *s, __u64 now_ns, bool final, struct snp_event *e)
{
	const struct snp_event *first = s->waiting + s->gone;

	if (first->seq > s->next) {
		if (!final &&
		    (now_ns < first->time_ns || now_ns - first->time_ns < STREAM_PATIENCE_NS))
			return 0;
		return stream_give_up(s, first->seq, first->time_ns, e);
	}
	*e = *first;
	s->next++;
	s->count--;
	s->gone++;
	return 1;
}

/* With no record after it, only the kernel's own count shows that a number is missing. */
static int stream_next_overdue(struct stream *s, __u64 now_ns, const struct stream_end *end,
			       struct snp_event *e)
{
	if (end->last < s->next) {
		s->behind_ns = 0;
		return 0;
	}
	if (end->final)
		return stream_give_up(s, end->last + 1, now_ns, e);
	/* Numbers given since then get all of STREAM_PATIENCE_NS later. */
	if (!s->behind_ns || s->next > s->behind_last) {
		s->behind_ns = now_ns;
		s->behind_last = end->last;
	}
	if (now_ns - s->behind_ns < STREAM_PATIENCE_NS)
		return 0;
	return stream_give_up(s, s->behind_last + 1, now_ns, e);
}

int stream_next(struct stream *s, __u64 now_ns, const struct stream_end *end, struct snp_event *e)
{
	__u64 missed = s->missed;

	if (s->count && stream_next_waiting(s, now_ns, end && end->final, e))
		return 1;
	if (!end)
		return 0;
	if (s->count)
		s->behind_ns = 0;
	else if (stream_next_overdue(s, now_ns, end, e))
		return 1;
	if (end->missed <= missed)
		return 0;
	s->missed = end->missed;
	return stream_lost(end->missed - missed, SNP_BLIND_SKIPPED, now_ns, e);
}

bool stream_is_behind(const struct stream *s)
{
	return s->count || s->behind_ns;
}
