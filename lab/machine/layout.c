// SPDX-License-Identifier: GPL-2.0-only
#include "machine/layout.h"

#include "machine/rmp.h"

#define HUGE_PAGE (RMP_PAGE_SIZE * RMP_HUGE_PAGES)

/*
 * q35 has all memory at 0 if it is less than 2.75 GiB; otherwise 2 GiB at 0 and the rest at 4 GiB
 * (QEMU hw/i386/pc_q35.c).
 */
uint64_t layout_low(uint64_t size)
{
	return size < 0xb0000000ull ? size : 0x80000000ull;
}

/* At three quarters of the low memory: the kernel is below, and the initramfs above, at the end. */
void layout_rmp(uint64_t size, uint64_t *base, uint64_t *end)
{
	uint64_t low = layout_low(size);
	uint64_t top = size > low ? LAYOUT_HIGH + (size - low) : low;
	uint64_t pages = (top + RMP_PAGE_SIZE - 1) / RMP_PAGE_SIZE;
	uint64_t length = RMP_BOOKKEEPING + pages * sizeof(struct rmp_entry);

	*base = low / 4 * 3 / HUGE_PAGE * HUGE_PAGE;
	*end = *base + (length + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE - 1;
}
