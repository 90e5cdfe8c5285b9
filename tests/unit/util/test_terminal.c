// SPDX-License-Identifier: GPL-2.0-only
/* Colours and line ends: where there are any, and that no word is broken. */
#include <criterion/criterion.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/stamp.h"
#include "util/terminal.h"

static const char *wrapped(unsigned int columns, unsigned int column, unsigned int margin,
			   const char *words)
{
	static char text[4096];
	FILE *out = fmemopen(text, sizeof(text), "w");

	terminal_wrap(&(struct terminal){ .columns = columns }, out, column, margin, words);
	fclose(out);
	return text;
}

Test(terminal, a_line_that_fits_is_one_line)
{
	cr_expect_str_eq(wrapped(80, 10, 10, "one two"), "one two\n");
	cr_expect_str_eq(wrapped(80, 10, 10, ""), "\n");
}

Test(terminal, lines_break_at_words_and_begin_at_the_margin)
{
	cr_expect_str_eq(wrapped(32, 8, 4, "aaaaaaaa bbbbbbbb cccccc dddd"),
			 "aaaaaaaa bbbbbbbb cccccc\n    dddd\n");
	cr_expect_str_eq(wrapped(32, 8, 4, "aaaaaaaa bbbbbbbb ccccccc dddd"),
			 "aaaaaaaa bbbbbbbb\n    ccccccc dddd\n");
	cr_expect_str_eq(wrapped(32, 30, 4, "aaa b"), "\n    aaa b\n", "not one word fits");
}

Test(terminal, a_word_that_is_too_long_has_its_own_line)
{
	cr_expect_str_eq(wrapped(30, 0, 2, "a bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb c"),
			 "a\n  bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\n  c\n");
	cr_expect_str_eq(wrapped(3, 2, 2, "aaaa bbbb"), "aaaa\n  bbbb\n");
}

Test(terminal, a_margin_that_leaves_no_room_shrinks)
{
	cr_expect_str_eq(wrapped(40, 0, 32, "aaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbb"),
			 "aaaaaaaaaaaaaaaaaaaa\n  bbbbbbbbbbbbbbbbbbbb\n");
}

Test(terminal, what_is_no_terminal_is_not_wrapped)
{
	cr_expect_str_eq(wrapped(0, 70, 4, "one two  three four five"),
			 "one two  three four five\n");
}

Test(terminal, eighty_and_a_hundred_and_twenty_columns)
{
	static const unsigned int columns[] = { 80, 120 };
	static const char words[] = "this kernel leaves CPU hotplug on as every distribution's "
				    "kernel does and only the gate prevents changes to the set of "
				    "online CPUs while SNP is active";

	for (int i = 0; i < 2; i++) {
		const char *text = wrapped(columns[i], 32, 32, words), *line = text;
		unsigned int column = 32;
		char joined[sizeof(words) + 1] = "";

		for (; *line; column = 0) {
			size_t len = strcspn(line, "\n");

			cr_expect_leq(column + len, columns[i], "%s", line);
			strncat(joined, line + (column ? 0 : 32), len - (column ? 0 : 32));
			strcat(joined, line[len + 1] ? " " : "");
			line += len + 1;
		}
		cr_expect_str_eq(joined, words, "no word is lost or broken");
		cr_expect_eq(strcspn(text, "\n") + 32 + 8 > columns[i], 1, "lines are filled");
	}
}

static struct terminal of_pty(unsigned short columns)
{
	struct winsize size = { .ws_row = 24, .ws_col = columns };
	struct terminal t;
	int master, slave;
	FILE *out;

	cr_assert_eq(openpty(&master, &slave, NULL, NULL, &size), 0);
	out = fdopen(slave, "w");
	t = terminal_of(out);
	fclose(out);
	close(master);
	return t;
}

Test(terminal, on_a_terminal_there_is_colour_unless_no_color_is_set)
{
	unsetenv("NO_COLOR");
	cr_expect(of_pty(80).color);
	cr_expect_eq(of_pty(120).columns, 120);
	setenv("NO_COLOR", "", 1);
	cr_expect(of_pty(80).color, "an empty NO_COLOR is none");
	setenv("NO_COLOR", "1", 1);
	cr_expect_not(of_pty(80).color);
	cr_expect_eq(of_pty(80).columns, 80, "it wraps still");
}

Test(terminal, elsewhere_there_is_neither)
{
	char text[16];
	FILE *file = tmpfile(), *memory = fmemopen(text, sizeof(text), "w");

	unsetenv("NO_COLOR");
	cr_expect_not(terminal_of(file).color || terminal_of(file).columns);
	cr_expect_not(terminal_of(memory).color || terminal_of(memory).columns);
	fclose(memory);
	fclose(file);
}

Test(terminal, labels_are_as_wide_with_colour)
{
	static const struct terminal color = { .color = true }, plain = { .color = false };
	char text[128] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");

	terminal_label(&plain, out, TONE_CRITICAL, 6, "bad");
	terminal_label(&color, out, TONE_PLAIN, 6, "so");
	terminal_label(&color, out, TONE_CRITICAL, 6, "bad");
	terminal_label(&color, out, TONE_GOOD, 0, "good");
	fclose(out);
	cr_expect_str_eq(text, "bad   so    \033[1;31mbad   \033[0m\033[32mgood\033[0m");
}

Test(stamp, times_are_in_utc_and_rounded_down)
{
	char buf[STAMP_SIZE];

	/* date -u -d @1780000001 */
	cr_expect_str_eq(stamp_utc(1780000001999999999, false, buf), "2026-05-28T20:26:41Z");
	cr_expect_str_eq(stamp_utc(1780000001000000007, true, buf),
			 "2026-05-28T20:26:41.000000007Z");
	cr_expect_str_eq(stamp_utc(-1, true, buf), "1969-12-31T23:59:59.999999999Z");
}
