// SPDX-License-Identifier: GPL-2.0-only
#include "cli/completion.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "cli/options.h"

/* Nothing for an argument that is not one of a list. */
static void put_words(FILE *out, const char *argument)
{
	const char *const *words = option_words(argument);

	for (int i = 0; words && words[i]; i++)
		fprintf(out, "%s%s", i ? " " : "", words[i]);
}

static bool is_shown(const struct argp_option *o)
{
	return o->name && !(o->flags & (OPTION_HIDDEN | OPTION_DOC));
}

static bool has_letter(const struct argp_option *o)
{
	return o->key > ' ' && o->key <= '~' && isalnum(o->key);
}

static void for_each_option(const struct argp *argp, FILE *out,
			    void (*print)(FILE *out, const struct argp_option *o))
{
	for (const struct argp_option *o = argp->options; o && (o->name || o->key || o->doc); o++)
		if (is_shown(o))
			print(out, o);
	for (const struct argp_child *c = argp->children; c && c->argp; c++)
		for_each_option(c->argp, out, print);
}

/* ---- bash ---- */

/* Sets the words that can follow, or the kind of file. */
static void bash_argument(FILE *out, const char *argument)
{
	if (!strcmp(argument, "FILE")) {
		fputs("files=-f", out);
	} else if (!strcmp(argument, "DIR")) {
		fputs("files=-d", out);
	} else {
		fputs("words='", out);
		put_words(out, argument);
		fputc('\'', out);
	}
}

static void bash_name(FILE *out, const struct argp_option *o)
{
	fprintf(out, "--%s ", o->name);
}

static void bash_value(FILE *out, const struct argp_option *o)
{
	if (!o->arg)
		return;
	fputs("\t\t", out);
	if (has_letter(o))
		fprintf(out, "-%c | ", o->key);
	fprintf(out, "--%s) ", o->name);
	bash_argument(out, o->arg);
	fputs(" ;;\n", out);
}

static void bash_command(FILE *out, const struct command *c)
{
	char argument[32];

	fprintf(out, "\t%s)\n\t\tcase $prev in\n", c->name);
	for_each_option(c->argp, out, bash_value);
	fputs("\t\t*)\n\t\t\tif [[ $cur == -* ]]; then words='", out);
	for_each_option(c->argp, out, bash_name);
	fputs("--help'; else ", out);
	bash_argument(out, option_argument(c->argp, argument, sizeof(argument)));
	fputs("; fi\n\t\t\t;;\n\t\tesac\n\t\t;;\n", out);
}

static void print_bash(FILE *out, const struct command *commands)
{
	fputs("# bash completion for snp-guard, by `snp-guard completion bash`\n"
	      "_snp_guard()\n{\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
	      "\tlocal words= files=\n"
	      "\t# --option=value comes as three words\n"
	      "\tif [[ $cur == = ]]; then\n"
	      "\t\tcur=\n"
	      "\telif [[ $prev == = ]]; then\n"
	      "\t\tprev=${COMP_WORDS[COMP_CWORD - 2]}\n"
	      "\tfi\n"
	      "\tif [[ $COMP_CWORD -eq 1 ]]; then\n"
	      "\t\twords='",
	      out);
	for (const struct command *c = commands; c->name; c++)
		fprintf(out, "%s ", c->name);
	fputs("--help --version'\n\telse case ${COMP_WORDS[1]} in\n", out);
	for (const struct command *c = commands; c->name; c++)
		bash_command(out, c);
	fputs("\tesac; fi\n"
	      "\tif [[ $files ]]; then\n"
	      "\t\tcompopt -o filenames 2>/dev/null\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen $files -- \"$cur\")\n"
	      "\telse\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
	      "\tfi\n"
	      "}\n"
	      "complete -F _snp_guard snp-guard\n",
	      out);
}

/* ---- zsh ---- */

/* Escapes text for single quotes, and inside them for a specification of _arguments. */
static void zsh_quoted(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\'", out);
		else if (strchr("[]:\\", *text))
			fputc('\\', out);
		fputc(*text, out);
	}
}

static void zsh_argument(FILE *out, const char *argument)
{
	fprintf(out, ":%s:", argument);
	if (!strcmp(argument, "FILE")) {
		fputs("_files", out);
	} else if (!strcmp(argument, "DIR")) {
		fputs("_files -/", out);
	} else {
		fputc('(', out);
		put_words(out, argument);
		fputc(')', out);
	}
}

static void zsh_option(FILE *out, const struct argp_option *o)
{
	fputs(" \\\n\t\t\t", out);
	if (has_letter(o))
		fprintf(out, "'(-%c --%s)'{-%c,--%s}", o->key, o->name, o->key, o->name);
	else
		fprintf(out, "--%s", o->name);
	fputs("'[", out);
	zsh_quoted(out, o->doc ? o->doc : "");
	fputc(']', out);
	if (o->arg)
		zsh_argument(out, o->arg);
	fputc('\'', out);
}

static void zsh_command(FILE *out, const struct command *c)
{
	char argument[32];

	option_argument(c->argp, argument, sizeof(argument));
	fprintf(out, "\t%s)\n\t\t_arguments", c->name);
	for_each_option(c->argp, out, zsh_option);
	fputs(" \\\n\t\t\t'--help[give help]'", out);
	if (*argument) {
		fputs(" \\\n\t\t\t'1", out);
		zsh_argument(out, argument);
		fputc('\'', out);
	}
	fputs("\n\t\t;;\n", out);
}

static void print_zsh(FILE *out, const struct command *commands)
{
	fputs("#compdef snp-guard\n"
	      "# zsh completion for snp-guard, by `snp-guard completion zsh`\n"
	      "_snp_guard() {\n"
	      "\tlocal -a commands\n"
	      "\tcommands=(\n",
	      out);
	for (const struct command *c = commands; c->name; c++) {
		fprintf(out, "\t\t'%s:", c->name);
		zsh_quoted(out, c->what);
		fputs("'\n", out);
	}
	fputs("\t)\n"
	      "\tif ((CURRENT == 2)); then\n"
	      "\t\t_describe command commands\n"
	      "\t\treturn\n"
	      "\tfi\n"
	      "\tshift words\n"
	      "\t((CURRENT--))\n"
	      "\tcase $words[1] in\n",
	      out);
	for (const struct command *c = commands; c->name; c++)
		zsh_command(out, c);
	fputs("\tesac\n"
	      "}\n"
	      "if [[ $funcstack[1] == _snp-guard ]]; then\n"
	      "\t_snp_guard\n"
	      "else\n"
	      "\tcompdef _snp_guard snp-guard\n"
	      "fi\n",
	      out);
}

void completion_print(FILE *out, enum completion_shell shell, const struct command *commands)
{
	if (shell == COMPLETION_ZSH)
		print_zsh(out, commands);
	else
		print_bash(out, commands);
}
