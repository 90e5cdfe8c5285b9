/* SPDX-License-Identifier: GPL-2.0-only */
/* What the guard prepares on a host before it runs. */
#ifndef HOST_PREPARE_H
#define HOST_PREPARE_H

#include "host/platform.h"

/*
 * Mounts tracefs and securityfs if they are missing, in a mount namespace of this process, and
 * loads the msr driver. preflight() reports what failed. Does nothing if p's root is not the
 * host's.
 */
void host_prepare(const struct platform *p);

#endif
