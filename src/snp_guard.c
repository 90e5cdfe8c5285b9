// SPDX-License-Identifier: GPL-2.0-only
#include <argp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "cli/commands.h"
#include "util/nearest.h"
#include "session/session.h"

static const struct command commands[] = {
	{ "run", command_run, &run_argp,
	  "follow SNP on this host, refuse CPU onlining inside a window" },
	{ "replay", command_replay, &replay_argp, "reach the verdicts of a recorded run again" },
	{ "timeline", command_timeline, &timeline_argp, "draw a recorded run as a picture" },
	{ "check", command_check, &check_argp, "look at this host once: is its SNP state sound" },
	{ "status", command_status, &status_argp,
	  "read back what a guard with --pin left in the kernel" },
	{ "detach", command_detach, &detach_argp, "remove it: from then on nothing is refused" },
	{ "snapshot", command_snapshot, &snapshot_argp,
	  "keep the host's state, to compare with after a kexec" },
	{ "config", command_config, &config_argp,
	  "show or check what the configuration asks of run" },
	{ "hooks", command_hooks, &hooks_argp,
	  "show what this kernel lets the guard see, and from where" },
	{ "explain", command_explain, &explain_argp, "say what a breach means, and what to do" },
	{ "completion", command_completion, &completion_argp, NULL },
	{ "catalog", command_catalog, &catalog_argp, NULL },
	{ NULL, NULL, NULL, NULL },
};

const struct command *command_table(void)
{
	return commands;
}

void complain(const char *format, ...)
{
	va_list args;

	fputs("snp-guard: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

static void help(FILE *f)
{
	fputs("Usage: snp-guard COMMAND [OPTION...]\n"
	      "Follows the SEV-SNP life cycle of this host, and keeps the set of online CPUs as "
	      "it\n"
	      "is while SNP is active.\n\n",
	      f);
	for (const struct command *c = commands; c->name; c++)
		if (c->what)
			fprintf(f, "  %-9s %s\n", c->name, c->what);
	fputs("\n`snp-guard COMMAND --help` lists a command's options; snp-guard(8) says more.\n"
	      "Exit status: 0 nothing breached, 1 warning, 2 critical, 3 could not verify, 64 "
	      "usage.\n",
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

	for (const struct command *c = commands; c->name; c++)
		if (c->what)
			nearest_offer(&nearest, c->name);
	if (nearest.name) {
		complain("no command is called `%s`; did you mean `%s`?", word, nearest.name);
		return EX_USAGE;
	}
	complain("no command is called `%s`", word);
	help(stderr);
	return EX_USAGE;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	if (!strcmp(name, "--help") || !strcmp(name, "-?") || !strcmp(name, "help")) {
		help(stdout);
		return EXIT_SUCCESS;
	}
	if (!strcmp(name, "--version") || !strcmp(name, "-V")) {
		puts("snp-guard " SNP_GUARD_VERSION);
		return EXIT_SUCCESS;
	}
	for (const struct command *c = commands; c->name; c++)
		if (!strcmp(c->name, name))
			return run_command(c, argc - 1, argv + 1);
	if (*name)
		return no_command(name);
	help(stderr);
	return EX_USAGE;
}
