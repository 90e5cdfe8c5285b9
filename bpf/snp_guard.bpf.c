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
 *   lsm    file_ioctl, file_ioctl_compat denied: /dev/snapshot
 *
 * Programs in ..._probe yield the same by a kprobe, for kernels where fentry can't attach.
 *
 * The user side calls, and hands over in the call what they need:
 *
 *   syscall steer                        changes struct snp_state; lists and counts writers
 *   syscall read_truth                   the kernel's own count, and the driver's own flag
 *   syscall read_text                    code of the kernel
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include <asm/errno.h>

#include "../src/snp_guard.h"

char LICENSE[] SEC("license") = "GPL";

#define FMODE_WRITE    0x2 /* include/linux/fs.h */
#define MAY_WRITE      0x2
#define SYSFS_MAGIC    0x62656572
#define TRACEFS_MAGIC  0x74726163
#define S_IFMT	       0170000
#define S_IFCHR	       0020000
#define SNAPSHOT_DEV   (10 << 20 | 231) /* MKDEV(MISC_MAJOR, SNAPSHOT_MINOR) */
#define MAX_OPEN_FILES 4096		/* of one file, looked at for writers */
#define FRAMES	       32		/* deepest call stack looked at for an owner */
#define BPF_FRAMES     2 /* on top of it, at fexit: the program's own and the trampoline's */

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

/*
 * Guarded files that were opened for writing where the gate let that pass, or that the user side
 * listed, by inode: who is in here may have writers (see writers_of).
 */
struct listed {
	__u64 sb;
	__u64 ino;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __u64);
	__type(value, struct listed);
} files SEC(".maps");

/* Set before load. Addresses are 0 where the kernel does not show them. */
const volatile bool has_mmiotrace;		  /* the tracer that takes CPUs down */
const volatile bool prepare_is_void;		  /* 7.1: void snp_prepare(void) */
const volatile struct text_range hotplug_text[2]; /* cpu_hotplug_disable, cpu_hotplug_enable */
const volatile struct text_range snp_text[3];	  /* snp_prepare, snp_shutdown, snp_rmptable_init */
const volatile __u64 count_addr;		  /* int cpu_hotplug_disabled */

const volatile __u64 hibernate_addr; /* atomic_t hibernate_atomic: 0 while /dev/snapshot is open */

struct snp_state state;

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
	__u64 number = __sync_fetch_and_add(&state.seq, 1) + 1;
	struct snp_event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	__u64 id = bpf_get_current_pid_tgid();

	if (kind != SNP_EV_DENIED)
		__sync_fetch_and_add(&state.moves, 1);
	if (!e) {
		__sync_fetch_and_add(&state.lost, 1);
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
	__sync_fetch_and_or(&state.latch, why);
	__sync_fetch_and_add(&state.latch, SNP_LATCH_CHANGE);
}

static __always_inline void latch_release(__u64 why)
{
	__sync_fetch_and_and(&state.latch, ~why);
	__sync_fetch_and_add(&state.latch, SNP_LATCH_CHANGE);
}

/*
 * Where the programs that see each write were dropped, the window's end leaves opening for writing
 * refused until the user side has them back: a descriptor opened now could write in the next
 * window. In this order: the latch must at no time look open while they are gone (see disarm).
 */
static __always_inline void window_ends(void)
{
	latch_shut(SNP_LATCH_REARM);
	latch_release(SNP_LATCH_WINDOW);
	if (*(volatile __u64 *)&state.writes)
		latch_release(SNP_LATCH_REARM);
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
		window_ends();

	e = event_begin(SNP_EV_COMMAND);
	/* Only now: who finds none in flight must find the number of its record given. */
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

static __always_inline bool in_text(__u64 ip, __u64 start, __u64 end)
{
	return ip >= start && ip < end;
}

static __always_inline bool in_snp_code(__u64 ip)
{
	return in_text(ip, state.ccp_text.start, state.ccp_text.end) ||
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

/* As much of a dentry's name as any of the names here needs; none of them has 15 characters. */
struct name {
	__u64 word[2];
};

static __always_inline struct name name_of(struct dentry *d)
{
	struct name n = {};

	bpf_probe_read_kernel_str(&n, sizeof(n), d->d_name.name);
	return n;
}

/* Compared as words, which the compiler makes of the literal: no call of memcmp. */
static __always_inline bool is(struct name n, const char literal[sizeof(struct name)])
{
	struct name want;

	__builtin_memcpy(&want, literal, sizeof(want));
	return n.word[0] == want.word[0] && n.word[1] == want.word[1];
}
#define IS(n, literal)		   is(n, (const char[sizeof(struct name)]){ literal })
#define IS_CALLED(dentry, literal) IS(name_of(dentry), literal)

static __always_inline bool is_root(struct dentry *d)
{
	return d == d->d_parent;
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

	return IS_CALLED(d, "cpu") && IS_CALLED(system, "system") &&
	       IS_CALLED(devices, "devices") && is_root(devices->d_parent);
}

/* True for /module/nitro_enclaves/parameters. */
static __always_inline bool is_nitro_parameters(struct dentry *d)
{
	struct dentry *nitro = d->d_parent, *module = nitro->d_parent;

	return IS_CALLED(d, "parameters") && IS_CALLED(nitro, "nitro_enclaves") &&
	       IS_CALLED(module, "module") && is_root(module->d_parent);
}

/* True for an ACPI device LNXCPU:03 or ACPI0007:03: a processor; no other device is called so. */
static __always_inline bool is_acpi_processor(struct dentry *d)
{
	struct name n = name_of(d);
	struct name lnx = { { n.word[0] & ~0ull >> 8 } },
		    acpi = { { n.word[0], n.word[1] & 0xff } };

	return IS(lnx, "LNXCPU:") || IS(acpi, "ACPI0007:");
}

enum gated {
	NOT_GATED,
#define X(sym, text, path) GATED_##sym,
	SNP_GATED(X)
#undef X
};

static __always_inline enum gated gated_power(struct name n)
{
	return IS(n, "state")	    ? GATED_POWER_STATE
	       : IS(n, "disk")	    ? GATED_POWER_DISK
	       : IS(n, "resume")    ? GATED_POWER_RESUME
	       : IS(n, "autosleep") ? GATED_POWER_AUTOSLEEP
				    : NOT_GATED;
}

/*
 * By file system and by names: the inode's number and the device differ between
 * mounts and network namespaces, the names do not.
 */
static __always_inline enum gated gated_sysfs(struct dentry *d, __u32 *cpu)
{
	struct dentry *up = d->d_parent;
	struct name n = name_of(d);

	if (IS(n, "online"))
		return is_cpu_dir(up, cpu) && is_cpu_root(up->d_parent) ? GATED_CPU_ONLINE
									: NOT_GATED;
	if (IS(n, "target"))
		return IS_CALLED(up, "hotplug") && is_cpu_dir(up->d_parent, cpu) &&
				       is_cpu_root(up->d_parent->d_parent)
			       ? GATED_CPU_TARGET
			       : NOT_GATED;
	if (IS(n, "control"))
		return IS_CALLED(up, "smt") && is_cpu_root(up->d_parent) ? GATED_SMT_CONTROL
									 : NOT_GATED;
	if (IS(n, "eject"))
		return is_acpi_processor(up) ? GATED_EJECT : NOT_GATED;
	if (IS(n, "ne_cpus"))
		return is_nitro_parameters(up) ? GATED_NE_CPUS : NOT_GATED;
	return IS_CALLED(up, "power") && is_root(up->d_parent) ? gated_power(n) : NOT_GATED;
}

/* That of an instance is elsewhere, and takes no mmiotrace. */
static __always_inline bool is_tracer(struct dentry *d)
{
	return has_mmiotrace && is_root(d->d_parent) && IS_CALLED(d, "current_tracer");
}

static __always_inline bool is_snapshot(struct inode *inode)
{
	return inode->i_rdev == SNAPSHOT_DEV && (inode->i_mode & S_IFMT) == S_IFCHR;
}

/* Told without reading a name, for what else is opened in sysfs. */
static __always_inline bool may_be_gated(struct dentry *d)
{
	switch (d->d_name.len) {
	case sizeof("disk") - 1:
	case sizeof("autosleep") - 1:
		return is_root(d->d_parent->d_parent);
	case sizeof("state") - 1:   /* eject */
	case sizeof("online") - 1:  /* target, resume */
	case sizeof("control") - 1: /* ne_cpus */
		return true;
	}
	return false;
}

/* What an open or a write has nothing to do with is told by one or two words of its inode. */
static __always_inline enum gated gated(struct file *file, __u32 *cpu)
{
	struct inode *inode = file->f_inode;

	switch (inode->i_sb->s_magic) {
	case SYSFS_MAGIC:
		return gated_sysfs(file->f_path.dentry, cpu);
	case TRACEFS_MAGIC:
		return is_tracer(file->f_path.dentry) ? GATED_TRACER : NOT_GATED;
	}
	return is_snapshot(inode) ? GATED_SNAPSHOT : NOT_GATED;
}

static __always_inline void name_gated(struct snp_event *e, enum gated what, __u32 cpu)
{
	switch (what) {
#define X(sym, text, path)                                                                         \
	case GATED_##sym:                                                                          \
		BPF_SNPRINTF(e->name, sizeof(e->name), text, cpu);                                 \
		break;
		SNP_GATED(X)
#undef X
	case NOT_GATED:
		break;
	}
}

/* ---- who has them open for writing ---- */

static __always_inline int list_inode(struct inode *inode)
{
	struct listed entry = { .sb = (__u64)BPF_CORE_READ(inode, i_sb),
				.ino = BPF_CORE_READ(inode, i_ino) };
	__u64 key = (__u64)inode;

	if (!bpf_map_update_elem(&files, &key, &entry, BPF_ANY))
		return 0;
	__sync_fetch_and_add(&state.unlisted, 1);
	return -ENOSPC;
}

struct open_files {
	struct list_head *head, *at;
	struct kernfs_node *node;
};

/* One struct file of a node of sysfs, in whichever instance of sysfs it was opened. */
static long list_open_file(__u32 i, struct open_files *walk)
{
	struct kernfs_open_file *of;
	struct inode *inode;
	struct file *file;

	if (!walk->at || walk->at == walk->head)
		return 1;
	of = (void *)walk->at - bpf_core_field_offset(struct kernfs_open_file, list);
	file = BPF_CORE_READ(of, file);
	inode = BPF_CORE_READ(file, f_inode);
	/* The list may change meanwhile; what does not belong to it is left alone. */
	if (BPF_CORE_READ(inode, i_private) != walk->node)
		return 1;
	if (BPF_CORE_READ(file, f_mode) & FMODE_WRITE)
		list_inode(inode);
	walk->at = BPF_CORE_READ(of, list.next);
	return 0;
}

/* Each instance of sysfs (one a network namespace) has an inode of its own for a node. */
static __always_inline void list_other_instances(struct inode *inode)
{
	struct kernfs_node *node = BPF_CORE_READ(inode, i_private);
	struct kernfs_open_node *open = BPF_CORE_READ(node, attr.open);
	struct open_files walk = { .node = node };

	if (!open)
		return;
	walk.head = (void *)open + bpf_core_field_offset(struct kernfs_open_node, files);
	walk.at = BPF_CORE_READ(open, files.next);
	bpf_loop(MAX_OPEN_FILES, list_open_file, &walk, 0);
}

/* True if with no window the guard has been gone for too long to take its programs back. */
static __always_inline bool is_deserted(void)
{
	return !(state.latch & (SNP_LATCH_PREPARE | SNP_LATCH_WINDOW)) &&
	       bpf_ktime_get_boot_ns() - state.beat_ns > SNP_BEAT_NS;
}

static __always_inline bool is_trial(void)
{
	return state.trier && state.trier == (__u32)bpf_get_current_pid_tgid();
}

/*
 * Whoever opens one of the files for writing is listed before the latch is looked at, so that it is
 * either refused or counted (see writers_of).
 */
static __always_inline void take_note(struct file *file)
{
	list_inode(file->f_inode);
	if (is_trial() && file->f_inode->i_sb->s_magic == SYSFS_MAGIC)
		list_other_instances(file->f_inode);
}

static __always_inline bool is_shut(void)
{
	return *(volatile __u64 *)&state.latch & SNP_LATCH_SHUT;
}

static __always_inline int refuse(enum gated what, __u32 cpu, __u32 flags)
{
	int verdict = state.audit ? 0 : -EPERM;
	struct snp_event *e;

	if (is_deserted()) {
		if (flags & SNP_F_OPEN)
			__sync_fetch_and_add(&state.exposed, 1);
		return 0;
	}
	if (is_trial())
		return verdict;
	__sync_fetch_and_add(&state.denied, 1);
	/* Who writes in a loop must not push other records out. */
	if (bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) * 2 >
	    bpf_ringbuf_query(&events, BPF_RB_RING_SIZE)) {
		__sync_fetch_and_add(&state.denied_quiet, 1);
		return verdict;
	}
	e = event_begin(SNP_EV_DENIED);
	if (!e)
		return verdict;
	e->subject = cpu;
	e->flags = flags | (verdict ? 0 : SNP_F_AUDIT);
	e->result = -EPERM;
	name_gated(e, what, cpu);
	bpf_ringbuf_submit(e, 0);
	return verdict;
}

static __always_inline int gate(struct file *file, __u32 flags)
{
	__u32 cpu = SNP_NO_SUBJECT;
	enum gated what = gated(file, &cpu);

	if (what == NOT_GATED)
		return 0;
	if (flags & SNP_F_OPEN)
		take_note(file);
	return is_shut() ? refuse(what, cpu, flags) : 0;
}

/* Not in line, so that what else is opened has no registers to save for it. */
static __noinline int gate_opening(struct file *file)
{
	return gate(file, SNP_F_OPEN);
}

static __noinline int gate_opening_of_kind(struct file *file)
{
	switch (file->f_inode->i_sb->s_magic) {
	case SYSFS_MAGIC:
		return may_be_gated(file->f_path.dentry) ? gate_opening(file) : 0;
	case TRACEFS_MAGIC:
		return gate_opening(file);
	}
	return 0;
}

/*
 * Each open of the host comes by here: what it costs is counted in instructions. Files of sysfs and
 * tracefs have an i_private (fs/kernfs/inode.c:kernfs_init_inode, fs/tracefs/inode.c:
 * tracefs_create_file); those of most others, sockets and pipes aside, have none.
 */
SEC("lsm/file_open")
int gate_open(__u64 *ctx)
{
	__u64 said = ctx[1]; /* by others on this hook */
	struct inode *inode;
	struct file *file;

	/* Where it is 0 the compiler would take another instruction to return that. */
	asm volatile goto("if %0 != 0 goto %l[out]" : : "r"(said) : : out);
	file = (struct file *)ctx[0];
	inode = file->f_inode;
	/* For /dev/snapshot reading will do. */
	if (inode->i_rdev == SNAPSHOT_DEV)
		return gate_opening(file);
	if (!(file->f_mode & FMODE_WRITE) || !inode->i_private)
		goto out;
	return gate_opening_of_kind(file);
out:
	return said;
}

/* Only for descriptors from before the window: it is dropped where there are none. */
SEC("lsm/file_permission")
int BPF_PROG(gate_write, struct file *file, int mask, int ret)
{
	if (ret || !(mask & MAY_WRITE) || !is_shut())
		return ret;
	return gate(file, 0);
}

/* /dev/snapshot is steered by ioctls, most of them on a descriptor that was opened for reading. */
static __always_inline int gate_snapshot(struct file *file, int ret)
{
	if (ret || !is_shut() || !is_snapshot(file->f_inode))
		return ret;
	return refuse(GATED_SNAPSHOT, SNP_NO_SUBJECT, SNP_F_IOCTL);
}

SEC("lsm/file_ioctl")
int BPF_PROG(gate_ioctl, struct file *file, unsigned int cmd, unsigned long arg, int ret)
{
	return gate_snapshot(file, ret);
}

SEC("lsm/file_ioctl_compat")
int BPF_PROG(gate_ioctl_compat, struct file *file, unsigned int cmd, unsigned long arg, int ret)
{
	return gate_snapshot(file, ret);
}

/* ---- what the user side asks for ---- */

/*
 * i_writecount is raised before the LSM hook of an open is called and falls when the last
 * reference to the file goes, whoever holds it: a descriptor, one in flight in a socket, io_uring,
 * a loop device (fs/open.c:do_dentry_open, fs/file_table.c:__fput). An inode that is gone has no
 * writers; its memory may be another's by now.
 */
static long writers_of(void *map, const __u64 *key, const struct listed *entry, __s32 *writers)
{
	struct inode *inode = (struct inode *)*key;
	bool gone = (__u64)BPF_CORE_READ(inode, i_sb) != entry->sb ||
		    BPF_CORE_READ(inode, i_ino) != entry->ino;

	if (gone)
		bpf_map_delete_elem(map, key);
	else if (BPF_CORE_READ(inode, i_writecount.counter) > 0)
		*writers += 1;
	return 0;
}

static __always_inline __s32 count_writers(void)
{
	__s32 writers = 0, free = 1;

	if (state.unlisted)
		return -ENOSPC;
	bpf_for_each_map_elem(&files, writers_of, &writers, 0);
	/* A character device has no count of writers; of this one there is one user at a time. */
	if (hibernate_addr)
		bpf_probe_read_kernel(&free, sizeof(free), (void *)hibernate_addr);
	return writers + (free < 1);
}

static __always_inline __s32 steer_latch(const struct snp_steer *s)
{
	__u64 after = (s->before & ~(SNP_LATCH_WINDOW | SNP_LATCH_REARM)) |
		      (s->value ? SNP_LATCH_WINDOW : 0);

	if (__sync_val_compare_and_swap(&state.latch, s->before, after + SNP_LATCH_CHANGE) !=
	    s->before)
		return -EAGAIN;
	return 0;
}

static __always_inline void arm(void)
{
	__sync_lock_test_and_set(&state.writes, 1);
	latch_release(SNP_LATCH_REARM);
}

/* Counterpart of window_ends(): one of the two sees what the other one did. */
static __always_inline __s32 disarm(void)
{
	__sync_lock_test_and_set(&state.writes, 0);
	if (*(volatile __u64 *)&state.latch & SNP_LATCH_WINDOW)
		return 0;
	arm();
	return -EAGAIN;
}

SEC("syscall")
int steer(struct snp_steer *s)
{
	s->result = 0;
	switch (s->verb) {
	case SNP_STEER_LATCH:
		s->result = steer_latch(s);
		break;
	case SNP_STEER_BEAT:
		state.beat_ns = s->value;
		break;
	case SNP_STEER_AUDIT:
		state.audit = s->value;
		break;
	case SNP_STEER_ARM:
		arm();
		break;
	case SNP_STEER_DISARM:
		s->result = disarm();
		break;
	case SNP_STEER_TRY:
		state.trier = s->value;
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
