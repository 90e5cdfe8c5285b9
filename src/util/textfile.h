/* SPDX-License-Identifier: GPL-2.0-only */
/* A file for node_exporter's textfile collector, which may read it at any moment. */
#ifndef TEXTFILE_H
#define TEXTFILE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * False for a path that something else than a regular file has: rename() would put a file in the
 * place of a link, or of /dev/null.
 */
bool textfile_is_one(const char *path);

/*
 * Replaces the file as a whole: readers see the old file or the new one. Mode 0644, because the
 * collector runs as another user. Returns 0, or a negative errno and leaves the old file.
 */
int textfile_write(const char *path, const char *text, size_t len);

#endif
