// SPDX-License-Identifier: GPL-2.0-only
/* What all checks share: adding a result, and the CPUs by their state. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/check_parts.h"
#include "host/preflight.h"
#include "util/printable.h"
#include "util/words.h"

static const struct {
	const char *name; /* NULL: the results have other names */
	const char *looks_at;
} checks[] = {
#define X(sym, name, group, function, looks) { name, looks },
	CHECKS(X)
#undef X
};

const char *check_name(unsigned int i, const char **what)
{
	if (i < CHECK_ID_COUNT) {
		*what = checks[i].looks_at;
		return checks[i].name ? checks[i].name : "";
	}
	i -= CHECK_ID_COUNT;
	/* snp is in the table above, too. */
	if (i >= preflight_need_count)
		return NULL;
	*what = preflight_needs[i].looks;
	return strcmp(preflight_needs[i].name, "snp") ? preflight_needs[i].name : "";
}

static void check_vadd(struct check_look *l, const char *name, enum check_status status,
		       const char *remedy, const char *format, va_list args)
{
	struct check_report *r = l->report;
	int room = r->room ? r->room * 2 : 32;
	struct check_result *result;

	if (r->count == r->room) {
		result = realloc(r->results, room * sizeof(*result));
		if (!result) {
			l->err = -ENOMEM;
			return;
		}
		r->results = result;
		r->room = room;
	}
	result = &r->results[r->count++];
	*result = (struct check_result){ .name = name, .status = status, .remedy = remedy };
	vsnprintf(result->evidence, sizeof(result->evidence), format, args);
	make_printable(result->evidence);
}

void check_add(struct check_look *l, enum check_id check, enum check_status status,
	       const char *remedy, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	check_vadd(l, checks[check].name, status, remedy, format, args);
	va_end(args);
}

void check_add_named(struct check_look *l, const char *name, enum check_status status,
		     const char *remedy, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	check_vadd(l, name, status, remedy, format, args);
	va_end(args);
}

void check_part(struct check_look *l, const char *format, ...)
{
	struct check_result *last;
	va_list args;

	if (l->err)
		return;
	last = &l->report->results[l->report->count - 1];
	va_start(args, format);
	vsnprintf(last->part, sizeof(last->part), format, args);
	va_end(args);
}

void check_quote_kernel(struct check_look *l, enum kernel_log_about about)
{
	struct check_result *last;
	char text[160];
	size_t len;

	if (l->err || kernel_log_last(l->facts->platform, about, text, sizeof(text)) <= 0)
		return;
	last = &l->report->results[l->report->count - 1];
	len = strlen(last->evidence);
	snprintf(last->evidence + len, sizeof(last->evidence) - len, "; the kernel's log: \"%s\"",
		 text);
	make_printable(last->evidence);
}

const char *check_result_id(const struct check_result *c, char id[CHECK_ID_SIZE])
{
	snprintf(id, CHECK_ID_SIZE, "%s%s%s", c->name, *c->part ? "/" : "", c->part);
	return id;
}

bool check_is_loaded(const struct check_look *l, const char *module)
{
	enum platform_module state = platform_module(l->facts->platform, module);

	return state == MODULE_LOADED || state == MODULE_BUILTIN;
}

int check_read_parameter(const struct check_look *l, const char *module, const char *name,
			 char *text, size_t size)
{
	char path[96];

	snprintf(path, sizeof(path), "/sys/module/%s/parameters/%s", module, name);
	return platform_read(l->facts->platform, path, text, size);
}

char check_parameter(const struct check_look *l, const char *module, const char *name)
{
	char text[8];

	return check_read_parameter(l, module, name, text, sizeof(text)) > 0 ? text[0] : 0;
}

/* The names of modules' parameters may have - for _. */
bool check_asks_for_no_snp(const char *command_line)
{
	return words_has(command_line, " \n", "kvm_amd.sev_snp=0") ||
	       words_has(command_line, " \n", "kvm-amd.sev_snp=0");
}

enum check_status check_without_snp(const struct check_look *l)
{
	if (l->facts->require_snp)
		return CHECK_FAIL;
	return check_asks_for_no_snp(l->command_line) ? CHECK_NOT_APPLICABLE : CHECK_WARN;
}

const char *check_access_remedy(int err)
{
	switch (err) {
	case -EACCES:
	case -EPERM:
		return "run as root, with all of root's capabilities";
	case -ENOENT:
		return "mount the file system that it is in, or use a kernel that has it";
	case -ENXIO:
	case -ENODEV:
		return "modprobe msr";
	case -EIO:
		return "look into the kernel's log: the CPU refuses the read";
	default:
		return "look into the kernel's log";
	}
}

const char *check_kernel_remedy(const struct check_facts *f)
{
	switch (f->kernel_err) {
	case -EACCES:
		return "run as root";
	case -EPERM:
		return "let the kernel show addresses and load BPF programs: "
		       "kernel.kptr_restrict=1, lockdown other than confidentiality, CAP_BPF";
	case -ENOENT:
		return "use a kernel with CONFIG_DEBUG_INFO_BTF=y";
	default:
		return "use a kernel with BTF of ccp: /sys/kernel/btf/ccp";
	}
}

bool check_has(const struct check_look *l, enum check_id check)
{
	for (int i = 0; i < l->report->count; i++)
		if (!strcmp(l->report->results[i].name, checks[check].name))
			return true;
	return false;
}

bool check_has_snp_en(const struct snapshot_cpu *c)
{
	return !c->err && (c->syscfg & SNP_SYSCFG_SNP_EN);
}

void check_tally_count(struct check_tally *t, const struct snapshot *s)
{
	for (unsigned int i = 0; i < s->count; i++) {
		const struct snapshot_cpu *c = &s->cpus[i];

		if (!c->online && c->present)
			cpulist_add(&t->absent, i);
		if (!c->online)
			continue;
		cpulist_add(&t->online, i);
		if (c->err && !t->err)
			t->err = c->err;
		cpulist_add(c->err		  ? &t->unreadable
			    : check_has_snp_en(c) ? &t->with
						  : &t->without,
			    i);
	}
}

void check_tally_free(struct check_tally *t)
{
	cpulist_free(&t->online);
	cpulist_free(&t->absent);
	cpulist_free(&t->with);
	cpulist_free(&t->without);
	cpulist_free(&t->unreadable);
}
