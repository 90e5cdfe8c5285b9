/* SPDX-License-Identifier: GPL-2.0-only */
/* What the guard can put right by itself before it runs. */
#ifndef REMEDY_H
#define REMEDY_H

#include "host/platform.h"

/*
 * Mounts tracefs and securityfs where they are missing, in a mount namespace of this process's
 * own, and loads the msr driver. What fails is left as it is: preflight() tells it. Does nothing
 * below a root other than the host's.
 */
void remedy(const struct platform *p);

#endif
