// SPDX-License-Identifier: GPL-2.0-only
/*
 * The list of hooks: each program writes one record for each fact that it observes, and decides
 * nothing. Only the programs of the gate refuse, and the latch alone tells them when.
 *
 *   hook                                 record, and effect
 *   fentry snp_prepare                   prepare-enter; the latch shuts; gate, if it waited for
 *                                        the write hooks
 *   fexit  snp_prepare                   prepare-exit; the latch stays or opens
 *   fexit  snp_enable                    snp-enable, on the CPU itself
 *   fentry, fexit snp_shutdown           x86-shutdown; the thread counts as SNP code meanwhile
 *   fexit  __sev_snp_shutdown_locked     snp-shutdown (ccp built in; else a kretprobe)
 *   kprobe __sev_do_cmd_locked           command, at its return; a full shutdown opens the latch
 *   fexit  cpu_hotplug_disable, _enable  hotplug-disable, hotplug-enable: owner, caller, count
 *   fentry _cpu_up, _cpu_down            cpu-up-begin, cpu-down-begin: the task that asked
 *   fentry set_cpu_online                cpu-up, cpu-down: the proof that it happened
 *   tp     cpuhp_exit                    cpuhp-fail; cpu-up, cpu-down if set_cpu_online has no hook
 *   tp     module_load, module_free      module-load, module-free; the range of ccp's text
 *   fentry migrate_to_reboot_cpu         kexec
 *   lsm    file_open, file_permission    denied: opening a guarded file, writing to one
 *   lsm    file_ioctl, file_ioctl_compat denied: /dev/snapshot
 *
 * A program named ..._probe does the same by a kprobe, for kernels where fentry can't attach; one
 * named ..._modify or ..._again does the same by fmod_ret, for kernels without bpf among their
 * LSMs.
 *
 * User space calls these, with what they need in the argument:
 *
 *   syscall steer                        changes struct snp_state; lists and counts writers
 *   syscall read_truth                   the hotplug count, and the driver's snp_initialized
 *   syscall read_text                    code of the kernel
 *
 * record.h writes records; latch.h is the latch; owner.h tells SNP's calls from others;
 * guarded_file.h knows the guarded files, writers.h who has them open for writing, gate.h refuses.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include <asm/errno.h>

#include "../src/snp_guard.h"
#include "record.h"
#include "latch.h"
#include "owner.h"
#include "gate.h"

char LICENSE[] SEC("license") = "GPL";

/* Set before the programs are loaded. */
const volatile bool prepare_is_void; /* 7.1: void snp_prepare(void) */

/* ---- the SNP life cycle ---- */

/* wait_ns: how long SNP_EN may wait for the write hooks. */
static __always_inline int preparing(__u64 wait_ns)
{
	latch_shut(SNP_LATCH_PREPARE);
	record(SNP_EV_PREPARE_ENTER, SNP_NO_SUBJECT, 0, 0);
	return await_write_hooks(wait_ns);
}

SEC("fentry/snp_prepare")
int BPF_PROG(prepare_enter)
{
	return preparing(SNP_WAIT_NS);
}

/* May run with interrupts disabled, so it can't wait: the write hooks are attached before. */
SEC("kprobe")
int BPF_KPROBE(prepare_enter_probe)
{
	return preparing(0);
}

static __always_inline int prepared(__u32 flags, int ret)
{
	/* WINDOW before PREPARE is cleared: the gate must not open between the two. */
	if (!ret)
		latch_shut(SNP_LATCH_WINDOW);
	latch_release(SNP_LATCH_PREPARE);
	return record(SNP_EV_PREPARE_EXIT, SNP_NO_SUBJECT, flags, ret);
}

SEC("fexit/snp_prepare")
int BPF_PROG(prepare_exit, int ret)
{
	return prepared(0, ret);
}

/* 7.1: void snp_prepare(void) */
SEC("fexit/snp_prepare")
int BPF_PROG(prepare_exit_void)
{
	return prepared(SNP_F_VOID, 0);
}

SEC("kretprobe")
int BPF_KRETPROBE(prepare_exit_probe, int ret)
{
	return prepare_is_void ? prepared(SNP_F_VOID, 0) : prepared(0, ret);
}

static __always_inline int enabled(void)
{
	latch_shut(SNP_LATCH_WINDOW);
	return record(SNP_EV_SNP_ENABLE, bpf_get_smp_processor_id(), 0, 0);
}

SEC("fexit/snp_enable")
int BPF_PROG(snp_enable_exit)
{
	return enabled();
}

SEC("kretprobe")
int BPF_KRETPROBE(snp_enable_probe)
{
	return enabled();
}

/* At entry, so that the enable inside snp_shutdown() follows the close of the window. */
SEC("fentry/snp_shutdown")
int BPF_PROG(x86_shutdown_enter)
{
	enter_snp();
	return record(SNP_EV_X86_SHUTDOWN, SNP_NO_SUBJECT, 0, 0);
}

SEC("fexit/snp_shutdown")
int BPF_PROG(x86_shutdown_exit)
{
	leave_snp();
	return 0;
}

SEC("kprobe")
int BPF_KPROBE(x86_shutdown_probe)
{
	enter_snp();
	return record(SNP_EV_X86_SHUTDOWN, SNP_NO_SUBJECT, 0, 0);
}

SEC("kretprobe")
int BPF_KRETPROBE(x86_shutdown_exit_probe)
{
	leave_snp();
	return 0;
}

SEC("fexit/__sev_snp_shutdown_locked")
int BPF_PROG(shutdown_locked_exit, int *error, bool panic, int ret)
{
	return record(SNP_EV_SHUTDOWN_LOCKED, SNP_NO_SUBJECT, 0, ret);
}

SEC("kretprobe")
int BPF_KRETPROBE(shutdown_locked_ret, int ret)
{
	return record(SNP_EV_SHUTDOWN_LOCKED, SNP_NO_SUBJECT, 0, ret);
}

struct command {
	__u64 psp_ret;
	__u64 time_ns;
	__u32 number;
	__u32 flags;
};

/* Firmware commands in flight, by thread. The driver's mutex admits one at a time. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct command);
} commands SEC(".maps");

/* int __sev_do_cmd_locked(int cmd, void *data, int *psp_ret), drivers/crypto/ccp/sev-dev.c */
SEC("kprobe")
int BPF_KPROBE(command_enter, int number, void *data, int *psp_ret)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct command c = { .psp_ret = (__u64)psp_ret, .number = number };

	switch (number) {
	case SNP_CMD_SHUTDOWN_EX:
		bpf_probe_read_kernel(&c.flags, sizeof(c.flags), data + 4);
		break;
	case SNP_CMD_INIT:
	case SNP_CMD_INIT_EX:
	case SNP_CMD_SHUTDOWN:
	case SNP_CMD_DF_FLUSH:
		break;
	default:
		return 0;
	}
	c.time_ns = bpf_ktime_get_boot_ns();
	if (number == SNP_CMD_SHUTDOWN_EX && (c.flags & SNP_SHUTDOWN_X86))
		state.shutdown_ns = c.time_ns;
	bpf_map_update_elem(&commands, &tid, &c, BPF_ANY);
	return 0;
}

SEC("kretprobe")
int BPF_KRETPROBE(command_exit, int ret)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct command *c = bpf_map_lookup_elem(&commands, &tid);
	struct snp_event *e;
	__s32 status = 0;

	if (!c)
		return 0;
	if (c->psp_ret)
		bpf_probe_read_kernel(&status, sizeof(status), (void *)c->psp_ret);
	if (c->number == SNP_CMD_SHUTDOWN_EX && (c->flags & SNP_SHUTDOWN_X86) && !ret && !status)
		latch_release(SNP_LATCH_WINDOW);

	e = event_begin(SNP_EV_COMMAND);
	/* Cleared after the record has its number: a sweep that reads 0 here also reads that
	 * number. */
	if (c->number == SNP_CMD_SHUTDOWN_EX)
		state.shutdown_ns = 0;
	if (e) {
		e->subject = c->number;
		e->flags = c->flags;
		e->result = ret;
		e->status = status;
		e->value = e->time_ns - c->time_ns;
		bpf_ringbuf_submit(e, 0);
	}
	bpf_map_delete_elem(&commands, &tid);
	return 0;
}

/* ---- cpu_hotplug_disable() and cpu_hotplug_enable() ---- */

SEC("fexit/cpu_hotplug_disable")
int BPF_PROG(hotplug_disable_exit)
{
	return record_hotplug(ctx, SNP_EV_HP_DISABLE, BPF_FRAMES);
}

SEC("kretprobe")
int BPF_KRETPROBE(hotplug_disable_probe)
{
	return record_hotplug(ctx, SNP_EV_HP_DISABLE, 0);
}

SEC("fexit/cpu_hotplug_enable")
int BPF_PROG(hotplug_enable_exit)
{
	return record_hotplug(ctx, SNP_EV_HP_ENABLE, BPF_FRAMES);
}

SEC("kretprobe")
int BPF_KRETPROBE(hotplug_enable_probe)
{
	return record_hotplug(ctx, SNP_EV_HP_ENABLE, 0);
}

/* ---- CPUs that come and go ---- */

static __always_inline int asked(__u32 kind, unsigned int cpu, int tasks_frozen)
{
	return record(kind, cpu, tasks_frozen ? SNP_F_FROZEN : 0, 0);
}

SEC("fentry/_cpu_up")
int BPF_PROG(cpu_up_begin, unsigned int cpu, int tasks_frozen)
{
	return asked(SNP_EV_CPU_UP_BEGIN, cpu, tasks_frozen);
}

SEC("kprobe")
int BPF_KPROBE(cpu_up_probe, unsigned int cpu, int tasks_frozen)
{
	return asked(SNP_EV_CPU_UP_BEGIN, cpu, tasks_frozen);
}

SEC("fentry/_cpu_down")
int BPF_PROG(cpu_down_begin, unsigned int cpu, int tasks_frozen)
{
	return asked(SNP_EV_CPU_DOWN_BEGIN, cpu, tasks_frozen);
}

SEC("kprobe")
int BPF_KPROBE(cpu_down_probe, unsigned int cpu, int tasks_frozen)
{
	return asked(SNP_EV_CPU_DOWN_BEGIN, cpu, tasks_frozen);
}

SEC("fentry/set_cpu_online")
int BPF_PROG(online_set, unsigned int cpu, bool online)
{
	return record(online ? SNP_EV_CPU_UP : SNP_EV_CPU_DOWN, cpu, 0, 0);
}

/* The ABI defines only the low byte of a bool's register (x86-64 psABI, 3.2.3). */
SEC("kprobe")
int BPF_KPROBE(online_set_probe, unsigned int cpu, unsigned int online)
{
	return record(online & 0xff ? SNP_EV_CPU_UP : SNP_EV_CPU_DOWN, cpu, 0, 0);
}

/* Without a hook on set_cpu_online(): the steps in which a CPU comes up and goes down. */
SEC("tp_btf/cpuhp_exit")
int BPF_PROG(cpuhp_done, unsigned int cpu, int state, int step, int ret)
{
	if (ret)
		return 0;
	if ((__u64)step == bpf_core_enum_value(enum cpuhp_state, CPUHP_BRINGUP_CPU))
		return record(SNP_EV_CPU_UP, cpu, 0, 0);
	if ((__u64)step == bpf_core_enum_value(enum cpuhp_state, CPUHP_TEARDOWN_CPU))
		return record(SNP_EV_CPU_DOWN, cpu, 0, 0);
	return 0;
}

SEC("tp_btf/cpuhp_exit")
int BPF_PROG(cpuhp_failed, unsigned int cpu, int state, int step, int ret)
{
	struct snp_event *e = ret ? event_begin(SNP_EV_CPUHP_FAIL) : NULL;

	if (!e)
		return 0;
	e->subject = cpu;
	e->status = step;
	e->result = ret;
	bpf_ringbuf_submit(e, 0);
	return 0;
}

/* ---- modules, kexec ---- */

/* A name of at most seven characters and its NUL as one word, compared without memcmp(). */
#define WORD(a, b, c, d, e, f, g)                                                                  \
	((__u64)(a) | (__u64)(b) << 8 | (__u64)(c) << 16 | (__u64)(d) << 24 | (__u64)(e) << 32 |   \
	 (__u64)(f) << 40 | (__u64)(g) << 48)

/* Returns a name as WORD() has it, or 0 for a longer one. */
static __always_inline __u64 word_of_str(const void *str)
{
	__u64 word[2] = {};

	if (bpf_probe_read_kernel_str(word, sizeof(word), str) < 0 || word[0] >> 56)
		return 0;
	return word[0];
}

static __always_inline int record_module(__u32 kind, struct module *mod)
{
	__u64 name = word_of_str(mod->name);
	struct snp_event *e;

	if (name == WORD('c', 'c', 'p', 0, 0, 0, 0)) {
		struct text_range *text = &state.ccp_text;

		text->start = kind == SNP_EV_MODULE_LOAD ? (__u64)mod->mem[MOD_TEXT].base : 0;
		text->end = text->start ? text->start + mod->mem[MOD_TEXT].size : 0;
	} else if (name != WORD('k', 'v', 'm', '_', 'a', 'm', 'd')) {
		return 0;
	}
	e = event_begin(kind);
	if (e) {
		bpf_probe_read_kernel_str(e->name, sizeof(e->name), mod->name);
		bpf_ringbuf_submit(e, 0);
	}
	return 0;
}

/* After relocation, before the module's first instruction (kernel/module/main.c:load_module). */
SEC("tp_btf/module_load")
int BPF_PROG(module_loaded, struct module *mod)
{
	return record_module(SNP_EV_MODULE_LOAD, mod);
}

SEC("tp_btf/module_free")
int BPF_PROG(module_freed, struct module *mod)
{
	return record_module(SNP_EV_MODULE_FREE, mod);
}

/*
 * Called for kexec, reboot, halt and power-off. None of them turns back from here on, and CPUs stop
 * without a transition; kernel_kexec() itself can fail before, or return from a kexec jump.
 */
SEC("fentry/migrate_to_reboot_cpu")
int BPF_PROG(reboot_enter)
{
	return record(SNP_EV_KEXEC, SNP_NO_SUBJECT, 0, 0);
}

SEC("kprobe")
int BPF_KPROBE(reboot_probe)
{
	return record(SNP_EV_KEXEC, SNP_NO_SUBJECT, 0, 0);
}

/* ---- the gate ---- */

/*
 * Runs at each open(2) of the host, so each instruction counts. Files of sysfs and tracefs have an
 * i_private (fs/kernfs/inode.c:kernfs_init_inode, fs/tracefs/inode.c:tracefs_create_file); most
 * other files, but for sockets and pipes, have none.
 */
static __always_inline int open_begins(__u64 *ctx)
{
	__u64 said = ctx[1]; /* what the programs before this one returned */
	struct inode *inode;
	struct file *file;

	/* In assembly: the compiler would use an instruction more to return the 0. */
	asm volatile goto("if %0 != 0 goto %l[out]" : : "r"(said) : : out);
	file = (struct file *)ctx[0];
	inode = file->f_inode;
	/* /dev/snapshot can be used through a descriptor opened for reading. */
	if (inode->i_rdev == SNAPSHOT_DEV)
		return gate_opening(file);
	if (!(file->f_mode & FMODE_WRITE) || !inode->i_private ||
	    !may_be_gated(file->f_path.dentry))
		goto out;
	return gate_opening(file);
out:
	return said;
}

SEC("lsm/file_open")
int gate_open(__u64 *ctx)
{
	return open_begins(ctx);
}

/*
 * The kernel admits fmod_ret at each security_...() (kernel/bpf/verifier.c:
 * check_attach_modify_return()). At 0 the function itself runs, and asks the LSMs.
 */
SEC("fmod_ret/security_file_open")
int gate_open_modify(__u64 *ctx)
{
	return open_begins(ctx);
}

/*
 * The kernel leaves out a program of this kind while a task that was preempted in it waits on the
 * same CPU (kernel/bpf/trampoline.c:__bpf_prog_enter_recur()). So each has a twin, named ..._again.
 */
SEC("fmod_ret/security_file_open")
int gate_open_again(__u64 *ctx)
{
	return is_twin_idle() ? 0 : open_begins(ctx);
}

/* The write hook, for descriptors opened before the window: detached when there are none. */
static __always_inline int write_begins(struct file *file, int mask, int said)
{
	if (said || !(mask & MAY_WRITE) || !is_shut())
		return said;
	return gate(file, 0);
}

SEC("lsm/file_permission")
int BPF_PROG(gate_write, struct file *file, int mask, int said)
{
	return write_begins(file, mask, said);
}

SEC("fmod_ret/security_file_permission")
int BPF_PROG(gate_write_modify, struct file *file, int mask, int said)
{
	return write_begins(file, mask, said);
}

SEC("fmod_ret/security_file_permission")
int BPF_PROG(gate_write_again, struct file *file, int mask, int said)
{
	return is_twin_idle() ? said : write_begins(file, mask, said);
}

SEC("lsm/file_ioctl")
int BPF_PROG(gate_ioctl, struct file *file, unsigned int cmd, unsigned long arg, int said)
{
	return gate_snapshot(file, said);
}

SEC("fmod_ret/security_file_ioctl")
int BPF_PROG(gate_ioctl_modify, struct file *file, unsigned int cmd, unsigned long arg, int said)
{
	return gate_snapshot(file, said);
}

SEC("fmod_ret/security_file_ioctl")
int BPF_PROG(gate_ioctl_again, struct file *file, unsigned int cmd, unsigned long arg, int said)
{
	return is_twin_idle() ? said : gate_snapshot(file, said);
}

SEC("lsm/file_ioctl_compat")
int BPF_PROG(gate_ioctl_compat, struct file *file, unsigned int cmd, unsigned long arg, int said)
{
	return gate_snapshot(file, said);
}

SEC("fmod_ret/security_file_ioctl_compat")
int BPF_PROG(gate_ioctl_compat_modify, struct file *file, unsigned int cmd, unsigned long arg,
	     int said)
{
	return gate_snapshot(file, said);
}

SEC("fmod_ret/security_file_ioctl_compat")
int BPF_PROG(gate_ioctl_compat_again, struct file *file, unsigned int cmd, unsigned long arg,
	     int said)
{
	return is_twin_idle() ? said : gate_snapshot(file, said);
}

/* ---- calls from user space ---- */

SEC("syscall")
int steer(struct snp_steer *s)
{
	s->result = 0;
	switch (s->verb) {
	case SNP_STEER_LATCH:
		s->result = steer_latch(s);
		break;
	case SNP_STEER_AUDIT:
		state.audit = s->value;
		break;
	case SNP_STEER_ARM:
		arm();
		break;
	case SNP_STEER_DISARM:
		s->result = disarm(s->before);
		break;
	case SNP_STEER_TRY:
		if (s->value)
			s->result = begin_trial();
		else
			end_trial();
		break;
	case SNP_STEER_FORGET:
		forget_files();
		break;
	case SNP_STEER_MISSED:
		state.missed = s->value;
		break;
	case SNP_STEER_WRITERS:
		s->result = count_writers();
		break;
	default:
		s->result = -EINVAL;
	}
	return 0;
}

SEC("syscall")
int read_truth(struct snp_truth *t)
{
	void *psp, *sev;
	bool initialised;

	t->count = hotplug_count();
	t->initialised = -1;
	if (!t->psp_master_addr)
		return 0;
	if (bpf_probe_read_kernel(&psp, sizeof(psp), (void *)t->psp_master_addr))
		return 0;
	t->initialised = 0;
	if (!psp)
		return 0;
	if (bpf_probe_read_kernel(&sev, sizeof(sev), psp + t->sev_data_offset) || !sev)
		return 0;
	if (bpf_probe_read_kernel(&initialised, sizeof(initialised),
				  sev + t->snp_initialized_offset))
		t->initialised = -1;
	else
		t->initialised = initialised;
	return 0;
}

SEC("syscall")
int read_text(struct snp_text *t)
{
	const __u64 *code = (const __u64 *)t->addr;
	__u64 word;

#pragma unroll
	for (int i = 0; i < SNP_TEXT_WORDS; i++) {
		if (bpf_probe_read_kernel(&word, sizeof(word), code + i))
			return -EFAULT;
		t->words[i] = word;
	}
	return 0;
}
