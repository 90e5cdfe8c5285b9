// SPDX-License-Identifier: GPL-2.0-only
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/standard_output.h"
#include "util/complain.h"
#include "util/nearest.h"
#include "session/session.h"

static void help(FILE *f)
{
	fputs("Usage: snp-guard COMMAND [OPTION...]\n"
	      "Watches SEV-SNP on this host. While SNP is active, refuses attempts to bring\n"
	      "CPUs online or take them offline, and reports changes that it could not\n"
	      "refuse.\n\n",
	      f);
	for (const struct command *c = command_table(); c->name; c++)
		fprintf(f, "  %-11s %s\n", c->name, c->what);
	fputs("\n`snp-guard COMMAND --help` lists the options of a command.\n"
	      "Exit status: 0 nothing worse than a notice, 1 warning, 2 critical, 3 could not\n"
	      "verify, 64 usage, 78 run can't work here; see snp-guard(8).\n",
	      f);
}

static int run_command(const struct command *c, int argc, char **argv)
{
	char name[32];
	int status = STATUS_UNVERIFIED;

	snprintf(name, sizeof(name), "snp-guard %s", c->name);
	argv[0] = name;
	if (c->run(argc, argv, &status))
		return STATUS_UNVERIFIED;
	return status;
}

static int no_command(const char *word)
{
	struct nearest nearest = { .word = word };

	for (const struct command *c = command_table(); c->name; c++)
		nearest_offer(&nearest, c->name);
	if (nearest.name) {
		complain("no command is called `%s`; did you mean `%s`?", word, nearest.name);
		return EX_USAGE;
	}
	complain("no command is called `%s`", word);
	help(stderr);
	return EX_USAGE;
}

/* At each exit, as argp ends the process by itself after --help. */
static void end_output(void)
{
	if (!output_end())
		_exit(STATUS_UNVERIFIED);
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	output_begin();
	atexit(end_output);
	if (!strcmp(name, "--help") || !strcmp(name, "-?") || !strcmp(name, "help")) {
		help(stdout);
		return EXIT_SUCCESS;
	}
	if (!strcmp(name, "--version") || !strcmp(name, "-V")) {
		puts("snp-guard " SNP_GUARD_VERSION);
#ifdef SNP_GUARD_STATIC
		/* Whoever hears of a fault in one of them can see whether this program has it. */
		printf("static: glibc %d.%d" SNP_GUARD_STATIC "\n", __GLIBC__, __GLIBC_MINOR__);
#endif
		return EXIT_SUCCESS;
	}
	for (const struct command *c = command_table(); c->name; c++)
		if (!strcmp(c->name, name))
			return run_command(c, argc - 1, argv + 1);
	if (*name)
		return no_command(name);
	help(stderr);
	return EX_USAGE;
}
