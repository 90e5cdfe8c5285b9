/* SPDX-License-Identifier: GPL-2.0-only */
/* What the driver and the shim of a guard share: a file that both map, FAULTS_CONTROL in the
 * guard's environment. */
#ifndef FAULTS_CONTROL_H
#define FAULTS_CONTROL_H

#include <stdint.h>

#include "calls.h"

enum { CONTROL_FRAMES = 16 };

struct fault_control {
	/* Set last by the driver, cleared by the shim when the call fails. */
	uint32_t armed;
	uint32_t call; /* enum fault_call */
	uint32_t left; /* so many of them go well before */
	int32_t err;
	/* read(2) is trapped from this open(2) on; 0: from the first poll(2) on, as thousands come
	 * before. */
	uint32_t reads_from_open;
	uint32_t counts[FAULT_CALLS_NUM]; /* of calls, since the driver cleared them */
	/* Of the call that failed: addresses in the guard's program, less where it is loaded. */
	uint32_t frame_count;
	uint64_t frames[CONTROL_FRAMES];
};

#endif
