// SPDX-License-Identifier: GPL-2.0-only
/* For systemd's journal: what calls for somebody's attention, by fields to search for. */
#include "report/report_journal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where the entry was made is nothing for a reader of the journal. */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "report/messages.h"

#define SOCKET "/run/systemd/journal/socket"

/* ---- an entry ---- */

void journal_entry_free(struct journal_entry *j)
{
	for (unsigned int i = 0; i < j->count; i++)
		free(j->fields[i]);
	*j = (struct journal_entry){ 0 };
}

static void __attribute__((format(printf, 2, 3)))
add(struct journal_entry *j, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (j->count == JOURNAL_FIELDS || vasprintf(&j->fields[j->count], format, args) < 0)
		j->failed = true;
	else
		j->count++;
	va_end(args);
}

/* What each entry has, after its MESSAGE. */
static void add_head(struct journal_entry *j, enum message message, int priority, __u64 time_ns)
{
	add(j, "MESSAGE_ID=%s", message_text(message)->id);
	add(j, "PRIORITY=%d", priority);
	add(j, "SNP_GUARD_BOOTTIME_NS=%llu", (unsigned long long)time_ns);
}

static int priority_of(enum snp_severity severity)
{
	static const int priorities[] = { LOG_NOTICE, LOG_WARNING, LOG_CRIT };

	return priorities[severity];
}

static void add_breach(struct journal_entry *j, const struct report *r, const struct verdict *v)
{
	add(j, "MESSAGE=%s: %s", snp_breach_name(v->id), v->text);
	add_head(j, message_of_verdict(v), priority_of(severity_of(r->severities, v->id)),
		 v->time_ns);
	add(j, "SNP_GUARD_BREACH=%s", snp_breach_name(v->id));
	add(j, "SNP_GUARD_SEVERITY=%s", severity_name(r->severities, v->id));
	add(j, "SNP_GUARD_REMEDY=%s", snp_breach_remedy(v->id));
}

static void add_state(struct journal_entry *j, const struct verdict *v)
{
	enum message message = message_of_verdict(v);

	add(j, "MESSAGE=%s: %s", window_state_name(v->id), v->text);
	add_head(j, message, message_text(message)->priority, v->time_ns);
	add(j, "SNP_GUARD_STATE=%s", window_state_name(v->id));
}

void journal_of_verdict(struct journal_entry *j, const struct report *r, const struct verdict *v)
{
	if (v->kind == VERDICT_BREACH)
		add_breach(j, r, v);
	else
		add_state(j, v);
	if (v->window)
		add(j, "SNP_GUARD_WINDOW=%u", v->window);
	if (v->cpu != SNP_NO_SUBJECT)
		add(j, "SNP_GUARD_CPU=%u", v->cpu);
	if (v->seq)
		add(j, "SNP_GUARD_SEQ=%llu", (unsigned long long)v->seq);
}

static void add_denied(struct journal_entry *j, const struct snp_event *e)
{
	bool audit = e->flags & SNP_F_AUDIT;
	const char *by = e->flags & SNP_F_OPEN	  ? "open"
			 : e->flags & SNP_F_IOCTL ? "ioctl"
						  : "write";

	add(j, "MESSAGE=%s: %s of %s by %.*s[%u]", audit ? "would deny" : "denied", by, e->name,
	    SNP_COMM_LEN, e->comm, e->tid);
	add_head(j, MESSAGE_EVENT_DENIED,
		 audit ? LOG_WARNING : message_text(MESSAGE_EVENT_DENIED)->priority, e->time_ns);
	add(j, "SNP_GUARD_FILE=%s", e->name);
	add(j, "SNP_GUARD_BY=%s", by);
	add(j, "SNP_GUARD_REFUSED=%s", audit ? "no" : "yes");
	add(j, "SNP_GUARD_COMM=%.*s", SNP_COMM_LEN, e->comm);
	add(j, "SNP_GUARD_SEQ=%llu", (unsigned long long)e->seq);
	/* The journal says more of it, if it is still there: its unit, its command line. */
	add(j, "OBJECT_PID=%u", e->tgid);
}

static void add_begin(struct journal_entry *j, const struct report *r, const struct snp_event *e,
		      enum message message)
{
	bool audit = r->host->audit;

	add(j, "MESSAGE=%s Linux %s, %s",
	    message == MESSAGE_EVENT_ADOPT ? "took up what an earlier guard left on" : "begins on",
	    r->host->release, audit ? "audit: nothing is refused" : "the gate refuses");
	add_head(j, message, message_text(message)->priority, e->time_ns);
	add(j, "SNP_GUARD_AUDIT=%s", audit ? "yes" : "no");
}

bool journal_of_event(struct journal_entry *j, const struct report *r, const struct snp_event *e)
{
	switch (e->kind) {
	case SNP_EV_DENIED:
		add_denied(j, e);
		return true;
	case SNP_EV_START:
		add_begin(j, r, e, MESSAGE_EVENT_START);
		return true;
	case SNP_EV_ADOPT:
		add_begin(j, r, e, MESSAGE_EVENT_ADOPT);
		return true;
	default: /* a verdict says it, or a recording has it */
		return false;
	}
}

void journal_of_end(struct journal_entry *j, const struct report_end *end)
{
	unsigned int breaches = 0;

	for (int i = 0; i < SNP_BREACH_COUNT; i++)
		breaches += end->breaches[i].counted;
	add(j, "MESSAGE=ends: windows %u%s, denied %llu, breaches %u, lost records %llu",
	    end->totals.windows, end->window_open ? ", the last one still open" : "",
	    (unsigned long long)end->denied, breaches, (unsigned long long)end->totals.lost);
	add_head(j, MESSAGE_EVENT_END, message_text(MESSAGE_EVENT_END)->priority, end->time_ns);
	add(j, "SNP_GUARD_WINDOWS=%u", end->totals.windows);
	add(j, "SNP_GUARD_DENIED=%llu", (unsigned long long)end->denied);
	add(j, "SNP_GUARD_BREACHES=%u", breaches);
	add(j, "SNP_GUARD_LOST=%llu", (unsigned long long)end->totals.lost);
	add(j, "SNP_GUARD_STATUS=%d", end->status);
}

/* ---- the report ---- */

/* What the journal does not take is not lost: under systemd stdout leads there another way. */
static void send_entry(struct report *r, struct journal_entry *j)
{
	struct iovec iov[JOURNAL_FIELDS];
	int err = j->failed ? -ENOMEM : 0;

	for (unsigned int i = 0; i < j->count; i++)
		iov[i] = (struct iovec){ j->fields[i], strlen(j->fields[i]) };
	if (!err)
		err = sd_journal_sendv(iov, j->count);
	if (err < 0)
		fprintf(r->out, "%s (the journal did not take it: %s)\n",
			j->count ? j->fields[0] : "MESSAGE=", strerror(-err));
	journal_entry_free(j);
}

/* Without a journal the library takes everything, and drops it. */
static int open_journal(void)
{
	return access(SOCKET, W_OK) ? -errno : 0;
}

static void event(struct report *r, const struct snp_event *e)
{
	struct journal_entry j = { 0 };

	if (journal_of_event(&j, r, e))
		send_entry(r, &j);
}

static void verdict(struct report *r, const struct verdict *v)
{
	struct journal_entry j = { 0 };

	journal_of_verdict(&j, r, v);
	send_entry(r, &j);
}

static void end_report(struct report *r, const struct report_end *end)
{
	struct journal_entry j = { 0 };

	journal_of_end(&j, end);
	send_entry(r, &j);
}

const struct report_ops report_journal = {
	.open = open_journal,
	.event = event,
	.verdict = verdict,
	.end = end_report,
};
