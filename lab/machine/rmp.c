// SPDX-License-Identifier: GPL-2.0-only
#include "machine/rmp.h"

#include <errno.h>
#include <string.h>

#include "machine/machine.h"

uint64_t rmp_pages(const struct rmp *rmp)
{
	uint64_t size = rmp->end - rmp->base + 1;

	if (rmp->end < rmp->base || size < RMP_BOOKKEEPING)
		return 0;
	return (size - RMP_BOOKKEEPING) / sizeof(struct rmp_entry);
}

static uint64_t entry_address(const struct rmp *rmp, uint64_t pfn)
{
	return rmp->base + RMP_BOOKKEEPING + pfn * sizeof(struct rmp_entry);
}

int rmp_get(const struct rmp *rmp, uint64_t pfn, struct rmp_entry *entry)
{
	if (pfn >= rmp_pages(rmp))
		return -ERANGE;
	return rmp->memory.read(rmp->memory.context, entry_address(rmp, pfn), entry,
				sizeof(*entry));
}

int rmp_set(const struct rmp *rmp, uint64_t pfn, struct rmp_entry entry)
{
	if (pfn >= rmp_pages(rmp))
		return -ERANGE;
	return rmp->memory.write(rmp->memory.context, entry_address(rmp, pfn), &entry,
				 sizeof(entry));
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
