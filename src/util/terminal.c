// SPDX-License-Identifier: GPL-2.0-only
#include "util/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Beside a margin that leaves fewer columns nothing can be read: the margin shrinks. */
enum { LEAST_COLUMNS = 24, LEAST_MARGIN = 2 };

struct terminal terminal_of(FILE *out)
{
	const char *no_color = getenv("NO_COLOR");
	struct winsize size;
	int fd = fileno(out);

	/* A stream in memory has no descriptor. */
	if (fd < 0 || !isatty(fd))
		return (struct terminal){ .color = false };
	return (struct terminal){
		.color = !no_color || !*no_color,
		.columns = ioctl(fd, TIOCGWINSZ, &size) ? 0 : size.ws_col,
	};
}

struct terminal terminal_of_page(FILE *out)
{
	struct terminal t = terminal_of(out);

	if (!t.columns)
		t.columns = 80;
	return t;
}

void terminal_label(const struct terminal *t, FILE *out, enum terminal_tone tone, int width,
		    const char *text)
{
	static const char *const colors[] = {
		[TONE_GOOD] = "\033[32m",
		[TONE_NOTICE] = "\033[36m",
		[TONE_WARNING] = "\033[33m",
		[TONE_CRITICAL] = "\033[1;31m",
	};
	bool color = t->color && tone != TONE_PLAIN;

	fprintf(out, "%s%-*s%s", color ? colors[tone] : "", width, text, color ? "\033[0m" : "");
}

void terminal_wrap(const struct terminal *t, FILE *out, unsigned int column, unsigned int margin,
		   const char *text)
{
	bool begins = true; /* no word of the text is on this line yet */

	if (t->columns < margin + LEAST_COLUMNS)
		margin = LEAST_MARGIN;
	while (t->columns && *text) {
		unsigned int len = strcspn(text, " ");

		if (column + !begins + len > t->columns && (!begins || column > margin)) {
			fprintf(out, "\n%*s", (int)margin, "");
			column = margin;
			begins = true;
		}
		fprintf(out, "%s%.*s", begins ? "" : " ", (int)len, text);
		column += !begins + len;
		begins = false;
		text += len + strspn(text + len, " ");
	}
	fprintf(out, "%s\n", text);
}
