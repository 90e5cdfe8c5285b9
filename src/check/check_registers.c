// SPDX-License-Identifier: GPL-2.0-only
/* Registers beside SYSCFG that must be equal on all CPUs. */
#include <string.h>

#include "check/check_parts.h"

bool check_unequal(struct check_look *l, enum check_id check, const struct registers *of,
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

bool check_unreadable(struct check_look *l, enum check_id check, const struct registers *of,
		      enum register_group group)
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

/* The check snp-en says once that no CPU's MSRs can be read, unless that check is left out. */
bool check_leaves_to_snp_en(const struct check_look *l)
{
	return !l->facts->some_only &&
	       cpulist_count(&l->tally.unreadable) == cpulist_count(&l->tally.online);
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
		if (!check_unequal(l, CHECK_ID_MSRS, of, group, CHECK_WARN) &&
		    !check_unreadable(l, CHECK_ID_MSRS, of, group))
			continue;
		check_part(l, "%#x", register_msr(group, 0));
		named = true;
	}
	if (!named)
		check_add(l, CHECK_ID_MSRS, CHECK_PASS, NULL,
			  "the MSRs that SNP_INIT compares are the same on every online CPU");
}
