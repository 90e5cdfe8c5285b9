// SPDX-License-Identifier: GPL-2.0-only
/* The largest host that an x86 kernel can be built for: 8192 CPUs (NR_CPUS). */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/platform.h"
#include "session/session.h"
#include "host/snapshot.h"
#include "session/stream.h"
#include "events.h"

enum { ALL = 8192 };

#define MS 1000000ull

/* ---- sets of CPUs ---- */

static bool every(unsigned int cpu)
{
	(void)cpu;
	return true;
}

static bool in_fours(unsigned int cpu)
{
	return cpu % 8 < 4;
}

static bool even(unsigned int cpu)
{
	return cpu % 2 == 0;
}

static bool lower_half(unsigned int cpu)
{
	return cpu < ALL / 2;
}

static bool all_but_few(unsigned int cpu)
{
	return cpu != 5 && cpu != 4095 && cpu != ALL - 1;
}

static unsigned int count_of(bool (*has)(unsigned int))
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < ALL; i++)
		n += has(i);
	return n;
}

/* As the kernel writes it; to be freed. */
static char *list_of(bool (*has)(unsigned int))
{
	char *text = malloc(ALL * 6), *at = text;

	cr_assert(text);
	for (unsigned int i = 0, first; i < ALL; i++) {
		if (!has(i))
			continue;
		for (first = i; i + 1 < ALL && has(i + 1); i++)
			;
		at += sprintf(at, i == first ? "%s%u" : "%s%u-%u", at == text ? "" : ",", first, i);
	}
	strcpy(at, "\n");
	return text;
}

static struct fixture fixture;
static struct platform machine;

static void begin(void)
{
	fixture_begin(&fixture);
	machine.root = fixture.root;
}

static void finish(void)
{
	fixture_end(&fixture);
}

TestSuite(sizes, .init = begin, .fini = finish);

static void write_list(const char *path, bool (*has)(unsigned int))
{
	char *text = list_of(has);

	fixture_write(&fixture, path, text);
	free(text);
}

Test(sizes, lists_of_8192_cpus_are_read_whole)
{
	static bool (*const sets[])(unsigned int) = { every, in_fours, even, lower_half,
						      all_but_few };
	struct cpulist set;

	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		write_list("/sys/devices/system/cpu/online", sets[i]);
		cr_assert_eq(platform_cpus(&machine, "online", &set), 0);
		cr_expect_eq(cpulist_count(&set), count_of(sets[i]), "set %zu", i);
		for (unsigned int cpu = 0; cpu < ALL; cpu++)
			cr_assert_eq(cpulist_has(&set, cpu), sets[i](cpu), "set %zu, CPU %u", i,
				     cpu);
		cpulist_free(&set);
	}
}

Test(sizes, lists_of_8192_cpus_are_written_as_they_were_read)
{
	char *text = list_of(even), *written = malloc(ALL * 6);
	struct cpulist set;

	cr_assert(written);
	cr_assert_eq(cpulist_parse(&set, text), 0);
	cpulist_format(&set, written, ALL * 6);
	text[strcspn(text, "\n")] = 0;
	cr_expect_str_eq(written, text);
	cpulist_free(&set);
	free(written);
	free(text);
}

/* The kernel gives a page of a list at most, and does not say that it cut it. */
Test(sizes, a_list_that_the_kernel_cut_is_not_believed)
{
	char *text = list_of(even), path[64];
	struct cpulist set;

	text[4095] = 0;
	fixture_write(&fixture, "/sys/devices/system/cpu/online", text);
	fixture_write(&fixture, "/sys/devices/system/cpu/possible", text);
	free(text);
	write_list("/sys/devices/system/cpu/present", all_but_few);
	/* CPU 0 has none, as it can't go offline. */
	for (unsigned int i = 1; i < ALL; i++) {
		if (!all_but_few(i))
			continue;
		snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/online", i);
		fixture_write(&fixture, path, even(i) ? "1\n" : "0\n");
	}
	cr_assert_eq(platform_cpus(&machine, "online", &set), 0);
	for (unsigned int cpu = 0; cpu < ALL; cpu++)
		cr_assert_eq(cpulist_has(&set, cpu), even(cpu), "CPU %u", cpu);
	cpulist_free(&set);
	cr_expect_eq(platform_cpus(&machine, "possible", &set), -EOVERFLOW);
}

/* ---- snapshots ---- */

/* Another one for each CPU, with SNP_EN on two of three. */
static __u64 syscfg_of(unsigned int cpu)
{
	return 0x2800000 | cpu | (cpu % 3 ? SNP_SYSCFG_SNP_EN : 0);
}

static void take_and_read_back(bool (*online)(unsigned int), bool (*present)(unsigned int))
{
	struct snapshot taken, read;
	FILE *f = tmpfile();

	cr_assert(f);
	write_list("/sys/devices/system/cpu/online", online);
	write_list("/sys/devices/system/cpu/present", present);
	for (unsigned int i = 0; i < ALL; i++)
		if (online(i))
			fixture_syscfg(&fixture, i, syscfg_of(i));
	cr_assert_eq(snapshot_take(&taken, &machine), 0);
	cr_assert_eq(snapshot_write(&taken, f), 0);
	rewind(f);
	cr_assert_eq(snapshot_read(&read, f), 0);
	cr_assert_geq(taken.count, ALL - 1);
	for (unsigned int i = 0; i < ALL - 1; i++) {
		const struct snapshot_cpu *c = &taken.cpus[i], *r = &read.cpus[i];

		cr_assert_eq(c->present, present(i), "CPU %u", i);
		cr_assert_eq(c->online, online(i), "CPU %u", i);
		cr_assert_eq(c->err, 0, "CPU %u", i);
		cr_assert(!c->online || c->syscfg == syscfg_of(i), "CPU %u", i);
		cr_assert(r->present == c->present && r->online == c->online, "CPU %u", i);
		cr_assert(!c->online || r->syscfg == c->syscfg, "CPU %u", i);
	}
	fclose(f);
	snapshot_free(&taken);
	snapshot_free(&read);
}

Test(sizes, a_snapshot_of_8192_cpus_with_smt_off)
{
	take_and_read_back(lower_half, every);
}

Test(sizes, a_snapshot_of_8192_cpus_with_holes)
{
	take_and_read_back(in_fours, all_but_few);
}

Test(sizes, a_syscfg_of_zero_is_read_back)
{
	struct snapshot_cpu cpu = { .present = true, .online = true };
	struct snapshot taken = { .hotplug_count = SNP_COUNT_UNKNOWN, .cpus = &cpu, .count = 1 };
	struct snapshot read;
	FILE *f = tmpfile();

	cr_assert(f);
	cr_assert_eq(snapshot_write(&taken, f), 0);
	rewind(f);
	cr_assert_eq(snapshot_read(&read, f), 0);
	cr_expect_eq(read.cpus[0].syscfg, 0);
	cr_expect_eq(read.cpus[0].err, 0);
	snapshot_free(&read);
	fclose(f);
}

/* ---- stories of 8192 CPUs ---- */

static struct story story;

static void set_online(bool (*online)(unsigned int))
{
	for (unsigned int i = 0; i < ALL; i++)
		story.cpus[i].online = online(i);
}

static void begin_story(bool (*online)(unsigned int), bool (*present)(unsigned int))
{
	story_begin(&story, ALL);
	set_online(online);
	for (unsigned int i = 0; i < ALL; i++)
		story.cpus[i].present = present(i);
	start(&story);
}

static void open_window(void)
{
	prepare(&story);
	snp_init(&story);
	settle(&story);
}

static void cr_told_alone(enum snp_breach breach, unsigned int times)
{
	for (int i = 0; i < SNP_BREACH_COUNT; i++)
		cr_expect_eq(story.breaches[i], i == (int)breach ? times : 0,
			     "%s: %u times, the last: %s", snp_breach_name(i), story.breaches[i],
			     story.text);
}

static void forget(void)
{
	memset(story.breaches, 0, sizeof(story.breaches));
	memset(story.breaches_of, 0, sizeof(story.breaches_of));
}

Test(sizes, windows_over_8192_cpus_open_and_close)
{
	begin_story(every, every);
	for (int i = 0; i < 3; i++) {
		open_window();
		cr_expect(window_is_open(story.window));
		/* Nothing in this kernel disables hotplug. */
		cr_told_alone(SNP_BREACH_NO_LATCH, 1);
		for (unsigned int cpu = 0; cpu < ALL; cpu++)
			cr_assert(window_cpu(story.window, cpu).snp_en, "CPU %u", cpu);
		forget();
		full_shutdown(&story);
		x86_shutdown(&story);
		settle(&story);
		cr_expect_not(window_is_open(story.window));
		cr_told_alone(SNP_BREACH_NO_LATCH, 0);
		forget();
	}
	cr_expect_eq(window_totals(story.window).windows, 3);
	story_end(&story);
}

Test(sizes, one_of_8192_cpus_is_named)
{
	begin_story(every, every);
	open_window();
	forget();
	story.cpus[ALL - 1].snp_en = false;
	sweep(&story);
	cr_expect_eq(story.breaches[SNP_BREACH_SNP_EN_LOST], 1);
	cr_expect_eq(story.breaches[SNP_BREACH_CPU_WITHOUT_SNP_EN], 1);
	cr_expect_eq(story.breaches_of[ALL - 1], 2);
	for (unsigned int i = 0; i < ALL - 1; i++)
		cr_assert_eq(story.breaches_of[i], 0, "CPU %u", i);
	story_end(&story);
}

Test(sizes, with_smt_off_the_other_half_is_named_as_one)
{
	begin_story(lower_half, every);
	open_window();
	cr_expect_eq(story.breaches[SNP_BREACH_PARTIAL_PREPARE], 1);
	cr_expect_eq(story.breaches[SNP_BREACH_NO_LATCH], 1);
	story_end(&story);
	begin_story(lower_half, every);
	prepare(&story);
	cr_says(&story, "with 4096 present CPUs offline: 4096-8191");
	story_end(&story);
	/* A list with holes is longer than any text: it is cut, and the count is right. */
	begin_story(even, every);
	prepare(&story);
	cr_says(&story, "with 4096 present CPUs offline: 1,3,5,7,");
	cr_says(&story, "...");
	story_end(&story);
}

Test(sizes, cpus_that_are_only_possible_are_not_missed)
{
	begin_story(lower_half, lower_half);
	open_window();
	cr_told_alone(SNP_BREACH_NO_LATCH, 1);
	story_end(&story);
}

Test(sizes, each_of_4096_cpus_that_come_and_go_is_named)
{
	begin_story(lower_half, every);
	open_window();
	forget();
	for (unsigned int i = ALL / 2; i < ALL; i++)
		cpu_up(&story, i);
	cr_told_alone(SNP_BREACH_CPU_ONLINED, ALL / 2);
	for (unsigned int i = 0; i < ALL; i++)
		cr_assert_eq(story.breaches_of[i], i >= ALL / 2, "CPU %u", i);
	forget();
	later(&story, 2 * WINDOW_SETTLE_NS);
	truth(&story);
	for (unsigned int i = ALL / 2; i < ALL; i++)
		cpu_down(&story, i);
	cr_told_alone(SNP_BREACH_CPU_OFFLINED, ALL / 2);
	story_end(&story);
}

Test(sizes, sweeps_alone_find_4096_cpus_that_came)
{
	begin_story(even, every);
	open_window();
	forget();
	set_online(every);
	all_snp_en(&story, true);
	settle(&story);
	cr_told_alone(SNP_BREACH_CPU_ONLINED, ALL / 2);
	for (unsigned int i = 0; i < ALL; i++)
		cr_assert_eq(story.breaches_of[i], !even(i), "CPU %u", i);
	story_end(&story);
}

/* ---- the way there ---- */

Test(sizes, records_of_8192_cpus_may_wait_for_one)
{
	struct snp_event e = { .kind = SNP_EV_SNP_ENABLE, .time_ns = MS };
	struct stream s;

	stream_init(&s);
	for (unsigned int i = ALL; i > 1; i--) {
		e.seq = ALL + 2 - i; /* from 2 on */
		e.subject = e.seq;
		cr_assert_eq(stream_push(&s, &e), 0);
	}
	cr_assert_eq(stream_next(&s, MS, NULL, &e), 0, "the first one is missing");
	e.seq = e.subject = 1;
	e.time_ns = MS;
	cr_assert_eq(stream_push(&s, &e), 0);
	for (unsigned int i = 1; i <= ALL; i++) {
		cr_assert_eq(stream_next(&s, MS, NULL, &e), 1);
		cr_assert(e.seq == i && e.subject == i, "%llu in place of %u", e.seq, i);
	}
	cr_expect_eq(stream_next(&s, MS, NULL, &e), 0);
	stream_free(&s);
}

/* One line for each CPU, none of them cut. */
Test(sizes, a_report_has_a_line_for_each_of_8192_cpus)
{
	const struct trace_header host = { .release = "7.3.0" };
	unsigned int cpu, lines = 0;
	struct session session;
	char *text = NULL, *line;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	cr_assert(f);
	cr_assert_eq(session_init(&session, REPORT_TEXT, f, &host), 0);
	for (unsigned int i = 0; i <= ALL; i++) {
		struct snp_event e = { .kind = i ? SNP_EV_CPU_STATE : SNP_EV_START,
				       .time_ns = MS + i,
				       .subject = i - 1,
				       .flags = i ? SNP_F_PRESENT | SNP_F_ONLINE : 0,
				       .count = SNP_COUNT_UNKNOWN };

		cr_assert_eq(session_feed(&session, &e), 0);
	}
	fclose(f);
	for (line = strstr(text, " CPU "); line; line = strstr(line + 1, " CPU ")) {
		cr_assert_eq(sscanf(line, " CPU %u online, SYSCFG 0", &cpu), 1);
		cr_assert_eq(cpu, lines++);
	}
	cr_expect_eq(lines, ALL);
	session_free(&session);
	free(text);
}
