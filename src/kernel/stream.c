// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/stream.h"

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

void stream_begin_at(struct stream *s, __u64 next)
{
	s->next = next;
	while (s->count && s->waiting[s->gone].seq < next) {
		s->gone++;
		s->count--;
	}
}

/* What waits is moved down only once half of the room is free before it: a step a record. */
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
	/* Almost always at the end: the ring buffer's order is nearly right. */
	for (at = s->count; at && first[at - 1].seq > e->seq; at--)
		;
	if (at && first[at - 1].seq == e->seq)
		return -ESTALE;
	memmove(first + at + 1, first + at, (s->count - at) * sizeof(*e));
	first[at] = *e;
	s->count++;
	return 0;
}

static struct snp_event lost(struct stream *s, __u64 next, __u64 time_ns)
{
	struct snp_event e = {
		.kind = SNP_EV_LOST,
		.time_ns = time_ns,
		.subject = SNP_NO_SUBJECT,
		.count = SNP_COUNT_UNKNOWN,
		.value = next - s->next,
	};

	s->next = next;
	s->behind_ns = 0;
	return e;
}

int stream_pop(struct stream *s, __u64 now_ns, struct snp_event *e)
{
	const struct snp_event *first;

	if (!s->count)
		return 0;
	first = s->waiting + s->gone;
	if (first->seq > s->next) {
		if (now_ns < first->time_ns || now_ns - first->time_ns < STREAM_PATIENCE_NS)
			return 0;
		*e = lost(s, first->seq, first->time_ns);
		return 1;
	}
	*e = *first;
	s->next++;
	s->count--;
	s->gone++;
	return 1;
}

int stream_check(struct stream *s, __u64 last, __u64 now_ns, struct snp_event *e)
{
	if (s->count || last < s->next) {
		s->behind_ns = 0;
		return 0;
	}
	/* Each number has the whole time; those given since wait for the next turn. */
	if (!s->behind_ns || s->next > s->behind_last) {
		s->behind_ns = now_ns;
		s->behind_last = last;
	}
	if (now_ns - s->behind_ns < STREAM_PATIENCE_NS)
		return 0;
	*e = lost(s, s->behind_last + 1, now_ns);
	return 1;
}

__u64 stream_missing(const struct stream *s, __u64 last)
{
	return last >= s->next ? last - s->next + 1 : 0;
}
