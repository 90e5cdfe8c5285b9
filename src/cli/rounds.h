/* SPDX-License-Identifier: GPL-2.0-only */
/* A command's work over and over, for a person at a terminal. */
#ifndef ROUNDS_H
#define ROUNDS_H

/*
 * Calls round every so many seconds, until SIGINT or SIGTERM, or until standard output takes no
 * more. On a terminal each round begins with an empty screen; elsewhere an empty line stands
 * between two. Returns 0, or a negative errno after a message on stderr.
 */
int rounds(double seconds, void (*round)(void *ctx), void *ctx);

#endif
