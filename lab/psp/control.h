/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The control socket, through which tests show and change the state of the firmware and the CPUs;
 * QEMU connects a serial port of the guest to it. A request is one line; the answer is lines, the
 * last of which is "ok" or "error: WHY". "help" lists the requests.
 */
#ifndef LAB_CONTROL_H
#define LAB_CONTROL_H

#include <poll.h>

#include "firmware/firmware.h"
#include "firmware/journal.h"

struct control;

struct control_target {
	struct firmware *firmware;
	struct journal *journal;
	const char *qmp;    /* path of QEMU's QMP socket, or NULL */
	const char *result; /* path of the file for the script's exit status, or NULL */
};

/*
 * Listens at path, replacing a socket that is there. 0, and *out is the caller's, to end with
 * control_close(); or a negative errno. *target is copied; its pointers must outlive the control
 * socket and stay the caller's.
 */
int control_open(struct control **out, const char *path, const struct control_target *target);

enum { CONTROL_FDS_MAX = 33 };

/* Fills fds, which has room for CONTROL_FDS_MAX entries, for poll(); returns their number. */
unsigned int control_poll_set(const struct control *control, struct pollfd *fds);

/* Handles the results of poll() in an array that control_poll_set() has filled. */
void control_handle(struct control *control, const struct pollfd *fds, unsigned int count);

/* Drops all clients, waits for their helpers, and frees the control; NULL is allowed. */
void control_close(struct control *control);

#endif
