// SPDX-License-Identifier: GPL-2.0-only
#include "host/kallsyms.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct line {
	const char *digits; /* of the address */
	char type;
	const char *name;
	const char *module; /* NULL: vmlinux */
};

/*
 * Splits a line into its words, in place: "ADDRESS TYPE NAME", and for a module's symbol a tab or
 * spaces and "[MODULE]". There are hundreds of thousands of lines, so few bytes are looked at.
 */
static bool parse_line(char *text, size_t len, struct line *l)
{
	char *space = memchr(text, ' ', len), *end = text + len;

	if (!space || space == text || end - space < 4 || space[2] != ' ')
		return false;
	l->digits = text;
	l->type = space[1];
	l->name = space + 3;
	l->module = NULL;
	if (end[-1] == '\n')
		*--end = 0;
	if (end[-1] != ']')
		return true;
	*--end = 0;
	while (end > l->name && *end != '[')
		end--;
	if (*end != '[')
		return false;
	l->module = end + 1;
	while (end > l->name && strchr("[\t ", *end))
		*end-- = 0;
	return true;
}

/* Of hundreds of thousands of addresses a few dozen are asked for. */
static uint64_t address_of(const struct line *l)
{
	return strtoull(l->digits, NULL, 16);
}

static bool has_address(const struct line *l)
{
	return l->digits[strspn(l->digits, "0123456789abcdefABCDEF")] == ' ';
}

static bool is_text(char type)
{
	return type == 't' || type == 'T' || type == 'w' || type == 'W';
}

/* A module's symbols are not sorted by address. Its text is page-aligned. */
static void extend(struct kallsym *s, const struct line *l)
{
	uint64_t address;

	if (!l->module || strcmp(s->module, l->module) || !is_text(l->type))
		return;
	address = address_of(l);
	if (!address)
		return;
	if (!s->count++ || address < s->start)
		s->start = address & ~0xfffull;
	if (address >= s->end)
		s->end = (address | 0xfff) + 1;
}

/*
 * What the suffix of a symbol's name says of the function, by the words that compilers append:
 *
 * - LLVM's ThinLTO makes a static function global under .llvm. and a hash, where
 *   another unit calls it; GCC's LTO does the same under .lto_priv.; .__uniq. is
 *   -funique-internal-linkage-names;
 * - GCC passes a structure's members one by one (.isra.), or puts constants in (.constprop.), as
 *   LLVM does (.specialized.); and it splits off what callers do not inline (.part.).
 *
 * Returns -1 for any other symbol, such as the seldom run code of a function (.cold, also
 * .isra.0.cold), which is not called, or a variable inside it.
 */
static int form_of(const char *suffix)
{
	static const struct {
		const char *word;
		int form;
	} words[] = {
		{ ".llvm.", KALLSYM_RENAMED },	     { ".__uniq.", KALLSYM_RENAMED },
		{ ".lto_priv.", KALLSYM_RENAMED },   { ".isra.", KALLSYM_CLONED },
		{ ".constprop.", KALLSYM_CLONED },   { ".part.", KALLSYM_SPLIT },
		{ ".specialized.", KALLSYM_CLONED },
	};
	enum { WORDS = sizeof(words) / sizeof(words[0]) };
	int form = KALLSYM_AS_NAMED;

	while (*suffix) {
		size_t i = 0, digits;

		while (i < WORDS && strncmp(suffix, words[i].word, strlen(words[i].word)))
			i++;
		if (i == WORDS)
			return -1;
		suffix += strlen(words[i].word);
		digits = strspn(suffix, "0123456789abcdef");
		if (!digits)
			return -1;
		suffix += digits;
		if (words[i].form > form)
			form = words[i].form;
	}
	return form;
}

void kallsyms_forget(struct kallsym *s)
{
	*s = (struct kallsym){ .name = s->name, .module = s->module };
}

bool kallsyms_match_name(struct kallsym *s, const char *name)
{
	size_t len = strlen(s->name);
	const char *suffix = name + len;
	int form;

	if (strncmp(s->name, name, len) || (*suffix && *suffix != '.') ||
	    strlen(suffix) >= sizeof(s->suffix))
		return false;
	form = form_of(suffix);
	if (form > (int)s->form) {
		s->form = form;
		strcpy(s->suffix, suffix);
	}
	if (form != KALLSYM_AS_NAMED && form != KALLSYM_RENAMED)
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
		s->start = address_of(l);
}

/* A module without names is asked for as a whole. */
void kallsyms_learn_beginnings(bool asked[BEGINNINGS], const struct kallsym *symbols, int n)
{
	memset(asked, 0, BEGINNINGS * sizeof(*asked));
	for (int i = 0; i < n; i++)
		asked[beginning_of(symbols[i].name ? symbols[i].name : symbols[i].module)] = true;
}

static bool is_asked(const bool asked[BEGINNINGS], const struct line *l)
{
	return asked[beginning_of(l->name)] || (l->module && asked[beginning_of(l->module)]);
}

/* The text of vmlinux is sorted by address, so the next symbol ends those before. */
static int end_ranges(struct kallsym *symbols, int n, const struct line *l)
{
	uint64_t address = address_of(l);
	int open = 0;

	for (int i = 0; i < n; i++) {
		struct kallsym *s = &symbols[i];

		if (!s->name || !s->start || s->module || s->end)
			continue;
		if (address > s->start)
			s->end = address;
		else
			open++;
	}
	return open;
}

int kallsyms_find(FILE *f, struct kallsym *symbols, int n)
{
	bool asked[BEGINNINGS];
	int err = 0, open = 0;
	char *text = NULL;
	size_t size = 0;
	struct line l;
	ssize_t len;

	for (int i = 0; i < n; i++)
		kallsyms_forget(&symbols[i]);
	kallsyms_learn_beginnings(asked, symbols, n);
	errno = 0;
	while ((len = getline(&text, &size, f)) > 0) {
		if (!parse_line(text, len, &l))
			continue;
		if (open && !l.module && is_text(l.type))
			open = end_ranges(symbols, n, &l);
		if (!is_asked(asked, &l) || !has_address(&l))
			continue;
		for (int i = 0; i < n; i++)
			match(&symbols[i], &l);
		open += !l.module;
	}
	if (ferror(f))
		err = errno ? -errno : -EIO;
	free(text);
	return err;
}
