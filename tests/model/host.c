// SPDX-License-Identifier: GPL-2.0-only
#include "host.h"

#include <errno.h>
#include <string.h>

#define STATUS_FAILED 0x03

const char *host_action_name(enum host_action action)
{
	static const char *const names[] = {
#define X(sym, name) name,
		HOST_ACTIONS(X)
#undef X
	};

	return names[action];
}

/* A snapshot is told at once and whole, right after START, or not at all. */
static bool is_in_order(const struct host *host, enum host_action action)
{
	if (action < HOST_SNAPSHOT)
		return host->begun || !host->before;
	return !host->begun && (action < HOST_SNAPSHOT_DONE) == (host->before < MODEL_CPUS);
}

bool host_can(const struct host *host, enum host_action action)
{
	const struct host_cpu *c = host->cpus;

	if (host->ended || !is_in_order(host, action))
		return false;
	switch (action) {
	case HOST_ENABLE_0:
		return c[0].online;
	case HOST_ENABLE_1:
		return c[1].online;
	case HOST_UP_0:
		return !c[0].online;
	case HOST_UP_1:
	case HOST_UNSEEN_UP_1:
		return !c[1].online;
	/* One CPU stays. */
	case HOST_DOWN_0:
	case HOST_DOWN_1:
	case HOST_UNSEEN_DOWN_1:
		return c[0].online && c[1].online;
	case HOST_SET_0:
		return !c[0].snp_en;
	case HOST_SET_1:
		return !c[1].snp_en;
	case HOST_CLEAR_0:
		return c[0].snp_en;
	case HOST_CLEAR_1:
		return c[1].snp_en;
	case HOST_HSAVE_CLEARED_0:
		return !c[0].no_hsave;
	case HOST_HSAVE_CLEARED_1:
		return !c[1].no_hsave;
	case HOST_HSAVE_SET_0:
		return c[0].no_hsave;
	case HOST_HSAVE_SET_1:
		return c[1].no_hsave;
	case HOST_RMPOPT_ON_0:
		return !c[0].rmpopt || c[0].rmpopt_fails;
	case HOST_RMPOPT_ON_1:
		return !c[1].rmpopt;
	case HOST_RMPOPT_OFF_0:
		return c[0].rmpopt;
	case HOST_RMPOPT_OFF_1:
		return c[1].rmpopt;
	case HOST_RMPOPT_FAILS_0:
		return host->has_rmpopt && !c[0].rmpopt_fails;
	case HOST_UNREADABLE_1:
		return !c[1].unreadable;
	case HOST_READABLE_1:
		return c[1].unreadable;
	case HOST_COUNT_HIDDEN:
		return !host->count_hidden;
	default:
		return true;
	}
}

static bool tells_rmpopt(const struct host *host, const struct host_cpu *c, struct window_cpu known)
{
	if (!host->has_rmpopt || !c->online || c->unreadable)
		return false;
	if (!known.online)
		return true;
	return c->rmpopt_fails ? !known.rmpopt_failed
			       : !known.rmpopt_read || known.rmpopt != c->rmpopt;
}

unsigned int host_tells(const struct host *host, enum host_action action, const struct window *w)
{
	unsigned int tells = 0;

	if (action == HOST_SWEEP_OF_ALL)
		return (1u << MODEL_CPUS) - 1;
	if (action != HOST_SWEEP)
		return 0;
	/* As src/run/sweep.c does it. */
	for (__u32 i = 0; i < MODEL_CPUS; i++) {
		const struct host_cpu *c = &host->cpus[i];
		struct window_cpu known = window_cpu(w, i);
		bool readable = c->online && !c->unreadable;

		if ((readable && c->no_hsave) != known.no_hsave || !known.present ||
		    c->online != known.online || (c->online && !known.looked) ||
		    readable != known.readable || (readable && known.snp_en != c->snp_en))
			tells |= 1u << i;
		if (tells_rmpopt(host, c, known))
			tells |= 1u << (MODEL_CPUS + i);
	}
	return tells;
}

static struct snp_event record(const struct host *host, enum snp_event_kind kind)
{
	return (struct snp_event){
		.kind = kind,
		.time_ns = host->now_ns,
		.seq = kind < SNP_EV_START,
		.subject = SNP_NO_SUBJECT,
		.count = SNP_COUNT_UNKNOWN,
	};
}

static struct snp_event record_of(const struct host *host, enum snp_event_kind kind, __u32 subject)
{
	struct snp_event e = record(host, kind);

	e.subject = subject;
	return e;
}

static struct snp_event command(const struct host *host, __u32 number, __u32 flags, __u32 status)
{
	struct snp_event e = record_of(host, SNP_EV_COMMAND, number);

	e.flags = flags;
	e.status = status;
	e.result = status ? -EIO : 0;
	return e;
}

static struct snp_event hotplug(struct host *host, enum snp_event_kind kind, __u32 flags)
{
	struct snp_event e;

	host->count += kind == SNP_EV_HP_DISABLE ? 1 : host->count ? -1 : 0;
	e = record(host, kind);
	e.flags = flags;
	e.count = host->count;
	return e;
}

static struct snp_event transition(struct host *host, enum snp_event_kind kind, __u32 cpu)
{
	host->cpus[cpu].online = kind == SNP_EV_CPU_UP;
	return record_of(host, kind, cpu);
}

static unsigned int sweep(struct host *host, unsigned int tells, bool stable,
			  struct snp_event *records)
{
	unsigned int n = 0;

	for (__u32 i = 0; i < MODEL_CPUS; i++) {
		const struct host_cpu *c = &host->cpus[i];
		struct snp_event *e = &records[n];

		if (!(tells & 1u << i))
			continue;
		*e = record_of(host, SNP_EV_CPU_STATE, i);
		e->flags = SNP_F_PRESENT | (c->online ? SNP_F_ONLINE : 0) |
			   (c->online && !c->unreadable && c->no_hsave ? SNP_F_NO_HSAVE : 0);
		e->result = c->online && c->unreadable ? -EIO : 0;
		e->value = c->online && !c->unreadable && c->snp_en ? SNP_SYSCFG_SNP_EN : 0;
		n++;
	}
	for (__u32 i = 0; i < MODEL_CPUS; i++) {
		const struct host_cpu *c = &host->cpus[i];
		struct snp_event *e = &records[n];

		if (!(tells & 1u << (MODEL_CPUS + i)))
			continue;
		*e = record_of(host, SNP_EV_RMPOPT, i);
		e->result = c->rmpopt_fails ? -EIO : 0;
		e->value = !c->rmpopt_fails && c->rmpopt;
		n++;
	}
	records[n] = record(host, SNP_EV_TRUTH);
	records[n].count = host->count_hidden ? SNP_COUNT_UNKNOWN : host->count;
	records[n].flags = stable ? SNP_F_STABLE : 0;
	/* As src/run/look.c asks: at first, after a loss, and always if it sees no command. */
	if ((!host->asked || host->hides_commands) && host->says_firmware)
		records[n].flags |= SNP_F_FW_KNOWN | (host->firmware ? SNP_F_FW_INIT : 0);
	host->asked |= stable;
	return n + 1;
}

/* A value that was not read means nothing, whatever it is. */
static unsigned int snapshot_cpu(struct host *host, enum host_action action,
				 struct snp_event *records)
{
	struct snp_event *e = &records[0];

	*e = record_of(host, SNP_EV_BEFORE_CPU, host->before++);
	e->flags = SNP_F_PRESENT | (action == HOST_BEFORE_OFFLINE ? 0 : SNP_F_ONLINE);
	e->result = action == HOST_BEFORE_UNREADABLE ? -EIO : 0;
	e->value = action == HOST_BEFORE_CLEAR ? 0 : SNP_SYSCFG_SNP_EN;
	return action != HOST_BEFORE_ABSENT;
}

static void clear_snp_en(struct host *host)
{
	for (__u32 i = 0; i < MODEL_CPUS; i++)
		host->cpus[i].snp_en = false;
}

/* Sets SNP_EN, and tells of it where the kernel has a function that can be watched. */
static unsigned int snp_enable(struct host *host, __u32 cpu, struct snp_event *records)
{
	host->cpus[cpu].snp_en = true;
	records[0] = record_of(host, SNP_EV_SNP_ENABLE, cpu);
	return host->watches_enable;
}

static void quietly(struct host *host, enum host_action action)
{
	switch (action) {
	case HOST_UNSEEN_UP_1:
	case HOST_UNSEEN_DOWN_1:
		host->cpus[1].online = action == HOST_UNSEEN_UP_1;
		break;
	case HOST_SET_0:
	case HOST_CLEAR_0:
		host->cpus[0].snp_en = action == HOST_SET_0;
		break;
	case HOST_SET_1:
	case HOST_CLEAR_1:
		host->cpus[1].snp_en = action == HOST_SET_1;
		break;
	case HOST_HSAVE_CLEARED_0:
	case HOST_HSAVE_SET_0:
		host->cpus[0].no_hsave = action == HOST_HSAVE_CLEARED_0;
		break;
	case HOST_HSAVE_CLEARED_1:
	case HOST_HSAVE_SET_1:
		host->cpus[1].no_hsave = action == HOST_HSAVE_CLEARED_1;
		break;
	case HOST_RMPOPT_ON_0:
	case HOST_RMPOPT_OFF_0:
		host->cpus[0].rmpopt = action == HOST_RMPOPT_ON_0;
		host->cpus[0].rmpopt_fails = false;
		host->has_rmpopt = true;
		break;
	case HOST_RMPOPT_ON_1:
	case HOST_RMPOPT_OFF_1:
		host->cpus[1].rmpopt = action == HOST_RMPOPT_ON_1;
		host->has_rmpopt = true;
		break;
	case HOST_RMPOPT_FAILS_0:
		host->cpus[0].rmpopt_fails = true;
		break;
	case HOST_UNREADABLE_1:
	case HOST_READABLE_1:
		host->cpus[1].unreadable = action == HOST_UNREADABLE_1;
		break;
	case HOST_COUNT_HIDDEN:
		host->count_hidden = true;
		break;
	case HOST_WAIT:
		host->now_ns += WINDOW_SETTLE_NS;
		break;
	case HOST_WAIT_LONG:
		host->now_ns += WINDOW_UNVERIFIED_NS / 2;
		break;
	case HOST_WAIT_HALF:
		host->now_ns += WINDOW_SETTLE_NS / 2;
		break;
	default:
		break;
	}
}

static unsigned int act(struct host *host, enum host_action action, unsigned int tells,
			struct snp_event records[HOST_RECORDS])
{
	struct snp_event *e = &records[0];

	host->begun |= action < HOST_SNAPSHOT;
	switch (action) {
	case HOST_PREPARE_ENTER:
		*e = record(host, SNP_EV_PREPARE_ENTER);
		return 1;
	case HOST_PREPARE_OK:
	case HOST_PREPARE_FAIL:
		*e = record(host, SNP_EV_PREPARE_EXIT);
		e->result = action == HOST_PREPARE_FAIL ? -EOPNOTSUPP : 0;
		return 1;
	case HOST_ENABLE_0:
		return snp_enable(host, 0, records);
	case HOST_ENABLE_1:
		return snp_enable(host, 1, records);
	case HOST_INIT_OK:
		host->init_done = true;
		host->firmware = false;
		*e = command(host, SNP_CMD_INIT_EX, 0, 0);
		return 1;
	case HOST_INIT_FAIL:
		*e = command(host, SNP_CMD_INIT, 0, STATUS_FAILED);
		return 1;
	case HOST_INIT_RETRY:
		*e = command(host, SNP_CMD_INIT_EX, 0, SNP_STATUS_DFFLUSH_REQUIRED);
		return 1;
	case HOST_FLUSH_OK:
		host->firmware |= host->init_done;
		*e = command(host, SNP_CMD_DF_FLUSH, 0, 0);
		return 1;
	case HOST_FLUSH_FAIL:
		*e = command(host, SNP_CMD_DF_FLUSH, 0, STATUS_FAILED);
		return 1;
	case HOST_LEGACY_OK:
		host->init_done = host->firmware = false;
		*e = command(host, SNP_CMD_SHUTDOWN_EX, 0, 0);
		return 1;
	case HOST_OLD_OK:
		host->init_done = host->firmware = false;
		/* The old command has no flags; what stands where they would be means nothing. */
		*e = command(host, SNP_CMD_SHUTDOWN, SNP_SHUTDOWN_X86, 0);
		return 1;
	case HOST_FULL_OK:
	case HOST_FULL_KEEPS:
		host->init_done = host->firmware = false;
		clear_snp_en(host);
		host->cpus[1].snp_en = action == HOST_FULL_KEEPS;
		*e = command(host, SNP_CMD_SHUTDOWN_EX, SNP_SHUTDOWN_X86, 0);
		return 1;
	case HOST_FULL_FAIL:
		*e = command(host, SNP_CMD_SHUTDOWN_EX, SNP_SHUTDOWN_X86, STATUS_FAILED);
		return 1;
	case HOST_X86_SHUTDOWN:
		host->init_done = host->firmware = false;
		clear_snp_en(host);
		*e = record(host, SNP_EV_X86_SHUTDOWN);
		return 1;
	case HOST_OWNED_DISABLE:
		*e = hotplug(host, SNP_EV_HP_DISABLE, SNP_F_OWNED);
		return 1;
	case HOST_OWNED_ENABLE:
		*e = hotplug(host, SNP_EV_HP_ENABLE, SNP_F_OWNED);
		return 1;
	case HOST_FOREIGN_DISABLE:
		*e = hotplug(host, SNP_EV_HP_DISABLE, 0);
		return 1;
	case HOST_FOREIGN_ENABLE:
		*e = hotplug(host, SNP_EV_HP_ENABLE, 0);
		return 1;
	case HOST_UP_0:
		*e = transition(host, SNP_EV_CPU_UP, 0);
		return 1;
	case HOST_UP_1:
		*e = transition(host, SNP_EV_CPU_UP, 1);
		return 1;
	case HOST_DOWN_0:
		*e = transition(host, SNP_EV_CPU_DOWN, 0);
		return 1;
	case HOST_DOWN_1:
		*e = transition(host, SNP_EV_CPU_DOWN, 1);
		return 1;
	case HOST_SWEEP:
	case HOST_SWEEP_OF_ALL:
	case HOST_SWEEP_UNSTABLE:
		return sweep(host, tells, action != HOST_SWEEP_UNSTABLE, records);
	case HOST_OTHER:
		*e = record(host, SNP_EV_MODULE_LOAD);
		return 1;
	case HOST_LOST:
		host->asked = false;
		*e = record(host, SNP_EV_LOST);
		e->value = 1;
		return 1;
	case HOST_UNCOVERED:
		*e = record(host, SNP_EV_UNCOVERED);
		strcpy(e->name, "owner");
		return 1;
	case HOST_DENIED:
		*e = record(host, SNP_EV_DENIED);
		return 1;
	case HOST_KEXEC:
		*e = record(host, SNP_EV_KEXEC);
		return 1;
	case HOST_END:
		host->ended = true;
		*e = record(host, SNP_EV_END);
		return 1;
	case HOST_BEFORE_ABSENT:
	case HOST_BEFORE_OFFLINE:
	case HOST_BEFORE_UNREADABLE:
	case HOST_BEFORE_CLEAR:
	case HOST_BEFORE_SET:
		return snapshot_cpu(host, action, records);
	case HOST_BEFORE_SAME_BOOT:
	case HOST_BEFORE_OTHER_BOOT:
		host->begun = true;
		*e = record(host, SNP_EV_BEFORE);
		e->flags = action == HOST_BEFORE_SAME_BOOT ? SNP_F_SAME_BOOT : 0;
		return 1;
	default:
		quietly(host, action);
		return 0;
	}
}

unsigned int host_act(struct host *host, enum host_action action, unsigned int tells,
		      struct snp_event records[HOST_RECORDS])
{
	unsigned int n = act(host, action, tells, records);

	return n && host->hides_commands && records[0].kind == SNP_EV_COMMAND ? 0 : n;
}
