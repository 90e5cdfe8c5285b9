/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the machine has its memory, and the RMP in it. */
#ifndef LAB_LAYOUT_H
#define LAB_LAYOUT_H

#include <stdint.h>

/* How much of size bytes of memory is at address 0; the rest begins at LAYOUT_HIGH. */
#define LAYOUT_HIGH (1ull << 32)
uint64_t layout_low(uint64_t size);

/*
 * The RMP's first and last byte: where a BIOS would reserve it in size bytes of memory, covering
 * all of them, and ending as it begins, on a multiple of 2 MiB. The kernel must be kept off it.
 */
void layout_rmp(uint64_t size, uint64_t *base, uint64_t *end);

#endif
