// SPDX-License-Identifier: GPL-2.0-only
#include "session/history.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct history_window *current(struct history *h)
{
	return h->open ? &h->windows[(h->window_count - 1) % HISTORY_WINDOWS] : NULL;
}

void history_event(struct history *h, const struct snp_event *e)
{
	struct history_window *w = current(h);
	struct history_denial *d;

	if (e->kind != SNP_EV_DENIED)
		return;
	if (w)
		w->denied++;
	d = &h->denials[h->denial_count++ % HISTORY_DENIALS];
	*d = (struct history_denial){
		.time_ns = e->time_ns,
		.tid = e->tid,
		.audited = !!(e->flags & SNP_F_AUDIT),
	};
	snprintf(d->comm, sizeof(d->comm), "%.*s", SNP_COMM_LEN - 1, e->comm);
	snprintf(d->file, sizeof(d->file), "%.*s", SNP_NAME_LEN - 1, e->name);
}

static void opened(struct history *h, const struct verdict *v)
{
	struct history_window *w = &h->windows[h->window_count++ % HISTORY_WINDOWS];

	*w = (struct history_window){ .number = v->window, .opened_ns = v->time_ns };
	h->open = true;
}

void history_verdict(struct history *h, const struct verdict *v)
{
	struct history_window *w = current(h);

	if (v->kind == VERDICT_BREACH) {
		if (w)
			w->breaches[v->id]++;
	} else if (v->id == WINDOW_OPENED) {
		opened(h, v);
	} else if (v->id == WINDOW_CLOSED && w) {
		w->closed_ns = v->time_ns;
		h->open = false;
	}
}

static void pack_history_window(struct pack *p, struct history_window *w)
{
	pack_u32(p, &w->number);
	pack_u64(p, &w->opened_ns);
	pack_u64(p, &w->closed_ns);
	pack_u32(p, &w->denied);
	for (unsigned int i = 0; i < pack_rows(p, SNP_BREACH_COUNT); i++)
		pack_u32(p, &w->breaches[i]);
}

static void pack_denial(struct pack *p, struct history_denial *d)
{
	pack_u64(p, &d->time_ns);
	pack_u32(p, &d->tid);
	pack_u32(p, &d->audited);
	pack_text(p, d->comm, sizeof(d->comm));
	pack_text(p, d->file, sizeof(d->file));
}

void history_pack(struct history *h, struct pack *p)
{
	pack_u32(p, &h->window_count);
	pack_u32(p, &h->denial_count);
	pack_bool(p, &h->open);
	for (int i = 0; i < HISTORY_WINDOWS; i++)
		pack_history_window(p, &h->windows[i]);
	for (int i = 0; i < HISTORY_DENIALS; i++)
		pack_denial(p, &h->denials[i]);
	/* The open window is the last of at least one. */
	if (h->open && !h->window_count)
		p->err = -EBADMSG;
}

const struct history_window *history_window(const struct history *h, unsigned int i)
{
	if (i >= h->window_count || i >= HISTORY_WINDOWS)
		return NULL;
	return &h->windows[(h->window_count - 1 - i) % HISTORY_WINDOWS];
}

const struct history_denial *history_denial(const struct history *h, unsigned int i)
{
	if (i >= h->denial_count || i >= HISTORY_DENIALS)
		return NULL;
	return &h->denials[(h->denial_count - 1 - i) % HISTORY_DENIALS];
}
