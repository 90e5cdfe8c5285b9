// SPDX-License-Identifier: GPL-2.0-only
#include "firmware/pages.h"

#include <inttypes.h>
#include <stdio.h>

#include "firmware/commands.h"
#include "machine/writers.h"

const struct rmp_entry page_firmware = { .lo = RMP_ASSIGNED | RMP_IMMUTABLE };
const struct rmp_entry page_reclaim = { .lo = RMP_ASSIGNED };
const struct rmp_entry page_fixed = { .lo = RMP_IMMUTABLE };

const char *const page_states[] = {
	[PAGE_HYPERVISOR] = "Hypervisor",   [PAGE_DEFAULT] = "Default",
	[PAGE_HV_FIXED] = "HV-Fixed",	    [PAGE_FIRMWARE] = "Firmware",
	[PAGE_CONTEXT] = "Context",	    [PAGE_METADATA] = "Metadata",
	[PAGE_RECLAIM] = "Reclaim",	    [PAGE_PRE_GUEST] = "Pre-Guest",
	[PAGE_PRE_SWAP] = "Pre-Swap",	    [PAGE_GUEST_INVALID] = "Guest-Invalid",
	[PAGE_GUEST_VALID] = "Guest-Valid",
};

struct rmp machine_rmp(struct firmware *fw)
{
	return (struct rmp){
		.base = fw->machine->rmp_base,
		.end = fw->machine->rmp_end,
		.cfg = fw->machine->rmp_cfg,
		.memory = fw->memory,
	};
}

void mark_pages(struct firmware *fw, uint64_t pa, uint64_t pages, struct rmp_entry entry)
{
	struct rmp rmp = machine_rmp(fw);
	uint64_t pfn = pa / RMP_PAGE_SIZE, covered = rmp_pages(&rmp);

	for (uint64_t i = 0; i < pages && pfn + i < covered; i++)
		rmp_set(&rmp, pfn + i, entry);
}

static enum page_state state_of(struct rmp_entry entry)
{
	bool immutable = entry.lo & RMP_IMMUTABLE, validated = entry.lo & RMP_VALIDATED;

	if (!(entry.lo & RMP_ASSIGNED))
		return immutable ? PAGE_HV_FIXED : PAGE_HYPERVISOR;
	if (entry.lo & RMP_ASID_MASK) {
		if (immutable)
			return validated ? PAGE_PRE_SWAP : PAGE_PRE_GUEST;
		return validated ? PAGE_GUEST_VALID : PAGE_GUEST_INVALID;
	}
	if (!immutable)
		return PAGE_RECLAIM;
	if (entry.lo & RMP_VMSA)
		return PAGE_CONTEXT;
	return entry.lo & RMP_GPA_MASK ? PAGE_METADATA : PAGE_FIRMWARE;
}

enum firmware_status find_page(struct firmware *fw, uint64_t pa, struct rmp_entry *entry,
			       enum page_state *state)
{
	struct rmp rmp = machine_rmp(fw);
	uint64_t pfn = pa / RMP_PAGE_SIZE;

	*entry = (struct rmp_entry){ 0 };
	*state = PAGE_DEFAULT;
	if (pa >= rmp.base && pa <= rmp.end)
		return refuse(fw, STATUS_INVALID_PARAM, "page 0x%" PRIx64 " lies in the RMP", pa);
	if (pfn >= rmp_pages(&rmp))
		return STATUS_SUCCESS;
	if (rmp_get(&rmp, pfn, entry))
		return refuse_address(fw, pa);
	*state = state_of(*entry);
	return STATUS_SUCCESS;
}

/* ---- writes that the RMP forbids ---- */

const char *firmware_state_name(uint64_t entry)
{
	return page_states[state_of((struct rmp_entry){ .lo = entry })];
}

static void tell_write(struct firmware *fw, uint64_t page, const char *state)
{
	const struct machine_write *by = writers_find(fw->machine, page);
	char who[40] = "";

	if (by)
		snprintf(who, sizeof(who), ": CPU %u, with%s SNP_EN", by->cpu,
			 by->snp_en ? "" : "out");
	snprintf(fw->rule, sizeof(fw->rule),
		 "software wrote to page 0x%" PRIx64 ", which is in state %s%s", page, state, who);
}

void find_write(struct firmware *fw, uint64_t pfn, struct rmp_entry *entry)
{
	const char *state = page_states[state_of(*entry)];
	uint64_t digest, page = pfn * RMP_PAGE_SIZE;
	struct rmp rmp = machine_rmp(fw);

	if (!(entry->lo & RMP_IMMUTABLE) || !entry->hi || rmp_digest(&rmp, pfn, &digest) ||
	    digest == entry->hi)
		return;
	if (fw->write_count < FIRMWARE_WRITES_MAX)
		fw->writes[fw->write_count] = (struct firmware_write){ page, state };
	if (!*fw->rule)
		tell_write(fw, page, state);
	fw->write_count++;
	entry->hi = digest;
	rmp_set(&rmp, pfn, *entry);
}

void firmware_find_writes(struct firmware *fw)
{
	struct rmp rmp = machine_rmp(fw);
	uint64_t covered = fw->rmp_initialised ? rmp_pages(&rmp) : 0;
	struct rmp_entry entry;

	for (uint64_t pfn = 0; pfn < covered; pfn++) {
		if (!rmp_get(&rmp, pfn, &entry))
			find_write(fw, pfn, &entry);
	}
}

enum firmware_status write_answer(struct firmware *fw, uint64_t pa, const void *from, size_t len)
{
	struct rmp rmp = machine_rmp(fw);
	uint64_t pfn = pa / RMP_PAGE_SIZE;
	struct rmp_entry entry;
	bool digested = fw->snp_initialised && !rmp_get(&rmp, pfn, &entry) && entry.hi;

	if (digested)
		find_write(fw, pfn, &entry);
	if (firmware_store(fw, pa, from, len))
		return refuse_address(fw, pa);
	if (digested && !rmp_digest(&rmp, pfn, &entry.hi))
		rmp_set(&rmp, pfn, entry);
	return STATUS_SUCCESS;
}

enum firmware_status check_writable(struct firmware *fw, const char *what, uint64_t pa,
				    uint64_t len)
{
	uint64_t page = pa & ~(RMP_PAGE_SIZE - 1);

	if (!fw->snp_initialised)
		return STATUS_SUCCESS;
	for (; page < pa + len; page += RMP_PAGE_SIZE) {
		enum firmware_status status;
		struct rmp_entry entry;
		enum page_state state;

		status = find_page(fw, page, &entry, &state);
		if (status)
			return status;
		if (state == PAGE_DEFAULT)
			break; /* and so are all after it */
		if (state != PAGE_FIRMWARE)
			return refuse(fw, STATUS_INVALID_PAGE_STATE,
				      "page 0x%" PRIx64 " of %s is in state %s, not Firmware", page,
				      what, page_states[state]);
	}
	return STATUS_SUCCESS;
}

/* ---- lists of ranges ---- */

enum firmware_status load_ranges(struct firmware *fw, uint64_t at, uint64_t alignment,
				 enum firmware_status failed, struct snp_range_list *list)
{
	if (at % RMP_PAGE_SIZE || firmware_load(fw, at, list, sizeof(*list)))
		return refuse(fw, failed, "the list of ranges is not at a page: 0x%" PRIx64, at);
	if (list->count > SNP_RANGES_MAX)
		return refuse(fw, failed, "the list of %u ranges is longer than a page",
			      list->count);
	for (uint32_t i = 0; i < list->count; i++) {
		if (list->ranges[i].base % alignment)
			return refuse(fw, failed,
				      "range %u begins at 0x%" PRIx64 ", no multiple of 0x%" PRIx64,
				      i, list->ranges[i].base, alignment);
	}
	return STATUS_SUCCESS;
}
