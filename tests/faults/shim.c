// SPDX-License-Identifier: GPL-2.0-only
/*
 * A library for LD_PRELOAD that makes one call of a program fail, as its driver says (control.h).
 * It replaces malloc() and its kin, which glibc calls too. System calls are trapped: a seccomp
 * filter sends SIGSYS for those of the table below, wherever they are made (libc's own in fopen()
 * or in a stream's flush can't be replaced by name), and the handler makes the call by an
 * instruction that the filter lets pass, or has it fail. The filter stays across execve(), so a
 * program that starts others is not to be watched.
 */
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "control.h"

static struct fault_control *control;
static uintptr_t program_start, program_end;
static __thread bool inside;

/* ---- which call fails ---- */

static void keep_frames(void)
{
	void *frames[CONTROL_FRAMES * 2];
	int n = backtrace(frames, CONTROL_FRAMES * 2);
	uint32_t kept = 0;

	for (int i = 0; i < n && kept < CONTROL_FRAMES; i++) {
		uintptr_t at = (uintptr_t)frames[i];

		if (at >= program_start && at < program_end)
			control->frames[kept++] = at - program_start - 1;
	}
	control->frame_count = kept;
}

static bool fails(enum fault_call call)
{
	bool hit;

	if (!control || inside)
		return false;
	__atomic_add_fetch(&control->counts[call], 1, __ATOMIC_RELAXED);
	if (!__atomic_load_n(&control->armed, __ATOMIC_ACQUIRE) || control->call != call)
		return false;
	hit = __atomic_fetch_sub(&control->left, 1, __ATOMIC_RELAXED) == 0;
	if (!hit)
		return false;
	inside = true;
	keep_frames();
	inside = false;
	__atomic_store_n(&control->armed, 0, __ATOMIC_RELEASE);
	return true;
}

/* ---- allocations ---- */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

static bool no_memory(void)
{
	if (!fails(FAULT_malloc))
		return false;
	errno = ENOMEM;
	return true;
}

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): libc has other names */
void *malloc(size_t size)
{
	return no_memory() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return no_memory() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	return no_memory() ? NULL : __libc_realloc(old, size);
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

/* ---- system calls ---- */

#define SYSTEM_CALLS(X)                                                                            \
	X(open, open)                                                                              \
	X(open, openat)                                                                            \
	X(open, openat2)                                                                           \
	X(read, readv)                                                                             \
	X(read, getdents64)                                                                        \
	X(pread, pread64)                                                                          \
	X(write, write)                                                                            \
	X(write, pwrite64)                                                                         \
	X(writev, writev)                                                                          \
	X(mmap, mmap)                                                                              \
	X(poll, poll)                                                                              \
	X(poll, ppoll)                                                                             \
	X(fstat, fstat)                                                                            \
	X(fstat, stat)                                                                             \
	X(fstat, lstat)                                                                            \
	X(fstat, newfstatat)                                                                       \
	X(fstat, statx)                                                                            \
	X(mkdir, mkdir)                                                                            \
	X(mkdir, mkdirat)                                                                          \
	X(rename, rename)                                                                          \
	X(rename, renameat)                                                                        \
	X(rename, renameat2)                                                                       \
	X(unlink, unlink)                                                                          \
	X(unlink, unlinkat)                                                                        \
	X(mount, mount)                                                                            \
	X(socket, socket)                                                                          \
	X(bind, bind)                                                                              \
	X(accept, accept)                                                                          \
	X(accept, accept4)                                                                         \
	X(connect, connect)                                                                        \
	X(ioctl, ioctl)                                                                            \
	X(bpf, bpf)                                                                                \
	X(perf_event_open, perf_event_open)                                                        \
	X(access, access)                                                                          \
	X(access, faccessat)                                                                       \
	X(access, faccessat2)                                                                      \
	X(close, close)                                                                            \
	X(fsync, fsync)                                                                            \
	X(fsync, fdatasync)                                                                        \
	X(ftruncate, ftruncate)                                                                    \
	X(fchmod, fchmod)                                                                          \
	X(flock, flock)                                                                            \
	X(listen, listen)                                                                          \
	X(readlink, readlink)                                                                      \
	X(readlink, readlinkat)                                                                    \
	X(rmdir, rmdir)                                                                            \
	X(sendmsg, sendmsg)                                                                        \
	X(sendmsg, sendto)                                                                         \
	X(signalfd, signalfd4)                                                                     \
	X(capset, capset)                                                                          \
	X(prctl, prctl)                                                                            \
	X(unshare, unshare)                                                                        \
	X(epoll, epoll_create1)                                                                    \
	X(epoll, epoll_ctl)                                                                        \
	X(epoll, epoll_wait)                                                                       \
	X(epoll, epoll_pwait)

static const struct {
	enum fault_call call;
	int number;
} system_calls[] = {
#define X(call, name) { FAULT_##call, SYS_##name },
	SYSTEM_CALLS(X)
#undef X
};
enum { CALLS = sizeof(system_calls) / sizeof(system_calls[0]) };

/* The system call that the filter lets pass: its instruction ends at pass_end. */
long pass(long number, const greg_t *arguments);
extern const char pass_end[];
__asm__(".text\n"
	".globl pass\n"
	".hidden pass\n"
	".globl pass_end\n"
	".hidden pass_end\n"
	"pass:\n"
	"	mov %rdi, %rax\n"
	"	mov %rsi, %r11\n"
	"	mov 0(%r11), %rdi\n"
	"	mov 8(%r11), %rsi\n"
	"	mov 16(%r11), %rdx\n"
	"	mov 24(%r11), %r10\n"
	"	mov 32(%r11), %r8\n"
	"	mov 40(%r11), %r9\n"
	"	syscall\n"
	"pass_end:\n"
	"	ret\n");

static enum fault_call call_of(int number)
{
	for (int i = 0; i < CALLS; i++)
		if (system_calls[i].number == number)
			return system_calls[i].call;
	return FAULT_read;
}

#define LOAD(name, more)                                                                           \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, name) + (more))
#define UNLESS(what, skipped) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, what, 0, skipped)
#define RETURN(what)	      BPF_STMT(BPF_RET | BPF_K, what)

/* Of all threads, from now on; filters add up. */
static int trap(const int *numbers, unsigned int count)
{
	const uintptr_t at = (uintptr_t)pass_end;
	const struct sock_filter head[] = {
		LOAD(instruction_pointer, 0), UNLESS((uint32_t)at, 3),
		LOAD(instruction_pointer, 4), UNLESS((uint32_t)(at >> 32), 1),
		RETURN(SECCOMP_RET_ALLOW),    LOAD(nr, 0),
	};
	enum { HEAD = sizeof(head) / sizeof(head[0]) };
	struct sock_filter filter[HEAD + 2 * CALLS + 1];
	const struct sock_fprog program = { .len = HEAD + 2 * count + 1, .filter = filter };
	const greg_t arguments[6] = { SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC,
				      (greg_t)&program };
	unsigned int n = HEAD;

	memcpy(filter, head, sizeof(head));
	for (unsigned int i = 0; i < count; i++) {
		filter[n++] = (struct sock_filter)UNLESS(numbers[i], 1);
		filter[n++] = (struct sock_filter)RETURN(SECCOMP_RET_TRAP);
	}
	filter[n] = (struct sock_filter)RETURN(SECCOMP_RET_ALLOW);
	return pass(SYS_seccomp, arguments) ? -1 : 0;
}

static int trap_reads(void)
{
	static bool done;
	const int number = SYS_read;

	if (__atomic_exchange_n(&done, true, __ATOMIC_SEQ_CST))
		return 0;
	return trap(&number, 1);
}

static int trap_others(void)
{
	int numbers[CALLS];

	for (int i = 0; i < CALLS; i++)
		numbers[i] = system_calls[i].number;
	return trap(numbers, CALLS);
}

static bool are_reads_due(enum fault_call call)
{
	uint32_t from = control->reads_from_open;

	return from ? call == FAULT_open && control->counts[FAULT_open] >= from
		    : call == FAULT_poll;
}

static void on_trap(int signal, siginfo_t *info, void *context)
{
	greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
	const greg_t arguments[] = { r[REG_RDI], r[REG_RSI], r[REG_RDX],
				     r[REG_R10], r[REG_R8],  r[REG_R9] };
	enum fault_call call = call_of(info->si_syscall);
	int kept = errno;

	(void)signal;
	if (control && are_reads_due(call))
		trap_reads();
	if (!fails(call))
		r[REG_RAX] = pass(info->si_syscall, arguments);
	else {
		/* Whatever close(2) returns, the descriptor is gone. */
		if (call == FAULT_close)
			pass(info->si_syscall, arguments);
		r[REG_RAX] = -control->err;
	}
	errno = kept;
}

/* SIGSYS must not be blocked: the kernel would end the process at the next trap. */
/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): libc has other names */
int pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
	sigset_t less;

	if (set && how != SIG_UNBLOCK) {
		less = *set;
		sigdelset(&less, SIGSYS);
		set = &less;
	}
	return syscall(SYS_rt_sigprocmask, how, set, old, _NSIG / 8) ? errno : 0;
}

int sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
	int err = pthread_sigmask(how, set, old);

	if (err)
		errno = err;
	return err ? -1 : 0;
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

/* ---- the start ---- */

static int find_program(struct dl_phdr_info *info, size_t size, void *ctx)
{
	(void)size;
	(void)ctx;
	program_start = info->dlpi_addr;
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD)
			program_end = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr +
				      info->dlpi_phdr[i].p_memsz;
	return 1; /* the program is the first one */
}

static void __attribute__((constructor)) begin(void)
{
	struct sigaction action = { .sa_sigaction = on_trap, .sa_flags = SA_SIGINFO | SA_NODEFER };
	const char *path = getenv("FAULTS_CONTROL");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *frames[1], *memory;

	if (!path)
		return;
	memory = fd < 0 ? MAP_FAILED
			: mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	dl_iterate_phdr(find_program, NULL);
	/* The first call loads a library, and allocates. */
	backtrace(frames, 1);
	if (memory == MAP_FAILED || sigaction(SIGSYS, &action, NULL) || trap_others()) {
		fprintf(stderr, "the shim of the faults does not start: %s\n", strerror(errno));
		_exit(125);
	}
	control = memory;
}
