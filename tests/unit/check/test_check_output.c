// SPDX-License-Identifier: GPL-2.0-only
/* Results of a check as each format and each monitor has them. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "check/check_output.h"

static struct check_result results[12];
static struct check_report report;
static char *text;

static void begin(void)
{
	report = (struct check_report){ .results = results };
}

static void finish(void)
{
	free(text);
}

TestSuite(check_output, .init = begin, .fini = finish);

static void add(const char *name, enum check_status status, const char *evidence)
{
	struct check_result *r = &results[report.count++];

	*r = (struct check_result){ .name = name, .status = status, .remedy = "do so" };
	snprintf(r->evidence, sizeof(r->evidence), "%s", evidence);
}

static const char *printed(enum check_format format)
{
	size_t size;
	FILE *f;

	free(text);
	f = open_memstream(&text, &size);
	cr_assert(f);
	cr_assert_eq(check_print(f, &report, format), 0);
	fclose(f);
	return text;
}

static void prints(enum check_format format, const char *expected)
{
	cr_expect_str_eq(printed(format), expected);
}

static void exits(int nagios, int npd)
{
	cr_expect_eq(check_exit_status(&report, CHECK_EXIT_NAGIOS), nagios);
	cr_expect_eq(check_exit_status(&report, CHECK_EXIT_NPD), npd);
}

Test(check_output, all_is_well)
{
	add("snp", CHECK_PASS, "is there");
	add("msrs", CHECK_NOT_APPLICABLE, "not now");
	exits(0, 0);
	prints(CHECK_FORMAT_NAGIOS,
	       "SNP OK - 1 checks pass | 'pass'=1;;;0 'warn'=0;;;0 'unknown'=0;;;0 'fail'=0;;;0\n");
	prints(CHECK_FORMAT_NPD, "OK 1 checks pass\n");
	prints(CHECK_FORMAT_TEXT, "PASS            snp              is there\n"
				  "NOT-APPLICABLE  msrs             not now\n");
}

/* As a terminal of so many columns shows it. */
static const char *shown(struct terminal t)
{
	size_t size;
	FILE *f;

	free(text);
	f = open_memstream(&text, &size);
	cr_assert(f);
	check_print_text(f, &t, &report);
	fclose(f);
	return text;
}

Test(check_output, a_status_has_its_colour)
{
	struct terminal t = { .color = true };

	add("snp", CHECK_PASS, "is there");
	add("msrs", CHECK_NOT_APPLICABLE, "not now");
	add("sight", CHECK_UNKNOWN, "hidden");
	add("snp-en", CHECK_FAIL, "CPU 3");
	cr_expect_str_eq(shown(t), "\033[32mPASS          \033[0m  snp              is there\n"
				   "NOT-APPLICABLE  msrs             not now\n"
				   "\033[33mUNKNOWN       \033[0m  sight            hidden\n"
				   "                                 do so\n"
				   "\033[1;31mFAIL          \033[0m  snp-en           CPU 3\n"
				   "                                 do so\n");
}

Test(check_output, lines_are_as_wide_as_the_terminal)
{
	static const unsigned int widths[] = { 80, 120 };

	add("snp-en", CHECK_WARN,
	    "SNP_EN is set on CPUs 0-2,4-63 and clear on 3: an initialisation may skip the CPUs "
	    "where it is clear");
	for (int w = 0; w < 2; w++)
		for (const char *line = shown((struct terminal){ .columns = widths[w] }); *line;
		     line += strcspn(line, "\n") + 1)
			cr_expect_leq(strcspn(line, "\n"), widths[w], "%s", line);
	/* 33 columns of margin leave 47, and 87. */
	cr_expect(strstr(shown((struct terminal){ .columns = 80 }), "and clear on 3:\n"), "%s",
		  text);
	cr_expect(strstr(shown((struct terminal){ .columns = 120 }), "skip the CPUs\n"), "%s",
		  text);
}

Test(check_output, a_host_without_snp)
{
	add("snp", CHECK_NOT_APPLICABLE, "no sev_snp");
	exits(0, 0);
	prints(CHECK_FORMAT_NPD, "OK snp: no sev_snp\n");
}

Test(check_output, the_worst_comes_first_and_alone)
{
	add("snp", CHECK_PASS, "is there");
	add("online", CHECK_WARN, "one is off");
	exits(1, 1);
	prints(CHECK_FORMAT_NPD, "WARNING online: one is off\n");
	add("firmware", CHECK_UNKNOWN, "hidden");
	exits(3, 2);
	prints(CHECK_FORMAT_NPD, "UNKNOWN firmware: hidden\n");
	add("snp-en", CHECK_FAIL, "CPU 3");
	add("snp-en", CHECK_FAIL, "CPU 2");
	exits(2, 1);
	prints(CHECK_FORMAT_NPD, "CRITICAL snp-en: CPU 3; snp-en: CPU 2\n");
	prints(CHECK_FORMAT_NAGIOS,
	       "SNP CRITICAL - snp-en: CPU 3; snp-en: CPU 2 | 'pass'=1;;;0 'warn'=1;;;0 "
	       "'unknown'=1;;;0 'fail'=2;;;0\n");
}

Test(check_output, what_is_too_long_is_cut)
{
	char longest[256];

	memset(longest, 'x', sizeof(longest));
	longest[255] = 0;
	for (int i = 0; i < 12; i++)
		add("snp-en", CHECK_FAIL, longest);
	cr_expect_eq(strlen(printed(CHECK_FORMAT_NPD)), CHECK_NPD_SIZE - 1);
	cr_expect_leq(strlen(printed(CHECK_FORMAT_NAGIOS)), CHECK_NAGIOS_SIZE);
	cr_expect(strstr(text, "'fail'=12;;;0\n"), "the counts are not cut: %s", text);
	cr_expect_eq(strchr(text, '\n')[1], 0, "it is one line");
}

Test(check_output, what_means_something_to_a_monitor_is_not_in_the_text)
{
	add("rmp", CHECK_FAIL, "a|b\nc");
	prints(CHECK_FORMAT_NPD, "CRITICAL rmp: a?b?c\n");
}

#define SUMMARY(verdict, not_applicable, pass, warn, unknown, fail, status)                        \
	"{\"schema\":1,\"type\":\"check-summary\",\"verdict\":\"" verdict                          \
	"\",\"counts\":{\"NOT-APPLICABLE\":" not_applicable ",\"PASS\":" pass ",\"WARN\":" warn    \
	",\"UNKNOWN\":" unknown ",\"FAIL\":" fail "},\"exit_status\":" status "}\n"

Test(check_output, a_line_of_json_for_each_and_a_summary)
{
	add("rmp", CHECK_FAIL, "a \"b\"");
	report.exit_status = 2;
	prints(CHECK_FORMAT_JSON,
	       "{\"schema\":1,\"type\":\"check\",\"id\":\"rmp\",\"check\":\"rmp\","
	       "\"status\":\"FAIL\",\"evidence\":\"a \\\"b\\\"\",\"remedy\":\"do "
	       "so\"}\n" SUMMARY("CRITICAL", "0", "0", "0", "0", "1", "2"));
}

Test(check_output, the_summary_counts_each_status)
{
	add("snp", CHECK_PASS, "");
	add("msrs", CHECK_NOT_APPLICABLE, "");
	add("root", CHECK_PASS, "");
	cr_expect(strstr(printed(CHECK_FORMAT_JSON), SUMMARY("OK", "1", "2", "0", "0", "0", "0")),
		  "%s", text);
	add("online", CHECK_WARN, "");
	report.exit_status = 1;
	cr_expect(strstr(printed(CHECK_FORMAT_JSON),
			 SUMMARY("WARNING", "1", "2", "1", "0", "0", "1")),
		  "%s", text);
	add("sight", CHECK_UNKNOWN, "");
	report.exit_status = 3;
	cr_expect(strstr(printed(CHECK_FORMAT_JSON),
			 SUMMARY("UNKNOWN", "1", "2", "1", "1", "0", "3")),
		  "%s", text);
}

Test(check_output, results_of_one_check_have_ids_of_their_own)
{
	char id[CHECK_ID_SIZE];

	add("snp-en", CHECK_FAIL, "CPU 3");
	strcpy(results[0].part, "cpu-without-snp-en/cpu3");
	cr_expect_str_eq(check_result_id(&results[0], id), "snp-en/cpu-without-snp-en/cpu3");
	cr_expect(strstr(printed(CHECK_FORMAT_JSON),
			 "\"id\":\"snp-en/cpu-without-snp-en/cpu3\",\"check\":\"snp-en\","),
		  "%s", text);
}

Test(check_output, each_state_of_each_check_is_a_metric)
{
	add("rmp", CHECK_PASS, "");
	add("snp-en", CHECK_WARN, "");
	add("snp-en", CHECK_FAIL, "");
	printed(CHECK_FORMAT_PROMETHEUS);
	cr_expect(strstr(text, "snp_guard_check_status{check=\"rmp\",status=\"PASS\"} 1\n"));
	cr_expect(strstr(text, "snp_guard_check_status{check=\"rmp\",status=\"FAIL\"} 0\n"));
	cr_expect(strstr(text, "snp_guard_check_status{check=\"snp-en\",status=\"FAIL\"} 1\n"));
	cr_expect(strstr(text, "snp_guard_check_status{check=\"snp-en\",status=\"WARN\"} 0\n"));
	cr_expect_not(strstr(strstr(text, "check=\"snp-en\",status=\"FAIL\"") + 1,
			     "check=\"snp-en\",status=\"FAIL\""),
		      "no series twice");
	cr_expect_not(strstr(text, "snp_guard_breaches_total"), "it is no run");
}

Test(check_output, each_format_has_its_exit_map)
{
	cr_expect_eq(check_format_map(CHECK_FORMAT_NPD), CHECK_EXIT_NPD);
	cr_expect_eq(check_format_map(CHECK_FORMAT_TEXT), CHECK_EXIT_NAGIOS);
}
