// SPDX-License-Identifier: GPL-2.0-only
/* For systemd's journal: what needs attention, with fields to search for. */
#include "report/report_journal.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "report/messages.h"

/* ---- an entry ---- */

void journal_entry_free(struct journal_entry *j)
{
	for (unsigned int i = 0; i < j->count; i++)
		free(j->fields[i]);
	*j = (struct journal_entry){ 0 };
}

static void __attribute__((format(printf, 2, 3)))
entry_add(struct journal_entry *j, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (j->count == JOURNAL_FIELDS || vasprintf(&j->fields[j->count], format, args) < 0)
		j->failed = true;
	else
		j->count++;
	va_end(args);
}

/* The fields of each entry, after its MESSAGE. */
static void entry_add_head(struct journal_entry *j, enum message message, int priority,
			   __u64 time_ns)
{
	entry_add(j, "MESSAGE_ID=%s", message_text(message)->id);
	entry_add(j, "PRIORITY=%d", priority);
	entry_add(j, "SNP_GUARD_BOOTTIME_NS=%llu", (unsigned long long)time_ns);
}

static int priority_of(enum snp_severity severity)
{
	static const int priorities[] = { LOG_NOTICE, LOG_WARNING, LOG_CRIT };

	return priorities[severity];
}

static void entry_add_breach(struct journal_entry *j, const struct report *r,
			     const struct verdict *v)
{
	entry_add(j, "MESSAGE=%s: %s", snp_breach_name(v->id), v->text);
	entry_add_head(j, message_of_verdict(v), priority_of(severity_of(r->severities, v->id)),
		       v->time_ns);
	entry_add(j, "SNP_GUARD_BREACH=%s", snp_breach_name(v->id));
	entry_add(j, "SNP_GUARD_SEVERITY=%s", severity_name(r->severities, v->id));
	if (*v->remedy)
		entry_add(j, "SNP_GUARD_REMEDY=%s", v->remedy);
	if (r->recording)
		entry_add(j, "SNP_GUARD_RECORDING=%s", r->recording);
}

static void entry_add_state(struct journal_entry *j, const struct verdict *v)
{
	enum message message = message_of_verdict(v);

	entry_add(j, "MESSAGE=%s: %s", window_state_name(v->id), v->text);
	entry_add_head(j, message, message_text(message)->priority, v->time_ns);
	entry_add(j, "SNP_GUARD_STATE=%s", window_state_name(v->id));
}

void journal_of_verdict(struct journal_entry *j, const struct report *r, const struct verdict *v)
{
	if (v->kind == VERDICT_BREACH)
		entry_add_breach(j, r, v);
	else
		entry_add_state(j, v);
	if (v->window)
		entry_add(j, "SNP_GUARD_WINDOW=%u", v->window);
	if (v->cpu != SNP_NO_SUBJECT)
		entry_add(j, "SNP_GUARD_CPU=%u", v->cpu);
	if (v->seq)
		entry_add(j, "SNP_GUARD_SEQ=%llu", (unsigned long long)v->seq);
}

static void entry_add_denied(struct journal_entry *j, const struct snp_event *e)
{
	bool audit = e->flags & SNP_F_AUDIT;
	const char *by = e->flags & SNP_F_OPEN	  ? "open"
			 : e->flags & SNP_F_IOCTL ? "ioctl"
						  : "write";
	char text[128];

	entry_add(j, "MESSAGE=%s", message_of_denied(e, text, sizeof(text)));
	entry_add_head(j, MESSAGE_EVENT_DENIED,
		       audit ? LOG_WARNING : message_text(MESSAGE_EVENT_DENIED)->priority,
		       e->time_ns);
	entry_add(j, "SNP_GUARD_FILE=%s", e->name);
	entry_add(j, "SNP_GUARD_BY=%s", by);
	entry_add(j, "SNP_GUARD_REFUSED=%s", audit ? "no" : "yes");
	entry_add(j, "SNP_GUARD_COMM=%.*s", SNP_COMM_LEN, e->comm);
	entry_add(j, "SNP_GUARD_SEQ=%llu", (unsigned long long)e->seq);
	/* journald adds the unit and the command line of a process that still exists. */
	entry_add(j, "OBJECT_PID=%u", e->tgid);
}

static void entry_add_start(struct journal_entry *j, const struct report *r,
			    const struct snp_event *e, enum message message)
{
	bool audit = r->host->audit;
	char mode[64];

	entry_add(j, "MESSAGE=%s Linux %s, %s",
		  message == MESSAGE_EVENT_ADOPT ? "resumed a pinned guard on" : "guard started on",
		  r->host->release, message_of_mode(audit, e->status, mode, sizeof(mode)));
	entry_add_head(j, message, message_text(message)->priority, e->time_ns);
	entry_add(j, "SNP_GUARD_AUDIT=%s", audit ? "yes" : "no");
	entry_add(j, "SNP_GUARD_GATE=%s", snp_gate_hook_name(e->status));
}

static void entry_add_fault(struct journal_entry *j, const struct snp_event *e)
{
	bool fails = e->flags & SNP_F_FAILING;
	char text[128];

	entry_add(j, "MESSAGE=%s", message_of_fault(e, text, sizeof(text)));
	entry_add_head(j, MESSAGE_EVENT_FAULT,
		       fails ? message_text(MESSAGE_EVENT_FAULT)->priority : LOG_NOTICE,
		       e->time_ns);
	entry_add(j, "SNP_GUARD_PART=%s", snp_part_name(e->subject));
	entry_add(j, "SNP_GUARD_LOST=%llu", (unsigned long long)e->value);
}

bool journal_of_event(struct journal_entry *j, const struct report *r, const struct snp_event *e)
{
	switch (e->kind) {
	case SNP_EV_DENIED:
		entry_add_denied(j, e);
		return true;
	case SNP_EV_START:
		entry_add_start(j, r, e, MESSAGE_EVENT_START);
		return true;
	case SNP_EV_ADOPT:
		entry_add_start(j, r, e, MESSAGE_EVENT_ADOPT);
		return true;
	case SNP_EV_FAULT:
		entry_add_fault(j, e);
		return true;
	default: /* a verdict reports it, or a recording has it */
		return false;
	}
}

void journal_of_end(struct journal_entry *j, const struct report_end *end)
{
	unsigned int breaches = 0;

	for (int i = 0; i < SNP_BREACH_COUNT; i++)
		breaches += end->breaches[i].counted;
	entry_add(j,
		  "MESSAGE=guard ended: windows %u%s, refused %llu, findings %u, lost events %llu",
		  end->totals.windows, end->window_open ? ", the last one still open" : "",
		  (unsigned long long)end->denied, breaches, (unsigned long long)end->totals.lost);
	entry_add_head(j, MESSAGE_EVENT_END, message_text(MESSAGE_EVENT_END)->priority,
		       end->time_ns);
	entry_add(j, "SNP_GUARD_WINDOWS=%u", end->totals.windows);
	entry_add(j, "SNP_GUARD_DENIED=%llu", (unsigned long long)end->denied);
	entry_add(j, "SNP_GUARD_BREACHES=%u", breaches);
	entry_add(j, "SNP_GUARD_LOST=%llu", (unsigned long long)end->totals.lost);
	entry_add(j, "SNP_GUARD_STATUS=%d", end->status);
}

/* ---- the report ---- */

/* An item for the journal's output: each field with its NUL. */
static void journal_send(struct report *r, struct journal_entry *j)
{
	if (j->failed)
		entry_add(j, "SNP_GUARD_INCOMPLETE=yes");
	for (unsigned int i = 0; i < j->count; i++)
		fwrite(j->fields[i], strlen(j->fields[i]) + 1, 1, r->out);
	journal_entry_free(j);
}

static void journal_event(struct report *r, const struct snp_event *e)
{
	struct journal_entry j = { 0 };

	if (journal_of_event(&j, r, e))
		journal_send(r, &j);
}

static void journal_verdict(struct report *r, const struct verdict *v)
{
	struct journal_entry j = { 0 };

	journal_of_verdict(&j, r, v);
	journal_send(r, &j);
}

static void journal_end(struct report *r, const struct report_end *end)
{
	struct journal_entry j = { 0 };

	journal_of_end(&j, end);
	journal_send(r, &j);
}

const struct report_ops report_journal = {
	.event = journal_event,
	.verdict = journal_verdict,
	.end = journal_end,
};
