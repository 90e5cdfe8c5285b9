// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/commands.h"
#include "util/complain.h"
#include "contract/names.h"
#include "cli/options.h"
#include "pinned/pinned_status.h"

static const int exit_statuses[] = {
	[GUARD_DETACHED] = STATUS_UNVERIFIED,
	[GUARD_AUDITING] = STATUS_CLEAN,
	[GUARD_DEGRADED] = STATUS_WARNING,
	[GUARD_ENFORCING] = STATUS_CLEAN,
};

static const struct argp_option option_table[] = {
	FORMAT_OPTION,
	{ 0 },
};

const struct argp status_argp = {
	.options = option_table,
	.parser = options_parse,
	.doc = "Reads back from the kernel what a guard that was started with --pin left there: "
	       "whether the gate refuses (tried, where a window is open), what is missing, the "
	       "last windows, who was refused. Exit status: 0 enforcing or auditing, 1 degraded, "
	       "3 detached.",
};

/* ---- saying ---- */

static const char *when(const struct pinned_status *b, __u64 time_ns, char text[40])
{
	time_t seconds =
		(time_t)(((__s64)time_ns + b->session.host.realtime_offset_ns) / 1000000000);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(text, 40, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return text;
}

static void print_window(const struct pinned_status *b, const struct history_window *w)
{
	char opened[40], closed[40] = "still open";
	bool any = false;

	if (w->closed_ns)
		when(b, w->closed_ns, closed);
	printf("  %u: %s to %s, %u denied", w->number, when(b, w->opened_ns, opened), closed,
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

static void print_text(const struct pinned_status *b)
{
	const struct history_window *w;
	const struct history_denial *d;
	char at[40];

	printf("state:    %s%s%s\n", guard_state_name(b->facts.state),
	       b->facts.missing[0] ? ": " : "", b->facts.missing);
	if (b->facts.holder)
		printf("guard:    process %d\n", b->facts.holder);
	else
		puts("guard:    none runs");
	if (!b->sensors)
		return;
	printf("window:   %s\n", !(b->kernel.latch & SNP_LATCH_WINDOW) ? "none is open"
				 : b->tried ? "open; opening for writing was tried, and refused"
					    : "open");
	printf("gated:    %s\n", b->kernel.writes ? "opening, and each write" : "opening");
	printf("denied:   %llu\n", (unsigned long long)b->kernel.denied);
	if (!b->facts.has_history)
		return;
	for (unsigned int i = 0; (d = history_denial(&b->session.history, i)) && i < 5; i++)
		printf("  %s %s by %s[%u]%s\n", when(b, d->time_ns, at), d->file, d->comm, d->tid,
		       d->audited ? ", let through" : "");
	printf("windows:  %u\n", b->session.history.window_count);
	for (unsigned int i = 0; (w = history_window(&b->session.history, i)) && i < 10; i++)
		print_window(b, w);
}

static void add_string(struct json_object *o, const char *key, const char *value)
{
	json_object_object_add(o, key, json_object_new_string(value));
}

static void add_int(struct json_object *o, const char *key, long long value)
{
	json_object_object_add(o, key, json_object_new_int64(value));
}

static struct json_object *window_object(const struct pinned_status *b,
					 const struct history_window *w)
{
	struct json_object *o = json_object_new_object(), *breaches = json_object_new_object();
	char at[40];

	add_int(o, "window", w->number);
	add_string(o, "opened", when(b, w->opened_ns, at));
	if (w->closed_ns)
		add_string(o, "closed", when(b, w->closed_ns, at));
	add_int(o, "denied", w->denied);
	for (int i = 0; i < SNP_BREACH_COUNT; i++)
		if (w->breaches[i])
			add_int(breaches, snp_breach_name(i), w->breaches[i]);
	json_object_object_add(o, "breaches", breaches);
	return o;
}

static struct json_object *denial_object(const struct pinned_status *b,
					 const struct history_denial *d)
{
	struct json_object *o = json_object_new_object();
	char at[40];

	add_string(o, "time", when(b, d->time_ns, at));
	add_string(o, "file", d->file);
	add_string(o, "comm", d->comm);
	add_int(o, "tid", d->tid);
	json_object_object_add(o, "refused", json_object_new_boolean(!d->audited));
	return o;
}

static void add_history(struct json_object *o, const struct pinned_status *b)
{
	struct json_object *windows = json_object_new_array(), *denials = json_object_new_array();
	const struct history_window *w;
	const struct history_denial *d;

	for (unsigned int i = 0; (w = history_window(&b->session.history, i)); i++)
		json_object_array_add(windows, window_object(b, w));
	for (unsigned int i = 0; (d = history_denial(&b->session.history, i)); i++)
		json_object_array_add(denials, denial_object(b, d));
	add_int(o, "windows", b->session.history.window_count);
	json_object_object_add(o, "last_windows", windows);
	json_object_object_add(o, "last_denied", denials);
}

static void print_json(const struct pinned_status *b)
{
	struct json_object *o = json_object_new_object();

	add_string(o, "state", guard_state_name(b->facts.state));
	if (b->facts.missing[0])
		add_string(o, "degraded", b->facts.missing);
	if (b->facts.holder)
		add_int(o, "process", b->facts.holder);
	if (b->sensors) {
		json_object_object_add(
			o, "window_open",
			json_object_new_boolean(!!(b->kernel.latch & SNP_LATCH_WINDOW)));
		json_object_object_add(o, "tried", json_object_new_boolean(b->tried));
		json_object_object_add(o, "each_write",
				       json_object_new_boolean(!!b->kernel.writes));
		add_int(o, "denied", b->kernel.denied);
	}
	if (b->facts.has_history)
		add_history(o, b);
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
						       JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}

int command_status(int argc, char **argv, int *status)
{
	struct command_options options = { 0 };
	struct pinned_status b;
	int err;

	options_read(&status_argp, argc, argv, &options);
	err = pinned_status_read(&b);
	if (err == -EPERM) {
		complain("not root: what is pinned can't be read; use sudo");
	} else if (err) {
		complain("can't read back what is pinned: %s %s", strerror(-err),
			 sensors_complaint());
	} else {
		if (options.format == REPORT_JSON)
			print_json(&b);
		else
			print_text(&b);
		*status = exit_statuses[b.facts.state];
	}
	pinned_status_free(&b);
	return err;
}
