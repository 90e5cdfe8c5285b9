// SPDX-License-Identifier: GPL-2.0-only
#include "check/check.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/check_parts.h"
#include "util/printable.h"

const char *check_status_name(enum check_status status)
{
	static const char *const names[] = {
#define X(sym, name) name,
		CHECK_STATUSES(X)
#undef X
	};

	return names[status];
}

enum check_status check_worst(const struct check_report *r)
{
	enum check_status worst = CHECK_NOT_APPLICABLE;

	for (int i = 0; i < r->count; i++)
		if (r->results[i].status > worst)
			worst = r->results[i].status;
	return worst;
}

/* ---- results ---- */

static const struct {
	const char *name;
	enum check_group group;
	void (*run)(struct check_look *l);
} checks[] = {
#define X(sym, name, group, function) { name, CHECK_GROUP_##group, function },
	CHECKS(X)
#undef X
};

static void check_vadd(struct check_look *l, const char *name, enum check_status status,
		       const char *remedy, const char *format, va_list args)
{
	struct check_report *r = l->report;
	int room = r->room ? r->room * 2 : 32;
	struct check_result *result = r->results;

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

bool check_has(const struct check_look *l, enum check_id check)
{
	for (int i = 0; i < l->report->count; i++)
		if (!strcmp(l->report->results[i].name, checks[check].name))
			return true;
	return false;
}

/* ---- all checks ---- */

/* Returns false, with a result that says why, if nothing is known of what a group looks at. */
static bool check_begin_group(struct check_look *l, enum check_group group)
{
	const struct check_facts *f = l->facts;

	switch (group) {
	case CHECK_GROUP_CPUS:
		if (f->now) {
			check_tally_count(&l->tally, f->now);
			return true;
		}
		check_add(l, CHECK_ID_ONLINE, CHECK_UNKNOWN, NULL,
			  "the CPUs kept changing while check read their state");
		return false;
	case CHECK_GROUP_GUARD:
		if (!f->guard)
			check_add(l, CHECK_ID_GATE, CHECK_UNKNOWN, "run as root",
				  "can't read the guard's pinned state: %s",
				  strerror(-f->guard_err));
		return f->guard;
	default:
		return true;
	}
}

int check_judge(struct check_report *r, const struct check_facts *f)
{
	struct check_look look = { .report = r, .facts = f };
	bool can_look = true;

	*r = (struct check_report){ 0 };
	for (int i = 0; i < CHECK_ID_COUNT && !look.err && !look.done; i++) {
		if (i && checks[i].group != checks[i - 1].group)
			can_look = check_begin_group(&look, checks[i].group);
		if (can_look && checks[i].run)
			checks[i].run(&look);
	}
	check_tally_free(&look.tally);
	return look.err;
}

void check_free(struct check_report *r)
{
	free(r->results);
	*r = (struct check_report){ 0 };
}
