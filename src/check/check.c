// SPDX-License-Identifier: GPL-2.0-only
#include "check/check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "check/check_parts.h"
#include "util/words.h"

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

int check_count(const struct check_report *r, enum check_status status)
{
	int n = 0;

	for (int i = 0; i < r->count; i++)
		n += r->results[i].status == status;
	return n;
}

static const struct {
	enum check_group group;
	void (*run)(struct check_look *l);
} checks[] = {
#define X(sym, name, group, function, looks) { CHECK_GROUP_##group, function },
	CHECKS(X)
#undef X
};

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
			check_add(l, CHECK_ID_GATE, CHECK_UNKNOWN,
				  f->guard_err == -EACCES ? "run as root"
							  : "allow the system call bpf here",
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
	platform_read(f->platform, "/proc/cmdline", look.command_line, sizeof(look.command_line));
	for (int i = 0; i < CHECK_ID_COUNT && !look.err && !look.done; i++) {
		if (i && checks[i].group != checks[i - 1].group)
			can_look = check_begin_group(&look, checks[i].group);
		if (can_look && checks[i].run)
			checks[i].run(&look);
	}
	check_tally_free(&look.tally);
	return look.err;
}

void check_keep_only(struct check_report *r, const char *names)
{
	int kept = 0;

	for (int i = 0; i < r->count; i++)
		if (words_has(names, ",", r->results[i].name))
			r->results[kept++] = r->results[i];
	r->count = kept;
}

void check_free(struct check_report *r)
{
	free(r->results);
	*r = (struct check_report){ 0 };
}
