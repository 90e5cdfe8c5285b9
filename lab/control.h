/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The control socket: tests, on the host or in the guest (through a serial port that QEMU
 * connects to it), ask about the firmware and the CPUs and change them. A request is one line;
 * the answer is lines, of which the last is "ok" or "error: WHY". "help" lists the requests.
 */
#ifndef LAB_CONTROL_H
#define LAB_CONTROL_H

#include <poll.h>

#include "firmware.h"
#include "journal.h"

struct control;

struct control_target {
	struct firmware *firmware;
	struct journal *journal;
	const char *qmp;    /* QEMU's QMP socket, or NULL */
	const char *result; /* file for the guest's exit status, or NULL */
};

/* Listens at path. The target's pointers stay the caller's. Negative errno. */
int control_open(struct control **out, const char *path, const struct control_target *target);

enum { CONTROL_FDS_MAX = 33 };

/* Fills in what to wait for, at most CONTROL_FDS_MAX entries; returns their number. */
unsigned int control_poll_set(const struct control *control, struct pollfd *fds);

/* Handles what poll() found in an array that control_poll_set() filled in. */
void control_handle(struct control *control, const struct pollfd *fds, unsigned int count);

void control_close(struct control *control);

#endif
