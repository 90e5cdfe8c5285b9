// SPDX-License-Identifier: GPL-2.0-only
#include "nearest.h"

#include <stddef.h>
#include <string.h>

/* Longer ones are no slips of the pen. */
#define LETTERS_MAX 63

static unsigned int min(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* Levenshtein's, a row of his table at a time. */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int row[LETTERS_MAX + 1], lb = strlen(b);

	for (unsigned int j = 0; j <= lb; j++)
		row[j] = j;
	for (unsigned int i = 0; a[i]; i++) {
		unsigned int diagonal = row[0]++;

		for (unsigned int j = 1; j <= lb; j++) {
			unsigned int changed = diagonal + (a[i] != b[j - 1]);

			diagonal = row[j];
			row[j] = min(changed, min(diagonal, row[j - 1]) + 1);
		}
	}
	return row[lb];
}

const char *nearest(const char *word, const char *(*name)(unsigned int i), unsigned int count)
{
	unsigned int len = strlen(word), best = (len + 1) / 2 + 1;
	const char *found = NULL;

	if (len > LETTERS_MAX)
		return NULL;
	for (unsigned int i = 0; i < count; i++) {
		const char *n = name(i);
		unsigned int d = n && strlen(n) <= LETTERS_MAX ? distance(word, n) : best;

		if (d < best) {
			best = d;
			found = n;
		}
	}
	return found;
}
