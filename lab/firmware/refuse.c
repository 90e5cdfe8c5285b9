// SPDX-License-Identifier: GPL-2.0-only
/* How a command says which rule it broke. */
#include "firmware/commands.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum firmware_status refuse(struct firmware *fw, enum firmware_status status, const char *format,
			    ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(fw->rule, sizeof(fw->rule), format, args);
	va_end(args);
	return status;
}

enum firmware_status refuse_address(struct firmware *fw, uint64_t pa)
{
	return refuse(fw, STATUS_INVALID_ADDRESS, "there is no memory at 0x%" PRIx64, pa);
}
