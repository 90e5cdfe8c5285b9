// SPDX-License-Identifier: GPL-2.0-only
#include "util/json.h"

#include <errno.h>

static bool lacks; /* something of the line that is being made */
static unsigned int lost;

/* ok: the value has a place, and so an owner. */
static void placed(struct json_object *value, bool ok)
{
	if (ok)
		return;
	json_object_put(value);
	lacks = true;
}

/* json-c need neither look for the key nor copy it. */
static bool add(struct json_object *o, const char *key, struct json_object *value)
{
	return !json_object_object_add_ex(
		o, key, value, JSON_C_OBJECT_ADD_KEY_IS_NEW | JSON_C_OBJECT_KEY_IS_CONSTANT);
}

void json_put(struct json_object *o, const char *key, struct json_object *value)
{
	placed(value, o && value && add(o, key, value));
}

void json_append(struct json_object *array, struct json_object *value)
{
	placed(value, array && value && !json_object_array_add(array, value));
}

void json_put_str(struct json_object *o, const char *key, const char *value)
{
	if (value)
		json_put(o, key, json_object_new_string(value));
	else
		placed(NULL, o && add(o, key, NULL));
}

void json_put_int(struct json_object *o, const char *key, long long value)
{
	json_put(o, key, json_object_new_int64(value));
}

void json_put_u64(struct json_object *o, const char *key, unsigned long long value)
{
	json_put(o, key, json_object_new_uint64(value));
}

void json_put_bool(struct json_object *o, const char *key, bool value)
{
	json_put(o, key, json_object_new_boolean(value));
}

int json_print(FILE *out, struct json_object *o)
{
	const int flags = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;
	const char *text = o && !lacks ? json_object_to_json_string_ext(o, flags) : NULL;
	int err = text ? 0 : -ENOMEM;

	lacks = false;
	if (text)
		fprintf(out, "%s\n", text);
	else
		lost++;
	json_object_put(o);
	return err;
}

unsigned int json_lost(void)
{
	return lost;
}
