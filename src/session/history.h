/* SPDX-License-Identifier: GPL-2.0-only */
/* The last windows and the last refusals, for `snp-guard status`. */
#ifndef HISTORY_H
#define HISTORY_H

#include "util/pack.h"
#include "contract/window.h"

#define HISTORY_WINDOWS 32
#define HISTORY_DENIALS 32

struct history_window {
	__u32 number;
	__u64 opened_ns, closed_ns; /* CLOCK_BOOTTIME; closed_ns 0: still open */
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
	__u32 window_count, denial_count; /* since the start; only the last ones are kept */
	bool open;
	struct history_window windows[HISTORY_WINDOWS];
	struct history_denial denials[HISTORY_DENIALS];
};

/* Notes a refusal; ignores other events. */
void history_event(struct history *h, const struct snp_event *e);
/* Notes windows and their breaches. */
void history_verdict(struct history *h, const struct verdict *v);

/* Packs the history, or unpacks it where p reads. */
void history_pack(struct history *h, struct pack *p);

/* The i-th before the newest, from 0 on; NULL beyond the oldest that is kept. */
const struct history_window *history_window(const struct history *h, unsigned int i);
const struct history_denial *history_denial(const struct history *h, unsigned int i);

#endif
