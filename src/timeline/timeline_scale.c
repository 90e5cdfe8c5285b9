// SPDX-License-Identifier: GPL-2.0-only
#include "timeline/timeline_scale.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* Times far below UNIT_NS are drawn in proportion, those far above by their logarithm. */
#define UNIT_NS 1000000.0
/* Of a gap of some seven units: */
#define PER_UNIT  9.0
#define WIDTH_MIN 880.0
#define WIDTH_MAX 3600.0

static unsigned int add_track(__u64 *ns, unsigned int n, const struct timeline_track *track)
{
	for (unsigned int i = 0; i < track->count; i++)
		ns[n++] = track->steps[i].ns;
	return n;
}

static int collect(struct timeline_scale *s, const struct timeline *t)
{
	unsigned int n = t->mark_count + t->window.count + t->held.count + t->count.count + 2;

	for (unsigned int i = 0; i < t->row_count; i++)
		n += t->rows[i].first.count + t->rows[i].last.count;
	s->moments = calloc(n, sizeof(*s->moments));
	s->at = calloc(n, sizeof(*s->at));
	if (!s->moments || !s->at)
		return -ENOMEM;
	n = 0;
	s->moments[n++] = t->from_ns;
	s->moments[n++] = t->end_ns;
	for (unsigned int i = 0; i < t->mark_count; i++)
		s->moments[n++] = t->marks[i].ns;
	n = add_track(s->moments, n, &t->window);
	n = add_track(s->moments, n, &t->held);
	n = add_track(s->moments, n, &t->count);
	for (unsigned int i = 0; i < t->row_count; i++) {
		n = add_track(s->moments, n, &t->rows[i].first);
		n = add_track(s->moments, n, &t->rows[i].last);
	}
	qsort(s->moments, n, sizeof(*s->moments), timeline_by_ns);
	for (unsigned int i = 0; i < n; i++)
		if (!i || s->moments[i] != s->moments[s->count - 1])
			s->moments[s->count++] = s->moments[i];
	return 0;
}

int timeline_scale_init(struct timeline_scale *s, const struct timeline *t, double left)
{
	double units, width;
	int err;

	*s = (struct timeline_scale){ .left = left };
	err = collect(s, t);
	if (err)
		return err;
	for (unsigned int i = 1; i < s->count; i++)
		s->at[i] = s->at[i - 1] + log1p((s->moments[i] - s->moments[i - 1]) / UNIT_NS);
	units = s->at[s->count - 1];
	width = fmin(fmax(units * PER_UNIT, WIDTH_MIN), WIDTH_MAX);
	s->right = left + width;
	for (unsigned int i = 0; i < s->count; i++)
		s->at[i] = left + (units > 0 ? s->at[i] / units * width : 0);
	return 0;
}

void timeline_scale_free(struct timeline_scale *s)
{
	free(s->moments);
	free(s->at);
	*s = (struct timeline_scale){ 0 };
}

double timeline_scale_x(const struct timeline_scale *s, __u64 ns)
{
	unsigned int low = 0, high = s->count - 1;

	if (ns <= s->moments[0])
		return s->left;
	if (ns >= s->moments[high])
		return s->at[high];
	while (high - low > 1) {
		unsigned int middle = (low + high) / 2;

		if (s->moments[middle] <= ns)
			low = middle;
		else
			high = middle;
	}
	return s->at[low] + (s->at[high] - s->at[low]) * (ns - s->moments[low]) /
				    (s->moments[high] - s->moments[low]);
}
