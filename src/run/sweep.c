// SPDX-License-Identifier: GPL-2.0-only
#include "run/sweep.h"

#include <errno.h>
#include <time.h>

#include "host/initialised.h"
#include "host/own_events.h"

/* A sweep is tried TRIES times at most, and not again after TRIES_NS. */
#define TRIES	 5
#define TRIES_NS 1000000000ull
#define MARK_NS	 50000000l

/*
 * udev creates /dev/cpu/N/msr some time after CPU N came online, later on a busy host. Until then
 * no sweep is complete, but for so long only: then the CPU is reported as one that can't be read.
 */
#define MSR_FILE_NS 3000000000ull

static bool is_awaited(const struct snapshot *facts, const struct window *w)
{
	for (unsigned int i = 0; i < facts->count; i++)
		if (facts->cpus[i].err == -ENOENT && !window_cpu(w, i).looked)
			return true;
	return false;
}

/* True if a file is missing that is still to come. */
static bool await_msr(struct feed *f, const struct snapshot *facts)
{
	if (!is_awaited(facts, f->session->window)) {
		f->awaited_ns = 0;
		return false;
	}
	if (!f->awaited_ns)
		f->awaited_ns = boottime_ns() + MSR_FILE_NS;
	return boottime_ns() < f->awaited_ns;
}

/* What a CPU lacks is looked at until it has it again. */
static void read_cpu(const struct platform *p, const struct window *w, struct snapshot *facts,
		     unsigned int cpu, bool hsave)
{
	snapshot_read_cpu(facts, p, cpu);
	if (hsave || window_cpu(w, cpu).no_hsave)
		snapshot_read_hsave(facts, p, cpu);
}

/* initialised: as for sensors_truth(), or NULL. */
static int sweep_read(const struct platform *p, struct feed *f, struct snapshot *facts,
		      enum initialised *initialised, bool hsave)
{
	int err = snapshot_list(facts, p);

	facts->rmpopt = f->rmpopt;
	for (unsigned int i = 0; !err && i < facts->count; i++) {
		/* A CPU that is busy answers late. */
		f->alive(f->alive_ctx);
		read_cpu(p, f->session->window, facts, i, hsave);
	}
	if (!err)
		sensors_truth(f->sensors, &facts->hotplug_count, initialised);
	/* The driver takes its mark back a moment after SNP_EN is gone
	 * (__sev_snp_shutdown_locked()). */
	if (!err && initialised && *initialised == INITIALISED_YES && !snapshot_has_snp_en(facts)) {
		nanosleep(&(struct timespec){ .tv_nsec = MARK_NS }, NULL);
		sensors_truth(f->sensors, &facts->hotplug_count, initialised);
	}
	if (!err && initialised && *initialised == INITIALISED_UNKNOWN)
		*initialised = initialised_by_others(p, facts);
	return err;
}

static bool differs(const struct snapshot_cpu *c, struct window_cpu known)
{
	bool readable = c->online && !c->err;

	return c->present != known.present || c->online != known.online ||
	       (c->online && !known.looked) || readable != known.readable ||
	       (readable && known.snp_en != !!(c->syscfg & SNP_SYSCFG_SNP_EN)) ||
	       c->no_hsave != known.no_hsave;
}

static bool rmpopt_differs(const struct snapshot_cpu *c, struct window_cpu known)
{
	if (!c->has_rmpopt)
		return false;
	return c->rmpopt_err ? !known.rmpopt_failed
			     : !known.rmpopt_read || known.rmpopt != c->rmpopt;
}

static int feed_cpu(struct session *s, unsigned int cpu, const struct snapshot_cpu *c)
{
	struct snp_event e;
	int err = 0;

	if (differs(c, window_cpu(s->window, cpu))) {
		e = own_cpu_state(cpu, c);
		err = session_feed(s, &e);
	}
	/* Only now: a CPU that was not known to be back has no known RMPOPT_BASE either. */
	if (!err && rmpopt_differs(c, window_cpu(s->window, cpu))) {
		e = own_rmpopt(cpu, c);
		err = session_feed(s, &e);
	}
	return err;
}

static int sweep_feed(struct session *s, const struct snapshot *facts, enum initialised initialised,
		      bool complete)
{
	struct snp_event e;
	int err = 0;

	for (unsigned int i = 0; complete && !err && i < facts->count; i++)
		err = feed_cpu(s, i, &facts->cpus[i]);
	if (err)
		return err;
	e = own_truth(facts->hotplug_count, initialised, complete);
	return session_feed(s, &e);
}

/* If the record of the command's return was lost, sweeps are complete again after this. */
#define SHUTDOWN_TAKES_NS 60000000000ull

static bool is_shutting_down(const struct snp_state *s)
{
	return s->shutdown_ns && boottime_ns() - s->shutdown_ns < SHUTDOWN_TAKES_NS;
}

int sweep(const struct platform *p, struct feed *f, bool firmware, bool hsave)
{
	enum initialised initialised = INITIALISED_UNKNOWN;
	__u64 until_ns = boottime_ns() + TRIES_NS;
	struct snapshot facts = { 0 };
	struct snp_state before, after;
	bool complete = false, right = false, waits;
	int err = 0;

	for (int i = 0; i < TRIES && !complete && !err && (!i || boottime_ns() < until_ns); i++) {
		snapshot_free(&facts);
		before = sensors_state(f->sensors);
		err = feed_all(f);
		if (err)
			break;
		err = sweep_read(p, f, &facts, firmware ? &initialised : NULL, hsave);
		after = sensors_state(f->sensors);
		complete = !err && f->session->stream.next > before.seq &&
			   after.moves == before.moves && !is_shutting_down(&before) &&
			   !is_shutting_down(&after);
	}
	waits = !err && await_msr(f, &facts);
	if (!err && !waits)
		err = sweep_feed(f->session, &facts, initialised, complete);
	if (!err && complete && !waits)
		right = sensors_set_latch(f->sensors, before.latch,
					  window_is_open(f->session->window));
	snapshot_free(&facts);
	return err ? err : right;
}
