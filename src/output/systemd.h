/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the guard says to systemd: one datagram each, by protocols that systemd keeps stable for
 * programs without its library (sd_notify(3), https://systemd.io/JOURNAL_NATIVE_PROTOCOL).
 */
#ifndef SYSTEMD_H
#define SYSTEMD_H

#include <stddef.h>
#include <linux/types.h>

/* Where journald takes entries. */
#define SYSTEMD_JOURNAL "/run/systemd/journal/socket"

/*
 * Sends a message such as "READY=1" to the service manager. Returns 1, 0 without a service manager,
 * or a negative errno.
 */
int systemd_notify(const char *state);

/* Microseconds in which the service manager expects "WATCHDOG=1" of this process; 0: it does not.
 */
__u64 systemd_watchdog_usec(void);

/*
 * Sends an entry to journald. fields: NAME=VALUE, a NUL after each; size: of all of them. Returns 0
 * or a negative errno.
 */
int systemd_journal(const char *fields, size_t size);

/* The entry as journald reads it, to be freed, and its size; NULL if there is no memory. */
char *systemd_journal_entry(const char *fields, size_t size, size_t *entry_size);

#endif
