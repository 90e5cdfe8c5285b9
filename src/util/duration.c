// SPDX-License-Identifier: GPL-2.0-only
#include "util/duration.h"

#include <stdio.h>

const char *duration_text(__u64 ns, char *buf, size_t size)
{
	if (ns < 1000000)
		snprintf(buf, size, "%.1f us", ns / 1e3);
	else if (ns < 1000000000)
		snprintf(buf, size, "%.1f ms", ns / 1e6);
	else if (ns < 120000000000)
		snprintf(buf, size, "%.1f s", ns / 1e9);
	else if (ns < 7200000000000)
		snprintf(buf, size, "%.0f min", ns / 6e10);
	else
		snprintf(buf, size, "%.1f h", ns / 3.6e12);
	return buf;
}
