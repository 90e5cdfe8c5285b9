// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <errno.h>

#include "util/words.h"

#define FORMATS(X) X(TEXT, "text") X(JSON, "json", "more") X(JOURNAL, "journal")

static const char *const words[] = { FORMATS(WORDS_NAME) NULL };
static const char *const none[] = { NULL };

Test(words, are_found_by_their_place)
{
	cr_expect_eq(words_find(words, "text"), 0);
	cr_expect_eq(words_find(words, "journal"), 2);
	cr_expect_eq(words_find(words, "jso"), -EINVAL);
	cr_expect_eq(words_find(words, ""), -EINVAL);
	cr_expect_eq(words_find(none, "text"), -EINVAL);
}

Test(words, are_joined_as_a_sentence_has_them)
{
	char buf[64], small[8];

	cr_expect_str_eq(words_join(words, buf, sizeof(buf)), "text, json or journal");
	cr_expect_str_eq(words_join(words + 1, buf, sizeof(buf)), "json or journal");
	cr_expect_str_eq(words_join(words + 2, buf, sizeof(buf)), "journal");
	cr_expect_str_eq(words_join(none, buf, sizeof(buf)), "");
	cr_expect_str_eq(words_join(words, small, sizeof(small)), "text, j");
}
