// SPDX-License-Identifier: GPL-2.0-only
/*
 * RMPUPDATE, PSMASH and RMPREAD (APM vol. 3), for machine/rmp.c. A CPU without SNP_EN does not
 * know them: QEMU then raises #UD, as hardware does. It also raises #UD at a privilege level other
 * than 0, where hardware raises #GP. RMPOPT is the same on a core that has not enabled it.
 */
#include <pthread.h>
#include <string.h>

#include "machine/registers.h"
#include "machine/rmp.h"
#include "processor/cpu.h"

/* Length of each of the four instructions, bytes. */
enum { RMP_LEN = 4 };

/*
 * RMPUPDATE, PSMASH and RMPOPT each read or write several entries; CPUs must not interleave them.
 */
static pthread_mutex_t rmp_lock = PTHREAD_MUTEX_INITIALIZER;

/* In the host's kernel, on a CPU with SNP_EN. */
static bool executable(unsigned int cpu)
{
	return cpu_in_host_kernel(cpu) &&
	       __atomic_load_n(&processor.machine->cpus[cpu].syscfg, __ATOMIC_SEQ_CST) &
		       SYSCFG_SNP_EN;
}

static bool load_state(uint64_t va, struct rmp_state *state)
{
	GByteArray *buf = g_byte_array_new();
	bool loaded = qemu_plugin_read_memory_vaddr(va, buf, sizeof(*state)) &&
		      buf->len == sizeof(*state);

	if (loaded)
		memcpy(state, buf->data, sizeof(*state));
	g_byte_array_unref(buf);
	return loaded;
}

void cpu_rmpupdate(unsigned int cpu, void *pc)
{
	struct rmp rmp = cpu_rmp();
	struct rmp_state state;
	enum rmp_result result;

	if (!executable(cpu))
		return;
	result = rmp_take_failure(processor.machine);
	if (!result && !load_state(cpu_get(cpu, RCX), &state))
		result = RMP_FAIL_INPUT;
	if (!result) {
		pthread_mutex_lock(&rmp_lock);
		result = rmp_update(&rmp, cpu_get(cpu, RAX), &state);
		if (!result && state.assigned && processor.machine->has_rmpopt)
			rmpopt_on_assigned(processor.machine, cpu_get(cpu, RAX));
		pthread_mutex_unlock(&rmp_lock);
	}
	if (!result && state.assigned)
		writers_watch(cpu_get(cpu, RAX) / RMP_PAGE_SIZE, state.huge ? RMP_HUGE_PAGES : 1);
	cpu_set(cpu, RAX, result);
	cpu_skip(cpu, pc, RMP_LEN);
}

void cpu_psmash(unsigned int cpu, void *pc)
{
	struct rmp rmp = cpu_rmp();
	enum rmp_result result;

	if (!executable(cpu))
		return;
	result = rmp_take_failure(processor.machine);
	if (!result) {
		pthread_mutex_lock(&rmp_lock);
		result = rmp_smash(&rmp, cpu_get(cpu, RAX));
		pthread_mutex_unlock(&rmp_lock);
	}
	cpu_set(cpu, RAX, result);
	cpu_skip(cpu, pc, RMP_LEN);
}

void cpu_rmpread(unsigned int cpu, void *pc)
{
	struct rmp rmp = cpu_rmp();
	struct rmp_state state;
	enum rmp_result result;

	if (!executable(cpu) || !processor.rmpread)
		return;
	result = rmp_read(&rmp, cpu_get(cpu, RAX), &state);
	if (!result) {
		GByteArray *buf = g_byte_array_new();

		g_byte_array_append(buf, (const guint8 *)&state, sizeof(state));
		if (!qemu_plugin_write_memory_vaddr(cpu_get(cpu, RCX), buf))
			result = RMP_FAIL_INPUT;
		g_byte_array_unref(buf);
	}
	cpu_set(cpu, RAX, result);
	cpu_skip(cpu, pc, RMP_LEN);
}

/* RCX: looks into the RMP; the other function only reports what the table says. */
enum { RMPOPT_VERIFY = 0 };

/*
 * The checks are skipped in a region of which no page is assigned. Hardware reports in CF whether
 * they are; a plugin can't set flags, so only `lab rmpopt` shows it.
 */
void cpu_rmpopt(unsigned int cpu, void *pc)
{
	const uint64_t pages = (1ull << RMPOPT_REGION_SHIFT) / RMP_PAGE_SIZE;
	struct machine *machine = processor.machine;
	uint64_t pa = cpu_get(cpu, RAX);
	struct rmp rmp = cpu_rmp();
	int region;

	if (!cpu_in_host_kernel(cpu) || !machine->has_rmpopt ||
	    !(machine->cpus[cpu].rmpopt_base & RMPOPT_ENABLE))
		return;
	region = rmpopt_region(machine, cpu, pa);
	if (region >= 0 && cpu_get(cpu, RCX) == RMPOPT_VERIFY) {
		pthread_mutex_lock(&rmp_lock);
		rmpopt_set(machine, cpu, (unsigned int)region,
			   !rmp_any_assigned(&rmp, (pa >> RMPOPT_REGION_SHIFT) * pages, pages));
		pthread_mutex_unlock(&rmp_lock);
	}
	cpu_skip(cpu, pc, RMP_LEN);
}
