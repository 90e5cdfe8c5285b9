/* SPDX-License-Identifier: GPL-2.0-only */
/* Text for a person: colours and line ends as the stream that it goes to wants them. */
#ifndef TERMINAL_H
#define TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

struct terminal {
	bool color;
	unsigned int columns; /* 0: lines are not wrapped */
};

/* What a text is about: each has a colour of its own. */
enum terminal_tone { TONE_PLAIN, TONE_GOOD, TONE_NOTICE, TONE_WARNING, TONE_CRITICAL };

/*
 * How text looks on a stream: on a terminal as wide as that, and in colour unless NO_COLOR is set
 * and not empty (https://no-color.org). Elsewhere without colour, each line as long as it is.
 */
struct terminal terminal_of(FILE *out);
/* The same for paragraphs, which are wrapped elsewhere, too: at 80 columns. */
struct terminal terminal_of_page(FILE *out);

/* Prints text in the colour of its tone, and then blanks up to width columns. */
void terminal_label(const struct terminal *t, FILE *out, enum terminal_tone tone, int width,
		    const char *text);

/*
 * Prints text from a column on (counted from 0), broken at blanks so that no line is longer than
 * the terminal is wide; the lines that follow begin at margin. A longer word has a line for itself.
 * Ends the last line.
 */
void terminal_wrap(const struct terminal *t, FILE *out, unsigned int column, unsigned int margin,
		   const char *text);

#endif
