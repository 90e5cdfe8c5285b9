// SPDX-License-Identifier: GPL-2.0-only
/* The steps that a new guard and one that resumes have in common. */
#include <errno.h>
#include <string.h>

#include "host/cpuid.h"
#include "host/own_events.h"
#include "run/run_state.h"
#include "util/complain.h"

int run_init_session(struct run *r)
{
	struct cpulist possible;
	int err = platform_cpus(&r->platform, "possible", &possible);
	size_t room = 0;

	if (!err) {
		room = session_state_room(possible.len);
		cpulist_free(&possible);
		err = session_init(&r->session, r->settings->format, r->outputs.streams[r->report],
				   &r->header);
	}
	if (err) {
		complain("can't begin a session: %s", strerror(-err));
		return err;
	}
	if (r->report == SNP_PART_STDOUT)
		r->session.report.terminal = terminal_of(stdout);
	r->session.outputs = &r->outputs;
	r->session.state_room = room;
	session_set_severities(&r->session, &r->settings->severities);
	return 0;
}

int run_report_sensors(int err)
{
	if (err == -EINTR)
		complain("stopped before the guard was ready");
	else if (err == -EBUSY)
		complain("another guard is running here: its kprobes are in use; stop it first");
	else if (err)
		complain("the kernel does not take the BPF programs (%s): %s", strerror(-err),
			 sensors_complaint());
	return err;
}

/* Connects the parts that use the sensors. */
void run_wire(struct run *r)
{
	r->feed = (struct feed){ .sensors = r->sensors,
				 .session = &r->session,
				 .firmware_due = true,
				 .hsave_due = true,
				 .rmpopt = cpuid_has_rmpopt(&r->platform),
				 .alive = run_alive,
				 .alive_ctx = r };
	r->gate = (struct gate){ .sensors = r->sensors,
				 .platform = &r->platform,
				 .gates = r->hooks.states[FACT_GATE].covered,
				 .waits = r->hooks.states[FACT_PREPARE].kind == HOOK_FENTRY,
				 .audit = r->settings->audit };
	if (r->settings->duration)
		r->end_ns = boottime_ns() + r->settings->duration * NS_PER_S;
}

int run_begin_ledger(struct run *r, int group)
{
	int err = pinned_guard_begin(&r->pinned, r->session.state_room, group);

	if (!err)
		r->session.ledger = &r->pinned.ledger;
	return err;
}

/* with_state: the recordings begin with what the session knows by now. */
void run_begin_recording(struct run *r, bool with_state)
{
	if (r->settings->record)
		session_record(&r->session, r->settings->record, RECORDER_REPLACE, &r->header,
			       with_state);
	if (r->settings->flight)
		flight_begin(&r->session.flight, &r->outputs, r->settings->flight, &r->header,
			     with_state);
}

int run_list_guarded(struct run *r)
{
	struct snp_event e;
	int err = gate_list(&r->gate);

	/* They are attached to see that they can be. If they can't go, the loop tells. */
	if (!err)
		gate_follow(&r->gate, &e);
	if (!err && r->gate.unlisted)
		complain("/sys is mounted read-only here, so the guard can't see who writes to the "
			 "guarded files: it checks each read and write of the host, in a window "
			 "too; give it a writable /sys");
	return err;
}

int run_feed_start(struct run *r)
{
	struct snp_event e = own_event(SNP_EV_START);
	int err;

	e.flags = sensors_start_flags(r->sensors);
	e.status = sensors_gate_hook(r->sensors);
	snprintf(e.name, sizeof(e.name), "%.*s", SNP_NAME_LEN - 1, r->header.release);
	err = session_feed(&r->session, &e);
	for (int i = 0; !err && i < FACT_NUM; i++) {
		if (r->hooks.states[i].covered || (i == FACT_GATE && r->settings->audit))
			continue;
		e = own_event(SNP_EV_UNCOVERED);
		e.subject = i;
		e.result = r->hooks.states[i].refused;
		snprintf(e.name, sizeof(e.name), "%s", hook_fact_name(i));
		err = session_feed(&r->session, &e);
	}
	return err;
}
