// SPDX-License-Identifier: GPL-2.0-only
#include "run/run.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kernel/pins.h"
#include "pinned/guard_lock.h"
#include "run/privileges.h"
#include "run/run_state.h"
#include "util/complain.h"
#include "util/signals.h"

static int take_lock(struct pinned_guard *g)
{
	int holder, err = pinned_guard_open(g, &holder);

	if (g->lock < 0)
		guard_lock_complain(err, holder);
	else if (err)
		complain("can't put " PINS_DIR " in order: %s", strerror(-err));
	return err;
}

static int run_to_its_end(struct run *r, int signal_fd)
{
	const struct run_settings *settings = r->settings;
	int err = publisher_open(&r->publisher, &r->outputs, settings->textfile, settings->listen,
				 &settings->interval);

	if (err)
		return err;
	/* Before anything of the kernel's is read, and before threads, which inherit privileges. */
	err = privileges_drop();
	if (err)
		complain("can't drop privileges: %s", strerror(-err));
	else
		err = publisher_load(&r->publisher);
	if (!err)
		err = run_start(r);
	if (!err)
		err = publisher_start(&r->publisher);
	if (!err)
		err = run_start_outputs(r);
	if (err)
		return err;
	service_watchdog_begin(&r->watchdog);
	service_ready(&r->outputs);
	run_loop(r, signal_fd);
	service_stopping(&r->outputs);
	run_end(r);
	return 0;
}

static void run_close(struct run *r)
{
	publisher_close(&r->publisher);
	if (r->gate.sensors)
		gate_brake(&r->gate, &r->brake, false);
	brake_end(&r->brake, &r->platform);
	sensors_close(r->sensors);
	hooks_close(&r->hooks);
	run_close_outputs(r);
	/* Last, so that the next guard does not write to a file that this one still writes to. */
	pinned_guard_close(&r->pinned);
}

int run_guard(const struct run_request *request, int *status)
{
	struct run r = { .request = *request,
			 .settings = request->settings,
			 .platform = { .root = "" },
			 .pinned = { .lock = -1, .map = -1 },
			 .old_group = -1,
			 .outputs = { .changed_fd = -1 } };
	int signal_fd = signals_block(true), err;

	if (signal_fd < 0)
		return signal_fd;
	err = run_add_outputs(&r);
	if (!err)
		err = take_lock(&r.pinned);
	if (!err)
		err = run_to_its_end(&r, signal_fd);
	run_close(&r);
	if (r.cannot_run) {
		*status = STATUS_CANNOT_RUN;
		err = 0;
	} else if (!err) {
		/* What did not get out is known now. */
		*status = session_status(&r.session);
	}
	session_free(&r.session);
	close(signal_fd);
	return err;
}
