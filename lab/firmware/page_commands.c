// SPDX-License-Identifier: GPL-2.0-only
/* The commands that change the state of pages (SNP ABI chapter 8; AMD-ASPFW, sev_mcmd.c). */
#include "firmware/commands.h"
#include "firmware/pages.h"

#include <inttypes.h>

#define HUGE_PAGE (RMP_HUGE_PAGES * RMP_PAGE_SIZE)

/*
 * Takes a page from the firmware or a guest, so that software can use it again (SNP ABI,
 * SNP_PAGE_RECLAIM). Bit 0 of the page's address is its size: 0 for 4 KiB, 1 for 2 MiB. A page that
 * is not immutable stays as it is: the kernel reclaims pages without asking in which state a
 * command left them (kernel drivers/crypto/ccp/sev-dev.c:snp_reclaim_pages).
 */
enum firmware_status cmd_snp_page_reclaim(struct firmware *fw, union command_buffer *buffer)
{
	uint64_t huge = buffer->page.address & 1, page = buffer->page.address & ~1ull;
	struct rmp rmp = machine_rmp(fw);
	enum firmware_status status;
	struct rmp_entry entry;
	enum page_state state;

	if (page % RMP_PAGE_SIZE)
		return refuse(fw, STATUS_INVALID_PARAM, "page 0x%" PRIx64 " is no page's address",
			      page);
	status = find_page(fw, page, &entry, &state);
	if (status)
		return status;
	if (huge != !!(entry.lo & RMP_HUGE))
		return refuse(fw, STATUS_INVALID_PAGE_SIZE,
			      "page 0x%" PRIx64 " is not of the size in the RMP", page);
	if (huge && page % HUGE_PAGE)
		return refuse(fw, STATUS_INVALID_ADDRESS,
			      "page 0x%" PRIx64 " is not aligned to 2 MiB", page);
	if (!(entry.lo & RMP_IMMUTABLE))
		return STATUS_SUCCESS;
	if (state == PAGE_CONTEXT || state == PAGE_HV_FIXED)
		return refuse(fw, STATUS_INVALID_PAGE_STATE, "page 0x%" PRIx64 " is in state %s",
			      page, page_states[state]);
	find_write(fw, page / RMP_PAGE_SIZE, &entry);
	entry.hi = 0;
	entry.lo &= ~RMP_IMMUTABLE;
	if (state == PAGE_METADATA)
		entry.lo &= ~RMP_GPA_MASK;
	return rmp_set(&rmp, page / RMP_PAGE_SIZE, entry) ? refuse_address(fw, page)
							  : STATUS_SUCCESS;
}

/*
 * Whether the i-th page of 2 MiB continues the first one: a guest's, immutable, no VMSA, and of the
 * same state. The firmware also compares the VMPLs' permissions, which the lab does not have.
 */
static bool continues(struct rmp_entry first, struct rmp_entry entry, uint64_t i)
{
	return (first.lo & (RMP_IMMUTABLE | RMP_HUGE | RMP_VMSA)) == RMP_IMMUTABLE &&
	       first.lo & RMP_ASID_MASK && !(first.lo >> RMP_GPA_SHIFT & (RMP_HUGE_PAGES - 1)) &&
	       entry.lo == first.lo + (i << RMP_GPA_SHIFT);
}

/* Joins 512 pages of 4 KiB to one of 2 MiB: what PSMASH does, undone. */
enum firmware_status cmd_snp_page_unsmash(struct firmware *fw, union command_buffer *buffer)
{
	uint64_t page = buffer->page.address, pfn = page / RMP_PAGE_SIZE;
	struct rmp rmp = machine_rmp(fw);
	struct rmp_entry first, entry;
	enum page_state state;
	enum firmware_status status;

	if (page % HUGE_PAGE)
		return refuse(fw, STATUS_INVALID_PARAM,
			      "page 0x%" PRIx64 " is not aligned to 2 MiB", page);
	status = find_page(fw, page, &first, &state);
	if (status)
		return status;
	if (page < rmp.base && page + HUGE_PAGE > rmp.base)
		return refuse(fw, STATUS_INVALID_ADDRESS, "page 0x%" PRIx64 " reaches into the RMP",
			      page);
	for (uint64_t i = 0; i < RMP_HUGE_PAGES; i++) {
		if (rmp_get(&rmp, pfn + i, &entry) || !continues(first, entry, i))
			return refuse(fw, STATUS_INVALID_PAGE_STATE,
				      "page %" PRIu64 " behind 0x%" PRIx64 " does not continue it",
				      i, page);
	}
	for (uint64_t i = 1; i < RMP_HUGE_PAGES; i++) {
		entry.lo = (first.lo + (i << RMP_GPA_SHIFT)) & ~(RMP_ASID_MASK | RMP_IMMUTABLE);
		entry.hi = 0;
		rmp_set(&rmp, pfn + i, entry);
	}
	first.lo |= RMP_HUGE;
	first.hi = 0;
	return rmp_set(&rmp, pfn, first) ? refuse_address(fw, page) : STATUS_SUCCESS;
}

/* Makes pages of the firmware HV-Fixed, all of a list or none. */
enum firmware_status cmd_snp_page_set_state(struct firmware *fw, union command_buffer *buffer)
{
	struct snp_range_list list;
	enum firmware_status status;

	if (buffer->feature.function)
		return refuse(fw, STATUS_INVALID_PARAM, "reserved fields are not 0");
	status = load_ranges(fw, buffer->feature.address, HUGE_PAGE, STATUS_INVALID_PARAM, &list);
	for (uint32_t i = 0; !status && i < list.count; i++)
		status = check_writable(fw, "a range", list.ranges[i].base,
					list.ranges[i].pages * RMP_PAGE_SIZE);
	for (uint32_t i = 0; !status && i < list.count; i++)
		mark_pages(fw, list.ranges[i].base, list.ranges[i].pages, page_fixed);
	return status;
}
