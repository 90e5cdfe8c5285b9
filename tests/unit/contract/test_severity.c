// SPDX-License-Identifier: GPL-2.0-only
/* What an operator lets breaches count as, from the option to the summary. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/nearest.h"
#include "session/session.h"
#include "events.h"

static char why[256];

static int set(struct severities *s, const char *text)
{
	why[0] = 0;
	return severity_parse(s, text, why, sizeof(why));
}

Test(severity, is_the_tables_unless_set)
{
	struct severities s = { 0 };

	for (int i = 0; i < SNP_BREACH_COUNT; i++) {
		cr_expect_eq(severity_of(&s, i), snp_breach_severity(i));
		cr_expect_str_eq(severity_name(&s, i), snp_severity_name(snp_breach_severity(i)));
		cr_expect_not(severity_is_off(&s, i));
	}
}

Test(severity, each_level_of_each_breach)
{
	static const char *const levels[] = { "off", "notice", "warning", "critical" };
	char text[64];

	for (int i = 0; i < SNP_BREACH_COUNT; i++)
		for (int j = 0; j < 4; j++) {
			struct severities s = { 0 };

			snprintf(text, sizeof(text), "%s=%s", snp_breach_name(i), levels[j]);
			cr_expect_eq(set(&s, text), i, "%s: %s", text, why);
			cr_expect_str_eq(severity_name(&s, i), levels[j]);
			cr_expect_eq(severity_is_off(&s, i), j == 0);
			if (j)
				cr_expect_eq(severity_of(&s, i), (enum snp_severity)(j - 1));
			for (int k = 0; k < SNP_BREACH_COUNT; k++)
				cr_expect(k == i || s.levels[k] == SEVERITY_BY_TABLE);
		}
}

Test(severity, what_is_wrong_is_said_and_changes_nothing)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{ "cpu-online=off", "no breach is called `cpu-online`, is it `cpu-onlined`?" },
		{ "no_latch=off", "is it `no-latch`?" },
		{ "xyzzy=off", "no breach is called `xyzzy`; snp-guard(8) lists them" },
		{ "=off", "no breach is called ``" },
		{ "blind=of", "blind is off, notice, warning or critical, not `of`" },
		{ "blind=", "not ``" },
		{ "blind", "it takes BREACH=LEVEL, not `blind`" },
		{ "", "it takes BREACH=LEVEL" },
	};
	struct severities s = { 0 };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cr_expect_eq(set(&s, bad[i].text), -EINVAL, "%s", bad[i].text);
		cr_expect(strstr(why, bad[i].says), "`%s`, should say `%s`", why, bad[i].says);
	}
	for (int i = 0; i < SNP_BREACH_COUNT; i++)
		cr_expect_eq(s.levels[i], SEVERITY_BY_TABLE);
}

static const char *fruit(unsigned int i)
{
	static const char *const names[] = { "apple", NULL, "pear", "cherry" };

	return names[i];
}

Test(severity, the_nearest_name)
{
	char longer[256];

	cr_expect_str_eq(nearest("appel", fruit, 4), "apple");
	cr_expect_str_eq(nearest("pera", fruit, 4), "pear");
	cr_expect_str_eq(nearest("chery", fruit, 4), "cherry");
	cr_expect_str_eq(nearest("pear", fruit, 4), "pear");
	cr_expect_null(nearest("quince", fruit, 4));
	cr_expect_null(nearest("", fruit, 4));
	memset(longer, 'a', sizeof(longer));
	longer[sizeof(longer) - 1] = 0;
	cr_expect_null(nearest(longer, fruit, 4));
}

/* ---- a session ---- */

static struct session session;
static FILE *out;
static char *text;
static size_t size;

static void begin(void)
{
	const struct trace_header host = { .boot_id = "boot", .release = "7.3.0" };

	out = open_memstream(&text, &size);
	cr_assert_eq(session_init(&session, REPORT_JSON, out, &host), 0);
}

static void finish(void)
{
	session_free(&session);
	fclose(out);
	free(text);
}

TestSuite(severity_session, .init = begin, .fini = finish);

static void feed(enum snp_event_kind kind, __u32 subject, __u32 flags, __u64 value)
{
	static __u64 seq, now_ns = SECOND;
	struct snp_event e = { .kind = kind,
			       .seq = kind < SNP_EV_START ? ++seq : 0,
			       .time_ns = now_ns += 1000,
			       .subject = subject,
			       .flags = flags,
			       .value = value,
			       .count = SNP_COUNT_UNKNOWN };

	cr_assert_eq(session_feed(&session, &e), 0);
}

/* A window on a host of four CPUs, of which 2 and 3 are offline. */
static void open_window(void)
{
	feed(SNP_EV_START, SNP_NO_SUBJECT, SNP_F_HAS_PREPARE | SNP_F_HAS_ENABLE, 0);
	for (int i = 0; i < 4; i++)
		feed(SNP_EV_CPU_STATE, i, SNP_F_PRESENT | (i < 2 ? SNP_F_ONLINE : 0), 0);
	feed(SNP_EV_TRUTH, SNP_NO_SUBJECT, SNP_F_STABLE, 0);
	feed(SNP_EV_SNP_ENABLE, 0, 0, 0);
	feed(SNP_EV_SNP_ENABLE, 1, 0, 0);
}

static bool said(const char *what)
{
	fflush(out);
	return strstr(text, what);
}

static void let(const char *severity)
{
	struct severities s = session.severities;

	cr_assert_geq(set(&s, severity), 0, "%s", why);
	session_set_severities(&session, &s);
}

Test(severity_session, a_breach_that_is_off_is_left_out_and_told_at_the_end)
{
	let("cpu-onlined=off");
	open_window();
	feed(SNP_EV_CPU_UP, 2, 0, 0);
	feed(SNP_EV_CPU_UP, 3, 0, 0);
	cr_expect_not(said("\"breach\":"), "%s", text);
	cr_expect_eq(session_status(&session), STATUS_CLEAN);
	session_end(&session, 0);
	cr_expect(said("\"breaches\":{},\"left_out\":{\"cpu-onlined\":2}"), "%s", text);
}

Test(severity_session, a_lower_severity_is_the_one_that_counts)
{
	let("cpu-onlined=warning");
	open_window();
	feed(SNP_EV_CPU_UP, 2, 0, 0);
	cr_expect(said("\"breach\":\"cpu-onlined\",\"severity\":\"warning\""), "%s", text);
	cr_expect_eq(session_status(&session), STATUS_WARNING);
	session_end(&session, 0);
	cr_expect(said("\"breaches\":{\"cpu-onlined\":1},\"left_out\":{}"), "%s", text);
}

Test(severity_session, a_change_counts_from_then_on)
{
	open_window();
	feed(SNP_EV_CPU_UP, 2, 0, 0);
	let("cpu-onlined=notice");
	feed(SNP_EV_CPU_UP, 3, 0, 0);
	cr_expect(said("\"severity\":\"critical\"") && said("\"severity\":\"notice\""));
	cr_expect_eq(session_status(&session), STATUS_CRITICAL);
	cr_expect_eq(session.breaches[SNP_BREACH_CPU_ONLINED].worst, SNP_CRITICAL);
	cr_expect_eq(session.breaches[SNP_BREACH_CPU_ONLINED].counted, 2);
}

Test(severity_session, no_severity_verifies_what_was_not_looked_at)
{
	let("blind=off");
	feed(SNP_EV_START, SNP_NO_SUBJECT, 0, 0);
	cr_expect_eq(session_status(&session), STATUS_UNVERIFIED);
}
