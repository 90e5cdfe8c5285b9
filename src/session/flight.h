/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The flight recorder: keeps the last events in memory, and at a breach has them written as a
 * recording, with the seconds that follow.
 */
#ifndef FLIGHT_H
#define FLIGHT_H

#include "contract/breaches.h"
#include "session/recorder.h"
#include "util/pack.h"

/* Where the recordings go unless an option says otherwise. */
#define FLIGHT_DIR "/var/lib/snp-guard"
/* At least so many events are kept, at most twice as many. */
#define FLIGHT_EVENTS 4096
/* A recording goes on for so long after the breach. */
#define FLIGHT_AFTER_NS 10000000000ull
/* A kind of breach that has a recording makes no other one for so long. */
#define FLIGHT_AGAIN_NS 3600000000000ull

/* A path of recorder_path() fits, whose directory has at most so many characters. */
#define FLIGHT_PATH    160
#define FLIGHT_DIR_MAX 100

struct flight_half {
	struct snp_event *events;
	unsigned int count, room;
	unsigned char *state; /* the session's, before the first event; NULL: there was none */
	size_t state_size;
	bool whole; /* no event was left out for want of memory */
};

struct flight {
	struct outputs *outputs; /* NULL: nothing is kept */
	const char *dir;
	const struct trace_header *header;
	struct flight_half older, newer;
	char path[FLIGHT_PATH]; /* of the recording that is being made; "": none is */
	__u64 until_ns;		/* its end, CLOCK_BOOTTIME */
	__u64 told_ns[SNP_BREACH_COUNT];
};

/*
 * Begins to keep events. dir, of at most FLIGHT_DIR_MAX characters, and header stay the caller's.
 * has_state: the session was resumed, so the first event needs a state before it.
 */
void flight_begin(struct flight *f, struct outputs *outputs, const char *dir,
		  const struct trace_header *header, bool has_state);
void flight_free(struct flight *f);

/*
 * Keeps an event that is about to be taken in. save and ctx: as for ledger_checkpoint(), to have
 * the state before it. state_room: what the state can take, in bytes.
 */
void flight_event(struct flight *f, const struct snp_event *e, size_t state_room,
		  void (*save)(void *ctx, struct pack *p), void *ctx);
/*
 * Has a recording made, by what is kept. Returns its path, or that of the recording being made, or
 * NULL where this kind of breach makes none now.
 */
const char *flight_breach(struct flight *f, enum snp_breach breach, __u64 now_ns);
/* Ends a recording whose time is over; with end, in any case. */
void flight_look(struct flight *f, __u64 now_ns, bool end);

#endif
