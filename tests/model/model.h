/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The contract once more, as a second opinion on src/contract/window*.c: slow, and meant to be
 * obviously right. It keeps no state. Each question is answered by looking over all events again.
 *
 * What docs/contract.md leaves open, and is taken to be so here and in src/contract/window*.c:
 *
 *  - A sweep is one look: its CPU_STATE records open or close a window from its TRUTH on. A sweep
 *    during which something moved decides nothing, nor does one by which no CPU is online.
 *  - While snp_prepare() is in flight, sweeps neither open nor close a window, but for the first.
 *    It is in flight until its exit, or until records are lost.
 *  - A CPU that comes online has an unknown SNP_EN until it is looked at; one that is offline has
 *    what it had. On a kernel whose snp_enable() can't be watched, a successful snp_prepare() makes
 *    all of them unknown.
 *  - A CPU_STATE that contradicts a transition less than WINDOW_SETTLE_NS ago is not believed.
 *    Nor is it told so soon that its SYSCFG can't be read.
 *  - snp_prepare() bailed out if it succeeded with no SNP_ENABLE since its entry; where that can't
 *    be watched, if the window was open at its entry. It is judged at once by what is known, else
 *    by the next sweep, unless a full shutdown comes first.
 *  - x86-shutdown reports a full shutdown if the window is open; else the command has reported it.
 *  - Where neither commands nor a sweep have told whether SNP is initialised, it is unknown; but an
 *    event that opens a window shows that SNP is not initialised yet. It is unknown again by a
 * sweep that can't tell, after a loss and where commands are not seen. In an open window unknown is
 * told once, and counts as initialised for cpu-without-snp-en, but not while snp_prepare() is in
 * flight.
 *  - An SNP_INIT that succeeds begins anew: SNP had ended, be it unseen. One that fails while the
 *    firmware is up changes nothing, and is no benign-failed-init.
 *  - DFFLUSH_REQUIRED is retried once; a retry that has not come when all is settled has failed.
 *    A window that opens begins a new attempt, other things don't.
 *  - Settled: nothing that is_move() names for WINDOW_SETTLE_NS, as a sweep or the END sees it. The
 *    first sweep is such a move where SNP is enabled after boot (7.1 on), and settles all before.
 *  - A leaked-disable is told of what was outstanding when the window closed, and ever since.
 *  - Stacked is a disable with another outstanding, in or out of a window. Early is the enable that
 *    leaves none outstanding. An enable with none outstanding leaves it so.
 *  - Late is the first disable since the window opened, if none was outstanding then, nor is
 *    inferred. no-latch asks the same, once a window; before 7.1 SNP need not be initialised
 *    for it.
 *  - What is inferred is one disable at most; with a count that can't be read, the first owned
 *    enable is believed.
 *  - A deficit lasts from the first of the sweeps in a row that see it.
 *  - cpu-without-snp-en is told again once the CPU came online anew, or had SNP_EN.
 *  - init-under-guests lasts from the first of the looks in a row that see it, through losses and
 *    windows, until the CPU comes or goes. It is told once for all CPUs of which it is due,
 *    and again of each that had a host save area in between.
 *  - rmpopt-uneven rests on what sweeps find for WINDOW_SETTLE_NS, from the first complete
 *    one since a register changed or its CPU came, an SNP_INIT succeeded, a shutdown ended SNP, or
 *    records were lost. It is told once of what they find so, and once of a shutdown.
 *  - A full shutdown left SNP_EN set if the first sweep after it says so.
 *  - From LOST to the next complete sweep no one is accused by the books, by what a sweep finds
 *    changed, or by what did not come. That sweep begins the books anew; the firmware is where the
 *    driver says, or unknown; there is no late-disable or no-latch in that window.
 *  - Sweeps that are not complete are told of once, by one that comes WINDOW_UNVERIFIED_NS
 *    after the first of them or later.
 *  - After KEXEC the set of CPUs is not followed any more.
 *  - A window is older than the guard if the first sweep finds it, or a bailout before that, and
 *    no full shutdown was seen. None is taken for older while snp_prepare() is in flight, nor
 *    after a loss.
 *  - If a snapshot has SNP_EN on any CPU, it is of that window. A CPU that it does not know was
 *    not online; what it could not read had no SNP_EN. What a hook told since is not told again.
 *  - The kernel began inside that window, so kexec-unlatched, unless the driver says that SNP is
 *    initialised or a snapshot is of this boot. It stands for no-latch.
 */
#ifndef MODEL_H
#define MODEL_H

#include <stdbool.h>

#include "abi/event.h"
#include "contract/breaches.h"

enum { MODEL_CPUS = 2, MODEL_DUE = 32, MODEL_SUMMARY = 64 };

struct model_breach {
	enum snp_breach id;
	__u32 cpu; /* or SNP_NO_SUBJECT */
};

/*
 * The breaches that the last of n events makes due, into due[MODEL_DUE]; their number. The first
 * event is START and the only one of its kind.
 */
unsigned int model_due(const struct snp_event *h, int n, struct model_breach *due);

/* What the contract's own terms are after the last of n events. */
bool model_window_open(const struct snp_event *h, int n);
bool model_initialised(const struct snp_event *h, int n);

/*
 * The model's answers, after the last of n events and at now_ns, to all that it may ask of the
 * past from then on: two histories with the same summary have the same future. For merging states.
 */
void model_summary(const struct snp_event *h, int n, __u64 now_ns,
		   unsigned char summary[MODEL_SUMMARY]);

#endif
