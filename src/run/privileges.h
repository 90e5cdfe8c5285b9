/* SPDX-License-Identifier: GPL-2.0-only */
/* The capabilities of a running guard. */
#ifndef PRIVILEGES_H
#define PRIVILEGES_H

/*
 * Drops all capabilities, from the bounding set too, but those that a guard needs while it runs
 * (docs/security.md lists them). Returns 0 or a negative errno.
 */
int privileges_drop(void);

#endif
