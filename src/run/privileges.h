/* SPDX-License-Identifier: GPL-2.0-only */
/* What a guard that runs may do: no more than it needs. */
#ifndef PRIVILEGES_H
#define PRIVILEGES_H

/*
 * Gives up, for good, all capabilities but those that a guard needs as long as it runs
 * (docs/security.md). Returns 0 or a negative errno.
 */
int privileges_drop(void);

#endif
