// SPDX-License-Identifier: GPL-2.0-only
/* Libraries that are loaded when they are needed. */
#include <criterion/criterion.h>
#include <errno.h>

#include "util/library.h"

Test(library, a_function_is_found)
{
	double (*cosine)(double) = library_function("libm.so.6", "cos");

	cr_assert_not_null(cosine);
	cr_expect_eq(cosine(0), 1);
}

Test(library, what_is_missing_is_told)
{
	errno = 0;
	cr_expect_null(library_function("libnone.so.0", "cos"));
	cr_expect_eq(errno, ELIBACC);
	errno = 0;
	cr_expect_null(library_function("libm.so.6", "no such function"));
	cr_expect_eq(errno, ELIBACC);
}
