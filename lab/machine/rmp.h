/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The reverse map table in guest memory, and the effects of RMPUPDATE, PSMASH and RMPREAD on it.
 * All memory accesses go through the caller's functions.
 */
#ifndef LAB_RMP_H
#define LAB_RMP_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RMP_PAGE_SIZE	0x1000ull
#define RMP_HUGE_PAGES	512ull	  /* 4 KiB pages in a 2 MiB page */
#define RMP_BOOKKEEPING 0x4000ull /* bytes before the first entry, the processor's own */

/*
 * A segmented RMP (APM vol. 2 §15.36.4; kernel arch/x86/virt/svm/sev.c:setup_segmented_rmptable):
 * RMP_CFG has the size of the memory that a segment covers, as a power of two, and RMP_END is 0.
 * Behind the bookkeeping, the segment table has for each segment where its entries are (bits
 * 51:20), and how many GiB of its memory have one (bits 19:0).
 */
#define RMP_CFG_SEGMENTED   (1ull << 0)
#define RMP_CFG_SHIFT(cfg)  ((unsigned int)((cfg) >> 8) & 0x3f)
#define RMP_SEGMENTS	    512u
#define RMP_SEGMENT_ENTRIES 0x000ffffffff00000ull
#define RMP_SEGMENT_GIB	    0x00000000000fffffull

/* Results of the instructions, in EAX (APM vol. 3, RMPUPDATE and PSMASH). */
enum rmp_result {
	RMP_SUCCESS = 0,
	RMP_FAIL_INPUT = 1,
	RMP_FAIL_PERMISSION = 2,
	RMP_FAIL_INUSE = 3,
	RMP_FAIL_OVERLAP = 4,
};

/*
 * An entry in memory: 16 bytes, of which family 19h defines the first eight as follows (PPR of
 * family 19h; kernel arch/x86/virt/svm/sev.c:rmpentry_raw).
 */
#define RMP_ASSIGNED   (1ull << 0)
#define RMP_HUGE       (1ull << 1)
#define RMP_IMMUTABLE  (1ull << 2)
#define RMP_GPA_SHIFT  12
#define RMP_GPA_MASK   (0x7fffffffffull << RMP_GPA_SHIFT)
#define RMP_ASID_SHIFT 51
#define RMP_ASID_MASK  (0x3ffull << RMP_ASID_SHIFT)
#define RMP_VMSA       (1ull << 61)
#define RMP_VALIDATED  (1ull << 62)

struct rmp_entry {
	uint64_t lo;
	uint64_t hi;
};

/* RMPUPDATE's input and RMPREAD's output, at the address in RCX (APM vol. 3). */
struct rmp_state {
	uint64_t gpa;
	uint8_t assigned;
	uint8_t huge;
	uint8_t immutable;
	uint8_t reserved;
	uint32_t asid;
};

static_assert(sizeof(struct rmp_entry) == 16, "hardware layout");
static_assert(sizeof(struct rmp_state) == 16, "hardware layout");

/*
 * Functions that copy len bytes from or to guest physical address pa; 0 or a negative errno, also
 * for a len of 0.
 */
struct rmp_memory {
	int (*read)(void *context, uint64_t pa, void *to, size_t len);
	int (*write)(void *context, uint64_t pa, const void *from, size_t len);
	void *context;
};

struct rmp {
	uint64_t base; /* the MSRs RMP_BASE and RMP_END: first and last byte */
	uint64_t end;  /* also of a segmented RMP: the last byte of all that belongs to it */
	uint64_t cfg;  /* the MSR RMP_CFG; 0: not segmented */
	struct rmp_memory memory;
};

/*
 * The number of 4 KiB pages, from physical address 0 on, that the table covers. Of a segmented one,
 * some below that number may have no entry.
 */
uint64_t rmp_pages(const struct rmp *rmp);

/*
 * Reads or writes the entry of the 4 KiB page number pfn. 0; -ERANGE: the table does not cover the
 * page; or the error of the memory's functions.
 */
int rmp_get(const struct rmp *rmp, uint64_t pfn, struct rmp_entry *entry);
int rmp_set(const struct rmp *rmp, uint64_t pfn, struct rmp_entry entry);

/*
 * Whether any of the pages from pfn on is assigned: 1 or 0; or as rmp_get(), where one has no
 * entry. pages is a multiple of 256, and so is pfn.
 */
int rmp_any_assigned(const struct rmp *rmp, uint64_t pfn, uint64_t pages);

/* Zeroes all entries. 0, or the error of the memory's functions; -ERANGE: there is none. */
int rmp_clear(const struct rmp *rmp);

/*
 * Sets *digest to one of the page's content, which is not 0. The processor does not enforce the RMP
 * here, so RMPUPDATE notes the digest of a 4 KiB page that it makes immutable, and the firmware
 * sees later whether the page was written. It is kept in entry.hi, of which family 19h defines
 * nothing that the kernel reads. 0 or the error of the memory's functions.
 */
int rmp_digest(const struct rmp *rmp, uint64_t pfn, uint64_t *digest);

/*
 * RMPUPDATE (APM vol. 3): gives the page at pa, the system physical address in RAX, the state at
 * RCX. The low 12 bits of pa are ignored. Returns the value for EAX.
 */
enum rmp_result rmp_update(const struct rmp *rmp, uint64_t pa, const struct rmp_state *state);

/* PSMASH (APM vol. 3): splits the 2 MiB page at pa into 512 pages of 4 KiB. Returns the value for
 * EAX. */
enum rmp_result rmp_smash(const struct rmp *rmp, uint64_t pa);

/*
 * The result that a test has asked for instead of the next RMPUPDATE's or PSMASH's own, e.g.
 * FAIL_INUSE, as if another CPU had the entry; RMP_SUCCESS: none.
 */
struct machine;
enum rmp_result rmp_take_failure(struct machine *machine);

/* RMPREAD (APM vol. 3): fills *state with the entry of the page at pa. Returns the value for EAX.
 */
enum rmp_result rmp_read(const struct rmp *rmp, uint64_t pa, struct rmp_state *state);

#endif
