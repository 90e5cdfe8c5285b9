/* SPDX-License-Identifier: GPL-2.0-only */
/* The requests of the control socket; control.c has the socket and its clients. */
#ifndef LAB_CONTROL_REQUESTS_H
#define LAB_CONTROL_REQUESTS_H

#include <stdio.h>
#include <sys/types.h>

#include "psp/control.h"

/* A process that writes the answer to a request into a pipe, and exits. */
struct control_helper {
	int fd; /* the pipe's end to read from; -1: no helper is running */
	pid_t pid;
};

/*
 * Runs the request in line, which it changes, and writes the answer to out. 0: "ok" ended the
 * answer; -EINVAL: "error: WHY" did; -EINPROGRESS: *helper, then the caller's, writes the answer.
 */
int control_request(const struct control_target *target, char *line, FILE *out,
		    struct control_helper *helper);

#endif
