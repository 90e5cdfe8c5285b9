// SPDX-License-Identifier: GPL-2.0-only
/* What the firmware says that it can do, mitigations, and another image of it. */
#include "lab/firmware.h"

TestSuite(features, .init = start_full, .fini = finish);
TestSuite(legacy_features, .init = start_legacy, .fini = finish);
TestSuite(mitigation, .init = start_full, .fini = finish);
TestSuite(download, .init = start_legacy, .fini = finish);

static enum firmware_status feature_info(uint32_t length, uint32_t function, uint64_t to)
{
	clear_buffer();
	put32(BUFFER, length);
	put32(BUFFER + 4, function);
	put64(BUFFER + 8, to);
	return run(CMD_SNP_FEATURE_INFO);
}

Test(features, feature_info_has_two_functions)
{
	cr_expect_eq(feature_info(16, 0, PAGE), STATUS_SUCCESS);
	cr_expect_eq(memory[PAGE], 1, "the last function");
	cr_expect_eq(memory[PAGE + 4], 3, "SEV and SEV-TIO");
	cr_expect_eq(memory[PAGE + 8] | memory[PAGE + 9] << 8, 0x200f);
	cr_expect_eq(feature_info(16, 1, PAGE), STATUS_SUCCESS);
	cr_expect_eq(memory[PAGE] | memory[PAGE + 1] << 8, 0x1ff);
	cr_expect_eq(feature_info(16, 2, PAGE), STATUS_INVALID_PARAM);
	cr_expect_eq(feature_info(8, 0, PAGE), STATUS_INVALID_PARAM);
	cr_expect_eq(feature_info(24, 0, PAGE), STATUS_INVALID_PARAM);
	cr_expect_eq(feature_info(16, 0, PAGE + 2), STATUS_INVALID_ADDRESS);
	cr_expect_eq(feature_info(16, 0, PAGE + 4096 - 12), STATUS_INVALID_ADDRESS);
	snp_ready();
	cr_expect_eq(feature_info(16, 0, PAGE), STATUS_INVALID_PAGE_STATE);
	give(PAGE, 1);
	cr_expect_eq(feature_info(16, 0, PAGE), STATUS_SUCCESS);
}

Test(legacy_features, are_vlek_and_sev)
{
	cr_expect_eq(feature_info(16, 0, PAGE), STATUS_SUCCESS);
	cr_expect_eq(memory[PAGE + 4], 1);
	cr_expect_eq(memory[PAGE + 8] | memory[PAGE + 9] << 8, 1);
}

/* ---- SNP_VERIFY_MITIGATION ---- */

static enum firmware_status mitigation(uint16_t subcommand, uint64_t vector, uint64_t to)
{
	clear_buffer();
	put32(BUFFER, 64);
	put32(BUFFER + 4, subcommand);
	put64(BUFFER + 8, vector);
	put32(BUFFER + 16, to ? 1 : 0);
	put64(BUFFER + 32, to);
	return run(CMD_SNP_VERIFY_MITIGATION);
}

Test(mitigation, is_verified_one_at_a_time)
{
	cr_expect_eq(mitigation(0, 0, PAGE), STATUS_SUCCESS);
	cr_expect_eq(memory[PAGE], 0, "none is verified");
	cr_expect_eq(memory[PAGE + 8], 3, "there are two");
	cr_expect_eq(mitigation(1, 2, PAGE), STATUS_SUCCESS);
	cr_expect_eq(memory[PAGE], 2);
	cr_expect_eq(memory[PAGE + 16], 0);
	cr_expect_eq(mitigation(1, 3, PAGE), STATUS_INVALID_PARAM);
	expect_rule("not of one bit");
	cr_expect_eq(mitigation(1, 0, PAGE), STATUS_INVALID_PARAM);
	cr_expect_eq(mitigation(1, 4, PAGE), STATUS_SUCCESS);
	cr_expect_neq(memory[PAGE + 16], 0, "there is no such mitigation");
	cr_expect_eq(mitigation(2, 0, PAGE), STATUS_INVALID_PARAM);
	cr_expect_eq(mitigation(1, 1, 0), STATUS_SUCCESS, "without an answer");
	cr_expect_eq(mitigation(0, 0, PAGE), STATUS_SUCCESS);
	cr_expect_eq(memory[PAGE], 3);
}

Test(mitigation, writes_to_pages_of_the_firmware)
{
	snp_ready();
	cr_expect_eq(mitigation(1, 1, PAGE), STATUS_INVALID_PAGE_STATE);
	give(PAGE, 1);
	cr_expect_eq(mitigation(0, 0, PAGE), STATUS_SUCCESS, "%s", fw.rule);
	cr_expect_eq(memory[PAGE], 3, "INIT_RMP needs no verification");
	cr_expect_eq(mitigation(0, 0, PAGE + 4096 - 16), STATUS_INVALID_ADDRESS);
	put32(BUFFER, 60);
	cr_expect_eq(run(CMD_SNP_VERIFY_MITIGATION), STATUS_INVALID_PARAM, "its length");
}

/* ---- DOWNLOAD_FIRMWARE ---- */

static enum firmware_status download(uint64_t image, uint32_t len)
{
	clear_buffer();
	put64(BUFFER, image);
	put32(BUFFER + 8, len);
	return run(CMD_DOWNLOAD_FIRMWARE);
}

Test(download, brings_another_version)
{
	cr_expect_eq(download(PAGE, 4096), STATUS_BAD_SIGNATURE);
	put32(PAGE + 0x10, 0x31535024); /* "$PS1" */
	cr_expect_eq(download(PAGE, 4096), STATUS_BAD_SIGNATURE);
	put32(PAGE + 0x30, 1);
	put32(PAGE + 0x60, 0x013816);
	cr_expect_eq(download(PAGE + 16, 4096), STATUS_INVALID_ADDRESS);
	cr_expect_eq(download(PAGE, 0x60), STATUS_INVALID_LENGTH);
	cr_expect_eq(download(1ull << 40, 4096), STATUS_INVALID_ADDRESS);
	cr_expect_eq(download(PAGE, 4096), STATUS_SUCCESS, "%s", fw.rule);
	cr_expect_eq(run(CMD_PLATFORM_STATUS), STATUS_SUCCESS);
	cr_expect_eq(memory[BUFFER], 1);
	cr_expect_eq(memory[BUFFER + 1], 0x38);
	cr_expect_eq(memory[BUFFER + 7], 0x16);
	firmware_reset(&fw);
	cr_expect_eq(fw.version.minor, 55, "a reset brings the old one back");
}
