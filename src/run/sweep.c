// SPDX-License-Identifier: GPL-2.0-only
#include "run/sweep.h"

#include <errno.h>
#include <time.h>

#include "host/own_events.h"

#define TRIES 5

/*
 * The msr driver's file comes some time after its CPU; on a busy host it may take a while. All
 * CPUs of a sweep together get this long.
 */
#define MSR_FILE_NS 3000000000ull
#define MSR_LOOK_NS 20000000

static void wait_for_msr(const struct sweep *s, unsigned int cpu, struct snapshot_cpu *c,
			 __u64 until_ns)
{
	while (c->err == -ENOENT && boottime_ns() < until_ns) {
		if (window_cpu(s->session->window, cpu).looked)
			return;
		nanosleep(&(struct timespec){ .tv_nsec = MSR_LOOK_NS }, NULL);
		c->err = platform_syscfg(s->platform, cpu, &c->syscfg);
	}
}

static int look(const struct sweep *s, bool firmware, struct snapshot *facts, int *initialised)
{
	__u64 until_ns = boottime_ns() + MSR_FILE_NS;
	int err = snapshot_take(facts, s->platform);

	for (unsigned int i = 0; !err && i < facts->count; i++)
		wait_for_msr(s, i, &facts->cpus[i], until_ns);

	*initialised = -1;
	if (!err)
		sensors_truth(s->sensors, &facts->hotplug_count, firmware ? initialised : NULL);
	return err;
}

static bool differs(const struct snapshot_cpu *c, struct window_cpu known)
{
	bool readable = c->online && !c->err;

	return c->present != known.present || c->online != known.online ||
	       (c->online && !known.looked) || readable != known.readable ||
	       (readable && known.snp_en != !!(c->syscfg & SNP_SYSCFG_SNP_EN));
}

static int feed(const struct sweep *s, const struct snapshot *facts, int initialised, bool stable)
{
	struct snp_event e;
	int err = 0;

	for (unsigned int i = 0; stable && !err && i < facts->count; i++) {
		if (!differs(&facts->cpus[i], window_cpu(s->session->window, i)))
			continue;
		e = own_cpu_state(i, &facts->cpus[i]);
		err = session_feed(s->session, &e);
	}
	if (err)
		return err;
	e = own_truth(facts->hotplug_count, initialised, stable);
	return session_feed(s->session, &e);
}

/* A command whose return was missed must not end all looking. */
#define SHUTDOWN_TAKES_NS 60000000000ull

/* The firmware clears SNP_EN before its command returns, and is known to have when it does. */
static bool is_shutting_down(const struct snp_state *c)
{
	return c->shutdown_ns && boottime_ns() - c->shutdown_ns < SHUTDOWN_TAKES_NS;
}

int sweep(struct sweep *s, bool firmware)
{
	struct snapshot facts = { 0 };
	bool stable = false;
	struct snp_state before, after;
	int initialised = -1, err = 0;

	for (int i = 0; i < TRIES && !stable && !err; i++) {
		snapshot_free(&facts);
		before = sensors_state(s->sensors);
		err = s->drain(s->drain_ctx);
		if (err)
			break;
		err = look(s, firmware, &facts, &initialised);
		after = sensors_state(s->sensors);
		/* What was numbered by then has been fed, and since then nothing moved. */
		stable = !err && s->stream->next > before.seq && after.moves == before.moves &&
			 !is_shutting_down(&before) && !is_shutting_down(&after);
	}
	if (!err)
		err = feed(s, &facts, initialised, stable);
	if (!err && stable)
		stable = sensors_set_latch(s->sensors, before.latch,
					   window_is_open(s->session->window));
	snapshot_free(&facts);
	return err ? err : stable;
}
