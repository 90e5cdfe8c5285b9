// SPDX-License-Identifier: GPL-2.0-only
#include "util/pack.h"

#include <errno.h>
#include <string.h>

bool pack_has(const struct pack *p, unsigned int layout)
{
	return !p->old || p->layout >= layout;
}

unsigned int pack_rows(const struct pack *p, unsigned int now)
{
	return p->rows ? p->rows : now;
}

void pack_bytes(struct pack *p, void *value, size_t size)
{
	if (p->err)
		return;
	if (size > p->size - p->used) {
		p->err = p->reading ? -EBADMSG : -ENOSPC;
		return;
	}
	if (p->reading)
		memcpy(value, p->data + p->used, size);
	else
		memcpy(p->data + p->used, value, size);
	p->used += size;
}

void pack_bool(struct pack *p, bool *value)
{
	unsigned char byte = *value;

	pack_bytes(p, &byte, sizeof(byte));
	if (byte > 1)
		p->err = -EBADMSG;
	*value = byte == 1;
}

void pack_u32(struct pack *p, __u32 *value)
{
	pack_bytes(p, value, sizeof(*value));
}

void pack_s32(struct pack *p, __s32 *value)
{
	pack_bytes(p, value, sizeof(*value));
}

void pack_u64(struct pack *p, __u64 *value)
{
	pack_bytes(p, value, sizeof(*value));
}

void pack_enum(struct pack *p, unsigned int *value, unsigned int last)
{
	__u32 number = *value;

	pack_u32(p, &number);
	if (number > last) {
		p->err = -EBADMSG;
		number = 0;
	}
	*value = number;
}

void pack_text(struct pack *p, char *value, size_t size)
{
	pack_bytes(p, value, size);
	if (value[size - 1])
		p->err = -EBADMSG;
	value[size - 1] = 0;
}
