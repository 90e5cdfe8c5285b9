/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <stdbool.h>

/*
 * Blocks SIGINT, SIGTERM and, with hangup, SIGHUP. Returns a descriptor that reads them and does
 * not wait, or a negative errno after a message on stderr.
 */
int signals_block(bool hangup);

#endif
