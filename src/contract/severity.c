// SPDX-License-Identifier: GPL-2.0-only
#include "contract/severity.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/nearest.h"

bool severity_is_off(const struct severities *s, enum snp_breach breach)
{
	return s->levels[breach] == SEVERITY_OFF;
}

enum snp_severity severity_of(const struct severities *s, enum snp_breach breach)
{
	if (s->levels[breach] < SEVERITY_NOTICE)
		return snp_breach_severity(breach);
	return (enum snp_severity)(s->levels[breach] - SEVERITY_NOTICE);
}

const char *severity_name(const struct severities *s, enum snp_breach breach)
{
	return severity_is_off(s, breach) ? "off" : snp_severity_name(severity_of(s, breach));
}

static enum severity_level level_by_name(const char *name)
{
	if (!strcmp(name, "off"))
		return SEVERITY_OFF;
	for (int i = SNP_NOTICE; i <= SNP_CRITICAL; i++)
		if (!strcmp(name, snp_severity_name(i)))
			return SEVERITY_NOTICE + i;
	return SEVERITY_BY_TABLE;
}

static const char *name_of(unsigned int breach)
{
	return snp_breach_name(breach);
}

int severity_set(struct severities *s, const char *breach, const char *level, char *why,
		 size_t size)
{
	enum severity_level wanted = level_by_name(level);
	const char *near;
	int i = 0;

	while (i < SNP_BREACH_COUNT && strcmp(breach, snp_breach_name(i)))
		i++;
	if (i == SNP_BREACH_COUNT) {
		near = nearest(breach, name_of, SNP_BREACH_COUNT);
		snprintf(why, size, "no breach is called `%s`%s%s%s", breach,
			 near ? ", is it `" : "; snp-guard(8) lists them", near ? near : "",
			 near ? "`?" : "");
		return -EINVAL;
	}
	if (wanted == SEVERITY_BY_TABLE) {
		snprintf(why, size, "%s is off, notice, warning or critical, not `%s`", breach,
			 level);
		return -EINVAL;
	}
	s->levels[i] = wanted;
	return i;
}

int severity_parse(struct severities *s, const char *text, char *why, size_t size)
{
	const char *equals = strchr(text, '=');
	char breach[64];

	if (!equals) {
		snprintf(why, size, "it takes BREACH=LEVEL, not `%s`", text);
		return -EINVAL;
	}
	snprintf(breach, sizeof(breach), "%.*s", (int)(equals - text), text);
	return severity_set(s, breach, equals + 1, why, size);
}
