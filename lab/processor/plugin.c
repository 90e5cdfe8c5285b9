// SPDX-License-Identifier: GPL-2.0-only
/*
 * The emulated SNP processor: a TCG plugin of QEMU.
 *
 *	-plugin snp-cpu.so,state=FILE[,count=on][,rmpopt=on][,rmpread=on][,writers=on]
 *
 * QEMU's model of an EPYC does not have SNP. The plugin emulates the instructions below and moves
 * the program counter past them; QEMU executes all others.
 *
 *	CPUID 80000007h, 8000000Ah,	features that the kernel and kvm-amd look for (cpuid.c)
 *	CPUID 8000001Fh, 80000025h
 *	CPUID MACHINE_CPUID_COUNTER	the number of executed instructions
 *	RDMSR, WRMSR			SYSCFG, HWCR, RMP_BASE, RMP_END, RMP_CFG, RMPOPT_BASE,
 *					IORRs, TOP_MEM, TSEG; MTRRs are noted (msr.c)
 *	RMPUPDATE, PSMASH, RMPREAD,	on the RMP in guest memory (rmp_instructions.c)
 *	RMPOPT
 *	WBINVD, WBNOINVD		counted for the firmware's DF_FLUSH (plugin.c)
 *	VMRUN				noted, to know a guest's instructions (guest.c)
 *	PAUSE				lets another emulated CPU have the host's core
 *
 * CPUID works at any privilege level. At a level other than 0 QEMU answers RDMSR, WRMSR and the
 * RMP's instructions with an exception. In a KVM guest QEMU has them all, and KVM intercepts them.
 *
 * RMPADJUST and PVALIDATE are instructions for guests and raise #UD. The plugin maintains the RMP
 * but does not enforce it: a callback of QEMU's for memory accesses comes after the access and
 * can't raise an exception. With writers=on it notes who wrote where hardware checks the RMP
 * (writers.c).
 *
 * A CPU takes the power-on values of SYSCFG and HWCR at QEMU's start or when it is hot-plugged, and
 * on a platform reset (firmware_reset()). INIT, SIPI, kexec and taking a CPU offline do not change
 * them. Software can't clear SNP_EN; only the firmware's full shutdown does (APM vol. 2 §15.36.2).
 */
#include "processor/cpu.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
EXPORT int qemu_plugin_version = PLUGIN_API_VERSION;

/* ---- instructions ---- */

/*
 * A CPU that spins waits for another, which a host with fewer cores does not run meanwhile. QEMU
 * then executes PAUSE as a no-op.
 */
static void cpu_pause(unsigned int cpu, void *pc)
{
	static const struct timespec moment = { .tv_nsec = 50000 };

	(void)cpu;
	(void)pc;
	nanosleep(&moment, NULL);
}

/*
 * Both write all modified lines of the caches back, which is what the firmware requires. QEMU
 * executes them, as a no-op, at any privilege level; hardware raises #GP at one other than 0.
 */
static void cpu_wbinvd(unsigned int cpu, void *pc)
{
	(void)pc;
	if (cpu_in_host_kernel(cpu))
		__atomic_add_fetch(&processor.machine->cpus[cpu].wbinvds, 1, __ATOMIC_SEQ_CST);
}

/* Opcodes: APM vol. 3. */
static const struct {
	uint8_t len;
	uint8_t bytes[4];
	vcpu_callback cb;
} instructions[] = {
	{ 2, { 0x0f, 0x09 }, cpu_wbinvd },
	{ 3, { 0xf3, 0x0f, 0x09 }, cpu_wbinvd }, /* WBNOINVD */
	{ 2, { 0x0f, 0x30 }, cpu_wrmsr },
	{ 2, { 0x0f, 0x32 }, cpu_rdmsr },
	{ 2, { 0x0f, 0xa2 }, cpu_cpuid },
	{ 2, { 0xf3, 0x90 }, cpu_pause },
	{ 3, { 0x0f, 0x01, 0xd8 }, cpu_vmrun },
	{ 4, { 0xf2, 0x0f, 0x01, 0xfc }, cpu_rmpopt },
	{ 4, { 0xf2, 0x0f, 0x01, 0xfd }, cpu_rmpread },
	{ 4, { 0xf2, 0x0f, 0x01, 0xfe }, cpu_rmpupdate },
	{ 4, { 0xf3, 0x0f, 0x01, 0xff }, cpu_psmash },
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

static void register_callback(struct qemu_plugin_insn *insn, vcpu_callback cb, uint64_t pc)
{
	if (cb)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, cb, PLUGIN_CB_RW_REGS_PC,
						       (void *)(uintptr_t)pc);
}

static void on_translate(struct qemu_plugin_tb *tb, void *unused)
{
	size_t n = qemu_plugin_tb_n_insns(tb);
	struct qemu_plugin_insn *first = qemu_plugin_tb_get_insn(tb, 0);
	uint64_t start = qemu_plugin_insn_vaddr(first);

	(void)unused;
	register_callback(first, guest_find_resume(start), start);
	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint8_t bytes[4] = { 0 };
		size_t len = qemu_plugin_insn_data(insn, bytes, sizeof(bytes));
		vcpu_callback cb = find_callback(bytes, len);
		uint64_t pc = qemu_plugin_insn_vaddr(insn);

		if (cb == cpu_vmrun)
			guest_note_vmrun(pc);
		register_callback(insn, cb, pc);
		if (processor.writers)
			qemu_plugin_register_vcpu_mem_cb(insn, writers_on_store, PLUGIN_CB_NO_REGS,
							 PLUGIN_MEM_WRITE, (void *)(uintptr_t)pc);
	}
	if (processor.counter.score)
		qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(tb, PLUGIN_INLINE_ADD_U64,
								  processor.counter, n);
}

/* ---- power ---- */

static void on_power_on(unsigned int cpu, void *unused)
{
	struct machine_cpu *state = &processor.machine->cpus[cpu];
	bool hot = __atomic_load_n(&processor.machine->running, __ATOMIC_RELAXED);

	(void)unused;
	cpu_find_registers(cpu);
	cpu_leave_guest(cpu);
	state->hwcr = HWCR_COLD;
	state->hsave_pa = 0;
	state->wbinvds = 0;
	memset(state->memory, 0, sizeof(state->memory));
	state->rmpopt_base = 0;
	memset(state->rmpopt, 0, sizeof(state->rmpopt));
	state->flags = MACHINE_CPU_PRESENT | (hot ? MACHINE_CPU_HOT : 0);
	state->resets++;
	__atomic_store_n(&state->syscfg, SYSCFG_COLD, __ATOMIC_SEQ_CST);
}

static void on_power_off(unsigned int cpu, void *unused)
{
	(void)unused;
	processor.machine->cpus[cpu].flags = 0;
}

/* ---- start ---- */

/* Maps the state file. -EPROTO: another version of the lab made it. */
static int map_machine(const char *path, struct machine **out)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	struct machine *machine;
	struct stat st;
	int err = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st)) {
		err = -errno;
		goto out;
	}
	if ((size_t)st.st_size < sizeof(*machine)) {
		err = -EINVAL;
		goto out;
	}
	machine = mmap(NULL, sizeof(*machine), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (machine == MAP_FAILED) {
		err = -errno;
		goto out;
	}
	*out = machine;
	if (machine->magic != MACHINE_MAGIC || machine->version != MACHINE_VERSION ||
	    machine->size != sizeof(*machine))
		err = -EPROTO;
out:
	close(fd);
	return err;
}

/* Arguments are NAME=VALUE; QEMU turns a bare NAME into NAME=on. */
static int take_arguments(int argc, char **argv, const char **path, bool *rmpopt)
{
	for (int i = 0; i < argc; i++) {
		if (g_str_has_prefix(argv[i], "state="))
			*path = argv[i] + strlen("state=");
		else if (!strcmp(argv[i], "count=on"))
			processor.counter.score = qemu_plugin_scoreboard_new(sizeof(uint64_t));
		else if (!strcmp(argv[i], "rmpopt=on"))
			*rmpopt = true;
		else if (!strcmp(argv[i], "rmpread=on"))
			processor.rmpread = true;
		else if (!strcmp(argv[i], "writers=on"))
			processor.writers = true;
		else if (strcmp(argv[i], "count=off") && strcmp(argv[i], "rmpopt=off") &&
			 strcmp(argv[i], "rmpread=off") && strcmp(argv[i], "writers=off"))
			return -EINVAL;
	}
	return *path ? 0 : -EINVAL;
}

EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv);

EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	const char *path = NULL;
	bool rmpopt = false;
	int err = take_arguments(argc, argv, &path, &rmpopt);

	(void)info;
	if (err) {
		fprintf(stderr, "snp-cpu: arguments: state=FILE[,count=on][,rmpopt=on][,rmpread=on]"
				"[,writers=on]\n");
		return err;
	}
	err = map_machine(path, &processor.machine);
	if (err) {
		fprintf(stderr, "snp-cpu: %s: %s\n", path, strerror(-err));
		return err;
	}
	processor.machine->has_rmpopt = rmpopt && processor.machine->rmp_cfg;
	qemu_plugin_register_vcpu_init_cb(id, on_power_on, NULL);
	qemu_plugin_register_vcpu_exit_cb(id, on_power_off, NULL);
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate, NULL);
	return 0;
}
