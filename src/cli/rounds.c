// SPDX-License-Identifier: GPL-2.0-only
#include "cli/rounds.h"

#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "util/signals.h"

#define PAUSE_NS 100000000

/* Returns true if a signal came meanwhile. */
static bool wait_for_signal(int signal_fd, double seconds)
{
	struct pollfd fd = { .fd = signal_fd, .events = POLLIN };
	int n = poll(&fd, 1, seconds < INT_MAX / 1000 ? (int)(seconds * 1000) : INT_MAX);

	/* Without memory poll() fails at once: that is no reason to spin. */
	if (n < 0)
		nanosleep(&(struct timespec){ .tv_nsec = PAUSE_NS }, NULL);
	return n > 0;
}

int rounds(double seconds, void (*round)(void *ctx), void *ctx)
{
	bool is_screen = isatty(fileno(stdout));
	int signal_fd = signals_block(false);

	if (signal_fd < 0)
		return signal_fd;
	for (bool first = true;; first = false) {
		if (is_screen)
			fputs("\033[H\033[J", stdout);
		else if (!first)
			putchar('\n');
		round(ctx);
		if (fflush(stdout) || ferror(stdout) || wait_for_signal(signal_fd, seconds))
			break;
	}
	close(signal_fd);
	return 0;
}
