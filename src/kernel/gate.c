// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/gate.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "host/own_events.h"
#include "host/preflight.h"

/* A program changes the latch a moment before its record has a number. */
#define SETTLE_NS 20000000

static const char *const gated_paths[] = {
#define X(sym, text, path) path,
	SNP_GATED(X)
#undef X
};
#define PATHS (sizeof(gated_paths) / sizeof(gated_paths[0]))

/* The file for trials. It exists on each kernel with CONFIG_HOTPLUG_SMT, kernel/cpu.c. */
#define TRIED "/sys/devices/system/cpu/smt/control"

static int open_once(const char *path)
{
	int fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* ---- listing ---- */

/* Opening a file of sysfs changes nothing. Opening /dev/snapshot does, so it is not listed. */
static bool is_to_list(const char *path)
{
	return !strncmp(path, "/sys/", strlen("/sys/"));
}

static void list_files(struct gate *g, const char *pattern)
{
	char full[256];
	glob_t found;

	snprintf(full, sizeof(full), "%s%s", g->platform->root, pattern);
	if (!glob(full, GLOB_NOSORT, NULL, &found))
		for (size_t i = 0; i < found.gl_pathc; i++)
			g->unlisted |= open_once(found.gl_pathv[i]) == -EROFS;
	globfree(&found);
}

int gate_list(struct gate *g)
{
	int err;

	if (!g->gates)
		return 0;
	err = sensors_begin_trials(g->sensors);
	if (err)
		return err;
	for (size_t i = 0; i < PATHS; i++)
		if (is_to_list(gated_paths[i]))
			list_files(g, gated_paths[i]);
	sensors_end_trials(g->sensors);
	return 0;
}

/* ---- which programs are attached ---- */

static int gate_event(struct snp_event *e, __u32 flags, const char *what)
{
	*e = own_event(SNP_EV_GATE);
	e->flags = flags;
	snprintf(e->name, sizeof(e->name), "%s", what);
	return 1;
}

/* Events or refusals may be missing meanwhile. */
static int gate_missed(struct snp_event *e, enum snp_blind_cause cause, bool restored,
		       const char *what)
{
	gate_event(e, SNP_F_DEGRADED | SNP_F_MISSED | (restored ? SNP_F_RESTORED : 0), what);
	e->status = cause;
	return 1;
}

/* An open that found no room in the list has long returned by then, so the kernel shows it. */
#define RELIST_NS 1000000000ull

static int list_again(struct gate *g, __u64 latch)
{
	int n = sensors_forget(g->sensors);

	if (!n)
		n = gate_list(g);
	if (!n)
		n = sensors_writers(g->sensors);
	/* A file that was opened meanwhile may be the one that was just forgotten. */
	if (n >= 0 && sensors_state(g->sensors).latch == latch)
		g->relist = false;
	return n;
}

/* latch: as it is now. Returns the number of writers, or a negative errno if it is unknown. */
static int count_writers(struct gate *g, __u64 latch)
{
	__u64 now = boottime_ns();
	int n;

	if (!g->relist) {
		n = sensors_writers(g->sensors);
		if (n != -ENOSPC)
			return n;
		g->relist = true;
		g->relist_ns = now + RELIST_NS;
	}
	if (now < g->relist_ns)
		return -ENOSPC;
	g->relist_ns = now + RELIST_NS;
	return list_again(g, latch);
}

/*
 * In a window that began without a writer, a count above 0 can only be an open that is being
 * refused. So only a count that stays means a writer.
 */
#define RECOUNTS   3
#define RECOUNT_NS 1000000

/* latch: as count_writers(). */
static bool may_be_written(struct gate *g, bool shut, bool armed, __u64 latch)
{
	/* No program waits for the write hooks as a window opens. */
	if (g->unlisted || (!g->waits && !shut))
		return true;
	if (!count_writers(g, latch))
		return false;
	for (int i = 0; latch & SNP_LATCH_WINDOW && !armed && i < RECOUNTS; i++) {
		nanosleep(&(struct timespec){ .tv_nsec = RECOUNT_NS }, NULL);
		if (!count_writers(g, latch))
			return false;
	}
	return true;
}

int gate_follow(struct gate *g, struct snp_event *e)
{
	__u64 latch = sensors_state(g->sensors).latch;
	bool armed = g->gates && sensors_are_armed(g->sensors);
	int err;

	if (!g->gates || armed == may_be_written(g, latch & SNP_LATCH_SHUT, armed, latch))
		return 0;
	if (!armed) {
		err = sensors_arm(g->sensors);
		return err ? err : gate_event(e, 0, "write hooks are attached");
	}
	err = sensors_disarm(g->sensors, latch);
	if (err == -EAGAIN)
		return 0;
	return err ? err : gate_event(e, SNP_F_STEADY, "no guarded file is open for writing");
}

bool gate_passes_writes(struct gate *g)
{
	__u64 latch = sensors_state(g->sensors).latch;

	return latch & SNP_LATCH_WINDOW && !g->audit && !sensors_are_armed(g->sensors) &&
	       may_be_written(g, true, false, latch);
}

void gate_brake(struct gate *g, struct brake *b, bool on)
{
	int err = sensors_begin_trials(g->sensors);

	brake_follow(b, g->platform, on);
	if (!err)
		sensors_end_trials(g->sensors);
}

bool gate_is_awaited(const struct gate *g)
{
	struct snp_state state = sensors_state(g->sensors);

	return state.latch & SNP_LATCH_PREPARE ||
	       (!g->waits && !state.writes && !(state.latch & SNP_LATCH_SHUT));
}

/* ---- whether it holds ---- */

int gate_try(const struct gate *g)
{
	char path[256];
	int err;

	snprintf(path, sizeof(path), "%s" TRIED, g->platform->root);
	err = sensors_begin_trials(g->sensors);
	if (err)
		return err;
	err = open_once(path);
	sensors_end_trials(g->sensors);
	return err == -EPERM ? 1 : err;
}

/* True if the latch contradicts the events, and still does after SETTLE_NS. */
static bool latch_differs(const struct gate *g, bool window_open, __u64 moves)
{
	struct snp_state state;

	for (int i = 0; i < 2; i++) {
		if (i)
			nanosleep(&(struct timespec){ .tv_nsec = SETTLE_NS }, NULL);
		state = sensors_state(g->sensors);
		if (state.moves != moves || !!(state.latch & SNP_LATCH_WINDOW) == window_open)
			return false;
	}
	return true;
}

static int look_at_latch(const struct gate *g, bool window_open, __u64 moves, struct snp_event *e)
{
	__u64 before;

	if (!latch_differs(g, window_open, moves))
		return 0;
	before = sensors_state(g->sensors).latch;
	return gate_missed(e, SNP_BLIND_LATCH, sensors_set_latch(g->sensors, before, window_open),
			   window_open ? "something else opened the latch"
				       : "something else shut the latch");
}

/* A trial finds an attached program that refuses nothing, whatever the reason. */
static int look_at_open(struct gate *g, bool window_open, struct snp_event *e)
{
	bool passes = window_open && g->gates && !g->audit && !gate_try(g) &&
		      sensors_state(g->sensors).latch & SNP_LATCH_WINDOW;
	bool told = g->told_open;

	g->told_open = passes;
	if (!passes || told)
		return 0;
	return gate_missed(e, SNP_BLIND_PASSES, false, "opening for writing is not refused");
}

static int look_at_pins(struct gate *g, struct snp_event *e)
{
	bool told = g->told_unpinned;
	char text[SNP_NAME_LEN];
	const char *name;
	int n;

	if (!g->pinned)
		return 0;
	n = sensors_repin(g->sensors, &name);
	g->told_unpinned = n < 0;
	if (n < 0)
		return told ? 0 : gate_event(e, SNP_F_DEGRADED, "pins are gone");
	if (!n)
		return 0;
	snprintf(text, sizeof(text), "pin was gone: %.24s", name);
	return gate_event(e, SNP_F_DEGRADED | SNP_F_RESTORED, text);
}

static int look_at_hooks(struct gate *g, struct snp_event *e)
{
	bool was_locked = g->told_locked, off;

	off = !preflight_hooks_are_on(g->platform, &g->told_locked);
	if (g->told_locked && !was_locked)
		return gate_event(e, sensors_are_armed(g->sensors) ? 0 : SNP_F_STEADY,
				  "lockdown hides if kprobes are on");
	if (off == g->told_off)
		return 0;
	g->told_off = off;
	if (off)
		return gate_missed(e, SNP_BLIND_HOOKS_OFF, false,
				   "kprobes or ftrace are switched off");
	/* What went unseen meanwhile is found by a sweep; it is reported as blind already. */
	gate_event(e, SNP_F_MISSED, "kprobes and ftrace are on again");
	e->status = SNP_BLIND_HOOKS_OFF;
	return 1;
}

/* Another build of ccp may have the functions of the firmware commands under other names. */
static int look_at_ccp(struct gate *g, struct snp_event *e)
{
	char text[SNP_NAME_LEN];
	const char *name;
	int n = sensors_follow_ccp(g->sensors, &name);

	if (!n)
		return 0;
	snprintf(text, sizeof(text), "ccp: another %.25s", name);
	return gate_missed(e, SNP_BLIND_OTHER_CCP, n > 0, text);
}

int gate_look(struct gate *g, bool window_open, __u64 moves, struct snp_event *e)
{
	int n = look_at_latch(g, window_open, moves, e);

	if (!n)
		n = look_at_pins(g, e);
	if (!n)
		n = look_at_open(g, window_open, e);
	if (!n)
		n = look_at_hooks(g, e);
	if (!n)
		n = look_at_ccp(g, e);
	return n;
}
