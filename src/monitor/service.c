// SPDX-License-Identifier: GPL-2.0-only
#include "monitor/service.h"

#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "output/output_ops.h"
#include "output/systemd.h"

int service_add(struct outputs *o)
{
	return getenv("NOTIFY_SOCKET")
		       ? outputs_add(o, SNP_PART_SERVICE, &service_ops, NULL, OUTPUTS_EACH)
		       : 0;
}

static void __attribute__((format(printf, 2, 3))) notify(struct outputs *o, const char *format, ...)
{
	char text[SERVICE_STATUS_LEN + 16];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	outputs_put(o, SNP_PART_SERVICE, text, strlen(text) + 1);
}

void service_watchdog_begin(struct service_watchdog *w)
{
	*w = (struct service_watchdog){ .interval_ns = systemd_watchdog_usec() * 1000 / 2 };
}

void service_alive(struct outputs *o, struct service_watchdog *w, __u64 now_ns)
{
	if (now_ns < service_alive_at(w))
		return;
	notify(o, "WATCHDOG=1");
	w->next_ns = now_ns + w->interval_ns;
}

__u64 service_alive_at(const struct service_watchdog *w)
{
	return w->interval_ns ? w->next_ns : UINT64_MAX;
}

void service_ready(struct outputs *o)
{
	notify(o, "READY=1");
}

/* 15 s: fewer than the 5 starts a minute that snp-guard.service allows. */
#define HOLD_OFF_TRIES 150
#define HOLD_OFF_NS    100000000

bool service_is_to_end(void)
{
	sigset_t pending;

	return !sigpending(&pending) &&
	       (sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1);
}

void service_hold_off(void)
{
	if (systemd_notify("STATUS=Could not start; to be tried again") <= 0)
		return;
	for (int i = 0; i < HOLD_OFF_TRIES && !service_is_to_end(); i++)
		nanosleep(&(struct timespec){ .tv_nsec = HOLD_OFF_NS }, NULL);
}

void service_reloading(struct outputs *o)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	notify(o, "RELOADING=1\nMONOTONIC_USEC=%llu", now.tv_sec * 1000000ull + now.tv_nsec / 1000);
}

void service_stopping(struct outputs *o)
{
	notify(o, "STOPPING=1");
}

void service_status_text(char text[SERVICE_STATUS_LEN], const struct service_facts *f)
{
	char window[48] = "no window so far", breaches[48] = "no breach";

	if (f->windows)
		snprintf(window, sizeof(window), "window %u is %s", f->windows,
			 f->window_open ? "open" : "closed");
	if (f->breaches)
		snprintf(breaches, sizeof(breaches), "%u breach%s, the worst %s", f->breaches,
			 f->breaches == 1 ? "" : "es", f->worst);
	snprintf(text, SERVICE_STATUS_LEN, "Gate %s; %s; %s; %llu denied", f->gate, window,
		 breaches, (unsigned long long)f->denied);
}

void service_status(struct outputs *o, char told[SERVICE_STATUS_LEN], const struct service_facts *f)
{
	char text[SERVICE_STATUS_LEN];

	service_status_text(text, f);
	if (!strcmp(text, told))
		return;
	memcpy(told, text, sizeof(text));
	notify(o, "STATUS=%s", text);
}
