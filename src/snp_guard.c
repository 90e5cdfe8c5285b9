// SPDX-License-Identifier: GPL-2.0-only
#include <argp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "commands.h"
#include "session.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv, int *status);
	const char *what;
} commands[] = {
	{ "run", command_run, "follow SNP on this host, refuse CPU onlining inside a window" },
	{ "replay", command_replay, "reach the verdicts of a recorded run again" },
	{ "check", command_check, "look at this host once: is its SNP state sound" },
	{ "status", command_status, "read back what a guard with --pin left in the kernel" },
	{ "detach", command_detach, "remove it: from then on nothing is refused" },
	{ "snapshot", command_snapshot, "keep the host's state, to compare with after a kexec" },
	{ "config", command_config, "show or check what the configuration asks of run" },
	{ "hooks", command_hooks, "show what this kernel lets the guard see, and from where" },
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

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
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(f, "  %-9s %s\n", commands[i].name, commands[i].what);
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
	for (size_t i = 0; i < COMMANDS; i++)
		if (!strcmp(commands[i].name, name))
			return run_command(&commands[i], argc - 1, argv + 1);
	if (*name)
		complain("no command is called `%s`", name);
	help(stderr);
	return EX_USAGE;
}
