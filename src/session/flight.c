// SPDX-License-Identifier: GPL-2.0-only
#include "session/flight.h"

#include <stdlib.h>
#include <string.h>

void flight_begin(struct flight *f, struct outputs *outputs, const char *dir,
		  const struct trace_header *header, bool has_state)
{
	*f = (struct flight){
		.outputs = outputs, .dir = dir, .header = header, .newer.whole = !has_state
	};
}

static void free_half(struct flight_half *h)
{
	free(h->events);
	free(h->state);
	*h = (struct flight_half){ 0 };
}

void flight_free(struct flight *f)
{
	free_half(&f->older);
	free_half(&f->newer);
	*f = (struct flight){ 0 };
}

/* ---- what is kept ---- */

static bool make_room(struct flight_half *h)
{
	unsigned int room = h->room ? h->room * 2 : 64;
	struct snp_event *events;

	if (h->count < h->room)
		return true;
	events = realloc(h->events, room * sizeof(*events));
	if (!events)
		return false;
	h->events = events;
	h->room = room;
	return true;
}

static bool save_state(struct flight_half *h, size_t room, void (*save)(void *ctx, struct pack *p),
		       void *ctx)
{
	struct pack p = { .data = malloc(room), .size = room };

	if (!p.data)
		return false;
	save(ctx, &p);
	if (p.err) {
		free(p.data);
		return false;
	}
	h->state = p.data;
	h->state_size = p.used;
	return true;
}

/* Without memory for a state, or for an event, the half begins anew with the next event. */
static void begin_half(struct flight *f, size_t room, void (*save)(void *ctx, struct pack *p),
		       void *ctx)
{
	if (f->newer.whole) {
		free_half(&f->older);
		f->older = f->newer;
		f->newer = (struct flight_half){ 0 };
	} else {
		free_half(&f->older);
		free_half(&f->newer);
	}
	f->newer.whole = save_state(&f->newer, room, save, ctx);
}

void flight_event(struct flight *f, const struct snp_event *e, size_t state_room,
		  void (*save)(void *ctx, struct pack *p), void *ctx)
{
	struct flight_half *h = &f->newer;

	if (!f->outputs)
		return;
	if (h->count == FLIGHT_EVENTS || !h->whole)
		begin_half(f, state_room, save, ctx);
	if (h->whole && make_room(h))
		h->events[h->count++] = *e;
	else
		h->whole = false;
	if (f->path[0])
		recorder_event(f->outputs, SNP_PART_FLIGHT, e);
	/* Nothing follows an END. */
	if (e->kind == SNP_EV_END)
		f->path[0] = 0;
}

/* ---- recordings ---- */

static void write_half(struct flight *f, const struct flight_half *h)
{
	for (unsigned int i = 0; i < h->count; i++)
		recorder_event(f->outputs, SNP_PART_FLIGHT, &h->events[i]);
}

const char *flight_breach(struct flight *f, enum snp_breach breach, __u64 now_ns)
{
	const struct flight_half *first = f->older.count ? &f->older : &f->newer;

	if (!f->outputs ||
	    (!f->path[0] && f->told_ns[breach] && now_ns - f->told_ns[breach] < FLIGHT_AGAIN_NS))
		return NULL;
	f->told_ns[breach] = now_ns;
	if (f->path[0])
		return f->path;
	recorder_path(f->path, sizeof(f->path), f->dir,
		      (__s64)now_ns + f->header->realtime_offset_ns, breach);
	f->until_ns = now_ns + FLIGHT_AFTER_NS;
	recorder_begin(f->outputs, SNP_PART_FLIGHT, f->path, RECORDER_KEEP, f->header, first->state,
		       first->state_size);
	if (first == &f->older)
		write_half(f, &f->older);
	write_half(f, &f->newer);
	return f->path;
}

void flight_look(struct flight *f, __u64 now_ns, bool end)
{
	struct snp_event e = {
		.kind = SNP_EV_END,
		.time_ns = now_ns,
		.subject = SNP_NO_SUBJECT,
		.count = SNP_COUNT_UNKNOWN,
	};

	if (!f->path[0] || (now_ns < f->until_ns && !end))
		return;
	recorder_event(f->outputs, SNP_PART_FLIGHT, &e);
	f->path[0] = 0;
}
