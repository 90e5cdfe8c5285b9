// SPDX-License-Identifier: GPL-2.0-only
#include "psp/ram.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "machine/layout.h"

/* The offset in the file of len bytes at guest physical address pa; -EFAULT: no memory there. */
static int ram_offset(const struct ram *ram, uint64_t pa, size_t len, size_t *offset)
{
	uint64_t low = layout_low(ram->size);

	if (pa < low) {
		*offset = pa;
		return len <= low - pa ? 0 : -EFAULT;
	}
	if (pa < LAYOUT_HIGH || pa - LAYOUT_HIGH >= ram->size - low)
		return -EFAULT;
	*offset = low + (pa - LAYOUT_HIGH);
	return len <= ram->size - *offset ? 0 : -EFAULT;
}

/* Maps the file at the first access, since QEMU sets its size only after this process started. */
static int map_ram(struct ram *ram)
{
	struct stat st;
	void *map;

	if (ram->map)
		return 0;
	if (fstat(ram->fd, &st))
		return -errno;
	if (!st.st_size)
		return -EFAULT;
	map = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, ram->fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	ram->map = map;
	ram->size = (size_t)st.st_size;
	return 0;
}

/* Sets *at to len bytes at guest physical address pa. */
static int find(struct ram *ram, uint64_t pa, size_t len, uint8_t **at)
{
	size_t offset;
	int err = map_ram(ram);

	if (!err)
		err = ram_offset(ram, pa, len, &offset);
	if (!err)
		*at = ram->map + offset;
	return err;
}

int ram_read(void *context, uint64_t pa, void *to, size_t len)
{
	uint8_t *at;
	int err = find(context, pa, len, &at);

	if (!err)
		memcpy(to, at, len);
	return err;
}

int ram_write(void *context, uint64_t pa, const void *from, size_t len)
{
	uint8_t *at;
	int err = find(context, pa, len, &at);

	if (!err)
		memcpy(at, from, len);
	return err;
}

void ram_close(struct ram *ram)
{
	if (ram->map)
		munmap(ram->map, ram->size);
	if (ram->fd >= 0)
		close(ram->fd);
}
