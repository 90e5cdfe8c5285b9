/* SPDX-License-Identifier: GPL-2.0-only */
/* The writes to assigned pages that the processor has noted, in struct machine. */
#ifndef LAB_WRITERS_H
#define LAB_WRITERS_H

#include <stdbool.h>

#include "machine/machine.h"

/* Whether any CPU has SNP_EN. If none has, the RMP protects nothing. */
bool writers_rmp_is_in_use(const struct machine *machine);

/*
 * Notes that the CPU wrote to the page, whose RMP entry begins with entry, by the instruction at
 * pc. Of one CPU's writes to a page, with SNP_EN or without, the first is noted. Callers must not
 * interleave.
 */
void writers_note(struct machine *machine, uint32_t cpu, uint64_t page, uint64_t entry,
		  uint64_t pc);

/* The number of notes that are kept. */
uint32_t writers_kept(const struct machine *machine);

/* The last note of the page; NULL: there is none. */
const struct machine_write *writers_find(const struct machine *machine, uint64_t page);

#endif
