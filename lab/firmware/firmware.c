// SPDX-License-Identifier: GPL-2.0-only
#include "firmware/firmware.h"

#include <string.h>

#include "firmware/commands.h"
#include "firmware/pages.h"
#include "machine/registers.h"

static enum firmware_status check_state(struct firmware *fw, enum needs needs)
{
	const enum firmware_status status = STATUS_INVALID_PLATFORM_STATE;

	if (needs == NEEDS_SEV_INIT && !fw->sev_initialised)
		return refuse(fw, status, "SEV is not initialised");
	if ((needs == NEEDS_SEV_UNINIT || needs == NEEDS_SNP_UNINIT) && fw->sev_initialised)
		return refuse(fw, status, "SEV is initialised");
	if (needs == NEEDS_SNP_INIT && !fw->snp_initialised)
		return refuse(fw, status, "SNP is not initialised");
	if (needs == NEEDS_SNP_UNINIT && fw->snp_initialised)
		return refuse(fw, status, "SNP is initialised");
	return STATUS_SUCCESS;
}

/* ABI 1.55 is the published firmware's, 1.58 has SNP_VERIFY_MITIGATION (kernel log of its commit).
 */
static const struct firmware_version published = { .major = 1, .minor = 55, .build = 21 };
static const struct firmware_version newest = { .major = 1, .minor = 58, .build = 1 };

void firmware_start(struct firmware *fw, const struct firmware_options *options,
		    struct machine *machine, const struct rmp_memory *memory)
{
	memset(fw, 0, sizeof(*fw));
	fw->options = *options;
	fw->machine = machine;
	fw->memory = *memory;
	fw->version = options->full ? newest : published;
	fw->reported_tcb = CURRENT_TCB;
}

static void reset_cpus(struct machine *machine)
{
	for (unsigned int i = 0; i < MACHINE_CPUS_MAX; i++) {
		struct machine_cpu *cpu = &machine->cpus[i];

		cpu->hwcr = HWCR_COLD;
		cpu->hsave_pa = cpu->wbinvds = 0;
		memset(cpu->memory, 0, sizeof(cpu->memory));
		cpu->rmpopt_base = 0;
		__atomic_store_n(&cpu->syscfg, SYSCFG_COLD, __ATOMIC_SEQ_CST);
		if (cpu->flags)
			cpu->resets++;
		cpu->flags &= ~MACHINE_CPU_HOT; /* at the next boot the BIOS finds the CPU */
	}
	rmpopt_clear(machine);
	__atomic_store_n(&machine->running, 0, __ATOMIC_RELAXED);
}

void firmware_reset(struct firmware *fw)
{
	struct firmware old = *fw;

	firmware_start(fw, &old.options, old.machine, &old.memory);
	memcpy(fw->failures, old.failures, sizeof(fw->failures));
	fw->failure_count = old.failure_count;
	reset_cpus(fw->machine);
}

/* The flags in the buffers of SNP_INIT_EX and SNP_SHUTDOWN_EX; 0 for other commands. */
static uint32_t command_flags(unsigned int command, const union command_buffer *buffer)
{
	if (command == CMD_SNP_INIT_EX)
		return buffer->snp_init_ex.flags;
	return command == CMD_SNP_SHUTDOWN_EX ? buffer->snp_shutdown_ex.flags : 0;
}

/*
 * Runs a command that writes its buffer back: also when the caller's memory was too short, so that
 * the caller learns the length. With SNP the firmware may write only to its own pages, and leaves
 * them in the Reclaim state. It tells the page state of the buffer from that of other pages by
 * adding 0x40 (AMD-ASPFW, sev_dispatch.c); the kernel's list of statuses does not have this one.
 */
static enum firmware_status run_and_answer(struct firmware *fw, const struct command *command,
					   union command_buffer *buffer, uint64_t pa)
{
	enum firmware_status status = command->run(fw, buffer), found;
	struct rmp_entry entry;
	enum page_state state;

	if ((!status || status == STATUS_INVALID_LENGTH) &&
	    firmware_store(fw, pa, buffer, command->size))
		status = refuse_address(fw, pa);
	if (fw->snp_initialised) {
		found = find_page(fw, pa, &entry, &state);
		if (!found && state == PAGE_FIRMWARE)
			mark_pages(fw, pa, 1, page_reclaim);
	}
	return status;
}

static enum firmware_status run_command(struct firmware *fw, const struct command *command,
					union command_buffer *buffer, uint64_t pa)
{
	enum firmware_status status = check_state(fw, command->needs & ~FULL_ONLY);

	if (status)
		return status;
	if (!command->run)
		return refuse(fw, STATUS_INVALID_COMMAND, "the lab does not model this command");
	if (command->length && buffer->length != command->size)
		return refuse(fw, command->length, "the buffer's length is %u, not %u",
			      buffer->length, command->size);
	return command->answers ? run_and_answer(fw, command, buffer, pa)
				: command->run(fw, buffer);
}

enum firmware_status firmware_run(struct firmware *fw, unsigned int number, uint64_t pa)
{
	const struct command *command = firmware_command(number);
	union command_buffer buffer = { 0 };
	enum firmware_status status = STATUS_SUCCESS;
	bool loaded;

	*fw->rule = '\0';
	loaded = command && (!command->size || !firmware_load(fw, pa, &buffer, command->size));
	fw->flags = loaded ? command_flags(number, &buffer) : 0;
	if (firmware_take_failure(fw, number, &status))
		return status ? refuse(fw, status, "a test makes it fail") : status;
	if (!command || (command->needs & FULL_ONLY && !fw->options.full))
		return refuse(fw, STATUS_INVALID_COMMAND, "there is no such command");
	if (!loaded)
		return refuse_address(fw, pa);
	if (command->answers)
		status = check_writable(fw, "the command's buffer", pa, command->size);
	if (status)
		return status | STATUS_OF_BUFFER;
	return run_command(fw, command, &buffer, pa);
}
