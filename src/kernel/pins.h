/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a guard's maps and links are kept when it ends: a directory of bpffs, with a file for each.
 * It comes and goes as a whole, by rename, so that a guard that is killed leaves it whole.
 */
#ifndef PINS_H
#define PINS_H

#include <stdbool.h>
#include <stddef.h>

#define PINS_BPFFS "/sys/fs/bpf"
#define PINS_DIR   PINS_BPFFS "/snp-guard"
/* What is made while PINS_DIR is still another guard's. */
#define PINS_NEW PINS_DIR "-new"

enum pin_kind { PIN_MAP, PIN_LINK };

#define PIN_PATH_MAX 128
/* The path of a pin below dir (PINS_DIR or PINS_NEW). */
void pin_path(char path[PIN_PATH_MAX], const char *dir, enum pin_kind kind, const char *name);

bool pins_exist(void);

/*
 * Puts right what a guard left that was killed while it changed its pins: PINS_DIR is then there as
 * a whole, or not at all. Returns 0 or a negative errno.
 */
int pins_recover(void);

/* Makes an empty PINS_NEW. Returns 0 or a negative errno: -ENOENT without bpffs. */
int pins_begin(void);
/* Puts PINS_NEW in place of PINS_DIR; what that had is detached. Returns 0 or a negative errno. */
int pins_publish(void);

/* Removes PINS_DIR: what it had is detached, unless a guard still holds it. 0 or an errno. */
int pins_remove(void);

/*
 * Pins a map or link in PINS_DIR, unless it is already. Returns 1 if it had to be, 0, or a negative
 * errno.
 */
int pin_again(int fd, enum pin_kind kind, const char *name);

/*
 * Only one guard at a time. Returns a descriptor that holds the lock until it is closed, or a
 * negative errno: -EBUSY if another process has it, whose id is in *holder then (0: not known).
 */
int guard_lock(int *holder);

#endif
