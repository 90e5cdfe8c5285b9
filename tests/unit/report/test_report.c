// SPDX-License-Identifier: GPL-2.0-only
/* What a person and a program get to read of each event and verdict. */
#include <criterion/criterion.h>
#include <ctype.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/report.h"
#include "session/session.h"
#include "events.h"

static struct report_host host = {
	.realtime_offset_ns = 1780000000000000000,
	.boot_id = "01234567-89ab-cdef-0123-456789abcdef",
	.release = "7.3.0-test",
};

static const struct trace_header recorded = { .boot_id = "boot", .release = "7.3.0" };
static const struct severities severities;
static FILE *out;
static char *text;
static size_t size;
static struct report report;

static void begin_as(enum report_format format)
{
	out = open_memstream(&text, &size);
	cr_assert(out);
	cr_assert_eq(report_init(&report, format, out, &host, &severities), 0);
}

static void begin_text(void)
{
	begin_as(REPORT_TEXT);
}

static void begin_json(void)
{
	begin_as(REPORT_JSON);
}

static void finish(void)
{
	fclose(out);
	free(text);
}

TestSuite(text, .init = begin_text, .fini = finish);
TestSuite(json, .init = begin_json, .fini = finish);

/* What was written since the last call. */
static const char *news(void)
{
	static size_t read;
	const char *from;

	fflush(out);
	from = text + read;
	read = size;
	return from;
}

static struct snp_event event_of(enum snp_event_kind kind)
{
	return (struct snp_event){
		.kind = kind,
		.seq = kind < SNP_EV_START ? 7 : 0,
		.time_ns = 1500000000,
		.subject = SNP_NO_SUBJECT,
		.count = SNP_COUNT_UNKNOWN,
		.cpu = 3,
		.tgid = 41,
		.tid = 42,
		.comm = "modprobe",
	};
}

static void tell_start(__u64 time_ns)
{
	struct snp_event e = event_of(SNP_EV_START);

	e.time_ns = time_ns;
	report_event(&report, &e);
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
				 .text = "CPU 5 did \"this\"" };
}

Test(report, formats_have_names)
{
	struct report r;

	cr_expect_str_eq(report_format_name(REPORT_TEXT), "text");
	cr_expect_str_eq(report_format_name(REPORT_JOURNAL), "journal");
	cr_expect_eq(report_init(&r, REPORT_FORMAT_COUNT, stdout, &host, &severities), -EINVAL);
}

/* ---- text ---- */

static void line_says(const struct snp_event *e, const char *expected)
{
	const char *line;

	report_event(&report, e);
	line = news();
	cr_assert_gt(strlen(line), 32, "%s: `%s`", snp_event_name(e->kind), line);
	cr_expect_eq(line[strlen(line) - 1], '\n');
	cr_expect_eq(strchr(line, '\n'), line + strlen(line) - 1, "one line: `%s`", line);
	/* Time in 12 columns, label in 16, and then the text. */
	cr_expect_eq(strncmp(line, "   +1.500000  ", 14) && strncmp(line, "   +0.500000  ", 14), 0,
		     "`%s`", line);
	cr_expect_eq(line[30], ' ', "`%s`", line);
	cr_expect_neq(line[32], ' ', "`%s`", line);
	cr_expect(!strchr(line, '\033'), "colour in a file: `%s`", line);
	cr_expect(strstr(line, expected), "`%s`, should say `%s`", line, expected);
}

Test(text, starts_by_host_and_mode)
{
	tell_start(1000000000);
	cr_expect_str_eq(
		news(),
		"snp-guard on Linux 7.3.0-test, enforcing; seconds since 2026-05-28T20:26:41Z\n");
	host.audit = true;
	tell_start(1000000000);
	cr_expect(strstr(news(), "audit mode: nothing is refused"));
}

Test(text, times_are_from_the_start)
{
	struct snp_event e = event_of(SNP_EV_CPU_UP);

	tell_start(1000000000);
	news();
	e.subject = 5;
	line_says(&e, "+0.500000  cpu-up            CPU 5 came online\n");
	/* A record older than the start is at 0, not in the far future. */
	e.time_ns = 1;
	report_event(&report, &e);
	cr_expect_eq(strncmp(news(), "   +0.000000  ", 14), 0);
}

Test(text, commands_say_how_they_ended)
{
	struct snp_event e = event_of(SNP_EV_COMMAND);

	e.subject = SNP_CMD_SHUTDOWN_EX;
	e.flags = SNP_SHUTDOWN_X86;
	e.value = 1500000;
	line_says(&e, "firmware ran SNP_SHUTDOWN_EX (0x86) with flags 0x2 (x86: clears SNP_EN) for "
		      "modprobe[42] in 1.5 ms: ok\n");
	e.flags = 3;
	line_says(&e, "flags 0x3 (IOMMU, x86: clears SNP_EN) for");
	e.flags = 7;
	line_says(&e, "flags 0x7 for");
	e.status = 3;
	e.result = -EIO;
	line_says(&e, ": failed, status 0x3 (INVALID_CONFIG), result -5\n");
	e.subject = 0x83;
	line_says(&e, "? (0x83)");
}

Test(text, hotplug_names_owner_and_caller)
{
	struct snp_event e = event_of(SNP_EV_HP_DISABLE);

	strcpy(e.name, "snp_prepare");
	e.flags = SNP_F_OWNED;
	e.count = 1;
	line_says(&e,
		  "modprobe[42] disabled CPU hotplug in snp_prepare(), for SNP; hotplug count 1\n");
	e = event_of(SNP_EV_HP_ENABLE);
	line_says(&e, "modprobe[42] enabled CPU hotplug, not for SNP; hotplug count unreadable\n");
	e.flags = SNP_F_NO_STACK;
	line_says(&e, ", perhaps for SNP (call stack unreadable);");
}

Test(text, cpu_states)
{
	struct snp_event e = event_of(SNP_EV_CPU_STATE);

	e.subject = 5;
	line_says(&e, "CPU 5 not present");
	e.flags = SNP_F_PRESENT;
	line_says(&e, "CPU 5 offline");
	e.flags |= SNP_F_ONLINE;
	e.value = 0x800000;
	line_says(&e, "CPU 5 online without SNP_EN (SYSCFG 0x800000)\n");
	e.value |= SNP_SYSCFG_SNP_EN;
	line_says(&e, "CPU 5 online with SNP_EN (SYSCFG 0x1800000)\n");
	e.flags |= SNP_F_NO_HSAVE;
	line_says(&e, "(SYSCFG 0x1800000), VM_HSAVE_PA 0 under KVM\n");
	e.flags &= ~SNP_F_NO_HSAVE;
	e.result = -EIO;
	line_says(&e, "CPU 5 online, SYSCFG unreadable: Input/output error\n");
}

Test(text, rmpopt_of_a_cpu)
{
	struct snp_event e = event_of(SNP_EV_RMPOPT);

	e.subject = 5;
	e.value = 0x40000001;
	line_says(&e, "CPU 5 with RMPOPT (RMPOPT_BASE 0x40000001)\n");
	e.value = 0x40000000;
	line_says(&e, "CPU 5 without RMPOPT (RMPOPT_BASE 0x40000000)\n");
	e.result = -EIO;
	line_says(&e, "CPU 5, RMPOPT_BASE unreadable: Input/output error\n");
}

Test(text, refusals)
{
	struct snp_event e = event_of(SNP_EV_DENIED);

	strcpy(e.name, "cpu5/online");
	e.flags = SNP_F_OPEN;
	line_says(&e,
		  "denied            refused: modprobe[42] opening cpu5/online to write (EPERM)\n");
	e.flags = SNP_F_AUDIT;
	line_says(&e, "denied            would refuse (audit): modprobe[42] writing cpu5/online\n");
	e.flags = SNP_F_IOCTL;
	line_says(&e, "refused: modprobe[42] calling ioctl() on cpu5/online (EPERM)\n");
}

Test(text, guests_at_risk)
{
	struct snp_event e = event_of(SNP_EV_GUESTS);

	line_says(&e, "guests            how many SNP and SEV-ES guests are at risk is unknown\n");
	e.count = 0;
	line_says(&e, "SNP and SEV-ES guests at risk: 0\n");
	e.count = 3;
	line_says(&e, "SNP and SEV-ES guests at risk: 3\n");
}

Test(text, the_other_kinds)
{
	struct snp_event e = event_of(SNP_EV_PREPARE_EXIT);

	e.result = -95;
	line_says(&e, "snp_prepare() returned -95 (EOPNOTSUPP: a present CPU is offline) to "
		      "modprobe[42]\n");
	e.result = -12;
	line_says(&e, "snp_prepare() returned -12 (ENOMEM) to modprobe[42]\n");
	e.result = 0;
	line_says(&e, "snp_prepare() returned 0 to modprobe[42]\n");
	e.flags = SNP_F_VOID;
	line_says(&e, "snp_prepare() returned to modprobe[42]\n");
	e = event_of(SNP_EV_SHUTDOWN_LOCKED);
	e.result = -5;
	line_says(&e, "__sev_snp_shutdown_locked() returned -5 (EIO) to modprobe[42]\n");
	e = event_of(SNP_EV_CPU_DOWN_BEGIN);
	e.subject = 5;
	e.flags = SNP_F_FROZEN;
	line_says(&e, "modprobe[42] asked to take CPU 5 offline, in suspend or resume\n");
	e = event_of(SNP_EV_CPUHP_FAIL);
	e.subject = 5;
	e.result = -16;
	e.status = 60;
	line_says(&e, "CPU 5 failed with -16 at hotplug state 60\n");
	e = event_of(SNP_EV_MODULE_LOAD);
	strcpy(e.name, "ccp");
	line_says(&e, "ccp\n");
	e = event_of(SNP_EV_SNP_ENABLE);
	e.subject = 5;
	line_says(&e, "SNP_EN set on CPU 5\n");
	e = event_of(SNP_EV_PREPARE_ENTER);
	line_says(&e, "modprobe[42] entered snp_prepare()\n");
	e = event_of(SNP_EV_X86_SHUTDOWN);
	line_says(&e, "modprobe[42] entered snp_shutdown()\n");
	e = event_of(SNP_EV_CPU_UP_BEGIN);
	e.subject = 5;
	line_says(&e, "modprobe[42] asked to bring CPU 5 online\n");
}

Test(text, each_kind_has_a_line_or_is_left_to_its_verdict)
{
	for (unsigned int kind = 0; kind < SNP_EV_KINDS; kind++) {
		struct snp_event e = event_of(kind);

		e.subject = 5;
		strcpy(e.name, "name");
		switch (kind) {
		case SNP_EV_START:
			break;
		case SNP_EV_ADOPT: /* has START's heading, and is where times begin */
			report_event(&report, &e);
			cr_expect(strstr(news(), "   +0.000000  adopt "));
			tell_start(0);
			news();
			break;
		case SNP_EV_UNCOVERED:
		case SNP_EV_BEFORE_CPU:
		case SNP_EV_LOST:
		case SNP_EV_TRUTH:
		case SNP_EV_END:
			report_event(&report, &e);
			cr_expect_str_eq(news(), "");
			break;
		case SNP_EV_DENIED:
			line_says(&e, "denied");
			break;
		default:
			line_says(&e, snp_event_name(kind));
		}
	}
}

Test(text, breaches_say_what_they_mean_and_what_to_do)
{
	for (int id = 0; id < SNP_BREACH_COUNT; id++) {
		struct verdict v = verdict_of(VERDICT_BREACH, id);
		char expected[1024], label[16];
		const char *severity = snp_severity_name(snp_breach_severity(id));
		size_t i;

		for (i = 0; severity[i]; i++)
			label[i] = toupper(severity[i]);
		label[i] = 0;
		report_verdict(&report, &v);
		snprintf(expected, sizeof(expected),
			 "   +1.500000  %-16s  %s: CPU 5 did \"this\"\n%32smeans:  %s\n%32sremedy: "
			 "%s\n",
			 label, snp_breach_name(id), "", snp_breach_meaning(id), "",
			 snp_breach_remedy(id));
		cr_expect_str_eq(news(), expected);
	}
}

Test(text, a_breach_without_a_remedy_has_no_line_for_it)
{
	struct verdict v = verdict_of(VERDICT_BREACH, SNP_BREACH_BLIND);

	v.remedy = "";
	report_verdict(&report, &v);
	cr_expect_null(strstr(news(), "remedy"));
}

Test(text, states_are_one_line)
{
	struct verdict v = verdict_of(VERDICT_STATE, WINDOW_OPENED);

	report_verdict(&report, &v);
	cr_expect_str_eq(news(), "   +1.500000  window-open       CPU 5 did \"this\"\n");
}

Test(text, colour_does_not_move_the_columns)
{
	struct verdict v = verdict_of(VERDICT_BREACH, SNP_BREACH_CPU_ONLINED);

	report.terminal.color = true;
	report_verdict(&report, &v);
	cr_expect_eq(
		strncmp(news(), "   +1.500000  \033[1;31mCRITICAL        \033[0m  cpu-onlined", 51),
		0);
}

static const char *colored_state(enum window_state state)
{
	struct verdict v = verdict_of(VERDICT_STATE, state);

	report.terminal.color = true;
	report_verdict(&report, &v);
	return news();
}

Test(text, what_is_degraded_does_not_look_like_success)
{
	cr_expect(strstr(colored_state(WINDOW_CLOSED), "\033[32mwindow-closed "));
	cr_expect(strstr(colored_state(WINDOW_DEGRADED), "\033[33mdegraded "));
}

Test(text, lines_are_as_wide_as_the_terminal)
{
	static const unsigned int widths[] = { 80, 120 };

	for (int w = 0; w < 2; w++)
		for (int id = 0; id < SNP_BREACH_COUNT; id++) {
			struct verdict v = verdict_of(VERDICT_BREACH, id);
			const char *line;

			strcpy(v.text, "CPU 5 was online at the snapshot and went offline inside "
				       "window 2; systemd-udevd[12345] asked for it");
			report.terminal.columns = widths[w];
			report_verdict(&report, &v);
			for (line = news(); *line; line += strcspn(line, "\n") + 1)
				cr_expect_leq(strcspn(line, "\n"), widths[w], "%s", line);
		}
}

Test(text, the_summary_wraps_too)
{
	struct report_end end = { 0 };
	const char *line;

	for (int i = 0; i < SNP_BREACH_COUNT; i++)
		end.breaches[i] = (struct report_breach){ .counted = 1, .worst = SNP_WARNING };
	report.terminal.columns = 80;
	report_end(&report, &end);
	line = strstr(news(), "findings:     19 warnings: cpu-onlined (1), ");
	cr_assert(line);
	for (; *line; line += strcspn(line, "\n") + 1)
		cr_expect_leq(strcspn(line, "\n"), 80, "%s", line);
}

Test(text, ends_with_a_summary)
{
	static const char *const uncovered[] = { "owner", "gate" };
	struct report_end end = {
		.uncovered = uncovered, .uncovered_count = 2, .window_open = true, .denied = 1
	};
	const char *summary;

	report_end(&report, &(struct report_end){ 0 });
	cr_expect_str_eq(news(), "\nwindows:      0\nrefused:      0 attempts\nfindings:     none\n"
				 "lost events:  0\nblind spots:  none\n");
	end.totals.windows = 2;
	end.totals.lost = 3;
	end.breaches[SNP_BREACH_CPU_ONLINED] =
		(struct report_breach){ .counted = 2, .worst = SNP_CRITICAL };
	end.breaches[SNP_BREACH_BLIND] =
		(struct report_breach){ .counted = 2, .worst = SNP_WARNING };
	end.breaches[SNP_BREACH_SNP_EN_LOST] =
		(struct report_breach){ .counted = 1, .worst = SNP_CRITICAL };
	end.breaches[SNP_BREACH_NO_LATCH].left_out = 3;
	report_end(&report, &end);
	summary = news();
	cr_expect_str_eq(summary, "\nwindows:      2, the last one still open\n"
				  "refused:      1 attempt\n"
				  "findings:     3 critical: cpu-onlined (2), snp-en-lost (1)\n"
				  "              2 warnings: blind (2)\n"
				  "hidden:       no-latch (3)\n"
				  "lost events:  3\nblind spots:  owner, gate\n");
	end.denied = end.totals.audited = 2;
	report_end(&report, &end);
	cr_expect(strstr(news(), "refused:      none; audit mode let 2 attempts through\n"));
	end.denied = 3;
	report_end(&report, &end);
	cr_expect(strstr(news(), "refused:      3 attempts, of which audit mode let 2 through\n"));
}

/* ---- JSON ---- */

static struct json_object *parse(void)
{
	const char *line = news();
	struct json_object *o;

	cr_assert(*line && strchr(line, '\n') == line + strlen(line) - 1, "one line: `%s`", line);
	o = json_tokener_parse(line);
	cr_assert(json_object_is_type(o, json_type_object), "`%s`", line);
	return o;
}

static const char *str(struct json_object *o, const char *key)
{
	struct json_object *value;

	cr_assert(json_object_object_get_ex(o, key, &value), "no %s in %s", key,
		  json_object_to_json_string(o));
	return json_object_get_string(value);
}

static bool has(struct json_object *o, const char *key)
{
	return json_object_object_get_ex(o, key, NULL);
}

static void check_common(struct json_object *o, const char *type)
{
	cr_expect_str_eq(str(o, "schema"), "1");
	cr_expect_str_eq(str(o, "type"), type);
	cr_expect_str_eq(str(o, "boot_id"), host.boot_id);
	cr_expect_str_eq(str(o, "boottime_ns"), "1500000000");
	/* date -u -d @1780000001 */
	cr_expect_str_eq(str(o, "time"), "2026-05-28T20:26:41.500000000Z");
}

Test(json, each_kind_is_an_object_on_one_line)
{
	for (unsigned int kind = 0; kind < SNP_EV_KINDS; kind++) {
		struct snp_event e = event_of(kind);
		struct json_object *o;

		strcpy(e.name, "a \"name\"\\\n\xc3\xbc");
		e.flags = ~0u;
		e.subject = 5;
		report_event(&report, &e);
		o = parse();
		check_common(o, "event");
		cr_expect_str_eq(str(o, "event"), snp_event_name(kind));
		cr_expect_eq(has(o, "seq"), kind < SNP_EV_START, "%s", snp_event_name(kind));
		cr_expect_eq(has(o, "comm"), kind < SNP_EV_START, "%s", snp_event_name(kind));
		json_object_put(o);
	}
}

Test(json, details_of_events)
{
	static const struct {
		struct snp_event e;
		const char *key, *value;
	} cases[] = {
		{ { .kind = SNP_EV_COMMAND, .subject = 0x86, .flags = 2 }, "flags", "0x2" },
		{ { .kind = SNP_EV_COMMAND, .subject = 0x86 }, "command_name", "SNP_SHUTDOWN_EX" },
		{ { .kind = SNP_EV_COMMAND, .subject = 0x86 }, "command", "134" },
		{ { .kind = SNP_EV_COMMAND, .value = 9 }, "duration_ns", "9" },
		{ { .kind = SNP_EV_HP_DISABLE, .flags = SNP_F_OWNED }, "owner", "snp" },
		{ { .kind = SNP_EV_HP_ENABLE, .count = 2 }, "count", "2" },
		{ { .kind = SNP_EV_HP_ENABLE }, "owner", "other" },
		{ { .kind = SNP_EV_HP_ENABLE, .flags = SNP_F_NO_STACK }, "owner", "unknown" },
		{ { .kind = SNP_EV_HP_ENABLE, .name = "snp_shutdown" }, "caller", "snp_shutdown" },
		{ { .kind = SNP_EV_PREPARE_EXIT, .result = -95 }, "result", "-95" },
		{ { .kind = SNP_EV_PREPARE_EXIT, .result = -95 }, "result_name", "EOPNOTSUPP" },
		{ { .kind = SNP_EV_PREPARE_EXIT, .result = -95 },
		  "cause",
		  "a present CPU is offline" },
		{ { .kind = SNP_EV_CPU_UP, .subject = 5 }, "cpu", "5" },
		{ { .kind = SNP_EV_CPU_UP_BEGIN, .flags = SNP_F_FROZEN }, "frozen", "true" },
		{ { .kind = SNP_EV_CPUHP_FAIL, .status = 60 }, "state", "60" },
		{ { .kind = SNP_EV_DENIED, .name = "cpu5/online" }, "file", "cpu5/online" },
		{ { .kind = SNP_EV_DENIED, .flags = SNP_F_OPEN }, "by", "open" },
		{ { .kind = SNP_EV_DENIED, .flags = SNP_F_IOCTL }, "by", "ioctl" },
		{ { .kind = SNP_EV_DENIED }, "by", "write" },
		{ { .kind = SNP_EV_DENIED, .flags = SNP_F_AUDIT }, "refused", "false" },
		{ { .kind = SNP_EV_START }, "release", "7.3.0-test" },
		{ { .kind = SNP_EV_UNCOVERED, .name = "owner" }, "fact", "owner" },
		{ { .kind = SNP_EV_LOST, .value = 3 }, "records", "3" },
		{ { .kind = SNP_EV_TRUTH, .flags = SNP_F_FW_KNOWN }, "initialised", "false" },
		{ { .kind = SNP_EV_TRUTH, .flags = SNP_F_FW_BY_KVM }, "by_kvm", "true" },
		{ { .kind = SNP_EV_TRUTH, .count = 1 }, "count", "1" },
		{ { .kind = SNP_EV_GUESTS, .count = 3 }, "count", "3" },
		{ { .kind = SNP_EV_GUESTS }, "count", "0" },
		{ { .kind = SNP_EV_CPU_STATE, .flags = 3, .value = 0x1800000 },
		  "syscfg",
		  "0x1800000" },
		{ { .kind = SNP_EV_CPU_STATE, .flags = 7 }, "no_hsave", "true" },
		{ { .kind = SNP_EV_RMPOPT, .value = 1 }, "rmpopt_base", "0x1" },
		{ { .kind = SNP_EV_RMPOPT, .result = -EIO }, "unknown", "Input/output error" },
		{ { .kind = SNP_EV_CPU_STATE, .flags = 3, .result = -EIO },
		  "unknown",
		  "Input/output error" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct json_object *o;

		report_event(&report, &cases[i].e);
		o = parse();
		cr_expect_str_eq(str(o, cases[i].key), cases[i].value, "case %zu", i);
		json_object_put(o);
	}
}

Test(json, what_is_not_known_is_left_out)
{
	struct snp_event e = event_of(SNP_EV_TRUTH);
	struct json_object *o;

	report_event(&report, &e);
	o = parse();
	cr_expect(!has(o, "count") && !has(o, "initialised") && !has(o, "cpu"));
	json_object_put(o);
	e = event_of(SNP_EV_GUESTS);
	report_event(&report, &e);
	o = parse();
	cr_expect_not(has(o, "count"));
	json_object_put(o);
	e = event_of(SNP_EV_PREPARE_EXIT);
	e.flags = SNP_F_VOID;
	report_event(&report, &e);
	o = parse();
	cr_expect_not(has(o, "result"));
	json_object_put(o);
}

Test(json, breaches_are_complete)
{
	for (int id = 0; id < SNP_BREACH_COUNT; id++) {
		struct verdict v = verdict_of(VERDICT_BREACH, id);
		struct json_object *o;

		report_verdict(&report, &v);
		o = parse();
		check_common(o, "breach");
		cr_expect_str_eq(str(o, "breach"), snp_breach_name(id));
		cr_expect_str_eq(str(o, "severity"), snp_severity_name(snp_breach_severity(id)));
		cr_expect_str_eq(str(o, "text"), v.text);
		cr_expect_str_eq(str(o, "meaning"), snp_breach_meaning(id));
		cr_expect_str_eq(str(o, "remedy"), snp_breach_remedy(id));
		cr_expect_str_eq(str(o, "cpu"), "5");
		cr_expect_str_eq(str(o, "window"), "2");
		cr_expect_str_eq(str(o, "seq"), "7");
		json_object_put(o);
	}
}

Test(json, a_breach_without_a_remedy_has_no_member_for_it)
{
	struct verdict v = verdict_of(VERDICT_BREACH, SNP_BREACH_BLIND);
	struct json_object *o;

	v.remedy = "";
	report_verdict(&report, &v);
	o = parse();
	cr_expect_not(json_object_object_get_ex(o, "remedy", NULL));
	json_object_put(o);
}

Test(json, states_are_no_breaches)
{
	struct verdict v = verdict_of(VERDICT_STATE, WINDOW_CLOSED);
	struct json_object *o;

	v.cpu = SNP_NO_SUBJECT;
	v.window = 0;
	v.seq = 0;
	report_verdict(&report, &v);
	o = parse();
	check_common(o, "state");
	cr_expect_str_eq(str(o, "state"), "window-closed");
	cr_expect(!has(o, "cpu") && !has(o, "window") && !has(o, "seq") && !has(o, "severity"));
	json_object_put(o);
}

Test(json, ends_with_a_summary)
{
	static const char *const uncovered[] = { "owner" };
	struct report_end end = { .time_ns = 1500000000,
				  .status = 2,
				  .denied = 4,
				  .uncovered = uncovered,
				  .uncovered_count = 1 };
	struct json_object *o;

	end.totals.windows = 1;
	end.breaches[SNP_BREACH_CPU_ONLINED] =
		(struct report_breach){ .counted = 2, .worst = SNP_CRITICAL };
	end.breaches[SNP_BREACH_NO_LATCH].left_out = 3;
	report_end(&report, &end);
	o = parse();
	check_common(o, "summary");
	cr_expect_str_eq(str(o, "windows"), "1");
	cr_expect_str_eq(str(o, "window_open"), "false");
	cr_expect_str_eq(str(o, "denied"), "4");
	cr_expect_str_eq(str(o, "status"), "2");
	cr_expect_str_eq(str(o, "uncovered"), "[ \"owner\" ]");
	cr_expect_str_eq(str(o, "breaches"), "{ \"cpu-onlined\": 2 }");
	cr_expect_str_eq(str(o, "left_out"), "{ \"no-latch\": 3 }");
	json_object_put(o);
}

/* ---- a session: what a recording that no guard wrote does to the reports ---- */

static void impossible(enum report_format format, struct snp_event e)
{
	struct session session;
	struct snp_event first = event_of(SNP_EV_START);
	char *said = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&said, &len);

	cr_assert_eq(session_init(&session, format, f, &recorded), 0);
	cr_assert_eq(session_feed(&session, &first), 0);
	cr_expect_eq(session_feed(&session, &e), -EINVAL);
	session_free(&session);
	fclose(f);
	free(said);
}

Test(session, a_kind_out_of_range_is_refused_in_text)
{
	struct snp_event e = event_of(SNP_EV_KINDS);

	e.subject = 1;
	impossible(REPORT_TEXT, e);
}

Test(session, a_kind_out_of_range_is_refused_in_json)
{
	struct snp_event e = event_of(SNP_EV_KINDS);

	e.subject = 1;
	impossible(REPORT_JSON, e);
}

Test(session, unterminated_texts_are_refused_in_text)
{
	struct snp_event e = event_of(SNP_EV_MODULE_LOAD);

	memset(e.name, 'x', sizeof(e.name));
	impossible(REPORT_TEXT, e);
}

Test(session, unterminated_texts_are_refused_in_json)
{
	struct snp_event e = event_of(SNP_EV_MODULE_LOAD);

	memset(e.name, 'x', sizeof(e.name));
	impossible(REPORT_JSON, e);
}

Test(session, the_worst_breach_makes_the_status)
{
	struct session session;
	struct snp_event e = event_of(SNP_EV_START);
	char *said = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&said, &len);

	cr_assert_eq(session_init(&session, REPORT_TEXT, f, &recorded), 0);
	e.flags = SNP_F_HAS_PREPARE | SNP_F_HAS_ENABLE;
	cr_assert_eq(session_feed(&session, &e), 0);
	cr_expect_eq(session_status(&session), STATUS_UNVERIFIED);
	e = event_of(SNP_EV_TRUTH);
	e.flags = SNP_F_STABLE;
	cr_assert_eq(session_feed(&session, &e), 0);
	cr_expect_eq(session_status(&session), STATUS_CLEAN);
	e = event_of(SNP_EV_HP_ENABLE);
	e.flags = SNP_F_OWNED;
	cr_assert_eq(session_feed(&session, &e), 0);
	cr_expect_eq(session_status(&session), STATUS_CRITICAL);
	e = event_of(SNP_EV_LOST);
	e.value = 1;
	cr_assert_eq(session_feed(&session, &e), 0);
	cr_expect_eq(session_status(&session), STATUS_CRITICAL, "a warning takes nothing back");
	e = event_of(SNP_EV_UNCOVERED);
	strcpy(e.name, "owner");
	cr_assert_eq(session_feed(&session, &e), 0);
	session_end(&session, 0);
	session_free(&session);
	fclose(f);
	cr_expect(!strcmp(said + len - strlen(" owner\n"), " owner\n"), "%s", said);
	free(said);
}
