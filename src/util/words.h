/* SPDX-License-Identifier: GPL-2.0-only */
/* Lists of words, such as the names of a table: an array that NULL ends. */
#ifndef WORDS_H
#define WORDS_H

#include <stddef.h>

/* For the words of a table X(symbol, name, ...): { TABLE(WORDS_NAME) NULL } */
#define WORDS_NAME(sym, name, ...) name,

/* The place of a word in the list, from 0 on, or -EINVAL. */
int words_find(const char *const *words, const char *word);

/* Writes "text, json or journal" to buf, as much of it as fits. Returns buf. */
char *words_join(const char *const *words, char *buf, size_t size);

#endif
