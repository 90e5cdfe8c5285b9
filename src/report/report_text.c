// SPDX-License-Identifier: GPL-2.0-only
/* For a person at a terminal: an aligned line for each event, with its time since the start. */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "report/messages.h"
#include "report/report.h"
#include "util/stamp.h"

/* A time, an event's name, and then what happened. */
enum { LABEL_WIDTH = 16, TEXT_MARGIN = 32, ADVICE_MARGIN = TEXT_MARGIN + 8, SUMMARY_MARGIN = 14 };

static void __attribute__((format(printf, 5, 6)))
text_line(struct report *r, __u64 time_ns, enum terminal_tone tone, const char *label,
	  const char *format, ...)
{
	__u64 ns = time_ns > r->start_ns ? time_ns - r->start_ns : 0;
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(r->out, "%+12.6f  ", ns / 1e9);
	terminal_label(&r->terminal, r->out, tone, LABEL_WIDTH, label);
	fputs("  ", r->out);
	terminal_wrap(&r->terminal, r->out, TEXT_MARGIN, TEXT_MARGIN, text);
}

static void text_start(struct report *r, unsigned int gate_hook)
{
	char text[256], mode[64], stamp[STAMP_SIZE];

	snprintf(text, sizeof(text), "snp-guard on Linux %s, %s; seconds since %s",
		 r->host->release, message_of_mode(r->host->audit, gate_hook, mode, sizeof(mode)),
		 stamp_utc((__s64)r->start_ns + r->host->realtime_offset_ns, false, stamp));
	terminal_wrap(&r->terminal, r->out, 0, 0, text);
}

static const char *text_task(const struct snp_event *e)
{
	static char buf[40];

	snprintf(buf, sizeof(buf), "%.*s[%u]", SNP_COMM_LEN, e->comm, e->tid);
	return buf;
}

/* SNP_SHUTDOWN_EX, dword at 04h (SNP firmware ABI): bit 0 IOMMU_SNP_SHUTDOWN, bit 1
 * X86_SNP_SHUTDOWN. */
static const char *shutdown_flags(__u32 flags)
{
	static const char *const names[] = { "", " (IOMMU)", " (x86: clears SNP_EN)",
					     " (IOMMU, x86: clears SNP_EN)" };

	return flags < sizeof(names) / sizeof(names[0]) ? names[flags] : "";
}

static void text_command(struct report *r, const struct snp_event *e)
{
	char flags[64] = "", outcome[SNP_STATUS_LEN + 40] = "ok";
	const char *name = snp_command_name(e->subject);
	char status[SNP_STATUS_LEN];

	if (e->flags)
		snprintf(flags, sizeof(flags), " with flags %#x%s", e->flags,
			 e->subject == SNP_CMD_SHUTDOWN_EX ? shutdown_flags(e->flags) : "");
	if (e->result || e->status)
		snprintf(outcome, sizeof(outcome), "failed, status %s, result %d",
			 snp_status_text(e->status, status), e->result);
	text_line(r, e->time_ns, TONE_PLAIN, snp_event_name(e->kind),
		  "firmware ran %s (%#x)%s for %s in %.1f ms: %s", name ? name : "?", e->subject,
		  flags, text_task(e), e->value / 1e6, outcome);
}

static void text_hotplug(struct report *r, const struct snp_event *e)
{
	char caller[64] = "", count[32] = "unreadable";

	if (e->name[0])
		snprintf(caller, sizeof(caller), " in %.*s()", SNP_NAME_LEN, e->name);
	if (e->count != SNP_COUNT_UNKNOWN)
		snprintf(count, sizeof(count), "%d", e->count);
	text_line(r, e->time_ns, TONE_PLAIN, snp_event_name(e->kind),
		  "%s %sabled CPU hotplug%s, %s; hotplug count %s", text_task(e),
		  e->kind == SNP_EV_HP_ENABLE ? "en" : "dis", caller,
		  e->flags & SNP_F_OWNED      ? "for SNP"
		  : e->flags & SNP_F_NO_STACK ? "perhaps for SNP (call stack unreadable)"
					      : "not for SNP",
		  count);
}

static void text_cpu_state(struct report *r, const struct snp_event *e)
{
	const char *name = snp_event_name(e->kind);

	if (!(e->flags & SNP_F_ONLINE))
		text_line(r, e->time_ns, TONE_PLAIN, name, "CPU %u %s", e->subject,
			  e->flags & SNP_F_PRESENT ? "offline" : "not present");
	else if (e->result)
		text_line(r, e->time_ns, TONE_WARNING, name, "CPU %u online, SYSCFG unreadable: %s",
			  e->subject, strerror(-e->result));
	else
		text_line(r, e->time_ns, TONE_PLAIN, name,
			  "CPU %u online %s SNP_EN (SYSCFG %#llx)%s", e->subject,
			  e->value & SNP_SYSCFG_SNP_EN ? "with" : "without",
			  (unsigned long long)e->value,
			  e->flags & SNP_F_NO_HSAVE ? ", VM_HSAVE_PA 0 under KVM" : "");
}

static void text_rmpopt(struct report *r, const struct snp_event *e)
{
	const char *name = snp_event_name(e->kind);

	if (e->result)
		text_line(r, e->time_ns, TONE_WARNING, name, "CPU %u, RMPOPT_BASE unreadable: %s",
			  e->subject, strerror(-e->result));
	else
		text_line(r, e->time_ns, TONE_PLAIN, name, "CPU %u %s RMPOPT (RMPOPT_BASE %#llx)",
			  e->subject, e->value & SNP_RMPOPT_ENABLE ? "with" : "without",
			  (unsigned long long)e->value);
}

static void text_denied(struct report *r, const struct snp_event *e)
{
	bool audit = e->flags & SNP_F_AUDIT;
	char text[128];

	text_line(r, e->time_ns, audit ? TONE_WARNING : TONE_GOOD, snp_event_name(e->kind), "%s",
		  message_of_denied(e, text, sizeof(text)));
}

/* "0", "-12 (ENOMEM)", "-95 (EOPNOTSUPP: a present CPU is offline)"; returns text. */
static const char *text_result(int result, const char *cause, char *text, size_t size)
{
	const char *name = snp_errno_name(result);

	if (name)
		snprintf(text, size, "%d (%s%s%s)", result, name, *cause ? ": " : "", cause);
	else
		snprintf(text, size, "%d", result);
	return text;
}

static void text_event(struct report *r, const struct snp_event *e)
{
	const char *name = snp_event_name(e->kind);
	char text[128];

	switch (e->kind) {
	case SNP_EV_COMMAND:
		text_command(r, e);
		break;
	case SNP_EV_HP_DISABLE:
	case SNP_EV_HP_ENABLE:
		text_hotplug(r, e);
		break;
	case SNP_EV_CPU_STATE:
		text_cpu_state(r, e);
		break;
	case SNP_EV_RMPOPT:
		text_rmpopt(r, e);
		break;
	case SNP_EV_DENIED:
		text_denied(r, e);
		break;
	case SNP_EV_PREPARE_ENTER:
		text_line(r, e->time_ns, TONE_PLAIN, name, "%s entered snp_prepare()",
			  text_task(e));
		break;
	case SNP_EV_PREPARE_EXIT:
		if (e->flags & SNP_F_VOID)
			text_line(r, e->time_ns, TONE_PLAIN, name, "snp_prepare() returned to %s",
				  text_task(e));
		else
			text_line(r, e->time_ns, TONE_PLAIN, name,
				  "snp_prepare() returned %s to %s",
				  text_result(e->result, snp_prepare_cause(e->result), text,
					      sizeof(text)),
				  text_task(e));
		break;
	case SNP_EV_X86_SHUTDOWN:
		text_line(r, e->time_ns, TONE_PLAIN, name, "%s entered snp_shutdown()",
			  text_task(e));
		break;
	case SNP_EV_SHUTDOWN_LOCKED:
		text_line(r, e->time_ns, TONE_PLAIN, name,
			  "__sev_snp_shutdown_locked() returned %s to %s",
			  text_result(e->result, "", text, sizeof(text)), text_task(e));
		break;
	case SNP_EV_KEXEC:
		text_line(r, e->time_ns, TONE_PLAIN, name,
			  "%s stopped the kernel, for a kexec or a reboot", text_task(e));
		break;
	case SNP_EV_SNP_ENABLE:
		text_line(r, e->time_ns, TONE_PLAIN, name, "SNP_EN set on CPU %u", e->subject);
		break;
	case SNP_EV_CPU_UP:
	case SNP_EV_CPU_DOWN:
		text_line(r, e->time_ns, TONE_PLAIN, name, "CPU %u %s", e->subject,
			  e->kind == SNP_EV_CPU_UP ? "came online" : "went offline");
		break;
	case SNP_EV_CPU_UP_BEGIN:
	case SNP_EV_CPU_DOWN_BEGIN:
		text_line(r, e->time_ns, TONE_PLAIN, name, "%s asked to %s CPU %u %s%s",
			  text_task(e), e->kind == SNP_EV_CPU_UP_BEGIN ? "bring" : "take",
			  e->subject, e->kind == SNP_EV_CPU_UP_BEGIN ? "online" : "offline",
			  e->flags & SNP_F_FROZEN ? ", in suspend or resume" : "");
		break;
	case SNP_EV_CPUHP_FAIL:
		text_line(r, e->time_ns, TONE_PLAIN, name,
			  "CPU %u failed with %d at hotplug state %u", e->subject, e->result,
			  e->status);
		break;
	case SNP_EV_MODULE_LOAD:
	case SNP_EV_MODULE_FREE:
		text_line(r, e->time_ns, TONE_PLAIN, name, "%s", e->name);
		break;
	case SNP_EV_BEFORE:
		text_line(r, e->time_ns, TONE_PLAIN, name, "comparing with a snapshot of boot %s",
			  e->name);
		break;
	case SNP_EV_ADOPT:
		text_line(r, e->time_ns, TONE_PLAIN, name,
			  "resumed a pinned guard, its last event was %.3f s ago", e->value / 1e9);
		break;
	case SNP_EV_GATE:
		/* A verdict reports a degraded gate. */
		if (!(e->flags & SNP_F_DEGRADED))
			text_line(r, e->time_ns, TONE_PLAIN, name, "%s", e->name);
		break;
	case SNP_EV_FAULT:
		text_line(r, e->time_ns, e->flags & SNP_F_FAILING ? TONE_WARNING : TONE_PLAIN, name,
			  "%s", message_of_fault(e, text, sizeof(text)));
		break;
	case SNP_EV_GUESTS:
		if (e->count == SNP_COUNT_UNKNOWN)
			text_line(r, e->time_ns, TONE_WARNING, name,
				  "how many SNP and SEV-ES guests are at risk is unknown");
		else
			text_line(r, e->time_ns, e->count ? TONE_CRITICAL : TONE_PLAIN, name,
				  "SNP and SEV-ES guests at risk: %d", e->count);
		break;
	case SNP_EV_START:
	case SNP_EV_BEFORE_CPU: /* a verdict reports what differs */
	case SNP_EV_UNCOVERED:	/* reported by a verdict */
	case SNP_EV_LOST:	/* reported by a verdict */
	case SNP_EV_TRUTH:	/* periodic; all that matters of it is in verdicts */
	case SNP_EV_END:
	default:
		break;
	}
}

static enum terminal_tone text_tone(enum snp_severity severity)
{
	static const enum terminal_tone tones[] = { TONE_NOTICE, TONE_WARNING, TONE_CRITICAL };

	return tones[severity];
}

static void text_advice(struct report *r, const char *label, const char *advice)
{
	fprintf(r->out, "%*s%-*s", TEXT_MARGIN, "", ADVICE_MARGIN - TEXT_MARGIN, label);
	terminal_wrap(&r->terminal, r->out, ADVICE_MARGIN, ADVICE_MARGIN, advice);
}

static void text_verdict(struct report *r, const struct verdict *v)
{
	enum snp_severity severity;
	char label[32];

	if (v->kind == VERDICT_STATE) {
		text_line(r, v->time_ns, v->id == WINDOW_DEGRADED ? TONE_WARNING : TONE_GOOD,
			  window_state_name(v->id), "%s", v->text);
		return;
	}
	severity = severity_of(r->severities, v->id);
	snprintf(label, sizeof(label), "%s", snp_severity_name(severity));
	for (char *c = label; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	text_line(r, v->time_ns, text_tone(severity), label, "%s: %s", snp_breach_name(v->id),
		  v->text);
	text_advice(r, "means:", snp_breach_meaning(v->id));
	if (*v->remedy)
		text_advice(r, "remedy:", v->remedy);
	if (r->recording)
		text_advice(r, "record:", r->recording);
}

/* ---- the summary ---- */

static void __attribute__((format(printf, 3, 4)))
text_summary(struct report *r, const char *label, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(r->out, "%-*s", SUMMARY_MARGIN, label);
	terminal_wrap(&r->terminal, r->out, SUMMARY_MARGIN, SUMMARY_MARGIN, text);
}

/* A list that begins with what was there, "2 critical: a (1), b (1)". */
static void summary_add(char *text, size_t size, const char *separator, const char *name,
			unsigned int count)
{
	size_t used = strlen(text);

	snprintf(text + used, size - used, "%s%s (%u)", separator, name, count);
}

static void text_findings(struct report *r, const struct report_end *end)
{
	const char *label = "findings:";

	for (int severity = SNP_CRITICAL; severity >= SNP_NOTICE; severity--) {
		char names[512] = "", total[64];
		unsigned int count = 0;

		for (int i = 0; i < SNP_BREACH_COUNT; i++) {
			const struct report_breach *b = &end->breaches[i];

			if (!b->counted || (int)b->worst != severity)
				continue;
			summary_add(names, sizeof(names), count ? ", " : "", snp_breach_name(i),
				    b->counted);
			count += b->counted;
		}
		if (!count)
			continue;
		snprintf(total, sizeof(total), "%u %s%s:", count, snp_severity_name(severity),
			 severity == SNP_CRITICAL || count == 1 ? "" : "s");
		fprintf(r->out, "%-*s", SUMMARY_MARGIN, label);
		terminal_label(&r->terminal, r->out, text_tone(severity), 0, total);
		fputc(' ', r->out);
		terminal_wrap(&r->terminal, r->out, SUMMARY_MARGIN + strlen(total) + 1,
			      SUMMARY_MARGIN, names);
		label = "";
	}
	if (*label)
		text_summary(r, label, "none");
}

/* Findings whose severity is off are counted, so that nothing is left out in silence. */
static void text_hidden(struct report *r, const struct report_end *end)
{
	char names[512] = "";

	for (int i = 0; i < SNP_BREACH_COUNT; i++)
		if (end->breaches[i].left_out)
			summary_add(names, sizeof(names), *names ? ", " : "", snp_breach_name(i),
				    end->breaches[i].left_out);
	if (*names)
		text_summary(r, "hidden:", "%s", names);
}

/* Only what failed or lost something, which is rare. */
static void text_faults(struct report *r, const struct report_end *end)
{
	char text[512] = "";
	size_t used = 0;

	for (int i = 0; i < SNP_PART_COUNT && used < sizeof(text); i++) {
		if (!end->lost[i] && !end->fails[i])
			continue;
		used += snprintf(text + used, sizeof(text) - used, "%s%s (%llu lost%s%s)",
				 used ? ", " : "", snp_part_name(i),
				 (unsigned long long)end->lost[i], end->fails[i] ? "; " : "",
				 end->fails[i] ? strerror(-end->fails[i]) : "");
	}
	if (*text)
		text_summary(r, "faults:", "%s", text);
}

static void text_end(struct report *r, const struct report_end *end)
{
	char facts[512] = "", refused[128];

	for (unsigned int i = 0; i < end->uncovered_count; i++)
		snprintf(facts + strlen(facts), sizeof(facts) - strlen(facts), "%s%s",
			 i ? ", " : "", end->uncovered[i]);
	if (end->denied && end->totals.audited >= end->denied)
		snprintf(refused, sizeof(refused), "none; audit mode let %llu attempt%s through",
			 (unsigned long long)end->denied, end->denied == 1 ? "" : "s");
	else if (end->totals.audited)
		snprintf(refused, sizeof(refused),
			 "%llu attempts, of which audit mode let %u through",
			 (unsigned long long)end->denied, end->totals.audited);
	else
		snprintf(refused, sizeof(refused), "%llu attempt%s",
			 (unsigned long long)end->denied, end->denied == 1 ? "" : "s");
	fputc('\n', r->out);
	text_summary(r, "windows:", "%u%s", end->totals.windows,
		     end->window_open ? ", the last one still open" : "");
	text_summary(r, "refused:", "%s", refused);
	text_findings(r, end);
	text_hidden(r, end);
	text_summary(r, "lost events:", "%llu", (unsigned long long)end->totals.lost);
	text_summary(r, "blind spots:", "%s", *facts ? facts : "none");
	text_faults(r, end);
}

const struct report_ops report_text = {
	.start = text_start,
	.event = text_event,
	.verdict = text_verdict,
	.end = text_end,
};
