// SPDX-License-Identifier: GPL-2.0-only
/*
 * File systems over another one, through which a guarded file may be written:
 *
 *	over fuse FILE DIR        DIR/file passes through to FILE, until DIR is unmounted
 *	over ecryptfs LOWER DIR   DIR shows LOWER's files as they are
 *
 * Exit status: 0, or 1 and a line that says what failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <linux/keyctl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int failed(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	return 1;
}

/* ---- FUSE passthrough: Linux 6.9, which Debian 12's linux/fuse.h does not know ---- */

struct backing_map {
	int32_t fd;
	uint32_t flags;
	uint64_t padding;
};

#define BACKING_OPEN	  _IOW(229, 1, struct backing_map)
#define INIT_EXT	  (1u << 30)
#define INIT2_PASSTHROUGH (1u << 5) /* bit 37 */
#define OPEN_PASSTHROUGH  (1u << 7)

static int device, backing;

static int reply(const struct fuse_in_header *in, int err, const void *body, size_t size)
{
	char text[256];
	struct fuse_out_header out = { .len = sizeof(out) + size,
				       .error = err,
				       .unique = in->unique };

	memcpy(text, &out, sizeof(out));
	memcpy(text + sizeof(out), body, size);
	return write(device, text, out.len) < 0 ? -errno : 0;
}

static void describe(struct fuse_attr *attr, uint64_t inode)
{
	*attr = (struct fuse_attr){ .ino = inode,
				    .mode = inode == FUSE_ROOT_ID ? S_IFDIR | 0700 : S_IFREG | 0600,
				    .nlink = 1,
				    .size = inode == FUSE_ROOT_ID ? 0 : 4096 };
}

static int answer(const struct fuse_in_header *in)
{
	/* max_stack_depth follows flags2: one file system may be below. */
	struct fuse_init_out init = { .major = FUSE_KERNEL_VERSION,
				      .minor = 40,
				      .flags = INIT_EXT,
				      .max_write = 4096,
				      .flags2 = INIT2_PASSTHROUGH };
	struct fuse_open_out open = { .open_flags = OPEN_PASSTHROUGH };
	struct fuse_entry_out entry = { .nodeid = 2, .attr_valid = 60, .entry_valid = 60 };
	struct fuse_attr_out attr = { .attr_valid = 60 };
	const uint32_t depth = 1;

	switch (in->opcode) {
	case FUSE_INIT:
		memcpy((char *)&init.flags2 + sizeof(init.flags2), &depth, sizeof(depth));
		return reply(in, 0, &init, sizeof(init));
	case FUSE_LOOKUP:
		describe(&entry.attr, 2);
		return reply(in, 0, &entry, sizeof(entry));
	case FUSE_GETATTR:
	case FUSE_SETATTR:
		describe(&attr.attr, in->nodeid);
		return reply(in, 0, &attr, sizeof(attr));
	case FUSE_OPEN:
		/* backing_id is the last member. */
		memcpy((char *)&open + sizeof(open) - sizeof(backing), &backing, sizeof(backing));
		return reply(in, 0, &open, sizeof(open));
	case FUSE_RELEASE:
		return reply(in, 0, "", 0);
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
		return 0;
	default:
		return reply(in, -ENOSYS, "", 0);
	}
}

static int over_fuse(const char *file, const char *dir)
{
	static char request[65536] __attribute__((aligned(8)));
	const struct fuse_in_header *in = (const void *)request;
	struct backing_map map = { 0 };
	char options[64];

	device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (device < 0)
		return failed("/dev/fuse");
	snprintf(options, sizeof(options), "fd=%d,rootmode=40700,user_id=0,group_id=0", device);
	if (mount("over", dir, "fuse", 0, options))
		return failed("mount");
	while (read(device, request, sizeof(request)) > 0) {
		if (answer(in))
			return failed("a reply");
		if (in->opcode != FUSE_INIT)
			continue;
		map.fd = open(file, O_RDONLY | O_CLOEXEC);
		if (map.fd < 0)
			return failed(file);
		backing = ioctl(device, BACKING_OPEN, &map);
		if (backing < 0)
			return failed("FUSE_DEV_IOC_BACKING_OPEN");
		close(map.fd);
		puts("ready");
		fflush(stdout);
	}
	/* Unmounted. */
	return errno == ENODEV ? 0 : failed("a request");
}

/* ---- eCryptfs: include/linux/ecryptfs.h ---- */

/* Of struct ecryptfs_auth_tok what mount(2) looks at: a version, and a token of type 0, a password.
 */
static uint16_t token[1024] = { 0x0004 };

static int over_ecryptfs(const char *lower, const char *dir)
{
	static const char name[] = "0123456789abcdef";

	if (syscall(SYS_add_key, "user", name, token, sizeof(token), KEY_SPEC_PROCESS_KEYRING) < 0)
		return failed("add_key");
	if (mount(lower, dir, "ecryptfs", 0,
		  "ecryptfs_sig=0123456789abcdef,ecryptfs_cipher=aes,ecryptfs_key_bytes=16,"
		  "ecryptfs_passthrough"))
		return failed("mount");
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "fuse"))
		return over_fuse(argv[2], argv[3]);
	if (argc == 4 && !strcmp(argv[1], "ecryptfs"))
		return over_ecryptfs(argv[2], argv[3]);
	fprintf(stderr, "usage: over fuse FILE DIR | over ecryptfs LOWER DIR\n");
	return 2;
}
