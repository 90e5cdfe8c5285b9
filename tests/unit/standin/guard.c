// SPDX-License-Identifier: GPL-2.0-only
#include "standin/guard.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/standard_output.h"
#include "session/session.h"
#include "standin/host.h"

struct ended ended;

enum { ARGS_MAX = 16 };
struct call {
	char name[32];
	char *argv[ARGS_MAX + 1];
	int argc;
};

static void collect_args(struct call *c, const char *command, va_list args)
{
	char *arg;

	snprintf(c->name, sizeof(c->name), "snp-guard %s", command);
	c->argv[0] = c->name;
	c->argc = 1;
	while ((arg = va_arg(args, char *))) {
		cr_assert_lt(c->argc, ARGS_MAX);
		c->argv[c->argc++] = arg;
	}
	c->argv[c->argc] = NULL;
}

static const struct command *find(const char *name)
{
	const struct command *c = command_table();

	while (c->name && strcmp(c->name, name))
		c++;
	cr_assert(c->name, "no command is called %s", name);
	return c;
}

/* The streams of stdio alone: what a sanitizer says goes where it always does. */
struct streams {
	FILE *out, *err;
};

const char *guard_stdout;

static struct streams redirect(void)
{
	struct streams kept = { stdout, stderr };

	fflush(NULL);
	stdout = guard_stdout ? fopen(guard_stdout, "we") : tmpfile();
	stderr = tmpfile();
	cr_assert(stdout && stderr);
	return kept;
}

static void collect(FILE *f, char *text, size_t size)
{
	rewind(f);
	text[fread(text, 1, size - 1, f)] = 0;
	fclose(f);
}

static void restore(struct streams kept)
{
	collect(stdout, ended.out, sizeof(ended.out));
	collect(stderr, ended.err, sizeof(ended.err));
	stdout = kept.out;
	stderr = kept.err;
}

static int call(const struct command *command, struct call *c)
{
	int status = STATUS_UNVERIFIED;
	bool failed = command->run(c->argc, c->argv, &status);

	return !output_end() || failed ? STATUS_UNVERIFIED : status;
}

void guard(const char *command, ...)
{
	const struct command *found = find(command);
	struct streams kept;
	struct call c;
	va_list args;

	va_start(args, command);
	collect_args(&c, command, args);
	va_end(args);
	host_begin_script();
	kept = redirect();
	ended.status = call(found, &c);
	restore(kept);
	cr_assert(!host.late, "%s did not end by itself; stdout: %s", command, ended.out);
}

/* LeakSanitizer asks; what a usage error leaves is no leak. */
static bool is_alone;
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return is_alone;
}

void guard_alone(const char *command, ...)
{
	const struct command *found = find(command);
	struct streams kept;
	struct call c;
	va_list args;
	int status;
	pid_t child;

	va_start(args, command);
	collect_args(&c, command, args);
	va_end(args);
	kept = redirect();
	fflush(NULL);
	child = fork();
	if (!child) {
		is_alone = true;
		exit(call(found, &c));
	}
	waitpid(child, &status, 0);
	restore(kept);
	cr_assert(WIFEXITED(status));
	ended.status = WEXITSTATUS(status);
}

void run_for(const char *seconds)
{
	guard("run", "--for", seconds, "--format", "json", NULL);
}

double took(void)
{
	return (host.now_ns - host.began_ns) / 1e9;
}

unsigned int times(const char *all, const char *text)
{
	unsigned int n = 0;

	for (const char *at = all; (at = strstr(at, text)); at += strlen(text))
		n++;
	return n;
}
