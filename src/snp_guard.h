/* SPDX-License-Identifier: GPL-2.0-only */
/* Everything that the BPF programs and the user side share. */
#ifndef SNP_GUARD_H
#define SNP_GUARD_H

#include "abi/event.h"
#include "abi/latch.h"

#endif
