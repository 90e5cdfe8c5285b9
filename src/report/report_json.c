// SPDX-License-Identifier: GPL-2.0-only
/* For programs: one JSON object a line, each complete in itself. */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "report/report.h"

/* Raised by one whenever a member changes its meaning or goes. New members don't count. */
#define JSON_SCHEMA 1

static void put_int(struct json_object *o, const char *key, long long value)
{
	json_object_object_add(o, key, json_object_new_int64(value));
}

static void put_u64(struct json_object *o, const char *key, __u64 value)
{
	json_object_object_add(o, key, json_object_new_uint64(value));
}

static void put_str(struct json_object *o, const char *key, const char *value)
{
	json_object_object_add(o, key, json_object_new_string(value));
}

static void put_bool(struct json_object *o, const char *key, bool value)
{
	json_object_object_add(o, key, json_object_new_boolean(value));
}

static void put_hex(struct json_object *o, const char *key, __u64 value)
{
	char text[24];

	/* As text: JSON's numbers are doubles to most readers. */
	snprintf(text, sizeof(text), "%#llx", (unsigned long long)value);
	put_str(o, key, text);
}

/* What every line has: schema, type, host, both clocks. */
static struct json_object *begin(const struct report *r, const char *type, __u64 time_ns)
{
	struct json_object *o = json_object_new_object();
	__s64 real = (__s64)time_ns + r->host->realtime_offset_ns;
	/* Rounded down, before 1970 too. */
	__s64 ns = (real % 1000000000 + 1000000000) % 1000000000;
	time_t seconds = (real - ns) / 1000000000;
	char stamp[32], text[64];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, sizeof(text), "%s.%09lldZ", stamp, (long long)ns);
	put_int(o, "schema", JSON_SCHEMA);
	put_str(o, "type", type);
	put_str(o, "boot_id", r->host->boot_id);
	put_str(o, "time", text);
	put_u64(o, "boottime_ns", time_ns);
	return o;
}

static void finish(struct report *r, struct json_object *o)
{
	fprintf(r->out, "%s\n",
		json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
							  JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}

static void put_task(struct json_object *o, const struct snp_event *e)
{
	put_int(o, "on_cpu", e->cpu);
	put_int(o, "tgid", e->tgid);
	put_int(o, "tid", e->tid);
	put_str(o, "comm", e->comm);
}

static void put_details(struct json_object *o, const struct report *r, const struct snp_event *e)
{
	const char *name;

	switch (e->kind) {
	case SNP_EV_PREPARE_EXIT:
		if (!(e->flags & SNP_F_VOID))
			put_int(o, "result", e->result);
		break;
	case SNP_EV_SHUTDOWN_LOCKED:
		put_int(o, "result", e->result);
		break;
	case SNP_EV_COMMAND:
		name = snp_command_name(e->subject);
		put_int(o, "command", e->subject);
		if (name)
			put_str(o, "command_name", name);
		put_hex(o, "flags", e->flags);
		put_int(o, "result", e->result);
		put_int(o, "status", e->status);
		put_u64(o, "duration_ns", e->value);
		break;
	case SNP_EV_HP_DISABLE:
	case SNP_EV_HP_ENABLE:
		put_str(o, "owner",
			e->flags & SNP_F_OWNED	    ? "snp"
			: e->flags & SNP_F_NO_STACK ? "unknown"
						    : "other");
		if (e->name[0])
			put_str(o, "caller", e->name);
		if (e->count != SNP_COUNT_UNKNOWN)
			put_int(o, "count", e->count);
		break;
	case SNP_EV_CPU_UP_BEGIN:
	case SNP_EV_CPU_DOWN_BEGIN:
		put_bool(o, "frozen", e->flags & SNP_F_FROZEN);
		break;
	case SNP_EV_CPUHP_FAIL:
		put_int(o, "result", e->result);
		put_int(o, "state", e->status);
		break;
	case SNP_EV_MODULE_LOAD:
	case SNP_EV_MODULE_FREE:
		put_str(o, "module", e->name);
		break;
	case SNP_EV_DENIED:
		put_str(o, "file", e->name);
		put_str(o, "by",
			e->flags & SNP_F_OPEN	 ? "open"
			: e->flags & SNP_F_IOCTL ? "ioctl"
						 : "write");
		put_bool(o, "refused", !(e->flags & SNP_F_AUDIT));
		break;
	case SNP_EV_START:
		put_str(o, "release", r->host->release);
		put_bool(o, "audit", r->host->audit);
		break;
	case SNP_EV_ADOPT:
		put_str(o, "release", r->host->release);
		put_bool(o, "audit", r->host->audit);
		put_u64(o, "away_ns", e->value);
		break;
	case SNP_EV_GATE:
		put_str(o, "state",
			e->flags & SNP_F_DEGRADED ? "degraded"
			: e->flags & SNP_F_STEADY ? "steady"
						  : "armed");
		put_str(o, "what", e->name);
		if (e->flags & SNP_F_DEGRADED)
			put_bool(o, "restored", e->flags & SNP_F_RESTORED);
		break;
	case SNP_EV_UNCOVERED:
		put_str(o, "fact", e->name);
		break;
	case SNP_EV_BEFORE:
		put_str(o, "before_boot_id", e->name);
		if (e->count != SNP_COUNT_UNKNOWN)
			put_int(o, "count", e->count);
		break;
	case SNP_EV_BEFORE_CPU:
	case SNP_EV_CPU_STATE:
		put_bool(o, "present", e->flags & SNP_F_PRESENT);
		put_bool(o, "online", e->flags & SNP_F_ONLINE);
		if (!(e->flags & SNP_F_ONLINE))
			break;
		if (e->result)
			put_str(o, "unknown", strerror(-e->result));
		else
			put_hex(o, "syscfg", e->value);
		break;
	case SNP_EV_TRUTH:
		put_bool(o, "stable", e->flags & SNP_F_STABLE);
		if (e->count != SNP_COUNT_UNKNOWN)
			put_int(o, "count", e->count);
		if (e->flags & SNP_F_FW_KNOWN)
			put_bool(o, "initialised", e->flags & SNP_F_FW_INIT);
		break;
	case SNP_EV_LOST:
		put_u64(o, "records", e->value);
		break;
	default:
		break;
	}
}

/* True for an event whose subject is a CPU, by the table of kinds. */
static bool is_about_cpu(const struct snp_event *e)
{
	static const char *const subjects[] = {
#define X(sym, name, subject, what) subject,
		SNP_EVENTS(X)
#undef X
	};

	return e->subject != SNP_NO_SUBJECT && !strcmp(subjects[e->kind], "cpu");
}

static void event(struct report *r, const struct snp_event *e)
{
	struct json_object *o = begin(r, "event", e->time_ns);

	put_str(o, "event", snp_event_name(e->kind));
	if (e->seq) {
		put_u64(o, "seq", e->seq);
		put_task(o, e);
	}
	if (is_about_cpu(e))
		put_int(o, "cpu", e->subject);
	put_details(o, r, e);
	finish(r, o);
}

static void verdict(struct report *r, const struct verdict *v)
{
	bool is_breach = v->kind == VERDICT_BREACH;
	struct json_object *o = begin(r, is_breach ? "breach" : "state", v->time_ns);

	if (v->window)
		put_int(o, "window", v->window);
	if (v->seq)
		put_u64(o, "seq", v->seq);
	if (v->cpu != SNP_NO_SUBJECT)
		put_int(o, "cpu", v->cpu);
	if (is_breach) {
		put_str(o, "breach", snp_breach_name(v->id));
		put_str(o, "severity", severity_name(r->severities, v->id));
		put_str(o, "text", v->text);
		put_str(o, "meaning", snp_breach_meaning(v->id));
		put_str(o, "remedy", snp_breach_remedy(v->id));
	} else {
		put_str(o, "state", window_state_name(v->id));
		put_str(o, "text", v->text);
	}
	finish(r, o);
}

static void end_report(struct report *r, const struct report_end *end)
{
	struct json_object *o = begin(r, "summary", end->time_ns);
	struct json_object *breaches = json_object_new_object();
	struct json_object *left_out = json_object_new_object();
	struct json_object *uncovered = json_object_new_array();

	put_int(o, "windows", end->totals.windows);
	put_bool(o, "window_open", end->window_open);
	put_u64(o, "denied", end->denied);
	put_u64(o, "lost", end->totals.lost);
	for (int i = 0; i < SNP_BREACH_COUNT; i++) {
		if (end->breaches[i].counted)
			put_int(breaches, snp_breach_name(i), end->breaches[i].counted);
		if (end->breaches[i].left_out)
			put_int(left_out, snp_breach_name(i), end->breaches[i].left_out);
	}
	json_object_object_add(o, "breaches", breaches);
	json_object_object_add(o, "left_out", left_out);
	for (unsigned int i = 0; i < end->uncovered_count; i++)
		json_object_array_add(uncovered, json_object_new_string(end->uncovered[i]));
	json_object_object_add(o, "uncovered", uncovered);
	put_int(o, "status", end->status);
	finish(r, o);
}

const struct report_ops report_json = {
	.event = event,
	.verdict = verdict,
	.end = end_report,
};
