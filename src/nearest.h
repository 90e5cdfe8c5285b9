/* SPDX-License-Identifier: GPL-2.0-only */
/* What somebody may have meant who wrote a name that there is not. */
#ifndef NEAREST_H
#define NEAREST_H

/*
 * Of count names, the one that takes the fewest letters put in, left out or changed to become
 * word; NULL if none is alike. name gives the name of a number from 0 on, or NULL to skip it.
 */
const char *nearest(const char *word, const char *(*name)(unsigned int i), unsigned int count);

#endif
