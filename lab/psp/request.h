/* SPDX-License-Identifier: GPL-2.0-only */
/* Inside the control socket's requests: what they share, and those about CPUs. */
#ifndef LAB_REQUEST_H
#define LAB_REQUEST_H

#include <stdint.h>
#include <stdio.h>

#include "psp/control_requests.h"

enum { WORDS_MAX = 4 };

struct request {
	const struct control_target *target;
	struct control_helper *helper;
	FILE *out;
	unsigned int count; /* of words; may be more than WORDS_MAX */
	char *words[WORDS_MAX];
};

/* Ends the answer with "error: ..."; returns -EINVAL for the request to return. */
int __attribute__((format(printf, 2, 3)))
request_fail(struct request *request, const char *format, ...);

/* The number that is all of text. -EINVAL: it is none, or above limit. */
int request_number(const char *text, uint64_t limit, uint64_t *value);

int do_syscfg(struct request *request);
int do_snp_en(struct request *request);
int do_rmpopt(struct request *request);
int do_cpus(struct request *request);
int do_cpu_add(struct request *request);

#endif
