// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include "timeline/timeline.h"

void *timeline_grown(void *array, unsigned int count, unsigned int *room, size_t size)
{
	if (count == *room) {
		unsigned int more = count ? count * 2 : 8;

		array = realloc(array, more * size);
		if (array)
			*room = more;
	}
	return array;
}

int timeline_track_add(struct timeline_track *track, struct timeline_step step)
{
	struct timeline_step *steps =
		timeline_grown(track->steps, track->count, &track->room, sizeof(*steps));

	if (!steps)
		return -ENOMEM;
	track->steps = steps;
	steps[track->count++] = step;
	return 0;
}

int timeline_by_ns(const void *a, const void *b)
{
	const __u64 *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}
