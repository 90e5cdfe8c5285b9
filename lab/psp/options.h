/* SPDX-License-Identifier: GPL-2.0-only */
/* snp-psp's command line. */
#ifndef LAB_OPTIONS_H
#define LAB_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "firmware/firmware.h"

struct arguments {
	const char *socket;
	const char *ram;
	const char *state;
	const char *control;
	const char *qmp;
	const char *result;
	const char *log;
	struct firmware_options firmware;
	uint64_t rmp_base;
	bool rmp_segmented;
	uint64_t rmp_end; /* 0: the RMP lies where the size of the memory puts it */
	unsigned int threads;
	const char *fails[FIRMWARE_FAILURES_MAX];
	unsigned int fail_count;
};

/* Fills *args, which is zeroed; ends the process if the command line is wrong. */
void parse_arguments(struct arguments *args, int argc, char **argv);

#endif
