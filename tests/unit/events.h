/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests tell their stories with: a host of their own making, whose kernel, firmware and
 * sweeps speak in events, and whose automaton's verdicts are noted down.
 */
#ifndef TESTS_EVENTS_H
#define TESTS_EVENTS_H

#include <criterion/criterion.h>
#include <stdbool.h>
#include <stddef.h>

#include "util/pack.h"
#include "session/trace.h"
#include "contract/window.h"
#include "fixture.h"

#define SECOND 1000000000ull

enum { STORY_CPUS = 8192 }; /* NR_CPUS of an x86 kernel at the most */

struct story_cpu {
	bool present, online, snp_en;
	bool no_hsave; /* KVM lacks a host save area */
	int err;       /* why its SYSCFG can't be read; 0: it can */
	__u64 rmpopt;  /* RMPOPT_BASE, if the host has it */
	int rmpopt_err;
};

struct story {
	struct window *window;
	struct trace *trace; /* NULL, or where all events are recorded too */
	__u64 now_ns, seq;
	__u32 start_flags;
	bool has_rmpopt;
	struct story_cpu cpus[STORY_CPUS], snapshot[STORY_CPUS];
	unsigned int cpu_count;
	int count;	 /* the kernel's cpu_hotplug_disabled */
	int initialised; /* what the driver's own flag says to the first sweep; -1: not readable */
	bool swept;
	unsigned int breaches[SNP_BREACH_COUNT]; /* as they were emitted */
	unsigned int breaches_of[STORY_CPUS];	 /* ... about each CPU */
	char told[4096];			 /* names, "name:CPU" where a CPU is named; cut */
	char text[240];				 /* of the last verdict */
	__u64 window_of_last;
	const char *remedy_of_last;
};

/* A host with so many CPUs online, SNP_EN clear, on a kernel with snp_prepare(). */
void story_begin(struct story *s, unsigned int cpus);
void story_end(struct story *s);
/* Also asserts that the automaton counted the breaches that it emitted. */
void story_finish(struct story *s);

/* An event of now, a moment after the last: numbered if it is one that BPF programs record. */
struct snp_event story_event(struct story *s, enum snp_event_kind kind);
/* Feeds it; returns what window_feed() returns. */
int story_feed(struct story *s, const struct snp_event *e);
/* Feeds it, and asserts that the automaton takes it. */
void story_tell(struct story *s, const struct snp_event *e);
/* The same, of a new event about one CPU. */
void story_tell_cpu(struct story *s, enum snp_event_kind kind, unsigned int cpu);

/* A suite whose tests tell one story each: of s, a host with four CPUs. */
#define STORY_SUITE(suite)                                                                         \
	static struct story s;                                                                     \
	static void begin(void)                                                                    \
	{                                                                                          \
		story_begin(&s, 4);                                                                \
	}                                                                                          \
	static void finish(void)                                                                   \
	{                                                                                          \
		story_finish(&s);                                                                  \
	}                                                                                          \
	TestSuite(suite, .init = begin, .fini = finish)

/* Asserts that these verdicts and no others came since the last time, in this order. */
#define cr_told(s, expected)                                                                       \
	do {                                                                                       \
		cr_assert(!strcmp((s)->told, expected), "told `%s`, expected `%s`; last: %s",      \
			  (s)->told, expected, (s)->text);                                         \
		(s)->told[0] = 0;                                                                  \
	} while (0)
/* Settles, and asserts the same. */
#define cr_settles(s, expected)                                                                    \
	do {                                                                                       \
		settle(s);                                                                         \
		cr_told(s, expected);                                                              \
	} while (0)
/* Asserts that this verdict is not among them. */
#define cr_not_told(s, name)                                                                       \
	cr_assert(!strstr((s)->told, name), "told `%s`, should not name %s; last: %s", (s)->told,  \
		  name, (s)->text)
/* Asserts that the last verdict's text says so. */
#define cr_says(s, what)                                                                           \
	cr_assert(strstr((s)->text, what), "the text is `%s`, should say `%s`", (s)->text, what)

/* ---- the clock ---- */

void later(struct story *s, __u64 ns);

/* ---- the user side ---- */

void start(struct story *s); /* START and the first sweep */
void start_only(struct story *s);
void snapshot(struct story *s);			  /* keeps what the CPUs are now, tells nothing */
void tell_snapshot(struct story *s, __u32 flags); /* BEFORE_CPU of each, and BEFORE */
/* START, the snapshot and the first sweep: SNP_F_SAME_BOOT, or 0 after a kexec or reset. */
void start_since(struct story *s, __u32 flags);
void sweep(struct story *s); /* tells of CPUs what differs, as src/run/sweep.c does, then TRUTH */
void unstable_sweep(struct story *s);
void cpu_state(struct story *s, unsigned int cpu); /* differs or not */
void truth(struct story *s);
void settle(struct story *s); /* a sweep after WINDOW_SETTLE_NS */
void lost(struct story *s, __u64 records);
void end(struct story *s); /* a last sweep and END */

/* ---- the kernel ---- */

void prepare_enter(struct story *s);
void snp_enable(struct story *s, unsigned int cpu);
void snp_enable_online(struct story *s);
void prepare_exit(struct story *s, int result);
void prepare(struct story *s); /* all of it, on every online CPU */
void prepare_bails_out(struct story *s);
void hp_disable(struct story *s, const char *caller); /* by SNP */
void hp_enable(struct story *s, const char *caller);
void foreign_disable(struct story *s, const char *caller);
void foreign_enable(struct story *s, const char *caller);
void cpu_up(struct story *s, unsigned int cpu); /* asked for by a task, and done */
void cpu_down(struct story *s, unsigned int cpu);
void x86_shutdown(struct story *s); /* snp_shutdown() returned */
void kexec(struct story *s);

/* ---- the firmware ---- */

#define STATUS_FAILED 0x03 /* INVALID_CONFIG */

void command(struct story *s, unsigned int number, __u32 flags, __u32 status);
void snp_init_fails(struct story *s);
void snp_init_needs_a_flush(struct story *s);
void df_flush(struct story *s, __u32 status);
void snp_init(struct story *s); /* SNP_INIT_EX and SNP_DF_FLUSH succeed */
void legacy_shutdown(struct story *s);
void full_shutdown(struct story *s); /* the command alone: SNP_EN is cleared */

/* ---- what a kernel, or a guard, does as a whole ---- */

void all_snp_en(struct story *s, bool set); /* of CPUs that nobody tells about */
void v10_prepare(struct story *s);
void v10_full_shutdown(struct story *s);
void initialise_again(struct story *s); /* inside a window: by a bailout; then settles */
/* A guard that starts where SNP_EN is set everywhere. */
void start_inside(struct story *s, int count, int initialised);

/*
 * Scenes: some events, and the verdicts that must follow from them. mainline is a kernel of 7.1 to
 * 7.3, which never disables hotplug. What begins with `initialised` or `init_fails` starts the
 * guard, too.
 */
#define OPENED	    "window-open"
#define INITIALISED "window-open initialised"
#define SHUT_DOWN   "full-shutdown window-closed"
#define FOUND_OPEN  "window-open inferred"

void mainline_initialises(struct story *s); /* ... with no-latch */
void mainline_initialised(struct story *s);
void mainline_init_fails(struct story *s);
void mainline_ends(struct story *s); /* by a full shutdown */
void v10_initialises(struct story *s);
void v10_initialised(struct story *s);
void v10_init_fails(struct story *s);
void v10_ends(struct story *s);
void silent_to_the_end(struct story *s); /* settles, and ends */

#endif
