/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the service manager that started a run is told, by sd_notify(3). Without one nothing is, and
 * nothing here fails a run.
 */
#ifndef SERVICE_H
#define SERVICE_H

#include <stdbool.h>
#include <stddef.h>

#include "abi/event.h"

/* The watchdog, which is told by the loop that does the work. */
struct service_watchdog {
	__u64 interval_ns; /* half of what the manager asks for; 0: it doesn't */
	__u64 next_ns;	   /* CLOCK_BOOTTIME */
};

void service_watchdog_begin(struct service_watchdog *w);
/* Tells that the guard is alive, if it is time to. */
void service_alive(struct service_watchdog *w, __u64 now_ns);
/* When it is time; UINT64_MAX: never. */
__u64 service_alive_at(const struct service_watchdog *w);

void service_ready(void);
/* The configuration is read again, until service_ready(). */
void service_reloading(void);
void service_stopping(void);

struct service_facts {
	const char *gate; /* its state */
	bool window_open;
	unsigned int windows, breaches;
	const char *worst; /* severity, if there are breaches */
	__u64 denied;
};

#define SERVICE_STATUS_LEN 160

/* One line for a person. */
void service_status_text(char text[SERVICE_STATUS_LEN], const struct service_facts *f);
/* Tells it, unless it is what told has from the last time. */
void service_status(char told[SERVICE_STATUS_LEN], const struct service_facts *f);

#endif
