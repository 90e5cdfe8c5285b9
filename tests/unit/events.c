// SPDX-License-Identifier: GPL-2.0-only
#include "events.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- the story ---- */

void story_begin(struct story *s, unsigned int cpus)
{
	memset(s, 0, sizeof(*s));
	s->window = window_new();
	s->now_ns = 10 * SECOND;
	s->start_flags = SNP_F_HAS_PREPARE | SNP_F_HAS_ENABLE | SNP_F_GATE;
	s->cpu_count = cpus;
	cr_assert(s->window);
	for (unsigned int i = 0; i < cpus; i++)
		s->cpus[i] = (struct story_cpu){ .present = true, .online = true };
}

void story_end(struct story *s)
{
	window_free(s->window);
	s->window = NULL;
}

void story_finish(struct story *s)
{
	for (int i = 0; i < SNP_BREACH_COUNT; i++)
		cr_expect_eq(window_totals(s->window).breaches[i], s->breaches[i], "%s",
			     snp_breach_name(i));
	story_end(s);
}

static void note(void *ctx, const struct verdict *v)
{
	struct story *s = ctx;
	bool is_breach = v->kind == VERDICT_BREACH;
	size_t used = strlen(s->told);

	if (is_breach) {
		s->breaches[v->id]++;
		if (v->cpu < STORY_CPUS)
			s->breaches_of[v->cpu]++;
	}
	snprintf(s->told + used, sizeof(s->told) - used,
		 v->cpu == SNP_NO_SUBJECT ? "%s%s" : "%s%s:%u", used ? " " : "",
		 is_breach ? snp_breach_name(v->id) : window_state_name(v->id), v->cpu);
	snprintf(s->text, sizeof(s->text), "%s", v->text);
	s->window_of_last = v->window;
	s->remedy_of_last = v->remedy;
}

struct snp_event story_event(struct story *s, enum snp_event_kind kind)
{
	bool recorded = kind < SNP_EV_START;

	s->now_ns += 1000;
	return (struct snp_event){
		.kind = kind,
		.time_ns = s->now_ns,
		.seq = recorded ? ++s->seq : 0,
		.subject = SNP_NO_SUBJECT,
		.count = SNP_COUNT_UNKNOWN,
		.tgid = recorded ? 4242 : 0,
		.tid = recorded ? 4242 : 0,
		.comm = "modprobe",
	};
}

/* The most CPUs of a story whose state is saved and loaded after each event: it takes its time. */
enum { KEPT_CPUS = 64 };

/* Each story is also one of guards that end after each event, and of others that go on. */
static void be_kept(struct story *s)
{
	static unsigned char bytes[16 << 20];
	struct pack out = { .data = bytes, .size = sizeof(bytes) };
	struct pack in = { .data = bytes, .reading = true };
	struct window *next = window_new();

	window_save(s->window, &out);
	in.size = out.used;
	cr_assert(next && !out.err);
	cr_assert_eq(window_load(next, &in), 0);
	cr_assert_eq(in.used, out.used);
	window_free(s->window);
	s->window = next;
}

int story_feed(struct story *s, const struct snp_event *e)
{
	int err;

	if (s->trace)
		cr_assert_eq(trace_write(s->trace, e), 0);
	err = window_feed(s->window, e, note, s);
	if (s->cpu_count <= KEPT_CPUS)
		be_kept(s);
	return err;
}

void story_tell(struct story *s, const struct snp_event *e)
{
	int err = story_feed(s, e);

	cr_assert_eq(err, 0, "%s: error %d", snp_event_name(e->kind), err);
}

static void tell_kind(struct story *s, enum snp_event_kind kind)
{
	struct snp_event e = story_event(s, kind);

	story_tell(s, &e);
}

void story_tell_cpu(struct story *s, enum snp_event_kind kind, unsigned int cpu)
{
	struct snp_event e = story_event(s, kind);

	e.subject = cpu;
	story_tell(s, &e);
}

void later(struct story *s, __u64 ns)
{
	s->now_ns += ns;
}

/* ---- the user side ---- */

void start_only(struct story *s)
{
	struct snp_event e = story_event(s, SNP_EV_START);

	e.flags = s->start_flags;
	strcpy(e.name, "7.3.0");
	story_tell(s, &e);
}

void start(struct story *s)
{
	start_only(s);
	sweep(s);
}

static void feed_look(struct story *s, enum snp_event_kind kind, unsigned int cpu,
		      const struct story_cpu *c)
{
	struct snp_event e = story_event(s, kind);

	e.subject = cpu;
	e.flags = (c->present ? SNP_F_PRESENT : 0) | (c->online ? SNP_F_ONLINE : 0);
	if (kind == SNP_EV_CPU_STATE && c->no_hsave)
		e.flags |= SNP_F_NO_HSAVE;
	e.result = c->online ? c->err : 0;
	e.value = c->online && !c->err && c->snp_en ? SNP_SYSCFG_SNP_EN : 0;
	story_tell(s, &e);
}

void snapshot(struct story *s)
{
	memcpy(s->snapshot, s->cpus, sizeof(s->snapshot));
}

void tell_snapshot(struct story *s, __u32 flags)
{
	struct snp_event e;

	for (unsigned int i = 0; i < s->cpu_count; i++)
		if (s->snapshot[i].present)
			feed_look(s, SNP_EV_BEFORE_CPU, i, &s->snapshot[i]);
	e = story_event(s, SNP_EV_BEFORE);
	e.flags = flags;
	story_tell(s, &e);
}

void start_since(struct story *s, __u32 flags)
{
	start_only(s);
	tell_snapshot(s, flags);
	sweep(s);
}

void cpu_state(struct story *s, unsigned int cpu)
{
	feed_look(s, SNP_EV_CPU_STATE, cpu, &s->cpus[cpu]);
}

static bool differs(const struct story_cpu *c, struct window_cpu known)
{
	bool readable = c->online && !c->err;

	return c->present != known.present || c->online != known.online ||
	       (c->online && !known.looked) || readable != known.readable ||
	       (readable && known.snp_en != c->snp_en) || c->no_hsave != known.no_hsave;
}

static void rmpopt(struct story *s, unsigned int cpu)
{
	const struct story_cpu *c = &s->cpus[cpu];
	struct window_cpu known = window_cpu(s->window, cpu);
	struct snp_event e = story_event(s, SNP_EV_RMPOPT);

	if (c->rmpopt_err ? known.rmpopt_failed : known.rmpopt_read && known.rmpopt == c->rmpopt)
		return;
	e.subject = cpu;
	e.result = c->rmpopt_err;
	e.value = c->rmpopt_err ? 0 : c->rmpopt;
	story_tell(s, &e);
}

static void feed_truth(struct story *s, bool stable)
{
	struct snp_event e = story_event(s, SNP_EV_TRUTH);

	e.count = s->count;
	e.flags = stable ? SNP_F_STABLE : 0;
	if (!s->swept && s->initialised >= 0)
		e.flags |= SNP_F_FW_KNOWN | (s->initialised ? SNP_F_FW_INIT : 0);
	s->swept |= stable;
	story_tell(s, &e);
}

void truth(struct story *s)
{
	feed_truth(s, true);
}

void sweep(struct story *s)
{
	for (unsigned int i = 0; i < s->cpu_count; i++)
		if (differs(&s->cpus[i], window_cpu(s->window, i)))
			cpu_state(s, i);
	for (unsigned int i = 0; s->has_rmpopt && i < s->cpu_count; i++)
		if (s->cpus[i].online && !s->cpus[i].err)
			rmpopt(s, i);
	truth(s);
}

void unstable_sweep(struct story *s)
{
	feed_truth(s, false);
}

void settle(struct story *s)
{
	later(s, WINDOW_SETTLE_NS + WINDOW_SETTLE_NS / 10);
	sweep(s);
}

void lost(struct story *s, __u64 records)
{
	struct snp_event e = story_event(s, SNP_EV_LOST);

	e.value = records;
	story_tell(s, &e);
}

void end(struct story *s)
{
	sweep(s);
	tell_kind(s, SNP_EV_END);
}

/* ---- the kernel ---- */

void prepare_enter(struct story *s)
{
	tell_kind(s, SNP_EV_PREPARE_ENTER);
}

void snp_enable(struct story *s, unsigned int cpu)
{
	s->cpus[cpu].snp_en = true;
	if (s->start_flags & SNP_F_HAS_ENABLE)
		story_tell_cpu(s, SNP_EV_SNP_ENABLE, cpu);
}

void snp_enable_online(struct story *s)
{
	for (unsigned int i = 0; i < s->cpu_count; i++)
		if (s->cpus[i].online)
			snp_enable(s, i);
}

void prepare_exit(struct story *s, int result)
{
	struct snp_event e = story_event(s, SNP_EV_PREPARE_EXIT);

	e.result = result;
	story_tell(s, &e);
}

void prepare(struct story *s)
{
	prepare_enter(s);
	snp_enable_online(s);
	prepare_exit(s, 0);
}

void prepare_bails_out(struct story *s)
{
	prepare_enter(s);
	prepare_exit(s, 0);
}

static void hotplug(struct story *s, enum snp_event_kind kind, __u32 flags, const char *caller)
{
	struct snp_event e = story_event(s, kind);

	s->count += kind == SNP_EV_HP_DISABLE ? 1 : -1;
	/* The kernel warns and stays at 0. */
	if (s->count < 0)
		s->count = 0;
	e.flags = flags;
	e.count = s->count;
	snprintf(e.name, sizeof(e.name), "%s", caller);
	story_tell(s, &e);
}

void hp_disable(struct story *s, const char *caller)
{
	hotplug(s, SNP_EV_HP_DISABLE, SNP_F_OWNED, caller);
}

void hp_enable(struct story *s, const char *caller)
{
	hotplug(s, SNP_EV_HP_ENABLE, SNP_F_OWNED, caller);
}

void foreign_disable(struct story *s, const char *caller)
{
	hotplug(s, SNP_EV_HP_DISABLE, 0, caller);
}

void foreign_enable(struct story *s, const char *caller)
{
	hotplug(s, SNP_EV_HP_ENABLE, 0, caller);
}

void cpu_up(struct story *s, unsigned int cpu)
{
	story_tell_cpu(s, SNP_EV_CPU_UP_BEGIN, cpu);
	story_tell_cpu(s, SNP_EV_CPU_UP, cpu);
	s->cpus[cpu].present = s->cpus[cpu].online = true;
}

void cpu_down(struct story *s, unsigned int cpu)
{
	story_tell_cpu(s, SNP_EV_CPU_DOWN_BEGIN, cpu);
	story_tell_cpu(s, SNP_EV_CPU_DOWN, cpu);
	s->cpus[cpu].online = false;
}

void x86_shutdown(struct story *s)
{
	tell_kind(s, SNP_EV_X86_SHUTDOWN);
}

void kexec(struct story *s)
{
	tell_kind(s, SNP_EV_KEXEC);
}

/* ---- the firmware ---- */

void command(struct story *s, unsigned int number, __u32 flags, __u32 status)
{
	struct snp_event e = story_event(s, SNP_EV_COMMAND);

	e.subject = number;
	e.flags = flags;
	e.status = status;
	e.result = status ? -EIO : 0;
	e.value = 1500000;
	story_tell(s, &e);
}

void snp_init_fails(struct story *s)
{
	command(s, SNP_CMD_INIT_EX, 0, STATUS_FAILED);
}

void snp_init_needs_a_flush(struct story *s)
{
	command(s, SNP_CMD_INIT_EX, 0, SNP_STATUS_DFFLUSH_REQUIRED);
}

void df_flush(struct story *s, __u32 status)
{
	command(s, SNP_CMD_DF_FLUSH, 0, status);
}

void snp_init(struct story *s)
{
	command(s, SNP_CMD_INIT_EX, 0, 0);
	df_flush(s, 0);
}

void legacy_shutdown(struct story *s)
{
	command(s, SNP_CMD_SHUTDOWN_EX, 0, 0);
	tell_kind(s, SNP_EV_SHUTDOWN_LOCKED);
}

void full_shutdown(struct story *s)
{
	all_snp_en(s, false);
	command(s, SNP_CMD_SHUTDOWN_EX, SNP_SHUTDOWN_X86, 0);
}

/* ---- what a kernel, or a guard, does as a whole ---- */

void all_snp_en(struct story *s, bool set)
{
	for (unsigned int i = 0; i < s->cpu_count; i++)
		s->cpus[i].snp_en = set;
}

void v10_prepare(struct story *s)
{
	prepare_enter(s);
	hp_disable(s, "snp_prepare");
	snp_enable_online(s);
	prepare_exit(s, 0);
}

void v10_full_shutdown(struct story *s)
{
	full_shutdown(s);
	hp_enable(s, "snp_shutdown");
	x86_shutdown(s);
	tell_kind(s, SNP_EV_SHUTDOWN_LOCKED);
}

void initialise_again(struct story *s)
{
	prepare_bails_out(s);
	snp_init(s);
	settle(s);
}

void start_inside(struct story *s, int count, int initialised)
{
	all_snp_en(s, true);
	s->count = count;
	s->initialised = initialised;
	start(s);
}

/* ---- scenes ---- */

void mainline_initialises(struct story *s)
{
	prepare(s);
	snp_init(s);
	cr_settles(s, INITIALISED " no-latch");
}

void mainline_initialised(struct story *s)
{
	start(s);
	mainline_initialises(s);
}

void mainline_init_fails(struct story *s)
{
	start(s);
	prepare(s);
	snp_init_fails(s);
	cr_told(s, "window-open benign-failed-init");
}

void mainline_ends(struct story *s)
{
	full_shutdown(s);
	x86_shutdown(s);
	cr_settles(s, SHUT_DOWN);
}

void v10_initialises(struct story *s)
{
	v10_prepare(s);
	snp_init(s);
	cr_settles(s, INITIALISED);
}

void v10_initialised(struct story *s)
{
	start(s);
	v10_initialises(s);
}

void v10_init_fails(struct story *s)
{
	start(s);
	v10_prepare(s);
	snp_init_fails(s);
	cr_told(s, "window-open benign-failed-init");
}

void v10_ends(struct story *s)
{
	v10_full_shutdown(s);
	cr_settles(s, SHUT_DOWN);
}

void silent_to_the_end(struct story *s)
{
	settle(s);
	end(s);
	cr_told(s, "");
}
