/* SPDX-License-Identifier: GPL-2.0-only */
/* The places in the code where a failing call led to a violation, each once. */
#ifndef FAULTS_SITES_H
#define FAULTS_SITES_H

#include "scene.h"

struct site {
	enum violation violation;
	const struct fault_place *place;
};

/* example: how to play it again; why: what was seen. */
void sites_add(const struct site *s, int err, const char *example, const char *why);
void sites_print(void);
/* The functions through which a call was made, the innermost first. */
void sites_print_place(const struct fault_place *place);

#endif
