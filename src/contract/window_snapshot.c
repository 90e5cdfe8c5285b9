// SPDX-License-Identifier: GPL-2.0-only
#include "contract/window_snapshot.h"

#include <errno.h>

#include "contract/window_state.h"

int snapshot_on_cpu(struct window *w, const struct snp_event *e)
{
	struct cpu *c = cpus_get(w, e->subject);

	if (!c)
		return -ENOMEM;
	c->before.online = e->flags & SNP_F_ONLINE;
	c->before.snp_en = c->before.online && !e->result && (e->value & SNP_SYSCFG_SNP_EN);
	return 0;
}

static bool had_snp_en(const struct cpu *c)
{
	return c->before.snp_en;
}

void snapshot_on_complete(struct window *w, const struct snp_event *e)
{
	w->since.known = true;
	w->since.had_snp_en = cpus_any(w, had_snp_en);
	w->since.same_boot = e->flags & SNP_F_SAME_BOOT;
}

static void compare_cpu(struct window *w, __u32 cpu, const struct cpu *c)
{
	if (c->before.snp_en && cpu_is_online_without_en(c))
		window_breach(
			w, SNP_BREACH_SNP_EN_LOST, cpu,
			"CPU %u had SNP_EN at the snapshot and has lost it, while others kept it",
			cpu);
	if (w->life.leaving || c->before.moot)
		return;
	if (!c->before.online && c->online)
		window_breach(w, SNP_BREACH_CPU_ONLINED, cpu,
			      "CPU %u was offline at the snapshot and is online now, in the same "
			      "window",
			      cpu);
	/* Another kernel may not have the CPU at all (nr_cpus=), as a crash kernel. */
	if (c->before.online && !c->online && (c->present || w->since.same_boot))
		window_breach(w, SNP_BREACH_CPU_OFFLINED, cpu,
			      "CPU %u was online at the snapshot and is offline now, in the same "
			      "window",
			      cpu);
}

/* A full shutdown or a reset alone clears SNP_EN: set at both times, it is of one window. */
void snapshot_compare(struct window *w)
{
	const struct since_snapshot *since = &w->since;
	bool same = since->had_snp_en && life_cycle_is_inherited(w);

	if (!since->known)
		return;
	window_turn(w, WINDOW_COMPARED,
		    "SNP_EN was %s at the snapshot, in %s boot, and is %s now%s",
		    since->had_snp_en ? "set" : "clear", since->same_boot ? "this" : "another",
		    w->life.open ? "set" : "clear",
		    !same	       ? ""
		    : since->same_boot ? ": assumed to be one window"
				       : ": the window outlived a kexec");
	if (!same)
		return;
	for (unsigned int i = 0; i < w->cpus.count; i++)
		compare_cpu(w, i, &w->cpus.list[i]);
}
