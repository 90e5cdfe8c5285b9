/* SPDX-License-Identifier: GPL-2.0-only */
/* The capabilities of a running guard. */
#ifndef PRIVILEGES_H
#define PRIVILEGES_H

/*
 * Drops all capabilities, from the bounding set too, but those that a guard needs while it runs
 * (docs/security.md lists them). The kernel has them by thread: threads that exist keep theirs, so
 * none may exist; those that come later have what is left. Returns 0 or a negative errno.
 */
int privileges_drop(void);

#endif
