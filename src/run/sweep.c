// SPDX-License-Identifier: GPL-2.0-only
#include "run/sweep.h"

#include <errno.h>
#include <time.h>

#include "host/initialised.h"
#include "host/own_events.h"

#define TRIES 5

/*
 * udev creates /dev/cpu/N/msr some time after CPU N came online, later on a busy host. All CPUs of
 * a sweep share this wait.
 */
#define MSR_FILE_NS 3000000000ull
#define MSR_LOOK_NS 20000000

static void await_msr(const struct platform *p, const struct window *w, unsigned int cpu,
		      struct snapshot_cpu *c, __u64 until_ns)
{
	while (c->err == -ENOENT && boottime_ns() < until_ns) {
		if (window_cpu(w, cpu).looked)
			return;
		nanosleep(&(struct timespec){ .tv_nsec = MSR_LOOK_NS }, NULL);
		c->err = platform_syscfg(p, cpu, &c->syscfg);
	}
}

/* initialised: as for sensors_truth(), or NULL. */
static int sweep_read(const struct platform *p, struct feed *f, struct snapshot *facts,
		      enum initialised *initialised)
{
	__u64 until_ns = boottime_ns() + MSR_FILE_NS;
	int err = snapshot_take(facts, p);

	for (unsigned int i = 0; !err && i < facts->count; i++)
		await_msr(p, f->session->window, i, &facts->cpus[i], until_ns);
	if (!err)
		sensors_truth(f->sensors, &facts->hotplug_count, initialised);
	if (!err && initialised && *initialised == INITIALISED_UNKNOWN)
		*initialised = initialised_by_others(p, facts);
	return err;
}

static bool differs(const struct snapshot_cpu *c, struct window_cpu known)
{
	bool readable = c->online && !c->err;

	return c->present != known.present || c->online != known.online ||
	       (c->online && !known.looked) || readable != known.readable ||
	       (readable && known.snp_en != !!(c->syscfg & SNP_SYSCFG_SNP_EN));
}

static int sweep_feed(struct session *s, const struct snapshot *facts, enum initialised initialised,
		      bool complete)
{
	struct snp_event e;
	int err = 0;

	for (unsigned int i = 0; complete && !err && i < facts->count; i++) {
		if (!differs(&facts->cpus[i], window_cpu(s->window, i)))
			continue;
		e = own_cpu_state(i, &facts->cpus[i]);
		err = session_feed(s, &e);
	}
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

int sweep(const struct platform *p, struct feed *f, bool firmware)
{
	struct snapshot facts = { 0 };
	struct snp_state before, after;
	enum initialised initialised = INITIALISED_UNKNOWN;
	bool complete = false;
	int err = 0;

	for (int i = 0; i < TRIES && !complete && !err; i++) {
		snapshot_free(&facts);
		before = sensors_state(f->sensors);
		err = feed_all(f);
		if (err)
			break;
		err = sweep_read(p, f, &facts, firmware ? &initialised : NULL);
		after = sensors_state(f->sensors);
		complete = !err && f->session->stream.next > before.seq &&
			   after.moves == before.moves && !is_shutting_down(&before) &&
			   !is_shutting_down(&after);
	}
	if (!err)
		err = sweep_feed(f->session, &facts, initialised, complete);
	if (!err && complete)
		complete = sensors_set_latch(f->sensors, before.latch,
					     window_is_open(f->session->window));
	snapshot_free(&facts);
	return err ? err : complete;
}
