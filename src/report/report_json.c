// SPDX-License-Identifier: GPL-2.0-only
/* For programs: one JSON object a line, each complete in itself. */
#include <string.h>

#include "report/report.h"
#include "util/json.h"
#include "util/stamp.h"

static void json_put_hex(struct json_object *o, const char *key, __u64 value)
{
	char text[24];

	/* As text: most readers take JSON's numbers for doubles. */
	snprintf(text, sizeof(text), "%#llx", (unsigned long long)value);
	json_put_str(o, key, text);
}

/* The members of every line: schema, type, host, both clocks. */
static struct json_object *json_begin(const struct report *r, const char *type, __u64 time_ns)
{
	struct json_object *o = json_object_new_object();
	char stamp[STAMP_SIZE];

	json_put_int(o, "schema", JSON_SCHEMA);
	json_put_str(o, "type", type);
	json_put_str(o, "boot_id", r->host->boot_id);
	json_put_str(o, "time",
		     stamp_utc((__s64)time_ns + r->host->realtime_offset_ns, true, stamp));
	json_put_u64(o, "boottime_ns", time_ns);
	return o;
}

static void json_put_task(struct json_object *o, const struct snp_event *e)
{
	json_put_int(o, "on_cpu", e->cpu);
	json_put_int(o, "tgid", e->tgid);
	json_put_int(o, "tid", e->tid);
	json_put_str(o, "comm", e->comm);
}

static void json_put_details(struct json_object *o, const struct report *r,
			     const struct snp_event *e)
{
	const char *name;

	switch (e->kind) {
	case SNP_EV_PREPARE_EXIT:
		if (!(e->flags & SNP_F_VOID))
			json_put_int(o, "result", e->result);
		name = snp_errno_name(e->result);
		if (name)
			json_put_str(o, "result_name", name);
		name = snp_prepare_cause(e->result);
		if (*name)
			json_put_str(o, "cause", name);
		break;
	case SNP_EV_SHUTDOWN_LOCKED:
		json_put_int(o, "result", e->result);
		break;
	case SNP_EV_COMMAND:
		name = snp_command_name(e->subject);
		json_put_int(o, "command", e->subject);
		if (name)
			json_put_str(o, "command_name", name);
		json_put_hex(o, "flags", e->flags);
		json_put_int(o, "result", e->result);
		json_put_int(o, "status", e->status);
		name = snp_status_name(e->status);
		if (name)
			json_put_str(o, "status_name", name);
		json_put_u64(o, "duration_ns", e->value);
		break;
	case SNP_EV_HP_DISABLE:
	case SNP_EV_HP_ENABLE:
		json_put_str(o, "owner",
			     e->flags & SNP_F_OWNED	 ? "snp"
			     : e->flags & SNP_F_NO_STACK ? "unknown"
							 : "other");
		if (e->name[0])
			json_put_str(o, "caller", e->name);
		if (e->count != SNP_COUNT_UNKNOWN)
			json_put_int(o, "count", e->count);
		break;
	case SNP_EV_CPU_UP_BEGIN:
	case SNP_EV_CPU_DOWN_BEGIN:
		json_put_bool(o, "frozen", e->flags & SNP_F_FROZEN);
		break;
	case SNP_EV_CPUHP_FAIL:
		json_put_int(o, "result", e->result);
		json_put_int(o, "state", e->status);
		break;
	case SNP_EV_MODULE_LOAD:
	case SNP_EV_MODULE_FREE:
		json_put_str(o, "module", e->name);
		break;
	case SNP_EV_DENIED:
		json_put_str(o, "file", e->name);
		json_put_str(o, "by",
			     e->flags & SNP_F_OPEN    ? "open"
			     : e->flags & SNP_F_IOCTL ? "ioctl"
						      : "write");
		json_put_bool(o, "refused", !(e->flags & SNP_F_AUDIT));
		break;
	case SNP_EV_START:
		json_put_str(o, "release", r->host->release);
		json_put_bool(o, "audit", r->host->audit);
		json_put_str(o, "gate", snp_gate_hook_name(e->status));
		break;
	case SNP_EV_ADOPT:
		json_put_str(o, "release", r->host->release);
		json_put_bool(o, "audit", r->host->audit);
		json_put_str(o, "gate", snp_gate_hook_name(e->status));
		json_put_u64(o, "away_ns", e->value);
		break;
	case SNP_EV_GATE:
		json_put_str(o, "state",
			     e->flags & SNP_F_DEGRADED ? "degraded"
			     : e->flags & SNP_F_STEADY ? "steady"
						       : "armed");
		json_put_str(o, "what", e->name);
		if (e->value)
			json_put_u64(o, "waited_ns", e->value);
		if (e->flags & SNP_F_DEGRADED)
			json_put_bool(o, "restored", e->flags & SNP_F_RESTORED);
		break;
	case SNP_EV_UNCOVERED:
		json_put_str(o, "fact", e->name);
		break;
	case SNP_EV_BEFORE:
		json_put_str(o, "before_boot_id", e->name);
		if (e->count != SNP_COUNT_UNKNOWN)
			json_put_int(o, "count", e->count);
		break;
	case SNP_EV_BEFORE_CPU:
	case SNP_EV_CPU_STATE:
		json_put_bool(o, "present", e->flags & SNP_F_PRESENT);
		json_put_bool(o, "online", e->flags & SNP_F_ONLINE);
		if (!(e->flags & SNP_F_ONLINE))
			break;
		if (e->result)
			json_put_str(o, "unknown", strerror(-e->result));
		else
			json_put_hex(o, "syscfg", e->value);
		if (e->flags & SNP_F_NO_HSAVE)
			json_put_bool(o, "no_hsave", true);
		break;
	case SNP_EV_RMPOPT:
		if (e->result)
			json_put_str(o, "unknown", strerror(-e->result));
		else
			json_put_hex(o, "rmpopt_base", e->value);
		break;
	case SNP_EV_TRUTH:
		json_put_bool(o, "stable", e->flags & SNP_F_STABLE);
		if (e->count != SNP_COUNT_UNKNOWN)
			json_put_int(o, "count", e->count);
		if (e->flags & SNP_F_FW_KNOWN)
			json_put_bool(o, "initialised", e->flags & SNP_F_FW_INIT);
		if (e->flags & SNP_F_FW_BY_KVM)
			json_put_bool(o, "by_kvm", true);
		break;
	case SNP_EV_GUESTS:
		if (e->count != SNP_COUNT_UNKNOWN)
			json_put_int(o, "count", e->count);
		break;
	case SNP_EV_LOST:
		json_put_u64(o, "records", e->value);
		break;
	case SNP_EV_FAULT:
		json_put_str(o, "part", snp_part_name(e->subject));
		json_put_str(o, "state", e->flags & SNP_F_FAILING ? "failing" : "working");
		if (e->flags & SNP_F_FAILING)
			json_put_str(o, "error", strerror(-e->result));
		json_put_u64(o, "lost", e->value);
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

static void json_event(struct report *r, const struct snp_event *e)
{
	struct json_object *o = json_begin(r, "event", e->time_ns);

	json_put_str(o, "event", snp_event_name(e->kind));
	if (e->seq) {
		json_put_u64(o, "seq", e->seq);
		json_put_task(o, e);
	}
	if (is_about_cpu(e))
		json_put_int(o, "cpu", e->subject);
	json_put_details(o, r, e);
	if (json_print(r->out, o))
		r->lost++;
}

static void json_verdict(struct report *r, const struct verdict *v)
{
	bool is_breach = v->kind == VERDICT_BREACH;
	struct json_object *o = json_begin(r, is_breach ? "breach" : "state", v->time_ns);

	if (v->window)
		json_put_int(o, "window", v->window);
	if (v->seq)
		json_put_u64(o, "seq", v->seq);
	if (v->cpu != SNP_NO_SUBJECT)
		json_put_int(o, "cpu", v->cpu);
	if (is_breach) {
		json_put_str(o, "breach", snp_breach_name(v->id));
		json_put_str(o, "severity", severity_name(r->severities, v->id));
		json_put_str(o, "text", v->text);
		json_put_str(o, "meaning", snp_breach_meaning(v->id));
		if (*v->remedy)
			json_put_str(o, "remedy", v->remedy);
		if (r->recording)
			json_put_str(o, "recording", r->recording);
	} else {
		json_put_str(o, "state", window_state_name(v->id));
		json_put_str(o, "text", v->text);
	}
	if (json_print(r->out, o))
		r->lost++;
}

static struct json_object *json_faults(const struct report_end *end)
{
	struct json_object *faults = json_object_new_object(), *fault;

	for (int i = 0; i < SNP_PART_COUNT; i++) {
		if (!end->lost[i] && !end->fails[i])
			continue;
		fault = json_object_new_object();
		json_put_u64(fault, "lost", end->lost[i]);
		if (end->fails[i])
			json_put_str(fault, "error", strerror(-end->fails[i]));
		json_put(faults, snp_part_name(i), fault);
	}
	return faults;
}

static void json_end(struct report *r, const struct report_end *end)
{
	struct json_object *o = json_begin(r, "summary", end->time_ns);
	struct json_object *breaches = json_object_new_object();
	struct json_object *left_out = json_object_new_object();
	struct json_object *uncovered = json_object_new_array();

	json_put_int(o, "windows", end->totals.windows);
	json_put_bool(o, "window_open", end->window_open);
	json_put_u64(o, "denied", end->denied);
	json_put_u64(o, "lost", end->totals.lost);
	for (int i = 0; i < SNP_BREACH_COUNT; i++) {
		if (end->breaches[i].counted)
			json_put_int(breaches, snp_breach_name(i), end->breaches[i].counted);
		if (end->breaches[i].left_out)
			json_put_int(left_out, snp_breach_name(i), end->breaches[i].left_out);
	}
	json_put(o, "breaches", breaches);
	json_put(o, "left_out", left_out);
	for (unsigned int i = 0; i < end->uncovered_count; i++)
		json_append(uncovered, json_object_new_string(end->uncovered[i]));
	json_put(o, "uncovered", uncovered);
	json_put(o, "faults", json_faults(end));
	json_put_int(o, "status", end->status);
	if (json_print(r->out, o))
		r->lost++;
}

const struct report_ops report_json = {
	.event = json_event,
	.verdict = json_verdict,
	.end = json_end,
};
