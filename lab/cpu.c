// SPDX-License-Identifier: GPL-2.0-only
/*
 * The emulated SNP processor: a TCG plugin of QEMU (plugin API 7).
 *
 *	-plugin snp-cpu.so,state=FILE[,count=on][,rmpread=on]
 *
 * QEMU's own model of an EPYC stops short of SNP. The plugin answers the instructions below in
 * the processor's place and moves the program counter past them; what it does not answer, QEMU
 * executes as ever (so that RMPUPDATE without SNP_EN raises #UD, as on hardware).
 *
 *	CPUID 80000007h, 8000000Ah,	what kvm-amd and the kernel ask for before they use SNP
 *	CPUID 8000001Fh
 *	RDMSR, WRMSR			SYSCFG, HWCR, RMP_BASE, RMP_END, RMP_CFG
 *	RMPUPDATE, PSMASH, RMPREAD	act on the RMP in guest memory (rmp.c)
 *	CPUID MACHINE_CPUID_COUNTER	the count of executed instructions
 *
 * RMPADJUST and PVALIDATE are a guest's instructions and stay QEMU's (#UD). No memory access is
 * checked against the RMP: the table is kept right, but not enforced.
 *
 * SYSCFG, HWCR: a CPU takes the values of MACHINE's cold start when it is powered on: at QEMU's
 * start and when it is hot-plugged. (The firmware does the same on a platform reset.) Neither
 * INIT and SIPI nor kexec change them, nor does taking a CPU offline. SNP_EN, once set, stays for
 * software; only the firmware's full shutdown clears it (APM vol. 2 §15.36.2).
 */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "machine.h"
#include "rmp.h"

/*
 * The entry points of QEMU's plugin API that are used here (its include/plugins/qemu-plugin.h is
 * in no package).
 */
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_register;
struct qemu_plugin_scoreboard;

struct qemu_plugin_register_description {
	struct qemu_plugin_register *handle;
	const char *name;
	const char *feature;
	bool is_readonly;
};

struct qemu_plugin_counter {
	struct qemu_plugin_scoreboard *score;
	size_t offset;
};

enum { PLUGIN_CB_RW_REGS_PC = 3 };
enum { PLUGIN_INLINE_ADD_U64 = 0 };
enum { PLUGIN_HWADDR_OK = 0 };

typedef void (*vcpu_callback)(unsigned int cpu, void *data);

extern GArray *qemu_plugin_get_registers(void);
extern bool qemu_plugin_read_register(struct qemu_plugin_register *reg, GByteArray *buf);
extern bool qemu_plugin_write_register(struct qemu_plugin_register *reg, GByteArray *buf);
extern void qemu_plugin_set_pc(uint64_t pc) __attribute__((noreturn));
extern bool qemu_plugin_read_memory_vaddr(uint64_t va, GByteArray *data, size_t len);
extern bool qemu_plugin_write_memory_vaddr(uint64_t va, GByteArray *data);
extern int qemu_plugin_read_memory_hwaddr(uint64_t pa, GByteArray *data, size_t len);
extern int qemu_plugin_write_memory_hwaddr(uint64_t pa, GByteArray *data);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
extern size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *to, size_t len);
extern uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
extern void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, vcpu_callback cb,
						   int flags, void *data);
extern void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id,
						  void (*cb)(struct qemu_plugin_tb *, void *),
						  void *data);
extern void qemu_plugin_register_vcpu_init_cb(uint64_t id, vcpu_callback cb, void *data);
extern void qemu_plugin_register_vcpu_exit_cb(uint64_t id, vcpu_callback cb, void *data);
extern struct qemu_plugin_scoreboard *qemu_plugin_scoreboard_new(size_t element_size);
extern uint64_t qemu_plugin_u64_get(struct qemu_plugin_counter entry, unsigned int cpu);
extern void qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(struct qemu_plugin_tb *tb, int op,
							      struct qemu_plugin_counter entry,
							      uint64_t add);

#define EXPORT __attribute__((visibility("default")))
EXPORT int qemu_plugin_version = 7;

enum reg { RAX, RBX, RCX, RDX, RIP, CS, CR0, NREGS };

static struct qemu_plugin_register *registers[MACHINE_CPUS_MAX][NREGS];
static struct machine *machine;
static struct qemu_plugin_counter counter;
static bool with_rmpread;
static pthread_mutex_t rmp_lock = PTHREAD_MUTEX_INITIALIZER;

static uint64_t get(unsigned int cpu, enum reg reg)
{
	GByteArray *buf = g_byte_array_new();
	uint64_t value = 0;

	qemu_plugin_read_register(registers[cpu][reg], buf);
	memcpy(&value, buf->data, MIN(sizeof(value), buf->len));
	g_byte_array_unref(buf);
	return value;
}

static uint32_t get32(unsigned int cpu, enum reg reg)
{
	return (uint32_t)get(cpu, reg);
}

static void set(unsigned int cpu, enum reg reg, uint64_t value)
{
	GByteArray *buf = g_byte_array_new();

	g_byte_array_append(buf, (const guint8 *)&value, sizeof(value));
	qemu_plugin_write_register(registers[cpu][reg], buf);
	g_byte_array_unref(buf);
}

/*
 * Resumes after the instruction of that length, which was translated at linear address pc; does
 * not return. Programs that map one page at different addresses share its translation, so of pc
 * only the offset in its page counts. RIP is where the block was entered that the instruction
 * belongs to, less than a page before it. QEMU counts RIP from the code segment's base, which is
 * not 0 in real mode (a kernel's setup code).
 */
static void __attribute__((noreturn)) skip(unsigned int cpu, void *pc, unsigned int len)
{
	uint64_t base = get(cpu, CR0) & 1 ? 0 : get(cpu, CS) << 4;
	uint64_t entered = get(cpu, RIP) + base;
	uint64_t here = entered + (((uint64_t)(uintptr_t)pc - entered) & 0xfff);

	qemu_plugin_set_pc(here - base + len);
}

/* Guest memory for rmp.c, by physical address. */
static int read_physical(void *context, uint64_t pa, void *to, size_t len)
{
	GByteArray *buf = g_byte_array_new();
	int err = -EFAULT;

	(void)context;
	if (qemu_plugin_read_memory_hwaddr(pa, buf, len) == PLUGIN_HWADDR_OK && buf->len == len) {
		memcpy(to, buf->data, len);
		err = 0;
	}
	g_byte_array_unref(buf);
	return err;
}

static int write_physical(void *context, uint64_t pa, const void *from, size_t len)
{
	GByteArray *buf = g_byte_array_new();
	int err;

	(void)context;
	g_byte_array_append(buf, from, len);
	err = qemu_plugin_write_memory_hwaddr(pa, buf) == PLUGIN_HWADDR_OK ? 0 : -EFAULT;
	g_byte_array_unref(buf);
	return err;
}

static struct rmp machine_rmp(void)
{
	return (struct rmp){
		.base = machine->rmp_base,
		.end = machine->rmp_end,
		.memory = { .read = read_physical, .write = write_physical },
	};
}

static void note_register(uint64_t offset, uint64_t *to)
{
	uint64_t value;

	if (!read_physical(NULL, MACHINE_IOMMU_BASE + offset, &value, sizeof(value)))
		__atomic_store_n(to, value, __ATOMIC_RELAXED);
}

/*
 * Notes the IOMMU's buffers for the firmware. The kernel reads SYSCFG on its way to SNP_INIT
 * (snp_prepare, or snp_rmptable_init before 7.1), after it has set up the IOMMU, so what is noted
 * then is what SNP_INIT needs, in a kernel started by kexec too.
 */
static void note_iommu(void)
{
	note_register(0x10, &machine->iommu.event_log);
	note_register(0x20, &machine->iommu.wait_base);
	note_register(0x28, &machine->iommu.wait_limit);
	note_register(0x38, &machine->iommu.ppr_log);
}

static uint64_t read_syscfg(unsigned int cpu)
{
	__atomic_store_n(&machine->running, 1, __ATOMIC_RELAXED);
	note_iommu();
	return __atomic_load_n(&machine->cpus[cpu].syscfg, __ATOMIC_SEQ_CST);
}

static void on_rdmsr(unsigned int cpu, void *pc)
{
	uint64_t value;

	switch (get32(cpu, RCX)) {
	case MSR_SYSCFG:
		value = read_syscfg(cpu);
		break;
	case MSR_HWCR:
		value = machine->cpus[cpu].hwcr;
		break;
	case MSR_RMP_BASE:
		value = machine->rmp_base;
		break;
	case MSR_RMP_END:
		value = machine->rmp_end;
		break;
	case MSR_RMP_CFG:
		value = 0; /* a contiguous RMP, not a segmented one */
		break;
	default:
		return;
	}
	set(cpu, RAX, (uint32_t)value);
	set(cpu, RDX, value >> 32);
	skip(cpu, pc, 2);
}

/* SNP_EN is write-1-only; whoever else changes SYSCFG (firmware, control) must not be undone. */
static void write_syscfg(unsigned int cpu, uint64_t value)
{
	uint64_t *syscfg = &machine->cpus[cpu].syscfg;
	uint64_t old = __atomic_load_n(syscfg, __ATOMIC_SEQ_CST);

	while (!__atomic_compare_exchange_n(syscfg, &old, value | (old & SYSCFG_SNP_EN), false,
					    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		;
}

static void on_wrmsr(unsigned int cpu, void *pc)
{
	uint64_t value = get32(cpu, RAX) | get(cpu, RDX) << 32;

	switch (get32(cpu, RCX)) {
	case MSR_SYSCFG:
		write_syscfg(cpu, value);
		break;
	case MSR_HWCR: /* the SMM lock holds until a reset */
		machine->cpus[cpu].hwcr = value | (machine->cpus[cpu].hwcr & HWCR_SMM_LOCK);
		break;
	default:
		return;
	}
	skip(cpu, pc, 2);
}

static void cpuid(unsigned int cpu, uint32_t eax, uint32_t ebx, uint32_t ecx, uint32_t edx)
{
	set(cpu, RAX, eax);
	set(cpu, RBX, ebx);
	set(cpu, RCX, ecx);
	set(cpu, RDX, edx);
}

/* A TSC of constant rate, which a PREEMPT_RT kernel's KVM demands and QEMU never offers by TCG. */
static void cpuid_power(unsigned int cpu)
{
	enum { INVARIANT_TSC = 1 << 8 };

	cpuid(cpu, 0, 0, 0, INVARIANT_TSC);
}

/* SVM, as kvm-amd needs it to offer SEV (APM vol. 3, CPUID Fn8000_000A). */
static void cpuid_svm(unsigned int cpu)
{
	enum {
		NESTED_PAGING = 1 << 0,
		LBR_VIRT = 1 << 1,
		NRIP_SAVE = 1 << 3,
		FLUSH_BY_ASID = 1 << 6,
		DECODE_ASSISTS = 1 << 7,
		ASIDS = 0x8000,
	};

	cpuid(cpu, 1, ASIDS, 0,
	      NESTED_PAGING | LBR_VIRT | NRIP_SAVE | FLUSH_BY_ASID | DECODE_ASSISTS);
}

/* Encrypted memory (APM vol. 3, CPUID Fn8000_001F). */
static void cpuid_sev(unsigned int cpu)
{
	enum {
		SME = 1 << 0,
		SEV = 1 << 1,
		SEV_ES = 1 << 3,
		SEV_SNP = 1 << 4,
		VMPL = 1 << 5,
		RMPREAD = 1 << 21,
		C_BIT = 51,
		VMPLS = 4,
		GUESTS = 509,
		FIRST_SEV_ONLY_ASID = 100,
	};

	cpuid(cpu, SME | SEV | SEV_ES | SEV_SNP | VMPL | (with_rmpread ? RMPREAD : 0),
	      C_BIT | VMPLS << 12, GUESTS, FIRST_SEV_ONLY_ASID);
}

static void cpuid_counter(unsigned int cpu)
{
	uint64_t count = counter.score ? qemu_plugin_u64_get(counter, cpu) : 0;

	cpuid(cpu, (uint32_t)count, counter.score != NULL, cpu, count >> 32);
}

static void on_cpuid(unsigned int cpu, void *pc)
{
	switch (get32(cpu, RAX)) {
	case 0x80000007:
		cpuid_power(cpu);
		break;
	case 0x8000000a:
		cpuid_svm(cpu);
		break;
	case 0x8000001f:
		cpuid_sev(cpu);
		break;
	case MACHINE_CPUID_COUNTER:
		cpuid_counter(cpu);
		break;
	default:
		return;
	}
	skip(cpu, pc, 2);
}

/* Only a CPU that has SNP enabled knows the RMP instructions (APM vol. 3). */
static bool snp_enabled(unsigned int cpu)
{
	return __atomic_load_n(&machine->cpus[cpu].syscfg, __ATOMIC_SEQ_CST) & SYSCFG_SNP_EN;
}

static void on_rmpupdate(unsigned int cpu, void *pc)
{
	GByteArray *buf;
	struct rmp rmp = machine_rmp();
	struct rmp_state state;
	enum rmp_result result = RMP_FAIL_INPUT;

	if (!snp_enabled(cpu))
		return;
	buf = g_byte_array_new();
	if (qemu_plugin_read_memory_vaddr(get(cpu, RCX), buf, sizeof(state)) &&
	    buf->len == sizeof(state)) {
		memcpy(&state, buf->data, sizeof(state));
		pthread_mutex_lock(&rmp_lock);
		result = rmp_update(&rmp, get(cpu, RAX), &state);
		pthread_mutex_unlock(&rmp_lock);
	}
	g_byte_array_unref(buf);
	set(cpu, RAX, result);
	skip(cpu, pc, 4);
}

static void on_psmash(unsigned int cpu, void *pc)
{
	struct rmp rmp = machine_rmp();
	enum rmp_result result;

	if (!snp_enabled(cpu))
		return;
	pthread_mutex_lock(&rmp_lock);
	result = rmp_smash(&rmp, get(cpu, RAX));
	pthread_mutex_unlock(&rmp_lock);
	set(cpu, RAX, result);
	skip(cpu, pc, 4);
}

static void on_rmpread(unsigned int cpu, void *pc)
{
	struct rmp rmp = machine_rmp();
	struct rmp_state state;
	enum rmp_result result;

	if (!snp_enabled(cpu) || !with_rmpread)
		return;
	result = rmp_read(&rmp, get(cpu, RAX), &state);
	if (!result) {
		GByteArray *buf = g_byte_array_new();

		g_byte_array_append(buf, (const guint8 *)&state, sizeof(state));
		if (!qemu_plugin_write_memory_vaddr(get(cpu, RCX), buf))
			result = RMP_FAIL_INPUT;
		g_byte_array_unref(buf);
	}
	set(cpu, RAX, result);
	skip(cpu, pc, 4);
}

static const struct {
	uint8_t len;
	uint8_t bytes[4];
	vcpu_callback cb;
} instructions[] = {
	{ 2, { 0x0f, 0x30 }, on_wrmsr },
	{ 2, { 0x0f, 0x32 }, on_rdmsr },
	{ 2, { 0x0f, 0xa2 }, on_cpuid },
	{ 4, { 0xf2, 0x0f, 0x01, 0xfd }, on_rmpread },
	{ 4, { 0xf2, 0x0f, 0x01, 0xfe }, on_rmpupdate },
	{ 4, { 0xf3, 0x0f, 0x01, 0xff }, on_psmash },
};

static vcpu_callback find_callback(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < G_N_ELEMENTS(instructions); i++) {
		if (len >= instructions[i].len &&
		    !memcmp(bytes, instructions[i].bytes, instructions[i].len))
			return instructions[i].cb;
	}
	return NULL;
}

static void on_translate(struct qemu_plugin_tb *tb, void *unused)
{
	size_t n = qemu_plugin_tb_n_insns(tb);

	(void)unused;
	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint8_t bytes[4] = { 0 };
		size_t len = qemu_plugin_insn_data(insn, bytes, sizeof(bytes));
		vcpu_callback cb = find_callback(bytes, len);
		void *pc = (void *)(uintptr_t)qemu_plugin_insn_vaddr(insn);

		if (cb)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, cb, PLUGIN_CB_RW_REGS_PC, pc);
	}
	if (counter.score)
		qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(tb, PLUGIN_INLINE_ADD_U64,
								  counter, n);
}

static void find_registers(unsigned int cpu)
{
	static const char *const names[NREGS] = {
		[RAX] = "rax", [RBX] = "rbx", [RCX] = "rcx", [RDX] = "rdx",
		[RIP] = "rip", [CS] = "cs",   [CR0] = "cr0",
	};
	GArray *list = qemu_plugin_get_registers();
	guint size = g_array_get_element_size(list);

	for (guint i = 0; i < list->len; i++) {
		struct qemu_plugin_register_description *d = (void *)(list->data + i * size);

		for (int r = 0; r < NREGS; r++) {
			if (!strcmp(d->name, names[r]))
				registers[cpu][r] = d->handle;
		}
	}
	g_array_unref(list);
}

static void on_power_on(unsigned int cpu, void *unused)
{
	struct machine_cpu *state = &machine->cpus[cpu];
	bool hot = __atomic_load_n(&machine->running, __ATOMIC_RELAXED);

	(void)unused;
	find_registers(cpu);
	state->hwcr = HWCR_COLD;
	state->flags = MACHINE_CPU_PRESENT | (hot ? MACHINE_CPU_HOT : 0);
	state->resets++;
	__atomic_store_n(&state->syscfg, SYSCFG_COLD, __ATOMIC_SEQ_CST);
}

static void on_power_off(unsigned int cpu, void *unused)
{
	(void)unused;
	machine->cpus[cpu].flags = 0;
}

static int map_machine(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	struct stat st;
	int err = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st)) {
		err = -errno;
	} else if ((size_t)st.st_size < sizeof(*machine)) {
		err = -EINVAL;
	} else {
		machine = mmap(NULL, sizeof(*machine), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (machine == MAP_FAILED)
			err = -errno;
		else if (machine->magic != MACHINE_MAGIC || machine->version != MACHINE_VERSION ||
			 machine->size != sizeof(*machine))
			err = -EPROTO;
	}
	close(fd);
	return err;
}

/* Arguments are NAME=VALUE; on and off are what QEMU makes of flags. */
static int take_arguments(int argc, char **argv, const char **path)
{
	for (int i = 0; i < argc; i++) {
		if (g_str_has_prefix(argv[i], "state="))
			*path = argv[i] + strlen("state=");
		else if (!strcmp(argv[i], "count=on"))
			counter.score = qemu_plugin_scoreboard_new(sizeof(uint64_t));
		else if (!strcmp(argv[i], "rmpread=on"))
			with_rmpread = true;
		else if (strcmp(argv[i], "count=off") && strcmp(argv[i], "rmpread=off"))
			return -EINVAL;
	}
	return *path ? 0 : -EINVAL;
}

EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv);

EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	const char *path = NULL;
	int err = take_arguments(argc, argv, &path);

	(void)info;
	if (err) {
		fprintf(stderr, "snp-cpu: arguments: state=FILE[,count=on][,rmpread=on]\n");
		return err;
	}
	err = map_machine(path);
	if (err) {
		fprintf(stderr, "snp-cpu: %s: %s\n", path, strerror(-err));
		return err;
	}
	qemu_plugin_register_vcpu_init_cb(id, on_power_on, NULL);
	qemu_plugin_register_vcpu_exit_cb(id, on_power_off, NULL);
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate, NULL);
	return 0;
}
