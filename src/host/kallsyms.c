// SPDX-License-Identifier: GPL-2.0-only
#include "host/kallsyms.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct line {
	uint64_t address;
	char type;
	const char *name;
	const char *module; /* NULL: vmlinux */
};

/* Splits a line into its words, in place. */
static bool parse_line(char *text, struct line *l)
{
	char *end, *p;

	l->address = strtoull(text, &end, 16);
	if (end == text || end[0] != ' ' || !end[1] || end[2] != ' ')
		return false;
	l->type = end[1];
	l->name = end + 3;
	p = end + 3 + strcspn(end + 3, "\t \n");
	l->module = NULL;
	if (*p == '\t' || *p == ' ') {
		*p++ = 0;
		if (*p != '[')
			return true;
		l->module = ++p;
		p += strcspn(p, "]\n");
	}
	*p = 0;
	return true;
}

static bool is_text(char type)
{
	return type == 't' || type == 'T' || type == 'w' || type == 'W';
}

/* A module's symbols are not sorted by address. Its text is page-aligned. */
static void extend(struct kallsym *s, const struct line *l)
{
	if (!l->module || strcmp(s->module, l->module) || !is_text(l->type) || !l->address)
		return;
	if (!s->count++ || l->address < s->start)
		s->start = l->address & ~0xfffull;
	if (l->address >= s->end)
		s->end = (l->address | 0xfff) + 1;
}

/* True for the suffixes of GCC and LLVM for a clone of a function; .cold is only a part of one. */
static void keep_variant(struct kallsym *s, const char *ending)
{
	static const char *const endings[] = { ".isra.", ".constprop.", ".part.", ".llvm." };

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
		if (!s->variant[0] && !strncmp(ending, endings[i], strlen(endings[i])))
			snprintf(s->variant, sizeof(s->variant), "%s", ending);
}

/* Returns true if the line has the symbol itself, not a clone. */
bool kallsyms_match_name(struct kallsym *s, const char *name)
{
	size_t len = strlen(s->name);

	if (strncmp(s->name, name, len))
		return false;
	if (name[len] == '.')
		keep_variant(s, name + len);
	if (name[len])
		return false;
	s->count++;
	return true;
}

static void match(struct kallsym *s, const struct line *l)
{
	if (!s->name)
		extend(s, l);
	else if (!s->module == !l->module && (!s->module || !strcmp(s->module, l->module)) &&
		 kallsyms_match_name(s, l->name) && s->count == 1)
		s->start = l->address;
}

/* The text of vmlinux is sorted by address, so the next symbol ends the one before. */
static void end_ranges(struct kallsym *symbols, int n, const struct line *l)
{
	if (l->module || !is_text(l->type))
		return;
	for (int i = 0; i < n; i++) {
		struct kallsym *s = &symbols[i];

		if (s->start && !s->module && l->address > s->start &&
		    (!s->end || l->address < s->end))
			s->end = l->address;
	}
}

int kallsyms_find(FILE *f, struct kallsym *symbols, int n)
{
	char *text = NULL;
	size_t size = 0;
	struct line l;
	int err = 0;

	for (int i = 0; i < n; i++) {
		symbols[i].start = symbols[i].end = 0;
		symbols[i].count = 0;
		symbols[i].variant[0] = 0;
	}
	errno = 0;
	while (getline(&text, &size, f) > 0) {
		if (!parse_line(text, &l))
			continue;
		for (int i = 0; i < n; i++)
			match(&symbols[i], &l);
		end_ranges(symbols, n, &l);
	}
	if (ferror(f))
		err = errno ? -errno : -EIO;
	free(text);
	return err;
}
