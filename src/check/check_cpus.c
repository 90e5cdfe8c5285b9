// SPDX-License-Identifier: GPL-2.0-only
/* The CPUs: which are online, which have SNP_EN, and the kernel's count of hotplug disables. */
#include <string.h>

#include "check/check_parts.h"

void check_snp_en(struct check_look *l)
{
	const struct check_tally *t = &l->tally;
	unsigned int with = cpulist_count(&t->with), without = cpulist_count(&t->without);
	char set[64], clear[64], unreadable[64];

	/* A breach whose severity is off must not hide that SYSCFG can't be read. */
	if (check_has(l, CHECK_ID_SNP_EN) && !cpulist_count(&t->unreadable))
		return;
	cpulist_format(&t->with, set, sizeof(set));
	cpulist_format(&t->without, clear, sizeof(clear));
	cpulist_format(&t->unreadable, unreadable, sizeof(unreadable));
	if (cpulist_count(&t->unreadable))
		check_add(l, CHECK_ID_SNP_EN, CHECK_UNKNOWN, check_access_remedy(t->err),
			  "SYSCFG of CPUs %s can't be read: %s", unreadable, strerror(-t->err));
	else if (with && without)
		check_add(l, CHECK_ID_SNP_EN, CHECK_WARN,
			  "don't initialise SNP before a full shutdown or a reset",
			  "SNP_EN is set on CPUs %s and clear on %s: an initialisation may skip "
			  "the CPUs where it is clear",
			  set, clear);
	else if (with)
		check_add(l, CHECK_ID_SNP_EN, CHECK_PASS, NULL,
			  "set on CPUs %s, all that are online", set);
	else
		check_add(l, CHECK_ID_SNP_EN, CHECK_PASS, NULL,
			  "clear on CPUs %s: no window is open", clear);
}

/*
 * The firmware requires SYSCFG to be equal on every core before SNP_INIT (SNP firmware ABI,
 * SNP_INIT); SNP_EN has a check of its own.
 */
void check_syscfg(struct check_look *l)
{
	const struct snapshot *s = l->facts->now;
	const struct snapshot_cpu *first = NULL;

	for (unsigned int i = 0; i < s->count; i++) {
		const struct snapshot_cpu *c = &s->cpus[i];

		if (!c->online || c->err)
			continue;
		if (!first)
			first = c;
		if (!((c->syscfg ^ first->syscfg) & ~SNP_SYSCFG_SNP_EN))
			continue;
		check_add(l, CHECK_ID_SYSCFG, CHECK_WARN,
			  "compare the BIOS settings, and look for software that writes MSRs",
			  "CPU %u has %#llx, CPU %u has %#llx", i, (unsigned long long)c->syscfg,
			  (unsigned int)(first - s->cpus), (unsigned long long)first->syscfg);
		return;
	}
	if (first && !(first->syscfg & CHECK_SYSCFG_SMEE))
		check_add(l, CHECK_ID_SYSCFG, check_without_snp(l), check_smee_remedy,
			  "%#llx on every online CPU: SMEE, bit 23, is clear, and SNP_INIT fails",
			  (unsigned long long)first->syscfg);
	else if (first)
		check_add(l, CHECK_ID_SYSCFG, CHECK_PASS, NULL,
			  "%#llx, SNP_EN aside, on every online CPU",
			  (unsigned long long)(first->syscfg & ~SNP_SYSCFG_SNP_EN));
	else if (!check_leaves_to_snp_en(l))
		check_add(l, CHECK_ID_SYSCFG, CHECK_UNKNOWN, check_access_remedy(l->tally.err),
			  "no CPU's SYSCFG can be read: %s", strerror(-l->tally.err));
}

void check_online(struct check_look *l)
{
	const struct check_tally *t = &l->tally;
	char absent[64], online[64];

	if (check_has(l, CHECK_ID_ONLINE))
		return;
	cpulist_format(&t->absent, absent, sizeof(absent));
	cpulist_format(&t->online, online, sizeof(online));
	if (!cpulist_count(&t->absent))
		check_add(l, CHECK_ID_ONLINE, CHECK_PASS, NULL, "CPUs %s, all that are present",
			  online);
	else if (cpulist_count(&t->with) && l->facts->initialised == INITIALISED_NO &&
		 l->facts->kernel_known && !(l->facts->start_flags & SNP_F_HAS_PREPARE))
		check_add(l, CHECK_ID_ONLINE, CHECK_WARN,
			  "no guest runs: stop the guard, `snp-guard detach`, bring them online, "
			  "load ccp and kvm_amd anew, and start the guard",
			  "CPUs %s are present and offline: SNP_INIT fails with INVALID_CONFIG "
			  "before they come online",
			  absent);
	else if (cpulist_count(&t->with))
		check_add(l, CHECK_ID_ONLINE, CHECK_WARN,
			  "leave them offline until SNP has been shut down fully",
			  "CPUs %s are present and offline, with SNP_EN set on others", absent);
	else
		check_add(l, CHECK_ID_ONLINE, CHECK_PASS, NULL,
			  "CPUs %s are offline: SNP can't be initialised before they come online",
			  absent);
}

void check_hotplug_count(struct check_look *l)
{
	const struct check_facts *f = l->facts;
	int count = f->now->hotplug_count;

	if (check_has(l, CHECK_ID_HOTPLUG_COUNT))
		return;
	if (!f->kernel_known || count == SNP_COUNT_UNKNOWN)
		check_add(l, CHECK_ID_HOTPLUG_COUNT, CHECK_UNKNOWN, check_kernel_remedy(f),
			  "the hotplug count can't be read: %s", strerror(-f->kernel_err));
	else if (cpulist_count(&l->tally.with))
		check_add(l, CHECK_ID_HOTPLUG_COUNT, CHECK_PASS, NULL,
			  "%d with SNP_EN set; this kernel %s hotplug for SNP", count,
			  f->start_flags & SNP_F_HAS_HOLD ? "disables" : "never disables");
	else
		check_add(l, CHECK_ID_HOTPLUG_COUNT, CHECK_PASS, NULL, "%d, and no window is open",
			  count);
}

void check_since(struct check_look *l)
{
	if (l->facts->since)
		check_add(l, CHECK_ID_SINCE, CHECK_PASS, NULL, "%s", l->compared);
}
