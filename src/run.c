// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "brake.h"
#include "commands.h"
#include "gate.h"
#include "kprobe_event.h"
#include "lasting.h"
#include "own_events.h"
#include "pins.h"
#include "preflight.h"
#include "privileges.h"
#include "publish.h"
#include "remedy.h"
#include "run_options.h"
#include "sensors.h"
#include "session.h"
#include "stream.h"
#include "sweep.h"

#define NS_PER_S 1000000000ull

struct run {
	struct run_options options;
	struct platform platform;
	struct hooks hooks;
	struct sensors *sensors;
	struct gate gate;
	struct session session;
	struct trace trace;
	struct stream stream;
	struct sweep sweep;
	struct publisher publisher;
	struct brake brake;
	struct lasting lasting;
	int old_group;	   /* of kprobe events that go once their links have gone; -1: none */
	unsigned int kept; /* checkpoints of the ledger by which what waits was kept in it */
	bool sweep_now;	   /* an event asks for a look at the CPUs */
	bool drained;	   /* all records of these moves have been fed */
	__u64 moves;
	bool steady;	   /* the last one counted, and the latch is right */
	bool ask_firmware; /* ... and at what the driver believes: at the start, after a loss */
	__u64 next_sweep_ns, next_look_ns;
	__u64 end_ns; /* 0: not set */
};

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

static int drain(void *ctx)
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

static int feed_start(struct run *r)
{
	struct snp_event e = own_event(SNP_EV_START);
	int err;

	e.flags = sensors_start_flags(r->sensors);
	snprintf(e.name, sizeof(e.name), "%.*s", SNP_NAME_LEN - 1, r->trace.header.release);
	err = session_feed(&r->session, &e);
	for (int i = 0; !err && i < FACT_COUNT_OF; i++) {
		if (r->hooks.states[i].covered || (i == FACT_GATE && r->options.audit))
			continue;
		e = own_event(SNP_EV_UNCOVERED);
		e.subject = i;
		snprintf(e.name, sizeof(e.name), "%s", hook_fact_name(i));
		err = session_feed(&r->session, &e);
	}
	return err;
}

static int feed_adopt(struct run *r)
{
	struct snp_event e = own_event(SNP_EV_ADOPT);
	__u64 beat = sensors_state(r->sensors).beat_ns;

	e.value = e.time_ns > beat ? e.time_ns - beat : 0;
	snprintf(e.name, sizeof(e.name), "%.*s", SNP_NAME_LEN - 1, r->trace.header.release);
	return session_feed(&r->session, &e);
}

static int feed_one(void *ctx, const struct snp_event *e)
{
	return session_feed(ctx, e);
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
#define SETTLE_NS (WINDOW_SETTLE_NS + WINDOW_SETTLE_NS / 10)

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
	snprintf(e.name, sizeof(e.name), "gone: pin of the ledger");
	return session_feed(&r->session, &e);
}

/* The first look, which the latch is set by. On a host that does not come to rest it is the last try. */
static int settle(struct run *r)
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

static int look_at_gate(struct run *r)
{
	bool open = window_is_open(r->session.window), look = boottime_ns() >= r->next_look_ns;
	struct snp_event e;
	int n;

	sensors_beat(r->sensors);
	n = gate_follow(&r->gate, open, &e);
	if (n > 0)
		n = session_feed(&r->session, &e);
	if (n || !look || !r->drained)
		return n;
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
	run_options_reload(&r->options);
	session_set_severities(&r->session, &r->options.severities);
	switch_audit(r);
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
		if (poll(fds, 2, timeout_ms(r)) < 0)
			return -errno;
		if (fds[1].revents && take_signal(r, signal_fd))
			break;
		err = drain(r);
		if (!err)
			err = look_at_gate(r);
		if (!err && (r->sweep_now || boottime_ns() >= r->next_sweep_ns))
			err = do_sweep(r);
	}
	return err;
}

/*
 * With no guard to take them back after the window, the programs that see each write stay, and those
 * who come find all that is known in a checkpoint.
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

static int finish(struct run *r)
{
	struct snp_event e;
	__u64 missing;
	int err;

	err = do_sweep(r);
	if (!err && window_is_unsettled(r->session.window)) {
		nanosleep(&(struct timespec){ .tv_nsec = SETTLE_NS }, NULL);
		err = do_sweep(r);
	}
	if (!err)
		err = feed_waiting(r, UINT64_MAX);
	if (err)
		return err;
	missing = stream_missing(&r->stream, sensors_state(r->sensors).seq);
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

/* ---- beginning and end ---- */

static void describe_host(struct run *r)
{
	struct trace_header *header = &r->trace.header;

	header->realtime_offset_ns = realtime_offset_ns();
	header->flags = r->options.audit ? TRACE_AUDIT : 0;
	platform_boot_id(&r->platform, header->boot_id);
	platform_release(&r->platform, header->release);
}

static int init_session(struct run *r)
{
	int err = session_init(&r->session, r->options.format, stdout, &r->trace.header);

	if (!err)
		session_set_severities(&r->session, &r->options.severities);
	return err;
}

/* What the session knows by now stands at the recording's begin. */
static int begin_recording(struct run *r, bool with_state)
{
	struct trace_header header = r->trace.header;
	struct pack p = { .size = r->lasting.size };
	int err;

	if (!r->options.record)
		return 0;
	if (with_state) {
		p.data = malloc(p.size);
		if (!p.data)
			return -ENOMEM;
		session_save(&r->session, &p);
	}
	err = p.err ? p.err : trace_create(&r->trace, r->options.record, &header, p.data, p.used);
	free(p.data);
	if (err)
		complain("%s: %s", r->options.record, strerror(-err));
	else
		r->session.trace = &r->trace;
	return err;
}

static int complain_of_sensors(int err)
{
	if (err == -EBUSY)
		complain("another snp-guard is running here: its kprobes are in use; end that one "
			 "first");
	else if (err)
		complain("the kernel does not take the BPF programs (%s): %s", strerror(-err),
			 sensors_complaint());
	return err;
}

static int open_hooks(struct run *r)
{
	struct hooks_options options = { .audit = r->options.audit,
					 .avoid = r->options.avoid,
					 .buffer_kib = r->options.buffer_kib };
	int err = hooks_open(&r->hooks, &r->platform, NULL, &options);

	if (err)
		complain("can't look at the kernel's BTF and symbols: %s", strerror(-err));
	return err;
}

/* Everything that works on the sensors, once they are there. */
static void wire(struct run *r)
{
	r->sweep = (struct sweep){ .platform = &r->platform,
				   .sensors = r->sensors,
				   .session = &r->session,
				   .drain = drain,
				   .drain_ctx = r,
				   .stream = &r->stream };
	r->gate = (struct gate){ .sensors = r->sensors,
				 .platform = &r->platform,
				 .gates = r->hooks.states[FACT_GATE].covered,
				 .audit = r->options.audit,
				 .told_exposed = sensors_state(r->sensors).exposed };
	r->ask_firmware = true;
	if (r->options.duration)
		r->end_ns = boottime_ns() + r->options.duration * NS_PER_S;
}

/* ---- a guard of one's own, and one that outlives this process ---- */

static int begin_ledger(struct run *r, int group)
{
	struct cpulist possible;
	int err = platform_cpus(&r->platform, "possible", &possible);

	if (err)
		return err;
	err = lasting_begin(&r->lasting, possible.len, group);
	cpulist_free(&possible);
	if (!err)
		r->session.ledger = &r->lasting.ledger;
	return err;
}

/* snp_prepare() in flight is known to the old gate alone: that one stays until it has returned. */
static int await_old_latch(void)
{
	for (int i = 0; i < 100; i++) {
		if (!(sensors_pinned_latch() & SNP_LATCH_PREPARE))
			return 0;
		nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
	}
	return -ETIMEDOUT;
}

static int pin_all(struct run *r, int old_group)
{
	int err = old_group >= 0 ? await_old_latch() : 0;

	if (!err)
		err = pins_begin();
	if (!err)
		err = sensors_pin(r->sensors);
	if (!err)
		err = lasting_pin(&r->lasting);
	if (!err)
		err = pins_publish();
	if (err) {
		complain("can't pin below " PINS_BPFFS ": %s", strerror(-err));
		return err;
	}
	sensors_set_pinned(r->sensors);
	r->gate.pinned = true;
	r->old_group = old_group;
	return 0;
}

/* old_group: of the kprobe events of a guard that is replaced, or -1. */
static int begin_anew(struct run *r, const struct snapshot *since, int old_group)
{
	int group = old_group == 0, err;

	err = complain_of_sensors(sensors_open(&r->sensors, &r->hooks, group));
	if (err)
		return err;
	wire(r);
	if (r->options.pin)
		err = begin_ledger(r, group);
	if (!err)
		err = begin_recording(r, false);
	if (!err)
		err = gate_list(&r->gate);
	if (!err)
		err = feed_start(r);
	if (!err && r->options.since)
		err = own_before(since, r->trace.header.boot_id, feed_one, &r->session);
	if (!err)
		err = settle(r);
	if (err)
		complain("can't begin: %s", strerror(-err));
	return err || !r->options.pin ? err : pin_all(r, old_group);
}

static int on_waiting(void *ctx, const struct snp_event *e)
{
	struct run *r = ctx;
	int err;

	r->stream.next = r->session.next;
	err = stream_push(&r->stream, e);
	return err == -ESTALE ? 0 : err;
}

/* What the ledger has can't be believed: the window is taken up as if no guard had been there. */
static int begin_damaged(struct run *r)
{
	struct snp_event e;
	int err;

	session_free(&r->session);
	err = init_session(r);
	if (err)
		return err;
	r->stream.next = r->session.next = sensors_state(r->sensors).seq + 1;
	r->session.missed = sensors_missed(r->sensors);
	err = begin_ledger(r, r->lasting.group);
	if (!err && lasting_repin(&r->lasting) < 0)
		err = -EIO;
	if (!err)
		err = begin_recording(r, false);
	if (!err)
		err = feed_start(r);
	e = own_event(SNP_EV_GATE);
	e.flags = SNP_F_DEGRADED | SNP_F_RESTORED | SNP_F_MISSED;
	snprintf(e.name, sizeof(e.name), "the ledger was changed by another");
	return err ? err : session_feed(&r->session, &e);
}

static int resume(struct run *r)
{
	int err = session_resume(&r->session, &r->lasting.ledger, on_waiting, r);

	if (err == -EBADMSG)
		return begin_damaged(r);
	r->stream.next = r->session.next;
	r->session.ledger = &r->lasting.ledger;
	if (!err)
		err = begin_recording(r, true);
	return err ? err : feed_adopt(r);
}

static int feed_missing(struct run *r, int missing, const char *name)
{
	struct snp_event e = own_event(SNP_EV_GATE);

	if (!missing)
		return 0;
	e.flags = SNP_F_DEGRADED | SNP_F_RESTORED | SNP_F_MISSED;
	snprintf(e.name, sizeof(e.name), "gone: %.24s%s", name, missing > 1 ? " and more" : "");
	return session_feed(&r->session, &e);
}

static int begin_adopted(struct run *r)
{
	const char *name = "";
	int missing, err;

	err = complain_of_sensors(sensors_adopt(&r->sensors, &r->hooks, r->lasting.group, &missing,
						&name));
	if (err)
		return err;
	wire(r);
	r->gate.pinned = r->brake.inherits = true;
	sensors_set_audit(r->sensors, r->options.audit);
	err = resume(r);
	if (!err)
		err = feed_missing(r, missing, name);
	if (!err)
		err = gate_list(&r->gate);
	/* What happened meanwhile comes before the look at what there is. */
	if (!err)
		err = drain(r);
	r->gate.told_exposed = 0;
	if (!err)
		err = settle(r);
	if (err)
		complain("can't take up what is pinned: %s", strerror(-err));
	return err;
}

static int begin_pinned(struct run *r, const struct snapshot *since)
{
	switch (r->lasting.found) {
	case LASTING_OURS:
		return begin_adopted(r);
	case LASTING_ANOTHER:
		complain("replacing what snp-guard %s has pinned", r->lasting.version);
		return begin_anew(r, since, r->lasting.group);
	case LASTING_FOREIGN:
		complain(PINS_DIR " is there and is no guard's, or damaged: look what made it; "
				  "`snp-guard detach` removes it");
		return -EEXIST;
	case LASTING_NONE:
		break;
	}
	return begin_anew(r, since, -1);
}

static int begin(struct run *r, const struct snapshot *since)
{
	int err;

	describe_host(r);
	err = init_session(r);
	if (!err)
		err = open_hooks(r);
	if (err)
		return err;
	if (r->options.pin)
		return begin_pinned(r, since);
	if (r->lasting.found != LASTING_NONE) {
		complain("a guard's programs are pinned in " PINS_DIR
			 ": take them up by --pin, or remove them by `snp-guard detach`");
		return -EBUSY;
	}
	return begin_anew(r, since, -1);
}

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
		err = begin(r, since);
	if (err)
		return err;
	err = privileges_drop();
	if (!err)
		err = tell_ready(r->options.ready);
	if (!err)
		err = follow(r, signal_fd);
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
	struct run r = { .platform = { .root = "" }, .lasting = { .lock = -1, .map = -1 },
			 .old_group = -1 };
	struct snapshot since = { 0 };
	int signal_fd, err, close_err;
	const char *why;

	err = run_options_read(&r.options, argc, argv);
	if (err)
		goto out;
	remedy(&r.platform);
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
