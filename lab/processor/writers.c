// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who writes to pages that the RMP assigns to the firmware or a guest. On a CPU with SNP_EN
 * hardware raises #PF at such a write; on one without, it does not look into the RMP, and the write
 * passes (APM vol. 2 §15.36). Here it always passes, and the two are told apart in what is noted.
 *
 * QEMU calls back for each store, so the fewest possible must cost more than that. Pages that the
 * firmware assigns by itself, the RMP's own and the IOMMU's logs, are not watched; nor is the
 * second page of a store that lies in two.
 */
#include "machine/writers.h"

#include <pthread.h>

#include "processor/cpu.h"

/* Of the first 16 GiB: the pages that an RMPUPDATE has assigned since QEMU's start. */
enum { WATCHED_PAGES = 1 << 22, WORD = 64 };
static uint64_t watched[WATCHED_PAGES / WORD];
static bool watching;
static pthread_mutex_t notes_lock = PTHREAD_MUTEX_INITIALIZER;

void writers_watch(uint64_t pfn, uint64_t pages)
{
	for (uint64_t i = pfn; i < pfn + pages && i < WATCHED_PAGES; i++)
		__atomic_or_fetch(&watched[i / WORD], 1ull << i % WORD, __ATOMIC_RELAXED);
	__atomic_store_n(&watching, true, __ATOMIC_RELAXED);
}

static bool is_watched(uint64_t pfn)
{
	return pfn < WATCHED_PAGES &&
	       __atomic_load_n(&watched[pfn / WORD], __ATOMIC_RELAXED) >> pfn % WORD & 1;
}

/* A page may have become the kernel's again since, by RMPUPDATE or by the firmware. */
static void check_write(unsigned int cpu, uint64_t pfn, uint64_t pc)
{
	struct rmp rmp = cpu_rmp();
	struct rmp_entry entry;

	if (!writers_rmp_is_in_use(processor.machine) || rmp_get(&rmp, pfn, &entry) ||
	    !(entry.lo & RMP_ASSIGNED))
		return;
	pthread_mutex_lock(&notes_lock);
	writers_note(processor.machine, cpu, pfn * RMP_PAGE_SIZE, entry.lo, pc);
	pthread_mutex_unlock(&notes_lock);
}

void writers_on_store(unsigned int cpu, uint32_t info, uint64_t va, void *pc)
{
	const struct qemu_plugin_hwaddr *to;
	uint64_t pfn;

	if (!__atomic_load_n(&watching, __ATOMIC_RELAXED))
		return;
	to = qemu_plugin_get_hwaddr(info, va);
	if (!to || qemu_plugin_hwaddr_is_io(to))
		return;
	pfn = qemu_plugin_hwaddr_phys_addr(to) / RMP_PAGE_SIZE;
	if (is_watched(pfn) && !cpu_in_guest(cpu))
		check_write(cpu, pfn, (uintptr_t)pc);
}
