// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the state in src/contract/window.c never is, for lives of any length: if it holds of
 * whatever state before an event, it holds after. Read by cbmc, which takes all states of a host
 * with two CPUs and all events of a KIND at once (tests/model/prove). That nothing is read or
 * written outside of what it should be, cbmc adds by itself.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Texts decide nothing, and are costly to follow. */
#define vsnprintf(buf, size, format, args) ((void)(args), (void)((buf)[0] = 0))
#define snprintf(buf, ...)		   ((void)((buf)[0] = 0))
#define strerror(err)			   ""
#ifndef WINDOW_SOURCE
#define WINDOW_SOURCE "contract/window.c"
#endif
#include WINDOW_SOURCE

enum { CPUS = 2 };

/* By this name and without a body, they return whatever their type can be. */
struct window nondet_window(void);
struct cpu nondet_cpu(void);
struct snp_event nondet_event(void);

/* ---- what only serves the texts ---- */

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

const char *snp_command_name(unsigned int number)
{
	(void)number;
	return "";
}

/* ---- what holds ---- */

/* X(what is said where it fails, condition on w) */
#define INVARIANTS(X)                                                                              \
	X("what is outstanding is never less than none", w->outstanding >= 0)                      \
	X("an open window has a number", !w->open || w->totals.windows)                            \
	X("a leak is of a disable that outlived a window",                                         \
	  !w->leak_pending || (!w->open && w->outstanding > 0))                                    \
	X("a failed init is of the window that is open", !w->init_failed || w->open)               \
	X("a full shutdown to verify left the window closed", !w->closed_by_firmware || !w->open)  \
	X("a deficit is told once it has begun", !w->deficit_told || w->deficit_ns)                \
	X("the boot of a snapshot is known with it alone", !w->same_boot || w->compare)

static bool holds(const struct window *w)
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
	w.cpus = cpus;
	w.cpu_count = CPUS;
	__CPROVER_assume(w.firmware <= FW_INITIALISED);
	/* So many events no one sees: the counters don't wrap. */
	__CPROVER_assume(w.outstanding < SNP_COUNT_MAX && w.totals.windows < SNP_COUNT_MAX);
	__CPROVER_assume(holds(&w));
	e.kind = KIND;
#ifdef SUBJECT
	e.subject = SUBJECT;
#endif
	foreign = (e.kind == SNP_EV_HP_DISABLE || e.kind == SNP_EV_HP_ENABLE) &&
		  !(e.flags & SNP_F_OWNED);
	outstanding = w.outstanding;
	window_feed(&w, &e, check_verdict, NULL);
	check(&w);
	__CPROVER_assert(w.cpus == cpus && w.cpu_count == CPUS, "the CPUs stay where they are");
	__CPROVER_assert(!foreign || w.outstanding == outstanding, "others' are not in the books");
	return 0;
}
