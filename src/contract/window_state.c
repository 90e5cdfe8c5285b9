// SPDX-License-Identifier: GPL-2.0-only
#include "contract/window_state.h"

#include <errno.h>
#include <stdlib.h>

#include "util/cpulist.h"
#include "util/pack.h"

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
	unsigned int en = c->en, rmpopt = c->rmpopt.state;

	pack_enum(p, &en, EN_SET);
	c->en = en;
	pack_bool(p, &c->present);
	pack_bool(p, &c->online);
	pack_bool(p, &c->readable);
	pack_bool(p, &c->told_without);
	pack_bool(p, &c->told_unknown);
	if (pack_has(p, 2)) {
		pack_bool(p, &c->told_hsave);
		pack_time(p, &c->no_hsave_ns);
	}
	pack_time(p, &c->moved_ns);
	pack_time(p, &c->asked_ns);
	pack_bool(p, &c->frozen);
	pack_bool(p, &c->before.online);
	pack_bool(p, &c->before.snp_en);
	pack_bool(p, &c->before.moot);
	pack_u32(p, &c->tid);
	pack_bytes(p, c->comm, sizeof(c->comm));
	if (pack_has(p, 3)) {
		pack_enum(p, &rmpopt, RMPOPT_READ);
		c->rmpopt.state = rmpopt;
		pack_u64(p, &c->rmpopt.value);
		pack_bool(p, &c->rmpopt.kept);
		pack_u64(p, &c->rmpopt.kept_value);
	}
}

static void pack_totals(struct pack *p, struct window *w)
{
	pack_u32(p, &w->life.windows);
	for (unsigned int i = 0; i < pack_rows(p, SNP_BREACH_COUNT); i++)
		pack_u32(p, &w->tally.breaches[i]);
	pack_u32(p, &w->tally.denied);
	pack_u32(p, &w->tally.audited);
	pack_u64(p, &w->tally.lost);
	pack_bool(p, &w->tally.swept);
}

/*
 * All of struct window but its CPUs, and the event being fed. Whoever changes what is packed raises
 * STATE_LAYOUT (session_state.c), and goes on reading older recordings.
 */
static void pack_window(struct pack *p, struct window *w)
{
	unsigned int firmware = w->firmware.state, ended = w->rmpopt.ended;

	pack_bool(p, &w->kernel.started);
	pack_bool(p, &w->kernel.has_prepare);
	pack_bool(p, &w->kernel.has_enable);
	pack_bool(p, &w->kernel.has_hold);
	pack_bool(p, &w->since.known);
	pack_bool(p, &w->since.same_boot);
	pack_bool(p, &w->since.had_snp_en);
	pack_bool(p, &w->life.renewed);
	pack_bool(p, &w->life.leaving);
	pack_totals(p, w);
	pack_bool(p, &w->life.open);
	pack_bool(p, &w->life.found_open);
	pack_time(p, &w->life.opened_ns);
	pack_time(p, &w->life.changed_ns);
	pack_bool(p, &w->holds.judged);
	pack_bool(p, &w->holds.taken);
	pack_u32(p, &w->holds.gap_up);
	pack_u32(p, &w->holds.gap_down);
	pack_bool(p, &w->life.shutdown_unproven);
	pack_bool(p, &w->life.preparing);
	pack_bool(p, &w->life.bailout);
	pack_bool(p, &w->life.was_open);
	pack_u32(p, &w->life.enabled);
	pack_enum(p, &firmware, FW_INITIALISED);
	w->firmware.state = firmware;
	pack_bool(p, &w->firmware.init_failed);
	pack_bool(p, &w->firmware.init_retry);
	pack_event(p, &w->firmware.retried);
	pack_int(p, &w->holds.by_snp);
	pack_bool(p, &w->holds.assumed);
	pack_bool(p, &w->holds.unknown);
	pack_event(p, &w->holds.last_disable);
	pack_event(p, &w->holds.last_other_enable);
	pack_bool(p, &w->holds.leak_pending);
	pack_time(p, &w->holds.deficit_ns);
	pack_bool(p, &w->holds.deficit_told);
	pack_bool(p, &w->records_lost);
	pack_bool(p, &w->cpus.disbelieved);
	pack_bool(p, &w->cpus.look_again);
	if (pack_has(p, 1)) {
		pack_bool(p, &w->kernel.no_commands);
		pack_bool(p, &w->firmware.told_unknown);
		pack_time(p, &w->tally.unverified_ns);
		pack_bool(p, &w->tally.told_unverified);
	}
	if (pack_has(p, 3)) {
		pack_bool(p, &w->rmpopt.seen);
		pack_time(p, &w->rmpopt.same_ns);
		pack_bool(p, &w->rmpopt.sure);
		pack_bool(p, &w->rmpopt.told);
		pack_enum(p, &ended, RMPOPT_ENDED_LEGACY);
		w->rmpopt.ended = ended;
	}
	/* A retry that never comes is reported by the name of its command. */
	if (w->firmware.init_retry && !snp_command_name(w->firmware.retried.subject))
		p->err = -EBADMSG;
}

void window_save(const struct window *w, struct pack *p)
{
	struct window copy = *w;
	struct cpu cpu;

	pack_window(p, &copy);
	pack_u32(p, &copy.cpus.count);
	for (unsigned int i = 0; i < w->cpus.count; i++) {
		cpu = w->cpus.list[i];
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
	w->cpus.list = calloc(count ? count : CPUS_ROOM, sizeof(*w->cpus.list));
	if (!w->cpus.list)
		return -ENOMEM;
	w->cpus.count = count;
	for (unsigned int i = 0; i < count; i++)
		pack_cpu(p, &w->cpus.list[i]);
	return p->err ? -EBADMSG : 0;
}
