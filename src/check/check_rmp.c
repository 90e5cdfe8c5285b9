// SPDX-License-Identifier: GPL-2.0-only
/* The RMP: one table for all CPUs, and large enough. */
#include <string.h>

#include "check/check_parts.h"
#include "host/memory.h"

/* arch/x86/virt/svm/sev.c: RMP_ADDR_MASK */
#define RMP_ADDRESS 0x000fffffffffe000ull
/*
 * RMP_CFG, bit 0: the table is in segments, each for 1 << RMP_CFG[13:8] bytes of memory. RMP_BASE
 * is the address of their list, which has 512 entries, and RMP_END is unused.
 */
#define RMP_SEGMENTED	   1ull
#define RMP_SEGMENTS	   512ull
#define SEGMENT_SHIFT(cfg) ((cfg) >> 8 & 0x3f)
/* The first 16 KiB are the processor's; then each page of 4 KiB has 16 bytes (APM vol. 2, 15.36.4).
 */
#define RMP_BOOKKEEPING 0x4000ull
#define RMP_ENTRY	16
#define PAGE		4096ull
/* The largest page that the host maps beside the table. */
#define LARGE_PAGE (2ull << 20)

const char check_rmp_remedy[] =
	"in the BIOS set \"SNP Memory (RMP Table) Coverage\" and \"SEV-SNP Support\" to Enabled; "
	"Auto may mean off";

static unsigned long long value(const struct registers *of, enum register_group group)
{
	return of->of[group][0].value;
}

static bool is_segmented(const struct registers *of)
{
	return value(of, REGISTER_RMP_CFG) & RMP_SEGMENTED;
}

/* The kernel asks the same before it shows the flag sev_snp. */
bool check_has_no_rmp(const struct registers *of)
{
	return !(value(of, REGISTER_RMP_BASE) & RMP_ADDRESS) ||
	       (!is_segmented(of) && !(value(of, REGISTER_RMP_END) & RMP_ADDRESS));
}

static bool is_range(const struct registers *of)
{
	unsigned long long base = value(of, REGISTER_RMP_BASE);

	return !check_has_no_rmp(of) && !(base & ~RMP_ADDRESS) &&
	       base + RMP_BOOKKEEPING <= value(of, REGISTER_RMP_END);
}

static void rmp_range(struct check_look *l, const struct registers *of)
{
	unsigned long long base = value(of, REGISTER_RMP_BASE), end = value(of, REGISTER_RMP_END);

	if (check_has_no_rmp(of))
		check_add(l, CHECK_ID_RMP, CHECK_WARN, check_rmp_remedy,
			  "RMP_BASE is %#llx, RMP_END %#llx: the BIOS reserved no memory for the "
			  "RMP",
			  base, end);
	else if (is_segmented(of))
		check_add(l, CHECK_ID_RMP, CHECK_PASS, NULL,
			  "in segments, listed at %#llx, on every online CPU", base & RMP_ADDRESS);
	else if (!is_range(of))
		check_add(l, CHECK_ID_RMP, CHECK_WARN,
			  "compare the BIOS settings, and update the BIOS",
			  "RMP_BASE %#llx and RMP_END %#llx can't delimit a table", base, end);
	else
		check_add(l, CHECK_ID_RMP, CHECK_PASS, NULL, "%#llx to %#llx, on every online CPU",
			  base, end);
}

/* Inside a window a CPU with another table checks its writes against that table. */
void check_rmp(struct check_look *l)
{
	enum check_status unequal = cpulist_count(&l->tally.with) ? CHECK_FAIL : CHECK_WARN;
	const struct registers *of = l->facts->registers;

	if (check_leaves_to_snp_en(l))
		return;
	/* Older processors have no RMP_CFG. */
	if (!check_unequal(l, CHECK_ID_RMP, of, REGISTER_RMP_BASE, unequal) &&
	    !check_unequal(l, CHECK_ID_RMP, of, REGISTER_RMP_END, unequal) &&
	    !check_unequal(l, CHECK_ID_RMP, of, REGISTER_RMP_CFG, unequal) &&
	    !check_unreadable(l, CHECK_ID_RMP, of, REGISTER_RMP_BASE) &&
	    !check_unreadable(l, CHECK_ID_RMP, of, REGISTER_RMP_END))
		rmp_range(l, of);
}

static void too_small(struct check_look *l, unsigned long long covered, unsigned long long end)
{
	check_add(l, CHECK_ID_RMP_COVERAGE, check_without_snp(l),
		  "in the BIOS set \"SNP Memory (RMP Table) Coverage\" to Enabled, or, if it is "
		  "Custom, \"Amount of Memory to Cover\" to all memory",
		  "RAM ends at %#llx, and the RMP covers memory up to %#llx: the kernel leaves SNP "
		  "off, or no guest can have the rest",
		  end, covered);
}

/*
 * As setup_contiguous_rmptable() in arch/x86/virt/svm/sev.c: the table must cover all RAM, and
 * itself. Around an end that is not aligned the kernel reserves 2 MiB. From Linux 6.10 to 6.12-rc4
 * and 6.11.5 it handed that memory out, and guests died of it; a version's number does not tell
 * whether a distribution has mended that.
 */
static void contiguous_coverage(struct check_look *l, const struct registers *of, uint64_t end)
{
	unsigned long long base = value(of, REGISTER_RMP_BASE);
	unsigned long long behind = value(of, REGISTER_RMP_END) + 1;
	unsigned long long covered = (behind - base - RMP_BOOKKEEPING) / RMP_ENTRY * PAGE;
	bool aligned = !(base % LARGE_PAGE) && !(behind % LARGE_PAGE);

	if (covered < end / PAGE * PAGE || covered < behind)
		too_small(l, covered, end > behind ? end : behind);
	else
		check_add(l, CHECK_ID_RMP_COVERAGE, CHECK_PASS, NULL,
			  "RAM ends at %#llx, the RMP covers memory up to %#llx%s",
			  (unsigned long long)end, covered,
			  aligned ? "" : "; its ends are not at multiples of 2 MiB");
}

/* How much of its memory each segment covers stands in the list, which no MSR has. */
static void segmented_coverage(struct check_look *l, const struct registers *of, uint64_t end)
{
	unsigned long long segment = 1ull << SEGMENT_SHIFT(value(of, REGISTER_RMP_CFG));

	if (segment < end / RMP_SEGMENTS)
		too_small(l, segment * RMP_SEGMENTS, end);
	else if (cpulist_count(&l->tally.with))
		check_add(l, CHECK_ID_RMP_COVERAGE, CHECK_PASS, NULL,
			  "in segments for %#llx bytes each; SNP_EN is set, which the kernel does "
			  "only if they cover all RAM",
			  segment);
	else
		check_add(l, CHECK_ID_RMP_COVERAGE, CHECK_UNKNOWN,
			  "initialise SNP (modprobe kvm_amd), or dmesg | grep RMP",
			  "in segments for %#llx bytes each; the kernel alone knows how much they "
			  "cover, and SNP_EN is not set yet",
			  segment);
}

void check_rmp_coverage(struct check_look *l)
{
	const struct registers *of = l->facts->registers;
	uint64_t end;
	int err;

	if (check_leaves_to_snp_en(l))
		return;
	if (!of->of[REGISTER_RMP_BASE][0].known || !of->of[REGISTER_RMP_END][0].known) {
		/* The check rmp says why. */
		if (l->facts->some_only)
			check_unreadable(l, CHECK_ID_RMP_COVERAGE, of, REGISTER_RMP_BASE);
		return;
	}
	err = memory_end(l->facts->platform, &end);
	if (check_has_no_rmp(of) || (!is_segmented(of) && !is_range(of)))
		check_add(l, CHECK_ID_RMP_COVERAGE, CHECK_NOT_APPLICABLE, NULL, "there is no RMP");
	else if (err)
		check_add(l, CHECK_ID_RMP_COVERAGE, CHECK_UNKNOWN, check_access_remedy(err),
			  "/proc/iomem does not tell where RAM ends: %s", strerror(-err));
	else if (is_segmented(of))
		segmented_coverage(l, of, end);
	else
		contiguous_coverage(l, of, end);
}
