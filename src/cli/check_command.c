// SPDX-License-Identifier: GPL-2.0-only
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "check/check_explain.h"
#include "check/check_output.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/rounds.h"
#include "cli/value_type.h"
#include "host/host_prepare.h"
#include "kernel/sensors.h"
#include "pinned/pinned_status.h"
#include "util/complain.h"
#include "util/nearest.h"
#include "util/stamp.h"
#include "util/words.h"

struct check_options {
	struct command_options common;
	int map; /* enum check_exit_map; negative: the format's own */
	const char *since;
	const char *only;    /* names of checks; NULL: all */
	const char *explain; /* the name of a check */
	double watch;	     /* seconds between two looks; 0: one look alone */
	bool require_snp;
	bool list;
};

enum {
	OPT_SINCE = 0x100,
	OPT_REQUIRE_SNP,
	OPT_EXIT_MAP,
	OPT_ONLY,
	OPT_LIST,
	OPT_EXPLAIN,
	OPT_WATCH
};

static const struct argp_option option_table[] = {
	{ "format", 'f', "RESULTS", 0, "text (default), json, junit, prometheus, nagios or npd",
	  0 },
	{ "exit-map", OPT_EXIT_MAP, "MAP", 0,
	  "Meaning of the exit status: nagios (0 to 3, the default) or npd (0 fine, 1 a problem, "
	  "2 unknown; the default of --format npd)",
	  0 },
	SEVERITY_OPTION,
	{ "since", OPT_SINCE, "FILE", 0,
	  "Compare with a snapshot, taken in this boot or before a kexec", 0 },
	{ "require-snp", OPT_REQUIRE_SNP, NULL, 0, "Report a host without SNP as critical", 0 },
	{ "only", OPT_ONLY, "NAMES", 0, "Report these checks alone, separated by commas", 0 },
	{ "list", OPT_LIST, NULL, 0, "Print the names of the checks, and what each looks at", 0 },
	{ "explain", OPT_EXPLAIN, "CHECK", 0, "Print what the runbook says of a check", 0 },
	{ "watch", OPT_WATCH, "SECONDS", 0,
	  "Check again every so many seconds, until SIGINT or SIGTERM", 0 },
	{ 0 },
};

/* Another name is a usage error. */
static void need_check(struct argp_state *state, const char *option, const char *name, size_t len)
{
	const char *const *known = option_words("CHECK");
	char word[64];
	struct nearest nearest = { .word = word };

	snprintf(word, sizeof(word), "%.*s", (int)len, name);
	if (words_find(known, word) >= 0)
		return;
	for (int i = 0; known[i]; i++)
		nearest_offer(&nearest, known[i]);
	if (nearest.name)
		argp_error(state, "--%s: no check is called `%s`; did you mean `%s`?", option, word,
			   nearest.name);
	else
		argp_error(state, "--%s: no check is called `%s`; --list has their names", option,
			   word);
}

static void need_checks(struct argp_state *state, const char *names)
{
	for (const char *at = names;; at++) {
		size_t len = strcspn(at, ",");

		need_check(state, "only", at, len);
		at += len;
		if (!*at)
			return;
	}
}

static int list_checks(FILE *out)
{
	const char *name, *what;

	for (unsigned int i = 0; (name = check_name(i, &what)); i++)
		if (*name)
			fprintf(out, "%-16s  %s\n", name, what);
	return 0;
}

static int explain_check(FILE *out, const char *check)
{
	if (check_explain(out, check))
		return 0;
	complain("the runbook says nothing of %s", check);
	return -ENOENT;
}

static error_t parse_check(int key, char *arg, struct argp_state *state)
{
	struct check_options *o = state->input;

	switch (key) {
	case OPT_EXIT_MAP:
		o->map = option_word(state, key, arg);
		return 0;
	case OPT_SINCE:
		o->since = arg;
		return 0;
	case OPT_REQUIRE_SNP:
		o->require_snp = true;
		return 0;
	case OPT_ONLY:
		need_checks(state, arg);
		o->only = arg;
		return 0;
	case OPT_LIST:
		o->list = true;
		return 0;
	case OPT_EXPLAIN:
		need_check(state, "explain", arg, strlen(arg));
		o->explain = arg;
		return 0;
	case OPT_WATCH:
		if (value_types[TYPE_SECONDS].parse(arg, &o->watch))
			argp_error(state, "--watch takes %s, not `%s`",
				   value_types[TYPE_SECONDS].takes, arg);
		return 0;
	case ARGP_KEY_END:
		if (o->watch > 0 && o->common.format != CHECK_FORMAT_TEXT)
			argp_error(state, "--watch prints text alone");
		return 0;
	default:
		return options_parse(key, arg, state);
	}
}

const struct argp check_argp = {
	.options = option_table,
	.parser = parse_check,
	.doc = "Checks once what the guard needs of this host, and the host's SNP state: SYSCFG "
	       "and "
	       "other registers of every CPU, the online CPUs, the hotplug count, the driver, the "
	       "firmware, and the record of a guard that was started with --pin. Attaches nothing. "
	       "What can't be read is UNKNOWN.",
};

/* ---- looking ---- */

#define TRIES	 5
#define PAUSE_MS 100

static bool is_same(const struct snapshot *a, const struct snapshot *b)
{
	if (a->count != b->count)
		return false;
	for (unsigned int i = 0; i < a->count; i++)
		if (a->cpus[i].present != b->cpus[i].present ||
		    a->cpus[i].online != b->cpus[i].online || a->cpus[i].err != b->cpus[i].err ||
		    a->cpus[i].syscfg != b->cpus[i].syscfg ||
		    a->cpus[i].no_hsave != b->cpus[i].no_hsave ||
		    a->cpus[i].rmpopt_err != b->cpus[i].rmpopt_err ||
		    a->cpus[i].rmpopt != b->cpus[i].rmpopt)
			return false;
	return true;
}

/* Nothing is attached that would see a change, so two readings must agree. */
static int look_at_cpus(struct snapshot *s, const struct platform *p)
{
	struct snapshot again = { 0 };
	bool same = false;
	int err = snapshot_take(s, p);

	for (int i = 0; !err && !same && i < TRIES; i++) {
		nanosleep(&(struct timespec){ .tv_nsec = PAUSE_MS * 1000000l }, NULL);
		err = snapshot_take(&again, p);
		same = !err && is_same(s, &again);
		snapshot_free(s);
		*s = again;
		again = (struct snapshot){ 0 };
	}
	return err ? err : same ? 0 : -EAGAIN;
}

/* Reads what only BPF can; what fails stays unknown. */
static void look_at_kernel(struct check_facts *f, struct snapshot *now)
{
	struct hooks_options options = { .truth_only = true };
	struct sensors *sensors = NULL;
	struct hooks hooks;

	f->kernel_err = geteuid() ? -EACCES : hooks_open(&hooks, f->platform, NULL, &options);
	if (f->kernel_err)
		return;
	f->kernel_err = sensors_open(&sensors, &hooks, 0);
	if (!f->kernel_err) {
		f->kernel_err = sensors_truth(sensors, &now->hotplug_count, &f->initialised);
		f->kernel_known = !f->kernel_err;
		f->start_flags = sensors_start_flags(sensors);
	}
	sensors_close(sensors);
	hooks_close(&hooks);
}

static void look_at_firmware(struct check_facts *f, struct psp_status *status)
{
	if (!check_may_ask_firmware(f))
		return;
	f->firmware_err = psp_status_read(f->platform, status);
	if (!f->firmware_err)
		f->firmware = status;
}

static void look_at_guard(struct check_facts *f, struct guard_facts *guard)
{
	struct pinned_status b;

	f->guard_err = pinned_status_read(&b);
	if (!f->guard_err) {
		*guard = b.facts;
		f->guard = guard;
	}
	pinned_status_free(&b);
}

/* The last line, which stays in sight where the screen has too few of them. */
static void print_time(const char *verdict)
{
	char stamp[STAMP_SIZE];

	printf("%s  %s\n", stamp_utc(time(NULL) * 1000000000ll, false, stamp), verdict);
}

/* What is the same in each look, and the exit status of the last. */
struct looks {
	const struct check_options *options;
	struct platform platform;
	struct snapshot since;
	int status;
};

static int judge(struct looks *l, struct check_facts *facts)
{
	const struct check_options *o = l->options;
	struct check_report report;
	int err = check_judge(&report, facts);

	if (!err) {
		if (o->only)
			check_keep_only(&report, o->only);
		report.exit_status = check_exit_status(&report, o->map);
		err = check_print(stdout, &report, o->common.format);
	}
	if (!err && o->watch > 0)
		print_time(check_verdict(&report));
	if (err && !ferror(stdout))
		complain("check failed: %s", strerror(-err));
	l->status = err ? STATUS_UNVERIFIED : report.exit_status;
	check_free(&report);
	return err;
}

static int look(struct looks *l)
{
	const struct check_options *o = l->options;
	struct check_facts facts = { .platform = &l->platform,
				     .since = o->since ? &l->since : NULL,
				     .severities = o->common.severities,
				     .initialised = INITIALISED_UNKNOWN,
				     .require_snp = o->require_snp,
				     .some_only = o->only };
	struct snapshot now = { 0 };
	struct registers registers;
	struct psp_status firmware;
	struct guard_facts guard;
	int err;

	if (!look_at_cpus(&now, &l->platform)) {
		facts.now = &now;
		look_at_kernel(&facts, &now);
		if (facts.initialised == INITIALISED_UNKNOWN)
			facts.initialised = initialised_by_others(&l->platform, &now);
		registers_read(&registers, &l->platform, &now);
		facts.registers = &registers;
	}
	look_at_firmware(&facts, &firmware);
	look_at_guard(&facts, &guard);
	err = judge(l, &facts);
	snapshot_free(&now);
	return err;
}

/* A round that fails has said so: the next one may do better. */
static void look_again(void *looks)
{
	look(looks);
}

int command_check(int argc, char **argv, int *status)
{
	struct check_options options = { .map = -1 };
	struct looks looks = { .options = &options, .platform = { .root = "" } };
	int err;

	options_read(&check_argp, argc, argv, &options.common);
	*status = STATUS_CLEAN;
	if (options.list)
		return list_checks(stdout);
	if (options.explain)
		return explain_check(stdout, options.explain);
	if (options.map < 0)
		options.map = check_format_map(options.common.format);
	err = read_snapshot(options.since, &looks.since);
	if (err)
		goto out;
	host_prepare(&looks.platform);
	err = options.watch > 0 ? rounds(options.watch, look_again, &looks) : look(&looks);
	*status = looks.status;
out:
	snapshot_free(&looks.since);
	return err;
}
