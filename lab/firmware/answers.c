// SPDX-License-Identifier: GPL-2.0-only
/* What tests have SNP_PLATFORM_STATUS answer in the place of the truth. */
#include "firmware/buffers.h"
#include "firmware/commands.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIELD(name, member)                                                                        \
	{                                                                                          \
		name, offsetof(struct snp_status_buffer, member),                                  \
			sizeof(((struct snp_status_buffer *)0)->member)                            \
	}

static const struct {
	const char *name;
	size_t offset;
	size_t size;
} fields[FIRMWARE_ANSWERS] = {
	FIELD("major", major),
	FIELD("minor", minor),
	FIELD("state", state),
	FIELD("flags", flags),
	FIELD("build", build),
	FIELD("guests", guests),
	FIELD("current-tcb", current_tcb),
	FIELD("reported-tcb", reported_tcb),
};

static int find_field(const char *text, size_t len)
{
	for (int i = 0; i < FIRMWARE_ANSWERS; i++) {
		if (strlen(fields[i].name) == len && !strncmp(fields[i].name, text, len))
			return i;
	}
	return -EINVAL;
}

const char *firmware_answer_field(unsigned int i)
{
	return i < FIRMWARE_ANSWERS ? fields[i].name : NULL;
}

static bool fits(uint64_t value, size_t size)
{
	return size == sizeof(value) || !(value >> 8 * size);
}

int firmware_answer(struct firmware *fw, const char *rule)
{
	const char *equals = strchr(rule, '=');
	int field = equals ? find_field(rule, (size_t)(equals - rule)) : -EINVAL;
	uint64_t value;
	char *end;

	if (field < 0 || !isdigit((unsigned char)equals[1]))
		return -EINVAL;
	errno = 0;
	value = strtoull(equals + 1, &end, 0);
	if (*end || errno || !fits(value, fields[field].size))
		return -EINVAL;
	fw->answers[field] = (struct firmware_answer){ .set = true, .value = value };
	return 0;
}

void firmware_tell_truth(struct firmware *fw)
{
	memset(fw->answers, 0, sizeof(fw->answers));
}

void firmware_put_answers(const struct firmware *fw, struct snp_status_buffer *status)
{
	for (int i = 0; i < FIRMWARE_ANSWERS; i++) {
		if (fw->answers[i].set)
			memcpy((char *)status + fields[i].offset, &fw->answers[i].value,
			       fields[i].size);
	}
}
