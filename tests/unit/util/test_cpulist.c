// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/cpulist.h"

static void same(const char *text, const char *expected)
{
	struct cpulist set;
	char buf[256];

	cr_assert_eq(cpulist_parse(&set, text), 0, "`%s`", text);
	cr_expect_str_eq(cpulist_format(&set, buf, sizeof(buf)), expected);
	cpulist_free(&set);
}

static void fails(const char *text, int err)
{
	struct cpulist set;

	cr_expect_eq(cpulist_parse(&set, text), err, "`%s`", text);
	cr_expect_eq(cpulist_count(&set), 0, "`%s`", text);
	cr_expect_null(set.bits);
	cpulist_free(&set);
}

Test(cpulist, lists_are_read_and_written_alike)
{
	same("0\n", "0");
	same("0-3", "0-3");
	same("0-3,8\n", "0-3,8");
	same("0,2,4", "0,2,4");
	same("63-65", "63-65");
	same("65535", "65535");
	same("5-5", "5");
}

Test(cpulist, neighbours_join_and_order_does_not_matter)
{
	same("3,0-1,2", "0-3");
	same("7,5", "5,7");
	same("1,1,1", "1");
}

Test(cpulist, empty_text_is_an_empty_set)
{
	same("", "");
	same("\n", "");
}

Test(cpulist, anything_else_is_refused)
{
	static const char *const bad[] = { " ",	  "a",	  "-1",	 "+1",	 "0-",	  "-",
					   "0,",  ",0",	  "3-1", "0 1",	 "0\n\n", "0-1-2",
					   "0x1", "0,\n", "\n0", "0- 1", "0, 1",  "1-2x" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		fails(bad[i], -EINVAL);
}

Test(cpulist, numbers_have_an_end)
{
	fails("65536", -ERANGE);
	fails("0-65536", -ERANGE);
	fails("0,99999999999999999999999", -ERANGE);
	fails("4294967296", -ERANGE);
}

Test(cpulist, sets_grow_and_know_what_is_in_them)
{
	struct cpulist set = { 0 };

	cr_assert_eq(cpulist_add(&set, 1), 0);
	cr_assert_eq(cpulist_add(&set, 200), 0);
	cr_assert_eq(cpulist_add(&set, 200), 0);
	cr_assert_eq(cpulist_add(&set, CPULIST_MAX), -ERANGE);
	cr_expect_eq(cpulist_count(&set), 2);
	cr_expect(cpulist_has(&set, 1) && cpulist_has(&set, 200));
	cr_expect(!cpulist_has(&set, 0) && !cpulist_has(&set, 64) && !cpulist_has(&set, 199));
	cr_expect_not(cpulist_has(&set, 0xffffffff));
	cpulist_free(&set);
	cr_expect_eq(cpulist_count(&set), 0);
}

Test(cpulist, a_list_too_long_ends_in_dots)
{
	struct cpulist set;
	char buf[64];

	cr_assert_eq(cpulist_parse(&set, "0,2,4,6,8,10,100-200,300"), 0);
	for (size_t size = 8; size <= sizeof(buf); size++) {
		size_t len;

		memset(buf, '#', sizeof(buf));
		cpulist_format(&set, buf, size);
		len = strnlen(buf, size);
		cr_assert_lt(len, size, "no NUL within %zu", size);
		for (size_t i = size; i < sizeof(buf); i++)
			cr_assert_eq(buf[i], '#', "written past %zu", size);
		if (strcmp(buf, "0,2,4,6,8,10,100-200,300"))
			cr_assert_str_eq(buf + len - 3, "...", "`%s`", buf);
	}
	cr_expect_str_eq(buf, "0,2,4,6,8,10,100-200,300");
	cr_expect_str_eq(cpulist_format(&set, buf, 8), "0,2...");
	cpulist_free(&set);
}
