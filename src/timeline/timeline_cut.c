// SPDX-License-Identifier: GPL-2.0-only
/* The part of a run that is drawn. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "timeline/timeline.h"

/* What is drawn before a window opens and after it closes. */
#define AROUND_NS 1000000000ull

static __u64 later(__u64 ns, __u64 by)
{
	return ns + by < ns ? UINT64_MAX : ns + by;
}

/* Sets from and to; returns -ENOENT if there is no such window. */
static int find_window(const struct timeline *t, __u64 *from, __u64 *to)
{
	const struct timeline_track *window = &t->window;
	unsigned int number = t->first_window;

	for (unsigned int i = 0; i < window->count; i++) {
		if (window->steps[i].value == TIMELINE_NO_WINDOW ||
		    (i && window->steps[i - 1].value != TIMELINE_NO_WINDOW))
			continue;
		if (number++ != t->part.window)
			continue;
		*from = window->steps[i].ns;
		*from = *from > AROUND_NS ? *from - AROUND_NS : 0;
		while (i < window->count && window->steps[i].value != TIMELINE_NO_WINDOW)
			i++;
		*to = i < window->count ? later(window->steps[i].ns, AROUND_NS) : t->end_ns;
		return 0;
	}
	return -ENOENT;
}

/* What holds at the beginning of the part begins there. */
static void cut_track(struct timeline_track *track, __u64 from, __u64 to)
{
	unsigned int first = 0, last = track->count;

	while (first + 1 < track->count && track->steps[first + 1].ns <= from)
		first++;
	while (last > first && track->steps[last - 1].ns > to)
		last--;
	if (last > first && track->steps[first].ns < from)
		track->steps[first].ns = from;
	track->count = last - first;
	if (track->count)
		memmove(track->steps, track->steps + first, track->count * sizeof(*track->steps));
}

static void cut_marks(struct timeline *t)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < t->mark_count; i++) {
		struct timeline_mark *m = &t->marks[i];

		if (m->ns >= t->from_ns && m->ns <= t->end_ns)
			t->marks[kept++] = *m;
		else
			free(m->text);
	}
	t->mark_count = kept;
}

static __u64 after_start(const struct timeline *t, double seconds)
{
	return later(t->start_ns, (__u64)(seconds * 1e9));
}

int timeline_cut(struct timeline *t)
{
	const struct timeline_part *part = &t->part;
	struct timeline_track *tracks[] = { &t->window, &t->held, &t->count };
	__u64 from = t->start_ns, to = t->end_ns;
	int err = 0;

	if (part->window)
		err = find_window(t, &from, &to);
	if (part->from_s > 0)
		from = after_start(t, part->from_s);
	if (part->to_s > 0)
		to = after_start(t, part->to_s);
	if (from < t->start_ns)
		from = t->start_ns;
	if (to > t->end_ns)
		to = t->end_ns;
	t->from_ns = from;
	if (!err && from > to)
		err = -ENOENT;
	if (err || (from == t->start_ns && to == t->end_ns))
		return err;
	t->end_ns = to;
	for (size_t i = 0; i < sizeof(tracks) / sizeof(tracks[0]); i++)
		cut_track(tracks[i], from, to);
	for (unsigned int i = 0; i < t->cpu_count; i++)
		cut_track(&t->cpus[i], from, to);
	cut_marks(t);
	return 0;
}
