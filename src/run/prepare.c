// SPDX-License-Identifier: GPL-2.0-only
/* The steps that a new guard and one that resumes have in common. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/own_events.h"
#include "run/run_state.h"
#include "util/complain.h"

int run_init_session(struct run *r)
{
	int err = session_init(&r->session, r->settings->format, stdout, &r->trace.header);

	if (err)
		complain("can't report as %s: %s", report_format_name(r->settings->format),
			 strerror(-err));
	else
		session_set_severities(&r->session, &r->settings->severities);
	return err;
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
				 .alive = run_alive,
				 .alive_ctx = r };
	r->gate = (struct gate){ .sensors = r->sensors,
				 .platform = &r->platform,
				 .gates = r->hooks.states[FACT_GATE].covered,
				 .audit = r->settings->audit,
				 .told_exposed = sensors_state(r->sensors).exposed };
}

int run_begin_ledger(struct run *r, int group)
{
	struct cpulist possible;
	int err = platform_cpus(&r->platform, "possible", &possible);

	if (err)
		return err;
	err = pinned_guard_begin(&r->pinned, possible.len, group);
	cpulist_free(&possible);
	if (!err)
		r->session.ledger = &r->pinned.ledger;
	return err;
}

/* with_state: the recording begins with what the session knows by now. */
int run_begin_recording(struct run *r, bool with_state)
{
	struct trace_header header = r->trace.header;
	struct pack p = { .size = r->pinned.size };
	int err;

	if (!r->settings->record)
		return 0;
	if (with_state) {
		p.data = malloc(p.size);
		if (!p.data)
			return -ENOMEM;
		session_save(&r->session, &p);
	}
	err = p.err ? p.err : trace_create(&r->trace, r->settings->record, &header, p.data, p.used);
	free(p.data);
	if (err)
		complain("%s: %s", r->settings->record, strerror(-err));
	else
		r->session.trace = &r->trace;
	return err;
}

int run_list_guarded(struct run *r)
{
	int err = gate_list(&r->gate);

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
	snprintf(e.name, sizeof(e.name), "%.*s", SNP_NAME_LEN - 1, r->trace.header.release);
	err = session_feed(&r->session, &e);
	for (int i = 0; !err && i < FACT_NUM; i++) {
		if (r->hooks.states[i].covered || (i == FACT_GATE && r->settings->audit))
			continue;
		e = own_event(SNP_EV_UNCOVERED);
		e.subject = i;
		snprintf(e.name, sizeof(e.name), "%s", hook_fact_name(i));
		err = session_feed(&r->session, &e);
	}
	return err;
}
