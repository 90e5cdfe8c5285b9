/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the commands' command lines share: the rows of options that several commands have, and the
 * parser of those options and of arguments. A command adds only its own.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <argp.h>

#include "contract/severity.h"
#include "report/report.h"

/* ---- rows of a command's table of options ---- */

#define FORMAT_OPTION                                                                              \
	{                                                                                          \
		"format", 'f', "FORMAT", 0, "text (default) or json", 0                            \
	}

#define OUTPUT_OPTION                                                                              \
	{                                                                                          \
		"output", 'o', "FILE", 0, "Write to FILE instead of standard output", 0            \
	}

enum { OPT_SEVERITY = 0x400 };
#define SEVERITY_OPTION                                                                            \
	{                                                                                          \
		"severity", OPT_SEVERITY, "BREACH=LEVEL", 0,                                       \
			"Report BREACH as critical, warning or notice; off hides it", 0            \
	}

/* ---- their values ---- */

/* A command with options of its own has this as the first member of its parser's input. */
struct command_options {
	const struct argp *argp; /* of the command; options_read() sets it */
	int format; /* the place of --format's value among the words for its argument */
	struct severities severities;
	const char *output;   /* NULL: standard output */
	const char *argument; /* NULL: there was none */
	int word;	      /* the argument's place among the words for it */
};

/* Parses the command line into o, or the struct that begins with it. */
void options_read(const struct argp *argp, int argc, char **argv, struct command_options *o);

/*
 * A parser: takes the options above, and the one argument that args_doc names, in brackets if it
 * may be left out: an argument too many or too few, and a value that is not among the words for it,
 * are usage errors, which end the process. Returns ARGP_ERR_UNKNOWN for other keys.
 */
error_t options_parse(int key, char *arg, struct argp_state *state);

/*
 * For an option whose argument has words: the place of arg among them. Any other word is a usage
 * error.
 */
int option_word(const struct argp_state *state, int key, const char *arg);

/* What can stand for an argument that help calls so; NULL: it is not one of a list. */
const char *const *option_words(const char *argument);

/* Writes the name that help has for the argument, without brackets; "" for none. Returns buf. */
const char *option_argument(const struct argp *argp, char *buf, size_t size);

/* Sets the level of BREACH=LEVEL; any other text is a usage error. */
error_t option_severity(struct argp_state *state, const char *arg, struct severities *severities);

#endif
