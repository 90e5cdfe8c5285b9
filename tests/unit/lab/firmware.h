/* SPDX-License-Identifier: GPL-2.0-only */
/* The firmware's state machine and the RMP, on a small memory. */
#ifndef TEST_LAB_FIRMWARE_H
#define TEST_LAB_FIRMWARE_H

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firmware/firmware.h"
#include "machine/rmp.h"

/* 16 MiB of memory; the RMP at 8 MiB covers 252 MiB; buffers are at 1 MiB. */
enum {
	MEMORY_SIZE = 16 << 20,
	RMP_AT = 8 << 20,
	BUFFER = 1 << 20,
	PAGE = BUFFER + 4096, /* for what a command writes beside its buffer */
	TMR = 4 << 20,
	CPUS = 4,
};

#define SYSCFG_READY (SYSCFG_COLD | SYSCFG_SNP_EN | SYSCFG_VMPL_EN | SYSCFG_MFDM)

static uint8_t *memory;
static struct machine *machine;
static struct firmware fw;

static inline int memory_read(void *context, uint64_t pa, void *to, size_t len)
{
	(void)context;
	if (pa >= MEMORY_SIZE || len > MEMORY_SIZE - pa)
		return -EFAULT;
	memcpy(to, memory + pa, len);
	return 0;
}

static inline int memory_write(void *context, uint64_t pa, const void *from, size_t len)
{
	(void)context;
	if (pa >= MEMORY_SIZE || len > MEMORY_SIZE - pa)
		return -EFAULT;
	memcpy(memory + pa, from, len);
	return 0;
}

static const struct rmp_memory accessors = { .read = memory_read, .write = memory_write };

static inline struct rmp test_rmp(void)
{
	return (struct rmp){
		.base = RMP_AT,
		.end = RMP_AT + (1 << 20) - 1,
		.memory = accessors,
	};
}

static inline void start(const struct firmware_options *options)
{
	memory = calloc(1, MEMORY_SIZE);
	machine = calloc(1, sizeof(*machine));
	cr_assert(memory && machine);
	machine->rmp_base = test_rmp().base;
	machine->rmp_end = test_rmp().end;
	for (unsigned int i = 0; i < CPUS; i++) {
		machine->cpus[i].flags = MACHINE_CPU_PRESENT;
		machine->cpus[i].syscfg = SYSCFG_READY;
		machine->cpus[i].hwcr = HWCR_COLD;
	}
	firmware_start(&fw, options, machine, &accessors);
}

static inline void start_legacy(void)
{
	start(&(struct firmware_options){ 0 });
}

static inline void start_full(void)
{
	start(&(struct firmware_options){ .full = true });
}

static inline void finish(void)
{
	free(memory);
	free(machine);
}

static inline void put32(uint64_t at, uint32_t value)
{
	memcpy(memory + at, &value, sizeof(value));
}

static inline void put64(uint64_t at, uint64_t value)
{
	memcpy(memory + at, &value, sizeof(value));
}

/* Runs a command with its buffer at pa, and holds its answer against the firmware's table. */
static inline enum firmware_status run_at(unsigned int command, uint64_t pa)
{
	enum firmware_status status = firmware_run(&fw, command, pa);

	cr_expect(firmware_may_answer(command, status), "%#x answers %#x: %s", command, status,
		  fw.rule);
	cr_expect(!status || *fw.rule, "%#x answers %#x without a reason", command, status);
	return status;
}

static inline enum firmware_status run(unsigned int command)
{
	return run_at(command, BUFFER);
}

/* The last command was refused for this reason. */
static inline void expect_rule(const char *part)
{
	cr_expect(strstr(fw.rule, part), "\"%s\" is not about \"%s\"", fw.rule, part);
}

static inline void clear_buffer(void)
{
	memset(memory + BUFFER, 0, 4096);
}

static inline enum firmware_status sev_init(uint32_t flags, uint64_t tmr, uint32_t tmr_len)
{
	clear_buffer();
	put32(BUFFER, flags);
	put64(BUFFER + 8, tmr);
	put32(BUFFER + 16, tmr_len);
	return run(CMD_INIT);
}

static inline enum firmware_status snp_init(uint32_t flags, uint64_t list)
{
	clear_buffer();
	put32(BUFFER, flags);
	put64(BUFFER + 8, list);
	return run(CMD_SNP_INIT_EX);
}

static inline enum firmware_status snp_shutdown(uint32_t flags)
{
	clear_buffer();
	put32(BUFFER, 8);
	put32(BUFFER + 4, flags);
	return run(CMD_SNP_SHUTDOWN_EX);
}

static inline uint64_t entry(uint64_t pfn)
{
	struct rmp rmp = test_rmp();
	struct rmp_entry entry;

	cr_assert_eq(rmp_get(&rmp, pfn, &entry), 0);
	return entry.lo;
}

/* Gives pages to the firmware, as the kernel does before a command that writes to them. */
static inline void give(uint64_t pa, uint64_t pages)
{
	const struct rmp_state firmware_page = { .assigned = 1, .immutable = 1 };
	struct rmp rmp = test_rmp();

	for (uint64_t i = 0; i < pages; i++)
		cr_assert_eq(rmp_update(&rmp, pa + i * 4096, &firmware_page), RMP_SUCCESS);
}

static inline enum firmware_status reclaim(uint64_t page)
{
	clear_buffer();
	put64(BUFFER, page);
	return run(CMD_SNP_PAGE_RECLAIM);
}

/* All CPUs execute WBINVD. */
static inline void wbinvd(void)
{
	for (unsigned int i = 0; i < CPUS; i++)
		machine->cpus[i].wbinvds++;
}

static inline void snp_en_everywhere(bool on)
{
	for (unsigned int i = 0; i < CPUS; i++)
		machine->cpus[i].syscfg = on ? SYSCFG_READY : SYSCFG_READY & ~SYSCFG_SNP_EN;
}

/* SNP as the kernel initialises it. */
static inline void snp_ready(void)
{
	cr_assert_eq(snp_init(1, 0), STATUS_SUCCESS, "%s", fw.rule);
	wbinvd();
	cr_assert_eq(run(CMD_SNP_DF_FLUSH), STATUS_SUCCESS);
}

#endif
