// SPDX-License-Identifier: GPL-2.0-only
/* INIT, DF_FLUSH and SHUTDOWN of SNP: what the firmware requires, and what they do. */
#include "lab/firmware.h"

#include "machine/registers.h"

TestSuite(snp_init, .init = start_legacy, .fini = finish);
TestSuite(df_flush, .init = start_legacy, .fini = finish);
TestSuite(snp_shutdown, .init = start_legacy, .fini = finish);
TestSuite(full_init, .init = start_full, .fini = finish);
TestSuite(full_shutdown, .init = start_full, .fini = finish);

/* ---- SNP_INIT ---- */

Test(snp_init, needs_four_bits_of_syscfg_on_every_cpu)
{
	static const struct {
		uint64_t bit;
		const char *name;
	} bits[] = {
		{ SYSCFG_MEM_ENCRYPT, "MEM_ENC is clear" },
		{ SYSCFG_SNP_EN, "SNP_EN is clear" },
		{ SYSCFG_VMPL_EN, "VMPL_EN is clear" },
		{ SYSCFG_MFDM, "MFDM is clear" },
	};

	for (size_t bit = 0; bit < sizeof(bits) / sizeof(bits[0]); bit++) {
		for (unsigned int i = 0; i < CPUS; i++) {
			char where[16];

			machine->cpus[i].syscfg &= ~bits[bit].bit;
			cr_expect_eq(snp_init(1, 0), STATUS_INVALID_CONFIG, "CPU %u", i);
			expect_rule(bits[bit].name);
			snprintf(where, sizeof(where), "CPU %u", i);
			expect_rule(where);
			machine->cpus[i].syscfg |= bits[bit].bit;
		}
	}
	cr_expect_eq(snp_init(1, 0), STATUS_SUCCESS);
}

Test(snp_init, needs_syscfg_and_hwcr_to_be_equal)
{
	for (unsigned int i = 0; i < CPUS; i++)
		machine->cpus[i].syscfg |= 1 << 18;
	machine->cpus[2].syscfg ^= 1 << 18;
	cr_expect_eq(snp_init(1, 0), STATUS_INVALID_CONFIG);
	expect_rule("SYSCFG is 0x38c0000 on CPU 0 and 0x3880000 on CPU 2");
	machine->cpus[2].syscfg ^= 1 << 18;
	machine->cpus[3].hwcr ^= 1 << 30;
	cr_expect_eq(snp_init(1, 0), STATUS_INVALID_CONFIG);
	expect_rule("HWCR");
	for (unsigned int i = 0; i < CPUS; i++)
		machine->cpus[i].hwcr = HWCR_COLD | 1 << 30;
	cr_expect_eq(snp_init(1, 0), STATUS_SUCCESS, "both may have other bits: %s", fw.rule);
}

Test(snp_init, needs_the_registers_of_the_memorys_layout_to_be_equal)
{
	for (unsigned int r = 0; r < MACHINE_MEMORY_REGISTERS; r++) {
		machine->cpus[3].memory[r] = 6;
		cr_expect_eq(snp_init(1, 0), STATUS_INVALID_CONFIG);
		expect_rule(memory_registers[r].name);
		expect_rule("is 0x0 on CPU 0 and 0x6 on CPU 3");
		for (unsigned int i = 0; i < CPUS; i++)
			machine->cpus[i].memory[r] = 6;
	}
	cr_expect_eq(snp_init(1, 0), STATUS_SUCCESS, "%s", fw.rule);
}

Test(snp_init, needs_smm_to_be_locked)
{
	for (unsigned int i = 0; i < CPUS; i++)
		machine->cpus[i].hwcr &= ~HWCR_SMM_LOCK;
	cr_expect_eq(snp_init(1, 0), STATUS_INVALID_CONFIG);
	expect_rule("SMM is not locked");
}

Test(snp_init, empties_the_tables_of_rmpopt_and_leaves_its_register)
{
	rmpopt_write(machine, 1, RMPOPT_ENABLE);
	rmpopt_set(machine, 1, 7, true);
	cr_expect_eq(snp_init(0x8000, 0), STATUS_INVALID_PARAM);
	cr_expect(rmpopt_get(machine, 1, 7));
	cr_expect_eq(snp_init(1, 0), STATUS_SUCCESS);
	cr_expect_not(rmpopt_get(machine, 1, 7));
	cr_expect_eq(machine->cpus[1].rmpopt_base, RMPOPT_ENABLE);
}

Test(snp_init, of_the_rmp_needs_virtualisation_to_be_off)
{
	machine->cpus[2].hsave_pa = 0x5000;
	cr_expect_eq(snp_init(1, 0), STATUS_INVALID_CONFIG);
	expect_rule("VM_HSAVE_PA is not 0 on CPU 2");
	machine->cpus[2].hsave_pa = 0;
	snp_ready();
	cr_expect_eq(snp_shutdown(0), STATUS_SUCCESS);
	machine->cpus[2].hsave_pa = 0x5000;
	cr_expect_eq(snp_init(0, 0), STATUS_SUCCESS, "the RMP stays: %s", fw.rule);
}

Test(snp_init, needs_an_rmp_aligned_to_1_mib)
{
	const uint64_t base = machine->rmp_base, end = machine->rmp_end;

	machine->rmp_base = base + 4096;
	cr_expect_eq(snp_init(1, 0), STATUS_INVALID_CONFIG);
	expect_rule("1 MiB");
	machine->rmp_base = base;
	machine->rmp_end = end - 4096;
	cr_expect_eq(snp_init(1, 0), STATUS_INVALID_CONFIG);
	machine->rmp_end = base - 1;
	cr_expect_eq(snp_init(1, 0), STATUS_INVALID_CONFIG);
	machine->rmp_end = end + (1 << 20);
	cr_expect_eq(snp_init(1, 0), STATUS_SUCCESS);
}

Test(snp_init, ignores_hot_plugged_cpus)
{
	machine->cpus[CPUS].flags = MACHINE_CPU_PRESENT | MACHINE_CPU_HOT;
	machine->cpus[CPUS].syscfg = SYSCFG_COLD;
	machine->cpus[CPUS].hsave_pa = 0x5000;
	snp_ready();
}

Test(bios, an_enumerated_cpu_that_was_never_powered_on_counts)
{
	start(&(struct firmware_options){ .cpus = CPUS + 1 });
	cr_expect_eq(snp_init(1, 0), STATUS_INVALID_CONFIG);
	finish();
}

Test(snp_init, refuses_flags_and_fields_that_it_does_not_know)
{
	cr_expect_eq(snp_init(1 | 1 << 3, 0), STATUS_INVALID_PARAM);
	cr_expect_eq(fw.flags, 9u);
	clear_buffer();
	put32(BUFFER, 1);
	put32(BUFFER + 60, 1);
	cr_expect_eq(run(CMD_SNP_INIT_EX), STATUS_INVALID_PARAM);
	expect_rule("reserved");
}

static enum firmware_status snp_init_with(uint32_t flags, uint16_t max_snp_asid)
{
	clear_buffer();
	put32(BUFFER, flags);
	put32(BUFFER + 16, max_snp_asid);
	return run(CMD_SNP_INIT_EX);
}

/* The kernel's sev_user_data_snp_status: RAPL_DIS, ciphertext hiding possible, and enabled. */
static unsigned int status_config(void)
{
	if (fw.snp_initialised)
		give(PAGE, 1);
	put64(BUFFER, PAGE);
	cr_expect_eq(run(CMD_SNP_PLATFORM_STATUS), STATUS_SUCCESS, "%s", fw.rule);
	return memory[PAGE + 8] >> 4;
}

Test(snp_init, of_legacy_firmware_hides_no_ciphertext)
{
	cr_expect_eq(snp_init_with(1 | 1 << 3, 50), STATUS_INVALID_PARAM);
	expect_rule("flags that this firmware lacks: 0x9");
	cr_expect_eq(status_config(), 0u);
}

Test(full_init, hides_ciphertext_of_some_of_the_asids)
{
	cr_expect_eq(status_config(), 2u);
	cr_expect_eq(snp_init_with(1 | 1 << 3, 0), STATUS_INVALID_PARAM);
	cr_expect_eq(snp_init_with(1 | 1 << 3, 100), STATUS_INVALID_PARAM);
	expect_rule("MAX_SNP_ASID is 100, not 1 to 99");
	cr_expect_eq(snp_init_with(1, 50), STATUS_INVALID_PARAM, "without the flag");
	cr_expect_eq(snp_init_with(1 | 1 << 2 | 1 << 3, 99), STATUS_SUCCESS, "%s", fw.rule);
	cr_expect_eq(fw.max_snp_asid, 99);
	cr_expect_eq(status_config(), 7u);
	wbinvd();
	cr_expect_eq(run(CMD_SNP_DF_FLUSH), STATUS_SUCCESS);
	cr_expect_eq(snp_shutdown(0), STATUS_SUCCESS);
	cr_expect_eq(status_config(), 2u);
}

Test(full_init, enables_tio_with_the_rmp_until_the_shutdown)
{
	snp_ready();
	cr_expect_eq(snp_shutdown(0), STATUS_SUCCESS);
	cr_expect_eq(snp_init_with(1 << 4, 0), STATUS_INVALID_PARAM);
	expect_rule("TIO_EN without INIT_RMP");
	cr_expect_eq(snp_init_with(1 | 1 << 4, 0), STATUS_SUCCESS);
	clear_buffer();
	put32(BUFFER, 16);
	cr_expect_eq(run(CMD_TIO_INIT), STATUS_SUCCESS);
	cr_expect_eq(run(CMD_TIO_INIT), STATUS_INVALID_PLATFORM_STATE);
	expect_rule("SEV-TIO is initialised");
	put64(BUFFER + 8, PAGE);
	cr_expect_eq(run(CMD_TIO_STATUS), STATUS_INVALID_PAGE_STATE);
	give(PAGE, 1);
	cr_expect_eq(run(CMD_TIO_STATUS), STATUS_SUCCESS);
	cr_expect_eq(memory[PAGE], 64, "the answer's length");
	cr_expect_eq(memory[PAGE + 4], 3, "enabled, initialised");
	wbinvd();
	cr_expect_eq(run(CMD_SNP_DF_FLUSH), STATUS_SUCCESS);
	cr_expect_eq(snp_shutdown(0), STATUS_SUCCESS);
	snp_ready();
	clear_buffer();
	put32(BUFFER, 16);
	cr_expect_eq(run(CMD_TIO_INIT), STATUS_INVALID_PLATFORM_STATE);
	expect_rule("not enabled SEV-TIO");
}

Test(snp_init, takes_a_list_only_for_the_rmp)
{
	cr_expect_eq(snp_init(0, 0), STATUS_RMP_INIT_REQUIRED);
	snp_ready();
	cr_expect_eq(snp_shutdown(0), STATUS_SUCCESS);
	cr_expect_eq(snp_init(2, 2 << 20), STATUS_INVALID_PARAM);
	cr_expect_eq(snp_init(3, 2 << 20), STATUS_SUCCESS);
}

Test(snp_init, protects_the_rmp)
{
	put64(RMP_AT + RMP_BOOKKEEPING, UINT64_MAX); /* an old entry */
	cr_expect_eq(snp_init(1, 0), STATUS_SUCCESS);
	cr_expect_eq(entry(0), 0u);
	cr_expect_eq(entry(RMP_AT / 4096 - 1), 0u);
	cr_expect_eq(entry(RMP_AT / 4096), RMP_ASSIGNED | RMP_IMMUTABLE);
}

Test(snp_init, fixes_what_is_no_memory)
{
	cr_expect_eq(snp_init(1, 0), STATUS_SUCCESS);
	cr_expect_eq(entry(0x9f), 0u);
	cr_expect_eq(entry(0xa0), RMP_IMMUTABLE, "ASEG");
	cr_expect_eq(entry(0xbf), RMP_IMMUTABLE);
	cr_expect_eq(entry(0xc0), 0u);
	cr_expect_eq(entry(MEMORY_SIZE / 4096 - 1), 0u);
	cr_expect_eq(entry(MEMORY_SIZE / 4096), RMP_IMMUTABLE);
	cr_expect_eq(entry((252 << 20) / 4096 - 1), RMP_IMMUTABLE, "the last that the RMP covers");
}

Test(snp_init, fixes_the_listed_ranges)
{
	const uint64_t list = 2 << 20;

	put32(list, 1);
	put64(list + 8, 3 << 20);
	put32(list + 16, 2);
	cr_expect_eq(snp_init(3, list), STATUS_SUCCESS);
	cr_expect_eq(entry((3 << 20) / 4096), RMP_IMMUTABLE);
	cr_expect_eq(entry((3 << 20) / 4096 + 1), RMP_IMMUTABLE);
	cr_expect_eq(entry((3 << 20) / 4096 + 2), 0u);
}

Test(snp_init, refuses_bad_ranges)
{
	const uint64_t list = 2 << 20;

	cr_expect_eq(snp_init(3, list + 8), STATUS_RMP_INITIALIZATION_FAILED);
	put32(list, 1000);
	cr_expect_eq(snp_init(3, list), STATUS_RMP_INITIALIZATION_FAILED);
	put32(list, 1);
	put64(list + 8, 12);
	cr_expect_eq(snp_init(3, list), STATUS_RMP_INITIALIZATION_FAILED);
	put64(list + 8, 1ull << 50);
	put32(list + 16, UINT32_MAX);
	cr_expect_eq(snp_init(3, list), STATUS_SUCCESS, "past the RMP is no error");
}

Test(snp_init, gives_the_iommus_pages_to_the_firmware_until_the_shutdown)
{
	machine->iommu.event_log = (5 << 20) | 9ull << 56; /* 512 entries: two pages */
	machine->iommu.wait_limit = 6 << 20;
	snp_ready();
	cr_expect_eq(entry((5 << 20) / 4096 + 1), RMP_ASSIGNED | RMP_IMMUTABLE);
	cr_expect_eq(entry((5 << 20) / 4096 + 2), 0u);
	cr_expect_eq(entry((6 << 20) / 4096), RMP_ASSIGNED | RMP_IMMUTABLE);
	cr_expect_eq(snp_shutdown(SHUTDOWN_IOMMU), STATUS_SUCCESS);
	cr_expect_eq(entry((5 << 20) / 4096), RMP_ASSIGNED);
	cr_expect_eq(entry((6 << 20) / 4096), RMP_ASSIGNED);
}

/* ---- SNP_DF_FLUSH ---- */

Test(df_flush, needs_wbinvd_on_every_cpu_since_init)
{
	wbinvd();
	cr_expect_eq(snp_init(1, 0), STATUS_SUCCESS);
	for (unsigned int i = 0; i < CPUS; i++) {
		char where[40];

		cr_expect_eq(run(CMD_SNP_DF_FLUSH), STATUS_WBINVD_REQUIRED);
		snprintf(where, sizeof(where), "CPU %u has not executed WBINVD", i);
		expect_rule(where);
		machine->cpus[i].wbinvds++;
	}
	cr_expect_eq(run(CMD_SNP_DF_FLUSH), STATUS_SUCCESS);
	cr_expect_eq(run(CMD_SNP_DF_FLUSH), STATUS_SUCCESS, "once is enough");
}

Test(df_flush, of_either_kind_cleans_the_asids)
{
	cr_expect_eq(snp_init(1, 0), STATUS_SUCCESS);
	cr_expect_eq(run(CMD_DF_FLUSH), STATUS_WBINVD_REQUIRED);
	wbinvd();
	cr_expect_eq(run(CMD_DF_FLUSH), STATUS_SUCCESS);
	cr_expect_eq(snp_shutdown(0), STATUS_SUCCESS);
}

Test(df_flush, is_due_after_a_sev_init_only_without_snp)
{
	snp_ready();
	cr_expect_eq(sev_init(0, 0, 0), STATUS_SUCCESS);
	cr_expect_eq(run(CMD_DF_FLUSH), STATUS_SUCCESS);
	cr_expect_eq(run(CMD_SHUTDOWN), STATUS_SUCCESS);
	cr_expect_eq(snp_shutdown(SHUTDOWN_IOMMU), STATUS_SUCCESS);
	snp_en_everywhere(false);
	cr_expect_eq(sev_init(0, 0, 0), STATUS_SUCCESS);
	cr_expect_eq(run(CMD_DF_FLUSH), STATUS_WBINVD_REQUIRED);
	wbinvd();
	cr_expect_eq(run(CMD_DF_FLUSH), STATUS_SUCCESS);
}

Test(df_flush, ignores_hot_plugged_cpus)
{
	machine->cpus[CPUS].flags = MACHINE_CPU_PRESENT | MACHINE_CPU_HOT;
	cr_expect_eq(snp_init(1, 0), STATUS_SUCCESS);
	wbinvd();
	cr_expect_eq(run(CMD_SNP_DF_FLUSH), STATUS_SUCCESS);
}

/* ---- SNP_SHUTDOWN ---- */

Test(snp_shutdown, needs_a_df_flush_after_init)
{
	cr_expect_eq(snp_init(1, 0), STATUS_SUCCESS);
	wbinvd();
	cr_expect_eq(snp_shutdown(SHUTDOWN_IOMMU), STATUS_DFFLUSH_REQUIRED);
	cr_expect_eq(run(CMD_SNP_SHUTDOWN), STATUS_DFFLUSH_REQUIRED);
	cr_expect(fw.snp_initialised);
	cr_expect_eq(run(CMD_SNP_DF_FLUSH), STATUS_SUCCESS);
	cr_expect_eq(run(CMD_SNP_SHUTDOWN), STATUS_SUCCESS);
}

Test(snp_shutdown, keeps_snp_en)
{
	snp_ready();
	cr_expect_eq(snp_shutdown(SHUTDOWN_IOMMU), STATUS_SUCCESS);
	cr_expect_not(fw.snp_initialised);
	for (unsigned int i = 0; i < CPUS; i++)
		cr_expect(machine->cpus[i].syscfg & SYSCFG_SNP_EN, "CPU %u", i);
}

Test(snp_shutdown, of_the_iommu_ends_the_rmp)
{
	snp_ready();
	cr_expect_eq(snp_shutdown(0), STATUS_SUCCESS);
	cr_expect_eq(snp_init(0, 0), STATUS_SUCCESS, "the RMP is still initialised");
	wbinvd();
	cr_expect_eq(run(CMD_SNP_DF_FLUSH), STATUS_SUCCESS);
	cr_expect_eq(snp_shutdown(SHUTDOWN_IOMMU), STATUS_SUCCESS);
	cr_expect_eq(snp_init(0, 0), STATUS_RMP_INIT_REQUIRED);
	cr_expect_eq(sev_init(0, 0, 0), STATUS_INVALID_PLATFORM_STATE);
	expect_rule("SNP_EN is set");
	cr_expect_eq(snp_init(1, 0), STATUS_SUCCESS);
	cr_expect_eq(sev_init(0, 0, 0), STATUS_SUCCESS);
}

Test(snp_shutdown, of_snp_en_is_not_offered)
{
	snp_ready();
	cr_expect_eq(snp_shutdown(SHUTDOWN_IOMMU | SHUTDOWN_X86), STATUS_INVALID_PARAM);
	cr_expect(fw.snp_initialised);
}

Test(snp_shutdown, needs_its_length_and_sev_uninitialised)
{
	snp_ready();
	cr_expect_eq(sev_init(0, 0, 0), STATUS_SUCCESS);
	cr_expect_eq(snp_shutdown(0), STATUS_INVALID_PLATFORM_STATE);
	cr_expect_eq(run(CMD_SHUTDOWN), STATUS_SUCCESS);
	clear_buffer();
	put32(BUFFER, 4);
	cr_expect_eq(run(CMD_SNP_SHUTDOWN_EX), STATUS_INVALID_PARAM);
	put32(BUFFER, 12);
	cr_expect_eq(run(CMD_SNP_SHUTDOWN_EX), STATUS_INVALID_PARAM);
	expect_rule("length is 12, not 8");
	cr_expect_eq(snp_shutdown(0), STATUS_SUCCESS);
}

Test(full_shutdown, clears_snp_en_everywhere)
{
	machine->cpus[CPUS].syscfg = SYSCFG_READY;
	snp_ready();
	cr_expect_eq(snp_shutdown(SHUTDOWN_IOMMU | SHUTDOWN_X86), STATUS_SUCCESS);
	for (unsigned int i = 0; i <= CPUS; i++)
		cr_expect_eq(machine->cpus[i].syscfg, SYSCFG_READY & ~SYSCFG_SNP_EN, "CPU %u", i);
	cr_expect_eq(snp_init(1, 0), STATUS_INVALID_CONFIG);
}

Test(full_shutdown, needs_that_of_the_iommu)
{
	snp_ready();
	cr_expect_eq(snp_shutdown(SHUTDOWN_X86), STATUS_INVALID_PARAM);
	expect_rule("IOMMU_SNP_SHUTDOWN");
	cr_expect(fw.snp_initialised);
}

Test(full_shutdown, without_init_succeeds_and_does_nothing)
{
	cr_expect_eq(snp_shutdown(SHUTDOWN_IOMMU | SHUTDOWN_X86), STATUS_SUCCESS);
	cr_expect(machine->cpus[0].syscfg & SYSCFG_SNP_EN);
}

Test(dfflush, shutdown_is_refused_until_the_flush_that_follows)
{
	start(&(struct firmware_options){ .dfflush_required = true });
	for (int round = 0; round < 2; round++) {
		snp_ready();
		cr_expect_eq(snp_shutdown(1), STATUS_DFFLUSH_REQUIRED);
		cr_expect_eq(snp_shutdown(1), STATUS_DFFLUSH_REQUIRED);
		cr_expect_eq(run(CMD_SNP_DF_FLUSH), STATUS_SUCCESS);
		cr_expect_eq(snp_shutdown(1), STATUS_SUCCESS);
	}
	finish();
}
