// SPDX-License-Identifier: GPL-2.0-only
#include "run/run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "cli/commands.h"
#include "util/complain.h"
#include "kernel/kprobe_event.h"
#include "host/own_events.h"
#include "host/preflight.h"
#include "run/privileges.h"
#include "host/host_prepare.h"

/* ---- events ---- */

static int feed_lost(struct run *r, __u64 n)
{
	struct snp_event e = own_event(SNP_EV_LOST);

	e.value = n;
	r->sweep_now = r->ask_firmware = true;
	return session_feed(&r->session, &e);
}

/* A refused write changes nothing, so it is no reason to look at the CPUs. */
static bool calls_for_sweep(const struct snp_event *e)
{
	return e->kind != SNP_EV_DENIED;
}

static int feed_waiting(struct run *r, __u64 now_ns)
{
	struct snp_event e;
	int err = 0;

	while (!err && stream_pop(&r->stream, now_ns, &e)) {
		r->sweep_now |= calls_for_sweep(&e);
		r->ask_firmware |= e.kind == SNP_EV_LOST;
		r->session.next = r->stream.next;
		err = session_feed(&r->session, &e);
	}
	return err;
}

/* A checkpoint leaves none of those that wait in the ledger: they are kept in it again. */
static int keep_waiting(struct run *r, const struct snp_event *latest)
{
	const struct stream *s = &r->stream;
	bool all = r->kept != r->lasting.ledger.checkpoints;
	int err = 0;

	for (unsigned int i = 0; !err && i < s->count; i++)
		if (all || s->waiting[s->gone + i].seq == latest->seq)
			err = session_keep_waiting(&r->session, &s->waiting[s->gone + i]);
	r->kept = r->lasting.ledger.checkpoints;
	return err;
}

/* When this returns the kernel forgets the record: it is in the ledger by then. */
static int on_record(void *ctx, const struct snp_event *e)
{
	struct run *r = ctx;
	int err = stream_push(&r->stream, e);

	/* It came after its number was given up for lost; that is told already. */
	if (err == -ESTALE)
		return 0;
	if (!err)
		err = feed_waiting(r, e->time_ns);
	if (!err && r->stream.count)
		err = keep_waiting(r, e);
	return err;
}

int run_drain(void *ctx)
{
	struct run *r = ctx;
	struct snp_state state = sensors_state(r->sensors);
	__u64 missed = sensors_missed(r->sensors);
	struct snp_event e;
	int err;

	err = sensors_consume(r->sensors, on_record, r);
	if (!err)
		err = feed_waiting(r, boottime_ns());
	if (!err && stream_check(&r->stream, state.seq, boottime_ns(), &e)) {
		r->session.next = r->stream.next;
		err = feed_lost(r, e.value);
	}
	if (!err && missed > r->session.missed) {
		e.value = missed - r->session.missed;
		r->session.missed = missed;
		err = feed_lost(r, e.value);
	}
	r->drained = r->stream.next > state.seq;
	r->moves = state.moves;
	return err;
}

static void show(struct run *r, bool ended)
{
	const struct gate *g = &r->gate;

	/* What is pinned goes on. */
	publish(&r->publisher, &r->session,
		&(struct publish_counters){
			.denied = sensors_state(r->sensors).denied,
			.missed = r->session.missed,
			.degraded = g->told_open || g->told_off || g->told_unpinned,
			.audit = g->audit,
			.ended = ended && !g->pinned,
		});
}

/* ---- the loop ---- */

/* What follows an event may take a moment to come; what does not come is told then. */
#define SETTLE_TRIES 20
#define SETTLE_NS    (WINDOW_SETTLE_NS + WINDOW_SETTLE_NS / 10)

static int do_sweep(struct run *r)
{
	__u64 interval = r->options.interval * NS_PER_S;
	bool firmware = r->ask_firmware;
	int err;

	r->sweep_now = r->ask_firmware = false;
	err = sweep(&r->sweep, firmware);
	if (err < 0)
		return err;
	r->steady = err;
	if (err)
		brake_follow(&r->brake, &r->platform,
			     !r->gate.audit && window_is_open(r->session.window));
	if (err)
		show(r, false);
	if (window_is_unsettled(r->session.window) && SETTLE_NS < interval)
		interval = SETTLE_NS;
	if (!err) {
		r->ask_firmware = firmware;
		interval = STREAM_PATIENCE_NS;
	}
	r->next_sweep_ns = boottime_ns() + interval;
	return 0;
}

/* Its pin is the one that is not the sensors'. */
static int look_at_ledger(struct run *r)
{
	struct snp_event e = own_event(SNP_EV_GATE);
	int n = lasting_repin(&r->lasting);

	if (n <= 0)
		return n;
	e.flags = SNP_F_DEGRADED | SNP_F_RESTORED;
	snprintf(e.name, sizeof(e.name), "pin was gone: the ledger");
	return session_feed(&r->session, &e);
}

int run_settle(struct run *r)
{
	int err = do_sweep(r);

	for (int i = 0; !err && !r->steady && i < SETTLE_TRIES; i++) {
		nanosleep(&(struct timespec){ .tv_nsec = STREAM_PATIENCE_NS }, NULL);
		err = do_sweep(r);
	}
	return err;
}

/* The gate's programs follow the window, and what others did to them is noticed. */
#define LOOK_NS 1000000000ull

static int follow_gate(struct run *r)
{
	struct snp_event e;
	int n = gate_follow(&r->gate, window_is_open(r->session.window), &e);

	if (n <= 0)
		return n;
	/* It takes the kernel a while: what came meanwhile goes first. */
	n = run_drain(r);
	e.time_ns = boottime_ns();
	return n ? n : session_feed(&r->session, &e);
}

static int look_at_gate(struct run *r)
{
	bool open, look = boottime_ns() >= r->next_look_ns;
	struct snp_event e;
	int n;

	sensors_beat(r->sensors);
	n = follow_gate(r);
	if (n || !look || !r->drained)
		return n;
	open = window_is_open(r->session.window);
	r->next_look_ns = boottime_ns() + LOOK_NS;
	if (r->old_group >= 0 && kprobe_event_remove_stale(r->old_group) != -EBUSY)
		r->old_group = -1;
	while ((n = gate_look(&r->gate, open, r->moves, &e)) > 0) {
		r->sweep_now |= e.flags & SNP_F_MISSED;
		n = session_feed(&r->session, &e);
		if (n)
			return n;
	}
	return n || !r->gate.pinned ? n : look_at_ledger(r);
}

static int timeout_ms(const struct run *r)
{
	__u64 now = boottime_ns(), at = r->next_sweep_ns;

	if ((r->gate.pinned || window_is_open(r->session.window)) && r->next_look_ns < at)
		at = r->next_look_ns;
	if (r->end_ns && r->end_ns < at)
		at = r->end_ns;
	if (service_alive_at(&r->watchdog) < at)
		at = service_alive_at(&r->watchdog);
	/* A missing record is looked for soon. */
	if ((r->stream.count || r->stream.behind_ns) && at > now + STREAM_PATIENCE_NS)
		at = now + STREAM_PATIENCE_NS;
	return at > now ? (at - now) / 1000000 + 1 : 0;
}

static bool is_over(const struct run *r)
{
	if (r->end_ns && boottime_ns() >= r->end_ns)
		return true;
	return r->options.until_breach && r->session.worst >= SNP_WARNING;
}

static void switch_audit(struct run *r)
{
	if (r->options.audit == r->gate.audit)
		return;
	if (!r->options.audit && !r->gate.gates) {
		complain("the gate can't be had on this kernel: it stays with audit");
		r->options.audit = true;
		return;
	}
	if (sensors_set_audit(r->sensors, r->options.audit))
		complain("audit can't be switched");
	else
		r->gate.audit = r->options.audit;
}

/* True if it is over; SIGHUP from a terminal that went away is an end too. */
static bool take_signal(struct run *r, int signal_fd)
{
	struct signalfd_siginfo info;

	if (read(signal_fd, &info, sizeof(info)) != sizeof(info) || info.ssi_signo != SIGHUP ||
	    info.ssi_code == SI_KERNEL)
		return true;
	service_reloading();
	run_options_reload(&r->options);
	session_set_severities(&r->session, &r->options.severities);
	switch_audit(r);
	service_ready();
	r->sweep_now = true;
	return false;
}

static int follow(struct run *r, int signal_fd)
{
	struct pollfd fds[] = {
		{ .fd = sensors_fd(r->sensors), .events = POLLIN },
		{ .fd = signal_fd, .events = POLLIN },
	};
	int err = 0;

	while (!err && !is_over(r)) {
		service_alive(&r->watchdog, boottime_ns());
		if (poll(fds, 2, timeout_ms(r)) < 0)
			return -errno;
		if (fds[1].revents && take_signal(r, signal_fd))
			break;
		err = run_drain(r);
		if (!err)
			err = look_at_gate(r);
		if (!err && (r->sweep_now || boottime_ns() >= r->next_sweep_ns))
			err = do_sweep(r);
	}
	return err;
}

/*
 * With no guard to take them back after the window, the programs that see each write stay, and
 * those who come find all that is known in a checkpoint.
 */
static int leave(struct run *r)
{
	int err = 0;

	if (!r->gate.pinned)
		return 0;
	if (r->gate.gates)
		err = sensors_arm(r->sensors);
	return err ? err : ledger_checkpoint(&r->lasting.ledger, session_save, &r->session);
}

#define LAST_TRIES 20
#define LAST_NS	   (STREAM_PATIENCE_NS / 10)

/*
 * Takes in all records up to last, those on their way too. Others may come after it at any time:
 * they are the next guard's, if one comes.
 */
static int drain_last(struct run *r, __u64 *last)
{
	int err = 0;

	for (int i = 0; !err && i < LAST_TRIES; i++) {
		*last = sensors_state(r->sensors).seq;
		err = run_drain(r);
		if (!r->stream.count && r->stream.next > *last)
			break;
		nanosleep(&(struct timespec){ .tv_nsec = LAST_NS }, NULL);
	}
	return err ? err : feed_waiting(r, UINT64_MAX);
}

static int finish(struct run *r)
{
	__u64 missing, last = 0;
	struct snp_event e;
	int err;

	err = do_sweep(r);
	if (!err && window_is_unsettled(r->session.window)) {
		nanosleep(&(struct timespec){ .tv_nsec = SETTLE_NS }, NULL);
		err = do_sweep(r);
	}
	if (!err)
		err = drain_last(r, &last);
	if (err)
		return err;
	missing = stream_missing(&r->stream, last);
	if (missing) {
		r->session.next = r->stream.next += missing;
		err = feed_lost(r, missing);
	}
	if (err)
		return err;
	e = own_event(SNP_EV_END);
	err = session_feed(&r->session, &e);
	if (!err)
		session_end(&r->session, sensors_state(r->sensors).denied);
	if (!err)
		err = leave(r);
	if (!err)
		show(r, true);
	return err;
}

/* ---- the command ---- */

static int tell_ready(const char *path)
{
	FILE *f = path ? fopen(path, "we") : NULL;

	if (!path)
		return 0;
	if (!f || fclose(f)) {
		complain("%s: %s", path, strerror(errno));
		return -errno;
	}
	return 0;
}

static int block_signals(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int run(struct run *r, const struct snapshot *since, int signal_fd)
{
	int err = publisher_open(&r->publisher, r->options.textfile, r->options.listen,
				 r->options.interval);

	if (!err)
		err = run_begin(r, since);
	if (err)
		return err;
	err = privileges_drop();
	if (!err)
		err = tell_ready(r->options.ready);
	if (!err) {
		service_watchdog_begin(&r->watchdog);
		service_ready();
		err = follow(r, signal_fd);
	}
	service_stopping();
	if (!err)
		err = finish(r);
	if (err)
		complain("the run can't go on: %s", strerror(-err));
	return err;
}

static int take_lock(struct lasting *l)
{
	int holder, err = lasting_open(l, &holder);

	if (err == -EBUSY && holder)
		complain("another snp-guard is running here, process %d: end that one first",
			 holder);
	else if (err)
		complain("can't take the lock of the guards: %s", strerror(-err));
	return err;
}

int command_run(int argc, char **argv, int *status)
{
	struct run r = { .platform = { .root = "" },
			 .lasting = { .lock = -1, .map = -1 },
			 .old_group = -1 };
	struct snapshot since = { 0 };
	int signal_fd, err, close_err;
	const char *why;

	err = run_options_read(&r.options, argc, argv);
	if (err)
		goto out;
	host_prepare(&r.platform);
	why = preflight(&r.platform, r.options.audit);
	if (why) {
		complain("%s", why);
		err = -ENOTSUP;
		goto out;
	}
	err = read_snapshot(r.options.since, &since);
	if (err)
		goto out;
	stream_init(&r.stream);
	signal_fd = block_signals();
	if (signal_fd < 0) {
		err = signal_fd;
		goto out;
	}
	err = take_lock(&r.lasting);
	if (!err)
		err = run(&r, &since, signal_fd);
	if (!err)
		*status = session_status(&r.session);
	publisher_close(&r.publisher);
	brake_end(&r.brake, &r.platform);
	sensors_close(r.sensors);
	hooks_close(&r.hooks);
	lasting_close(&r.lasting);
	close_err = trace_close(&r.trace);
	if (close_err && !err) {
		complain("%s: %s", r.options.record, strerror(-close_err));
		err = close_err;
	}
	if (r.session.window)
		session_free(&r.session);
	stream_free(&r.stream);
	close(signal_fd);
out:
	snapshot_free(&since);
	run_options_free(&r.options);
	return err;
}
