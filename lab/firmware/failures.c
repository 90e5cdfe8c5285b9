// SPDX-License-Identifier: GPL-2.0-only
/* Rules that make commands fail, for tests. */
#include "firmware/commands.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The mailbox register's fields: 11 bits for a command, 16 for a status. */
enum { COMMAND_MAX = 0x7ff, STATUS_MAX = 0xffff };

static void forget_failure(struct firmware *fw, unsigned int index)
{
	fw->failure_count--;
	memmove(&fw->failures[index], &fw->failures[index + 1],
		(fw->failure_count - index) * sizeof(fw->failures[0]));
}

bool firmware_take_failure(struct firmware *fw, unsigned int command, enum firmware_status *status)
{
	for (unsigned int i = 0; i < fw->failure_count; i++) {
		if (fw->failures[i].command != command)
			continue;
		*status = fw->failures[i].status;
		if (fw->failures[i].once)
			forget_failure(fw, i);
		return true;
	}
	return false;
}

/* The number from text to end, in decimal or 0x-hexadecimal; -EINVAL: no number, or too large. */
static int parse_number(const char *text, const char *end, unsigned long limit)
{
	unsigned long value;
	char *stop;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	value = strtoul(text, &stop, 0);
	return stop == end && value <= limit ? (int)value : -EINVAL;
}

/* The command or status from text to end, by name, which find knows, or by number. */
static int parse(const char *text, const char *end, int (*find)(const char *text, size_t len),
		 unsigned long limit)
{
	int value = find(text, (size_t)(end - text));

	return value >= 0 ? value : parse_number(text, end, limit);
}

int firmware_fail(struct firmware *fw, const char *rule)
{
	const char *equals = strchr(rule, '=');
	const char *colon = equals ? strchr(equals, ':') : NULL;
	unsigned int at = 0;
	int command, status;

	if (!equals || (colon && strcmp(colon, ":once")))
		return -EINVAL;
	command = parse(rule, equals, firmware_find_command, COMMAND_MAX);
	status = parse(equals + 1, colon ? colon : rule + strlen(rule), firmware_find_status,
		       STATUS_MAX);
	if (command < 0 || status < 0)
		return -EINVAL;
	while (at < fw->failure_count && fw->failures[at].command != command)
		at++;
	if (at == FIRMWARE_FAILURES_MAX)
		return -ENOSPC;
	if (at == fw->failure_count)
		fw->failure_count++;
	fw->failures[at] = (struct firmware_failure){
		.command = (uint16_t)command,
		.status = (uint32_t)status,
		.once = colon,
	};
	return 0;
}
