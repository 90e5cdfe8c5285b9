/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All that the automaton remembers, for its parts alone.
 *
 * Each part keeps its memory in a struct that its own header defines, and is the only one that
 * writes it: the other parts read it, or call the part's functions. The exception is
 * window_state.c, which saves and loads all of it. Whoever adds a member adds it there too.
 */
#ifndef WINDOW_STATE_H
#define WINDOW_STATE_H

#include "contract/window.h"
#include "contract/window_cpus.h"
#include "contract/window_firmware.h"
#include "contract/window_hotplug.h"
#include "contract/window_life_cycle.h"
#include "contract/window_rmpopt.h"
#include "contract/window_snapshot.h"

/* What START says of the kernel and of the hooks. Written by window.c. */
struct kernel_facts {
	bool started;	  /* START was fed */
	bool has_prepare; /* the kernel has snp_prepare() */
	bool has_enable;  /* snp_enable() is watched */
	bool has_hold;	  /* the kernel disables CPU hotplug for SNP */
	bool no_commands; /* firmware commands are not seen */
};

/* Counts since the start. Written by window.c. */
struct tally {
	unsigned int breaches[SNP_BREACH_COUNT];
	unsigned int denied, audited;
	__u64 lost;
	bool swept;	      /* at least one sweep was complete */
	__u64 unverified_ns;  /* of the first sweep since that was not complete; 0: none was */
	bool told_unverified; /* blind is reported, as none came for long */
};

struct window {
	struct kernel_facts kernel;
	struct tally tally;
	bool records_lost; /* since the last complete sweep; written by window.c */

	struct life_cycle life;
	struct snp_firmware firmware;
	struct holds holds;
	struct cpus cpus;
	struct rmpopt rmpopt;
	struct since_snapshot since;

	/* of the event being fed */
	const struct snp_event *event;
	window_emit_fn emit;
	void *ctx;
};

/*
 * Counts a breach and emits its verdict, about cpu or SNP_NO_SUBJECT. The text is cut to what
 * struct verdict has room for.
 */
void __attribute__((format(printf, 4, 5)))
window_breach(struct window *w, enum snp_breach id, __u32 cpu, const char *format, ...);

/* The same for `blind`, with the remedy of its cause (enum snp_blind_cause, or any number). */
void __attribute__((format(printf, 4, 5)))
window_blind(struct window *w, unsigned int cause, __u32 cpu, const char *format, ...);

/* Emits the verdict of a turn that is no breach. */
void __attribute__((format(printf, 3, 4)))
window_turn(struct window *w, enum window_state id, const char *format, ...);

#endif
