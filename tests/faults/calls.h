/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The calls that are made to fail, and with what: each errno that the call's manual page lists
 * under ERRORS (Linux man-pages 6.03), but for second names of one number (EWOULDBLOCK). pread(2)
 * adds the errors of lseek(2) to those of read(2), writev(2) has those of write(2). bpf(2) of
 * man-pages is of Linux 4.4: EAGAIN, EBUSY, EEXIST and ENOSPC stand in kernel/bpf/syscall.c.
 *
 * Left out is EBADF of close(2): libmicrohttpd takes it for a descriptor that is closed twice, and
 * ends the process.
 *
 * X(name, errnos). Other functions and system calls do the same and count as the same: openat,
 * fopen() and opendir() as open, and so on.
 */
#ifndef FAULTS_CALLS_H
#define FAULTS_CALLS_H

#include <errno.h>

#define FAULT_CALLS(X)                                                                             \
	X(malloc, ENOMEM)                                                                          \
	X(open, EACCES, EBADF, EBUSY, EDQUOT, EEXIST, EFBIG, EINTR, EINVAL, EISDIR, ELOOP, EMFILE, \
	  ENAMETOOLONG, ENFILE, ENODEV, ENOENT, ENOMEM, ENOSPC, ENOTDIR, ENXIO, EOPNOTSUPP,        \
	  EOVERFLOW, EPERM, EROFS, ETXTBSY, EAGAIN, EFAULT)                                        \
	X(read, EAGAIN, EBADF, EINTR, EINVAL, EIO, EISDIR, EFAULT)                                 \
	X(pread, EAGAIN, EBADF, EINTR, EINVAL, EIO, EISDIR, ENXIO, EOVERFLOW, ESPIPE, EFAULT)      \
	X(write, EAGAIN, EBADF, EDESTADDRREQ, EDQUOT, EFBIG, EINTR, EINVAL, EIO, ENOSPC, EPERM,    \
	  EPIPE, EFAULT)                                                                           \
	X(writev, EAGAIN, EBADF, EDESTADDRREQ, EDQUOT, EFBIG, EINTR, EINVAL, EIO, ENOSPC, EPERM,   \
	  EPIPE, EOPNOTSUPP, EFAULT)                                                               \
	X(mmap, EACCES, EAGAIN, EBADF, EEXIST, EINVAL, ENFILE, ENODEV, ENOMEM, EOVERFLOW, EPERM,   \
	  ETXTBSY)                                                                                 \
	X(poll, EINTR, EINVAL, ENOMEM, EFAULT)                                                     \
	X(fstat, EACCES, EBADF, EINVAL, ELOOP, ENAMETOOLONG, ENOENT, ENOMEM, ENOTDIR, EOVERFLOW,   \
	  EFAULT)                                                                                  \
	X(mkdir, EACCES, EBADF, EDQUOT, EEXIST, EINVAL, ELOOP, EMLINK, ENAMETOOLONG, ENOENT,       \
	  ENOMEM, ENOSPC, ENOTDIR, EPERM, EROFS, EFAULT)                                           \
	X(rename, EACCES, EBADF, EBUSY, EDQUOT, EEXIST, EINVAL, EISDIR, ELOOP, EMLINK,             \
	  ENAMETOOLONG, ENOENT, ENOMEM, ENOSPC, ENOTDIR, ENOTEMPTY, EPERM, EROFS, EXDEV, EFAULT)   \
	X(unlink, EACCES, EBADF, EBUSY, EINVAL, EIO, EISDIR, ELOOP, ENAMETOOLONG, ENOENT, ENOMEM,  \
	  ENOTDIR, EPERM, EROFS, EFAULT)                                                           \
	X(mount, EACCES, EBUSY, EINVAL, ELOOP, EMFILE, ENAMETOOLONG, ENODEV, ENOENT, ENOMEM,       \
	  ENOTBLK, ENOTDIR, ENXIO, EPERM, EROFS, EFAULT)                                           \
	X(socket, EACCES, EAFNOSUPPORT, EINVAL, EMFILE, ENFILE, ENOBUFS, ENOMEM, EPROTONOSUPPORT)  \
	X(bind, EACCES, EADDRINUSE, EADDRNOTAVAIL, EBADF, EINVAL, ELOOP, ENAMETOOLONG, ENOENT,     \
	  ENOMEM, ENOTDIR, ENOTSOCK, EROFS, EFAULT)                                                \
	X(accept, EAGAIN, EBADF, ECONNABORTED, EINTR, EINVAL, EMFILE, ENFILE, ENOBUFS, ENOMEM,     \
	  ENOTSOCK, EOPNOTSUPP, EPERM, EPROTO, EFAULT)                                             \
	X(connect, EACCES, EADDRINUSE, EADDRNOTAVAIL, EAFNOSUPPORT, EAGAIN, EALREADY, EBADF,       \
	  ECONNREFUSED, EINPROGRESS, EINTR, EISCONN, ENETUNREACH, ENOTSOCK, EPERM, EPROTOTYPE,     \
	  ETIMEDOUT, EFAULT)                                                                       \
	X(ioctl, EBADF, EINVAL, ENOTTY, EFAULT)                                                    \
	X(bpf, E2BIG, EACCES, EAGAIN, EBADF, EBUSY, EEXIST, EINVAL, ENOENT, ENOMEM, ENOSPC, EPERM, \
	  EFAULT)                                                                                  \
	X(perf_event_open, E2BIG, EACCES, EBADF, EBUSY, EINTR, EINVAL, EMFILE, ENODEV, ENOENT,     \
	  ENOSPC, ENOSYS, EOPNOTSUPP, EOVERFLOW, EPERM, ESRCH, EFAULT)                             \
	/* ---- what else a run calls ---- */                                                      \
	X(access, EACCES, EBADF, EINVAL, EIO, ELOOP, ENAMETOOLONG, ENOENT, ENOMEM, ENOTDIR, EPERM, \
	  EROFS, ETXTBSY, EFAULT)                                                                  \
	X(close, EDQUOT, EINTR, EIO, ENOSPC)                                                       \
	X(fsync, EBADF, EDQUOT, EINTR, EINVAL, EIO, ENOSPC, EROFS)                                 \
	X(ftruncate, EACCES, EBADF, EFBIG, EINTR, EINVAL, EIO, EPERM, EROFS, EFAULT)               \
	X(fchmod, EBADF, EIO, EPERM, EROFS, EFAULT)                                                \
	X(flock, EBADF, EINTR, EINVAL, ENOLCK, EAGAIN)                                             \
	X(listen, EADDRINUSE, EBADF, ENOTSOCK, EOPNOTSUPP)                                         \
	X(readlink, EACCES, EBADF, EINVAL, EIO, ELOOP, ENAMETOOLONG, ENOENT, ENOMEM, ENOTDIR,      \
	  EFAULT)                                                                                  \
	X(rmdir, EACCES, EBUSY, EINVAL, ELOOP, ENAMETOOLONG, ENOENT, ENOMEM, ENOTDIR, ENOTEMPTY,   \
	  EPERM, EROFS, EFAULT)                                                                    \
	X(sendmsg, EACCES, EAGAIN, EALREADY, EBADF, ECONNRESET, EDESTADDRREQ, EINTR, EINVAL,       \
	  EISCONN, EMSGSIZE, ENOBUFS, ENOMEM, ENOTCONN, ENOTSOCK, EOPNOTSUPP, EPIPE, EFAULT)       \
	X(eventfd, EINVAL, EMFILE, ENFILE, ENODEV, ENOMEM)                                         \
	X(pthread_create, EAGAIN, EINVAL, EPERM)                                                   \
	X(signalfd, EBADF, EINVAL, EMFILE, ENFILE, ENODEV, ENOMEM)                                 \
	X(capset, EINVAL, EPERM, ESRCH, EFAULT)                                                    \
	X(prctl, EACCES, EINVAL, EPERM, EFAULT)                                                    \
	X(unshare, EINVAL, ENOMEM, ENOSPC, EPERM, EUSERS)                                          \
	X(epoll, EBADF, EEXIST, EINTR, EINVAL, ELOOP, EMFILE, ENFILE, ENOENT, ENOMEM, ENOSPC,      \
	  EPERM, EFAULT)

enum fault_call {
#define X(name, ...) FAULT_##name,
	FAULT_CALLS(X)
#undef X
		FAULT_CALLS_NUM
};

enum { FAULT_NAME_MAX = 24, ERRNOS_MAX = 32 };

struct fault_call_row {
	char name[FAULT_NAME_MAX];
	int errnos[ERRNOS_MAX]; /* 0 ends them */
};

static const struct fault_call_row fault_calls[FAULT_CALLS_NUM] = {
#define X(name, ...) { #name, { __VA_ARGS__ } },
	FAULT_CALLS(X)
#undef X
};

#endif
