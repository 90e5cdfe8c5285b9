// SPDX-License-Identifier: GPL-2.0-only
#include "psp/request.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

int request_fail(struct request *request, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("error: ", request->out);
	vfprintf(request->out, format, args);
	fputc('\n', request->out);
	va_end(args);
	return -EINVAL;
}

int request_number(const char *text, uint64_t limit, uint64_t *value)
{
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	*value = strtoull(text, &end, 0);
	return *end || errno || *value > limit ? -EINVAL : 0;
}
