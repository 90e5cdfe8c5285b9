// SPDX-License-Identifier: GPL-2.0-only
/* What a guard does from its start to its end. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "host/own_events.h"
#include "run/run_state.h"
#include "util/complain.h"

#define POLL_AGAIN_NS 100000000

static int timeout_ms(const struct run *r)
{
	__u64 now = boottime_ns(), at = r->next_sweep_ns, ms;

	if ((r->gate.pinned || window_is_open(r->session.window)) && r->next_look_ns < at)
		at = r->next_look_ns;
	if (r->end_ns && r->end_ns < at)
		at = r->end_ns;
	if (r->session.flight.path[0] && r->session.flight.until_ns < at)
		at = r->session.flight.until_ns;
	if (service_alive_at(&r->watchdog) < at)
		at = service_alive_at(&r->watchdog);
	if (stream_is_behind(&r->session.stream) && at > now + STREAM_PATIENCE_NS)
		at = now + STREAM_PATIENCE_NS;
	if (at <= now)
		return 0;
	/* An interval may be longer than poll() can wait. */
	ms = (at - now) / 1000000 + 1;
	return ms < INT_MAX ? (int)ms : INT_MAX;
}

static bool is_over(const struct run *r)
{
	if (r->end_ns && boottime_ns() >= r->end_ns)
		return true;
	return r->settings->until_breach && r->session.worst >= SNP_WARNING;
}

static void switch_audit(struct run *r)
{
	if (r->settings->audit == r->gate.audit)
		return;
	if (!r->settings->audit && !r->gate.gates) {
		complain("this kernel offers no gate; staying in audit mode");
		r->settings->audit = true;
		return;
	}
	if (sensors_set_audit(r->sensors, r->settings->audit)) {
		complain("can't switch audit mode");
		return;
	}
	r->gate.audit = r->session.host.audit = r->settings->audit;
	/* Recordings that begin from now on say so. */
	r->header.flags = r->settings->audit ? TRACE_AUDIT : 0;
}

/* ---- the recording ---- */

/* Of the limit, one half is FILE's, the other that of FILE.1. */
static void limit_recording(struct run *r)
{
	__u64 limit = (__u64)r->settings->record_limit << 19;

	if (limit && r->session.records && r->session.recorded > limit)
		session_record(&r->session, r->settings->record, RECORDER_ROTATE, &r->header, true);
}

/*
 * logrotate(8) has given the file another name, and perhaps created an empty one. A file that can't
 * be looked at has not moved: it would be begun anew. A FIFO is always empty.
 */
static bool is_rotated(const char *file)
{
	struct stat st;
	int err = stat(file, &st);

	if (err && errno == ENOENT)
		err = stat(file, &st);
	return err ? errno == ENOENT : S_ISREG(st.st_mode) && !st.st_size;
}

static void reload_settings(struct run *r)
{
	service_reloading(&r->outputs);
	r->request.reload(r->request.ctx);
	session_set_severities(&r->session, &r->settings->severities);
	switch_audit(r);
	if (r->session.records && is_rotated(r->settings->record))
		session_record(&r->session, r->settings->record, RECORDER_REPLACE, &r->header,
			       true);
	service_ready(&r->outputs);
	r->feed.sweep_due = true;
}

/* Returns true if the signal ends the run. */
static bool take_signal(struct run *r, int signal_fd)
{
	struct signalfd_siginfo info;

	if (read(signal_fd, &info, sizeof(info)) != sizeof(info))
		return false;
	/* The kernel sends SIGHUP itself when the terminal goes away: that is no reload. */
	if (info.ssi_signo != SIGHUP || info.ssi_code == SI_KERNEL)
		return true;
	reload_settings(r);
	return false;
}

void run_loop(struct run *r, int signal_fd)
{
	struct pollfd fds[] = {
		{ .fd = sensors_fd(r->sensors), .events = POLLIN },
		{ .fd = signal_fd, .events = POLLIN },
		{ .fd = r->outputs.changed_fd, .events = POLLIN },
	};

	while (!is_over(r)) {
		run_alive(r);
		/* Without memory poll() fails at once: that is no reason to spin, or to end. */
		if (poll(fds, 3, timeout_ms(r)) < 0)
			nanosleep(&(struct timespec){ .tv_nsec = POLL_AGAIN_NS }, NULL);
		if (take_signal(r, signal_fd))
			break;
		run_tell_outputs(r);
		run_trouble(r, SNP_PART_EVENTS, feed_all(&r->feed));
		run_look(r);
		limit_recording(r);
		if (r->feed.sweep_due || boottime_ns() >= r->next_sweep_ns)
			run_sweep(r);
	}
}
