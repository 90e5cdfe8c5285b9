// SPDX-License-Identifier: GPL-2.0-only
#include "psp/options.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPT_SOCKET = 256,
	OPT_RAM,
	OPT_STATE,
	OPT_CONTROL,
	OPT_QMP,
	OPT_RESULT,
	OPT_LOG,
	OPT_FIRMWARE,
	OPT_FAIL,
	OPT_DFFLUSH,
	OPT_CPUS,
	OPT_THREADS,
	OPT_RMP,
};

static const struct argp_option options[] = {
	{ "socket", OPT_SOCKET, "PATH", 0, "Socket for QEMU's vfio-user-pci", 0 },
	{ "ram", OPT_RAM, "FILE", 0, "The guest's memory: the file of QEMU's memory backend", 0 },
	{ "state", OPT_STATE, "FILE", 0, "The CPUs' state, shared with the plugin; overwritten",
	  0 },
	{ "control", OPT_CONTROL, "PATH", 0, "Socket for lab's requests", 0 },
	{ "qmp", OPT_QMP, "PATH", 0, "QEMU's QMP socket, to hot-plug CPUs", 0 },
	{ "result", OPT_RESULT, "FILE", 0, "File for the script's exit status", 0 },
	{ "log", OPT_LOG, "FILE", 0, "File for the log of commands (default: standard error)", 0 },
	{ "firmware", OPT_FIRMWARE, "legacy|full", 0,
	  "Whether to have X86_SNP_SHUTDOWN and all else that the newest has (default legacy)", 0 },
	{ "fail", OPT_FAIL, "CMD=STATUS[:once]", 0,
	  "Make a command fail; with the status hang it never answers (repeatable)", 0 },
	{ "dfflush-required", OPT_DFFLUSH, NULL, 0,
	  "Refuse SNP_SHUTDOWN_EX with DFFLUSH_REQUIRED once after each SNP_INIT", 0 },
	{ "cpus", OPT_CPUS, "N", 0,
	  "CPUs that the BIOS knows (default: all that are not hot-plugged)", 0 },
	{ "threads", OPT_THREADS, "N", 0, "Threads of each core (default 1)", 0 },
	{ "rmp", OPT_RMP, "BASE:END|segmented", 0,
	  "The RMP's first and last byte (default: what covers all memory)", 0 },
	{ 0 },
};

static unsigned int parse_count(const char *name, const char *arg, struct argp_state *state)
{
	char *end;
	unsigned long n = strtoul(arg, &end, 0);

	if (*end || !n || n > MACHINE_CPUS_MAX)
		argp_error(state, "--%s takes 1 to %d", name, MACHINE_CPUS_MAX);
	return (unsigned int)n;
}

static void parse_rmp(const char *arg, struct arguments *args, struct argp_state *state)
{
	char *end;

	args->rmp_segmented = !strcmp(arg, "segmented");
	if (args->rmp_segmented)
		return;
	args->rmp_base = strtoull(arg, &end, 0);
	if (*end == ':')
		args->rmp_end = strtoull(end + 1, &end, 0);
	if (*end || args->rmp_end <= args->rmp_base)
		argp_error(state, "--rmp takes BASE:END or segmented");
}

static void parse_firmware(const char *arg, struct arguments *args, struct argp_state *state)
{
	if (strcmp(arg, "full") && strcmp(arg, "legacy"))
		argp_error(state, "--firmware takes legacy or full");
	args->firmware.full = !strcmp(arg, "full");
}

static void parse_end(struct arguments *args, struct argp_state *state)
{
	if (!args->socket || !args->ram || !args->state)
		argp_error(state, "--socket, --ram and --state are needed");
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct arguments *args = state->input;

	switch (key) {
	case OPT_SOCKET:
		args->socket = arg;
		break;
	case OPT_RAM:
		args->ram = arg;
		break;
	case OPT_STATE:
		args->state = arg;
		break;
	case OPT_CONTROL:
		args->control = arg;
		break;
	case OPT_QMP:
		args->qmp = arg;
		break;
	case OPT_RESULT:
		args->result = arg;
		break;
	case OPT_LOG:
		args->log = arg;
		break;
	case OPT_FIRMWARE:
		parse_firmware(arg, args, state);
		break;
	case OPT_FAIL:
		if (args->fail_count == FIRMWARE_FAILURES_MAX)
			argp_error(state, "--fail: %d at most", FIRMWARE_FAILURES_MAX);
		args->fails[args->fail_count++] = arg;
		break;
	case OPT_DFFLUSH:
		args->firmware.dfflush_required = true;
		break;
	case OPT_CPUS:
		args->firmware.cpus = parse_count("cpus", arg, state);
		break;
	case OPT_THREADS:
		args->threads = parse_count("threads", arg, state);
		break;
	case OPT_RMP:
		parse_rmp(arg, args, state);
		break;
	case ARGP_KEY_END:
		parse_end(args, state);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

void parse_arguments(struct arguments *args, int argc, char **argv)
{
	const struct argp argp = {
		.options = options,
		.parser = parse_option,
		.doc = "Emulates the secure processor of an SNP host, with its firmware, for QEMU.",
	};

	argp_parse(&argp, argc, argv, 0, NULL, args);
}
