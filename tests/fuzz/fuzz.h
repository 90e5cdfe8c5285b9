/* SPDX-License-Identifier: GPL-2.0-only */
/* What the fuzz targets share: a check that ends the run, and a cursor over the input. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/complain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A property that does not hold is a crash: libFuzzer then keeps the input. */
#define fuzz_check(holds, ...)                                                                     \
	do {                                                                                       \
		if (!(holds)) {                                                                    \
			fprintf(stderr, "%s:%d: does not hold: %s: ", __FILE__, __LINE__, #holds); \
			fprintf(stderr, __VA_ARGS__);                                              \
			fputc('\n', stderr);                                                       \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

struct cursor {
	const uint8_t *at;
	size_t left;
};

/* The next byte; 0 at the end. */
static inline uint8_t take_byte(struct cursor *c)
{
	if (!c->left)
		return 0;
	c->left--;
	return *c->at++;
}

/* What comes before the next separator, as a string to be freed; NULL at the end. */
static inline char *take_part(struct cursor *c, char separator)
{
	const uint8_t *end;
	size_t len;
	char *part;

	if (!c->left)
		return NULL;
	end = memchr(c->at, separator, c->left);
	len = end ? (size_t)(end - c->at) : c->left;
	part = malloc(len + 1);
	fuzz_check(part, "out of memory");
	memcpy(part, c->at, len);
	part[len] = 0;
	c->at += len + !!end;
	c->left -= len + !!end;
	return part;
}

/* For complain_through(): a complaint is noted in the bool *ctx, and shown nowhere. */
static inline void fuzz_complaint(void *ctx, const char *line, size_t size)
{
	bool *told = ctx;

	(void)line;
	(void)size;
	*told = true;
}

/* The input as a file. fmemopen() takes no empty buffer. */
static inline FILE *fuzz_file(const uint8_t *data, size_t size)
{
	FILE *f = size ? fmemopen((void *)data, size, "r") : fopen("/dev/null", "re");

	fuzz_check(f, "no file");
	return f;
}

#endif
