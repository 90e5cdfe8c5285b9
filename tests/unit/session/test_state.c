// SPDX-License-Identifier: GPL-2.0-only
/* A session's state as bytes: this version reads what older ones packed, and names newer ones. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "session/session.h"

/* Where the head has the layout and the number of breaches, as every version writes it. */
enum { AT_LAYOUT = 4, AT_ROWS = 8, HEAD = 12 + SESSION_VERSION_LEN };

static const struct trace_header host = { .boot_id = "boot", .release = "7.3.0-test" };
static unsigned char bytes[64 * 1024];
static FILE *nowhere;

static void begin(void)
{
	nowhere = fopen("/dev/null", "w");
	cr_assert(nowhere);
}

static void finish(void)
{
	fclose(nowhere);
}

TestSuite(state, .init = begin, .fini = finish);

/*
 * Packs the state of a session that has lost records and found a CPU offline in a window, as a
 * version with so many breaches did; 0: this one.
 */
static size_t pack_as_layout(unsigned int rows, bool old, unsigned int layout)
{
	static const struct snp_event events[] = {
		{ .kind = SNP_EV_START, .time_ns = 1, .flags = SNP_F_HAS_PREPARE },
		{ .kind = SNP_EV_CPU_STATE, .time_ns = 2, .flags = SNP_F_PRESENT | SNP_F_ONLINE },
		{ .kind = SNP_EV_TRUTH, .time_ns = 3, .flags = SNP_F_STABLE },
		{ .kind = SNP_EV_SNP_ENABLE, .time_ns = 4, .seq = 1 },
		{ .kind = SNP_EV_CPU_DOWN, .time_ns = 5, .seq = 2, .subject = 1 },
		{ .kind = SNP_EV_LOST, .time_ns = 6, .value = 3 },
	};
	struct pack p = {
		.data = bytes, .size = sizeof(bytes), .rows = rows, .old = old, .layout = layout
	};
	struct session s;

	cr_assert_eq(session_init(&s, REPORT_JSON, nowhere, &host), 0);
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		cr_assert_eq(session_feed(&s, &events[i]), 0);
	session_save(&s, &p);
	cr_assert(!p.err);
	session_free(&s);
	if (old)
		bytes[AT_LAYOUT] = layout;
	return p.used;
}

static size_t pack_as_with(unsigned int rows)
{
	return pack_as_layout(rows, false, 0);
}

static int unpack(struct session *s, size_t size, char version[SESSION_VERSION_LEN])
{
	struct pack p = { .data = bytes, .size = size, .reading = true };

	cr_assert_eq(session_init(s, REPORT_JSON, nowhere, &host), 0);
	return session_load(s, &p, version);
}

/* All but BLIND, if `blind` is not to be known. */
static void knows(const struct session *s, unsigned int blind)
{
	cr_expect_eq(window_totals(s->window).breaches[SNP_BREACH_CPU_OFFLINED], 1);
	cr_expect_eq(window_totals(s->window).breaches[SNP_BREACH_BLIND], blind);
	cr_expect_eq(window_totals(s->window).lost, 3);
	cr_expect_eq(s->breaches[SNP_BREACH_CPU_OFFLINED].counted, 1);
	cr_expect_eq(s->breaches[SNP_BREACH_BLIND].counted, blind);
	cr_expect_eq(s->history.windows[0].breaches[SNP_BREACH_CPU_OFFLINED], 1);
	cr_expect_eq(s->history.windows[0].breaches[SNP_BREACH_BLIND], blind);
	cr_expect_eq(s->last_ns, 6);
}

Test(state, says_which_version_packed_it)
{
	char version[SESSION_VERSION_LEN];
	struct session s;

	cr_expect_eq(unpack(&s, pack_as_with(0), version), 0);
	cr_expect_str_eq(version, SNP_GUARD_VERSION);
	knows(&s, 1);
	session_free(&s);
}

/* As a version reads it that has one breach more. */
Test(state, of_a_version_with_fewer_breaches)
{
	char version[SESSION_VERSION_LEN];
	struct session s;

	cr_expect_eq(unpack(&s, pack_as_with(SNP_BREACH_BLIND), version), 0);
	knows(&s, 0);
	session_free(&s);
}

/* Layout 1 had no word of VM_HSAVE_PA. */
Test(state, of_a_version_that_did_not_look_at_vm_hsave_pa)
{
	size_t size = pack_as_with(0), older = pack_as_layout(SNP_BREACH_BLIND + 1, true, 1);
	char version[SESSION_VERSION_LEN];
	struct session s;

	cr_expect_lt(older, size);
	cr_expect_eq(unpack(&s, older, version), 0);
	cr_expect(window_cpu(s.window, 0).snp_en);
	knows(&s, 1);
	session_free(&s);
	cr_expect_eq(unpack(&s, older - 1, version), -EBADMSG, "nothing is left over");
	session_free(&s);
}

/* Layout 2 had none of RMPOPT_BASE. */
Test(state, of_a_version_that_did_not_look_at_rmpopt)
{
	size_t size = pack_as_with(0), older = pack_as_layout(SNP_BREACH_RMPOPT_UNEVEN, true, 2);
	char version[SESSION_VERSION_LEN];
	struct session s;

	cr_expect_lt(older, size);
	cr_expect_eq(unpack(&s, older, version), 0);
	cr_expect(window_cpu(s.window, 0).snp_en);
	cr_expect_not(window_cpu(s.window, 0).rmpopt_read);
	knows(&s, 1);
	session_free(&s);
}

/* Layout 0 had neither head nor parts. */
Test(state, of_a_version_that_did_not_say_which)
{
	size_t size = pack_as_layout(17, true, 0) - HEAD;
	char version[SESSION_VERSION_LEN];
	struct session s;

	memmove(bytes, bytes + HEAD, size);
	cr_expect_eq(unpack(&s, size, version), 0);
	cr_expect_str_eq(version, "");
	knows(&s, 1);
	session_free(&s);
}

static void is_newer(unsigned int at)
{
	char version[SESSION_VERSION_LEN];
	size_t size = pack_as_with(0);
	struct session s;

	bytes[at]++;
	strcpy((char *)bytes + 12, "9.8.7");
	cr_expect_eq(unpack(&s, size, version), -ENOTSUP);
	cr_expect_str_eq(version, "9.8.7");
	session_free(&s);
}

Test(state, of_a_newer_version_is_not_taken_for_damaged)
{
	is_newer(AT_LAYOUT);
	is_newer(AT_ROWS);
}

Test(state, that_says_nothing_that_can_be)
{
	char version[SESSION_VERSION_LEN];
	size_t size = pack_as_with(0);
	struct session s;

	bytes[AT_LAYOUT] = 0;
	cr_expect_eq(unpack(&s, size, version), -EBADMSG);
	session_free(&s);
	pack_as_with(0);
	bytes[AT_ROWS] = 0;
	cr_expect_eq(unpack(&s, size, version), -EBADMSG);
	session_free(&s);
	pack_as_with(0);
	bytes[HEAD] = 9; /* no severity */
	cr_expect_eq(unpack(&s, size, version), -EBADMSG);
	session_free(&s);
}

/* Recordings have a counter for each, by its place. */
Test(state, breaches_keep_their_places)
{
	static const char *const names[] = {
		"cpu-onlined",	   "cpu-without-snp-en", "unsafe-bailout",     "snp-en-lost",
		"early-enable",	   "unbalanced-enable",	 "foreign-enable",     "cpu-offlined",
		"stacked-disable", "leaked-disable",	 "late-disable",       "partial-prepare",
		"kexec-unlatched", "no-latch",		 "benign-failed-init", "orphaned-init",
		"blind",	   "init-under-guests",	 "rmpopt-uneven",
	};

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		cr_expect_str_eq(snp_breach_name(i), names[i],
				 "a new breach comes last in SNP_BREACHES");
}
