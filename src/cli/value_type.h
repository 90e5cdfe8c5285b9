/* SPDX-License-Identifier: GPL-2.0-only */
/* Types of settings: from the text of a command line or a file to a field, and back. */
#ifndef VALUE_TYPE_H
#define VALUE_TYPE_H

#include <stdbool.h>
#include <stddef.h>

enum value_types {
	TYPE_BOOL,	/* bool */
	TYPE_FLAG,	/* bool; set by an option without a value */
	TYPE_SECONDS,	/* double */
	TYPE_KIB,	/* unsigned int */
	TYPE_MIB,	/* likewise */
	TYPE_FORMAT,	/* enum report_format */
	TYPE_FILE,	/* char *, allocated; NULL for an empty text */
	TYPE_DIRECTORY, /* likewise, and for `off` */
	TYPE_ADDRESS,	/* likewise */
	TYPE_HOOK_KIND, /* unsigned int, a bit for each kind; parsing adds one */
};

struct value_type {
	/* Returns 0, or a negative errno and leaves the field as it was. */
	int (*parse)(const char *text, void *field);
	/* Writes "" for a field that is not set. */
	void (*print)(const void *field, char *text, size_t size);
	const char *takes; /* NULL: the words for its argument */
};

extern const struct value_type value_types[];

/* True if a field of that type points to memory that free() takes. */
bool value_is_allocated(enum value_types type);

#endif
