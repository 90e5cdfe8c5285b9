// SPDX-License-Identifier: GPL-2.0-only
#include "util/stamp.h"

#include <stdio.h>
#include <time.h>

const char *stamp_utc(long long real_ns, bool with_ns, char buf[STAMP_SIZE])
{
	long long ns = (real_ns % 1000000000 + 1000000000) % 1000000000;
	time_t seconds = (real_ns - ns) / 1000000000;
	char date[32];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	if (with_ns)
		snprintf(buf, STAMP_SIZE, "%s.%09lldZ", date, ns);
	else
		snprintf(buf, STAMP_SIZE, "%sZ", date);
	return buf;
}
