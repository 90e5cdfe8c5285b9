// SPDX-License-Identifier: GPL-2.0-only
/* For a person at a terminal: one line an event, aligned, times from the start. */
#include <stdarg.h>
#include <string.h>

#include "report/report.h"

#define RED    "\033[1;31m"
#define YELLOW "\033[33m"
#define CYAN   "\033[36m"
#define GREEN  "\033[32m"
#define RESET  "\033[0m"

static void __attribute__((format(printf, 5, 6)))
line(struct report *r, __u64 time_ns, const char *color, const char *label, const char *format, ...)
{
	__u64 ns = time_ns > r->start_ns ? time_ns - r->start_ns : 0;
	va_list args;

	fprintf(r->out, "%+12.6f  %s%-16s%s  ", ns / 1e9, r->color ? color : "", label,
		r->color && *color ? RESET : "");
	va_start(args, format);
	vfprintf(r->out, format, args);
	va_end(args);
	fputc('\n', r->out);
}

static void start(struct report *r)
{
	fprintf(r->out, "snp-guard on Linux %s, %s; times in seconds from now\n", r->host->release,
		r->host->audit ? "audit: nothing is refused" : "the gate refuses");
}

static const char *task(const struct snp_event *e)
{
	static char buf[40];

	snprintf(buf, sizeof(buf), "%.*s[%u]", SNP_COMM_LEN, e->comm, e->tid);
	return buf;
}

static void command(struct report *r, const struct snp_event *e)
{
	char flags[32] = "", outcome[64] = "ok";
	const char *name = snp_command_name(e->subject);

	if (e->flags)
		snprintf(flags, sizeof(flags), " flags %#x", e->flags);
	if (e->result || e->status)
		snprintf(outcome, sizeof(outcome), "failed: status %#x, result %d", e->status,
			 e->result);
	line(r, e->time_ns, "", snp_event_name(e->kind), "%s (%#x)%s %s after %.3f ms, by %s",
	     name ? name : "?", e->subject, flags, outcome, e->value / 1e6, task(e));
}

static void hotplug(struct report *r, const struct snp_event *e)
{
	char count[32] = "not readable";

	if (e->count != SNP_COUNT_UNKNOWN)
		snprintf(count, sizeof(count), "%d", e->count);
	line(r, e->time_ns, "", snp_event_name(e->kind),
	     "by %s for %s, %s; the kernel's count is %s", e->name[0] ? e->name : "?",
	     e->flags & SNP_F_OWNED	 ? "SNP"
	     : e->flags & SNP_F_NO_STACK ? "an unknown owner"
					 : "another owner",
	     task(e), count);
}

static void cpu_state(struct report *r, const struct snp_event *e)
{
	if (!(e->flags & SNP_F_ONLINE))
		line(r, e->time_ns, "", snp_event_name(e->kind), "CPU %u %s", e->subject,
		     e->flags & SNP_F_PRESENT ? "offline" : "not present");
	else if (e->result)
		line(r, e->time_ns, YELLOW, snp_event_name(e->kind),
		     "CPU %u online, SYSCFG unknown: %s", e->subject, strerror(-e->result));
	else
		line(r, e->time_ns, "", snp_event_name(e->kind),
		     "CPU %u online, SYSCFG %#llx: SNP_EN %s", e->subject,
		     (unsigned long long)e->value, e->value & SNP_SYSCFG_SNP_EN ? "set" : "clear");
}

static void denied(struct report *r, const struct snp_event *e)
{
	const char *how = e->flags & SNP_F_OPEN	   ? "open for writing"
			  : e->flags & SNP_F_IOCTL ? "ioctl"
						   : "write";
	bool audit = e->flags & SNP_F_AUDIT;

	line(r, e->time_ns, audit ? YELLOW : GREEN, audit ? "would deny" : "denied",
	     "%s of %s by %s%s", how, e->name, task(e), audit ? "" : ": EPERM");
}

static void event(struct report *r, const struct snp_event *e)
{
	const char *name = snp_event_name(e->kind);

	switch (e->kind) {
	case SNP_EV_COMMAND:
		command(r, e);
		break;
	case SNP_EV_HP_DISABLE:
	case SNP_EV_HP_ENABLE:
		hotplug(r, e);
		break;
	case SNP_EV_CPU_STATE:
		cpu_state(r, e);
		break;
	case SNP_EV_DENIED:
		denied(r, e);
		break;
	case SNP_EV_PREPARE_EXIT:
		line(r, e->time_ns, "", name, e->flags & SNP_F_VOID ? "by %s" : "by %s: %d",
		     task(e), e->result);
		break;
	case SNP_EV_SHUTDOWN_LOCKED:
		line(r, e->time_ns, "", name, "by %s: %d", task(e), e->result);
		break;
	case SNP_EV_SNP_ENABLE:
	case SNP_EV_CPU_UP:
	case SNP_EV_CPU_DOWN:
		line(r, e->time_ns, "", name, "CPU %u", e->subject);
		break;
	case SNP_EV_CPU_UP_BEGIN:
	case SNP_EV_CPU_DOWN_BEGIN:
		line(r, e->time_ns, "", name, "CPU %u, by %s%s", e->subject, task(e),
		     e->flags & SNP_F_FROZEN ? ", in suspend or resume" : "");
		break;
	case SNP_EV_CPUHP_FAIL:
		line(r, e->time_ns, "", name, "CPU %u: %d at state %u", e->subject, e->result,
		     e->status);
		break;
	case SNP_EV_MODULE_LOAD:
	case SNP_EV_MODULE_FREE:
		line(r, e->time_ns, "", name, "%s", e->name);
		break;
	case SNP_EV_BEFORE:
		line(r, e->time_ns, "", name, "a snapshot of boot %s", e->name);
		break;
	case SNP_EV_ADOPT:
		line(r, e->time_ns, "", name, "what an earlier guard left: last alive %.3f s ago",
		     e->value / 1e9);
		break;
	case SNP_EV_GATE:
		/* Of what is degraded, the verdict says it. */
		if (!(e->flags & SNP_F_DEGRADED))
			line(r, e->time_ns, "", name, "%s", e->name);
		break;
	case SNP_EV_START:
	case SNP_EV_BEFORE_CPU: /* the comparison says what differs */
	case SNP_EV_UNCOVERED:	/* the verdict says it */
	case SNP_EV_LOST:	/* the verdict says it */
	case SNP_EV_TRUTH:	/* periodic, and says nothing that isn't in a verdict */
	case SNP_EV_END:
		break;
	default:
		line(r, e->time_ns, "", name, "by %s", task(e));
	}
}

static const char *severity_color(enum snp_severity severity)
{
	static const char *const colors[] = { CYAN, YELLOW, RED };

	return colors[severity];
}

static void verdict(struct report *r, const struct verdict *v)
{
	enum snp_severity severity;
	char label[32];

	if (v->kind == VERDICT_STATE) {
		line(r, v->time_ns, GREEN, window_state_name(v->id), "%s", v->text);
		return;
	}
	severity = severity_of(r->severities, v->id);
	snprintf(label, sizeof(label), "%s", snp_severity_name(severity));
	for (char *c = label; *c; c++)
		*c -= *c >= 'a' && *c <= 'z' ? 'a' - 'A' : 0;
	line(r, v->time_ns, severity_color(severity), label, "%s: %s", snp_breach_name(v->id),
	     v->text);
	fprintf(r->out, "%32smeans:  %s\n", "", snp_breach_meaning(v->id));
	fprintf(r->out, "%32sremedy: %s\n", "", snp_breach_remedy(v->id));
}

static void end_breaches(struct report *r, const struct report_end *end)
{
	bool any = false;

	for (int i = 0; i < SNP_BREACH_COUNT; i++) {
		enum snp_severity severity = end->breaches[i].worst;

		if (!end->breaches[i].counted)
			continue;
		fprintf(r->out, "%s%s%s %s (%u)%s", any ? ", " : "",
			r->color ? severity_color(severity) : "", snp_severity_name(severity),
			snp_breach_name(i), end->breaches[i].counted, r->color ? RESET : "");
		any = true;
	}
	fputs(any ? "\n" : "none\n", r->out);
}

/* Nothing is left out in silence. */
static void end_left_out(struct report *r, const struct report_end *end)
{
	bool any = false;

	for (int i = 0; i < SNP_BREACH_COUNT; i++) {
		if (!end->breaches[i].left_out)
			continue;
		fprintf(r->out, "%s%s (%u)", any ? ", " : "left out:     ", snp_breach_name(i),
			end->breaches[i].left_out);
		any = true;
	}
	fputs(any ? "\n" : "", r->out);
}

static void end_report(struct report *r, const struct report_end *end)
{
	fprintf(r->out, "\nwindows:      %u%s\n", end->totals.windows,
		end->window_open ? ", the last one still open" : "");
	fprintf(r->out, "denied:       %llu write%s%s\n", (unsigned long long)end->denied,
		end->denied == 1 ? "" : "s",
		end->totals.audited ? " would have been, without --audit" : "");
	fputs("breaches:     ", r->out);
	end_breaches(r, end);
	end_left_out(r, end);
	fprintf(r->out, "lost records: %llu\n", (unsigned long long)end->totals.lost);
	fputs("not covered:  ", r->out);
	for (unsigned int i = 0; i < end->uncovered_count; i++)
		fprintf(r->out, "%s%s", i ? ", " : "", end->uncovered[i]);
	fputs(end->uncovered_count ? "\n" : "nothing\n", r->out);
}

const struct report_ops report_text = {
	.start = start,
	.event = event,
	.verdict = verdict,
	.end = end_report,
};
