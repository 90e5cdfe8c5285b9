// SPDX-License-Identifier: GPL-2.0-only
#include "util/complain.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LINE_MAX_LEN = 4096 };

static void (*through)(void *ctx, const char *line, size_t size);
static void *through_ctx;

void complain_through(void (*put)(void *ctx, const char *line, size_t size), void *ctx)
{
	through = put;
	through_ctx = ctx;
}

void complain(const char *format, ...)
{
	static const char prefix[] = "snp-guard: ";
	char line[LINE_MAX_LEN];
	va_list args;
	size_t len;

	strcpy(line, prefix);
	va_start(args, format);
	vsnprintf(line + strlen(prefix), sizeof(line) - strlen(prefix) - 1, format, args);
	va_end(args);
	len = strlen(line);
	line[len++] = '\n';
	if (through)
		through(through_ctx, line, len);
	else
		fwrite(line, len, 1, stderr);
}
