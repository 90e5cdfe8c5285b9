// SPDX-License-Identifier: GPL-2.0-only
#include "contract/window_state.h"

#include <errno.h>
#include <stdlib.h>

#include "util/cpulist.h"
#include "util/pack.h"

#define CPU_ROOM 64 /* the least that is allocated, as in window.c */

static void pack_int(struct pack *p, int *value)
{
	pack_s32(p, value);
	if (*value < 0 || *value > SNP_COUNT_MAX) {
		p->err = p->err ? p->err : -EBADMSG;
		*value = 0;
	}
}

static void pack_time(struct pack *p, __u64 *value)
{
	pack_u64(p, value);
	if (*value > (__u64)SNP_TIME_MAX) {
		p->err = p->err ? p->err : -EBADMSG;
		*value = 0;
	}
}

static void pack_event(struct pack *p, struct snp_event *e)
{
	pack_bytes(p, e, sizeof(*e));
	e->comm[SNP_COMM_LEN - 1] = e->name[SNP_NAME_LEN - 1] = 0;
}

static void pack_cpu(struct pack *p, struct cpu *c)
{
	unsigned int en = c->en;

	pack_enum(p, &en, EN_SET);
	c->en = en;
	pack_bool(p, &c->present);
	pack_bool(p, &c->online);
	pack_bool(p, &c->readable);
	pack_bool(p, &c->told_without);
	pack_bool(p, &c->told_unknown);
	pack_time(p, &c->moved_ns);
	pack_time(p, &c->asked_ns);
	pack_bool(p, &c->frozen);
	pack_bool(p, &c->before_online);
	pack_bool(p, &c->before_snp_en);
	pack_bool(p, &c->before_moot);
	pack_u32(p, &c->tid);
	pack_bytes(p, c->comm, sizeof(c->comm));
}

static void pack_totals(struct pack *p, struct window_totals *t)
{
	pack_u32(p, &t->windows);
	for (int i = 0; i < SNP_BREACH_COUNT; i++)
		pack_u32(p, &t->breaches[i]);
	pack_u32(p, &t->denied);
	pack_u32(p, &t->audited);
	pack_u64(p, &t->lost);
	pack_bool(p, &t->truth);
}

/* All of struct window but its CPUs, and the event being fed. */
static void pack_window(struct pack *p, struct window *w)
{
	unsigned int firmware = w->firmware;

	pack_bool(p, &w->started);
	pack_bool(p, &w->has_prepare);
	pack_bool(p, &w->has_enable);
	pack_bool(p, &w->has_latch);
	pack_bool(p, &w->compare);
	pack_bool(p, &w->same_boot);
	pack_bool(p, &w->had_snp_en);
	pack_bool(p, &w->renewed);
	pack_bool(p, &w->leaving);
	pack_totals(p, &w->totals);
	pack_bool(p, &w->open);
	pack_bool(p, &w->inferred);
	pack_time(p, &w->opened_ns);
	pack_time(p, &w->changed_ns);
	pack_bool(p, &w->latch_judged);
	pack_bool(p, &w->disabled);
	pack_u32(p, &w->gap_up);
	pack_u32(p, &w->gap_down);
	pack_bool(p, &w->closed_by_firmware);
	pack_bool(p, &w->preparing);
	pack_bool(p, &w->bailout);
	pack_bool(p, &w->was_open);
	pack_u32(p, &w->enabled);
	pack_enum(p, &firmware, FW_INITIALISED);
	w->firmware = firmware;
	pack_bool(p, &w->init_failed);
	pack_bool(p, &w->init_retry);
	pack_event(p, &w->retried);
	pack_int(p, &w->outstanding);
	pack_bool(p, &w->outstanding_inferred);
	pack_bool(p, &w->outstanding_unknown);
	pack_event(p, &w->disabler);
	pack_event(p, &w->stranger);
	pack_bool(p, &w->leak_pending);
	pack_time(p, &w->deficit_ns);
	pack_bool(p, &w->deficit_told);
	pack_bool(p, &w->records_lost);
	pack_bool(p, &w->disbelieved);
	pack_bool(p, &w->look_again);
	/* It is named as the command that failed. */
	if (w->init_retry && !snp_command_name(w->retried.subject))
		p->err = -EBADMSG;
}

void window_save(const struct window *w, struct pack *p)
{
	struct window copy = *w;
	struct cpu cpu;

	pack_window(p, &copy);
	pack_u32(p, &copy.cpu_count);
	for (unsigned int i = 0; i < w->cpu_count; i++) {
		cpu = w->cpus[i];
		pack_cpu(p, &cpu);
	}
}

int window_load(struct window *w, struct pack *p)
{
	__u32 count = 0;

	pack_window(p, w);
	pack_u32(p, &count);
	if (p->err || count > 2 * CPULIST_MAX)
		return -EBADMSG;
	w->cpus = calloc(count ? count : CPU_ROOM, sizeof(*w->cpus));
	if (!w->cpus)
		return -ENOMEM;
	w->cpu_count = count;
	for (unsigned int i = 0; i < count; i++)
		pack_cpu(p, &w->cpus[i]);
	return p->err ? -EBADMSG : 0;
}
