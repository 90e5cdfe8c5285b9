// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <string.h>

#include "util/nearest.h"

static const char *nearest_of(const char *word, const char *const *names)
{
	struct nearest n = { .word = word };

	for (; *names; names++)
		nearest_offer(&n, *names);
	return n.name ? n.name : "";
}

static const char *const commands[] = { "run", "replay", "check", "snapshot", "hooks", NULL };

Test(nearest, one_slip_is_forgiven)
{
	cr_expect_str_eq(nearest_of("chek", commands), "check", "a letter is missing");
	cr_expect_str_eq(nearest_of("checkk", commands), "check", "one is too many");
	cr_expect_str_eq(nearest_of("chack", commands), "check", "one is another");
	cr_expect_str_eq(nearest_of("chekc", commands), "check", "two are swapped");
	cr_expect_str_eq(nearest_of("rnu", commands), "run", "two are swapped in three");
	cr_expect_str_eq(nearest_of("urn", commands), "run", "the first two are");
}

Test(nearest, a_beginning_is_completed)
{
	cr_expect_str_eq(nearest_of("snap", commands), "snapshot");
	cr_expect_str_eq(nearest_of("r", commands), "run", "the first of two");
}

Test(nearest, what_is_far_is_not_guessed)
{
	cr_expect_str_eq(nearest_of("", commands), "");
	cr_expect_str_eq(nearest_of("list", commands), "");
	cr_expect_str_eq(nearest_of("ruin-all", commands), "");
	cr_expect_str_eq(nearest_of("cheeeck", commands), "", "two of five letters");
	cr_expect_str_eq(nearest_of("snapschut", commands), "snapshot", "two of eight letters");
}

Test(nearest, the_nearest_wins)
{
	static const char *const names[] = { "cpu-onlined", "cpu-offlined", "unsafe-bailout",
					     NULL };

	cr_expect_str_eq(nearest_of("cpu-offlned", names), "cpu-offlined");
	cr_expect_str_eq(nearest_of("cpu-online", names), "cpu-onlined");
	cr_expect_str_eq(nearest_of("unsafe_bailout", names), "unsafe-bailout");
}

Test(nearest, long_words_are_no_names)
{
	char word[300];

	memset(word, 'x', sizeof(word));
	word[sizeof(word) - 1] = 0;
	cr_expect_str_eq(nearest_of(word, commands), "");
	word[64] = 0;
	cr_expect_str_eq(nearest_of(word, (const char *const[]){ word, NULL }), word);
	word[0] = 'y';
	cr_expect_str_eq(nearest_of(word, (const char *const[]){ "run", word + 1, word, NULL }),
			 word);
}
