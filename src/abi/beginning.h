/* SPDX-License-Identifier: GPL-2.0-only */
/* The first bytes of a symbol's name tell nearly all of a kernel's symbols from those asked for. */
#ifndef BEGINNING_H
#define BEGINNING_H

#define BEGINNING_LEN 4
/* A power of two: the number of places in a table of beginnings. */
#define BEGINNINGS 4096u

/*
 * The place of a name's first bytes in the table; other names may have the same. Of a name with at
 * least so many bytes its renamed symbols and clones have it, too: a suffix follows the name.
 */
static inline unsigned int beginning_of(const char *name)
{
	unsigned int hash = 0;

	for (int i = 0; i < BEGINNING_LEN && name[i]; i++)
		hash = hash * 31 + (unsigned char)name[i];
	return hash % BEGINNINGS;
}

#endif
