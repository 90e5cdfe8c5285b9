// SPDX-License-Identifier: GPL-2.0-only
/* What is shipped for monitors beside the guard has the names of its tables, and all of them. */
#include <criterion/criterion.h>
#include <ctype.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/metrics.h"
#include "contract/names.h"

#define RULES	  "dist/prometheus/snp_guard.rules.yml"
#define FLEET	  "dist/prometheus/snp_guard_fleet.rules.yml"
#define RUNBOOK	  "docs/runbook.md"
#define DASHBOARD "dist/grafana/snp_guard.json"
#define NPD	  "dist/node-problem-detector/snp-guard.json"

static const char *const metrics[] = {
#define X(sym, name, type, whose, labels, help) name,
	METRICS(X)
#undef X
};
#define METRIC_COUNT (sizeof(metrics) / sizeof(metrics[0]))

/* make unit runs at the top of the tree. */
static char *slurp(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = calloc(1, 1 << 20);

	cr_assert(f, "%s can't be read", path);
	cr_assert(text);
	cr_assert_lt(fread(text, 1, (1 << 20) - 1, f), (size_t)(1 << 20) - 1);
	fclose(f);
	return text;
}

static bool is_metric(const char *name, size_t len)
{
	for (size_t i = 0; i < METRIC_COUNT; i++)
		if (strlen(metrics[i]) == len && !strncmp(metrics[i], name, len))
			return true;
	return false;
}

/* Each word snp_guard_... with nothing before it is a metric. Returns how many there are. */
static int names_metrics(const char *path)
{
	char *text = slurp(path);
	int n = 0;

	for (char *at = text; (at = strstr(at, "snp_guard_")); at++) {
		size_t len = strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789_");

		/* A recording rule's name, or a file's. */
		if (at > text && (at[-1] == ':' || at[-1] == '*'))
			continue;
		cr_expect(is_metric(at, len), "%s: %.*s is not exported", path, (int)len, at);
		n++;
	}
	free(text);
	return n;
}

Test(dist, rules_and_dashboard_use_what_is_exported)
{
	char *dashboard = slurp(DASHBOARD);

	cr_expect_gt(names_metrics(RULES), SNP_BREACH_COUNT);
	cr_expect_gt(names_metrics(FLEET), 0);
	names_metrics(DASHBOARD);
	/* All that a run exports has a place on it. */
	for (size_t i = 0; i < METRIC_COUNT; i++)
		if (strcmp(metrics[i], "snp_guard_check_timestamp_seconds"))
			cr_expect(strstr(dashboard, metrics[i]), "%s is not shown", metrics[i]);
	free(dashboard);
}

/* "cpu-onlined" as "CpuOnlined" */
static void camel(const char *name, char *to)
{
	for (bool up = true; *name; name++) {
		if (*name != '-')
			*to++ = up ? toupper(*name) : *name;
		up = *name == '-';
	}
	*to = 0;
}

Test(dist, each_breach_has_its_alert)
{
	char *rules = slurp(RULES), alert[64], lines[256];

	for (int i = 0; i < SNP_BREACH_COUNT; i++) {
		camel(snp_breach_name(i), alert);
		snprintf(lines, sizeof(lines),
			 "- alert: SnpGuard%s\n        expr: "
			 "snp_guard_breaches_total{breach=\"%s\"} > 0\n",
			 alert, snp_breach_name(i));
		cr_expect(strstr(rules, lines), "no rule is `%s`", lines);
	}
	free(rules);
}

Test(dist, each_alert_is_explained_and_in_the_runbook)
{
	static const char *const annotations[] = { "summary: ", "description: ", "runbook_url: " };
	char *rules = slurp(RULES), *runbook = slurp(RUNBOOK), *next;
	int n = 0;

	for (char *at = strstr(rules, "- alert: "); at; at = next, n++) {
		char name[64], text[160];

		next = strstr(at + 1, "- alert: ");
		if (next)
			next[-1] = 0;
		cr_assert_eq(sscanf(at, "- alert: %63s", name), 1);
		for (int i = 0; i < 3; i++)
			cr_expect(strstr(at, annotations[i]), "%s has no %s", name, annotations[i]);
		snprintf(text, sizeof(text), "\n## %s\n", name);
		cr_expect(strstr(runbook, text), "no section %s in the runbook", name);
		for (char *c = name; *c; c++)
			*c = tolower(*c);
		snprintf(text, sizeof(text), "/runbook.md#%s\n", name);
		cr_expect(strstr(at, text), "%s leads elsewhere", name);
	}
	cr_expect_gt(n, SNP_BREACH_COUNT);
	free(rules);
	free(runbook);
}

Test(dist, the_runbook_has_no_other_section)
{
	char *rules = slurp(RULES), *runbook = slurp(RUNBOOK), text[96], name[64];

	for (char *at = runbook; (at = strstr(at, "\n## ")); at++) {
		cr_assert_eq(sscanf(at, "\n## %63s", name), 1);
		snprintf(text, sizeof(text), "- alert: %s\n", name);
		cr_expect(strstr(rules, text), "no alert is called %s", name);
	}
	free(rules);
	free(runbook);
}

static struct json_object *member(struct json_object *o, const char *key)
{
	struct json_object *value = NULL;

	cr_assert(json_object_object_get_ex(o, key, &value), "no %s", key);
	return value;
}

Test(dist, the_dashboard_is_one)
{
	char *text = slurp(DASHBOARD);
	struct json_object *o = json_tokener_parse(text), *panels;

	cr_assert(o, "it is no JSON");
	panels = member(o, "panels");
	cr_expect_gt(json_object_array_length(panels), 0);
	member(o, "title");
	member(o, "schemaVersion");
	for (size_t i = 0; i < json_object_array_length(panels); i++) {
		struct json_object *p = json_object_array_get_idx(panels, i);
		struct json_object *targets = member(p, "targets");

		member(p, "title");
		member(p, "gridPos");
		cr_assert_eq(json_object_array_length(targets), 1);
		member(json_object_array_get_idx(targets, 0), "expr");
	}
	json_object_put(o);
	free(text);
}

Test(dist, node_problem_detectors_plugin)
{
	char *text = slurp(NPD);
	struct json_object *o = json_tokener_parse(text), *config, *condition, *rule;

	cr_assert(o, "it is no JSON");
	config = member(o, "pluginConfig");
	cr_expect_eq(json_object_get_int(member(config, "max_output_length")), 80);
	condition = json_object_array_get_idx(member(o, "conditions"), 0);
	rule = json_object_array_get_idx(member(o, "rules"), 0);
	cr_expect_str_eq(json_object_get_string(member(rule, "condition")),
			 json_object_get_string(member(condition, "type")));
	cr_expect_str_eq(json_object_get_string(member(rule, "type")), "permanent");
	json_object_put(o);
	free(text);
}

Test(dist, the_man_page_has_each_metric)
{
	char *man = slurp("docs/snp-guard.8"), text[160];

#define X(sym, name, type, whose, labels, help)                                                    \
	snprintf(text, sizeof(text), "\n.It Va %s\n%s", name,                                      \
		 !strcmp(#type, "counter") ? "Counter" : "Gauge");                                 \
	cr_expect(strstr(man, text), "%s, a " #type, name);
	METRICS(X)
#undef X
	free(man);
}
