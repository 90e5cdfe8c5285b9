// SPDX-License-Identifier: GPL-2.0-only
/* The journal's entries, and the catalog that explains them. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "report/catalog.h"
#include "contract/explain.h"
#include "report/messages.h"
#include "report/report_journal.h"

static struct report_host host = { .release = "7.3.0-test" };
static struct severities severities;
static struct report report;
static struct journal_entry entry;

static void begin(void)
{
	report = (struct report){ .host = &host, .severities = &severities };
	entry = (struct journal_entry){ 0 };
}

static void finish(void)
{
	journal_entry_free(&entry);
}

TestSuite(journal, .init = begin, .fini = finish);

/* The field's value, or NULL. */
static const char *value(const char *name)
{
	size_t len = strlen(name);

	for (unsigned int i = 0; i < entry.count; i++)
		if (!strncmp(entry.fields[i], name, len) && entry.fields[i][len] == '=')
			return entry.fields[i] + len + 1;
	return NULL;
}

static void has(const char *name, const char *expected)
{
	const char *is = value(name);

	cr_assert(is, "no %s", name);
	cr_expect_str_eq(is, expected, "%s=%s, not %s", name, is, expected);
}

/* That many, each a name of the journal's and a value; the MESSAGE is the first. */
static void is_whole(unsigned int fields)
{
	cr_expect(!entry.failed);
	cr_expect_eq(entry.count, fields, "%u fields, not %u", entry.count, fields);
	cr_expect_eq(strncmp(entry.fields[0], "MESSAGE=", 8), 0);
	for (unsigned int i = 0; i < entry.count; i++) {
		size_t name = strspn(entry.fields[i], "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");

		cr_expect_eq(entry.fields[i][name], '=', "`%s`", entry.fields[i]);
		cr_expect_neq(entry.fields[i][0], '_', "`%s`", entry.fields[i]);
		cr_expect_neq(entry.fields[i][name + 1], 0, "`%s`", entry.fields[i]);
	}
}

static struct verdict verdict_of(enum verdict_kind kind, int id)
{
	return (struct verdict){ .kind = kind,
				 .id = id,
				 .remedy = kind == VERDICT_BREACH ? snp_breach_remedy(id) : "",
				 .window = 2,
				 .cpu = 5,
				 .seq = 7,
				 .time_ns = 1500000000,
				 .text = "CPU 5 did this" };
}

Test(journal, each_breach_has_its_id_and_its_severity)
{
	static const char *const priorities[] = { "5", "4", "2" };

	for (int i = 0; i < SNP_BREACH_COUNT; i++) {
		struct verdict v = verdict_of(VERDICT_BREACH, i);
		char message[64];

		journal_of_verdict(&entry, &report, &v);
		is_whole(10);
		snprintf(message, sizeof(message), "%s: CPU 5 did this", snp_breach_name(i));
		has("MESSAGE", message);
		has("MESSAGE_ID", message_text(i)->id);
		has("PRIORITY", priorities[snp_breach_severity(i)]);
		has("SNP_GUARD_BREACH", snp_breach_name(i));
		has("SNP_GUARD_SEVERITY", snp_severity_name(snp_breach_severity(i)));
		has("SNP_GUARD_REMEDY", snp_breach_remedy(i));
		has("SNP_GUARD_WINDOW", "2");
		has("SNP_GUARD_CPU", "5");
		has("SNP_GUARD_SEQ", "7");
		has("SNP_GUARD_BOOTTIME_NS", "1500000000");
		journal_entry_free(&entry);
	}
}

Test(journal, an_operators_severity_counts)
{
	struct verdict v = verdict_of(VERDICT_BREACH, SNP_BREACH_NO_LATCH);

	severities.levels[SNP_BREACH_NO_LATCH] = SEVERITY_CRITICAL;
	journal_of_verdict(&entry, &report, &v);
	has("PRIORITY", "2");
	has("SNP_GUARD_SEVERITY", "critical");
}

Test(journal, what_is_not_known_is_no_field)
{
	struct verdict v = verdict_of(VERDICT_BREACH, SNP_BREACH_BLIND);

	v.window = v.seq = 0;
	v.cpu = SNP_NO_SUBJECT;
	v.remedy = "";
	journal_of_verdict(&entry, &report, &v);
	is_whole(6);
	cr_expect_null(value("SNP_GUARD_REMEDY"));
	cr_expect_null(value("SNP_GUARD_CPU"));
	cr_expect_null(value("SNP_GUARD_WINDOW"));
	cr_expect_null(value("SNP_GUARD_SEQ"));
}

Test(journal, states)
{
	struct verdict v = verdict_of(VERDICT_STATE, WINDOW_OPENED);

	journal_of_verdict(&entry, &report, &v);
	is_whole(8);
	has("MESSAGE", "window-open: CPU 5 did this");
	has("MESSAGE_ID", message_text(MESSAGE_STATE_OPENED)->id);
	has("PRIORITY", "5");
	has("SNP_GUARD_STATE", "window-open");
	has("SNP_GUARD_WINDOW", "2");
	journal_entry_free(&entry);
	v = verdict_of(VERDICT_STATE, WINDOW_DEGRADED);
	journal_of_verdict(&entry, &report, &v);
	has("MESSAGE_ID", message_text(MESSAGE_STATE_DEGRADED)->id);
	has("PRIORITY", "4");
	has("SNP_GUARD_STATE", "degraded");
}

static struct snp_event denied(__u32 flags)
{
	return (struct snp_event){ .kind = SNP_EV_DENIED,
				   .seq = 9,
				   .time_ns = 1500000000,
				   .flags = flags,
				   .tgid = 41,
				   .tid = 42,
				   .comm = "sixteen letters!",
				   .name = "cpu3/online" };
}

Test(journal, a_refusal_says_who_and_what)
{
	struct snp_event e = denied(SNP_F_OPEN);

	cr_assert(journal_of_event(&entry, &report, &e));
	is_whole(10);
	has("MESSAGE", "refused: sixteen letters![42] opening cpu3/online to write (EPERM)");
	has("MESSAGE_ID", message_text(MESSAGE_EVENT_DENIED)->id);
	has("PRIORITY", "5");
	has("SNP_GUARD_FILE", "cpu3/online");
	has("SNP_GUARD_BY", "open");
	has("SNP_GUARD_REFUSED", "yes");
	has("SNP_GUARD_COMM", "sixteen letters!");
	has("OBJECT_PID", "41");
	journal_entry_free(&entry);
	e = denied(SNP_F_IOCTL);
	journal_of_event(&entry, &report, &e);
	has("SNP_GUARD_BY", "ioctl");
	journal_entry_free(&entry);
	e = denied(SNP_F_AUDIT);
	journal_of_event(&entry, &report, &e);
	has("MESSAGE", "would refuse (audit): sixteen letters![42] writing cpu3/online");
	has("PRIORITY", "4");
	has("SNP_GUARD_REFUSED", "no");
}

Test(journal, begin_and_end)
{
	struct snp_event e = { .kind = SNP_EV_START, .time_ns = 1 };
	struct report_end end = {
		.totals = { .windows = 2, .lost = 3 },
		.breaches = { [SNP_BREACH_BLIND] = { .counted = 1 },
			      [SNP_BREACH_NO_LATCH] = { .counted = 2, .left_out = 9 } },
		.window_open = true,
		.denied = 4,
		.status = 1,
		.time_ns = 5,
	};

	e.status = SNP_GATE_BY_FMOD_RET;
	cr_assert(journal_of_event(&entry, &report, &e));
	is_whole(6);
	has("MESSAGE", "guard started on Linux 7.3.0-test, enforcing by fmod_ret");
	has("SNP_GUARD_GATE", "fmod_ret");
	has("MESSAGE_ID", message_text(MESSAGE_EVENT_START)->id);
	has("SNP_GUARD_AUDIT", "no");
	journal_entry_free(&entry);
	e.kind = SNP_EV_ADOPT;
	host.audit = true;
	cr_assert(journal_of_event(&entry, &report, &e));
	has("MESSAGE_ID", message_text(MESSAGE_EVENT_ADOPT)->id);
	has("SNP_GUARD_AUDIT", "yes");
	journal_entry_free(&entry);
	journal_of_end(&entry, &end);
	is_whole(9);
	has("MESSAGE",
	    "guard ended: windows 2, the last one still open, refused 4, findings 3, lost "
	    "events 3");
	has("MESSAGE_ID", message_text(MESSAGE_EVENT_END)->id);
	has("SNP_GUARD_WINDOWS", "2");
	has("SNP_GUARD_DENIED", "4");
	has("SNP_GUARD_BREACHES", "3");
	has("SNP_GUARD_LOST", "3");
	has("SNP_GUARD_STATUS", "1");
}

Test(journal, other_events_are_not_for_it)
{
	for (int i = 0; i < SNP_EV_KINDS; i++) {
		struct snp_event e = { .kind = i };

		if (i == SNP_EV_DENIED || i == SNP_EV_START || i == SNP_EV_ADOPT ||
		    i == SNP_EV_FAULT)
			continue;
		cr_expect(!journal_of_event(&entry, &report, &e), "%s", snp_event_name(i));
		cr_expect_eq(entry.count, 0);
	}
}

Test(messages, ids_are_ids_and_differ)
{
	for (int i = 0; i < MESSAGE_COUNT; i++) {
		const char *id = message_text(i)->id;

		cr_expect_eq(strlen(id), 32, "%s", id);
		cr_expect_eq(strspn(id, "0123456789abcdef"), 32, "%s", id);
		for (int k = 0; k < i; k++)
			cr_expect_str_neq(id, message_text(k)->id);
	}
}

/* ---- the catalog ---- */

static char *catalog(void)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	cr_assert(out);
	catalog_print(out);
	fclose(out);
	return text;
}

Test(catalog, each_message_has_an_entry)
{
	char *text = catalog(), *at = text, head[128];

	for (int i = 0; i < MESSAGE_COUNT; i++) {
		const struct message_text *m = message_text(i);

		snprintf(head, sizeof(head), "\n-- %s\nDefined-By: snp-guard\n", m->id);
		at = strstr(at, head);
		cr_assert(at, "no entry of %s", m->id);
		at = strstr(at, "\nSubject: ");
		cr_assert(at);
		if (i < SNP_BREACH_COUNT)
			continue;
		cr_expect_eq(strncmp(at + 10, m->subject, strlen(m->subject)), 0);
		cr_expect_eq(strncmp(strstr(at, "\n\n") + 2, m->text, strlen(m->text)), 0);
	}
	free(text);
}

Test(catalog, a_breachs_entry_is_what_explain_says)
{
	char *text = catalog();

	for (int i = 0; i < SNP_BREACH_COUNT; i++) {
		const struct explanation *e = explain(i);
		const char *parts[] = { snp_breach_meaning(i), e->paragraph, snp_breach_remedy(i),
					e->named, e->not_named };
		char *from = strstr(text, message_text(i)->id), *to;

		cr_assert(from);
		to = strstr(from, "\n-- ");
		cr_assert(to);
		*to = 0;
		for (size_t p = 0; p < sizeof(parts) / sizeof(parts[0]); p++)
			cr_expect(strstr(from, parts[p]), "`%s` lacks `%s`", from, parts[p]);
		*to = '\n';
	}
	free(text);
}
