// SPDX-License-Identifier: GPL-2.0-only
#include "util/nearest.h"

#include <string.h>

/* Longer words than any name are no name. */
#define WORD_MAX 64

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/*
 * Letters to insert, remove, replace or swap with their neighbour: optimal string alignment, with
 * three rows of the table, of which row 1 is the last one and row 0 the one before.
 */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int rows[3][WORD_MAX + 1];
	size_t lb = strlen(b);

	for (size_t j = 0; j <= lb; j++)
		rows[1][j] = rows[2][j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		rows[2][0] = i;
		for (size_t j = 1; j <= lb; j++) {
			unsigned int d = rows[1][j - 1] + (a[i - 1] != b[j - 1]);

			d = least(d, least(rows[1][j], rows[2][j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				d = least(d, rows[0][j - 2] + 1);
			rows[2][j] = d;
		}
		memcpy(rows[0], rows[1], sizeof(rows[0]));
		memcpy(rows[1], rows[2], sizeof(rows[1]));
	}
	return rows[2][lb];
}

void nearest_offer(struct nearest *n, const char *name)
{
	size_t word = strlen(n->word), len = strlen(name);
	unsigned int d;

	if (!word || word > WORD_MAX || len > WORD_MAX)
		return;
	d = distance(n->word, name);
	if (d > 1 && !strncmp(name, n->word, word))
		d = 1;
	if (d > (len < 3 ? 1 : len / 3) || (n->name && d >= n->distance))
		return;
	n->name = name;
	n->distance = d;
}

const char *nearest(const char *word, const char *(*name)(unsigned int i), unsigned int count)
{
	struct nearest n = { .word = word };

	for (unsigned int i = 0; i < count; i++)
		if (name(i))
			nearest_offer(&n, name(i));
	return n.name;
}
