/* SPDX-License-Identifier: GPL-2.0-only */
/* Guest memory: the file of QEMU's memory backend. */
#ifndef LAB_RAM_H
#define LAB_RAM_H

#include <stddef.h>
#include <stdint.h>

struct ram {
	int fd;
	uint8_t *map; /* NULL until the first access */
	size_t size;
};

/*
 * Copy len bytes from or to guest physical address pa of the struct ram at context. 0; -EFAULT:
 * there is no memory; or the error of mapping the file.
 */
int ram_read(void *context, uint64_t pa, void *to, size_t len);
int ram_write(void *context, uint64_t pa, const void *from, size_t len);

/* Unmaps and closes the file, if it is open. */
void ram_close(struct ram *ram);

#endif
