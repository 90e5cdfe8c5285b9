// SPDX-License-Identifier: GPL-2.0-only
/* CPUs of the same history share a row. */
#include <errno.h>
#include <stdlib.h>

#include "timeline/timeline.h"

/* Numbers of which neighbours are not more than TIMELINE_BURST_NS apart: the last of each run. */
static unsigned int find_bursts(__u64 *ns, unsigned int count)
{
	unsigned int bursts = 0;

	qsort(ns, count, sizeof(*ns), timeline_by_ns);
	for (unsigned int i = 0; i < count; i++)
		if (i + 1 == count || ns[i + 1] - ns[i] > TIMELINE_BURST_NS)
			ns[bursts++] = ns[i];
	return bursts;
}

static unsigned int burst_of(const __u64 *lasts, unsigned int bursts, __u64 ns)
{
	unsigned int low = 0;

	while (bursts) {
		unsigned int half = bursts / 2;

		if (lasts[low + half] < ns) {
			low += half + 1;
			bursts -= half + 1;
		} else {
			bursts = half;
		}
	}
	return low;
}

static int number_bursts(struct timeline *t)
{
	unsigned int count = t->mark_count, bursts;
	__u64 *ns;

	for (unsigned int i = 0; i < t->cpu_count; i++)
		count += t->cpus[i].count;
	ns = calloc(count + 1, sizeof(*ns));
	if (!ns)
		return -ENOMEM;
	count = 0;
	for (unsigned int i = 0; i < t->mark_count; i++)
		if (t->marks[i].cpu != SNP_NO_SUBJECT)
			ns[count++] = t->marks[i].ns;
	for (unsigned int i = 0; i < t->cpu_count; i++)
		for (unsigned int j = 0; j < t->cpus[i].count; j++)
			ns[count++] = t->cpus[i].steps[j].ns;
	bursts = find_bursts(ns, count);
	for (unsigned int i = 0; i < t->mark_count; i++)
		t->marks[i].burst = burst_of(ns, bursts, t->marks[i].ns);
	for (unsigned int i = 0; i < t->cpu_count; i++)
		for (unsigned int j = 0; j < t->cpus[i].count; j++)
			t->cpus[i].steps[j].burst = burst_of(ns, bursts, t->cpus[i].steps[j].ns);
	free(ns);
	return 0;
}

static const struct timeline_mark *next_of(const struct timeline *t, unsigned int cpu,
					   unsigned int *at)
{
	while (*at < t->mark_count)
		if (t->marks[(*at)++].cpu == cpu)
			return &t->marks[*at - 1];
	return NULL;
}

static bool same_marks(const struct timeline *t, unsigned int a, unsigned int b)
{
	unsigned int at_a = 0, at_b = 0;

	for (;;) {
		const struct timeline_mark *m = next_of(t, a, &at_a), *n = next_of(t, b, &at_b);

		if (!m || !n)
			return m == n;
		if (m->breach != n->breach || m->burst != n->burst)
			return false;
	}
}

static bool same_history(const struct timeline *t, unsigned int a, unsigned int b)
{
	const struct timeline_track *x = &t->cpus[a], *y = &t->cpus[b];

	if (x->count != y->count)
		return false;
	for (unsigned int i = 0; i < x->count; i++)
		if (x->steps[i].value != y->steps[i].value ||
		    x->steps[i].burst != y->steps[i].burst)
			return false;
	return same_marks(t, a, b);
}

static int row_add(struct timeline_row *row, const struct timeline_track *track, unsigned int cpu)
{
	for (unsigned int i = 0; i < track->count; i++) {
		struct timeline_step step = track->steps[i];

		if (i < row->first.count) {
			if (step.ns < row->first.steps[i].ns)
				row->first.steps[i].ns = step.ns;
			if (step.ns > row->last.steps[i].ns)
				row->last.steps[i].ns = step.ns;
		} else if (timeline_track_add(&row->first, step) ||
			   timeline_track_add(&row->last, step)) {
			return -ENOMEM;
		}
	}
	return cpulist_add(&row->cpus, cpu);
}

static bool was_there(const struct timeline_track *track)
{
	return track->count > 1 ||
	       (track->count == 1 && track->steps[0].value != TIMELINE_CPU_ABSENT);
}

int timeline_make_rows(struct timeline *t)
{
	int err = number_bursts(t);

	if (err)
		return err;
	t->rows = calloc(t->cpu_count + 1, sizeof(*t->rows));
	if (!t->rows)
		return -ENOMEM;
	for (unsigned int cpu = 0; cpu < t->cpu_count && !err; cpu++) {
		unsigned int row = 0;

		if (!was_there(&t->cpus[cpu]))
			continue;
		while (row < t->row_count && !same_history(t, t->rows[row].cpu, cpu))
			row++;
		if (row == t->row_count)
			t->rows[t->row_count++].cpu = cpu;
		err = row_add(&t->rows[row], &t->cpus[cpu], cpu);
	}
	return err;
}
