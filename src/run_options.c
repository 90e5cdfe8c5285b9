// SPDX-License-Identifier: GPL-2.0-only
#include "run_options.h"

#include <ctype.h>
#include <stdlib.h>

#include "hooks.h"
#include "options.h"

enum {
	OPT_AUDIT = 0x100,
	OPT_RECORD,
	OPT_FOR,
	OPT_UNTIL_BREACH,
	OPT_BUFFER,
	OPT_READY,
	OPT_SINCE,
	OPT_AVOID
};

static const struct argp_option option_table[] = {
	{ "audit", OPT_AUDIT, NULL, 0, "Sense without gating: refuse nothing", 0 },
	FORMAT_OPTION,
	{ "record", OPT_RECORD, "FILE", 0, "Keep the events for `snp-guard replay`", 0 },
	{ "interval", 'i', "SECONDS", 0, "Look at SYSCFG of every CPU this often (default 10)", 0 },
	{ "for", OPT_FOR, "SECONDS", 0, "End after so long (default: at SIGINT or SIGTERM)", 0 },
	{ "until-breach", OPT_UNTIL_BREACH, NULL, 0, "End at the first warning or critical breach",
	  0 },
	{ "buffer", OPT_BUFFER, "KIB", 0,
	  "Size of the ring buffer, a power of two (default 256, more on large hosts)", 0 },
	{ "since", OPT_SINCE, "FILE", 0, "Compare with a snapshot taken before, across a kexec",
	  0 },
	{ "avoid", OPT_AVOID, "KIND", 0,
	  "Do without hooks of a kind, as far as others can serve: fentry, kprobe, tracepoint or "
	  "lsm; once for each kind",
	  0 },
	{ "ready-file", OPT_READY, "FILE", 0,
	  "Create FILE once all is attached and the first sweep is done", 0 },
	{ 0 },
};

static double seconds(struct argp_state *state, const char *option, const char *arg)
{
	char *end;
	double s = strtod(arg, &end);

	if (end == arg || *end || !(s >= 0.01 && s <= 1e9))
		argp_error(state, "--%s takes seconds, from 0.01 on, not `%s`", option, arg);
	return s;
}

static unsigned int buffer_size(struct argp_state *state, const char *arg)
{
	char *end;
	unsigned long kib = strtoul(arg, &end, 10);

	if (!isdigit((unsigned char)*arg) || *end || kib < 4 || kib > 1 << 20 || kib & (kib - 1))
		argp_error(state, "--buffer takes a power of two from 4 to 1048576, not `%s`", arg);
	return kib;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct run_options *o = state->input;
	int kind;

	switch (key) {
	case OPT_AUDIT:
		o->audit = true;
		return 0;
	case 'f':
		return option_format(state, arg, &o->format);
	case OPT_RECORD:
		o->record = arg;
		return 0;
	case 'i':
		o->interval = seconds(state, "interval", arg);
		return 0;
	case OPT_FOR:
		o->duration = seconds(state, "for", arg);
		return 0;
	case OPT_UNTIL_BREACH:
		o->until_breach = true;
		return 0;
	case OPT_BUFFER:
		o->buffer_kib = buffer_size(state, arg);
		return 0;
	case OPT_AVOID:
		kind = hook_kind_by_name(arg);
		if (kind < 0)
			argp_error(state,
				   "--avoid takes fentry, kprobe, tracepoint or lsm, not `%s`",
				   arg);
		o->avoid |= 1u << kind;
		return 0;
	case OPT_READY:
		o->ready = arg;
		return 0;
	case OPT_SINCE:
		o->since = arg;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "it takes no argument: `%s`", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = option_table,
	.parser = parse,
	.doc = "Follows each SNP window of this host: what is disabled and enabled, which CPUs "
	       "come and go, which of them have SNP_EN. While a window is open, writes that would "
	       "change the set of online CPUs are refused.",
};

int run_options_read(struct run_options *o, int argc, char **argv)
{
	*o = (struct run_options){ .interval = 10 };
	argp_parse(&argp, argc, argv, 0, NULL, o);
	return 0;
}
