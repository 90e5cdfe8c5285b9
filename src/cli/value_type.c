// SPDX-License-Identifier: GPL-2.0-only
#include "cli/value_type.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options.h"
#include "kernel/hooks.h"
#include "monitor/listen.h"
#include "report/report.h"
#include "session/flight.h"
#include "util/words.h"

static int value_parse_bool(const char *text, void *field)
{
	static const char *const words[] = { "no", "yes", "false", "true", "off", "on", "0", "1" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(text, words[i])) {
			*(bool *)field = i % 2;
			return 0;
		}
	return -EINVAL;
}

static void value_print_bool(const void *field, char *text, size_t size)
{
	snprintf(text, size, "%s", *(const bool *)field ? "yes" : "no");
}

static int value_parse_seconds(const char *text, void *field)
{
	char *end;
	double s = strtod(text, &end);

	if (end == text || *end || !(s >= 0.01 && s <= 1e9))
		return -EINVAL;
	*(double *)field = s;
	return 0;
}

static void value_print_seconds(const void *field, char *text, size_t size)
{
	snprintf(text, size, "%.10g", *(const double *)field);
}

static int value_parse_kib(const char *text, void *field)
{
	char *end;
	unsigned long kib = strtoul(text, &end, 10);

	if (!isdigit((unsigned char)*text) || *end || kib < 4 || kib > 1 << 20 || kib & (kib - 1))
		return -EINVAL;
	*(unsigned int *)field = kib;
	return 0;
}

static void value_print_kib(const void *field, char *text, size_t size)
{
	unsigned int kib = *(const unsigned int *)field;

	*text = 0;
	if (kib)
		snprintf(text, size, "%u", kib);
}

static int value_parse_mib(const char *text, void *field)
{
	char *end;
	unsigned long mib = strtoul(text, &end, 10);

	/* An empty one is none. */
	if (*text && (!isdigit((unsigned char)*text) || *end || mib < 2 || mib > 1 << 20))
		return -EINVAL;
	*(unsigned int *)field = mib;
	return 0;
}

static int value_parse_format(const char *text, void *field)
{
	int format = words_find(option_words("REPORT"), text);

	if (format >= 0)
		*(enum report_format *)field = format;
	return format < 0 ? format : 0;
}

static void value_print_format(const void *field, char *text, size_t size)
{
	snprintf(text, size, "%s", report_format_name(*(const enum report_format *)field));
}

/* An empty one is none. */
static int value_parse_file(const char *text, void *field)
{
	char *copy = *text ? strdup(text) : NULL;

	if (*text && !copy)
		return -ENOMEM;
	free(*(char **)field);
	*(char **)field = copy;
	return 0;
}

static void value_print_file(const void *field, char *text, size_t size)
{
	const char *file = *(char *const *)field;

	snprintf(text, size, "%s", file ? file : "");
}

static int value_parse_directory(const char *text, void *field)
{
	if (strlen(text) > FLIGHT_DIR_MAX)
		return -EINVAL;
	return value_parse_file(strcmp(text, "off") ? text : "", field);
}

static void value_print_directory(const void *field, char *text, size_t size)
{
	const char *dir = *(char *const *)field;

	snprintf(text, size, "%s", dir ? dir : "off");
}

static int value_parse_address(const char *text, void *field)
{
	return *text && !listen_is_address(text) ? -EINVAL : value_parse_file(text, field);
}

static int value_parse_hook_kind(const char *text, void *field)
{
	int kind = hook_kind_by_name(text);

	if (kind >= 0)
		*(unsigned int *)field |= 1u << kind;
	return kind < 0 ? kind : 0;
}

static void value_print_hook_kind(const void *field, char *text, size_t size)
{
	unsigned int kinds = *(const unsigned int *)field;
	size_t len = 0;

	*text = 0;
	for (int i = 0; i < HOOK_KIND_COUNT && len < size; i++)
		if (kinds >> i & 1)
			len += snprintf(text + len, size - len, "%s%s", len ? " " : "",
					hook_kind_name(i));
}

_Static_assert(FLIGHT_DIR_MAX == 100, "a message below says so");
const struct value_type value_types[] = {
	[TYPE_BOOL] = { value_parse_bool, value_print_bool, "yes or no" },
	[TYPE_FLAG] = { value_parse_bool, value_print_bool, "nothing" },
	[TYPE_SECONDS] = { value_parse_seconds, value_print_seconds, "seconds, from 0.01 on" },
	[TYPE_KIB] = { value_parse_kib, value_print_kib, "a power of two from 4 to 1048576" },
	[TYPE_MIB] = { value_parse_mib, value_print_kib, "a number of MiB from 2 to 1048576" },
	[TYPE_FORMAT] = { value_parse_format, value_print_format, NULL },
	[TYPE_FILE] = { value_parse_file, value_print_file, "a file's name" },
	[TYPE_DIRECTORY] = { value_parse_directory, value_print_directory,
			     "a directory's name of at most 100 characters, or off" },
	[TYPE_ADDRESS] = { value_parse_address, value_print_file, "IP:PORT or unix:PATH" },
	[TYPE_HOOK_KIND] = { value_parse_hook_kind, value_print_hook_kind, NULL },
};

bool value_is_allocated(enum value_types type)
{
	return type == TYPE_FILE || type == TYPE_DIRECTORY || type == TYPE_ADDRESS;
}
