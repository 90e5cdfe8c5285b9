/* SPDX-License-Identifier: GPL-2.0-only */
/* For a word that is no name: the name that was probably meant. */
#ifndef NEAREST_H
#define NEAREST_H

struct nearest {
	const char *word; /* the caller sets it, and all else to 0 */
	const char *name; /* the nearest name offered, or NULL if none is near */
	unsigned int distance;
};

/*
 * Considers one more name. A name is near if it begins with the word, or if at most a third of it
 * has to be typed differently; of two that are equally near the first one stays.
 */
void nearest_offer(struct nearest *n, const char *name);

/*
 * Of count names, the nearest; NULL if none is near. name gives the name of a number from 0 on, or
 * NULL to skip it.
 */
const char *nearest(const char *word, const char *(*name)(unsigned int i), unsigned int count);

#endif
