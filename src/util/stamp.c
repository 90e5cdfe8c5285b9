// SPDX-License-Identifier: GPL-2.0-only
#include "util/stamp.h"

#include <stdio.h>
#include <time.h>

const char *stamp_utc(long long real_ns, bool with_ns, char buf[STAMP_SIZE])
{
	long long ns = (real_ns % 1000000000 + 1000000000) % 1000000000;
	/* Times come in order, thousands within one second. Each thread has its own. */
	static _Thread_local char date[32];
	static _Thread_local time_t dated;
	time_t seconds = (real_ns - ns) / 1000000000;
	struct tm tm;

	if (!date[0] || seconds != dated) {
		gmtime_r(&seconds, &tm);
		strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
		dated = seconds;
	}
	if (with_ns)
		snprintf(buf, STAMP_SIZE, "%s.%09lldZ", date, ns);
	else
		snprintf(buf, STAMP_SIZE, "%sZ", date);
	return buf;
}
