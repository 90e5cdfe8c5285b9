/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PINS_DIR, the directory of bpffs that keeps a guard's maps and links when the guard ends, a file
 * for each. A rename puts the directory in place as a whole, so that a killed guard leaves either
 * all of it or nothing.
 */
#ifndef PINS_H
#define PINS_H

#include <stdbool.h>
#include <stddef.h>

#define PINS_BPFFS "/sys/fs/bpf"
#define PINS_DIR   PINS_BPFFS "/snp-guard"
/* Where a guard makes its pins while PINS_DIR still has those of another. */
#define PINS_NEW PINS_DIR "-new"

enum pin_kind { PIN_MAP, PIN_LINK };

#define PIN_PATH_MAX 128
/* The path of a pin below dir (PINS_DIR or PINS_NEW). */
void pin_path(char path[PIN_PATH_MAX], const char *dir, enum pin_kind kind, const char *name);

/* True if PINS_DIR exists. */
bool pins_exist(void);

/*
 * Cleans up after a guard that was killed while it changed its pins: afterwards PINS_DIR is whole
 * or absent. Returns 0 or a negative errno.
 */
int pins_recover(void);

/* Makes an empty PINS_NEW. Returns 0 or a negative errno: -ENOENT if there is no bpffs. */
int pins_begin(void);
/*
 * Puts PINS_NEW in the place of PINS_DIR, whose programs are detached then unless a process holds
 * their links. Returns 0 or a negative errno.
 */
int pins_publish(void);

/* Removes PINS_DIR, to the same effect. Returns 0 or a negative errno. */
int pins_remove(void);

/*
 * Opens what is pinned at path. Returns a descriptor or a negative errno: -ENOENT if there is no
 * pin; any other means that bpf(2) does not say.
 */
int pin_get(const char *path);

/* Pins a map or link in PINS_DIR if it is not pinned. Returns 1 if it was not, 0, or a negative
 * errno. */
int pin_again(int fd, enum pin_kind kind, const char *name);

#endif
