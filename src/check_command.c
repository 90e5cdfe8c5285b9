// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "commands.h"
#include "remedy.h"
#include "options.h"
#include "sensors.h"
#include "session.h"

struct options {
	enum report_format format;
	struct severities severities;
	const char *since;
	bool require_snp;
};

enum { OPT_SINCE = 0x100, OPT_REQUIRE_SNP };

static const struct argp_option option_table[] = {
	FORMAT_OPTION,
	SEVERITY_OPTION,
	{ "since", OPT_SINCE, "FILE", 0, "Compare with a snapshot taken before, across a kexec",
	  0 },
	{ "require-snp", OPT_REQUIRE_SNP, NULL, 0, "A host without SNP is critical", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'f':
		return option_format(state, arg, &o->format);
	case OPT_SEVERITY:
		return option_severity(state, arg, &o->severities);
	case OPT_SINCE:
		o->since = arg;
		return 0;
	case OPT_REQUIRE_SNP:
		o->require_snp = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "it takes no argument: `%s`", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp check_argp = {
	.options = option_table,
	.parser = parse,
	.doc = "Looks once at what the guard needs of this host and at its SNP state: SYSCFG of "
	       "every CPU, the CPUs that are online, the kernel's count of hotplug disables, the "
	       "driver. Attaches nothing. What can't be read is UNKNOWN.",
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
		    a->cpus[i].syscfg != b->cpus[i].syscfg)
			return false;
	return true;
}

/* Two looks that agree; between them nothing is attached that would see a change. */
static int look_at_cpus(struct snapshot *s, const struct platform *p)
{
	struct snapshot again = { 0 };
	bool same = false;
	int err = snapshot_take(s, p);

	for (int i = 0; !err && !same && i < TRIES; i++) {
		nanosleep(&(struct timespec){ .tv_nsec = PAUSE_MS * 1000000 }, NULL);
		err = snapshot_take(&again, p);
		same = !err && is_same(s, &again);
		snapshot_free(s);
		*s = again;
		again = (struct snapshot){ 0 };
	}
	return err ? err : same ? 0 : -EAGAIN;
}

/* What only BPF can read; what fails stays unknown. */
static void look_at_kernel(struct check_facts *f, struct snapshot *now)
{
	struct hooks_options options = { .truth_only = true };
	struct sensors *sensors = NULL;
	struct hooks hooks;

	if (geteuid() || hooks_open(&hooks, f->platform, NULL, &options))
		return;
	if (!sensors_open(&sensors, &hooks, 0)) {
		f->kernel_known = !sensors_truth(sensors, &now->hotplug_count, &f->initialised);
		f->start_flags = sensors_start_flags(sensors);
	}
	sensors_close(sensors);
	hooks_close(&hooks);
}

/* ---- saying ---- */

static void print_text(const struct check_report *r)
{
	for (int i = 0; i < r->count; i++) {
		const struct check_result *c = &r->results[i];

		printf("%-14s  %-15s %s\n", check_status_name(c->status), c->name, c->evidence);
		if (c->remedy && c->status > CHECK_PASS)
			printf("%-14s  %-15s %s\n", "", "", c->remedy);
	}
}

static void print_json(const struct check_report *r)
{
	for (int i = 0; i < r->count; i++) {
		const struct check_result *c = &r->results[i];
		struct json_object *o = json_object_new_object();

		json_object_object_add(o, "check", json_object_new_string(c->name));
		json_object_object_add(o, "status",
				       json_object_new_string(check_status_name(c->status)));
		json_object_object_add(o, "evidence", json_object_new_string(c->evidence));
		json_object_object_add(o, "remedy",
				       json_object_new_string(c->remedy ? c->remedy : ""));
		puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
							       JSON_C_TO_STRING_NOSLASHESCAPE));
		json_object_put(o);
	}
}

static int exit_status(const struct check_report *r, bool require_snp)
{
	switch (check_worst(r)) {
	case CHECK_FAIL:
		return STATUS_CRITICAL;
	case CHECK_UNKNOWN:
		return STATUS_UNVERIFIED;
	case CHECK_WARN:
		return STATUS_WARNING;
	case CHECK_NOT_APPLICABLE:
		return require_snp ? STATUS_CRITICAL : STATUS_CLEAN;
	case CHECK_PASS:
		break;
	}
	return STATUS_CLEAN;
}

int command_check(int argc, char **argv, int *status)
{
	struct platform platform = { .root = "" };
	struct check_facts facts = { .platform = &platform, .initialised = -1 };
	struct check_report report = { 0 };
	struct snapshot now = { 0 }, since;
	struct options options = { 0 };
	int err;

	argp_parse(&check_argp, argc, argv, 0, NULL, &options);
	err = read_snapshot(options.since, &since);
	if (err)
		goto out;
	facts.severities = options.severities;
	facts.since = options.since ? &since : NULL;
	remedy(&platform);
	if (!look_at_cpus(&now, &platform)) {
		facts.now = &now;
		look_at_kernel(&facts, &now);
	}
	err = check_judge(&report, &facts);
	if (err) {
		complain("the check can't go on: %s", strerror(-err));
		goto out;
	}
	if (options.format == REPORT_JSON)
		print_json(&report);
	else
		print_text(&report);
	*status = exit_status(&report, options.require_snp);
out:
	check_free(&report);
	snapshot_free(&now);
	snapshot_free(&since);
	return err;
}
