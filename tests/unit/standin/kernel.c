// SPDX-License-Identifier: GPL-2.0-only
#include "standin/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abi/latch.h"

struct kernel_standin kernel;

static struct snp_state *state(void)
{
	return bpf_kernel.state;
}

/* ---- records ---- */

static struct snp_event held[64];
static unsigned int held_count;

/* A record of which one of these programs would have been the writer; kind 0 if none is attached.
 */
static struct snp_event begin(enum snp_event_kind kind, const char *program, const char *other)
{
	struct snp_event e = {
		.kind = kind,
		.time_ns = host.now_ns,
		.subject = SNP_NO_SUBJECT,
		.count = SNP_COUNT_UNKNOWN,
		.tgid = 4242,
		.tid = 4242,
		.comm = "modprobe",
	};

	host.now_ns += 1000;
	if (!bpf_is_attached(program) && !(other && bpf_is_attached(other))) {
		e.kind = 0;
		return e;
	}
	e.seq = ++state()->seq;
	if (kind != SNP_EV_DENIED)
		state()->moves++;
	return e;
}

static void submit(const struct snp_event *e)
{
	if (!e->seq)
		return;
	if (kernel.holds_back) {
		cr_assert_lt(held_count, 64);
		held[held_count++] = *e;
	} else if (!bpf_put(e)) {
		state()->lost++;
	}
}

static void record(enum snp_event_kind kind, unsigned int subject, __u32 flags, int result,
		   const char *program, const char *other)
{
	struct snp_event e = begin(kind, program, other);

	e.subject = subject;
	e.flags = flags;
	e.result = result;
	submit(&e);
}

void kernel_record(enum snp_event_kind kind, unsigned int subject)
{
	record(kind, subject, 0, 0, "module_loaded", NULL);
}

void kernel_lose(unsigned int records)
{
	state()->seq += records;
	state()->moves += records;
	state()->lost += records;
}

void kernel_deliver_backwards(void)
{
	kernel.holds_back = false;
	while (held_count)
		cr_assert(bpf_put(&held[--held_count]));
}

/* ---- the latch, as the BPF programs turn it ---- */

static void shut(__u64 why)
{
	if (state())
		state()->latch = (state()->latch | why) + SNP_LATCH_CHANGE;
}

static void release(__u64 why)
{
	if (state())
		state()->latch = (state()->latch & ~why) + SNP_LATCH_CHANGE;
}

static const char *gate_program(void)
{
	return bpf_is_attached("gate_open_modify") ? "gate_open_modify" : "gate_open";
}

bool kernel_is_shut(void)
{
	return state() && state()->latch & SNP_LATCH_SHUT && bpf_is_attached(gate_program());
}

/* ---- what the guard asks ---- */

static void end_wait(const char *what, __u32 flags)
{
	struct snp_event e = begin(SNP_EV_GATE, "prepare_enter", NULL);

	kernel.awaited = false;
	e.flags = flags;
	e.value = SECOND / 20;
	snprintf(e.name, sizeof(e.name), "%s", what);
	submit(&e);
}

static void arm(void)
{
	state()->writes = 1;
	if (kernel.awaited)
		end_wait("snp_prepare() waited for write hooks", 0);
}

static int disarm(__u64 before)
{
	state()->writes = 0;
	if (state()->latch == before)
		return 0;
	arm();
	return -EAGAIN;
}

/* Here the guard does not run while snp_prepare() waits, but goes on until that returns. */
static void await_write_hooks(void)
{
	if (bpf_is_attached("prepare_enter") && !state()->writes &&
	    !(state()->latch & SNP_LATCH_WINDOW) && (kernel.writers || state()->unlisted))
		kernel.awaited = true;
}

static int set_latch(const struct snp_steer *s)
{
	__u64 after = s->before & ~SNP_LATCH_WINDOW;

	if (state()->latch != s->before)
		return -EAGAIN;
	state()->latch = (after | (s->value ? SNP_LATCH_WINDOW : 0)) + SNP_LATCH_CHANGE;
	return 0;
}

/* One entry for each thread; trials end in time, and nobody is killed. */
static void set_trial(__u64 tid, bool begins)
{
	__u64 *triers = state()->triers;

	for (int i = 0; i < SNP_TRIERS; i++)
		if (triers[i] == (begins ? 0 : tid)) {
			triers[i] = begins ? tid : 0;
			return;
		}
	cr_assert_not(begins);
}

static bool is_trial(void)
{
	for (int i = 0; i < SNP_TRIERS; i++)
		if (state()->triers[i] == (__u64)gettid())
			return true;
	return false;
}

static int count_writers(void)
{
	void (*happens)(void) = kernel.on_count;
	int n = state()->unlisted ? -ENOSPC : (int)kernel.writers;

	kernel.on_count = NULL;
	if (happens)
		happens();
	return n;
}

static int steer(struct snp_steer *s)
{
	switch (s->verb) {
	case SNP_STEER_LATCH:
		host_log("latch %s", s->value ? "shut" : "open");
		return set_latch(s);
	case SNP_STEER_AUDIT:
		host_log("audit %s", s->value ? "on" : "off");
		state()->audit = s->value;
		return 0;
	case SNP_STEER_ARM:
		host_log("arm");
		arm();
		return 0;
	case SNP_STEER_DISARM:
		host_log("disarm");
		return disarm(s->before);
	case SNP_STEER_TRY:
		set_trial(gettid(), s->value);
		return 0;
	case SNP_STEER_MISSED:
		state()->missed = s->value;
		return 0;
	case SNP_STEER_FORGET:
		host_log("forget");
		state()->unlisted = kernel.unlistable;
		return 0;
	case SNP_STEER_WRITERS:
		return count_writers();
	}
	return -EINVAL;
}

static int read_truth(struct snp_truth *t)
{
	void (*happens)(void) = kernel.on_truth;

	kernel.on_truth = NULL;
	if (happens)
		happens();
	t->count = kernel.count;
	t->initialised = t->psp_master_addr ? kernel.initialised : -1;
	return 0;
}

static __u64 address_of(const char *name)
{
	char line[64];
	const char *at;

	snprintf(line, sizeof(line), " t %s\n", name);
	at = strstr(host.kernel.core.text, line);
	return at ? strtoull(at - 16, NULL, 16) : 0;
}

/* snp_shutdown() is a call of cpu_hotplug_enable() (E8h) or not, and nothing else. */
static int read_text(struct snp_text *t)
{
	unsigned char *code = (unsigned char *)t->words;
	__u64 shutdown = address_of("snp_shutdown");
	__s32 distance = address_of("cpu_hotplug_enable") - (shutdown + 3 + 5);

	memset(code, 0x90, sizeof(t->words));
	if (t->addr != shutdown || !kernel.disables_hotplug)
		return 0;
	code[3] = 0xe8;
	memcpy(code + 4, &distance, sizeof(distance));
	return 0;
}

static int on_call(const char *program, void *arg)
{
	struct snp_steer *s = arg;

	if (!strcmp(program, "steer")) {
		s->result = steer(s);
		return 0;
	}
	if (!strcmp(program, "read_truth"))
		return read_truth(arg);
	cr_assert_str_eq(program, "read_text");
	return read_text(arg);
}

/* ---- the gate ---- */

static const char *const gated[] = {
#define X(sym, text, path) path,
	SNP_GATED(X)
#undef X
};

static bool is_gated(const char *path)
{
	for (size_t i = 0; i < sizeof(gated) / sizeof(gated[0]); i++)
		if (!fnmatch(gated[i], path, FNM_PATHNAME))
			return true;
	return false;
}

static bool refuses(void)
{
	return kernel_is_shut() && !kernel.gate_is_deaf;
}

int kernel_open_for_writing(const char *name, unsigned int cpu)
{
	bool refused = refuses();
	struct snp_event e;

	kernel.opened = refused && !state()->audit ? -EPERM : 0;
	if (!refused)
		return 0;
	state()->denied++;
	e = begin(SNP_EV_DENIED, gate_program(), NULL);
	e.subject = cpu;
	e.flags = SNP_F_OPEN | (state()->audit ? SNP_F_AUDIT : 0);
	e.result = -EPERM;
	snprintf(e.name, sizeof(e.name), name, cpu);
	strcpy(e.comm, "sh");
	submit(&e);
	return kernel.opened;
}

void open_cpu3(void)
{
	kernel_open_for_writing("cpu%u/online", 3);
}

void cpu3_up(void)
{
	kernel_cpu_up(3);
}

void cpu3_down(void)
{
	kernel_cpu_down(3);
}

void cpu3_loses_snp_en(void)
{
	host_set_snp_en(3, false);
}

void reload_renamed(void)
{
	kernel_fixture_ccp_reloaded(&host.kernel, ".llvm.42");
}

/* The guard itself opens such files only to list them, or to try the gate. */
static int on_open(const char *path, int flags)
{
	if (!(flags & O_WRONLY) || !is_gated(path) || !bpf_is_attached(gate_program()))
		return 0;
	cr_assert(is_trial(), "%s is opened, and is no trial", path);
	if (!fnmatch("*/hotplug/fail", path, 0))
		return 0;
	return refuses() && !state()->audit ? -EPERM : 0;
}

/* ---- hotplug ---- */

static void change_count(enum snp_event_kind kind, int by, bool by_snp, const char *caller,
			 const char *program, const char *other)
{
	struct snp_event e = begin(kind, program, other);

	kernel.count += by;
	if (kernel.count < 0)
		kernel.count = 0; /* the kernel warns */
	e.flags = by_snp ? SNP_F_OWNED : 0;
	e.count = kernel.count;
	snprintf(e.name, sizeof(e.name), "%s", caller);
	submit(&e);
}

void kernel_disable(bool by_snp, const char *caller)
{
	change_count(SNP_EV_HP_DISABLE, 1, by_snp, caller, "hotplug_disable_exit",
		     "hotplug_disable_probe");
}

void kernel_enable(bool by_snp, const char *caller)
{
	change_count(SNP_EV_HP_ENABLE, -1, by_snp, caller, "hotplug_enable_exit",
		     "hotplug_enable_probe");
}

void kernel_cpu_up(unsigned int cpu)
{
	record(SNP_EV_CPU_UP_BEGIN, cpu, 0, 0, "cpu_up_begin", "cpu_up_probe");
	record(SNP_EV_CPU_UP, cpu, 0, 0, "online_set", "online_set_probe");
	host_set_online(cpu, true);
}

void kernel_cpu_down(unsigned int cpu)
{
	record(SNP_EV_CPU_DOWN_BEGIN, cpu, 0, 0, "cpu_down_begin", "cpu_down_probe");
	record(SNP_EV_CPU_DOWN, cpu, 0, 0, "online_set", "online_set_probe");
	host_set_online(cpu, false);
}

/* ---- the SNP life cycle ---- */

void kernel_prepare_begins(void)
{
	shut(SNP_LATCH_PREPARE);
	record(SNP_EV_PREPARE_ENTER, SNP_NO_SUBJECT, 0, 0, "prepare_enter", "prepare_enter_probe");
	await_write_hooks();
}

void kernel_prepare_ends(int result)
{
	if (kernel.awaited)
		end_wait("no write hooks in time", SNP_F_DEGRADED | SNP_F_MISSED);
	if (!result)
		shut(SNP_LATCH_WINDOW);
	release(SNP_LATCH_PREPARE);
	record(SNP_EV_PREPARE_EXIT, SNP_NO_SUBJECT, 0, result, "prepare_exit",
	       "prepare_exit_probe");
}

void kernel_prepare(void)
{
	kernel_prepare_begins();
	kernel_prepare_goes_on();
}

void kernel_prepare_goes_on(void)
{
	if (kernel.disables_hotplug)
		kernel_disable(true, "snp_prepare");
	for (unsigned int cpu = 0; cpu < host.cpus; cpu++) {
		if (!host_is_online(cpu))
			continue;
		host_set_snp_en(cpu, true);
		shut(SNP_LATCH_WINDOW);
		record(SNP_EV_SNP_ENABLE, cpu, 0, 0, "snp_enable_exit", "snp_enable_probe");
	}
	kernel_prepare_ends(0);
}

void kernel_command(unsigned int number, __u32 flags, int result, __u32 status)
{
	bool full = number == SNP_CMD_SHUTDOWN_EX && flags & SNP_SHUTDOWN_X86;
	struct snp_event e;

	if (full && !result && !status)
		release(SNP_LATCH_WINDOW);
	e = begin(SNP_EV_COMMAND, "command_exit", NULL);
	e.subject = number;
	e.flags = flags;
	e.result = result;
	e.status = status;
	e.value = 9615000;
	submit(&e);
}

void kernel_init(void)
{
	kernel_command(SNP_CMD_INIT_EX, 0, 0, 0);
	kernel_command(SNP_CMD_DF_FLUSH, 0, 0, 0);
	kernel.initialised = 1;
}

void kernel_begin_snp(void)
{
	kernel_prepare();
	kernel_init();
}

static void shutdown_returns(void)
{
	kernel.initialised = 0;
	record(SNP_EV_SHUTDOWN_LOCKED, SNP_NO_SUBJECT, 0, 0, "shutdown_locked_exit",
	       "shutdown_locked_ret");
}

void kernel_legacy_shutdown(void)
{
	kernel_command(SNP_CMD_SHUTDOWN_EX, 0, 0, 0);
	shutdown_returns();
}

void kernel_full_shutdown(void)
{
	for (unsigned int cpu = 0; cpu < host.cpus; cpu++)
		host_set_snp_en(cpu, false);
	kernel_command(SNP_CMD_SHUTDOWN_EX, SNP_SHUTDOWN_X86, 0, 0);
	if (kernel.disables_hotplug)
		kernel_enable(true, "snp_shutdown");
	record(SNP_EV_X86_SHUTDOWN, SNP_NO_SUBJECT, 0, 0, "x86_shutdown_enter",
	       "x86_shutdown_probe");
	shutdown_returns();
}

/* ---- all of it ---- */

void kernel_begin(unsigned int cpus, const char *without)
{
	host_begin(cpus, without);
	kernel_fixture_ccp_loaded(&host.kernel);
	host_save();
	kernel = (struct kernel_standin){ .opened = 1 };
	held_count = 0;
	bpf_begin();
	bpf_kernel.on_call = on_call;
	host.on_open = on_open;
}

void kernel_begin_usual(void)
{
	kernel_begin(4, "");
	kernel.disables_hotplug = true;
}

void kernel_end(void)
{
	bpf_end();
	host_end();
}
