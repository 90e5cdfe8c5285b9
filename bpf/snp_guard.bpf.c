// SPDX-License-Identifier: GPL-2.0-only
/*
 * Senses and gates. Each program yields one record per fact and decides nothing;
 * only the gate programs say no, by the latch alone.
 *
 *   hook                                 yields
 *   fentry snp_prepare                   prepare-enter; the latch shuts
 *   fexit  snp_prepare                   prepare-exit; the latch stays or opens
 *   fexit  snp_enable                    snp-enable, on the CPU itself
 *   fentry, fexit snp_shutdown           x86-shutdown; who is in there, for the owner of an enable
 *   fexit  __sev_snp_shutdown_locked     snp-shutdown (ccp built in; else a kretprobe)
 *   kprobe __sev_do_cmd_locked           command, at its return; a full shutdown opens the latch
 *   fexit  cpu_hotplug_disable, _enable  hotplug-disable, hotplug-enable: owner, caller, count
 *   fentry _cpu_up, _cpu_down            cpu-up-begin, cpu-down-begin: who asked
 *   fentry set_cpu_online                cpu-up, cpu-down: the proof that it happened
 *   tp     cpuhp_exit                    cpuhp-fail; cpu-up, cpu-down where set_cpu_online is out
 *   tp     module_load, module_free      module-load, module-free; where ccp's text lies
 *   fentry kernel_kexec, migrate_to_reboot_cpu   kexec
 *   lsm    file_open, file_permission    denied: writes that would change the online CPUs
 *
 * Programs in ..._probe yield the same by a kprobe, for kernels where fentry can't attach.
 *
 *   syscall read_truth                   (called by the user side) the kernel's own count,
 *                                        and the driver's own flag
 *   syscall read_text                    (called by the user side) code of the kernel
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include <asm/errno.h>

#include "../src/snp_guard.h"

char LICENSE[] SEC("license") = "GPL";

#define FMODE_WRITE 0x2 /* include/linux/fs.h */
#define MAY_WRITE   0x2
#define SYSFS_MAGIC 0x62656572
#define FRAMES	    32 /* deepest call stack looked at for an owner */
#define BPF_FRAMES  2  /* on top of it, at fexit: the program's own and the trampoline's */

struct command {
	__u64 psp_ret;
	__u64 time_ns;
	__u32 number;
	__u32 flags;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

/* Firmware commands in flight, by thread. The driver's mutex lets one through at a time. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct command);
} commands SEC(".maps");

/* Threads inside snp_shutdown(). */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u8);
} inside SEC(".maps");

/* Set before load. Addresses are 0 where the kernel does not show them. */
const volatile bool audit;
const volatile bool prepare_is_void;		  /* 7.1: void snp_prepare(void) */
const volatile struct text_range hotplug_text[2]; /* cpu_hotplug_disable, cpu_hotplug_enable */
const volatile struct text_range snp_text[3];	  /* snp_prepare, snp_shutdown, snp_rmptable_init */
const volatile __u64 count_addr;		  /* int cpu_hotplug_disabled */

/* Shared with the user side while it runs. */
volatile __u64 latch;
__u64 seq;	    /* last sequence number given */
__u64 lost;	    /* records for which the ring buffer had no room */
__u64 shutdown_ns;  /* since when a full shutdown is in flight; 0: none is */
__u64 denied;	    /* refused, or in audit mode let through */
__u64 denied_quiet; /* ... of which no record was written, the buffer being half full */
struct text_range ccp_text;

/* read_truth: in ... */
__u64 psp_master_addr; /* struct psp_device *psp_master, in ccp */
__u32 sev_data_offset, snp_initialized_offset;
/* ... and out */
__s32 truth_count;
__s32 truth_initialised; /* 0, 1, or -1: not known */

static __always_inline __s32 hotplug_count(void)
{
	__s32 count;

	if (!count_addr || bpf_probe_read_kernel(&count, sizeof(count), (void *)count_addr))
		return SNP_COUNT_UNKNOWN;
	return count;
}

static __always_inline struct snp_event *event_begin(__u32 kind)
{
	/* Numbered before room is found: a number that never arrives is a record lost. */
	__u64 number = __sync_fetch_and_add(&seq, 1) + 1;
	struct snp_event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	__u64 id = bpf_get_current_pid_tgid();

	if (!e) {
		__sync_fetch_and_add(&lost, 1);
		return NULL;
	}
	__builtin_memset(e, 0, sizeof(*e));
	e->seq = number;
	e->time_ns = bpf_ktime_get_boot_ns();
	e->kind = kind;
	e->subject = SNP_NO_SUBJECT;
	e->count = SNP_COUNT_UNKNOWN;
	e->cpu = bpf_get_smp_processor_id();
	e->tgid = id >> 32;
	e->tid = (__u32)id;
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	return e;
}

static __always_inline int record(__u32 kind, __u32 subject, __u32 flags, __s32 result)
{
	struct snp_event *e = event_begin(kind);

	if (e) {
		e->subject = subject;
		e->flags = flags;
		e->result = result;
		bpf_ringbuf_submit(e, 0);
	}
	return 0;
}

/* ---- the latch ---- */

static __always_inline void latch_shut(__u64 why)
{
	__sync_fetch_and_or(&latch, why);
	__sync_fetch_and_add(&latch, SNP_LATCH_CHANGE);
}

static __always_inline void latch_release(__u64 why)
{
	__sync_fetch_and_and(&latch, ~why);
	__sync_fetch_and_add(&latch, SNP_LATCH_CHANGE);
}

/* ---- the SNP life cycle ---- */

/*
 * A call that is the last thing of snp_shutdown() is a jump, and leaves no frame: so it is
 * remembered who is in there.
 */
static __always_inline void enter_snp(void)
{
	__u32 tid = bpf_get_current_pid_tgid();
	__u8 one = 1;

	bpf_map_update_elem(&inside, &tid, &one, BPF_ANY);
}

static __always_inline void leave_snp(void)
{
	__u32 tid = bpf_get_current_pid_tgid();

	bpf_map_delete_elem(&inside, &tid);
}

static __always_inline bool is_in_snp(void)
{
	__u32 tid = bpf_get_current_pid_tgid();

	return bpf_map_lookup_elem(&inside, &tid);
}

static __always_inline int preparing(void)
{
	latch_shut(SNP_LATCH_PREPARE);
	return record(SNP_EV_PREPARE_ENTER, SNP_NO_SUBJECT, 0, 0);
}

SEC("fentry/snp_prepare")
int BPF_PROG(prepare_enter)
{
	return preparing();
}

SEC("kprobe")
int BPF_KPROBE(prepare_enter_probe)
{
	return preparing();
}

static __always_inline int prepared(__u32 flags, int ret)
{
	/* In this order: between the two the gate must not open. */
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

/* At its entry: the enable that a kernel makes in it belongs to a window that is closed. */
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
		shutdown_ns = c.time_ns;
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
	/* Only now: who finds none in flight must find the number of its record given. */
	if (c->number == SNP_CMD_SHUTDOWN_EX)
		shutdown_ns = 0;
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

static __always_inline bool in_text(__u64 ip, __u64 start, __u64 end)
{
	return ip >= start && ip < end;
}

static __always_inline bool in_snp_code(__u64 ip)
{
	return in_text(ip, ccp_text.start, ccp_text.end) ||
	       in_text(ip, snp_text[0].start, snp_text[0].end) ||
	       in_text(ip, snp_text[1].start, snp_text[1].end) ||
	       in_text(ip, snp_text[2].start, snp_text[2].end);
}

struct stack_walk {
	__u64 ips[FRAMES];
	__u64 caller;
	__u64 start, end; /* of the function that was entered */
	bool owned;
};

static long look_at_frame(__u32 i, struct stack_walk *w)
{
	__u64 ip = i < FRAMES ? w->ips[i] : 0;

	if (!ip)
		return 1;
	/* Whether the function's own frame is there depends on how it was patched. */
	if (!w->caller && !in_text(ip, w->start, w->end))
		w->caller = ip;
	if (in_snp_code(ip))
		w->owned = true;
	return 0;
}

/*
 * The owner is looked for in the whole call stack: ccp may call through helpers of
 * the kernel, and a flag "inside snp_prepare()" would miss what comes after it.
 */
static __always_inline int record_hotplug(void *ctx, __u32 kind, __u64 skip)
{
	bool enable = kind == SNP_EV_HP_ENABLE;
	struct snp_event *e = event_begin(kind);
	struct stack_walk w = { .start = hotplug_text[enable].start,
				.end = hotplug_text[enable].end };

	if (!e)
		return 0;
	e->count = hotplug_count();
	if (bpf_get_stack(ctx, w.ips, sizeof(w.ips), skip) <= 0)
		e->flags |= SNP_F_NO_STACK;
	bpf_loop(FRAMES, look_at_frame, &w, 0);
	if (w.owned || is_in_snp())
		e->flags |= SNP_F_OWNED;
	if (w.caller)
		BPF_SNPRINTF(e->name, sizeof(e->name), "%ps", w.caller);
	bpf_ringbuf_submit(e, 0);
	return 0;
}

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

/* Of a bool only the lowest byte of the register is said to hold. */
SEC("kprobe")
int BPF_KPROBE(online_set_probe, unsigned int cpu, unsigned int online)
{
	return record(online & 0xff ? SNP_EV_CPU_UP : SNP_EV_CPU_DOWN, cpu, 0, 0);
}

/* In place of set_cpu_online(): the steps in which a CPU comes up and is torn down. */
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

/* Names of up to seven characters and their NUL, as one word: no call of memcmp. */
#define WORD(a, b, c, d, e, f, g)                                                                  \
	((__u64)(a) | (__u64)(b) << 8 | (__u64)(c) << 16 | (__u64)(d) << 24 | (__u64)(e) << 32 |   \
	 (__u64)(f) << 40 | (__u64)(g) << 48)

/* A name as one word; 0 for one that is too long for it, which no name here is. */
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
		ccp_text.start = kind == SNP_EV_MODULE_LOAD ? (__u64)mod->mem[MOD_TEXT].base : 0;
		ccp_text.end = ccp_text.start ? ccp_text.start + mod->mem[MOD_TEXT].size : 0;
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

SEC("fentry/kernel_kexec")
int BPF_PROG(kexec_enter)
{
	return record(SNP_EV_KEXEC, SNP_NO_SUBJECT, 0, 0);
}

SEC("kprobe")
int BPF_KPROBE(kexec_probe)
{
	return record(SNP_EV_KEXEC, SNP_NO_SUBJECT, 0, 0);
}

/* Also on the way to reboot, halt and power-off; CPUs stop after it without a transition. */
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

static __always_inline __u64 word_of(struct dentry *d)
{
	return word_of_str(d->d_name.name);
}

/* True for cpu0, cpu17, ...: nothing else below the CPUs' directory is called so. */
static __always_inline bool is_cpu_dir(struct dentry *d, __u32 *cpu)
{
	char name[8] = {};

	bpf_probe_read_kernel_str(name, sizeof(name), d->d_name.name);
	if (name[0] != 'c' || name[1] != 'p' || name[2] != 'u' || name[3] < '0' || name[3] > '9')
		return false;
	*cpu = name[3] - '0';
	for (int i = 4; i < 8 && name[i]; i++)
		*cpu = *cpu * 10 + (name[i] - '0');
	return true;
}

/* True for the directory /devices/system/cpu of a sysfs, wherever that is mounted. */
static __always_inline bool is_cpu_root(struct dentry *d)
{
	struct dentry *system = d->d_parent, *devices = system->d_parent;
	struct dentry *root = devices->d_parent;

	return word_of(d) == WORD('c', 'p', 'u', 0, 0, 0, 0) &&
	       word_of(system) == WORD('s', 'y', 's', 't', 'e', 'm', 0) &&
	       word_of(devices) == WORD('d', 'e', 'v', 'i', 'c', 'e', 's') &&
	       root == root->d_parent;
}

enum guarded { NOT_GUARDED, CPU_ONLINE, CPU_TARGET, SMT_CONTROL, POWER_STATE, POWER_RESUME };

/*
 * By file system and by names: the inode's number and the device differ between
 * mounts and network namespaces, the names do not.
 */
static __always_inline enum guarded guarded(struct file *file, __u32 *cpu)
{
	struct dentry *d, *up;

	if (file->f_inode->i_sb->s_magic != SYSFS_MAGIC)
		return NOT_GUARDED;
	d = file->f_path.dentry;
	up = d->d_parent;
	*cpu = SNP_NO_SUBJECT;
	switch (word_of(d)) {
	case WORD('o', 'n', 'l', 'i', 'n', 'e', 0):
		return is_cpu_dir(up, cpu) && is_cpu_root(up->d_parent) ? CPU_ONLINE : NOT_GUARDED;
	case WORD('t', 'a', 'r', 'g', 'e', 't', 0):
		return word_of(up) == WORD('h', 'o', 't', 'p', 'l', 'u', 'g') &&
				       is_cpu_dir(up->d_parent, cpu) &&
				       is_cpu_root(up->d_parent->d_parent)
			       ? CPU_TARGET
			       : NOT_GUARDED;
	case WORD('c', 'o', 'n', 't', 'r', 'o', 'l'):
		return word_of(up) == WORD('s', 'm', 't', 0, 0, 0, 0) && is_cpu_root(up->d_parent)
			       ? SMT_CONTROL
			       : NOT_GUARDED;
	case WORD('s', 't', 'a', 't', 'e', 0, 0):
	case WORD('r', 'e', 's', 'u', 'm', 'e', 0):
		if (word_of(up) != WORD('p', 'o', 'w', 'e', 'r', 0, 0) ||
		    up->d_parent != up->d_parent->d_parent)
			return NOT_GUARDED;
		return word_of(d) == WORD('s', 't', 'a', 't', 'e', 0, 0) ? POWER_STATE
									 : POWER_RESUME;
	}
	return NOT_GUARDED;
}

static __always_inline int gate(struct file *file, __u32 flags)
{
	struct snp_event *e;
	enum guarded what;
	__u32 cpu;

	what = guarded(file, &cpu);
	if (what == NOT_GUARDED)
		return 0;
	__sync_fetch_and_add(&denied, 1);
	/* Who writes in a loop must not push other records out. */
	if (bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) * 2 >
	    bpf_ringbuf_query(&events, BPF_RB_RING_SIZE)) {
		__sync_fetch_and_add(&denied_quiet, 1);
		goto out;
	}
	e = event_begin(SNP_EV_DENIED);
	if (!e)
		goto out;
	e->subject = cpu;
	e->flags = flags | (audit ? SNP_F_AUDIT : 0);
	e->result = -EPERM;
	switch (what) {
	case CPU_ONLINE:
		BPF_SNPRINTF(e->name, sizeof(e->name), "cpu%u/online", cpu);
		break;
	case CPU_TARGET:
		BPF_SNPRINTF(e->name, sizeof(e->name), "cpu%u/hotplug/target", cpu);
		break;
	case SMT_CONTROL:
		BPF_SNPRINTF(e->name, sizeof(e->name), "cpu/smt/control");
		break;
	case POWER_STATE:
		BPF_SNPRINTF(e->name, sizeof(e->name), "power/state");
		break;
	default:
		BPF_SNPRINTF(e->name, sizeof(e->name), "power/resume");
	}
	bpf_ringbuf_submit(e, 0);
out:
	return audit ? 0 : -EPERM;
}

SEC("lsm/file_open")
int BPF_PROG(gate_open, struct file *file, int ret)
{
	if (ret || !(latch & SNP_LATCH_SHUT) || !(file->f_mode & FMODE_WRITE))
		return ret;
	return gate(file, SNP_F_OPEN);
}

SEC("lsm/file_permission")
int BPF_PROG(gate_write, struct file *file, int mask, int ret)
{
	if (ret || !(latch & SNP_LATCH_SHUT) || !(mask & MAY_WRITE))
		return ret;
	return gate(file, 0);
}

/* ---- ground truth, asked for by the user side ---- */

SEC("syscall")
int read_truth(void *ctx)
{
	void *psp, *sev;
	bool initialised;

	truth_count = hotplug_count();
	truth_initialised = -1;
	if (!psp_master_addr)
		return 0;
	if (bpf_probe_read_kernel(&psp, sizeof(psp), (void *)psp_master_addr))
		return 0;
	truth_initialised = 0;
	if (!psp)
		return 0;
	if (bpf_probe_read_kernel(&sev, sizeof(sev), psp + sev_data_offset) || !sev)
		return 0;
	if (bpf_probe_read_kernel(&initialised, sizeof(initialised), sev + snp_initialized_offset))
		truth_initialised = -1;
	else
		truth_initialised = initialised;
	return 0;
}

/* read_text: in ... */
__u64 text_addr;
/* ... and out */
__u8 text[SNP_TEXT_SIZE];

SEC("syscall")
int read_text(void *ctx)
{
	return bpf_probe_read_kernel(text, sizeof(text), (void *)text_addr);
}
