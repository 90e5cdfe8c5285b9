// SPDX-License-Identifier: GPL-2.0-only
#include "contract/window_cpus.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contract/window_state.h"
#include "util/cpulist.h"

/* A transition that was asked for is over by then, or has failed. */
#define ON_ITS_WAY_NS 5000000000ull

/* ---- the list ---- */

void cpus_free(struct cpus *cpus)
{
	free(cpus->list);
}

struct cpu *cpus_get(struct window *w, __u32 cpu)
{
	struct cpus *cpus = &w->cpus;
	unsigned int count;
	struct cpu *list;

	if (cpu < cpus->count)
		return &cpus->list[cpu];
	count = cpu < CPUS_ROOM ? CPUS_ROOM : cpu * 2;
	list = realloc(cpus->list, count * sizeof(*list));
	if (!list)
		return NULL;
	memset(list + cpus->count, 0, (count - cpus->count) * sizeof(*list));
	cpus->list = list;
	cpus->count = count;
	return &list[cpu];
}

/* ---- questions ---- */

bool cpu_is_online(const struct cpu *c)
{
	return c->online;
}

bool cpu_is_online_with_en(const struct cpu *c)
{
	return c->online && c->en == EN_SET;
}

bool cpu_is_online_without_en(const struct cpu *c)
{
	return c->online && c->en == EN_CLEAR;
}

bool cpu_is_online_with_unknown_en(const struct cpu *c)
{
	return c->online && c->en == EN_UNKNOWN;
}

bool cpu_has_en(const struct cpu *c)
{
	return c->en == EN_SET;
}

bool cpu_is_offline(const struct cpu *c)
{
	return c->present && !c->online;
}

bool cpu_is_unread(const struct cpu *c)
{
	return c->online && !c->readable && !c->told_unknown;
}

bool cpu_is_told_without_hsave(const struct cpu *c)
{
	return c->told_hsave;
}

bool cpu_is_untold_without_hsave(const struct cpu *c)
{
	return c->no_hsave_ns && !c->told_hsave;
}

bool cpus_any(const struct window *w, cpu_match_fn match)
{
	for (unsigned int i = 0; i < w->cpus.count; i++)
		if (match(&w->cpus.list[i]))
			return true;
	return false;
}

unsigned int cpus_list(const struct window *w, cpu_match_fn match, char *buf, size_t size)
{
	struct cpulist set = { 0 };
	unsigned int n = 0;

	for (unsigned int i = 0; i < w->cpus.count; i++) {
		if (!match(&w->cpus.list[i]))
			continue;
		n++;
		/* Without memory the list is shorter; the count is right. */
		cpulist_add(&set, i);
	}
	cpulist_format(&set, buf, size);
	cpulist_free(&set);
	return n;
}

static bool moved_within(const struct cpu *c, const struct snp_event *e, __u64 ns)
{
	return c->moved_ns && e->time_ns - c->moved_ns < ns;
}

/* On its way down a CPU loses the msr driver's file some time before it leaves the set. */
static bool is_on_its_way(const struct cpu *c, const struct snp_event *e)
{
	return c->asked_ns && e->time_ns - c->asked_ns < ON_ITS_WAY_NS;
}

/* ---- a CPU comes or goes ---- */

/* "requested by modprobe[123]", as far as it is known. */
static const char *requested_by(const struct cpu *c, char *buf, size_t size)
{
	if (!c->tid)
		snprintf(buf, size, "requester unknown");
	else
		snprintf(buf, size, "requested by %.*s[%u]%s", SNP_COMM_LEN, c->comm, c->tid,
			 c->frozen ? " in suspend or resume" : "");
	return buf;
}

static void tell_moved(struct window *w, __u32 cpu, const struct cpu *c, const char *how)
{
	char who[64];

	requested_by(c, who, sizeof(who));
	if (!c->online)
		window_breach(w, SNP_BREACH_CPU_OFFLINED, cpu,
			      "CPU %u went offline inside window %u%s; %s", cpu, w->life.windows,
			      how, who);
	else if (w->kernel.has_prepare)
		window_breach(w, SNP_BREACH_CPU_ONLINED, cpu,
			      "CPU %u came online inside window %u%s; %s", cpu, w->life.windows,
			      how, who);
	else
		window_breach(w, SNP_BREACH_CPU_ONLINED, cpu,
			      "CPU %u came online inside window %u%s; %s; the kernel sets its "
			      "SNP_EN, but the firmware checks CPUs at SNP_INIT alone",
			      cpu, w->life.windows, how, who);
}

static void moved(struct window *w, struct cpu *c, bool online)
{
	c->online = online;
	/* Its SNP_EN may have changed when it is back; a CPU that is offline keeps what it had. */
	if (online) {
		c->present = true;
		c->en = EN_UNKNOWN;
	}
	c->readable = false;
	c->told_without = c->told_unknown = c->told_hsave = false;
	c->no_hsave_ns = 0;
	c->rmpopt = (struct cpu_rmpopt){ 0 };
	c->moved_ns = w->event->time_ns;
	c->asked_ns = 0;
	life_cycle_unsettle(w);
	c->before.snp_en = false;
	c->before.moot |= w->life.open;
	holds_on_cpu_moved(w, online);
}

/*
 * Some kernels take a CPU offline by a work item (work_on_cpu() in kernel/cpu.c:
 * cpu_down_maps_locked(), seen on 6.18): the task that asked the worker is unknown.
 */
static bool is_kworker(const struct snp_event *e)
{
	return !strncmp(e->comm, "kworker/", sizeof("kworker/") - 1);
}

int cpus_on_request(struct window *w, const struct snp_event *e)
{
	struct cpu *c = cpus_get(w, e->subject);

	if (!c)
		return -ENOMEM;
	c->tid = is_kworker(e) ? 0 : e->tid;
	c->asked_ns = e->time_ns;
	c->frozen = e->flags & SNP_F_FROZEN;
	memcpy(c->comm, e->comm, sizeof(c->comm));
	return 0;
}

int cpus_on_transition(struct window *w, const struct snp_event *e)
{
	struct cpu *c = cpus_get(w, e->subject);

	if (!c)
		return -ENOMEM;
	if (w->life.leaving)
		return 0;
	moved(w, c, e->kind == SNP_EV_CPU_UP);
	if (w->life.open)
		tell_moved(w, e->subject, c, "");
	c->tid = 0;
	return 0;
}

/* ---- what a sweep finds ---- */

static void moved_unseen(struct window *w, __u32 cpu, struct cpu *c, bool online)
{
	c->tid = 0;
	moved(w, c, online);
	/* The lost records may include the end of this window and the beginning of the next. */
	if (w->life.open && !w->records_lost)
		tell_moved(w, cpu, c, ", seen by a sweep only");
}

static void on_unreadable(struct window *w, const struct snp_event *e, struct cpu *c)
{
	unsigned int cause = e->result == -ENOENT || e->result == -ENXIO   ? SNP_BLIND_NO_MSR
			     : e->result == -EPERM || e->result == -EACCES ? SNP_BLIND_MSR_DENIED
									   : SNP_BLIND_MSR_FAILS;

	/* What an earlier sweep read says nothing of now. */
	c->en = EN_UNKNOWN;
	if (moved_within(c, e, WINDOW_SETTLE_NS) || is_on_its_way(c, e))
		return;
	if (!c->told_unknown)
		window_blind(w, cause, e->subject,
			     "can't read SYSCFG of CPU %u (%s); its SNP_EN is unknown", e->subject,
			     strerror(-e->result));
	c->told_unknown = true;
}

static void on_syscfg(struct window *w, const struct snp_event *e, struct cpu *c)
{
	bool set = e->value & SNP_SYSCFG_SNP_EN;

	c->readable = c->online && !e->result;
	if (!c->online)
		return;
	if (e->result) {
		on_unreadable(w, e, c);
		return;
	}
	c->told_unknown = false;
	if (c->en == EN_SET && !set && w->life.open && !w->records_lost) {
		window_breach(w, SNP_BREACH_SNP_EN_LOST, e->subject,
			      "CPU %u lost SNP_EN without a full shutdown", e->subject);
		c->before.snp_en = false; /* reported */
	} else if (c->en == EN_CLEAR && set && w->life.shutdown_unproven && !w->life.open &&
		   !w->life.preparing && !w->records_lost) {
		window_breach(
			w, SNP_BREACH_SNP_EN_LOST, e->subject,
			"CPU %u still has SNP_EN after a full shutdown; the window is not over",
			e->subject);
	}
	c->en = set ? EN_SET : EN_CLEAR;
	if (set)
		c->told_without = false;
}

static void on_hsave(const struct snp_event *e, struct cpu *c)
{
	if (!(e->flags & SNP_F_NO_HSAVE)) {
		c->no_hsave_ns = 0;
		c->told_hsave = false;
	} else if (!c->no_hsave_ns) {
		c->no_hsave_ns = e->time_ns;
	}
}

int cpus_on_state(struct window *w, const struct snp_event *e)
{
	struct cpu *c = cpus_get(w, e->subject);
	bool online = e->flags & SNP_F_ONLINE;

	if (!c)
		return -ENOMEM;
	if (w->tally.swept && c->online != online) {
		if (w->life.leaving)
			return 0;
		/* The hook fires just before the set changes: the set may be read in between. */
		if (moved_within(c, e, WINDOW_SETTLE_NS)) {
			w->cpus.disbelieved = true;
			return 0;
		}
		moved_unseen(w, e->subject, c, online);
	}
	c->present = e->flags & SNP_F_PRESENT;
	c->online = online;
	on_syscfg(w, e, c);
	on_hsave(e, c);
	return 0;
}

void cpus_judge(struct window *w, const struct snp_event *e)
{
	for (unsigned int i = 0; i < w->cpus.count; i++) {
		struct cpu *c = &w->cpus.list[i];

		if (!firmware_may_run_guests(w) || !cpu_is_online_without_en(c) || c->told_without)
			continue;
		if (!w->kernel.has_prepare && moved_within(c, e, SELF_ENABLE_NS)) {
			w->cpus.disbelieved = true;
			continue;
		}
		window_breach(w, SNP_BREACH_CPU_WITHOUT_SNP_EN, i,
			      "CPU %u is online without SNP_EN %s", i,
			      w->firmware.state == FW_INITIALISED
				      ? "while SNP is initialised"
				      : "inside a window; whether SNP is initialised is unknown");
		c->told_without = true;
	}
}

/* KVM sets EFER.SVME and VM_HSAVE_PA one after the other: what does not last is no breach. */
void cpus_judge_hsave(struct window *w, const struct snp_event *e)
{
	bool due = false;
	char cpus[96];
	unsigned int n;

	for (unsigned int i = 0; i < w->cpus.count; i++) {
		struct cpu *c = &w->cpus.list[i];

		if (!cpu_is_untold_without_hsave(c) ||
		    e->time_ns - c->no_hsave_ns < WINDOW_SETTLE_NS)
			continue;
		c->told_hsave = due = true;
	}
	if (!due)
		return;
	n = cpus_list(w, cpu_is_told_without_hsave, cpus, sizeof(cpus));
	window_breach(w, SNP_BREACH_INIT_UNDER_GUESTS, SNP_NO_SUBJECT,
		      "VM_HSAVE_PA is 0 on CPU%s %s, where KVM has virtualisation enabled: every "
		      "VMRUN fails there; the kernel clears it for SNP_INIT",
		      n == 1 ? "" : "s", cpus);
}

void cpus_end_sweep(struct window *w)
{
	w->cpus.look_again = w->cpus.disbelieved;
	w->cpus.disbelieved = false;
}

/* ---- what other parts tell it ---- */

int cpus_set_en(struct window *w, __u32 cpu)
{
	struct cpu *c = cpus_get(w, cpu);

	if (!c)
		return -ENOMEM;
	c->en = EN_SET;
	c->online = c->present = c->readable = true;
	return 0;
}

void cpus_clear_en(struct window *w)
{
	for (unsigned int i = 0; i < w->cpus.count; i++)
		w->cpus.list[i].en = EN_CLEAR;
}

void cpus_forget_en(struct window *w)
{
	for (unsigned int i = 0; i < w->cpus.count; i++) {
		w->cpus.list[i].en = EN_UNKNOWN;
		w->cpus.list[i].readable = false;
	}
}
