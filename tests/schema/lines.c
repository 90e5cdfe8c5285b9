// SPDX-License-Identifier: GPL-2.0-only
/*
 * For tests/schema/run: prints every line that a report in JSON can have: each kind of event with
 * each flag, with and without its optional members, each verdict, summaries, and checks. With
 * "names", prints the tables instead, one name a line, after the table's.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "check/check_output.h"
#include "report/report.h"

static const struct report_host host = {
	.boot_id = "0f1e2d3c-0000-4000-8000-123456789abc",
	.release = "7.3.0-test",
	.realtime_offset_ns = 1780000000000000000,
};

static const struct severities severities;

static void print_names(void)
{
	static const enum snp_severity all_severities[] = { SNP_NOTICE, SNP_WARNING, SNP_CRITICAL };
	static const char *const states[] = {
#define X(sym, name) name,
		WINDOW_STATES(X)
#undef X
	};
	static const enum check_status statuses[] = {
#define X(sym, name) CHECK_##sym,
		CHECK_STATUSES(X)
#undef X
	};

	for (int i = 0; i < SNP_EV_KINDS; i++)
		printf("event %s\n", snp_event_name(i));
	for (int i = 0; i < SNP_BREACH_COUNT; i++)
		printf("breach_name %s\n", snp_breach_name(i));
	for (size_t i = 0; i < sizeof(all_severities) / sizeof(all_severities[0]); i++)
		printf("severity_name %s\n", snp_severity_name(all_severities[i]));
	for (int i = 0; i < SNP_PART_COUNT; i++)
		printf("part_name %s\n", snp_part_name(i));
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		printf("state_name %s\n", states[i]);
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		printf("check_status %s\n", check_status_name(statuses[i]));
}

static bool has_no_subject(unsigned int kind)
{
	static const char *const subjects[] = {
#define X(sym, name, subject, what) subject,
		SNP_EVENTS(X)
#undef X
	};

	return !*subjects[kind];
}

static void print_events(struct report *r, unsigned int kind)
{
	static const __u32 commands[] = { SNP_CMD_INIT,	    SNP_CMD_SHUTDOWN, 0x83,
					  SNP_CMD_DF_FLUSH, SNP_CMD_INIT_EX,  SNP_CMD_SHUTDOWN_EX };
	struct snp_event full = {
		.kind = kind,
		.time_ns = 1500000000,
		.seq = kind < SNP_EV_START ? 7 : 0,
		.value = 0x1800000,
		.subject = has_no_subject(kind) ? SNP_NO_SUBJECT : 5,
		.count = 2,
		.tgid = 41,
		.tid = 42,
		.comm = "modprobe",
		.name = "name",
	};
	struct snp_event bare = full;

	for (__u32 flags = 0; flags < 16; flags++) {
		full.flags = flags;
		full.result = !(flags & 4) ? 0 : kind == SNP_EV_PREPARE_EXIT ? -EOPNOTSUPP : -EIO;
		report_event(r, &full);
	}
	for (size_t i = 0; kind == SNP_EV_COMMAND && i < sizeof(commands) / sizeof(*commands);
	     i++) {
		full.subject = commands[i];
		report_event(r, &full);
	}
	/* By a BPF program, and by the guard. */
	if (kind == SNP_EV_GATE) {
		full.seq = 7;
		report_event(r, &full);
		bare.value = 0;
	}
	bare.count = SNP_COUNT_UNKNOWN;
	/* Of files that belong to no CPU. */
	if (kind == SNP_EV_DENIED)
		bare.subject = SNP_NO_SUBJECT;
	if (kind != SNP_EV_UNCOVERED)
		bare.name[0] = 0;
	/* No status of the firmware's so far. */
	if (kind == SNP_EV_COMMAND)
		bare.status = 0x7f;
	report_event(r, &bare);
}

static void print_verdicts(struct report *r, enum verdict_kind kind, int count)
{
	for (int id = 0; id < count; id++) {
		struct verdict v = { .kind = kind,
				     .id = id,
				     .remedy = id % 2 ? "" : "remedy",
				     .cpu = SNP_NO_SUBJECT,
				     .text = "text" };

		r->recording = NULL;
		report_verdict(r, &v);
		v.window = v.seq = v.cpu = 3;
		r->recording = "file";
		report_verdict(r, &v);
	}
}

static void print_ends(struct report *r)
{
	static const char *const uncovered[] = { "name" };
	struct report_end end = { .time_ns = 1500000000 };

	report_end(r, &end);
	end.uncovered = uncovered;
	end.uncovered_count = 1;
	for (int i = 0; i < SNP_BREACH_COUNT; i++)
		end.breaches[i] = (struct report_breach){ .counted = i + 1, .left_out = i + 1 };
	for (int i = 0; i < SNP_PART_COUNT; i++) {
		end.lost[i] = i;
		end.fails[i] = i % 2 ? -EIO : 0;
	}
	for (end.status = 0; end.status < 4; end.status++)
		report_end(r, &end);
}

/* Of one status alone, as each exit map ends with it. */
static void print_checks(void)
{
	struct check_result result = { .name = "snp-en", .evidence = "text" };
	struct check_report report = { .results = &result, .count = 1 };

	for (int status = CHECK_NOT_APPLICABLE; status <= CHECK_FAIL; status++)
		for (int map = 0; map < CHECK_EXIT_MAP_COUNT; map++) {
			result.status = status;
			result.remedy = status > CHECK_PASS ? "text" : NULL;
			snprintf(result.part, sizeof(result.part), map ? "cpu-onlined/cpu3" : "");
			report.exit_status = check_exit_status(&report, map);
			check_print(stdout, &report, CHECK_FORMAT_JSON);
		}
}

int main(int argc, char **argv)
{
	struct report r;

	if (argc > 1 && !strcmp(argv[1], "names")) {
		print_names();
		return 0;
	}
	if (report_init(&r, REPORT_JSON, stdout, &host, &severities))
		return 1;
	for (unsigned int kind = 0; kind < SNP_EV_KINDS; kind++)
		print_events(&r, kind);
	print_verdicts(&r, VERDICT_STATE, WINDOW_DEGRADED + 1);
	print_verdicts(&r, VERDICT_BREACH, SNP_BREACH_COUNT);
	print_ends(&r);
	print_checks();
	return 0;
}
