/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * JSON, an object a line. json-c aborts on an object that there was no memory for, so these calls
 * stand between: a line that lacks anything is not printed, and counted.
 */
#ifndef UTIL_JSON_H
#define UTIL_JSON_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>

/*
 * Each sets a member of an object that it does not have yet; the key stays the caller's, and
 * outlives the object. A string of NULL is null; another value of NULL lacks memory.
 */
void json_put(struct json_object *o, const char *key, struct json_object *value);
void json_put_str(struct json_object *o, const char *key, const char *value);
void json_put_int(struct json_object *o, const char *key, long long value);
void json_put_u64(struct json_object *o, const char *key, unsigned long long value);
void json_put_bool(struct json_object *o, const char *key, bool value);
/* Adds a value to an array, which owns it from now on. */
void json_append(struct json_object *array, struct json_object *value);

/* Prints an object as one line, and frees it. Returns 0, or -ENOMEM and prints nothing. */
int json_print(FILE *out, struct json_object *o);
/* How many lines were not printed so far. */
unsigned int json_lost(void);

#endif
