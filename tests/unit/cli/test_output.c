// SPDX-License-Identifier: GPL-2.0-only
/* What status and hooks show a person, and a program. */
#include <criterion/criterion.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "cli/hooks_output.h"
#include "cli/status_output.h"

static const struct terminal file, color = { .color = true };
static struct pinned_status status;
static struct hooks hooks;
static char *text;
static size_t size;

static FILE *begin(void)
{
	FILE *out;

	free(text);
	out = open_memstream(&text, &size);
	cr_assert(out);
	return out;
}

static const char *status_text(const struct terminal *t)
{
	FILE *out = begin();

	status_print_text(out, t, &status);
	fclose(out);
	return text;
}

static void fits(unsigned int columns)
{
	for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
		cr_expect_leq(strcspn(line, "\n"), columns, "%s", line);
}

Test(status, without_a_guard)
{
	cr_expect_str_eq(status_text(&file), "state:    detached\nguard:    not running\n");
}

Test(status, a_guard_without_pins_tells_itself)
{
	status.facts.holder = 7;
	status.facts.unpinned = status.facts.has_history = true;
	status.facts.state = GUARD_ENFORCING;
	cr_expect_str_eq(status_text(&file),
			 "state:    enforcing\n"
			 "guard:    process 7, without --pin: its gate ends with it\n"
			 "findings: none\n");
	status.facts.breaches[SNP_BREACH_CPU_ONLINED] = 2;
	cr_expect(strstr(status_text(&file), "\nfindings: cpu-onlined (2)\n"));
}

Test(status, a_guard_without_pins_that_tells_nothing_is_not_called_detached)
{
	status.facts.holder = 7;
	status.facts.unpinned = true;
	status.facts.told_err = -ENODATA;
	cr_expect_str_eq(status_text(&file),
			 "state:    unknown: can't read what the guard tells: No data available\n"
			 "guard:    process 7, without --pin: its gate ends with it\n");
}

/* A guard that left all that there can be. */
static void enforce(void)
{
	static struct session session;

	status.facts.state = GUARD_ENFORCING;
	status.facts.gate_hook = SNP_GATE_BY_LSM;
	status.facts.has_history = true;
	status.sensors = (struct sensors *)&session; /* is only compared with NULL */
	status.kernel.latch = SNP_LATCH_WINDOW;
	status.kernel.writes = 1;
	status.kernel.denied = 2;
	status.tried = true;
	status.session.host.realtime_offset_ns = 1780000000000000000;
	status.session.history.window_count = 1;
	status.session.history.windows[0].number = 1;
	status.session.history.windows[0].opened_ns = 1000000000;
	status.session.history.windows[0].denied = 2;
	status.session.history.windows[0].breaches[SNP_BREACH_NO_LATCH] = 1;
	status.session.history.denial_count = 1;
	status.session.history.denials[0] =
		(struct history_denial){ 2000000000, 177, 0, "sh", "cpu3/online" };
}

Test(status, says_all_that_a_guard_left)
{
	enforce();
	cr_expect_str_eq(
		status_text(&file),
		"state:    enforcing\nguard:    not running\n"
		"window:   open; tried to open a guarded file to write: refused\n"
		"gate:     attached to open and write by BPF LSM\nrefused:  2\n"
		"  2026-05-28T20:26:42Z sh[177], cpu3/online\nwindows:  1\n"
		"  1: 2026-05-28T20:26:41Z to still open, 2 refused; findings: no-latch (1)\n");
}

Test(status, json_keeps_its_names)
{
	FILE *out = begin();

	enforce();
	status_print_json(out, &status);
	fclose(out);
	cr_expect_str_eq(
		text,
		"{\"state\":\"enforcing\",\"window_open\":true,\"tried\":true,"
		"\"gate\":\"lsm\",\"each_write\":true,\"denied\":2,\"windows\":1,\"last_windows\":["
		"{\"window\":1,\"opened\":\"2026-05-28T20:26:41Z\",\"denied\":2,"
		"\"breaches\":{\"no-latch\":1}}],\"last_denied\":[{\"time\":"
		"\"2026-05-28T20:26:42Z\",\"file\":\"cpu3/online\",\"comm\":\"sh\","
		"\"tid\":177,\"refused\":true}],\"faults\":{}}\n");
}

Test(status, what_is_degraded_does_not_look_like_success)
{
	enforce();
	cr_expect(strstr(status_text(&color), "state:    \033[32menforcing\033[0m\n"));
	status.facts.state = GUARD_DEGRADED;
	strcpy(status.facts.missing, "1 program is not pinned: gate_open");
	cr_expect(strstr(status_text(&color),
			 "state:    \033[33mdegraded\033[0m: 1 program is not pinned: gate_open\n"),
		  "%s", text);
}

Test(status, lines_are_as_wide_as_the_terminal)
{
	static const unsigned int widths[] = { 80, 120 };

	enforce();
	status.facts.state = GUARD_DEGRADED;
	strcpy(status.facts.missing,
	       "opening for writing could not be tried: Read-only file system, kprobes or ftrace "
	       "are "
	       "switched off, files were opened for writing with no guard between two windows");
	for (int i = 0; i < SNP_BREACH_COUNT; i++)
		status.session.history.windows[0].breaches[i] = 1;
	for (int w = 0; w < 2; w++) {
		status_text(&(struct terminal){ .columns = widths[w] });
		fits(widths[w]);
	}
}

static const char *hooks_text(const struct terminal *t)
{
	FILE *out = begin();

	hooks_print_text(out, t, &hooks);
	fclose(out);
	return text;
}

/* A kernel that offers something for each fact but for who asked. */
static void offer(void)
{
	for (int i = 0; i < FACT_NUM; i++) {
		hooks.states[i].covered = i != FACT_ASKED;
		strcpy(hooks.states[i].source, i != FACT_ASKED ? "fentry something" : "");
	}
	hooks.states[FACT_ASKED].missing_count = 1;
	strcpy(hooks.states[FACT_ASKED].missing[0].source,
	       "kprobe migrate_to_reboot_cpu, kernel_kexec");
	strcpy(hooks.states[FACT_ASKED].missing[0].why,
	       "compiler renamed it: migrate_to_reboot_cpu.constprop.0");
}

Test(hooks_output, a_fact_without_a_source_says_what_was_tried_and_the_effect)
{
	char expected[512];

	offer();
	snprintf(expected, sizeof(expected),
		 "\nasked         none\n"
		 "              tried kprobe migrate_to_reboot_cpu, kernel_kexec: compiler renamed "
		 "it: migrate_to_reboot_cpu.constprop.0\n"
		 "              effect: %s\nmodules       fentry something\n",
		 hook_fact_without(FACT_ASKED));
	cr_expect(strstr(hooks_text(&file), expected), "%s", text);
	cr_expect_eq(strncmp(text, "FACT          SOURCE\n", 21), 0);
	cr_expect(strstr(hooks_text(&color), "\n\033[33masked         \033[0mnone\n"), "%s", text);
}

Test(hooks_output, lines_are_as_wide_as_the_terminal)
{
	static const unsigned int widths[] = { 80, 120 };

	offer();
	for (int w = 0; w < 2; w++) {
		hooks_text(&(struct terminal){ .columns = widths[w] });
		fits(widths[w]);
	}
	hooks_text(&(struct terminal){ .columns = 80 });
	cr_expect(strstr(text, "\n                it: "), "indented below: %s", text);
}
