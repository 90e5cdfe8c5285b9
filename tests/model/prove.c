// SPDX-License-Identifier: GPL-2.0-only
/*
 * Invariants of the automaton's state, for lives of any length: if they hold of any state before
 * an event, they hold after the event. cbmc reads this with the automaton's parts
 * (tests/model/prove), and takes all states of a host with two CPUs and all events of one KIND at
 * once. cbmc itself adds that nothing is read or written out of bounds.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contract/window_state.h"
#include "util/cpulist.h"
#include "util/duration.h"

enum { CPUS = 2 };

/* By this name and without a body, they return whatever their type can be. */
struct window nondet_window(void);
struct cpu nondet_cpu(void);
struct snp_event nondet_event(void);
bool nondet_bool(void);

/* ---- what only serves the texts: they decide nothing, and are costly to follow ---- */

int vsnprintf(char *buf, size_t size, const char *format, va_list args)
{
	(void)size;
	(void)format;
	(void)args;
	buf[0] = 0;
	return 0;
}

int snprintf(char *buf, size_t size, const char *format, ...)
{
	(void)size;
	(void)format;
	buf[0] = 0;
	return 0;
}

size_t strcspn(const char *text, const char *reject)
{
	(void)text;
	(void)reject;
	return 0;
}

int strncmp(const char *a, const char *b, size_t n)
{
	(void)a;
	(void)b;
	(void)n;
	return nondet_bool();
}

const char *duration_text(__u64 ns, char *buf, size_t size)
{
	(void)ns;
	(void)size;
	buf[0] = 0;
	return buf;
}

char *strerror(int err)
{
	static char none[1];

	(void)err;
	return none;
}

int cpulist_add(struct cpulist *set, unsigned int cpu)
{
	(void)set;
	(void)cpu;
	return 0;
}

char *cpulist_format(const struct cpulist *set, char *buf, size_t size)
{
	(void)set;
	(void)size;
	buf[0] = 0;
	return buf;
}

void cpulist_free(struct cpulist *set)
{
	(void)set;
}

const char *snp_breach_remedy(enum snp_breach breach)
{
	(void)breach;
	return "";
}

const char *snp_blind_remedy(unsigned int cause)
{
	(void)cause;
	return "";
}

const char *snp_command_name(unsigned int number)
{
	(void)number;
	return "";
}

const char *snp_part_hides(enum snp_part part)
{
	(void)part;
	return nondet_bool() ? "something" : "";
}

const char *snp_part_name(enum snp_part part)
{
	(void)part;
	return "";
}

const char *snp_status_text(unsigned int status, char text[SNP_STATUS_LEN])
{
	(void)status;
	text[0] = 0;
	return text;
}

const char *snp_status_cause(unsigned int status)
{
	(void)status;
	return "";
}

/* ---- what holds ---- */

/* X(what is said where it fails, condition on w) */
#define INVARIANTS(X)                                                                              \
	X("SNP never has fewer holds than none", w->holds.by_snp >= 0)                             \
	X("an open window has a number", !w->life.open || w->life.windows)                         \
	X("a leak is of a hold that outlived a window",                                            \
	  !w->holds.leak_pending || (!w->life.open && w->holds.by_snp > 0))                        \
	X("a failed init is of the window that is open", !w->firmware.init_failed || w->life.open) \
	X("a full shutdown to verify left the window closed",                                      \
	  !w->life.shutdown_unproven || !w->life.open)                                             \
	X("a deficit is told once it has begun", !w->holds.deficit_told || w->holds.deficit_ns)    \
	X("the boot of a snapshot is known with it alone", !w->since.same_boot || w->since.known)

static bool all_hold(const struct window *w)
{
	bool all = true;

#define X(what, condition) all &= (condition);
	INVARIANTS(X)
#undef X
	return all;
}

static void check(const struct window *w)
{
#define X(what, condition) __CPROVER_assert(condition, what);
	INVARIANTS(X)
#undef X
}

/* Those that the contract has inside a window alone. */
static void check_verdict(void *ctx, const struct verdict *v)
{
	(void)ctx;
	if (v->kind != VERDICT_BREACH)
		return;
	switch (v->id) {
	case SNP_BREACH_CPU_ONLINED:
	case SNP_BREACH_CPU_OFFLINED:
	case SNP_BREACH_EARLY_ENABLE:
	case SNP_BREACH_LATE_DISABLE:
	case SNP_BREACH_PARTIAL_PREPARE:
	case SNP_BREACH_KEXEC_UNLATCHED:
	case SNP_BREACH_NO_LATCH:
	case SNP_BREACH_BENIGN_FAILED_INIT:
		__CPROVER_assert(v->window, "a breach of a window is told inside one");
	}
}

int main(void)
{
	static struct cpu cpus[CPUS];
	struct window w = nondet_window();
	struct snp_event e = nondet_event();
	bool foreign;
	int outstanding;

	for (int i = 0; i < CPUS; i++) {
		cpus[i] = nondet_cpu();
		__CPROVER_assume(cpus[i].en <= EN_SET);
	}
	w.cpus.list = cpus;
	w.cpus.count = CPUS;
	__CPROVER_assume(w.firmware.state <= FW_INITIALISED);
	/* So many events no one sees: the counters don't wrap. */
	__CPROVER_assume(w.holds.by_snp < SNP_COUNT_MAX && w.life.windows < SNP_COUNT_MAX);
	__CPROVER_assume(all_hold(&w));
	e.kind = KIND;
#ifdef SUBJECT
	e.subject = SUBJECT;
#endif
	foreign = (e.kind == SNP_EV_HP_DISABLE || e.kind == SNP_EV_HP_ENABLE) &&
		  !(e.flags & SNP_F_OWNED);
	outstanding = w.holds.by_snp;
	window_feed(&w, &e, check_verdict, NULL);
	check(&w);
	__CPROVER_assert(w.cpus.list == cpus && w.cpus.count == CPUS,
			 "the CPUs stay where they are");
	__CPROVER_assert(!foreign || w.holds.by_snp == outstanding, "others' are not in the books");
	return 0;
}
