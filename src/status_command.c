// SPDX-License-Identifier: GPL-2.0-only
/* What is attached, what it did, and who runs it: read back from the kernel. */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "brake.h"
#include "commands.h"
#include "gate.h"
#include "kprobe_event.h"
#include "lasting.h"
#include "names.h"
#include "options.h"
#include "own_events.h"
#include "pins.h"
#include "preflight.h"
#include "session.h"

/* States of a guard: X(symbol, name, exit status) */
#define STATES(X)                                                                                  \
	X(ENFORCING, "enforcing", STATUS_CLEAN)                                                    \
	X(AUDITING, "auditing", STATUS_CLEAN)                                                      \
	X(DEGRADED, "degraded", STATUS_WARNING)                                                    \
	X(DETACHED, "detached", STATUS_UNVERIFIED)

enum guard_state {
#define X(sym, name, status) GUARD_##sym,
	STATES(X)
#undef X
};

static const struct {
	const char *name;
	int status;
} states[] = {
#define X(sym, name, status) { name, status },
	STATES(X)
#undef X
};

static const struct argp_option option_table[] = {
	FORMAT_OPTION,
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	enum report_format *format = state->input;

	switch (key) {
	case 'f':
		return option_format(state, arg, format);
	case ARGP_KEY_ARG:
		argp_error(state, "it takes no argument: `%s`", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp status_argp = {
	.options = option_table,
	.parser = parse,
	.doc = "Reads back from the kernel what a guard that was started with --pin left there: "
	       "whether the gate refuses (tried, where a window is open), what is missing, the "
	       "last "
	       "windows, who was refused. Exit status: 0 enforcing or auditing, 1 degraded, 3 "
	       "detached.",
};

const struct argp detach_argp = {
	.parser = parse,
	.doc = "Removes what `snp-guard run --pin` left in the kernel: from then on nothing is "
	       "refused and nothing is seen.",
};

struct status {
	enum guard_state state;
	char missing[256]; /* why it is degraded */
	int holder;	   /* process of the guard that runs, 0 if none does */
	bool tried;	   /* in a window opening was tried, and refused */
	bool has_history;
	struct platform platform;
	struct hooks hooks;
	struct lasting lasting;
	struct sensors *sensors;
	struct snp_state kernel;
	struct session session;
};

static void degrade(struct status *s, const char *what)
{
	size_t used = strlen(s->missing);

	s->state = GUARD_DEGRADED;
	snprintf(s->missing + used, sizeof(s->missing) - used, "%s%s", used ? ", " : "", what);
}

/* ---- looking ---- */

static int find_holder(void)
{
	int holder, lock = guard_lock(&holder);

	if (lock >= 0)
		close(lock);
	return lock == -EBUSY ? holder : 0;
}

static int drop_waiting(void *ctx, const struct snp_event *e)
{
	(void)ctx;
	(void)e;
	return 0;
}

/* What the guard that runs, or ran, knew; what waits in the ring buffer is not in it. */
static int read_history(struct status *s)
{
	struct trace_header host = { .realtime_offset_ns = realtime_offset_ns() };
	int err;

	platform_boot_id(&s->platform, host.boot_id);
	err = session_init(&s->session, REPORT_TEXT, stdout, &host);
	if (err)
		return err;
	s->session.silent = true;
	err = session_resume(&s->session, &s->lasting.ledger, drop_waiting, NULL);
	s->has_history = !err;
	if (err == -EBADMSG)
		degrade(s, "the ledger is damaged");
	return err == -EBADMSG ? 0 : err;
}

static void look_at_gate(struct status *s)
{
	struct gate gate = { .sensors = s->sensors, .platform = &s->platform, .gates = true };
	bool shut = s->kernel.latch & SNP_LATCH_WINDOW;

	if (shut && !s->kernel.audit) {
		s->tried = gate_try(&gate) == 1;
		/* It may have ended just now. */
		if (!s->tried && sensors_state(s->sensors).latch & SNP_LATCH_WINDOW)
			degrade(s, "opening for writing is not refused");
	}
	if (s->has_history && window_is_open(s->session.window) && !shut && !s->kernel.shutdown_ns)
		degrade(s, "the latch is open inside a window");
	if (!preflight_hooks_are_on(&s->platform))
		degrade(s, "kprobes or ftrace are switched off");
	if (s->kernel.exposed)
		degrade(s, "files were opened for writing with no guard between two windows");
}

static int look(struct status *s)
{
	struct hooks_options options = { 0 };
	const char *name;
	char text[96];
	int missing, err;

	s->holder = find_holder();
	lasting_look(&s->lasting);
	if (s->lasting.found == LASTING_NONE)
		return 0;
	if (s->lasting.found == LASTING_FOREIGN) {
		degrade(s, PINS_DIR " is no guard's, or damaged");
		return 0;
	}
	if (s->lasting.found == LASTING_ANOTHER) {
		snprintf(text, sizeof(text), "pinned by another version, %s: ask that one",
			 s->lasting.version);
		degrade(s, text);
		return 0;
	}
	err = hooks_open(&s->hooks, &s->platform, NULL, &options);
	if (!err)
		err = sensors_look(&s->sensors, &s->hooks, &missing, &name);
	if (!err) {
		s->kernel = sensors_state(s->sensors);
		s->state = s->kernel.audit ? GUARD_AUDITING : GUARD_ENFORCING;
		err = read_history(s);
	}
	if (err)
		return err;
	look_at_gate(s);
	if (missing) {
		snprintf(text, sizeof(text), "%d program%s not pinned: %s", missing,
			 missing == 1 ? " is" : "s are", name);
		degrade(s, text);
	}
	return 0;
}

/* ---- saying ---- */

static const char *when(const struct status *s, __u64 time_ns, char text[40])
{
	time_t seconds =
		(time_t)(((__s64)time_ns + s->session.report.host.realtime_offset_ns) / 1000000000);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(text, 40, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return text;
}

static void print_window(const struct status *s, const struct history_window *w)
{
	char opened[40], closed[40] = "still open";
	bool any = false;

	if (w->closed_ns)
		when(s, w->closed_ns, closed);
	printf("  %u: %s to %s, %u denied", w->number, when(s, w->opened_ns, opened), closed,
	       w->denied);
	for (int i = 0; i < SNP_BREACH_COUNT; i++) {
		if (!w->breaches[i])
			continue;
		printf("%s%s (%u)", any ? ", " : "; breaches: ", snp_breach_name(i),
		       w->breaches[i]);
		any = true;
	}
	putchar('\n');
}

static void print_text(const struct status *s)
{
	const struct history_window *w;
	const struct history_denial *d;
	char at[40];

	printf("state:    %s%s%s\n", states[s->state].name, s->missing[0] ? ": " : "", s->missing);
	if (s->holder)
		printf("guard:    process %d\n", s->holder);
	else
		puts("guard:    none runs");
	if (!s->sensors)
		return;
	printf("window:   %s\n", !(s->kernel.latch & SNP_LATCH_WINDOW) ? "none is open"
				 : s->tried ? "open; opening for writing was tried, and refused"
					    : "open");
	printf("gated:    %s\n", s->kernel.writes ? "opening, and each write" : "opening");
	printf("denied:   %llu\n", (unsigned long long)s->kernel.denied);
	if (!s->has_history)
		return;
	for (unsigned int i = 0; (d = history_denial(&s->session.history, i)) && i < 5; i++)
		printf("  %s %s by %s[%u]%s\n", when(s, d->time_ns, at), d->file, d->comm, d->tid,
		       d->audited ? ", let through" : "");
	printf("windows:  %u\n", s->session.history.window_count);
	for (unsigned int i = 0; (w = history_window(&s->session.history, i)) && i < 10; i++)
		print_window(s, w);
}

static void add_string(struct json_object *o, const char *key, const char *value)
{
	json_object_object_add(o, key, json_object_new_string(value));
}

static void add_int(struct json_object *o, const char *key, long long value)
{
	json_object_object_add(o, key, json_object_new_int64(value));
}

static struct json_object *window_object(const struct status *s, const struct history_window *w)
{
	struct json_object *o = json_object_new_object(), *breaches = json_object_new_object();
	char at[40];

	add_int(o, "window", w->number);
	add_string(o, "opened", when(s, w->opened_ns, at));
	if (w->closed_ns)
		add_string(o, "closed", when(s, w->closed_ns, at));
	add_int(o, "denied", w->denied);
	for (int i = 0; i < SNP_BREACH_COUNT; i++)
		if (w->breaches[i])
			add_int(breaches, snp_breach_name(i), w->breaches[i]);
	json_object_object_add(o, "breaches", breaches);
	return o;
}

static struct json_object *denial_object(const struct status *s, const struct history_denial *d)
{
	struct json_object *o = json_object_new_object();
	char at[40];

	add_string(o, "time", when(s, d->time_ns, at));
	add_string(o, "file", d->file);
	add_string(o, "comm", d->comm);
	add_int(o, "tid", d->tid);
	json_object_object_add(o, "refused", json_object_new_boolean(!d->audited));
	return o;
}

static void add_history(struct json_object *o, const struct status *s)
{
	struct json_object *windows = json_object_new_array(), *denials = json_object_new_array();
	const struct history_window *w;
	const struct history_denial *d;

	for (unsigned int i = 0; (w = history_window(&s->session.history, i)); i++)
		json_object_array_add(windows, window_object(s, w));
	for (unsigned int i = 0; (d = history_denial(&s->session.history, i)); i++)
		json_object_array_add(denials, denial_object(s, d));
	add_int(o, "windows", s->session.history.window_count);
	json_object_object_add(o, "last_windows", windows);
	json_object_object_add(o, "last_denied", denials);
}

static void print_json(const struct status *s)
{
	struct json_object *o = json_object_new_object();

	add_string(o, "state", states[s->state].name);
	if (s->missing[0])
		add_string(o, "degraded", s->missing);
	if (s->holder)
		add_int(o, "process", s->holder);
	if (s->sensors) {
		json_object_object_add(
			o, "window_open",
			json_object_new_boolean(!!(s->kernel.latch & SNP_LATCH_WINDOW)));
		json_object_object_add(o, "tried", json_object_new_boolean(s->tried));
		json_object_object_add(o, "each_write",
				       json_object_new_boolean(!!s->kernel.writes));
		add_int(o, "denied", s->kernel.denied);
	}
	if (s->has_history)
		add_history(o, s);
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
						       JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}

/* ---- the commands ---- */

static int need_root(void)
{
	if (!geteuid())
		return 0;
	complain("not root: what is pinned can't be read; use sudo");
	return -EPERM;
}

int command_status(int argc, char **argv, int *status)
{
	struct status s = { .state = GUARD_DETACHED, .platform = { .root = "" } };
	enum report_format format = REPORT_TEXT;
	int err;

	argp_parse(&status_argp, argc, argv, 0, NULL, &format);
	err = need_root();
	if (err)
		return err;
	err = look(&s);
	if (err) {
		complain("can't read back what is pinned: %s %s", strerror(-err),
			 sensors_complaint());
		goto out;
	}
	if (format == REPORT_JSON)
		print_json(&s);
	else
		print_text(&s);
	*status = states[s.state].status;
out:
	sensors_close(s.sensors);
	hooks_close(&s.hooks);
	lasting_close(&s.lasting);
	if (s.session.window)
		session_free(&s.session);
	return err;
}

/* Links go some time after their last pin, and their events after them. */
static int remove_events(void)
{
	int err = -EBUSY;

	for (int i = 0; err == -EBUSY && i < 50; i++) {
		if (i)
			nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
		err = 0;
		for (int group = 0; !err && group < KPROBE_GROUPS; group++)
			err = kprobe_event_remove_stale(group);
	}
	return err;
}

/* A guard that was killed inside a window may have left them armed. */
static void release_brakes(void)
{
	const struct platform platform = { .root = "" };
	struct brake brake = { .inherits = true };

	brake_follow(&brake, &platform, true);
	brake_end(&brake, &platform);
}

int command_detach(int argc, char **argv, int *status)
{
	int holder, lock, err;

	argp_parse(&detach_argp, argc, argv, 0, NULL, NULL);
	err = need_root();
	if (err)
		return err;
	lock = guard_lock(&holder);
	if (lock == -EBUSY) {
		complain("a guard is running here, process %d: end it first", holder);
		return lock;
	}
	err = lock < 0 ? lock : pins_recover();
	if (!err && pins_exist())
		release_brakes();
	if (!err)
		err = pins_remove();
	if (err)
		complain("can't remove " PINS_DIR ": %s", strerror(-err));
	else if (remove_events())
		complain("kprobe events of a guard are still in use: another one runs, in a "
			 "container or without --pin");
	if (lock >= 0)
		close(lock);
	*status = STATUS_CLEAN;
	return err;
}
