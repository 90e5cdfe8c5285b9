/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Configuration files: sections of keys and values, and the drop-ins beside a file. The caller
 * knows the keys.
 */
#ifndef CONFIG_FILE_H
#define CONFIG_FILE_H

#include <stddef.h>
#include <stdio.h>

#define CONFIG_FILE "/etc/snp-guard.conf"

struct config_user {
	/*
	 * A section begins; a key is set. Each returns 0, -ENOMEM, or -EINVAL with the mistake in
	 * why. The keys of an unknown section are skipped.
	 */
	int (*section)(void *ctx, const char *section, char *why, size_t size);
	int (*key)(void *ctx, const char *section, const char *key, const char *value,
		   const char *file, unsigned int line, char *why, size_t size);
	/* line 0: the file as a whole. */
	void (*problem)(void *ctx, const char *file, unsigned int line, const char *text);
	void *ctx;
};

/*
 * Reads a file, and then PATH.d/NAME.conf in the order of the names. path NULL: CONFIG_FILE, which
 * need not exist. A file, or directory of drop-ins, that others than root or this process's user
 * may write to is a problem, and is not read. Returns the number of problems; or a negative errno,
 * if something kept a file from being read that may pass, which is told as a problem too.
 */
int config_read(const char *path, const struct config_user *user);

/* Reads one stream likewise. */
int config_read_stream(FILE *f, const char *name, const struct config_user *user);

#endif
