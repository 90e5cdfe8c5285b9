/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The severity of each breach: that of the table, unless an operator set another. A severity
 * changes reports and exit statuses, never what the automaton finds.
 */
#ifndef SEVERITY_H
#define SEVERITY_H

#include <stdbool.h>
#include <stddef.h>

#include "contract/names.h"

enum severity_level {
	SEVERITY_BY_TABLE,
	SEVERITY_OFF, /* not reported; only the number of those left out is */
	SEVERITY_NOTICE,
	SEVERITY_WARNING,
	SEVERITY_CRITICAL,
};

/* All zero: the severities of the table. */
struct severities {
	enum severity_level levels[SNP_BREACH_COUNT];
};

bool severity_is_off(const struct severities *s, enum snp_breach breach);
/* The severity in force; the table's for a breach that is off. */
enum snp_severity severity_of(const struct severities *s, enum snp_breach breach);
/* "notice", "warning", "critical" or "off"; a string constant. */
const char *severity_name(const struct severities *s, enum snp_breach breach);

/*
 * Sets a breach to a level, both by name. Returns the breach, or -EINVAL with the reason in why, of
 * size bytes: one line without a newline.
 */
int severity_set(struct severities *s, const char *breach, const char *level, char *why,
		 size_t size);
/* The same, from "BREACH=LEVEL". */
int severity_parse(struct severities *s, const char *text, char *why, size_t size);

#endif
