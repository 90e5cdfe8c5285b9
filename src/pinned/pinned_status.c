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
#include "pinned/guard_lock.h"
#include "host/preflight.h"
#include "util/printable.h"

static void __attribute__((format(printf, 2, 3)))
degrade(struct pinned_status *s, const char *format, ...)
{
	char *missing = s->facts.missing;
	size_t size = sizeof(s->facts.missing), used = strlen(missing);
	va_list args;

	s->facts.state = GUARD_DEGRADED;
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

/* The ledger lacks only what still waits in the ring buffer. */
static int read_history(struct pinned_status *s)
{
	struct trace_header host = { .realtime_offset_ns = realtime_offset_ns() };
	struct ledger ledger;
	int err;

	platform_boot_id(&s->platform, host.boot_id);
	err = session_init(&s->session, REPORT_TEXT, stdout, &host);
	if (err)
		return err;
	s->session.silent = true;
	err = ledger_copy(&s->guard.ledger, &ledger);
	if (!err)
		err = session_resume(&s->session, &ledger);
	ledger_free_copy(&ledger);
	s->facts.has_history = !err;
	if (!err)
		memcpy(s->facts.breaches, window_totals(s->session.window).breaches,
		       sizeof(s->facts.breaches));
	if (err == -EBADMSG)
		degrade(s, "the ledger is damaged");
	return err == -EBADMSG ? 0 : err;
}

static void try_gate(struct pinned_status *s, const struct gate *gate)
{
	int refused = gate_try(gate);

	s->tried = refused == 1;
	/* The window may have ended just now. */
	if (s->tried || !(sensors_state(s->sensors).latch & SNP_LATCH_WINDOW))
		return;
	if (!refused)
		degrade(s, "opening for writing is not refused");
	else
		degrade(s, "opening for writing could not be tried: %s", strerror(-refused));
}

static void look_at_gate(struct pinned_status *s)
{
	struct gate gate = { .sensors = s->sensors,
			     .platform = &s->platform,
			     .gates = true,
			     .audit = s->kernel.audit };
	bool shut = s->kernel.latch & SNP_LATCH_WINDOW, locked = false;

	if (shut && !s->kernel.audit)
		try_gate(s, &gate);
	if (s->facts.has_history && window_is_open(s->session.window) && !shut &&
	    !s->kernel.shutdown_ns)
		degrade(s, "the latch is open inside a window");
	if (!preflight_hooks_are_on(&s->platform, &locked))
		degrade(s, "kprobes or ftrace are switched off");
	if (gate_passes_writes(&gate))
		degrade(s, "a guarded file is open for writing, and writes are not checked");
}

/* Nothing of a guard without pins can be read from the kernel, but it tells what it knows. */
static void ask_guard(struct pinned_status *s)
{
	const struct guard_facts nothing = { .unpinned = true, .holder = s->facts.holder };
	int err;

	s->facts.unpinned = true;
	err = guard_ask(&s->facts);
	if (err == -ETIME) {
		degrade(s, "no sweep has been complete for some time");
	} else if (err) {
		s->facts = nothing;
		s->facts.told_err = err;
	}
}

int pinned_status_read(struct pinned_status *s)
{
	struct hooks_options options = { 0 };
	const char *name;
	int missing, err;

	*s = (struct pinned_status){ .platform = { .root = "" },
				     .guard = { .lock = -1, .map = -1 } };
	if (geteuid())
		return -EACCES;
	s->facts.holder = guard_holder();
	pinned_guard_look(&s->guard);
	if (s->guard.found == PINNED_NONE) {
		if (s->facts.holder > 0)
			ask_guard(s);
		return 0;
	}
	if (s->guard.found == PINNED_UNREADABLE)
		return s->guard.err;
	if (s->guard.found == PINNED_UNKNOWN) {
		degrade(s, PINS_DIR " is not snp-guard's, or damaged");
		return 0;
	}
	if (s->guard.found == PINNED_OTHER_BUILD) {
		degrade(s, "pinned by another version, %s: ask that one", s->guard.version);
		return 0;
	}
	err = hooks_open(&s->hooks, &s->platform, NULL, &options);
	if (!err)
		err = sensors_look(&s->sensors, &s->hooks, &missing, &name);
	if (!err) {
		s->kernel = sensors_state(s->sensors);
		s->facts.gate_hook = sensors_gate_hook(s->sensors);
		s->facts.state = s->kernel.audit ? GUARD_AUDITING : GUARD_ENFORCING;
		err = read_history(s);
	}
	if (err)
		return err;
	look_at_gate(s);
	if (missing)
		degrade(s, "%d program%s not pinned: %s", missing, missing == 1 ? " is" : "s are",
			name);
	return 0;
}

void pinned_status_free(struct pinned_status *s)
{
	sensors_close(s->sensors);
	hooks_close(&s->hooks);
	pinned_guard_close(&s->guard);
	session_free(&s->session);
}
