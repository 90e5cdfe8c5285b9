/* SPDX-License-Identifier: GPL-2.0-only */
/* Feeds a recording to a session. */
#ifndef REPLAY_H
#define REPLAY_H

#include "session/session.h"

/*
 * Opens a recording and reads its header and state, for the caller to make a session ready for
 * t->header. Returns 0, or a negative errno after it reported what is wrong with the file;
 * trace_close() in either case.
 */
int replay_open(struct trace *t, const char *file);

/*
 * Feeds the whole recording to s, and has s write its summary. A recording that is not whole is
 * reported, and fed as far as it goes: s then says that the rest is missing. Returns 0, or a
 * negative errno after it reported what is wrong with the file.
 */
int replay(struct trace *t, struct session *s, const char *file);

#endif
