// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mutants of a C source: each condition of an if negated, each operand of && and || dropped, each
 * comparison moved by one.
 *
 *	mutate FILE		how many there are
 *	mutate FILE N		the Nth, from 0, on standard output; on standard error what it is
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MUTANTS_MAX = 4096 };

struct mutant {
	size_t begin, end;	    /* what is replaced */
	const char *before, *after; /* around what stands there; NULL: in its place stands by */
	const char *by, *what;
};

static char *text, *code; /* code: with blanks where comments and literals are */
static size_t size;
static struct mutant mutants[MUTANTS_MAX];
static unsigned int count;

static void add(struct mutant m)
{
	for (unsigned int i = 0; i < count; i++)
		if (mutants[i].begin == m.begin && mutants[i].end == m.end &&
		    mutants[i].what == m.what)
			return;
	if (count < MUTANTS_MAX)
		mutants[count++] = m;
}

static void blank(size_t begin, size_t end)
{
	for (; begin < end; begin++)
		if (code[begin] != '\n')
			code[begin] = ' ';
}

static size_t end_of_literal(size_t i)
{
	char quote = text[i++];

	while (i < size && text[i] != quote)
		i += text[i] == '\\' ? 2 : 1;
	return i + 1;
}

static void find_code(void)
{
	size_t end;

	for (size_t i = 0; i < size; i = end) {
		end = i + 1;
		if (text[i] == '#' || !strncmp(text + i, "//", 2)) {
			end = strchr(text + i, '\n') - text;
			blank(i, end);
		} else if (!strncmp(text + i, "/*", 2)) {
			end = strstr(text + i, "*/") + 2 - text;
			blank(i, end);
		} else if (text[i] == '"' || text[i] == '\'') {
			end = end_of_literal(i);
			blank(i, end);
		}
	}
}

/* The parenthesis that closes the one at i. */
static size_t closing(size_t i)
{
	int depth = 0;

	for (; i < size; i++) {
		depth += code[i] == '(';
		depth -= code[i] == ')';
		if (!depth)
			break;
	}
	return i;
}

static bool ends_operand(size_t i)
{
	return !strncmp(code + i, "&&", 2) || !strncmp(code + i, "||", 2) ||
	       strchr("?:;,{}", code[i]) ||
	       (code[i] == '=' && code[i + 1] != '=' && !strchr("=!<>", code[i - 1]));
}

static void trim(size_t *begin, size_t *end)
{
	while (isspace((unsigned char)code[*begin]))
		++*begin;
	while (isspace((unsigned char)code[*end - 1]))
		--*end;
}

/* The operands on both sides of the operator at i. */
static void add_operands(size_t i)
{
	const char *neutral = code[i] == '&' ? "1" : "0";
	size_t begin = i, end = i + 2;
	int depth = 0;

	for (; begin > 0; begin--) {
		char c = code[begin - 1];

		if (c == ')')
			depth++;
		else if (c == '(' && !depth--)
			break;
		if (!depth && c != '(' && c != ')' &&
		    (strchr("?:;,{}", c) || (c == code[begin - 2] && (c == '&' || c == '|')) ||
		     (c == '=' && !strchr("=!<>", code[begin - 2]) && code[begin] != '=')))
			break;
		if (!depth && begin >= 7 && !strncmp(code + begin - 7, "return ", 7))
			break;
	}
	depth = 0;
	for (; end < size; end++) {
		if (code[end] == '(')
			depth++;
		else if (code[end] == ')' && !depth--)
			break;
		if (!depth && ends_operand(end))
			break;
	}
	size_t left_end = i, right = i + 2;

	trim(&begin, &left_end);
	add((struct mutant){ begin, left_end, NULL, NULL, neutral, "operand dropped" });
	trim(&right, &end);
	add((struct mutant){ right, end, NULL, NULL, neutral, "operand dropped" });
}

static void add_comparison(size_t i)
{
	static const struct {
		const char *from, *to;
	} all[] = { { ">=", ">" },  { "<=", "<" },   { "==", "!=" },
		    { "!=", "==" }, { "> ", ">= " }, { "< ", "<= " } };

	if (code[i - 1] != ' ')
		return;
	for (size_t k = 0; k < sizeof(all) / sizeof(all[0]); k++)
		if (!strncmp(code + i, all[k].from, 2)) {
			add((struct mutant){ i, i + 2, NULL, NULL, all[k].to, "comparison moved" });
			return;
		}
}

static void find_mutants(void)
{
	for (size_t i = 1; i + 4 < size; i++) {
		if (!strncmp(code + i, "if (", 4) && !isalnum((unsigned char)code[i - 1]))
			add((struct mutant){ i + 4, closing(i + 3), "!(", ")", NULL,
					     "if negated" });
		else if (!strncmp(code + i, "&& ", 3) || !strncmp(code + i, "|| ", 3) ||
			 !strncmp(code + i, "&&\n", 3) || !strncmp(code + i, "||\n", 3))
			add_operands(i);
		else
			add_comparison(i);
	}
}

static unsigned int line_of(size_t i)
{
	unsigned int line = 1;

	while (i--)
		line += text[i] == '\n';
	return line;
}

/* The name of the function that i lies in: the last one at a line's begin that has a parenthesis.
 */
static void print_function(size_t i)
{
	size_t end;

	for (; i; i--)
		if (code[i - 1] == '\n' && isalpha((unsigned char)code[i]) &&
		    strcspn(code + i, "(") < strcspn(code + i, "\n;"))
			break;
	end = i + strcspn(code + i, "(");
	for (i = end; i && (isalnum((unsigned char)code[i - 1]) || code[i - 1] == '_');)
		i--;
	fwrite(text + i, 1, end - i, stderr);
}

static void print(const struct mutant *m)
{
	int length = m->end - m->begin;
	const char *at = text + m->begin;

	fprintf(stderr, "%u: ", line_of(m->begin));
	print_function(m->begin);
	fprintf(stderr, ": %s: ", m->what);
	for (int i = 0; i < length; i++)
		if (at[i] != '\t' && at[i] != '\n')
			fputc(at[i], stderr);
	fputc('\n', stderr);
	fwrite(text, 1, m->begin, stdout);
	if (m->by)
		fputs(m->by, stdout);
	else
		printf("%s%.*s%s", m->before, length, at, m->after);
	fwrite(text + m->end, 1, size - m->end, stdout);
}

int main(int argc, char **argv)
{
	FILE *f = argc > 1 ? fopen(argv[1], "re") : NULL;
	unsigned int n;

	if (!f) {
		fputs("usage: mutate FILE [N]\n", stderr);
		return 2;
	}
	text = calloc(1, 1 << 20);
	if (!text)
		return 2;
	size = fread(text, 1, (1 << 20) - 1, f);
	fclose(f);
	code = strdup(text);
	if (!code)
		return 2;
	find_code();
	find_mutants();
	if (argc == 2) {
		printf("%u\n", count);
		return 0;
	}
	n = strtoul(argv[2], NULL, 10);
	if (n >= count)
		return 2;
	print(&mutants[n]);
	return 0;
}
