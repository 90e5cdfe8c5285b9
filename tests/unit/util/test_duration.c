// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>

#include "util/duration.h"

Test(duration, has_the_unit_that_suits_it)
{
	static const struct {
		__u64 ns;
		const char *text;
	} expected[] = {
		{ 0, "0.0 us" },
		{ 8000, "8.0 us" },
		{ 10146374, "10.1 ms" },
		{ 999940000, "999.9 ms" },
		{ 2500000000, "2.5 s" },
		{ 180000000000, "3 min" },
		{ 7200000000000, "2.0 h" },
		/* Since the earliest to the latest that a recording may claim. */
		{ 1ull << 62, "1281023.9 h" },
	};
	char buf[DURATION_LEN];

	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		cr_expect_str_eq(duration_text(expected[i].ns, buf, sizeof(buf)), expected[i].text);
}
