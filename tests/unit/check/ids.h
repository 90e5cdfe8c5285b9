/* SPDX-License-Identifier: GPL-2.0-only */
/* Two results that share an id could not be told apart. */
#ifndef TEST_CHECK_IDS_H
#define TEST_CHECK_IDS_H

#include <criterion/criterion.h>

#include "check/check.h"

static inline void each_has_an_id_of_its_own(const struct check_report *r)
{
	char a[CHECK_ID_SIZE], b[CHECK_ID_SIZE];

	for (int i = 0; i < r->count; i++)
		for (int k = 0; k < i; k++)
			cr_assert_str_neq(check_result_id(&r->results[i], a),
					  check_result_id(&r->results[k], b));
}

#endif
