/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Values of fixed width, one after the other, in the caller's memory; the same calls read them
 * back. err keeps the first failure; after it the calls do nothing.
 */
#ifndef PACK_H
#define PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

struct pack {
	unsigned char *data;
	size_t size, used;
	bool reading;
	/* How many rows the caller's table had when this was packed; 0: as many as it has now. */
	unsigned int rows;
	bool old;	     /* of an older layout of the caller's */
	unsigned int layout; /* ... of this one */
	int err;	     /* 0, -ENOSPC: no room; -EBADMSG: too short, or an impossible value */
};

/* True if the caller's layouts have had a thing since this one, and what is packed has it. */
bool pack_has(const struct pack *p, unsigned int layout);

/* How many rows of the caller's table are packed, where the table has `now` today. */
unsigned int pack_rows(const struct pack *p, unsigned int now);

/* Each writes *value, or if p->reading sets it. */
void pack_bytes(struct pack *p, void *value, size_t size);
void pack_bool(struct pack *p, bool *value);
void pack_u32(struct pack *p, __u32 *value);
void pack_s32(struct pack *p, __s32 *value);
void pack_u64(struct pack *p, __u64 *value);
/* One of 0 to last. */
void pack_enum(struct pack *p, unsigned int *value, unsigned int last);
/* A string in an array of that size, which a NUL ends. */
void pack_text(struct pack *p, char *value, size_t size);

#endif
