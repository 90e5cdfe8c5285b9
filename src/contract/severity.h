/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How much each breach counts: as its table has it, unless an operator says otherwise. It changes
 * reports and exit statuses, never what is found.
 */
#ifndef SEVERITY_H
#define SEVERITY_H

#include <stdbool.h>
#include <stddef.h>

#include "contract/names.h"

enum severity_level {
	SEVERITY_BY_TABLE,
	SEVERITY_OFF, /* neither reported nor counted, but for how many were left out */
	SEVERITY_NOTICE,
	SEVERITY_WARNING,
	SEVERITY_CRITICAL,
};

/* All zero: as the table has them. */
struct severities {
	enum severity_level levels[SNP_BREACH_COUNT];
};

bool severity_is_off(const struct severities *s, enum snp_breach breach);
/* What it counts as; of one that is off, the table's. */
enum snp_severity severity_of(const struct severities *s, enum snp_breach breach);
/* "off" too. */
const char *severity_name(const struct severities *s, enum snp_breach breach);

/* Returns the breach, or -EINVAL with what is wrong in why, which is a line of its own. */
int severity_set(struct severities *s, const char *breach, const char *level, char *why,
		 size_t size);
/* The same, of "BREACH=LEVEL". */
int severity_parse(struct severities *s, const char *text, char *why, size_t size);

#endif
