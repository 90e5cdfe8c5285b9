// SPDX-License-Identifier: GPL-2.0-only
#include "cli/status_output.h"

#include <stdarg.h>
#include <string.h>

#include "contract/names.h"
#include "util/json.h"
#include "util/stamp.h"

enum { LABEL_WIDTH = 10, REFUSALS_SHOWN = 5, WINDOWS_SHOWN = 10 };

static const char *status_stamp(const struct pinned_status *b, __u64 time_ns, char buf[STAMP_SIZE])
{
	return stamp_utc((__s64)time_ns + b->session.host.realtime_offset_ns, false, buf);
}

static const char unknown[] = "unknown";

/* ---- text ---- */

static void __attribute__((format(printf, 4, 5)))
status_line(FILE *out, const struct terminal *t, const char *label, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(out, "%-*s", LABEL_WIDTH, label);
	terminal_wrap(t, out, LABEL_WIDTH, LABEL_WIDTH, text);
}

/* An entry of a list, indented by 2. */
static void __attribute__((format(printf, 3, 4)))
status_entry(FILE *out, const struct terminal *t, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fputs("  ", out);
	terminal_wrap(t, out, 2, 4, text);
}

static void status_state(FILE *out, const struct terminal *t, const struct pinned_status *b)
{
	static const enum terminal_tone tones[] = {
		[GUARD_DETACHED] = TONE_WARNING,
		[GUARD_AUDITING] = TONE_NOTICE,
		[GUARD_DEGRADED] = TONE_WARNING,
		[GUARD_ENFORCING] = TONE_GOOD,
	};
	const char *name = b->facts.told_err ? unknown : guard_state_name(b->facts.state);
	char more[sizeof(b->facts.missing) + 64] = "";

	if (b->facts.told_err)
		snprintf(more, sizeof(more), ": can't read what the guard tells: %s",
			 strerror(-b->facts.told_err));
	else if (b->facts.missing[0])
		snprintf(more, sizeof(more), ": %s", b->facts.missing);
	fprintf(out, "%-*s", LABEL_WIDTH, "state:");
	terminal_label(t, out, tones[b->facts.state], 0, name);
	terminal_wrap(t, out, LABEL_WIDTH + strlen(name), LABEL_WIDTH, more);
}

static void list_breaches(char *text, size_t size, const unsigned int breaches[SNP_BREACH_COUNT])
{
	text[0] = 0;
	for (int i = 0; i < SNP_BREACH_COUNT; i++) {
		size_t used = strlen(text);

		if (breaches[i])
			snprintf(text + used, size - used, "%s%s (%u)", used ? ", " : "",
				 snp_breach_name(i), breaches[i]);
	}
}

static void status_found(FILE *out, const struct terminal *t,
			 const unsigned int breaches[SNP_BREACH_COUNT])
{
	char found[512];

	list_breaches(found, sizeof(found), breaches);
	status_line(out, t, "findings:", "%s", found[0] ? found : "none");
}

static void status_window(FILE *out, const struct terminal *t, const struct pinned_status *b,
			  const struct history_window *w)
{
	char opened[STAMP_SIZE], closed[STAMP_SIZE] = "still open", findings[512];

	if (w->closed_ns)
		status_stamp(b, w->closed_ns, closed);
	list_breaches(findings, sizeof(findings), w->breaches);
	status_entry(out, t, "%u: %s to %s, %u refused%s%s", w->number,
		     status_stamp(b, w->opened_ns, opened), closed, w->denied,
		     findings[0] ? "; findings: " : "", findings);
}

static void status_faults(FILE *out, const struct terminal *t, const struct pinned_status *b)
{
	for (int i = 0; i < SNP_PART_COUNT; i++) {
		const struct session_part *p = &b->session.parts[i];

		if (p->err || p->lost)
			status_line(out, t, "fault:", "%s: %s; lost: %llu", snp_part_name(i),
				    p->err ? strerror(-p->err) : "works again",
				    (unsigned long long)p->lost);
	}
	if (b->session.last_flight[0])
		status_line(out, t, "recorded:", "%s", b->session.last_flight);
}

void status_print_text(FILE *out, const struct terminal *t, const struct pinned_status *b)
{
	const struct history_window *w;
	const struct history_denial *d;
	char at[STAMP_SIZE];

	status_state(out, t, b);
	if (b->facts.holder > 0)
		status_line(out, t, "guard:", "process %d%s", b->facts.holder,
			    b->facts.unpinned ? ", without --pin: its gate ends with it" : "");
	else if (b->facts.holder)
		status_line(out, t, "guard:", "unknown: %s", strerror(-b->facts.holder));
	else
		status_line(out, t, "guard:", "not running");
	if (b->facts.unpinned && b->facts.has_history)
		status_found(out, t, b->facts.breaches);
	if (!b->sensors)
		return;
	status_line(out, t, "window:", "%s",
		    !(b->kernel.latch & SNP_LATCH_WINDOW) ? "none is open"
		    : b->tried ? "open; tried to open a guarded file to write: refused"
			       : "open");
	status_line(out, t, "gate:", "attached to open%s%s", b->kernel.writes ? " and write" : "",
		    snp_gate_hook_words(b->facts.gate_hook));
	status_line(out, t, "refused:", "%llu", (unsigned long long)b->kernel.denied);
	if (!b->facts.has_history)
		return;
	for (unsigned int i = 0; (d = history_denial(&b->session.history, i)) && i < REFUSALS_SHOWN;
	     i++)
		status_entry(out, t, "%s %s[%u], %s%s", status_stamp(b, d->time_ns, at), d->comm,
			     d->tid, d->file, d->audited ? ": let through (audit)" : "");
	status_line(out, t, "windows:", "%u", b->session.history.window_count);
	for (unsigned int i = 0; (w = history_window(&b->session.history, i)) && i < WINDOWS_SHOWN;
	     i++)
		status_window(out, t, b, w);
	status_faults(out, t, b);
}

/* ---- JSON ---- */

static struct json_object *status_faults_json(const struct pinned_status *b)
{
	struct json_object *faults = json_object_new_object(), *fault;

	for (int i = 0; i < SNP_PART_COUNT; i++) {
		const struct session_part *p = &b->session.parts[i];

		if (!p->err && !p->lost)
			continue;
		fault = json_object_new_object();
		json_put_u64(fault, "lost", p->lost);
		if (p->err)
			json_put_str(fault, "error", strerror(-p->err));
		json_put(faults, snp_part_name(i), fault);
	}
	return faults;
}

static struct json_object *breaches_json(const unsigned int breaches[SNP_BREACH_COUNT])
{
	struct json_object *o = json_object_new_object();

	for (int i = 0; i < SNP_BREACH_COUNT; i++)
		if (breaches[i])
			json_put_int(o, snp_breach_name(i), breaches[i]);
	return o;
}

static struct json_object *status_window_json(const struct pinned_status *b,
					      const struct history_window *w)
{
	struct json_object *o = json_object_new_object();
	char at[STAMP_SIZE];

	json_put_int(o, "window", w->number);
	json_put_str(o, "opened", status_stamp(b, w->opened_ns, at));
	if (w->closed_ns)
		json_put_str(o, "closed", status_stamp(b, w->closed_ns, at));
	json_put_int(o, "denied", w->denied);
	json_put(o, "breaches", breaches_json(w->breaches));
	return o;
}

static struct json_object *status_denial_json(const struct pinned_status *b,
					      const struct history_denial *d)
{
	struct json_object *o = json_object_new_object();
	char at[STAMP_SIZE];

	json_put_str(o, "time", status_stamp(b, d->time_ns, at));
	json_put_str(o, "file", d->file);
	json_put_str(o, "comm", d->comm);
	json_put_int(o, "tid", d->tid);
	json_put_bool(o, "refused", !d->audited);
	return o;
}

static void status_history_json(struct json_object *o, const struct pinned_status *b)
{
	struct json_object *windows = json_object_new_array(), *denials = json_object_new_array();
	const struct history_window *w;
	const struct history_denial *d;

	for (unsigned int i = 0; (w = history_window(&b->session.history, i)); i++)
		json_append(windows, status_window_json(b, w));
	for (unsigned int i = 0; (d = history_denial(&b->session.history, i)); i++)
		json_append(denials, status_denial_json(b, d));
	json_put_int(o, "windows", b->session.history.window_count);
	json_put(o, "last_windows", windows);
	json_put(o, "last_denied", denials);
	json_put(o, "faults", status_faults_json(b));
	if (b->session.last_flight[0])
		json_put_str(o, "recording", b->session.last_flight);
}

void status_print_json(FILE *out, const struct pinned_status *b)
{
	struct json_object *o = json_object_new_object();

	json_put_str(o, "state", b->facts.told_err ? unknown : guard_state_name(b->facts.state));
	if (b->facts.told_err)
		json_put_str(o, "why", strerror(-b->facts.told_err));
	if (b->facts.missing[0])
		json_put_str(o, "degraded", b->facts.missing);
	if (b->facts.holder > 0)
		json_put_int(o, "process", b->facts.holder);
	else if (b->facts.holder)
		json_object_object_add(o, "process", NULL);
	if (b->sensors) {
		json_put_bool(o, "window_open", b->kernel.latch & SNP_LATCH_WINDOW);
		json_put_bool(o, "tried", b->tried);
		json_put_str(o, "gate", snp_gate_hook_name(b->facts.gate_hook));
		json_put_bool(o, "each_write", b->kernel.writes);
		json_put_int(o, "denied", b->kernel.denied);
	}
	if (b->facts.unpinned)
		json_put_bool(o, "pinned", false);
	if (b->facts.unpinned && b->facts.has_history)
		json_put(o, "breaches", breaches_json(b->facts.breaches));
	else if (b->facts.has_history)
		status_history_json(o, b);
	json_print(out, o);
}

/* ---- what can't be read ---- */

void status_print_unknown(FILE *out, const struct terminal *t, bool json, int err)
{
	struct json_object *o;

	if (!json) {
		fprintf(out, "%-*s", LABEL_WIDTH, "state:");
		terminal_label(t, out, TONE_WARNING, 0, unknown);
		fprintf(out, ": %s\n", strerror(-err));
		return;
	}
	o = json_object_new_object();
	json_put_str(o, "state", unknown);
	json_put_str(o, "why", strerror(-err));
	json_print(out, o);
}
