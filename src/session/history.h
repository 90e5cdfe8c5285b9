/* SPDX-License-Identifier: GPL-2.0-only */
/* The last windows, and who was refused last: what `snp-guard status` tells of the time before. */
#ifndef HISTORY_H
#define HISTORY_H

#include "util/pack.h"
#include "contract/window.h"

#define HISTORY_WINDOWS 32
#define HISTORY_DENIALS 32

struct history_window {
	__u32 number;
	__u64 opened_ns, closed_ns; /* CLOCK_BOOTTIME; closed_ns 0: it is open */
	__u32 denied;
	__u32 breaches[SNP_BREACH_COUNT];
};

struct history_denial {
	__u64 time_ns;
	__u32 tid, audited;
	char comm[SNP_COMM_LEN];
	char file[SNP_NAME_LEN];
};

struct history {
	__u32 window_count, denial_count; /* of all; the last ones are kept */
	bool open;
	struct history_window windows[HISTORY_WINDOWS];
	struct history_denial denials[HISTORY_DENIALS];
};

void history_event(struct history *h, const struct snp_event *e);
void history_verdict(struct history *h, const struct verdict *v);

/* Writes it, or reads it back. */
void history_pack(struct history *h, struct pack *p);

/* The kept ones, i = 0 being the newest; NULL beyond the oldest. */
const struct history_window *history_window(const struct history *h, unsigned int i);
const struct history_denial *history_denial(const struct history *h, unsigned int i);

#endif
