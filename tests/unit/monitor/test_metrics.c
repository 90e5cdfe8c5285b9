// SPDX-License-Identifier: GPL-2.0-only
/* A run's metrics as text. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/metrics.h"

static struct metrics_facts facts;
static char *text;

static void begin(void)
{
	facts = (struct metrics_facts){ .kernel = "7.3.4" };
}

static void finish(void)
{
	free(text);
}

TestSuite(metrics, .init = begin, .fini = finish);

static void render(void)
{
	size_t size;
	FILE *f;

	free(text);
	f = open_memstream(&text, &size);
	cr_assert(f);
	cr_assert_eq(metrics_render(f, METRICS_OF_RUN, &facts), 0);
	fclose(f);
}

static void has(const char *line)
{
	const char *at = strstr(text, line);

	cr_expect(at && (at == text || at[-1] == '\n') && at[strlen(line)] == '\n', "no line `%s`",
		  line);
}

Test(metrics, each_has_its_help_and_type_and_no_time)
{
	render();
	has("# TYPE snp_guard_build_info gauge");
	has("# TYPE snp_guard_breaches_total counter");
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		const char *end = strrchr(line, '}') ? strrchr(line, '}') + 1 : strchr(line, ' ');

		if (*line != '#')
			cr_expect_eq(strchr(end + 1, ' '), NULL, "more than a value: `%s`", line);
	}
}

Test(metrics, nothing_is_known_at_first)
{
	render();
	has("snp_guard_window_state{state=\"open\"} 0");
	has("snp_guard_window_state{state=\"closed\"} 0");
	has("snp_guard_window_state{state=\"unknown\"} 1");
	has("snp_guard_gate_state{state=\"detached\"} 1");
	has("snp_guard_last_check_timestamp_seconds 0");
	has("snp_guard_breaches_total{breach=\"blind\",severity=\"warning\"} 0");
	has("snp_guard_guests_at_risk 0");
}

Test(metrics, guests_that_nobody_can_count_have_no_sample)
{
	facts.guests = 3;
	render();
	has("snp_guard_guests_at_risk 3");
	facts.guests = SNP_COUNT_UNKNOWN;
	render();
	cr_expect_not(strstr(text, "\nsnp_guard_guests_at_risk "));
}

Test(metrics, one_state_at_a_time)
{
	facts.totals.truth = true;
	facts.window_open = true;
	facts.gate = GUARD_ENFORCING;
	render();
	has("snp_guard_window_state{state=\"open\"} 1");
	has("snp_guard_window_state{state=\"closed\"} 0");
	has("snp_guard_window_state{state=\"unknown\"} 0");
	has("snp_guard_gate_state{state=\"enforcing\"} 1");
	has("snp_guard_gate_state{state=\"degraded\"} 0");
	facts.window_open = false;
	render();
	has("snp_guard_window_state{state=\"closed\"} 1");
}

Test(metrics, counts)
{
	facts.totals.breaches[SNP_BREACH_CPU_ONLINED] = 3;
	facts.totals.windows = 2;
	facts.totals.lost = 9;
	facts.missed = 4;
	facts.denied = 7;
	facts.cpus_present = 4;
	facts.cpus_online = 3;
	facts.cpus_snp_en = 2;
	facts.uncovered = 1;
	facts.last_check = 1764000000.25;
	render();
	has("snp_guard_breaches_total{breach=\"cpu-onlined\",severity=\"critical\"} 3");
	has("snp_guard_windows_total 2");
	has("snp_guard_lost_records_total{reason=\"ring-buffer\"} 5");
	has("snp_guard_lost_records_total{reason=\"hook-not-called\"} 4");
	has("snp_guard_denied_writes_total 7");
	has("snp_guard_cpus{state=\"present\"} 4");
	has("snp_guard_cpus{state=\"online\"} 3");
	has("snp_guard_cpus{state=\"snp_en\"} 2");
	has("snp_guard_uncovered_facts 1");
	has("snp_guard_last_check_timestamp_seconds 1764000000.25");
	facts.recorded = true;
	facts.missed = 0;
	render();
	has("snp_guard_lost_records_total{reason=\"ring-buffer\"} 0");
	has("snp_guard_lost_records_total{reason=\"on-record\"} 9");
}

Test(metrics, a_label_can_not_break_its_line)
{
	facts.kernel = "a\"b\\c\nd";
	render();
	has("snp_guard_build_info{version=\"" SNP_GUARD_VERSION "\",kernel=\"a\\\"b\\\\c\\nd\"} 1");
}
