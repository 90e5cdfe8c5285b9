// SPDX-License-Identifier: GPL-2.0-only
/* The registers of the CPU that executes an instruction, its memory, and how it goes on. */
#include "processor/cpu.h"

#include <errno.h>
#include <string.h>

struct processor processor;

static struct qemu_plugin_register *registers[MACHINE_CPUS_MAX][CPU_REGISTERS];

void cpu_find_registers(unsigned int cpu)
{
	static const char *const names[CPU_REGISTERS] = {
		[RAX] = "rax",	     [RBX] = "rbx", [RCX] = "rcx", [RDX] = "rdx",   [RIP] = "rip",
		[RFLAGS] = "eflags", [CS] = "cs",   [CR0] = "cr0", [EFER] = "efer",
	};
	GArray *list = qemu_plugin_get_registers();
	guint size = g_array_get_element_size(list);

	for (guint i = 0; i < list->len; i++) {
		struct qemu_plugin_register_description *d =
			(void *)(list->data + (size_t)i * size);

		for (int r = 0; r < CPU_REGISTERS; r++) {
			if (!strcmp(d->name, names[r]))
				registers[cpu][r] = d->handle;
		}
	}
	g_array_unref(list);
}

uint64_t cpu_get(unsigned int cpu, enum cpu_register reg)
{
	GByteArray *buf = g_byte_array_new();
	uint64_t value = 0;

	qemu_plugin_read_register(registers[cpu][reg], buf);
	memcpy(&value, buf->data, MIN(sizeof(value), buf->len));
	g_byte_array_unref(buf);
	return value;
}

uint32_t cpu_get32(unsigned int cpu, enum cpu_register reg)
{
	return (uint32_t)cpu_get(cpu, reg);
}

void cpu_set(unsigned int cpu, enum cpu_register reg, uint64_t value)
{
	GByteArray *buf = g_byte_array_new();

	g_byte_array_append(buf, (const guint8 *)&value, sizeof(value));
	qemu_plugin_write_register(registers[cpu][reg], buf);
	g_byte_array_unref(buf);
}

/*
 * Programs that map one page at different addresses share its translation, so only pc's offset in
 * the page is certain. RIP is where the CPU entered the block with the instruction, less than a
 * page before the instruction. QEMU's RIP is relative to the code segment's base, which is not 0
 * in real mode (a kernel's setup code).
 */
void cpu_skip(unsigned int cpu, void *pc, unsigned int len)
{
	uint64_t base = cpu_get(cpu, CR0) & 1 ? 0 : cpu_get(cpu, CS) << 4;
	uint64_t entered = cpu_get(cpu, RIP) + base;
	uint64_t here = entered + (((uint64_t)(uintptr_t)pc - entered) & 0xfff);

	qemu_plugin_set_pc(here - base + len);
}

int cpu_read_physical(void *unused, uint64_t pa, void *to, size_t len)
{
	GByteArray *buf = g_byte_array_new();
	int err = -EFAULT;

	(void)unused;
	if (qemu_plugin_read_memory_hwaddr(pa, buf, len) == PLUGIN_HWADDR_OK && buf->len == len) {
		memcpy(to, buf->data, len);
		err = 0;
	}
	g_byte_array_unref(buf);
	return err;
}

int cpu_write_physical(void *unused, uint64_t pa, const void *from, size_t len)
{
	GByteArray *buf = g_byte_array_new();
	int err;

	(void)unused;
	g_byte_array_append(buf, from, len);
	err = qemu_plugin_write_memory_hwaddr(pa, buf) == PLUGIN_HWADDR_OK ? 0 : -EFAULT;
	g_byte_array_unref(buf);
	return err;
}

struct rmp cpu_rmp(void)
{
	return (struct rmp){
		.base = processor.machine->rmp_base,
		.end = processor.machine->rmp_end,
		.cfg = processor.machine->rmp_cfg,
		.memory = { .read = cpu_read_physical, .write = cpu_write_physical },
	};
}
