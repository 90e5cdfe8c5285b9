// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command lines: the input is a command's first letter and its arguments, a line each. argp
 * ends the process at a usage error, so the linker puts the two functions below between the
 * commands and argp (--wrap): errors are noted and the command is left after its options.
 */
#include <argp.h>
#include <setjmp.h>
#include <stdarg.h>

#include "cli/commands.h"
#include "cli/run_options.c"
#include "fuzz.h"

enum { ARGS_MAX = 16 };

static jmp_buf left;
static bool usage_error, complained;
static int result;

error_t __real_argp_parse(const struct argp *argp, int argc, char **argv, unsigned int flags,
			  int *index, void *input);
error_t __wrap_argp_parse(const struct argp *parser, int argc, char **argv, unsigned int flags,
			  int *index, void *input);
void __wrap_argp_error(const struct argp_state *state, const char *format, ...);

void __attribute__((format(printf, 2, 3)))
__wrap_argp_error(const struct argp_state *state, const char *format, ...)
{
	char text[4096];
	va_list args;

	(void)state;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	usage_error = true;
}

error_t __wrap_argp_parse(const struct argp *parser, int argc, char **argv, unsigned int flags,
			  int *index, void *input)
{
	char *name = program_invocation_name, *short_name = program_invocation_short_name;
	const struct run_options *o = input;

	result = __real_argp_parse(parser, argc, argv, flags | ARGP_NO_EXIT | ARGP_NO_ERRS, index,
				   input);
	/* --program-name leaves them pointing into argv. */
	program_invocation_name = name;
	program_invocation_short_name = short_name;
	if (!result && !usage_error && parser == &run_argp) {
		fuzz_check(o->settings.format < REPORT_FORMAT_COUNT, "%d", (int)o->settings.format);
		fuzz_check(o->settings.interval >= 0.01 && o->settings.interval <= 1e9, "%f",
			   o->settings.interval);
		fuzz_check(!o->settings.duration ||
				   (o->settings.duration >= 0.01 && o->settings.duration <= 1e9),
			   "%f", o->settings.duration);
		fuzz_check(!o->settings.buffer_kib ||
				   __builtin_popcount(o->settings.buffer_kib) == 1,
			   "%u", o->settings.buffer_kib);
		fuzz_check(!o->settings.buffer_kib || (o->settings.buffer_kib >= 4 &&
						       o->settings.buffer_kib <= 1 << 20),
			   "%u", o->settings.buffer_kib);
	}
	if (parser == &run_argp)
		run_options_free(input);
	longjmp(left, 1);
}

static int (*command_of(uint8_t letter))(int argc, char **argv, int *status)
{
	switch (letter) {
	case 'p':
		return command_replay;
	case 's':
		return command_snapshot;
	case 'h':
		return command_hooks;
	case 'c':
		return command_check;
	case 'e':
		return command_explain;
	case 'f':
		return command_config;
	case 't':
		return command_timeline;
	case 'u':
		return command_status;
	default:
		return command_run;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = { data, size };
	int (*volatile command)(int argc, char **argv, int *status) = command_of(take_byte(&c));
	char *kept[ARGS_MAX], *argv[ARGS_MAX + 2], name[] = "snp-guard command";
	volatile int argc = 0;
	int status;

	while (argc < ARGS_MAX && (kept[argc] = take_part(&c, '\n'))) {
		/* argp's own --HANG would do what it says. */
		if (!strncmp(kept[argc], "--H", 3))
			kept[argc][2] = 'h';
		argc++;
	}
	argv[0] = name;
	memcpy(argv + 1, kept, argc * sizeof(*kept));
	argv[argc + 1] = NULL;
	usage_error = false;
	complain_through(fuzz_complaint, &complained);
	if (!setjmp(left)) {
		command(argc + 1, argv, &status);
		fuzz_check(false, "a command that does not look at its options");
	}
	fuzz_check(result == 0 || result == EINVAL || usage_error, "%d", result);
	for (int i = 0; i < argc; i++)
		free(kept[i]);
	return 0;
}
