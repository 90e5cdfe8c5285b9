// SPDX-License-Identifier: GPL-2.0-only
/*
 * In all functions here h is the history and k the event up to which, itself included, it is
 * looked at; -1 is before the first.
 */
#include "model.h"

#include <stdbool.h>

#include "contract/window.h"

#define SELF_ENABLE_NS 1000000000ull

enum answer { NO, YES, UNKNOWN };

/* ---- what one event is ---- */

static bool is(const struct snp_event *h, int k, enum snp_event_kind kind)
{
	return k >= 0 && h[k].kind == kind;
}

static bool is_of(const struct snp_event *h, int k, enum snp_event_kind kind, __u32 subject)
{
	return is(h, k, kind) && h[k].subject == subject;
}

static bool is_owned(const struct snp_event *h, int k, enum snp_event_kind kind)
{
	return is(h, k, kind) && (h[k].flags & SNP_F_OWNED);
}

static bool succeeded(const struct snp_event *h, int k)
{
	return !h[k].result && !h[k].status;
}

static bool is_init(const struct snp_event *h, int k)
{
	return is_of(h, k, SNP_EV_COMMAND, SNP_CMD_INIT) ||
	       is_of(h, k, SNP_EV_COMMAND, SNP_CMD_INIT_EX);
}

static bool is_flush(const struct snp_event *h, int k)
{
	return is_of(h, k, SNP_EV_COMMAND, SNP_CMD_DF_FLUSH);
}

static bool window_open(const struct snp_event *h, int k);

/* snp_shutdown() follows a full shutdown alone: it tells of one whose command was not seen. */
static bool is_full_shutdown(const struct snp_event *h, int k)
{
	return (is(h, k, SNP_EV_X86_SHUTDOWN) && window_open(h, k - 1)) ||
	       (is_of(h, k, SNP_EV_COMMAND, SNP_CMD_SHUTDOWN_EX) && succeeded(h, k) &&
		(h[k].flags & SNP_SHUTDOWN_X86));
}

/* Of any kind: ends "initialised". */
static bool is_shutdown(const struct snp_event *h, int k)
{
	return is_full_shutdown(h, k) ||
	       (is_of(h, k, SNP_EV_COMMAND, SNP_CMD_SHUTDOWN_EX) && succeeded(h, k)) ||
	       (is_of(h, k, SNP_EV_COMMAND, SNP_CMD_SHUTDOWN) && succeeded(h, k));
}

/* A sweep during which nothing moved. */
static bool is_sweep(const struct snp_event *h, int k)
{
	return is(h, k, SNP_EV_TRUTH) && (h[k].flags & SNP_F_STABLE);
}

static bool is_first_sweep(const struct snp_event *h, int k)
{
	if (!is_sweep(h, k))
		return false;
	while (k--)
		if (is_sweep(h, k))
			return false;
	return true;
}

static bool has_prepare(const struct snp_event *h)
{
	return h[0].flags & SNP_F_HAS_PREPARE;
}

static __u64 since(const struct snp_event *h, int j, int k)
{
	return h[k].time_ns - h[j].time_ns;
}

static bool prepare_succeeded(const struct snp_event *h, int k)
{
	return is(h, k, SNP_EV_PREPARE_EXIT) && ((h[k].flags & SNP_F_VOID) || !h[k].result);
}

/* snp_prepare() is in flight, as far as no record is lost. */
static bool preparing(const struct snp_event *h, int k)
{
	for (; k >= 0; k--) {
		if (is(h, k, SNP_EV_PREPARE_ENTER))
			return true;
		if (is(h, k, SNP_EV_PREPARE_EXIT) || is(h, k, SNP_EV_LOST))
			return false;
	}
	return false;
}

/* Records were lost, and no sweep has shown yet what came of it. */
static bool lost(const struct snp_event *h, int k)
{
	for (; k >= 0 && !is_sweep(h, k); k--)
		if (is(h, k, SNP_EV_LOST))
			return true;
	return false;
}

/* The sweep from which all is taken up again after a loss. */
static bool is_resumption(const struct snp_event *h, int k)
{
	return is_sweep(h, k) && lost(h, k - 1);
}

static int entry_of(const struct snp_event *h, int k)
{
	while (k >= 0 && !is(h, k, SNP_EV_PREPARE_ENTER))
		k--;
	return k;
}

/* snp_prepare() returned success at k and set SNP_EN nowhere. */
static bool is_bailout(const struct snp_event *h, int k)
{
	if (!prepare_succeeded(h, k))
		return false;
	/* Where no one tells of each CPU: it bails out if, and only if, SNP_EN is set. */
	if (!(h[0].flags & SNP_F_HAS_ENABLE))
		return window_open(h, entry_of(h, k));
	for (int j = k; j >= 0 && !is(h, j, SNP_EV_PREPARE_ENTER); j--)
		if (is(h, j, SNP_EV_SNP_ENABLE))
			return false;
	return true;
}

/* ---- what a CPU is ---- */

/* As told up to k, from the first event on. */
struct story {
	bool online, present;
	int moved;  /* the last transition; -1: none */
	int looked; /* the last look at it that counts; -1: none */
};

static bool saw_sweep(const struct snp_event *h, int k)
{
	for (; k >= 0; k--)
		if (is_sweep(h, k))
			return true;
	return false;
}

static struct story story_of(const struct snp_event *h, int k, __u32 cpu)
{
	struct story s = { .moved = -1, .looked = -1 };
	bool swept = false, left = false;

	for (int j = 0; j <= k; j++) {
		bool here = h[j].subject == cpu;

		switch (h[j].kind) {
		case SNP_EV_TRUTH:
			swept |= is_sweep(h, j);
			break;
		case SNP_EV_KEXEC:
			left = true;
			break;
		case SNP_EV_SNP_ENABLE:
			if (here)
				s.online = s.present = true;
			break;
		case SNP_EV_CPU_UP:
		case SNP_EV_CPU_DOWN:
			/* Those that stop for a kexec are in no one's way. */
			if (!here || left)
				break;
			s.online = h[j].kind == SNP_EV_CPU_UP;
			s.present |= s.online;
			s.moved = j;
			break;
		case SNP_EV_CPU_STATE:
			if (!here)
				break;
			if (swept && !!(h[j].flags & SNP_F_ONLINE) != s.online) {
				/* The set may have been read just before the transition. */
				if (left ||
				    (s.moved >= 0 && since(h, s.moved, j) < WINDOW_SETTLE_NS))
					break;
				s.moved = j;
			}
			s.online = h[j].flags & SNP_F_ONLINE;
			s.present = h[j].flags & SNP_F_PRESENT;
			s.looked = j;
			break;
		default:
			break;
		}
	}
	return s;
}

static bool online(const struct snp_event *h, int k, __u32 cpu)
{
	return story_of(h, k, cpu).online;
}

/* The record at k is a look at the CPU that counts. */
static bool is_look(const struct snp_event *h, int k, __u32 cpu)
{
	return is_of(h, k, SNP_EV_CPU_STATE, cpu) && story_of(h, k, cpu).looked == k;
}

/* A transition of the CPU, told by a hook or seen by a sweep. */
static bool is_transition(const struct snp_event *h, int k, __u32 cpu)
{
	return k >= 0 && h[k].subject == cpu && story_of(h, k, cpu).moved == k;
}

/* A prepare that no one watched: it was set on each online CPU, so it is said. */
static bool forgets_snp_en(const struct snp_event *h, int k)
{
	return !(h[0].flags & SNP_F_HAS_ENABLE) && prepare_succeeded(h, k) && !is_bailout(h, k);
}

static enum answer snp_en(const struct snp_event *h, int k, __u32 cpu)
{
	for (; k >= 0; k--) {
		if (is_of(h, k, SNP_EV_SNP_ENABLE, cpu))
			return YES;
		if (is_full_shutdown(h, k))
			return NO;
		if (is_look(h, k, cpu) && online(h, k, cpu))
			return h[k].result ? UNKNOWN : h[k].value & SNP_SYSCFG_SNP_EN ? YES : NO;
		/* It may come back another than it went; while it is offline it has what it had. */
		if (is_transition(h, k, cpu) && online(h, k, cpu))
			return UNKNOWN;
		if (forgets_snp_en(h, k))
			return UNKNOWN;
	}
	return UNKNOWN;
}

/* ---- the window ---- */

/* A sweep's CPU_STATE records are one look, and count together from its TRUTH on. */
static bool window_open(const struct snp_event *h, int k)
{
	for (; k >= 0; k--) {
		bool known = true, any_online = false;

		if (is(h, k, SNP_EV_SNP_ENABLE) || prepare_succeeded(h, k))
			return true;
		if (is_full_shutdown(h, k))
			return false;
		if (!is_sweep(h, k))
			continue;
		/* While snp_prepare() sets SNP_EN, a sweep sees a part of it: it decides later. */
		if (preparing(h, k) && !is_first_sweep(h, k))
			continue;
		for (__u32 cpu = 0; cpu < MODEL_CPUS; cpu++) {
			if (snp_en(h, k, cpu) == YES)
				return true;
			any_online |= online(h, k, cpu);
			if (online(h, k, cpu) && snp_en(h, k, cpu) == UNKNOWN)
				known = false;
		}
		if (known && any_online && !preparing(h, k))
			return false;
		/* What can't be read decides nothing: as it was before. */
	}
	return false;
}

/* The event that opened the window of k, or closed it if it is closed. */
static int turned(const struct snp_event *h, int k)
{
	bool is_open = window_open(h, k);

	while (k >= 0 && window_open(h, k - 1) == is_open)
		k--;
	return k;
}

static bool opens(const struct snp_event *h, int k)
{
	return window_open(h, k) && !window_open(h, k - 1);
}

static bool closes(const struct snp_event *h, int k)
{
	return !window_open(h, k) && window_open(h, k - 1);
}

/* ---- the firmware ---- */

static bool is_settled(const struct snp_event *h, int k);

/* A sweep read the driver's own flag, and it says so. */
static bool says_initialised(const struct snp_event *h, int k)
{
	return is_sweep(h, k) && (h[k].flags & SNP_F_FW_INIT);
}

static bool initialised(const struct snp_event *h, int k);

/* The firmware's own state: SNP_INIT succeeded, whatever became of the flush. */
static bool firmware_up(const struct snp_event *h, int k)
{
	if (initialised(h, k))
		return true;
	for (; k >= 0; k--) {
		/* The driver denies it, who set the flag: unless it waits for the flush. */
		if (is_sweep(h, k) && (h[k].flags & SNP_F_FW_KNOWN) && initialised(h, k - 1))
			return false;
		if (is_shutdown(h, k) || is_resumption(h, k))
			return false;
		if (is_init(h, k) && succeeded(h, k))
			return true;
	}
	return false;
}

/* An SNP_INIT was answered by "flush first": the driver is to try again, once. */
static bool retry_awaited(const struct snp_event *h, int k)
{
	for (; k >= 0; k--) {
		if (opens(h, k) || is_resumption(h, k) || says_initialised(h, k))
			return false;
		if ((is_sweep(h, k) || is(h, k, SNP_EV_END)) && is_settled(h, k))
			return false;
		if (is_init(h, k) && succeeded(h, k))
			return false;
		/* It fails, and changes nothing, where the firmware is up. */
		if (is_init(h, k) && !firmware_up(h, k))
			return h[k].status == SNP_STATUS_DFFLUSH_REQUIRED &&
			       !retry_awaited(h, k - 1);
	}
	return false;
}

/* At once, or by a retry that did not come. */
static bool init_failed(const struct snp_event *h, int k)
{
	if (is_init(h, k))
		return !succeeded(h, k) && !retry_awaited(h, k);
	return (is_sweep(h, k) || is(h, k, SNP_EV_END)) && is_settled(h, k) && !opens(h, k) &&
	       !says_initialised(h, k) && !lost(h, k) && !is_resumption(h, k) &&
	       retry_awaited(h, k - 1);
}

/* The flush at k is the first that an SNP_INIT's success leads to. */
static bool completes_init(const struct snp_event *h, int k)
{
	if (!is_flush(h, k))
		return false;
	for (int j = k - 1; j >= 0; j--) {
		if (is_init(h, j) && succeeded(h, j))
			return true;
		if (is_shutdown(h, j) || is_resumption(h, j) || says_initialised(h, j) ||
		    (is_flush(h, j) && succeeded(h, j)))
			return false;
	}
	return false;
}

/* An event opens a window before the guard's eyes: SNP_INIT wants all that sets SNP_EN first. */
static bool begins_window(const struct snp_event *h, int k)
{
	return (is(h, k, SNP_EV_SNP_ENABLE) || (prepare_succeeded(h, k) && !is_bailout(h, k))) &&
	       opens(h, k);
}

static enum answer firmware_of(const struct snp_event *h, int k)
{
	enum answer before;

	for (; k >= 0; k--) {
		/* SNP_INIT succeeds only where SNP had ended, be it unseen. */
		if (is_shutdown(h, k) || (is_init(h, k) && succeeded(h, k)))
			return NO;
		/* One that fails for good shows that the firmware is down, unless it was up. */
		if (is_init(h, k) && !firmware_up(h, k - 1) &&
		    (h[k].status != SNP_STATUS_DFFLUSH_REQUIRED || retry_awaited(h, k - 1)))
			return NO;
		if (completes_init(h, k) && succeeded(h, k))
			return YES;
		if (is_sweep(h, k) && (h[k].flags & SNP_F_FW_KNOWN))
			return h[k].flags & SNP_F_FW_INIT ? YES : NO;
		if (is_resumption(h, k) || (is_sweep(h, k) && (h[0].flags & SNP_F_NO_COMMANDS)))
			return UNKNOWN;
		if (begins_window(h, k)) {
			before = firmware_of(h, k - 1);
			return before == UNKNOWN ? NO : before;
		}
	}
	return UNKNOWN;
}

static bool initialised(const struct snp_event *h, int k)
{
	return firmware_of(h, k) == YES;
}

/* In an open window, in which guests may run if SNP is initialised. */
static bool unknown_in_window(const struct snp_event *h, int k)
{
	return window_open(h, k) && firmware_of(h, k) == UNKNOWN;
}

static bool may_run_guests(const struct snp_event *h, int k)
{
	return initialised(h, k) || (unknown_in_window(h, k) && !preparing(h, k));
}

static bool in_failed_init(const struct snp_event *h, int k)
{
	for (; k >= 0 && window_open(h, k); k--) {
		if (init_failed(h, k) && !firmware_up(h, k))
			return true;
		if ((is_init(h, k) && succeeded(h, k)) || is_resumption(h, k))
			return false;
	}
	return false;
}

/* Something happened to SNP or to hotplug, after which more may follow. */
static bool is_move(const struct snp_event *h, int k)
{
	switch (h[k].kind) {
	case SNP_EV_PREPARE_EXIT:
	case SNP_EV_HP_DISABLE:
	case SNP_EV_HP_ENABLE:
	case SNP_EV_X86_SHUTDOWN:
	case SNP_EV_SHUTDOWN_LOCKED:
	case SNP_EV_CPUHP_FAIL:
	case SNP_EV_MODULE_LOAD:
	case SNP_EV_MODULE_FREE:
		return true;
	case SNP_EV_CPU_UP:
	case SNP_EV_CPU_DOWN:
		return is_transition(h, k, h[k].subject);
	case SNP_EV_COMMAND:
		return is_init(h, k) || completes_init(h, k) || closes(h, k);
	case SNP_EV_CPU_STATE:
		return is_transition(h, k, h[k].subject);
	default:
		/* Before 7.1 SNP_EN is set at boot: what would follow has followed. */
		return opens(h, k) || closes(h, k) || is_first_sweep(h, k);
	}
}

/* Nothing more has followed for WINDOW_SETTLE_NS. */
static bool is_settled(const struct snp_event *h, int k)
{
	for (int j = k; j >= 0; j--) {
		if (is_first_sweep(h, j) && !has_prepare(h) && !closes(h, j))
			return true;
		if (is_move(h, j))
			return since(h, j, k) >= WINDOW_SETTLE_NS;
	}
	return true;
}

/* ---- the books ---- */

/* The guard came in the middle: the first sweep found a window that nothing before had opened. */
static bool is_inference(const struct snp_event *h, int k)
{
	return is_first_sweep(h, k) && opens(h, k);
}

/* What SNP holds is taken from the kernel's count: one at most is SNP's. */
static bool takes_count(const struct snp_event *h, int k)
{
	return is_inference(h, k) || is_resumption(h, k);
}

static bool books_known(const struct snp_event *h, int k)
{
	if (lost(h, k))
		return false;
	for (; k >= 0; k--) {
		if (is_owned(h, k, SNP_EV_HP_ENABLE))
			return true;
		if (takes_count(h, k))
			return h[k].count >= 0;
	}
	return true;
}

static int outstanding(const struct snp_event *h, int k)
{
	int held = 0;

	for (int j = 0; j <= k; j++) {
		if (takes_count(h, j))
			held = window_open(h, j) && h[j].count > 0;
		if (is_owned(h, j, SNP_EV_HP_DISABLE))
			held++;
		/* The kernel's count does not go below 0 either. */
		if (is_owned(h, j, SNP_EV_HP_ENABLE) && held)
			held--;
	}
	return held;
}

/* In this window hotplug was disabled for SNP, or may have been before it was seen. */
static bool disabled_in_window(const struct snp_event *h, int k)
{
	for (; k >= 0 && window_open(h, k); k--) {
		if (is_owned(h, k, SNP_EV_HP_DISABLE) || is_resumption(h, k))
			return true;
		if (is_inference(h, k))
			return h[k].count;
		if (opens(h, k))
			return outstanding(h, k);
	}
	return false;
}

/* ---- what a snapshot tells of the time before the guard ---- */

static bool has_snapshot(const struct snp_event *h, int k)
{
	for (; k >= 0; k--)
		if (is(h, k, SNP_EV_BEFORE))
			return true;
	return false;
}

static bool is_snapshot_of_this_boot(const struct snp_event *h, int k)
{
	for (; k >= 0; k--)
		if (is(h, k, SNP_EV_BEFORE))
			return h[k].flags & SNP_F_SAME_BOOT;
	return false;
}

/* What it has of a CPU; -1: nothing. */
static int snapshot_of(const struct snp_event *h, int k, __u32 cpu)
{
	while (k >= 0 && !is_of(h, k, SNP_EV_BEFORE_CPU, cpu))
		k--;
	return k;
}

/* A CPU that it does not know was not online. */
static bool was_online(const struct snp_event *h, int k, __u32 cpu)
{
	int j = snapshot_of(h, k, cpu);

	return j >= 0 && (h[j].flags & SNP_F_ONLINE);
}

static bool had_snp_en(const struct snp_event *h, int k, __u32 cpu)
{
	int j = snapshot_of(h, k, cpu);

	return was_online(h, k, cpu) && !h[j].result && (h[j].value & SNP_SYSCFG_SNP_EN);
}

static bool was_open(const struct snp_event *h, int k)
{
	for (__u32 cpu = 0; cpu < MODEL_CPUS; cpu++)
		if (had_snp_en(h, k, cpu))
			return true;
	return false;
}

/* ---- the breaches: each as the contract's table has it ---- */

/* By whatever path: told by a hook, or seen by a sweep. */
static bool moved(const struct snp_event *h, int k, __u32 cpu)
{
	if (!is_transition(h, k, cpu) || !window_open(h, k - 1))
		return false;
	/* Among the lost records may be those of the window's end and of the next one's begin. */
	return !is(h, k, SNP_EV_CPU_STATE) || !lost(h, k);
}

/* The first sweep finds a window open that no one saw begin: it is older than the guard. */
static bool finds_older_window(const struct snp_event *h, int k)
{
	int j;

	if (!is_first_sweep(h, k) || !window_open(h, k) || preparing(h, k) || lost(h, k - 1))
		return false;
	j = turned(h, k);
	if (!is_first_sweep(h, j) && !is_bailout(h, j))
		return false;
	for (; j >= 0; j--)
		if (is_full_shutdown(h, j))
			return false;
	return true;
}

/* ... and as a snapshot has it, it was open then: it is the same. */
static bool is_comparison(const struct snp_event *h, int k)
{
	return finds_older_window(h, k) && has_snapshot(h, k) && was_open(h, k);
}

/*
 * What a hook told is not told again, nor is what stops for a kexec, or is no CPU of the kernel
 * that the kexec started.
 */
static bool differs_since_snapshot(const struct snp_event *h, int k, __u32 cpu)
{
	if (!is_comparison(h, k) || was_online(h, k, cpu) == online(h, k, cpu))
		return false;
	if (!is_snapshot_of_this_boot(h, k) && !story_of(h, k, cpu).present)
		return false;
	for (; k >= 0; k--)
		if (moved(h, k, cpu) || is(h, k, SNP_EV_KEXEC))
			return false;
	return true;
}

static bool cpu_onlined(const struct snp_event *h, int k, __u32 cpu)
{
	return (moved(h, k, cpu) || differs_since_snapshot(h, k, cpu)) && online(h, k, cpu);
}

static bool cpu_offlined(const struct snp_event *h, int k, __u32 cpu)
{
	return (moved(h, k, cpu) || differs_since_snapshot(h, k, cpu)) && !online(h, k, cpu);
}

static bool lacks_snp_en(const struct snp_event *h, int k, __u32 cpu)
{
	int moved = story_of(h, k, cpu).moved;

	if (!is_sweep(h, k) || !may_run_guests(h, k) || !online(h, k, cpu) ||
	    snp_en(h, k, cpu) != NO)
		return false;
	/* Before 7.1 a CPU sets it itself, some time after it came online. */
	return has_prepare(h) || moved < 0 || since(h, moved, k) >= SELF_ENABLE_NS;
}

/* Said once for each time that the CPU comes to be without. */
static bool cpu_without_snp_en(const struct snp_event *h, int k, __u32 cpu)
{
	if (!lacks_snp_en(h, k, cpu))
		return false;
	for (int j = k - 1; j >= 0; j--) {
		if (lacks_snp_en(h, j, cpu))
			return false;
		if (is_transition(h, j, cpu) || (is_look(h, j, cpu) && snp_en(h, j, cpu) == YES))
			return true;
	}
	return true;
}

static bool someone_lacks(const struct snp_event *h, int k)
{
	for (__u32 cpu = 0; cpu < MODEL_CPUS; cpu++)
		if (online(h, k, cpu) && snp_en(h, k, cpu) == NO)
			return true;
	return false;
}

/* By what is known of the CPUs as it bails out, or by the sweep that follows. */
static bool unsafe_bailout(const struct snp_event *h, int k)
{
	if (is_bailout(h, k))
		return !lost(h, k) && someone_lacks(h, k);
	if (!is_sweep(h, k) || is_resumption(h, k) || !someone_lacks(h, k))
		return false;
	for (int j = k - 1; j >= 0 && !is_sweep(h, j) && !is_full_shutdown(h, j); j--)
		if (is_bailout(h, j))
			return !someone_lacks(h, j);
	return false;
}

/* A full shutdown ended the window, and no sweep has verified it yet. */
static bool is_unverified(const struct snp_event *h, int k)
{
	for (; k >= 0 && !is_sweep(h, k) && !window_open(h, k); k--)
		if (is_full_shutdown(h, k))
			return true;
	return false;
}

/* Between two looks at it. */
static bool snp_en_changed(const struct snp_event *h, int k, __u32 cpu)
{
	enum answer before = snp_en(h, k - 1, cpu), now = snp_en(h, k, cpu);

	if (!is_look(h, k, cpu) || is_transition(h, k, cpu) || !online(h, k, cpu) || lost(h, k))
		return false;
	if (window_open(h, k))
		return before == YES && now == NO;
	return before == NO && now == YES && is_unverified(h, k) && !preparing(h, k);
}

/* ... or between the snapshot and the first sweep, in which it was never offline. */
static bool snp_en_lost(const struct snp_event *h, int k, __u32 cpu)
{
	if (snp_en_changed(h, k, cpu))
		return true;
	if (!is_comparison(h, k) || !had_snp_en(h, k, cpu) || !online(h, k, cpu) ||
	    snp_en(h, k, cpu) != NO || story_of(h, k, cpu).moved >= 0)
		return false;
	for (int j = k - 1; j >= 0; j--)
		if (snp_en_changed(h, j, cpu))
			return false;
	return true;
}

/* Undone is what leaves none outstanding. */
static bool early_enable(const struct snp_event *h, int k)
{
	int held = outstanding(h, k - 1);

	/* Where the count could not be read, there is taken to have been one. */
	if (!held && !lost(h, k) && !books_known(h, k - 1))
		held = 1;
	return is_owned(h, k, SNP_EV_HP_ENABLE) && window_open(h, k) && held == 1 &&
	       !in_failed_init(h, k) && !lost(h, k);
}

static bool unbalanced_enable(const struct snp_event *h, int k)
{
	return is_owned(h, k, SNP_EV_HP_ENABLE) && books_known(h, k - 1) && !outstanding(h, k - 1);
}

static bool has_deficit(const struct snp_event *h, int k)
{
	return is_sweep(h, k) && h[k].count >= 0 && h[k].count < outstanding(h, k);
}

/* The first sweep of those, one after another, that saw the deficit which k sees. */
static int deficit_began(const struct snp_event *h, int k)
{
	int began = k;

	for (int j = k - 1; j >= 0; j--) {
		if (!is_sweep(h, j))
			continue;
		if (!has_deficit(h, j) || takes_count(h, began))
			break;
		began = j;
	}
	return began;
}

static bool deficit_lasts(const struct snp_event *h, int k)
{
	return has_deficit(h, k) && since(h, deficit_began(h, k), k) >= WINDOW_SETTLE_NS;
}

static bool foreign_enable(const struct snp_event *h, int k)
{
	if (!deficit_lasts(h, k))
		return false;
	for (int j = k - 1; j >= deficit_began(h, k); j--)
		if (deficit_lasts(h, j))
			return false;
	return true;
}

static bool stacked_disable(const struct snp_event *h, int k)
{
	return is_owned(h, k, SNP_EV_HP_DISABLE) && outstanding(h, k - 1) && !lost(h, k);
}

static bool late_disable(const struct snp_event *h, int k)
{
	return is_owned(h, k, SNP_EV_HP_DISABLE) && window_open(h, k) &&
	       !disabled_in_window(h, k - 1) && !lost(h, k);
}

/* The window closed with it, and since then nothing was outstanding no more, nor anew. */
static bool leaked(const struct snp_event *h, int k)
{
	if (!(is_sweep(h, k) || is(h, k, SNP_EV_END)) || window_open(h, k) || !is_settled(h, k) ||
	    lost(h, k))
		return false;
	for (; k >= 0 && outstanding(h, k) && !is_resumption(h, k); k--)
		if (closes(h, k))
			return true;
	return false;
}

static bool leaked_disable(const struct snp_event *h, int k)
{
	if (!leaked(h, k))
		return false;
	for (int j = k - 1; j >= turned(h, k); j--)
		if (leaked(h, j))
			return false;
	return true;
}

static bool partial_prepare(const struct snp_event *h, int k)
{
	if (!prepare_succeeded(h, k) || is_bailout(h, k))
		return false;
	for (__u32 cpu = 0; cpu < MODEL_CPUS; cpu++)
		if (story_of(h, k, cpu).present && !online(h, k, cpu))
			return true;
	return false;
}

/* Where SNP is initialised, or a snapshot is of this boot, the guard came later into it. */
static bool kexec_unlatched(const struct snp_event *h, int k)
{
	return finds_older_window(h, k) && (h[0].flags & SNP_F_HAS_HOLD) && h[k].count == 0 &&
	       !initialised(h, k) && !is_snapshot_of_this_boot(h, k);
}

/* Its disable may follow SNP_INIT (v9), so: settled, or SNP ended without. */
static bool lacks_latch(const struct snp_event *h, int k)
{
	if ((!window_open(h, k - 1) && !window_open(h, k)) || lost(h, k))
		return false;
	if (is_shutdown(h, k))
		return initialised(h, k - 1) && !disabled_in_window(h, k - 1);
	return (is_sweep(h, k) || is(h, k, SNP_EV_END)) && window_open(h, k) && is_settled(h, k) &&
	       (initialised(h, k) || !has_prepare(h)) && !disabled_in_window(h, k);
}

/* kexec-unlatched says as much. */
static bool says_no_latch(const struct snp_event *h, int k)
{
	return lacks_latch(h, k) || kexec_unlatched(h, k);
}

static bool no_latch(const struct snp_event *h, int k)
{
	if (!lacks_latch(h, k) || kexec_unlatched(h, k))
		return false;
	for (int j = k - 1; j >= 0 && window_open(h, j); j--)
		if (says_no_latch(h, j))
			return false;
	return true;
}

static bool benign_failed_init(const struct snp_event *h, int k)
{
	return init_failed(h, k) && window_open(h, k) && !firmware_up(h, k);
}

static bool orphaned_init(const struct snp_event *h, int k)
{
	return completes_init(h, k) && !succeeded(h, k);
}

/* The msr driver's file comes some time after the CPU. */
static bool is_unreadable(const struct snp_event *h, int k, __u32 cpu)
{
	int moved = story_of(h, k, cpu).moved;

	return is_look(h, k, cpu) && online(h, k, cpu) && h[k].result &&
	       (moved < 0 || since(h, moved, k) >= WINDOW_SETTLE_NS);
}

static bool said_unreadable(const struct snp_event *h, int k, __u32 cpu)
{
	for (; k >= 0; k--) {
		if (is_unreadable(h, k, cpu))
			return true;
		if (is_transition(h, k, cpu) ||
		    (is_look(h, k, cpu) && online(h, k, cpu) && !h[k].result))
			return false;
	}
	return false;
}

static bool blind_of_cpu(const struct snp_event *h, int k, __u32 cpu)
{
	return is_unreadable(h, k, cpu) && !said_unreadable(h, k - 1, cpu);
}

/* While snp_prepare() is in flight, nothing is said of it. */
static bool said_unknown(const struct snp_event *h, int k)
{
	for (; k >= 0; k--) {
		if (is_sweep(h, k) && !unknown_in_window(h, k))
			return false;
		if (is_sweep(h, k) && !preparing(h, k))
			return true;
	}
	return false;
}

static bool blind_of_firmware(const struct snp_event *h, int k)
{
	return is_sweep(h, k) && unknown_in_window(h, k) && !preparing(h, k) &&
	       !said_unknown(h, k - 1);
}

/* The first sweep since the last complete one; -1: that was complete. */
static int unrest_began(const struct snp_event *h, int k)
{
	int began = -1;

	for (; k >= 0 && !is_sweep(h, k); k--)
		if (is(h, k, SNP_EV_TRUTH))
			began = k;
	return began;
}

static bool unrest_lasts(const struct snp_event *h, int k)
{
	return is(h, k, SNP_EV_TRUTH) && unrest_began(h, k) >= 0 &&
	       since(h, unrest_began(h, k), k) >= WINDOW_UNVERIFIED_NS;
}

static bool said_unrest(const struct snp_event *h, int k)
{
	for (; k >= 0 && !is_sweep(h, k); k--)
		if (unrest_lasts(h, k))
			return true;
	return false;
}

static bool blind(const struct snp_event *h, int k)
{
	return (unrest_lasts(h, k) && !said_unrest(h, k - 1)) || is(h, k, SNP_EV_LOST) ||
	       is(h, k, SNP_EV_UNCOVERED) || blind_of_firmware(h, k) ||
	       (is(h, k, SNP_EV_END) && !saw_sweep(h, k));
}

/* The first of the looks in a row at an online CPU that find no host save area; -1: the last finds
 * one. */
static int hsave_gone(const struct snp_event *h, int k, __u32 cpu)
{
	int began = -1;

	for (; k >= 0; k--) {
		if (is_look(h, k, cpu) && !(h[k].flags & SNP_F_NO_HSAVE))
			return began;
		if (is_look(h, k, cpu))
			began = k;
		if (is_transition(h, k, cpu))
			return began;
	}
	return began;
}

static bool hsave_stays_gone(const struct snp_event *h, int k, __u32 cpu)
{
	int began = is_sweep(h, k) ? hsave_gone(h, k, cpu) : -1;

	return began >= 0 && since(h, began, k) >= WINDOW_SETTLE_NS;
}

static bool said_hsave(const struct snp_event *h, int k, __u32 cpu)
{
	for (int began = hsave_gone(h, k, cpu); began >= 0 && k >= began; k--)
		if (hsave_stays_gone(h, k, cpu))
			return true;
	return false;
}

/* One breach for all CPUs of which it is due. */
static bool init_under_guests(const struct snp_event *h, int k)
{
	for (__u32 cpu = 0; cpu < MODEL_CPUS; cpu++)
		if (hsave_stays_gone(h, k, cpu) && !said_hsave(h, k - 1, cpu))
			return true;
	return false;
}

/* ---- RMPOPT_BASE ---- */

/* The last that was found of the CPU's register, since the CPU came or went; -1: nothing. */
static int rmpopt_of(const struct snp_event *h, int k, __u32 cpu)
{
	for (int moved = story_of(h, k, cpu).moved; k > moved; k--)
		if (is_of(h, k, SNP_EV_RMPOPT, cpu))
			return k;
	return -1;
}

static bool has_rmpopt_read(const struct snp_event *h, int k, __u32 cpu)
{
	int j = rmpopt_of(h, k, cpu);

	return j >= 0 && !h[j].result;
}

static __u64 rmpopt_value(const struct snp_event *h, int k, __u32 cpu)
{
	return h[rmpopt_of(h, k, cpu)].value;
}

static bool blind_of_rmpopt(const struct snp_event *h, int k, __u32 cpu)
{
	int before = rmpopt_of(h, k - 1, cpu);

	return is_of(h, k, SNP_EV_RMPOPT, cpu) && h[k].result && (before < 0 || !h[before].result);
}

/* Decides what the next sweeps may be judged by. */
static bool rmpopt_turns(const struct snp_event *h, int k)
{
	return (is_init(h, k) && succeeded(h, k)) || is_full_shutdown(h, k) ||
	       (is_shutdown(h, k) && initialised(h, k - 1)) || is_resumption(h, k);
}

/* The first complete sweep since which nothing changed; -1: none yet. */
static int rmpopt_same(const struct snp_event *h, int k)
{
	int first = -1, any = k;

	while (any >= 0 && !is(h, any, SNP_EV_RMPOPT))
		any--;
	for (; any >= 0 && k >= 0; k--) {
		if (is_sweep(h, k))
			first = k;
		if (is(h, k, SNP_EV_RMPOPT) || rmpopt_turns(h, k))
			return first;
	}
	return -1;
}

/* A sweep that finds what one did WINDOW_SETTLE_NS ago. */
static bool rmpopt_looks(const struct snp_event *h, int k)
{
	int same = is_sweep(h, k) ? rmpopt_same(h, k) : -1;

	return same >= 0 && since(h, same, k) >= WINDOW_SETTLE_NS;
}

static bool rmpopt_sure(const struct snp_event *h, int k)
{
	for (int same = rmpopt_same(h, k); same >= 0 && k >= same; k--)
		if (rmpopt_looks(h, k))
			return true;
	return false;
}

static bool rmpopt_differs(const struct snp_event *h, int k)
{
	for (__u32 cpu = 0; cpu < MODEL_CPUS; cpu++)
		if (!online(h, k, cpu) || !has_rmpopt_read(h, k, cpu))
			return false;
	return rmpopt_value(h, k, 0) != rmpopt_value(h, k, 1);
}

static bool is_rmpopt_uneven(const struct snp_event *h, int k)
{
	return rmpopt_looks(h, k) && initialised(h, k) && rmpopt_differs(h, k);
}

static bool said_rmpopt(const struct snp_event *h, int k)
{
	for (int same = rmpopt_same(h, k); same >= 0 && k >= same; k--)
		if (is_rmpopt_uneven(h, k))
			return true;
	return false;
}

static bool rmpopt_uneven(const struct snp_event *h, int k)
{
	return is_rmpopt_uneven(h, k) && !said_rmpopt(h, k - 1);
}

/* The shutdown that the next look judges; -1: none. A legacy one needs something to compare with.
 */
static int rmpopt_ended(const struct snp_event *h, int k)
{
	for (; k >= 0 && !rmpopt_turns(h, k); k--)
		if (rmpopt_looks(h, k))
			return -1;
	if (k < 0 || !is_shutdown(h, k))
		return -1;
	return is_full_shutdown(h, k) || rmpopt_sure(h, k - 1) ? k : -1;
}

/* It was read before the shutdown at j, and the CPU neither came nor went since. */
static bool rmpopt_is_kept(const struct snp_event *h, int k, int j, __u32 cpu)
{
	return has_rmpopt_read(h, j, cpu) && story_of(h, k, cpu).moved < j;
}

static bool rmpopt_after_shutdown(const struct snp_event *h, int k)
{
	int j = rmpopt_looks(h, k) ? rmpopt_ended(h, k - 1) : -1;

	for (__u32 cpu = 0; j >= 0 && cpu < MODEL_CPUS; cpu++) {
		if (!online(h, k, cpu) || !has_rmpopt_read(h, k, cpu))
			continue;
		if (is_full_shutdown(h, j)
			    ? !window_open(h, k) && rmpopt_value(h, k, cpu) & SNP_RMPOPT_ENABLE
			    : rmpopt_is_kept(h, k, j, cpu) &&
				      rmpopt_value(h, k, cpu) != rmpopt_value(h, j, cpu))
			return true;
	}
	return false;
}

/* ---- all of them ---- */

unsigned int model_due(const struct snp_event *h, int n, struct model_breach *due)
{
	static const struct {
		enum snp_breach id;
		bool (*is_due)(const struct snp_event *h, int k);
	} breaches[] = {
		{ SNP_BREACH_UNSAFE_BAILOUT, unsafe_bailout },
		{ SNP_BREACH_EARLY_ENABLE, early_enable },
		{ SNP_BREACH_UNBALANCED_ENABLE, unbalanced_enable },
		{ SNP_BREACH_FOREIGN_ENABLE, foreign_enable },
		{ SNP_BREACH_STACKED_DISABLE, stacked_disable },
		{ SNP_BREACH_LEAKED_DISABLE, leaked_disable },
		{ SNP_BREACH_LATE_DISABLE, late_disable },
		{ SNP_BREACH_PARTIAL_PREPARE, partial_prepare },
		{ SNP_BREACH_KEXEC_UNLATCHED, kexec_unlatched },
		{ SNP_BREACH_NO_LATCH, no_latch },
		{ SNP_BREACH_BENIGN_FAILED_INIT, benign_failed_init },
		{ SNP_BREACH_ORPHANED_INIT, orphaned_init },
		{ SNP_BREACH_BLIND, blind },
		{ SNP_BREACH_INIT_UNDER_GUESTS, init_under_guests },
		{ SNP_BREACH_RMPOPT_UNEVEN, rmpopt_after_shutdown },
		{ SNP_BREACH_RMPOPT_UNEVEN, rmpopt_uneven },
	};
	static const struct {
		enum snp_breach id;
		bool (*is_due)(const struct snp_event *h, int k, __u32 cpu);
	} of_cpu[] = {
		{ SNP_BREACH_CPU_ONLINED, cpu_onlined },
		{ SNP_BREACH_CPU_OFFLINED, cpu_offlined },
		{ SNP_BREACH_CPU_WITHOUT_SNP_EN, cpu_without_snp_en },
		{ SNP_BREACH_SNP_EN_LOST, snp_en_lost },
		{ SNP_BREACH_BLIND, blind_of_cpu },
		{ SNP_BREACH_BLIND, blind_of_rmpopt },
	};
	unsigned int count = 0;

	for (unsigned int i = 0; i < sizeof(breaches) / sizeof(breaches[0]); i++)
		if (breaches[i].is_due(h, n - 1))
			due[count++] = (struct model_breach){ breaches[i].id, SNP_NO_SUBJECT };
	for (unsigned int i = 0; i < sizeof(of_cpu) / sizeof(of_cpu[0]); i++)
		for (__u32 cpu = 0; cpu < MODEL_CPUS; cpu++)
			if (of_cpu[i].is_due(h, n - 1, cpu))
				due[count++] = (struct model_breach){ of_cpu[i].id, cpu };
	return count;
}

bool model_window_open(const struct snp_event *h, int n)
{
	return window_open(h, n - 1);
}

bool model_initialised(const struct snp_event *h, int n)
{
	return initialised(h, n - 1);
}

/* ---- what the model may ask of the past ---- */

static unsigned char age(const struct snp_event *h, int j, __u64 now_ns)
{
	const __u64 unit = WINDOW_SETTLE_NS / 4;
	__u64 ns;

	if (j < 0)
		return 255;
	ns = now_ns - h[j].time_ns;
	return ns < SELF_ENABLE_NS ? ns / unit : SELF_ENABLE_NS / unit;
}

/* In the half of what settles. */
static unsigned char unrest_age(const struct snp_event *h, int k, __u64 now_ns)
{
	const __u64 unit = WINDOW_SETTLE_NS / 2;
	int began = unrest_began(h, k);
	__u64 ns = began >= 0 ? now_ns - h[began].time_ns : 0;

	return began < 0		   ? 255
	       : ns < WINDOW_UNVERIFIED_NS ? ns / unit
					   : WINDOW_UNVERIFIED_NS / unit;
}

static int last_move(const struct snp_event *h, int k)
{
	while (k >= 0 && !is_move(h, k))
		k--;
	return k;
}

/* A breach that is said once: whether it is, for as long as that holds. */
static bool said_without(const struct snp_event *h, int k, __u32 cpu)
{
	for (; k >= 0; k--) {
		if (lacks_snp_en(h, k, cpu))
			return true;
		if (is_transition(h, k, cpu) || (is_look(h, k, cpu) && snp_en(h, k, cpu) == YES))
			return false;
	}
	return false;
}

static bool said_no_latch(const struct snp_event *h, int k)
{
	for (; k >= 0 && window_open(h, k); k--)
		if (says_no_latch(h, k))
			return true;
	return false;
}

static bool said_leaked(const struct snp_event *h, int k)
{
	for (int j = turned(h, k); k >= j && k >= 0; k--)
		if (leaked(h, k))
			return true;
	return false;
}

static bool leak_possible(const struct snp_event *h, int k)
{
	for (; k >= 0 && outstanding(h, k) && !window_open(h, k) && !is_resumption(h, k); k--)
		if (closes(h, k))
			return true;
	return false;
}

static int last_sweep(const struct snp_event *h, int k)
{
	while (k >= 0 && !is_sweep(h, k))
		k--;
	return k;
}

static bool said_deficit(const struct snp_event *h, int k)
{
	if (k < 0 || !has_deficit(h, k))
		return false;
	for (int j = deficit_began(h, k); k >= j; k--)
		if (deficit_lasts(h, k))
			return true;
	return false;
}

/* 1: a bailout that the next sweep judges; 2: that is judged; 0: none. */
static unsigned char bailed_out(const struct snp_event *h, int k)
{
	for (; k >= 0 && !is_sweep(h, k) && !is_full_shutdown(h, k); k--)
		if (is_bailout(h, k))
			return someone_lacks(h, k) && !lost(h, k) ? 2 : 1;
	return 0;
}

static bool enabled_since_entry(const struct snp_event *h, int k)
{
	for (; k >= 0 && !is(h, k, SNP_EV_PREPARE_ENTER); k--)
		if (is(h, k, SNP_EV_SNP_ENABLE))
			return true;
	return false;
}

static bool flush_awaited(const struct snp_event *h, int k)
{
	for (; k >= 0; k--) {
		if (is_init(h, k) && succeeded(h, k))
			return true;
		if (is_shutdown(h, k) || is_resumption(h, k) || says_initialised(h, k) ||
		    (is_flush(h, k) && succeeded(h, k)))
			return false;
	}
	return false;
}

void model_summary(const struct snp_event *h, int n, __u64 now_ns,
		   unsigned char summary[MODEL_SUMMARY])
{
	int k = n - 1, sweep = last_sweep(h, k), entry = entry_of(h, k);
	bool deficit = sweep >= 0 && has_deficit(h, sweep);
	bool compares = !saw_sweep(h, k);
	int ended = rmpopt_ended(h, k);
	unsigned char *p = summary;

	*p++ = window_open(h, k);
	*p++ = preparing(h, k);
	*p++ = entry >= 0 && window_open(h, entry);
	*p++ = enabled_since_entry(h, k);
	*p++ = lost(h, k);
	*p++ = saw_sweep(h, k);
	*p++ = firmware_of(h, k);
	*p++ = said_unknown(h, k);
	*p++ = unrest_age(h, k, now_ns);
	*p++ = said_unrest(h, k);
	*p++ = firmware_up(h, k);
	*p++ = flush_awaited(h, k);
	*p++ = retry_awaited(h, k);
	*p++ = in_failed_init(h, k);
	*p++ = books_known(h, k);
	*p++ = outstanding(h, k);
	*p++ = disabled_in_window(h, k);
	*p++ = said_no_latch(h, k);
	*p++ = said_leaked(h, k);
	*p++ = leak_possible(h, k);
	*p++ = is_unverified(h, k);
	*p++ = bailed_out(h, k);
	*p++ = is_settled(h, k);
	*p++ = age(h, last_move(h, k), now_ns);
	*p++ = deficit;
	*p++ = deficit ? age(h, deficit_began(h, sweep), now_ns) : 0;
	*p++ = said_deficit(h, sweep);
	*p++ = age(h, rmpopt_same(h, k), now_ns);
	*p++ = rmpopt_sure(h, k);
	*p++ = said_rmpopt(h, k);
	*p++ = ended < 0 ? 0 : is_full_shutdown(h, ended) ? 1 : 2;
	/* Of a snapshot the first sweep alone asks. */
	*p++ = compares && has_snapshot(h, k);
	*p++ = compares && is_snapshot_of_this_boot(h, k);
	for (__u32 cpu = 0; cpu < MODEL_CPUS; cpu++) {
		struct story s = story_of(h, k, cpu);

		*p++ = compares && was_online(h, k, cpu);
		*p++ = compares && had_snp_en(h, k, cpu);
		*p++ = s.online;
		*p++ = s.present;
		*p++ = age(h, s.moved, now_ns);
		*p++ = snp_en(h, k, cpu);
		*p++ = said_without(h, k, cpu);
		*p++ = said_unreadable(h, k, cpu);
		*p++ = age(h, hsave_gone(h, k, cpu), now_ns);
		*p++ = said_hsave(h, k, cpu);
		*p++ = rmpopt_of(h, k, cpu) < 0 ? 2 : has_rmpopt_read(h, k, cpu);
		*p++ = has_rmpopt_read(h, k, cpu) && rmpopt_value(h, k, cpu);
		*p++ = ended < 0 || !rmpopt_is_kept(h, k, ended, cpu) ? 2
								      : rmpopt_value(h, ended, cpu);
	}
}
