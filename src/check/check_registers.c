// SPDX-License-Identifier: GPL-2.0-only
/* Registers beside SYSCFG that must be equal on all CPUs. */
#include <string.h>

#include "check/check_parts.h"

/* Adds a result for the first register of a group that differs. Returns false if none does. */
static bool registers_unequal(struct check_look *l, enum check_id check, const struct registers *of,
			      enum register_group group, enum check_status status)
{
	for (unsigned int i = 0; i < register_count(group); i++) {
		const struct register_state *s = &of->of[group][i];

		if (!s->differs)
			continue;
		check_add(l, check, status, "compare the BIOS settings, and reset the host",
			  "%s (MSR %#x) is %#llx on CPU %u and %#llx on CPU %u",
			  register_name(group), register_msr(group, i),
			  (unsigned long long)s->value, s->cpu, (unsigned long long)s->other_value,
			  s->other);
		return true;
	}
	return false;
}

static bool registers_unreadable(struct check_look *l, enum check_id check,
				 const struct registers *of, enum register_group group)
{
	for (unsigned int i = 0; i < register_count(group); i++) {
		const struct register_state *s = &of->of[group][i];

		if (!s->err)
			continue;
		check_add(l, check, CHECK_UNKNOWN, check_access_remedy(s->err),
			  "%s (MSR %#x) of CPU %u can't be read: %s", register_name(group),
			  register_msr(group, i), s->err_cpu, strerror(-s->err));
		return true;
	}
	return false;
}

/* arch/x86/virt/svm/sev.c: RMP_ADDR_MASK */
#define RMP_ADDRESS 0x000fffffffffe000ull
/* RMP_CFG, bit 0: the table is in segments; RMP_BASE is the address of their list, RMP_END unused.
 */
#define RMP_SEGMENTED 1ull

/* The kernel asks the same before it enables SNP on the host. */
static void registers_rmp_range(struct check_look *l, const struct registers *of)
{
	unsigned long long base = of->of[REGISTER_RMP_BASE][0].value;
	unsigned long long end = of->of[REGISTER_RMP_END][0].value;
	bool segmented = of->of[REGISTER_RMP_CFG][0].value & RMP_SEGMENTED;

	if (!(base & RMP_ADDRESS))
		check_add(l, CHECK_ID_RMP, CHECK_WARN, "let the BIOS reserve memory for the RMP",
			  "RMP_BASE is %#llx: there is no RMP", base);
	else if (!segmented && (base & ~RMP_ADDRESS || end <= base))
		check_add(l, CHECK_ID_RMP, CHECK_WARN,
			  "compare the BIOS settings, and update the BIOS",
			  "RMP_BASE %#llx and RMP_END %#llx can't delimit a table", base, end);
	else if (segmented)
		check_add(l, CHECK_ID_RMP, CHECK_PASS, NULL,
			  "in segments, listed at %#llx, on every online CPU", base & RMP_ADDRESS);
	else
		check_add(l, CHECK_ID_RMP, CHECK_PASS, NULL, "%#llx to %#llx, on every online CPU",
			  base, end);
}

/* That no CPU's MSRs can be read is said once, by the check snp-en, if that is not left out. */
bool check_leaves_to_snp_en(const struct check_look *l)
{
	return !l->facts->some_only &&
	       cpulist_count(&l->tally.unreadable) == cpulist_count(&l->tally.online);
}

/* Inside a window a CPU with another table checks its writes against that table. */
void check_rmp(struct check_look *l)
{
	enum check_status unequal = cpulist_count(&l->tally.with) ? CHECK_FAIL : CHECK_WARN;
	const struct registers *of = l->facts->registers;

	if (check_leaves_to_snp_en(l))
		return;
	/* Older processors have no RMP_CFG. */
	if (!registers_unequal(l, CHECK_ID_RMP, of, REGISTER_RMP_BASE, unequal) &&
	    !registers_unequal(l, CHECK_ID_RMP, of, REGISTER_RMP_END, unequal) &&
	    !registers_unequal(l, CHECK_ID_RMP, of, REGISTER_RMP_CFG, unequal) &&
	    !registers_unreadable(l, CHECK_ID_RMP, of, REGISTER_RMP_BASE) &&
	    !registers_unreadable(l, CHECK_ID_RMP, of, REGISTER_RMP_END))
		registers_rmp_range(l, of);
}

/* The firmware compares the rest of the list once, at SNP_INIT. */
void check_msrs(struct check_look *l)
{
	const struct registers *of = l->facts->registers;
	bool named = false;

	if (check_leaves_to_snp_en(l))
		return;
	if (l->facts->initialised > INITIALISED_NO) {
		check_add(l, CHECK_ID_MSRS, CHECK_NOT_APPLICABLE, NULL,
			  "SNP is initialised: the firmware compared them before that");
		return;
	}
	for (int group = REGISTER_IORR; group < REGISTER_GROUPS; group++) {
		if (!registers_unequal(l, CHECK_ID_MSRS, of, group, CHECK_WARN) &&
		    !registers_unreadable(l, CHECK_ID_MSRS, of, group))
			continue;
		check_part(l, "%#x", register_msr(group, 0));
		named = true;
	}
	if (!named)
		check_add(l, CHECK_ID_MSRS, CHECK_PASS, NULL,
			  "the MSRs that SNP_INIT compares are the same on every online CPU");
}
