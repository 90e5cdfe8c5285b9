// SPDX-License-Identifier: GPL-2.0-only
#include "host/own_events.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "host/asids.h"

__u64 boottime_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

__s64 realtime_offset_ns(void)
{
	struct timespec real;

	clock_gettime(CLOCK_REALTIME, &real);
	return (__s64)(real.tv_sec * 1000000000ull + real.tv_nsec) - (__s64)boottime_ns();
}

struct snp_event own_event(enum snp_event_kind kind)
{
	return (struct snp_event){
		.kind = kind,
		.time_ns = boottime_ns(),
		.subject = SNP_NO_SUBJECT,
		.count = SNP_COUNT_UNKNOWN,
	};
}

struct snp_event own_cpu_state(unsigned int cpu, const struct snapshot_cpu *c)
{
	struct snp_event e = own_event(SNP_EV_CPU_STATE);

	e.subject = cpu;
	e.flags = (c->present ? SNP_F_PRESENT : 0) | (c->online ? SNP_F_ONLINE : 0) |
		  (c->no_hsave ? SNP_F_NO_HSAVE : 0);
	e.result = c->err;
	e.value = c->err ? 0 : c->syscfg;
	return e;
}

struct snp_event own_rmpopt(unsigned int cpu, const struct snapshot_cpu *c)
{
	struct snp_event e = own_event(SNP_EV_RMPOPT);

	e.subject = cpu;
	e.result = c->rmpopt_err;
	e.value = c->rmpopt_err ? 0 : c->rmpopt;
	return e;
}

struct snp_event own_truth(int hotplug_count, enum initialised initialised, bool stable)
{
	struct snp_event e = own_event(SNP_EV_TRUTH);

	e.count = hotplug_count;
	e.flags = (stable ? SNP_F_STABLE : 0) |
		  (initialised != INITIALISED_UNKNOWN ? SNP_F_FW_KNOWN : 0) |
		  (initialised > INITIALISED_NO ? SNP_F_FW_INIT : 0) |
		  (initialised == INITIALISED_BY_KVM ? SNP_F_FW_BY_KVM : 0);
	return e;
}

struct snp_event own_guests(const struct platform *p)
{
	struct snp_event e = own_event(SNP_EV_GUESTS);
	struct asids a;

	if (!asids_read(p, &a) && a.sev_es_used <= INT_MAX)
		e.count = (int)a.sev_es_used;
	return e;
}

int own_before(const struct snapshot *s, const char *boot_id,
	       int (*deliver)(void *ctx, const struct snp_event *e), void *ctx)
{
	struct snp_event e;
	int err = 0;

	for (unsigned int i = 0; !err && i < s->count; i++) {
		const struct snapshot_cpu *c = &s->cpus[i];

		if (!c->present)
			continue;
		e = own_event(SNP_EV_BEFORE_CPU);
		e.subject = i;
		e.flags = SNP_F_PRESENT | (c->online ? SNP_F_ONLINE : 0);
		e.value = c->syscfg;
		e.result = c->err;
		err = deliver(ctx, &e);
	}
	if (err)
		return err;
	e = own_event(SNP_EV_BEFORE);
	e.count = s->hotplug_count;
	e.flags = strcmp(s->boot_id, boot_id) ? 0 : SNP_F_SAME_BOOT;
	snprintf(e.name, sizeof(e.name), "%s", s->boot_id);
	return deliver(ctx, &e);
}
