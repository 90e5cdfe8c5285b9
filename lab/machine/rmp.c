// SPDX-License-Identifier: GPL-2.0-only
#include "machine/rmp.h"

#include <errno.h>
#include <string.h>

#include "machine/machine.h"

/* A part of the table whose entries lie side by side, and what it covers. */
struct part {
	uint64_t at;	/* of the first entry */
	uint64_t first; /* number of the first page */
	uint64_t pages;
};

static int segment(const struct rmp *rmp, uint64_t index, struct part *part)
{
	uint64_t in_segment = 1ull << RMP_CFG_SHIFT(rmp->cfg) >> 12, entry, pages;
	int err;

	if (index >= RMP_SEGMENTS)
		return -ERANGE;
	err = rmp->memory.read(rmp->memory.context,
			       rmp->base + RMP_BOOKKEEPING + index * sizeof(entry), &entry,
			       sizeof(entry));
	pages = (entry & RMP_SEGMENT_GIB) << 18;
	part->at = entry & RMP_SEGMENT_ENTRIES;
	part->first = index * in_segment;
	part->pages = pages < in_segment ? pages : in_segment;
	return err;
}

/* The index-th part. -ERANGE: there are fewer. */
static int find_part(const struct rmp *rmp, uint64_t index, struct part *part)
{
	uint64_t size = rmp->end - rmp->base + 1;

	if (rmp->cfg & RMP_CFG_SEGMENTED)
		return segment(rmp, index, part);
	if (index || rmp->end < rmp->base || size < RMP_BOOKKEEPING)
		return -ERANGE;
	part->at = rmp->base + RMP_BOOKKEEPING;
	part->first = 0;
	part->pages = (size - RMP_BOOKKEEPING) / sizeof(struct rmp_entry);
	return 0;
}

uint64_t rmp_pages(const struct rmp *rmp)
{
	uint64_t pages = 0;
	struct part part;

	for (uint64_t i = 0; !find_part(rmp, i, &part); i++) {
		if (part.pages)
			pages = part.first + part.pages;
	}
	return pages;
}

static int entry_address(const struct rmp *rmp, uint64_t pfn, uint64_t *address)
{
	bool segmented = rmp->cfg & RMP_CFG_SEGMENTED;
	struct part part;
	int err = find_part(rmp, segmented ? pfn << 12 >> RMP_CFG_SHIFT(rmp->cfg) : 0, &part);

	if (err)
		return err;
	if (pfn - part.first >= part.pages)
		return -ERANGE;
	*address = part.at + (pfn - part.first) * sizeof(struct rmp_entry);
	return 0;
}

int rmp_get(const struct rmp *rmp, uint64_t pfn, struct rmp_entry *entry)
{
	uint64_t at;
	int err = entry_address(rmp, pfn, &at);

	return err ? err : rmp->memory.read(rmp->memory.context, at, entry, sizeof(*entry));
}

int rmp_set(const struct rmp *rmp, uint64_t pfn, struct rmp_entry entry)
{
	uint64_t at;
	int err = entry_address(rmp, pfn, &at);

	return err ? err : rmp->memory.write(rmp->memory.context, at, &entry, sizeof(entry));
}

int rmp_any_assigned(const struct rmp *rmp, uint64_t pfn, uint64_t pages)
{
	struct rmp_entry entries[256];
	const uint64_t block = sizeof(entries) / sizeof(entries[0]);
	uint64_t at, last;
	int err;

	for (; pages; pfn += block, pages -= block) {
		err = entry_address(rmp, pfn, &at);
		if (!err)
			err = entry_address(rmp, pfn + block - 1, &last);
		if (!err)
			err = rmp->memory.read(rmp->memory.context, at, entries, sizeof(entries));
		if (err)
			return err;
		for (uint64_t i = 0; i < block; i++)
			if (entries[i].lo & RMP_ASSIGNED)
				return 1;
	}
	return 0;
}

int rmp_clear(const struct rmp *rmp)
{
	static const uint8_t zeros[RMP_PAGE_SIZE];
	int err = rmp_pages(rmp) ? 0 : -ERANGE;
	struct part part;

	for (uint64_t i = 0; !find_part(rmp, i, &part); i++) {
		uint64_t left = part.pages * sizeof(struct rmp_entry);

		while (left && !err) {
			size_t len = left < sizeof(zeros) ? left : sizeof(zeros);

			err = rmp->memory.write(rmp->memory.context, part.at, zeros, len);
			part.at += len;
			left -= len;
		}
	}
	return err;
}

int rmp_digest(const struct rmp *rmp, uint64_t pfn, uint64_t *digest)
{
	uint64_t words[RMP_PAGE_SIZE / sizeof(uint64_t)], sum = 0;
	int err = rmp->memory.read(rmp->memory.context, pfn * RMP_PAGE_SIZE, words, sizeof(words));

	for (size_t i = 0; !err && i < sizeof(words) / sizeof(words[0]); i++)
		sum = ((sum ^ words[i]) * 0x9e3779b97f4a7c15ull) ^ sum >> 29;
	*digest = sum | 1;
	return err;
}

static uint64_t huge_base(uint64_t pfn)
{
	return pfn & ~(RMP_HUGE_PAGES - 1);
}

/* The combinations that RMPUPDATE refuses with FAIL_INPUT (APM vol. 3). */
static bool state_is_valid(uint64_t pfn, const struct rmp_state *state)
{
	if (state->assigned > 1 || state->huge > 1 || state->immutable > 1 || state->reserved)
		return false;
	if (state->gpa & ~RMP_GPA_MASK || state->asid > MACHINE_ASID_MAX)
		return false;
	if (state->huge && (pfn % RMP_HUGE_PAGES || state->gpa >> RMP_GPA_SHIFT & 0x1ff))
		return false;
	return state->assigned || (!state->asid && !state->immutable);
}

/* A 4 KiB page must not lie inside an assigned 2 MiB page. */
static enum rmp_result check_small(const struct rmp *rmp, uint64_t pfn)
{
	struct rmp_entry head;

	if (rmp_get(rmp, huge_base(pfn), &head))
		return RMP_FAIL_INPUT;
	return head.lo & RMP_ASSIGNED && head.lo & RMP_HUGE ? RMP_FAIL_OVERLAP : RMP_SUCCESS;
}

/* A 2 MiB page must not cover an assigned 4 KiB page. */
static enum rmp_result check_huge(const struct rmp *rmp, uint64_t pfn, bool was_huge)
{
	struct rmp_entry entry;

	for (uint64_t i = was_huge ? RMP_HUGE_PAGES : 1; i < RMP_HUGE_PAGES; i++) {
		if (rmp_get(rmp, pfn + i, &entry))
			return RMP_FAIL_INPUT;
		if (entry.lo & RMP_IMMUTABLE)
			return RMP_FAIL_PERMISSION;
		if (entry.lo & RMP_ASSIGNED)
			return RMP_FAIL_OVERLAP;
	}
	return RMP_SUCCESS;
}

static struct rmp_entry entry_of(const struct rmp_state *state)
{
	struct rmp_entry entry = { 0 };

	if (!state->assigned)
		return entry;
	entry.lo = RMP_ASSIGNED | (state->huge ? RMP_HUGE : 0) |
		   (state->immutable ? RMP_IMMUTABLE : 0) | (state->gpa & RMP_GPA_MASK) |
		   (uint64_t)state->asid << RMP_ASID_SHIFT;
	return entry;
}

/*
 * The entry of the i-th 4 KiB page in a 2 MiB page. All 512 are assigned: the kernel looks for that
 * in the entry of the very page, and for the size in the first one (kernel arch/x86/virt/svm/sev.c:
 * __snp_lookup_rmpentry, arch/x86/kvm/svm/sev.c:sev_handle_rmp_fault). What else they hold is not
 * public; here they equal what PSMASH leaves.
 */
static struct rmp_entry part_of(struct rmp_entry head, uint64_t i)
{
	if (!i)
		return head;
	head.lo &= ~RMP_HUGE;
	if (head.lo & RMP_ASID_MASK)
		head.lo += i << RMP_GPA_SHIFT;
	return head;
}

static enum rmp_result set_parts(const struct rmp *rmp, uint64_t pfn, struct rmp_entry head,
				 uint64_t pages)
{
	for (uint64_t i = 0; i < pages; i++) {
		if (rmp_set(rmp, pfn + i, part_of(head, i)))
			return RMP_FAIL_INPUT;
	}
	return RMP_SUCCESS;
}

enum rmp_result rmp_update(const struct rmp *rmp, uint64_t pa, const struct rmp_state *state)
{
	uint64_t pfn = pa / RMP_PAGE_SIZE;
	struct rmp_entry old, new = entry_of(state);
	enum rmp_result result;

	if (!state_is_valid(pfn, state) || rmp_get(rmp, pfn, &old))
		return RMP_FAIL_INPUT;
	if (old.lo & RMP_IMMUTABLE)
		return RMP_FAIL_PERMISSION;
	if (state->huge)
		result = check_huge(rmp, pfn, old.lo & RMP_HUGE);
	else
		result = check_small(rmp, pfn);
	if (result)
		return result;
	/* A guest's validation holds only while address, ASID and size stay the same. */
	if (!((old.lo ^ new.lo) & ~(RMP_VALIDATED | RMP_VMSA | RMP_IMMUTABLE)))
		new.lo |= old.lo &RMP_VALIDATED;
	if (state->immutable && !state->huge && rmp_digest(rmp, pfn, &new.hi))
		new.hi = 0; /* no memory, e.g. a device's registers */
	return set_parts(rmp, pfn, new, state->huge ? RMP_HUGE_PAGES : 1);
}

enum rmp_result rmp_smash(const struct rmp *rmp, uint64_t pa)
{
	uint64_t pfn = pa / RMP_PAGE_SIZE;
	struct rmp_entry head;

	if (pfn % RMP_HUGE_PAGES || rmp_get(rmp, pfn, &head))
		return RMP_FAIL_INPUT;
	if (!(head.lo & RMP_HUGE) || !(head.lo & RMP_ASSIGNED))
		return RMP_FAIL_INPUT;
	if (head.lo & RMP_IMMUTABLE)
		return RMP_FAIL_PERMISSION;
	head.lo &= ~RMP_HUGE;
	return set_parts(rmp, pfn, head, RMP_HUGE_PAGES);
}

enum rmp_result rmp_read(const struct rmp *rmp, uint64_t pa, struct rmp_state *state)
{
	struct rmp_entry entry;

	if (rmp_get(rmp, pa / RMP_PAGE_SIZE, &entry))
		return RMP_FAIL_INPUT;
	memset(state, 0, sizeof(*state));
	state->gpa = entry.lo & RMP_GPA_MASK;
	state->asid = (entry.lo & RMP_ASID_MASK) >> RMP_ASID_SHIFT;
	state->assigned = !!(entry.lo & RMP_ASSIGNED);
	state->huge = !!(entry.lo & RMP_HUGE);
	state->immutable = !!(entry.lo & RMP_IMMUTABLE);
	return RMP_SUCCESS;
}

enum rmp_result rmp_take_failure(struct machine *machine)
{
	uint32_t left = __atomic_load_n(&machine->rmp_failures, __ATOMIC_SEQ_CST);

	while (left && !__atomic_compare_exchange_n(&machine->rmp_failures, &left, left - 1, false,
						    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		;
	return left ? machine->rmp_failure : RMP_SUCCESS;
}
