/* SPDX-License-Identifier: GPL-2.0-only */
/* JSON, an object a line. */
#ifndef UTIL_JSON_H
#define UTIL_JSON_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>

/* Each sets a member of an object. A value of NULL is null. */
void json_put_str(struct json_object *o, const char *key, const char *value);
void json_put_int(struct json_object *o, const char *key, long long value);
void json_put_u64(struct json_object *o, const char *key, unsigned long long value);
void json_put_bool(struct json_object *o, const char *key, bool value);

/* Prints an object as one line, and frees it. */
void json_print(FILE *out, struct json_object *o);

#endif
