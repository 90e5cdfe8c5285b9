// SPDX-License-Identifier: GPL-2.0-only
#include "pinned/pinned_status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kernel/gate.h"
#include "host/own_events.h"
#include "kernel/pins.h"
#include "host/preflight.h"
#include "util/printable.h"

static void __attribute__((format(printf, 2, 3)))
degrade(struct pinned_status *b, const char *format, ...)
{
	char *missing = b->facts.missing;
	size_t size = sizeof(b->facts.missing), used = strlen(missing);
	va_list args;

	b->facts.state = GUARD_DEGRADED;
	if (used)
		used += snprintf(missing + used, size - used, ", ");
	if (used < size) {
		va_start(args, format);
		vsnprintf(missing + used, size - used, format, args);
		va_end(args);
	}
	/* The version comes from a ledger that anybody may have written. */
	make_printable(missing);
}

static int find_holder(void)
{
	int holder, lock = guard_lock(&holder);

	if (lock >= 0)
		close(lock);
	return lock == -EBUSY ? holder : 0;
}

/* The ledger lacks only what still waits in the ring buffer. */
static int read_history(struct pinned_status *b)
{
	struct trace_header host = { .realtime_offset_ns = realtime_offset_ns() };
	int err;

	platform_boot_id(&b->platform, host.boot_id);
	err = session_init(&b->session, REPORT_TEXT, stdout, &host);
	if (err)
		return err;
	b->session.silent = true;
	err = session_resume(&b->session, &b->guard.ledger);
	b->facts.has_history = !err;
	if (!err)
		memcpy(b->facts.breaches, window_totals(b->session.window).breaches,
		       sizeof(b->facts.breaches));
	if (err == -EBADMSG)
		degrade(b, "the ledger is damaged");
	return err == -EBADMSG ? 0 : err;
}

static void try_gate(struct pinned_status *b)
{
	struct gate gate = { .sensors = b->sensors, .platform = &b->platform, .gates = true };
	int refused = gate_try(&gate);

	b->tried = refused == 1;
	/* The window may have ended just now. */
	if (b->tried || !(sensors_state(b->sensors).latch & SNP_LATCH_WINDOW))
		return;
	if (!refused)
		degrade(b, "opening for writing is not refused");
	else
		degrade(b, "opening for writing could not be tried: %s", strerror(-refused));
}

static void look_at_gate(struct pinned_status *b)
{
	bool shut = b->kernel.latch & SNP_LATCH_WINDOW;

	if (shut && !b->kernel.audit)
		try_gate(b);
	if (b->facts.has_history && window_is_open(b->session.window) && !shut &&
	    !b->kernel.shutdown_ns)
		degrade(b, "the latch is open inside a window");
	if (!preflight_hooks_are_on(&b->platform))
		degrade(b, "kprobes or ftrace are switched off");
	if (b->kernel.exposed)
		degrade(b, "files were opened for writing with no guard between two windows");
}

int pinned_status_read(struct pinned_status *b)
{
	struct hooks_options options = { 0 };
	const char *name;
	int missing, err;

	*b = (struct pinned_status){ .platform = { .root = "" },
				     .guard = { .lock = -1, .map = -1 } };
	if (geteuid())
		return -EPERM;
	b->facts.holder = find_holder();
	pinned_guard_look(&b->guard);
	if (b->guard.found == PINNED_NONE)
		return 0;
	if (b->guard.found == PINNED_UNKNOWN) {
		degrade(b, PINS_DIR " is not snp-guard's, or damaged");
		return 0;
	}
	if (b->guard.found == PINNED_OTHER_BUILD) {
		degrade(b, "pinned by another version, %s: ask that one", b->guard.version);
		return 0;
	}
	err = hooks_open(&b->hooks, &b->platform, NULL, &options);
	if (!err)
		err = sensors_look(&b->sensors, &b->hooks, &missing, &name);
	if (!err) {
		b->kernel = sensors_state(b->sensors);
		b->facts.state = b->kernel.audit ? GUARD_AUDITING : GUARD_ENFORCING;
		err = read_history(b);
	}
	if (err)
		return err;
	look_at_gate(b);
	if (missing)
		degrade(b, "%d program%s not pinned: %s", missing, missing == 1 ? " is" : "s are",
			name);
	return 0;
}

void pinned_status_free(struct pinned_status *b)
{
	sensors_close(b->sensors);
	hooks_close(&b->hooks);
	pinned_guard_close(&b->guard);
	session_free(&b->session);
}
