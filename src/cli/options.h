/* SPDX-License-Identifier: GPL-2.0-only */
/* What several commands' options share. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <argp.h>

#include "report/report.h"
#include "contract/severity.h"

/* The row of --format in a command's table. */
#define FORMAT_OPTION                                                                              \
	{                                                                                          \
		"format", 'f', "FORMAT", 0, "text (default) or json", 0                            \
	}

/* --textfile, of those that can tell a monitor. */
enum { OPT_TEXTFILE = 0x200 };
#define TEXTFILE_OPTION                                                                            \
	{                                                                                          \
		"textfile", OPT_TEXTFILE, "FILE", 0,                                               \
			"Write metrics to FILE, for node_exporter's textfile collector", 0         \
	}

enum { OPT_SEVERITY = 0x400 };

/* The row of --severity. */
#define SEVERITY_OPTION                                                                            \
	{                                                                                          \
		"severity", OPT_SEVERITY, "BREACH=LEVEL", 0,                                       \
			"Let a breach count as critical, warning or notice, or leave it out: off", \
			0                                                                          \
	}

/* Sets the format of that name; another one is a usage error. */
error_t option_format(struct argp_state *state, const char *arg, enum report_format *format);
/* Sets what BREACH=LEVEL says; what is none is a usage error. */
error_t option_severity(struct argp_state *state, const char *arg, struct severities *severities);

#endif
