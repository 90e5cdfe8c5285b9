// SPDX-License-Identifier: GPL-2.0-only
#include "run/run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "host/own_events.h"
#include "run/privileges.h"
#include "run/run_state.h"
#include "util/complain.h"

/* Returns a descriptor that reads the signals of a guard, or a negative errno. */
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

static int take_lock(struct pinned_guard *g)
{
	int holder, err = pinned_guard_open(g, &holder);

	if (err == -EBUSY && holder)
		complain("guard %d is running here: stop it first", holder);
	else if (err)
		complain("can't take the lock of the guards: %s", strerror(-err));
	return err;
}

static int create_ready_file(const char *path)
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

static int run_to_its_end(struct run *r, int signal_fd)
{
	const struct run_settings *settings = r->settings;
	int err = publisher_open(&r->publisher, settings->textfile, settings->listen,
				 settings->interval);

	if (!err)
		err = run_start(r);
	if (err)
		return err;
	err = privileges_drop();
	if (!err)
		err = create_ready_file(settings->ready);
	if (!err) {
		service_watchdog_begin(&r->watchdog);
		service_ready();
		err = run_loop(r, signal_fd);
	}
	service_stopping();
	if (!err)
		err = run_end(r);
	if (err)
		complain("the run can't go on: %s", strerror(-err));
	return err;
}

/* Returns err or, after a run without one, what the recording could not be closed for. */
static int run_close(struct run *r, int err)
{
	int close_err;

	publisher_close(&r->publisher);
	brake_end(&r->brake, &r->platform);
	sensors_close(r->sensors);
	hooks_close(&r->hooks);
	pinned_guard_close(&r->pinned);
	close_err = trace_close(&r->trace);
	session_free(&r->session);
	if (err || !close_err)
		return err;
	complain("%s: %s", r->settings->record, strerror(-close_err));
	return close_err;
}

int run_guard(const struct run_request *request, int *status)
{
	struct run r = { .request = *request,
			 .settings = request->settings,
			 .platform = { .root = "" },
			 .pinned = { .lock = -1, .map = -1 },
			 .old_group = -1 };
	int signal_fd = block_signals(), err;

	if (signal_fd < 0)
		return signal_fd;
	if (r.settings->duration)
		r.end_ns = boottime_ns() + r.settings->duration * NS_PER_S;
	err = take_lock(&r.pinned);
	if (!err)
		err = run_to_its_end(&r, signal_fd);
	if (!err)
		*status = session_status(&r.session);
	err = run_close(&r, err);
	close(signal_fd);
	return err;
}
