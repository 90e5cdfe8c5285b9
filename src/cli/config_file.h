/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Configuration files: sections of keys and values, and the drop-ins beside a file. What a key
 * means is its user's business.
 */
#ifndef CONFIG_FILE_H
#define CONFIG_FILE_H

#include <stddef.h>
#include <stdio.h>

#define CONFIG_FILE "/etc/snp-guard.conf"

struct config_user {
	/*
	 * A section begins; a key is set. Each returns 0, or -EINVAL with what is wrong in why.
	 * The keys of a section that is none are not told.
	 */
	int (*section)(void *ctx, const char *section, char *why, size_t size);
	int (*key)(void *ctx, const char *section, const char *key, const char *value,
		   const char *file, unsigned int line, char *why, size_t size);
	/* line 0: it is the file as a whole. */
	void (*problem)(void *ctx, const char *file, unsigned int line, const char *text);
	void *ctx;
};

/*
 * Reads a file, and then what is called PATH.d/NAME.conf in the order of the names. Without path
 * it is CONFIG_FILE, which need not be there. A file, or directory of drop-ins, that others than
 * root or this process's user may write to is a problem, and is not read. Returns how many
 * problems were told, or -ENOMEM.
 */
int config_read(const char *path, const struct config_user *user);

/* The same of one stream. */
int config_read_stream(FILE *f, const char *name, const struct config_user *user);

#endif
