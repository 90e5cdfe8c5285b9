/* SPDX-License-Identifier: GPL-2.0-only */
/* What several commands' options share. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <argp.h>

#include "report.h"

/* The row of --format in a command's table. */
#define FORMAT_OPTION                                                                              \
	{                                                                                          \
		"format", 'f', "FORMAT", 0, "text (default) or json", 0                            \
	}

/* Sets the format of that name; another one is a usage error. */
error_t option_format(struct argp_state *state, const char *arg, enum report_format *format);

#endif
