/* SPDX-License-Identifier: GPL-2.0-only */
/* Inside the firmware: the states of pages, as RMP entries encode them (SNP ABI chapter 5). */
#ifndef LAB_PAGES_H
#define LAB_PAGES_H

#include "firmware/buffers.h"
#include "firmware/firmware.h"

enum page_state {
	PAGE_HYPERVISOR,
	PAGE_DEFAULT, /* the RMP does not cover the page */
	PAGE_HV_FIXED,
	PAGE_FIRMWARE,
	PAGE_CONTEXT,
	PAGE_METADATA,
	PAGE_RECLAIM,
	PAGE_PRE_GUEST,
	PAGE_PRE_SWAP,
	PAGE_GUEST_INVALID,
	PAGE_GUEST_VALID,
};

/* The states' names. */
extern const char *const page_states[];

/* The RMP entries of the states that the firmware itself sets. */
extern const struct rmp_entry page_firmware, page_reclaim, page_fixed;

struct rmp machine_rmp(struct firmware *fw);

/* Ignores pages past the RMP's end, which no guest can ever own. */
void mark_pages(struct firmware *fw, uint64_t pa, uint64_t pages, struct rmp_entry entry);

/* Finds the entry and the state of the page at pa. INVALID_PARAM: the page is the RMP's own. */
enum firmware_status find_page(struct firmware *fw, uint64_t pa, struct rmp_entry *entry,
			       enum page_state *state);

/*
 * If page pfn, which has the entry, was written while it was immutable, notes that for
 * firmware_find_writes(), and updates the entry so that it is found once.
 */
void find_write(struct firmware *fw, uint64_t pfn, struct rmp_entry *entry);

/*
 * Reads the list of ranges at address "at". failed, if it is not at a page, does not fit into one,
 * or a range's base is no multiple of alignment.
 */
enum firmware_status load_ranges(struct firmware *fw, uint64_t at, uint64_t alignment,
				 enum firmware_status failed, struct snp_range_list *list);

/*
 * Writes to a page for which check_writable() has succeeded: that the firmware wrote to it is no
 * finding. INVALID_ADDRESS: there is no memory.
 */
enum firmware_status write_answer(struct firmware *fw, uint64_t pa, const void *from, size_t len);

/*
 * INVALID_PAGE_STATE if SNP is initialised and one of the pages with these bytes, which the
 * firmware is to write to, is neither in the Firmware nor in the Default state.
 */
enum firmware_status check_writable(struct firmware *fw, const char *what, uint64_t pa,
				    uint64_t len);

#endif
