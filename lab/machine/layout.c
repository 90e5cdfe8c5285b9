// SPDX-License-Identifier: GPL-2.0-only
#include "machine/layout.h"

#include <string.h>

#define HUGE_PAGE (RMP_PAGE_SIZE * RMP_HUGE_PAGES)

/*
 * q35 has all memory at 0 if it is less than 2.75 GiB; otherwise 2 GiB at 0 and the rest at 4 GiB
 * (QEMU hw/i386/pc_q35.c).
 */
uint64_t layout_low(uint64_t size)
{
	return size < 0xb0000000ull ? size : 0x80000000ull;
}

static uint64_t round_up(uint64_t value, uint64_t to)
{
	return (value + to - 1) / to * to;
}

/* At three quarters of the low memory: the kernel is below, and the initramfs above, at the end. */
void layout_rmp(uint64_t size, uint64_t *base, uint64_t *end)
{
	uint64_t low = layout_low(size);
	uint64_t top = size > low ? LAYOUT_HIGH + (size - low) : low;
	uint64_t pages = round_up(top, RMP_PAGE_SIZE) / RMP_PAGE_SIZE;
	uint64_t length = RMP_BOOKKEEPING + pages * sizeof(struct rmp_entry);

	*base = low / 4 * 3 / HUGE_PAGE * HUGE_PAGE;
	*end = *base + round_up(length, HUGE_PAGE) - 1;
}

void layout_segmented_rmp(uint64_t size, uint64_t *base, uint64_t *end,
			  uint64_t table[RMP_SEGMENTS])
{
	const uint64_t gib = 1ull << 30, entries = gib / RMP_PAGE_SIZE * sizeof(struct rmp_entry);
	uint64_t low = layout_low(size), at;

	layout_rmp(size, base, end);
	at = *base + round_up(RMP_BOOKKEEPING + RMP_PAGE_SIZE, 1 << 20);
	memset(table, 0, RMP_SEGMENTS * sizeof(*table));
	for (uint64_t i = 0; i < RMP_SEGMENTS; i++) {
		uint64_t start = i * gib;

		if (start < low || (start >= LAYOUT_HIGH && start - LAYOUT_HIGH < size - low)) {
			table[i] = at | 1;
			at += entries;
		}
	}
	*end = round_up(at, HUGE_PAGE) - 1;
}
