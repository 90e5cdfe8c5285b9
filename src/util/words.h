/* SPDX-License-Identifier: GPL-2.0-only */
/* Lists of words: such as the names of a table, an array that NULL ends; or a text. */
#ifndef WORDS_H
#define WORDS_H

#include <stdbool.h>
#include <stddef.h>

/* For the words of a table X(symbol, name, ...): { TABLE(WORDS_NAME) NULL } */
#define WORDS_NAME(sym, name, ...) name,

/* The place of a word in the list, from 0 on, or -EINVAL. */
int words_find(const char *const *words, const char *word);

/* Writes "text, json or journal" to buf, as much of it as fits. Returns buf. */
char *words_join(const char *const *words, char *buf, size_t size);

/* True if word is one of those in text, which any of the separators part. */
bool words_has(const char *text, const char *separators, const char *word);

#endif
