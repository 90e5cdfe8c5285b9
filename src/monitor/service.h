/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages to the service manager by sd_notify(3), as an output of the guard. Without a service
 * manager they do nothing.
 */
#ifndef SERVICE_H
#define SERVICE_H

#include <stdbool.h>
#include <stddef.h>

#include "output/outputs.h"

/* Adds the output if there is a service manager. Returns 0 or a negative errno. */
int service_add(struct outputs *o);

/* The watchdog. The loop that does the work feeds it, so that a loop that hangs is noticed. */
struct service_watchdog {
	__u64 interval_ns; /* half of WatchdogSec=; 0: no watchdog is asked for */
	__u64 next_ns;	   /* when the next message is due, CLOCK_BOOTTIME */
};

/* Reads from the environment whether there is a watchdog. */
void service_watchdog_begin(struct service_watchdog *w);
/* Sends WATCHDOG=1 if it is due. */
void service_alive(struct outputs *o, struct service_watchdog *w, __u64 now_ns);
/* When it is due next, CLOCK_BOOTTIME in ns; UINT64_MAX: never. */
__u64 service_alive_at(const struct service_watchdog *w);

/* Starting, or reloading, has finished. */
void service_ready(struct outputs *o);
/* Reloading has begun; service_ready() ends it. */
void service_reloading(struct outputs *o);
void service_stopping(struct outputs *o);
/* True if SIGINT or SIGTERM waits, which are blocked. */
bool service_is_to_end(void);
/*
 * After a start that failed, and may not the next time: waits, up to a signal that ends a guard, so
 * that the service manager's attempts are far enough apart to go on for good. Does nothing without
 * a service manager.
 */
void service_hold_off(void);

struct service_facts {
	const char *gate; /* name of its state */
	bool window_open;
	unsigned int windows, breaches;
	const char *worst; /* severity; with breaches only */
	__u64 denied;
};

#define SERVICE_STATUS_LEN 160

/* Writes the status line of `systemctl status`. */
void service_status_text(char text[SERVICE_STATUS_LEN], const struct service_facts *f);
/* Sends the status line unless it equals told, which keeps the line sent last. */
void service_status(struct outputs *o, char told[SERVICE_STATUS_LEN],
		    const struct service_facts *f);

#endif
