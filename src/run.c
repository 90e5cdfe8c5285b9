// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "commands.h"
#include "own_events.h"
#include "preflight.h"
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
	struct session session;
	struct trace trace;
	struct stream stream;
	struct sweep sweep;
	__u64 missed;	   /* calls left out by the kernel, as far as they were told */
	bool sweep_now;	   /* an event asks for a look at the CPUs */
	bool ask_firmware; /* ... and at what the driver believes: at the start, after a loss */
	__u64 next_sweep_ns;
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

static int on_record(void *ctx, const struct snp_event *e)
{
	struct run *r = ctx;
	int err = stream_push(&r->stream, e);

	/* It came after its number was given up for lost; that is told already. */
	return err == -ESTALE ? 0 : err;
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
		err = session_feed(&r->session, &e);
	}
	return err;
}

static int drain(void *ctx)
{
	struct run *r = ctx;
	struct sensors_counters counters = sensors_counters(r->sensors);
	struct snp_event e;
	int err;

	err = sensors_consume(r->sensors, on_record, r);
	if (!err)
		err = feed_waiting(r, boottime_ns());
	if (!err && stream_check(&r->stream, counters.seq, boottime_ns(), &e))
		err = feed_lost(r, e.value);
	if (!err && counters.missed > r->missed) {
		err = feed_lost(r, counters.missed - r->missed);
		r->missed = counters.missed;
	}
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

static int feed_one(void *ctx, const struct snp_event *e)
{
	return session_feed(ctx, e);
}

/* ---- the loop ---- */

/* What follows an event may take a moment to come; what does not come is told then. */
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
	if (window_is_unsettled(r->session.window) && SETTLE_NS < interval)
		interval = SETTLE_NS;
	if (!err) {
		r->ask_firmware = firmware;
		interval = STREAM_PATIENCE_NS;
	}
	r->next_sweep_ns = boottime_ns() + interval;
	return 0;
}

static int timeout_ms(const struct run *r)
{
	__u64 now = boottime_ns(), at = r->next_sweep_ns;

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

/* True if it is over; SIGHUP from a terminal that went away is an end too. */
static bool take_signal(struct run *r, int signal_fd)
{
	struct signalfd_siginfo info;

	if (read(signal_fd, &info, sizeof(info)) != sizeof(info) || info.ssi_signo != SIGHUP ||
	    info.ssi_code == SI_KERNEL)
		return true;
	run_options_reload(&r->options);
	session_set_severities(&r->session, &r->options.severities);
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
		if (!err && (r->sweep_now || boottime_ns() >= r->next_sweep_ns))
			err = do_sweep(r);
	}
	return err;
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
	missing = stream_missing(&r->stream, sensors_counters(r->sensors).seq);
	if (missing)
		err = feed_lost(r, missing);
	if (err)
		return err;
	e = own_event(SNP_EV_END);
	err = session_feed(&r->session, &e);
	if (!err)
		session_end(&r->session, sensors_counters(r->sensors).denied);
	return err;
}

/* ---- beginning and end ---- */

static __s64 realtime_offset_ns(void)
{
	struct timespec real;

	clock_gettime(CLOCK_REALTIME, &real);
	return (__s64)(real.tv_sec * NS_PER_S + real.tv_nsec) - (__s64)boottime_ns();
}

static int begin_session(struct run *r)
{
	struct trace_header *header = &r->trace.header;
	int err = 0;

	header->realtime_offset_ns = realtime_offset_ns();
	header->flags = r->options.audit ? TRACE_AUDIT : 0;
	platform_boot_id(&r->platform, header->boot_id);
	platform_release(&r->platform, header->release);
	if (r->options.record) {
		struct trace_header copy = *header;

		err = trace_create(&r->trace, r->options.record, &copy);
		if (err) {
			complain("%s: %s", r->options.record, strerror(-err));
			return err;
		}
	}
	err = session_init(&r->session, r->options.format, stdout, header,
			   r->options.record ? &r->trace : NULL);
	if (!err)
		session_set_severities(&r->session, &r->options.severities);
	return err;
}

static int begin_sensors(struct run *r)
{
	struct hooks_options options = { .audit = r->options.audit,
					 .avoid = r->options.avoid,
					 .buffer_kib = r->options.buffer_kib };
	int err;

	err = hooks_open(&r->hooks, &r->platform, NULL, &options);
	if (err) {
		complain("can't look at the kernel's BTF and symbols: %s", strerror(-err));
		return err;
	}
	err = sensors_open(&r->sensors, &r->hooks);
	if (err == -EBUSY)
		complain("another snp-guard is running here: its kprobes are in use; end that one "
			 "first");
	else if (err)
		complain("the kernel does not take the BPF programs (%s): %s", strerror(-err),
			 sensors_complaint());
	return err;
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
	int err;

	err = begin_session(r);
	if (err)
		return err;
	err = begin_sensors(r);
	if (err)
		return err;
	r->sweep = (struct sweep){ .platform = &r->platform,
				   .sensors = r->sensors,
				   .session = &r->session,
				   .drain = drain,
				   .drain_ctx = r,
				   .stream = &r->stream };
	if (r->options.duration)
		r->end_ns = boottime_ns() + r->options.duration * NS_PER_S;
	err = feed_start(r);
	if (!err && r->options.since)
		err = own_before(since, r->trace.header.boot_id, feed_one, &r->session);
	r->ask_firmware = true;
	if (!err)
		err = do_sweep(r);
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

int command_run(int argc, char **argv, int *status)
{
	struct run r = { .platform = { .root = "" } };
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
	err = run(&r, &since, signal_fd);
	if (!err)
		*status = session_status(&r.session);
	sensors_close(r.sensors);
	hooks_close(&r.hooks);
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
