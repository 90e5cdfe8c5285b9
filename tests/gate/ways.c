// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ways to write to a guarded file, each of which the gate must refuse:
 *
 *	ways [--go FIFO] WAY FILE VALUE    tries one way; prints "done", or the name of its errno
 *	ways --list                        prints the table
 *
 * A way has two steps: it gets hold of the file, then it writes. With --go the program prints
 *"ready" between them and waits until the FIFO is opened for writing. Exit status: 0 done; 1
 *refused; 2 the first step failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <linux/aio_abi.h>
#include <linux/loop.h>
#include <linux/suspend_ioctls.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *file, *value;
static int fd = -1, other = -1;
static pid_t child;
static struct io_uring ring;

static size_t len(void)
{
	return strlen(value);
}

/* Turns a system call's result into 0 or a negative errno. */
static int outcome(long result)
{
	return result < 0 ? -errno : 0;
}

/* ---- getting hold of the file ---- */

static int nothing(void)
{
	return 0;
}

static int open_as(int flags)
{
	fd = open(file, flags | O_CLOEXEC);
	return outcome(fd);
}

static int open_to_write(void)
{
	return open_as(O_WRONLY);
}

static int open_both(void)
{
	return open_as(O_RDWR);
}

static int open_to_read(void)
{
	return open_as(O_RDONLY);
}

static int open_path(void)
{
	return open_as(O_PATH);
}

static int with_ring(unsigned int flags)
{
	int err = open_to_write();

	return err ? err : io_uring_queue_init(4, &ring, flags);
}

static int open_ring(void)
{
	return with_ring(0);
}

static int open_ring_sqpoll(void)
{
	return with_ring(IORING_SETUP_SQPOLL);
}

/* No descriptor remains: only the ring refers to the file. */
static int open_ring_registered(void)
{
	int err = with_ring(0);

	if (!err)
		err = io_uring_register_files(&ring, &fd, 1);
	close(fd);
	return err;
}

static int just_ring(void)
{
	return io_uring_queue_init(4, &ring, 0);
}

static int send_fd(int sock)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec one = { .iov_base = "", .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &one,
			      .msg_iovlen = 1,
			      .msg_control = control.buf,
			      .msg_controllen = sizeof(control.buf) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	return outcome(sendmsg(sock, &msg, 0));
}

static int receive_fd(int sock)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct iovec one = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &one,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct cmsghdr *c;

	if (recvmsg(sock, &msg, 0) < 0)
		return -errno;
	c = CMSG_FIRSTHDR(&msg);
	if (!c)
		return -EBADMSG;
	memcpy(&fd, CMSG_DATA(c), sizeof(int));
	return 0;
}

/* Sent, and not received: no process has the descriptor in its table. */
static int leave_in_flight(void)
{
	int socks[2], err;

	err = open_to_write();
	if (!err && socketpair(AF_UNIX, SOCK_STREAM, 0, socks))
		err = -errno;
	if (!err)
		err = send_fd(socks[0]);
	close(fd);
	fd = -1;
	other = err ? -1 : socks[1];
	return err;
}

/* A child opens the file and passes the descriptor. */
static int receive_from_child(void)
{
	int socks[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, socks))
		return -errno;
	child = fork();
	if (!child)
		_exit(open_to_write() || send_fd(socks[0]));
	close(socks[0]);
	return child < 0 ? -errno : receive_fd(socks[1]);
}

static int child_holds_it(void)
{
	int err = open_to_write();

	child = err ? -1 : fork();
	if (!child) {
		pause();
		_exit(0);
	}
	if (err || child < 0)
		return err ? err : -errno;
	other = fd;
	close(fd);
	return 0;
}

/* A loop device backed by the file; only the device's descriptor stays open. */
static int arm_loop(void)
{
	char path[32];
	int control, number, err = open_both();

	if (err)
		return err;
	control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	number = control < 0 ? -1 : ioctl(control, LOOP_CTL_GET_FREE);
	snprintf(path, sizeof(path), "/dev/loop%d", number);
	other = number < 0 ? -1 : open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
	if (other < 0 || ioctl(other, LOOP_SET_FD, fd))
		err = -errno;
	close(control);
	close(fd);
	return err;
}

/* ---- writing ---- */

static int do_write(void)
{
	return outcome(write(fd, value, len()));
}

static int do_pwrite(void)
{
	return outcome(pwrite(fd, value, len(), 0));
}

static struct iovec *vector(void)
{
	static struct iovec v;

	v = (struct iovec){ .iov_base = (void *)value, .iov_len = len() };
	return &v;
}

static int do_writev(void)
{
	return outcome(writev(fd, vector(), 1));
}

static int do_pwritev2(void)
{
	return outcome(pwritev2(fd, vector(), 1, 0, 0));
}

static int do_splice(void)
{
	int ends[2];

	if (pipe(ends) || write(ends[1], value, len()) < 0)
		return -errno;
	return outcome(splice(ends[0], NULL, fd, NULL, len(), 0));
}

static int do_sendfile(void)
{
	int from = memfd_create("value", MFD_CLOEXEC);

	if (from < 0 || pwrite(from, value, len(), 0) < 0)
		return -errno;
	return outcome(sendfile(fd, from, NULL, len()));
}

/* Both files must be on one file system; this one accepts 0 and 1. */
#define SOURCE "/sys/power/pm_print_times"

static int do_copy(void)
{
	int from = open(SOURCE, O_RDWR | O_CLOEXEC);

	if (from < 0 || pwrite(from, value, len(), 0) < 0)
		return -errno;
	lseek(from, 0, SEEK_SET);
	return outcome(copy_file_range(from, NULL, fd, NULL, len() + 1, 0));
}

static int do_mmap(void)
{
	char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		return -errno;
	/* Bytes of a file. */
	memcpy(p, value, len()); // NOLINT(bugprone-not-null-terminated-result)
	return outcome(msync(p, 4096, MS_SYNC));
}

static int do_aio(void)
{
	struct iocb cb = { .aio_lio_opcode = IOCB_CMD_PWRITE,
			   .aio_fildes = fd,
			   .aio_buf = (__u64)(unsigned long)value,
			   .aio_nbytes = len() };
	struct iocb *list[] = { &cb };
	struct io_event event;
	aio_context_t context = 0;

	if (syscall(SYS_io_setup, 1, &context) || syscall(SYS_io_submit, context, 1, list) != 1 ||
	    syscall(SYS_io_getevents, context, 1, 1, &event, NULL) != 1)
		return -errno;
	return event.res < 0 ? (int)event.res : 0;
}

static int wait_for_ring(void)
{
	struct io_uring_cqe *cqe;
	int err = io_uring_submit(&ring);

	if (err >= 0)
		err = io_uring_wait_cqe(&ring, &cqe);
	return err < 0 ? err : cqe->res;
}

static int ring_write(int number, unsigned char flags)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
	int result;

	io_uring_prep_write(sqe, number, value, len(), 0);
	sqe->flags |= flags;
	result = wait_for_ring();
	return result < 0 ? result : 0;
}

static int do_ring(void)
{
	return ring_write(fd, 0);
}

static int do_ring_async(void)
{
	return ring_write(fd, IOSQE_ASYNC);
}

static int do_ring_registered(void)
{
	return ring_write(0, IOSQE_FIXED_FILE);
}

static int do_ring_open(void)
{
	int result;

	io_uring_prep_openat(io_uring_get_sqe(&ring), AT_FDCWD, file, O_WRONLY, 0);
	result = wait_for_ring();
	if (result < 0)
		return result;
	fd = result;
	return do_write();
}

static int do_dup(void)
{
	fd = dup(fd);
	return fd < 0 ? -errno : do_write();
}

static int do_in_child(void)
{
	int status;

	child = fork();
	if (!child)
		_exit(-do_write());
	if (child < 0 || waitpid(child, &status, 0) < 0)
		return -errno;
	child = 0;
	return -WEXITSTATUS(status);
}

static int do_receive(void)
{
	int err = receive_fd(other);

	return err ? err : do_write();
}

static int do_take(void)
{
	int pidfd = syscall(SYS_pidfd_open, child, 0);

	fd = pidfd < 0 ? -1 : syscall(SYS_pidfd_getfd, pidfd, other, 0);
	if (fd < 0)
		return -errno;
	kill(child, SIGKILL);
	return do_write();
}

/* O_DIRECT: a whole page of the device. */
static int do_loop(void)
{
	char *page = aligned_alloc(4096, 4096);
	int err;

	if (!page)
		return -ENOMEM;
	memset(page, 0, 4096);
	/* Bytes of a file. */
	memcpy(page, value, len()); // NOLINT(bugprone-not-null-terminated-result)
	err = outcome(pwrite(other, page, 4096, 0));
	ioctl(other, LOOP_CLR_FD);
	return err;
}

static int do_arm_and_loop(void)
{
	int err = arm_loop();

	return err ? err : do_loop();
}

/* ---- other names of the file ---- */

static int do_open(void)
{
	return open_to_write();
}

static int open_and_write(const char *path)
{
	fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd < 0 ? -errno : do_write();
}

static int do_reopen(void)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open_and_write(path);
}

#define PLACE "/tmp/ways"

/* The file's path with PLACE for /sys; of another file's path PLACE alone. */
static const char *moved(void)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s%s", PLACE, strncmp(file, "/sys/", 5) ? "" : file + 4);
	return path;
}

static int mount_sysfs(void)
{
	mkdir(PLACE, 0700);
	return outcome(mount("sysfs", PLACE, "sysfs", 0, NULL));
}

static int do_second_sysfs(void)
{
	int err = mount_sysfs();

	if (!err)
		err = open_and_write(moved());
	umount2(PLACE, MNT_DETACH);
	return err;
}

static int do_bind(void)
{
	int err;

	close(open(PLACE "-file", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	if (mount(file, PLACE "-file", NULL, MS_BIND, NULL))
		return -errno;
	err = open_and_write(PLACE "-file");
	umount2(PLACE "-file", MNT_DETACH);
	return err;
}

static int do_mount_namespace(void)
{
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return -errno;
	return do_second_sysfs();
}

static int do_network_namespace(void)
{
	return unshare(CLONE_NEWNET) ? -errno : do_mount_namespace();
}

static int write_to(const char *path, const char *text)
{
	int to = open(path, O_WRONLY | O_CLOEXEC);
	int err = to < 0 ? -errno : outcome(write(to, text, strlen(text)));

	close(to);
	return err;
}

static int do_user_namespace(void)
{
	int err = outcome(unshare(CLONE_NEWUSER | CLONE_NEWNS));

	if (!err)
		err = write_to("/proc/self/uid_map", "0 0 1");
	return err ? err : open_and_write(file);
}

static int do_chroot(void)
{
	mkdir(PLACE, 0700);
	mkdir(PLACE "/sys", 0700);
	if (mount("/sys", PLACE "/sys", NULL, MS_BIND, NULL) || chroot(PLACE))
		return -errno;
	return open_and_write(file);
}

static int do_handle(void)
{
	union {
		struct file_handle h;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} handle = { .h.handle_bytes = MAX_HANDLE_SZ };
	int id, root = open("/sys", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (root < 0 || name_to_handle_at(AT_FDCWD, file, &handle.h, &id, 0))
		return -errno;
	fd = open_by_handle_at(root, &handle.h, O_WRONLY);
	return fd < 0 ? -errno : do_write();
}

/* ---- without a write ---- */

/* A request that changes nothing and asks for nothing but an open device. */
static int do_ioctl(void)
{
	loff_t size;

	return outcome(ioctl(fd, SNAPSHOT_AVAIL_SWAP_SIZE, &size));
}

/* ---- the table ---- */

static const struct way {
	const char *name;
	int (*hold)(void), (*act)(void);
	const char *what;
} ways[] = {
	{ "open", nothing, do_open, "open for writing" },
	{ "write", open_to_write, do_write, "write(2) to a descriptor from before" },
	{ "pwrite", open_to_write, do_pwrite, "pwrite(2)" },
	{ "writev", open_to_write, do_writev, "writev(2)" },
	{ "pwritev2", open_to_write, do_pwritev2, "pwritev2(2)" },
	{ "splice", open_to_write, do_splice, "splice(2) from a pipe" },
	{ "sendfile", open_to_write, do_sendfile, "sendfile(2)" },
	{ "copy", open_to_write, do_copy, "copy_file_range(2) within the file system" },
	{ "mmap", open_both, do_mmap, "a shared mapping" },
	{ "aio", open_to_write, do_aio, "io_submit(2)" },
	{ "uring", open_ring, do_ring, "io_uring" },
	{ "uring-async", open_ring, do_ring_async, "io_uring, by its worker thread" },
	{ "uring-registered", open_ring_registered, do_ring_registered,
	  "io_uring, a registered file whose descriptor is closed" },
	{ "uring-sqpoll", open_ring_sqpoll, do_ring, "io_uring, by the kernel's polling thread" },
	{ "uring-open", just_ring, do_ring_open, "open by io_uring" },
	{ "dup", open_to_write, do_dup, "a copy of the descriptor" },
	{ "inherited", open_to_write, do_in_child, "by a child that has the descriptor" },
	{ "passed", receive_from_child, do_write, "a descriptor from a unix socket" },
	{ "in-flight", leave_in_flight, do_receive, "one that waited in a socket meanwhile" },
	{ "taken", child_holds_it, do_take, "pidfd_getfd(2) from another process" },
	{ "reopened", open_to_read, do_reopen, "/proc/self/fd/N of one that reads" },
	{ "reopened-path", open_path, do_reopen, "/proc/self/fd/N of an O_PATH" },
	{ "handle", nothing, do_handle, "open_by_handle_at(2)" },
	{ "second-sysfs", nothing, do_second_sysfs, "another mount of sysfs" },
	{ "bind", nothing, do_bind, "a bind mount of the file" },
	{ "mount-namespace", nothing, do_mount_namespace, "sysfs in a mount namespace" },
	{ "network-namespace", nothing, do_network_namespace, "a network namespace's sysfs" },
	{ "user-namespace", nothing, do_user_namespace, "as root of a user namespace" },
	{ "chroot", nothing, do_chroot, "below another root directory" },
	{ "loop", nothing, do_arm_and_loop, "a loop device backed by the file" },
	{ "loop-armed", arm_loop, do_loop, "a loop device that was set up before" },
	{ "ioctl", open_to_read, do_ioctl, "ioctl(2), of /dev/snapshot" },
};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

static int list(void)
{
	for (size_t i = 0; i < WAYS; i++)
		printf("%-18s %s\n", ways[i].name, ways[i].what);
	return 0;
}

static int tell(const char *before, int err)
{
	printf("%s%s\n", before, err ? strerrorname_np(-err) : "done");
	return err != 0;
}

static int go(const struct way *way, const char *fifo)
{
	int err = way->hold();

	if (err)
		return tell("not held: ", err) * 2;
	if (fifo) {
		puts("ready");
		fflush(stdout);
		close(open(fifo, O_RDONLY | O_CLOEXEC));
	}
	err = way->act();
	if (child > 0)
		kill(child, SIGKILL);
	return tell("", err);
}

int main(int argc, char **argv)
{
	const char *fifo = NULL;

	if (argc == 2 && !strcmp(argv[1], "--list"))
		return list();
	if (argc > 2 && !strcmp(argv[1], "--go")) {
		fifo = argv[2];
		argv += 2, argc -= 2;
	}
	for (size_t i = 0; argc == 4 && i < WAYS; i++) {
		if (strcmp(argv[1], ways[i].name))
			continue;
		file = argv[2];
		value = argv[3];
		return go(&ways[i], fifo);
	}
	fputs("usage: ways [--go FIFO] WAY FILE VALUE, ways --list\n", stderr);
	return 2;
}
