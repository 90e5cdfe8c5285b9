// SPDX-License-Identifier: GPL-2.0-only
#include "util/printable.h"

void make_printable(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}
