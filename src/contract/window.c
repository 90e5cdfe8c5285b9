// SPDX-License-Identifier: GPL-2.0-only
#include "contract/window.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/cpulist.h"
#include "contract/window_state.h"

/* A CPU that sets its own SNP_EN after it came online (kernels before 7.1) gets this long. */
#define SELF_ENABLE_NS 1000000000ull

/* A transition that was asked for is over by then, or has failed. */
#define ON_ITS_WAY_NS 5000000000ull

struct window *window_new(void)
{
	return calloc(1, sizeof(struct window));
}

void window_free(struct window *w)
{
	if (w)
		free(w->cpus);
	free(w);
}

/* ---- verdicts ---- */

static void emit(struct window *w, enum verdict_kind kind, int id, __u32 cpu, const char *format,
		 va_list args)
{
	struct verdict v = {
		.kind = kind,
		.id = id,
		.window = w->open ? w->totals.windows : 0,
		.cpu = cpu,
		.seq = w->event->seq,
		.time_ns = w->event->time_ns,
	};

	vsnprintf(v.text, sizeof(v.text), format, args);
	w->emit(w->ctx, &v);
}

static void __attribute__((format(printf, 4, 5)))
breach(struct window *w, enum snp_breach id, __u32 cpu, const char *format, ...)
{
	va_list args;

	w->totals.breaches[id]++;
	va_start(args, format);
	emit(w, VERDICT_BREACH, id, cpu, format, args);
	va_end(args);
}

static void __attribute__((format(printf, 3, 4)))
state(struct window *w, enum window_state id, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	emit(w, VERDICT_STATE, id, SNP_NO_SUBJECT, format, args);
	va_end(args);
}

/* ---- CPUs ---- */

static struct cpu *cpu_get(struct window *w, __u32 cpu)
{
	unsigned int count;
	struct cpu *cpus;

	if (cpu < w->cpu_count)
		return &w->cpus[cpu];
	count = cpu < 64 ? 64 : cpu * 2;
	cpus = realloc(w->cpus, count * sizeof(*cpus));
	if (!cpus)
		return NULL;
	memset(cpus + w->cpu_count, 0, (count - w->cpu_count) * sizeof(*cpus));
	w->cpus = cpus;
	w->cpu_count = count;
	return &w->cpus[cpu];
}

/* Writes the CPUs for which match is true; returns how many there are. */
static unsigned int list_cpus(const struct window *w, bool (*match)(const struct cpu *), char *buf,
			      size_t size)
{
	struct cpulist set = { 0 };
	unsigned int n = 0;

	for (unsigned int i = 0; i < w->cpu_count; i++) {
		if (!match(&w->cpus[i]))
			continue;
		n++;
		/* Without memory the list is shorter; the count is right. */
		cpulist_add(&set, i);
	}
	cpulist_format(&set, buf, size);
	cpulist_free(&set);
	return n;
}

static bool is_online(const struct cpu *c)
{
	return c->online;
}

static bool is_online_without(const struct cpu *c)
{
	return c->online && c->en == EN_CLEAR;
}

static bool is_online_with(const struct cpu *c)
{
	return c->online && c->en == EN_SET;
}

static bool is_with(const struct cpu *c)
{
	return c->en == EN_SET;
}

static bool is_online_unknown(const struct cpu *c)
{
	return c->online && c->en == EN_UNKNOWN;
}

static bool is_not_looked_at(const struct cpu *c)
{
	return c->online && !c->readable && !c->told_unknown;
}

static bool is_absent_from_online(const struct cpu *c)
{
	return c->present && !c->online;
}

static bool any_cpu(const struct window *w, bool (*match)(const struct cpu *))
{
	for (unsigned int i = 0; i < w->cpu_count; i++)
		if (match(&w->cpus[i]))
			return true;
	return false;
}

/* "asked for by modprobe[123]", as far as it is known. */
static const char *asked_by(const struct cpu *c, char *buf, size_t size)
{
	if (!c->tid)
		snprintf(buf, size, "who asked for it was not seen");
	else
		snprintf(buf, size, "asked for by %.*s[%u]%s", SNP_COMM_LEN, c->comm, c->tid,
			 c->frozen ? " in suspend or resume" : "");
	return buf;
}

/* ---- the window ---- */

static void open_window(struct window *w, bool inferred, const char *why)
{
	if (w->open)
		return;
	w->open = true;
	w->inferred = inferred;
	w->renewed |= !inferred;
	w->opened_ns = w->changed_ns = w->event->time_ns;
	w->latch_judged = w->disabled = w->outstanding > 0;
	w->gap_up = w->gap_down = 0;
	w->closed_by_firmware = w->leak_pending = w->init_retry = false;
	w->totals.windows++;
	state(w, WINDOW_OPENED, "window %u is open: %s", w->totals.windows, why);
}

static void close_window(struct window *w, const char *why)
{
	if (!w->open)
		return;
	state(w, WINDOW_CLOSED, "window %u is closed: %s", w->totals.windows, why);
	w->open = false;
	w->changed_ns = w->event->time_ns;
	w->init_failed = false;
	w->leak_pending = w->outstanding > 0;
}

static bool settled(const struct window *w)
{
	return w->event->time_ns - w->changed_ns >= WINDOW_SETTLE_NS;
}

static void tell_no_latch(struct window *w)
{
	if (!w->open || w->latch_judged || w->records_lost)
		return;
	w->latch_judged = true;
	breach(w, SNP_BREACH_NO_LATCH, SNP_NO_SUBJECT,
	       "window %u is open and this kernel has not disabled CPU hotplug", w->totals.windows);
}

/* ---- life-cycle events ---- */

static void on_prepare_enter(struct window *w)
{
	w->preparing = true;
	w->was_open = w->open;
	w->enabled = 0;
}

static int on_snp_enable(struct window *w, const struct snp_event *e)
{
	struct cpu *c = cpu_get(w, e->subject);
	char why[64];

	if (!c)
		return -ENOMEM;
	c->en = EN_SET;
	c->online = c->present = c->readable = true;
	w->enabled++;
	snprintf(why, sizeof(why), "SNP_EN was set, first on CPU %u", e->subject);
	open_window(w, false, why);
	return 0;
}

static void judge_bailout(struct window *w)
{
	char cpus[96];
	unsigned int n;

	if (!w->bailout || w->records_lost)
		return;
	n = list_cpus(w, is_online_without, cpus, sizeof(cpus));
	if (!n)
		return;
	w->bailout = false;
	breach(w, SNP_BREACH_UNSAFE_BAILOUT, SNP_NO_SUBJECT,
	       "snp_prepare() bailed out while CPU%s %s lack%s SNP_EN", n == 1 ? "" : "s", cpus,
	       n == 1 ? "s" : "");
}

/* It was set on each online CPU, so it is said; a sweep shows it. */
static void forget_snp_en(struct window *w)
{
	for (unsigned int i = 0; i < w->cpu_count; i++) {
		w->cpus[i].en = EN_UNKNOWN;
		w->cpus[i].readable = false;
	}
}

static void on_prepared(struct window *w, const struct snp_event *e)
{
	char cpus[96];

	w->preparing = false;
	w->changed_ns = e->time_ns;
	if (e->result)
		return;
	/* Without snp_enable() to watch, an open window is what tells a bailout. */
	if (w->has_enable ? !w->enabled : w->was_open) {
		w->bailout = true;
		if (!w->open)
			open_window(w, true, "snp_prepare() found SNP_EN set");
		/* What is known already; the next sweep tells the rest. */
		judge_bailout(w);
		return;
	}
	open_window(w, false, "snp_prepare() succeeded");
	if (!w->has_enable)
		forget_snp_en(w);
	if (any_cpu(w, is_absent_from_online)) {
		unsigned int n = list_cpus(w, is_absent_from_online, cpus, sizeof(cpus));

		breach(w, SNP_BREACH_PARTIAL_PREPARE, SNP_NO_SUBJECT,
		       "snp_prepare() succeeded, called by %.*s[%u], with %u present CPU%s "
		       "offline: "
		       "%s",
		       SNP_COMM_LEN, e->comm, e->tid, n, n == 1 ? "" : "s", cpus);
	}
}

static void end_initialised(struct window *w)
{
	/* A disable that did not come while guests could run does not come any more. */
	if (w->firmware == FW_INITIALISED)
		tell_no_latch(w);
	w->firmware = FW_DOWN;
}

/* The firmware says that it cleared SNP_EN on every core; the next sweep verifies it. */
static void on_full_shutdown(struct window *w)
{
	end_initialised(w);
	w->bailout = false;
	w->renewed = true;
	for (unsigned int i = 0; i < w->cpu_count; i++)
		w->cpus[i].en = EN_CLEAR;
	state(w, WINDOW_FULL_SHUTDOWN, "the firmware ended SNP and cleared SNP_EN on every CPU");
	close_window(w, "full shutdown");
	w->closed_by_firmware = true;
}

static void tell_failed_init(struct window *w, const struct snp_event *e)
{
	if (!w->open)
		return;
	w->init_failed = true;
	breach(w, SNP_BREACH_BENIGN_FAILED_INIT, SNP_NO_SUBJECT,
	       "%s failed: firmware status %#x, driver's result %d, called by %.*s[%u]",
	       snp_command_name(e->subject), e->status, e->result, SNP_COMM_LEN, e->comm, e->tid);
}

static void on_init(struct window *w, const struct snp_event *e, bool ok)
{
	w->changed_ns = e->time_ns;
	if (ok) {
		w->firmware = FW_INIT_DONE;
		w->init_failed = w->init_retry = false;
		return;
	}
	/* Firmware that is up refuses to be initialised again, and stays up. */
	if (w->firmware == FW_INITIALISED || w->firmware == FW_INIT_DONE)
		return;
	if (e->status == SNP_STATUS_DFFLUSH_REQUIRED && !w->init_retry) {
		w->init_retry = true;
		w->retried = *e;
		return;
	}
	w->init_retry = false;
	w->firmware = FW_DOWN;
	tell_failed_init(w, e);
}

static void on_flush(struct window *w, const struct snp_event *e, bool ok)
{
	if (w->firmware != FW_INIT_DONE)
		return;
	w->changed_ns = e->time_ns;
	if (ok) {
		w->firmware = FW_INITIALISED;
		state(w, WINDOW_INITIALISED, "SNP is initialised, by %.*s[%u]", SNP_COMM_LEN,
		      e->comm, e->tid);
		return;
	}
	breach(w, SNP_BREACH_ORPHANED_INIT, SNP_NO_SUBJECT,
	       "SNP_DF_FLUSH failed after SNP_INIT had succeeded: firmware status %#x, driver's "
	       "result %d, called by %.*s[%u]",
	       e->status, e->result, SNP_COMM_LEN, e->comm, e->tid);
}

static void on_command(struct window *w, const struct snp_event *e)
{
	bool ok = !e->result && !e->status;

	switch (e->subject) {
	case SNP_CMD_INIT:
	case SNP_CMD_INIT_EX:
		on_init(w, e, ok);
		break;
	case SNP_CMD_DF_FLUSH:
		on_flush(w, e, ok);
		break;
	case SNP_CMD_SHUTDOWN:
	case SNP_CMD_SHUTDOWN_EX:
		if (!ok)
			break;
		if (e->subject == SNP_CMD_SHUTDOWN_EX && (e->flags & SNP_SHUTDOWN_X86)) {
			on_full_shutdown(w);
			break;
		}
		end_initialised(w);
		state(w, WINDOW_LEGACY_SHUTDOWN,
		      "the firmware ended SNP and left SNP_EN set: the window stays open");
		break;
	}
}

/* ---- the books of the hotplug counter ---- */

static const char *caller_of(const struct snp_event *e)
{
	return e->name[0] ? e->name : "an unknown caller";
}

/* "the last one was by snp_prepare, in modprobe[123]", as far as it was seen. */
static const char *done_by(const struct snp_event *e, const char *what, char *buf, size_t size)
{
	if (!e->kind && !e->seq)
		snprintf(buf, size, "%s was not seen", what);
	else
		snprintf(buf, size, "%s was by %s, in %.*s[%u]", what, caller_of(e), SNP_COMM_LEN,
			 e->comm, e->tid);
	return buf;
}

static void on_owned_disable(struct window *w, const struct snp_event *e)
{
	w->disabler = *e;
	if (w->outstanding > 0)
		breach(w, SNP_BREACH_STACKED_DISABLE, SNP_NO_SUBJECT,
		       "%s disabled CPU hotplug for SNP again, in %.*s[%u]: %d outstanding%s, the "
		       "kernel's count is %d",
		       caller_of(e), SNP_COMM_LEN, e->comm, e->tid, w->outstanding + 1,
		       w->outstanding_inferred ? " (inferred)" : "", e->count);
	w->outstanding++;
	if (w->open && !w->disabled)
		breach(w, SNP_BREACH_LATE_DISABLE, SNP_NO_SUBJECT,
		       "%s disabled CPU hotplug %s%llu ns after SNP_EN was set; in between %u "
		       "CPU%s "
		       "came online, %u went offline",
		       caller_of(e), w->inferred ? "at least " : "",
		       (unsigned long long)(e->time_ns - w->opened_ns), w->gap_up,
		       w->gap_up == 1 ? "" : "s", w->gap_down);
	w->disabled = w->latch_judged = w->open;
}

static void on_owned_enable(struct window *w, const struct snp_event *e)
{
	if (!w->outstanding && w->outstanding_unknown) {
		w->outstanding = 1;
		w->outstanding_inferred = true;
	}
	w->outstanding_unknown = false;
	if (!w->outstanding) {
		breach(w, SNP_BREACH_UNBALANCED_ENABLE, SNP_NO_SUBJECT,
		       "%s enabled CPU hotplug with no disable of SNP's outstanding, in %.*s[%u]; "
		       "the "
		       "kernel's count is %d",
		       caller_of(e), SNP_COMM_LEN, e->comm, e->tid, e->count);
		return;
	}
	w->outstanding--;
	if (w->outstanding)
		return;
	w->outstanding_inferred = false;
	w->leak_pending = false;
	if (!w->open || w->init_failed)
		return;
	breach(w, SNP_BREACH_EARLY_ENABLE, SNP_NO_SUBJECT,
	       "%s undid SNP's disable with SNP_EN set, in %.*s[%u]; the kernel's count is %d",
	       caller_of(e), SNP_COMM_LEN, e->comm, e->tid, e->count);
}

static void on_hotplug(struct window *w, const struct snp_event *e)
{
	w->changed_ns = e->time_ns;
	/* Others' are in the kernel's count, which every sweep compares with these books. */
	if (!(e->flags & SNP_F_OWNED)) {
		if (e->kind == SNP_EV_HP_ENABLE)
			w->stranger = *e;
		return;
	}
	/* After a loss the books don't hold; the next sweep begins them anew. */
	if (w->records_lost)
		return;
	if (e->kind == SNP_EV_HP_DISABLE)
		on_owned_disable(w, e);
	else
		on_owned_enable(w, e);
}

/* ---- CPUs that come and go ---- */

static int on_transition_begin(struct window *w, const struct snp_event *e)
{
	struct cpu *c = cpu_get(w, e->subject);

	if (!c)
		return -ENOMEM;
	c->tid = e->tid;
	c->asked_ns = e->time_ns;
	c->frozen = e->flags & SNP_F_FROZEN;
	memcpy(c->comm, e->comm, sizeof(c->comm));
	return 0;
}

static void tell_onlined(struct window *w, __u32 cpu, const struct cpu *c, const char *how)
{
	char who[64];

	if (w->has_prepare)
		breach(w, SNP_BREACH_CPU_ONLINED, cpu, "CPU %u came online inside window %u%s, %s",
		       cpu, w->totals.windows, how, asked_by(c, who, sizeof(who)));
	else
		breach(w, SNP_BREACH_CPU_ONLINED, cpu,
		       "CPU %u came online inside window %u%s, %s; this kernel sets its SNP_EN, "
		       "but "
		       "the firmware knows only the CPUs that it saw at SNP_INIT",
		       cpu, w->totals.windows, how, asked_by(c, who, sizeof(who)));
}

static void tell_offlined(struct window *w, __u32 cpu, const struct cpu *c, const char *how)
{
	char who[64];

	breach(w, SNP_BREACH_CPU_OFFLINED, cpu, "CPU %u went offline inside window %u%s, %s", cpu,
	       w->totals.windows, how, asked_by(c, who, sizeof(who)));
}

static void moved(struct window *w, struct cpu *c, bool online)
{
	c->online = online;
	if (online)
		c->present = true;
	/* It may come back another than it went; while it is offline, it has what it had. */
	if (online)
		c->en = EN_UNKNOWN;
	c->readable = false;
	c->told_without = c->told_unknown = false;
	c->moved_ns = w->changed_ns = w->event->time_ns;
	c->asked_ns = 0;
	/* What is told now is not told again of the snapshot. */
	c->before_snp_en = false;
	c->before_moot |= w->open;
	if (w->open && !w->disabled) {
		w->gap_up += online;
		w->gap_down += !online;
	}
}

static int on_transition(struct window *w, const struct snp_event *e)
{
	struct cpu *c = cpu_get(w, e->subject);
	bool online = e->kind == SNP_EV_CPU_UP;

	if (!c)
		return -ENOMEM;
	if (w->leaving)
		return 0;
	moved(w, c, online);
	if (w->open && online)
		tell_onlined(w, e->subject, c, "");
	else if (w->open)
		tell_offlined(w, e->subject, c, "");
	c->tid = 0;
	return 0;
}

/* ---- sweeps: what the user side found ---- */

static void tell_online_unseen(struct window *w, __u32 cpu, struct cpu *c, bool online)
{
	c->tid = 0;
	moved(w, c, online);
	/* Among the lost records may be those of a window's end and of the next one's begin. */
	if (!w->open || w->records_lost)
		return;
	if (online)
		tell_onlined(w, cpu, c, ", seen by a sweep and by no hook");
	else
		tell_offlined(w, cpu, c, ", seen by a sweep and by no hook");
}

static void tell_lost_en(struct window *w, __u32 cpu)
{
	breach(w, SNP_BREACH_SNP_EN_LOST, cpu,
	       "SNP_EN of CPU %u went from 1 to 0 without a full shutdown", cpu);
}

static void tell_kept_en(struct window *w, __u32 cpu)
{
	w->closed_by_firmware = true;
	breach(w, SNP_BREACH_SNP_EN_LOST, cpu,
	       "SNP_EN of CPU %u is still set after a full shutdown: the window is not closed",
	       cpu);
}

static bool has_just_moved(const struct cpu *c, const struct snp_event *e)
{
	return c->moved_ns && e->time_ns - c->moved_ns < WINDOW_SETTLE_NS;
}

/* On its way down a CPU loses the msr driver's file some time before it leaves the set. */
static bool is_on_its_way(const struct cpu *c, const struct snp_event *e)
{
	return c->asked_ns && e->time_ns - c->asked_ns < ON_ITS_WAY_NS;
}

static void on_syscfg(struct window *w, const struct snp_event *e, struct cpu *c)
{
	bool set = e->value & SNP_SYSCFG_SNP_EN;

	c->readable = c->online && !e->result;
	if (!c->online)
		return;
	if (e->result) {
		/* A value that can't be read now is not taken from memory. */
		c->en = EN_UNKNOWN;
		if (has_just_moved(c, e) || is_on_its_way(c, e))
			return;
		if (!c->told_unknown)
			breach(w, SNP_BREACH_BLIND, e->subject,
			       "SYSCFG of CPU %u can't be read (%s): its SNP_EN is unknown",
			       e->subject, strerror(-e->result));
		c->told_unknown = true;
		return;
	}
	c->told_unknown = false;
	if (c->en == EN_SET && !set && w->open && !w->records_lost) {
		tell_lost_en(w, e->subject);
		c->before_snp_en = false;
	} else if (c->en == EN_CLEAR && set && w->closed_by_firmware && !w->open && !w->preparing &&
		   !w->records_lost) {
		tell_kept_en(w, e->subject);
	}
	c->en = set ? EN_SET : EN_CLEAR;
	if (set)
		c->told_without = false;
}

static int on_cpu_state(struct window *w, const struct snp_event *e)
{
	struct cpu *c = cpu_get(w, e->subject);
	bool online = e->flags & SNP_F_ONLINE;

	if (!c)
		return -ENOMEM;
	if (w->totals.truth && c->online != online) {
		/* The hook fires just before the set changes: the set may have been read between.
		 */
		if (w->leaving)
			return 0;
		if (has_just_moved(c, e)) {
			w->disbelieved = true;
			return 0;
		}
		tell_online_unseen(w, e->subject, c, online);
	}
	c->present = e->flags & SNP_F_PRESENT;
	c->online = online;
	on_syscfg(w, e, c);
	return 0;
}

/* SNP holds one disable at most in a window; what more there is, is others'. */
static void infer_books(struct window *w, const struct snp_event *e)
{
	w->outstanding = e->count > 0;
	w->outstanding_inferred = w->outstanding;
	w->outstanding_unknown = e->count == SNP_COUNT_UNKNOWN;
	w->deficit_ns = 0;
	w->deficit_told = false;
}

/* The first complete sweep: what was there before the guard. */
static void infer_start(struct window *w, const struct snp_event *e)
{
	char with[96], text[160], count[40] = "is not readable";
	unsigned int n = list_cpus(w, is_online_with, with, sizeof(with));

	if (!n || w->open)
		return;
	infer_books(w, e);
	snprintf(text, sizeof(text), "SNP_EN is set on CPU%s %s as the guard starts",
		 n == 1 ? "" : "s", with);
	open_window(w, true, text);
	/* What was held before the window was seen says nothing of who came first. */
	w->disabled = w->latch_judged = w->outstanding || w->outstanding_unknown;
	if (!w->outstanding_unknown)
		snprintf(count, sizeof(count), "is %d: %s", e->count,
			 w->outstanding ? "one is taken for SNP's" : "SNP holds none");
	state(w, WINDOW_INFERRED,
	      "since when the window is open is not known; the kernel's count of disables %s; SNP "
	      "is "
	      "%s",
	      count,
	      w->firmware == FW_INITIALISED ? "initialised, as the driver says"
	      : w->firmware == FW_DOWN	    ? "not initialised, as the driver says"
					    : "initialised or not: that can't be read");
}

/* ---- what a snapshot tells of the time before ---- */

static int on_before_cpu(struct window *w, const struct snp_event *e)
{
	struct cpu *c = cpu_get(w, e->subject);

	if (!c)
		return -ENOMEM;
	c->before_online = e->flags & SNP_F_ONLINE;
	c->before_snp_en = c->before_online && !e->result && (e->value & SNP_SYSCFG_SNP_EN);
	return 0;
}

static bool had_snp_en(const struct cpu *c)
{
	return c->before_snp_en;
}

static void compare_cpu(struct window *w, __u32 cpu, const struct cpu *c)
{
	if (c->before_snp_en && is_online_without(c))
		breach(w, SNP_BREACH_SNP_EN_LOST, cpu,
		       "CPU %u had SNP_EN at the snapshot and has it no more, while others do",
		       cpu);
	if (w->leaving || c->before_moot)
		return;
	if (!c->before_online && c->online)
		breach(w, SNP_BREACH_CPU_ONLINED, cpu,
		       "CPU %u was offline at the snapshot and is online now, inside the same "
		       "window",
		       cpu);
	if (c->before_online && !c->online)
		breach(w, SNP_BREACH_CPU_OFFLINED, cpu,
		       "CPU %u was online at the snapshot and is offline now, inside the same "
		       "window",
		       cpu);
}

/* SNP_EN was set before the guard came, and no one could have cleared it since. */
static bool is_inherited(const struct window *w)
{
	return w->open && !w->renewed && !w->preparing && !w->records_lost;
}

/* SNP_EN is cleared by a full shutdown or a reset alone: set then and now, it is one window. */
static void compare_with_snapshot(struct window *w)
{
	bool same = w->had_snp_en && is_inherited(w);

	if (!w->compare)
		return;
	state(w, WINDOW_COMPARED, "SNP_EN was %s at the snapshot, in %s boot, and is %s now%s",
	      w->had_snp_en ? "set" : "clear", w->same_boot ? "this" : "another",
	      w->open ? "set" : "clear",
	      !same	     ? ""
	      : w->same_boot ? ": taken to be the same window"
			     : ": the window outlived a kexec");
	if (!same)
		return;
	for (unsigned int i = 0; i < w->cpu_count; i++)
		compare_cpu(w, i, &w->cpus[i]);
}

/* A kernel that has SNP's disable and finds SNP_EN set at its start disables at once. */
static void judge_inherited(struct window *w, const struct snp_event *e)
{
	if (!is_inherited(w) || !w->has_latch || e->count || w->firmware == FW_INITIALISED ||
	    (w->compare && w->same_boot))
		return;
	w->latch_judged = true;
	breach(w, SNP_BREACH_KEXEC_UNLATCHED, SNP_NO_SUBJECT,
	       "SNP_EN was set as this kernel started, which has SNP's hotplug disable, and the "
	       "kernel's count is 0");
}

static void follow_window(struct window *w)
{
	bool set = any_cpu(w, is_with);

	if (set && !w->open && !w->preparing)
		open_window(w, true,
			    w->closed_by_firmware ? "SNP_EN outlived the full shutdown"
						  : "a sweep found SNP_EN set");
	else if (!set && w->open && !w->preparing && any_cpu(w, is_online) &&
		 !any_cpu(w, is_online_unknown))
		close_window(w, "no CPU has SNP_EN");
}

static void judge_cpus(struct window *w, const struct snp_event *e)
{
	for (unsigned int i = 0; i < w->cpu_count; i++) {
		struct cpu *c = &w->cpus[i];

		if (w->firmware != FW_INITIALISED || !is_online_without(c) || c->told_without)
			continue;
		if (!w->has_prepare && c->moved_ns && e->time_ns - c->moved_ns < SELF_ENABLE_NS) {
			w->disbelieved = true;
			continue;
		}
		breach(w, SNP_BREACH_CPU_WITHOUT_SNP_EN, i,
		       "CPU %u is online without SNP_EN while SNP is initialised", i);
		c->told_without = true;
	}
}

static void judge_count(struct window *w, const struct snp_event *e)
{
	char who[96];

	if (e->count == SNP_COUNT_UNKNOWN || e->count >= w->outstanding) {
		w->deficit_ns = 0;
		w->deficit_told = false;
		return;
	}
	/* An enable counts down before its record is written: only what lasts is a deficit. */
	if (!w->deficit_ns)
		w->deficit_ns = e->time_ns;
	if (w->deficit_told || e->time_ns - w->deficit_ns < WINDOW_SETTLE_NS)
		return;
	w->deficit_told = true;
	breach(w, SNP_BREACH_FOREIGN_ENABLE, SNP_NO_SUBJECT,
	       "the kernel's count is %d, below the %d%s that SNP holds; %s", e->count,
	       w->outstanding, w->outstanding_inferred ? " (inferred)" : "",
	       done_by(&w->stranger, "another's last enable", who, sizeof(who)));
}

/* What is only certain once nothing more has followed for a while. */
static void judge_settled(struct window *w)
{
	bool guests_possible = w->firmware == FW_INITIALISED || !w->has_prepare;
	char who[96];

	if (!settled(w) || w->records_lost)
		return;
	if (guests_possible)
		tell_no_latch(w);
	if (w->init_retry) {
		w->init_retry = false;
		tell_failed_init(w, &w->retried);
	}
	if (!w->open && w->leak_pending) {
		w->leak_pending = false;
		breach(w, SNP_BREACH_LEAKED_DISABLE, SNP_NO_SUBJECT,
		       "window %u is closed with %d disable%s of SNP's outstanding%s; %s",
		       w->totals.windows, w->outstanding, w->outstanding == 1 ? "" : "s",
		       w->outstanding_inferred ? " (inferred)" : "",
		       done_by(&w->disabler, "the last one", who, sizeof(who)));
	}
}

/* After a loss the books hold no longer; the sweep says what there is now. */
static void take_up_again(struct window *w, const struct snp_event *e)
{
	if (!w->records_lost)
		return;
	w->records_lost = w->bailout = w->init_retry = w->leak_pending = false;
	w->init_failed = false;
	infer_books(w, e);
	if (!w->open)
		w->outstanding = 0;
	w->disabled = w->latch_judged = true;
}

static void on_truth(struct window *w, const struct snp_event *e)
{
	bool first = !w->totals.truth;

	if (!(e->flags & SNP_F_STABLE))
		return;
	if (w->records_lost)
		w->firmware = FW_UNKNOWN;
	if (e->flags & SNP_F_FW_INIT) {
		w->firmware = FW_INITIALISED;
		w->init_retry = false;
	}
	if ((e->flags & (SNP_F_FW_KNOWN | SNP_F_FW_INIT)) == SNP_F_FW_KNOWN &&
	    w->firmware != FW_INIT_DONE)
		w->firmware = FW_DOWN; /* the driver's flag comes after SNP_DF_FLUSH */
	if (first) {
		w->totals.truth = true;
		infer_start(w, e);
		/* Where SNP_EN is set at boot, a disable would have been made at boot too. */
		w->changed_ns = e->time_ns - (w->has_prepare ? 0 : WINDOW_SETTLE_NS);
	}
	follow_window(w);
	if (first) {
		compare_with_snapshot(w);
		judge_inherited(w, e);
	}
	take_up_again(w, e);
	judge_cpus(w, e);
	judge_bailout(w);
	w->bailout = false;
	judge_count(w, e);
	judge_settled(w);
	w->closed_by_firmware = false;
	w->look_again = w->disbelieved;
	w->disbelieved = false;
}

/* ---- what is not known ---- */

static void on_uncovered(struct window *w, const struct snp_event *e)
{
	breach(w, SNP_BREACH_BLIND, SNP_NO_SUBJECT, "not covered on this kernel: %.*s",
	       SNP_NAME_LEN, e->name);
}

static void on_lost(struct window *w, const struct snp_event *e)
{
	w->totals.lost += e->value;
	w->records_lost = true;
	w->preparing = false; /* its exit may be among them */
	breach(w, SNP_BREACH_BLIND, SNP_NO_SUBJECT,
	       "%llu record%s lost: what happened in between is known only as far as sweeps show "
	       "it",
	       (unsigned long long)e->value, e->value == 1 ? " was" : "s were");
}

static void on_end(struct window *w)
{
	if (!w->totals.truth)
		breach(w, SNP_BREACH_BLIND, SNP_NO_SUBJECT,
		       "no sweep over the CPUs was complete: nothing is known of their SNP_EN");
	judge_settled(w);
}

static void on_start(struct window *w, const struct snp_event *e)
{
	w->started = true;
	w->has_prepare = e->flags & SNP_F_HAS_PREPARE;
	w->has_enable = e->flags & SNP_F_HAS_ENABLE;
	w->has_latch = e->flags & SNP_F_HAS_LATCH;
}

static void on_denied(struct window *w, const struct snp_event *e)
{
	w->totals.denied++;
	if (e->flags & SNP_F_AUDIT)
		w->totals.audited++;
}

/* What was not as the guard left it is said; a breach it is if something may have passed. */
static void on_gate(struct window *w, const struct snp_event *e)
{
	const char *end = e->flags & SNP_F_RESTORED ? "put right" : "not put right";

	if (!(e->flags & SNP_F_DEGRADED))
		return;
	state(w, WINDOW_DEGRADED, "%.*s: %s", SNP_NAME_LEN, e->name, end);
	if (e->flags & SNP_F_MISSED)
		breach(w, SNP_BREACH_BLIND, SNP_NO_SUBJECT,
		       "%.*s (%s): events and writes may have passed unseen since the last look",
		       SNP_NAME_LEN, e->name, end);
}

bool window_accepts(const struct window *w, const struct snp_event *e)
{
	if (e->kind >= SNP_EV_KINDS || w->started == (e->kind == SNP_EV_START))
		return false;
	if (e->comm[SNP_COMM_LEN - 1] || e->name[SNP_NAME_LEN - 1])
		return false;
	/* -4095: MAX_ERRNO of the kernel */
	if (e->time_ns > (__u64)SNP_TIME_MAX || e->result < -4095 || e->count < SNP_COUNT_UNKNOWN ||
	    e->count > SNP_COUNT_MAX)
		return false;
	switch (e->kind) {
	case SNP_EV_SNP_ENABLE:
	case SNP_EV_CPU_UP_BEGIN:
	case SNP_EV_CPU_DOWN_BEGIN:
	case SNP_EV_CPU_UP:
	case SNP_EV_CPU_DOWN:
	case SNP_EV_BEFORE_CPU:
	case SNP_EV_CPU_STATE:
		return e->subject < CPULIST_MAX;
	default:
		return true;
	}
}

int window_feed(struct window *w, const struct snp_event *e, window_emit_fn emit_fn, void *ctx)
{
	if (!window_accepts(w, e))
		return -EINVAL;
	w->event = e;
	w->emit = emit_fn;
	w->ctx = ctx;
	switch ((enum snp_event_kind)e->kind) {
	case SNP_EV_PREPARE_ENTER:
		on_prepare_enter(w);
		break;
	case SNP_EV_PREPARE_EXIT:
		on_prepared(w, e);
		break;
	case SNP_EV_SNP_ENABLE:
		return on_snp_enable(w, e);
	case SNP_EV_COMMAND:
		on_command(w, e);
		break;
	case SNP_EV_HP_DISABLE:
	case SNP_EV_HP_ENABLE:
		on_hotplug(w, e);
		break;
	case SNP_EV_CPU_UP_BEGIN:
	case SNP_EV_CPU_DOWN_BEGIN:
		return on_transition_begin(w, e);
	case SNP_EV_CPU_UP:
	case SNP_EV_CPU_DOWN:
		return on_transition(w, e);
	case SNP_EV_KEXEC:
		w->leaving = true;
		break;
	case SNP_EV_DENIED:
		on_denied(w, e);
		break;
	case SNP_EV_GATE:
		on_gate(w, e);
		break;
	case SNP_EV_START:
		on_start(w, e);
		break;
	case SNP_EV_UNCOVERED:
		on_uncovered(w, e);
		break;
	case SNP_EV_BEFORE_CPU:
		return on_before_cpu(w, e);
	case SNP_EV_BEFORE:
		w->compare = true;
		w->had_snp_en = any_cpu(w, had_snp_en);
		w->same_boot = e->flags & SNP_F_SAME_BOOT;
		break;
	case SNP_EV_CPU_STATE:
		return on_cpu_state(w, e);
	case SNP_EV_TRUTH:
		on_truth(w, e);
		break;
	case SNP_EV_LOST:
		on_lost(w, e);
		break;
	case SNP_EV_END:
		on_end(w);
		break;
	case SNP_EV_X86_SHUTDOWN:
		/* The driver calls it after a full shutdown alone; the command came first if it was
		 * seen. */
		if (w->open)
			on_full_shutdown(w);
		w->changed_ns = e->time_ns;
		break;
	case SNP_EV_SHUTDOWN_LOCKED:
	case SNP_EV_CPUHP_FAIL:
	case SNP_EV_MODULE_LOAD:
	case SNP_EV_MODULE_FREE:
	case SNP_EV_KINDS:
	case SNP_EV_ADOPT:
		/* Shown, and a reason to sweep; nothing follows from them alone. */
		w->changed_ns = e->time_ns;
		break;
	}
	return 0;
}

/* ---- what others may know ---- */

const char *window_state_name(enum window_state state)
{
	static const char *const names[] = {
#define X(sym, name) name,
		WINDOW_STATES(X)
#undef X
	};

	return names[state];
}

bool window_has_started(const struct window *w)
{
	return w->started;
}

bool window_is_open(const struct window *w)
{
	return w->open;
}

bool window_is_unsettled(const struct window *w)
{
	return (w->deficit_ns && !w->deficit_told) || w->bailout || w->init_retry ||
	       (!w->open && w->leak_pending) || any_cpu(w, is_not_looked_at) || w->look_again ||
	       (w->open && !w->latch_judged && (w->firmware == FW_INITIALISED || !w->has_prepare));
}

struct window_cpu window_cpu(const struct window *w, unsigned int cpu)
{
	const struct cpu *c;

	if (cpu >= w->cpu_count)
		return (struct window_cpu){ 0 };
	c = &w->cpus[cpu];
	return (struct window_cpu){
		.present = c->present,
		.online = c->online,
		.looked = c->readable || c->told_unknown,
		.readable = c->readable,
		.snp_en = c->en == EN_SET,
	};
}

struct window_now window_now(const struct window *w)
{
	return (struct window_now){
		.open = w->open,
		.initialised = w->firmware == FW_INITIALISED,
		.outstanding = w->outstanding,
	};
}

struct window_totals window_totals(const struct window *w)
{
	return w->totals;
}
