/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether a host's SNP state is sound at one moment: named checks, each with evidence. */
#ifndef CHECK_H
#define CHECK_H

#include "kernel/hooks.h"
#include "host/initialised.h"
#include "host/platform.h"
#include "host/psp_status.h"
#include "host/registers.h"
#include "contract/severity.h"
#include "host/snapshot.h"
#include "pinned/guard_facts.h"

/* Worse from one to the next: X(symbol, name) */
#define CHECK_STATUSES(X)                                                                          \
	X(NOT_APPLICABLE, "NOT-APPLICABLE")                                                        \
	X(PASS, "PASS")                                                                            \
	X(WARN, "WARN")                                                                            \
	X(UNKNOWN, "UNKNOWN")                                                                      \
	X(FAIL, "FAIL")

enum check_status {
#define X(sym, name) CHECK_##sym,
	CHECK_STATUSES(X)
#undef X
};

struct check_result {
	const char *name;
	char part[48]; /* tells the results of one check apart; "" where it has but one */
	enum check_status status;
	char evidence[384];
	const char *remedy; /* NULL where nothing is to be done */
};

struct check_report {
	struct check_result *results;
	int count, room;
	int exit_status; /* of the process, for the formats that name it; the caller sets it */
};

/* What the caller knows of the host. */
struct check_facts {
	const struct platform *platform;
	const struct snapshot *now;   /* NULL: the CPUs kept changing */
	const struct snapshot *since; /* NULL: nothing to compare with */
	struct severities severities;
	__u32 start_flags; /* SNP_F_HAS_PREPARE and so on; of the kernel */
	bool kernel_known; /* start_flags, and now->hotplug_count were asked for */
	int kernel_err;	   /* negative errno of asking: -EACCES without root; 0: asked */
	enum initialised initialised;
	const struct registers *registers; /* as now has the CPUs; NULL: not read */
	const struct psp_status *firmware; /* NULL: not asked, or asking failed */
	int firmware_err;		   /* negative errno of asking; 0: not asked */
	const struct guard_facts *guard;   /* NULL: guard_err says why it was not read */
	int guard_err;			   /* negative errno; -EACCES without root */
	bool require_snp;		   /* a host without SNP fails */
	bool some_only;			   /* each check speaks for itself */
};

/* True if the firmware may be asked for its status, see psp_status.h. */
bool check_may_ask_firmware(const struct check_facts *f);

/*
 * Judges; only the automaton decides on breaches. Returns 0 or a negative errno;
 * check_free() in either case.
 */
int check_judge(struct check_report *r, const struct check_facts *f);
void check_free(struct check_report *r);

/*
 * The name of a check, for i from 0 on, and what it looks at; "" for a number without a check, NULL
 * after the last.
 */
const char *check_name(unsigned int i, const char **what);
/* Leaves the results of the checks that are among names, which commas separate. */
void check_keep_only(struct check_report *r, const char *names);

enum { CHECK_ID_SIZE = 96 };
/*
 * What a result is known by in one report and the next: the check's name, and its part after a
 * slash. Returns id.
 */
const char *check_result_id(const struct check_result *c, char id[CHECK_ID_SIZE]);

const char *check_status_name(enum check_status status);
/* The worst of all; NOT_APPLICABLE counts least. */
enum check_status check_worst(const struct check_report *r);
/* How many results have that status. */
int check_count(const struct check_report *r, enum check_status status);

#endif
