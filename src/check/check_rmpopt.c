// SPDX-License-Identifier: GPL-2.0-only
/* RMPOPT_BASE of each online CPU. While SNP is initialised, check_contract() compares them. */
#include <string.h>

#include "abi/event.h"
#include "check/check_parts.h"

static const char remedy[] = "load kvm_amd and ccp anew, so that the kernel writes RMPOPT_BASE on "
			     "all CPUs; if it stays, reset the host";

struct rmpopt_tally {
	const struct snapshot_cpu *first, *failed;
	unsigned int cpu, failed_cpu; /* the first that was read, and one that was not */
	unsigned int other;	      /* with differs: a CPU with another value */
	bool differs;
	struct cpulist enabled;
};

static void tally_cpu(struct rmpopt_tally *t, const struct snapshot *now, unsigned int cpu)
{
	const struct snapshot_cpu *c = &now->cpus[cpu];

	if (!c->has_rmpopt)
		return;
	if (c->rmpopt_err) {
		t->failed = c;
		t->failed_cpu = cpu;
		return;
	}
	if (!t->first) {
		t->first = c;
		t->cpu = cpu;
	}
	if (!t->differs && c->rmpopt != t->first->rmpopt) {
		t->differs = true;
		t->other = cpu;
	}
	if (c->rmpopt & SNP_RMPOPT_ENABLE)
		cpulist_add(&t->enabled, cpu);
}

static void judge_tally(struct check_look *l, const struct rmpopt_tally *t)
{
	const struct snapshot *now = l->facts->now;
	bool outside = !cpulist_count(&l->tally.with) && !cpulist_count(&l->tally.unreadable);
	char cpus[96];

	cpulist_format(&t->enabled, cpus, sizeof(cpus));
	if (t->failed)
		check_add(l, CHECK_ID_RMPOPT, CHECK_UNKNOWN,
			  check_access_remedy(t->failed->rmpopt_err),
			  "RMPOPT_BASE (MSR %#x) of CPU %u can't be read: %s", SNP_MSR_RMPOPT,
			  t->failed_cpu, strerror(-t->failed->rmpopt_err));
	else if (!t->first)
		return;
	else if (t->differs)
		check_add(l, CHECK_ID_RMPOPT, CHECK_WARN, remedy,
			  "RMPOPT_BASE (MSR %#x) is %#llx on CPU %u and %#llx on CPU %u",
			  SNP_MSR_RMPOPT, (unsigned long long)t->first->rmpopt, t->cpu,
			  (unsigned long long)now->cpus[t->other].rmpopt, t->other);
	else if (!cpulist_count(&t->enabled))
		check_add(l, CHECK_ID_RMPOPT, CHECK_PASS, NULL,
			  "RMPOPT is enabled on no online CPU");
	else if (outside)
		check_add(l, CHECK_ID_RMPOPT, CHECK_WARN, remedy,
			  "RMPOPT is enabled on CPUs %s, and no CPU has SNP_EN", cpus);
	else
		check_add(l, CHECK_ID_RMPOPT, CHECK_PASS, NULL,
			  "RMPOPT_BASE is %#llx on every online CPU",
			  (unsigned long long)t->first->rmpopt);
}

void check_rmpopt(struct check_look *l)
{
	const struct snapshot *now = l->facts->now;
	struct rmpopt_tally t = { 0 };

	if (check_has(l, CHECK_ID_RMPOPT))
		return;
	if (!now->rmpopt) {
		check_add(l, CHECK_ID_RMPOPT, CHECK_NOT_APPLICABLE, NULL,
			  "the processor has no RMPOPT");
		return;
	}
	for (unsigned int i = 0; i < now->count; i++)
		tally_cpu(&t, now, i);
	judge_tally(l, &t);
	cpulist_free(&t.enabled);
}
