/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A host for whole commands: its files lie below a fixture's root, its clock moves only when the
 * guard waits, and the test's script runs as that clock moves. The linker puts it between src/ and
 * libc (--wrap, see unit.mk); as long as no test begins a host, each call goes on to libc.
 */
#ifndef STANDIN_HOST_H
#define STANDIN_HOST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "host/psp_status.h"
#include "kernel_fixture.h"

struct host {
	bool stands;
	struct kernel_fixture kernel; /* with the files */
	unsigned int cpus;
	uint64_t syscfg[64];  /* of each CPU */
	bool svme;	      /* KVM has virtualisation enabled */
	uint64_t hsave_pa;    /* of each CPU */
	unsigned int efers;   /* how often one was read */
	uint64_t rmpopt[64];  /* RMPOPT_BASE of each CPU */
	unsigned int rmpopts; /* how often one was read */
	__u64 now_ns;	      /* CLOCK_BOOTTIME, and CLOCK_MONOTONIC */
	__u64 began_ns;	      /* when the last command began */
	unsigned int threads; /* how many there were then */
	uid_t euid;
	uint64_t watchdog_usec;	    /* as the service manager asks for; 0: it does not */
	struct psp_status firmware; /* what /dev/sev says */
	bool late;		    /* the guard went on for an hour after the script's end */
	/* Asked before a file is opened: 0, or a negative errno that the open fails with. */
	int (*on_open)(const char *path, int flags);
	/* Called before a file is read as a stream. */
	void (*on_read)(const char *path);
	/* Asked before a write: 0, perhaps with fewer bytes in *size, or -1 with errno set. */
	int (*on_write)(int fd, size_t *size);
	/* Asked before a kprobe event is removed: true if a program is attached to it. */
	bool (*is_in_use)(const char *event);
	/* What the guard asked of the kernel and of others, one line each, in order. */
	char log[1 << 16];
};

extern struct host host;

#define SECOND 1000000000ull

/* The wall clock is ahead of the boot clock by this: CLOCK_BOOTTIME 0 is 2026-06-01T00:00:00Z. */
#define HOST_REALTIME_S 1780272000ll

/*
 * Begins an SNP host of so many CPUs, all online, SNP_EN clear, on a kernel like 7.3 less the
 * functions that `without` names; root runs the guard. host_save() before a command.
 */
void host_begin(unsigned int cpus, const char *without);
/* Writes BTF and symbols. ccp, lsm and so on may be changed until then. */
void host_save(void);
void host_end(void);

/* A file of the host, as fixture_write(). */
/* Whether CPUID says so; at the begin it does not. */
void host_has_rmpopt(bool has);
void host_write(const char *path, const char *text);
void host_remove(const char *path);
/* Its first line without the newline, or "" where the file is missing; valid until the next call.
 */
const char *host_read(const char *path);
bool host_has(const char *path);
/* Takes the lock of the guards, as a process of that id would. Closing the descriptor ends that. */
int host_hold_lock(const char *holder);
/* From now on to open, create or rename that path fails: a negative errno, or 0 to let it again. */
void host_refuse(const char *path, int err);

/* The lists below /sys/devices/system/cpu, by which CPUs are online. */
void host_set_online(unsigned int cpu, bool online);
bool host_is_online(unsigned int cpu);
/* Its /dev/cpu/N/msr is there from then on. */
void host_set_snp_en(unsigned int cpu, bool set);

/* ---- the script ---- */

/* Calls step, seconds after the next command began, as soon as that command waits. */
void at(double seconds, void (*step)(void));
/* The next command begins: the script's times count from now. */
void host_begin_script(void);

/* For scripts: a signal to the guard. */
void sigterm(void);
void sighup(void);
/* As the kernel sends it when the terminal goes away. */
void sighup_of_terminal(void);

/* ---- the log ---- */

void host_log(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* How many lines of the log begin with text. */
unsigned int host_logged(const char *text);
void host_forget_log(void);

/* Asserts that a line that begins with first stands in the log before one that begins with then. */
#define cr_before(first, then)                                                                     \
	cr_assert(host_is_before(first, then), "`%s` is not before `%s` in:\n%s", first, then,     \
		  host.log)
bool host_is_before(const char *first, const char *then);

/* The tracefs event that a perf event's descriptor stands for; "" for another descriptor. */
const char *host_event_of(int fd);

#endif
