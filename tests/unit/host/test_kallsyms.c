// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "host/kallsyms.h"

static const char symbols[] = "0000000000000000 A fixed_percpu_data\n"
			      "ffffffff81000000 T _text\n"
			      "ffffffff81001000 T snp_prepare\n"
			      "ffffffff81001200 t snp_enable\n"
			      "ffffffff81001280 D some_data\n"
			      "ffffffff81001300 t twice\n"
			      "ffffffff81001400 t twice\n"
			      "ffffffff81001500 W snp_shutdown\n"
			      "ffffffff82000000 D cpu_hotplug_disabled\n"
			      "ffffffffc0203450 t sev_init\t[ccp]\n"
			      "ffffffffc0201010 T sev_platform_init\t[ccp]\n"
			      "ffffffffc0208000 d ccp_data\t[ccp]\n"
			      "ffffffffc0300000 t snp_prepare\t[kvm_amd]\n"
			      "ffffffffc0301ffc t last\t[kvm_amd]\n";

static int find(const char *text, struct kallsym *wanted, int n)
{
	FILE *f = fmemopen((char *)text, strlen(text), "r");
	int err;

	cr_assert(f);
	err = kallsyms_find(f, wanted, n);
	fclose(f);
	return err;
}

Test(kallsyms, a_symbol_ends_where_the_next_text_begins)
{
	struct kallsym wanted[] = { { .name = "snp_prepare" },
				    { .name = "snp_enable" },
				    { .name = "_text" } };

	cr_assert_eq(find(symbols, wanted, 3), 0);
	cr_expect_eq(wanted[0].start, 0xffffffff81001000);
	cr_expect_eq(wanted[0].end, 0xffffffff81001200);
	cr_expect_eq(wanted[0].count, 1, "the module's is another one");
	/* Data between two functions ends nothing. */
	cr_expect_eq(wanted[1].end, 0xffffffff81001300);
	cr_expect_eq(wanted[2].start, 0xffffffff81000000);
	cr_expect_eq(wanted[2].end, 0xffffffff81001000);
}

Test(kallsyms, names_that_occur_twice_are_counted)
{
	struct kallsym wanted[] = { { .name = "twice" } };

	cr_assert_eq(find(symbols, wanted, 1), 0);
	cr_expect_eq(wanted[0].count, 2);
	cr_expect_eq(wanted[0].start, 0xffffffff81001300);
}

Test(kallsyms, what_is_not_there_has_no_address)
{
	struct kallsym wanted[] = { { .name = "snp", .start = 7, .end = 8, .count = 9 },
				    { .name = "sev_init" },
				    { .module = "ccp2" } };

	cr_assert_eq(find(symbols, wanted, 3), 0);
	for (int i = 0; i < 3; i++) {
		cr_expect_eq(wanted[i].start, 0);
		cr_expect_eq(wanted[i].end, 0);
		cr_expect_eq(wanted[i].count, 0);
	}
}

Test(kallsyms, a_modules_symbol_is_found_in_its_module)
{
	struct kallsym wanted[] = { { .name = "sev_init", .module = "ccp" },
				    { .name = "snp_prepare", .module = "kvm_amd" } };

	cr_assert_eq(find(symbols, wanted, 2), 0);
	cr_expect_eq(wanted[0].start, 0xffffffffc0203450);
	cr_expect_eq(wanted[1].start, 0xffffffffc0300000);
}

Test(kallsyms, a_modules_text_is_whole_pages)
{
	struct kallsym wanted[] = { { .module = "ccp" }, { .module = "kvm_amd" } };

	cr_assert_eq(find(symbols, wanted, 2), 0);
	cr_expect_eq(wanted[0].start, 0xffffffffc0201000);
	cr_expect_eq(wanted[0].end, 0xffffffffc0204000);
	cr_expect_eq(wanted[1].start, 0xffffffffc0300000);
	cr_expect_eq(wanted[1].end, 0xffffffffc0302000);
}

Test(kallsyms, hidden_addresses_are_not_known)
{
	struct kallsym wanted[] = { { .name = "snp_prepare" }, { .module = "ccp" } };

	cr_assert_eq(find("0000000000000000 T snp_prepare\n0000000000000000 T snp_enable\n"
			  "0000000000000000 t sev_init\t[ccp]\n",
			  wanted, 2),
		     0);
	cr_expect_eq(wanted[0].start, 0);
	cr_expect_eq(wanted[0].end, 0);
	cr_expect_eq(wanted[0].count, 1);
	cr_expect_eq(wanted[1].start, 0);
	cr_expect_eq(wanted[1].end, 0);
}

Test(kallsyms, lines_of_another_form_are_passed_over)
{
	struct kallsym wanted[] = { { .name = "snp_prepare" } };

	cr_assert_eq(find("\nnonsense\nffffffff81000000\nffffffff81000000 T\nffffffff81000000 TT "
			  "snp_prepare\n81 T snp_prepare",
			  wanted, 1),
		     0);
	cr_expect_eq(wanted[0].start, 0x81);
	cr_expect_eq(wanted[0].end, 0, "it is the last one");
	cr_expect_eq(wanted[0].count, 1);
}

Test(kallsyms, an_empty_file_has_nothing)
{
	struct kallsym wanted[] = { { .name = "snp_prepare" } };

	cr_assert_eq(find("\n", wanted, 1), 0);
	cr_expect_eq(wanted[0].count, 0);
}

static const char variants[] = "ffffffff81001000 t snp_prepare.isra.0\n"
			       "ffffffff81002000 t snp_enable\n"
			       "ffffffff81003000 t snp_enable.part.0\n"
			       "ffffffff81004000 t snp_enable.constprop.1\n"
			       "ffffffff81005000 t snp_shutdown\n"
			       "ffffffff81006000 t snp_shutdown.cold\n"
			       "ffffffff81007000 t _cpu_up.llvm.1234567890123456789012345\n"
			       "ffffffff81008000 t _cpu_up_all.isra.0\n"
			       "ffffffffc0200000 t _cpu_down.isra.0\t[ccp]\n";

Test(kallsyms, what_the_compiler_made_of_a_function_is_kept)
{
	struct kallsym wanted[] = { { .name = "snp_prepare" },
				    { .name = "snp_enable" },
				    { .name = "snp_shutdown" } };

	cr_assert_eq(find(variants, wanted, 3), 0);
	cr_expect_str_eq(wanted[0].variant, ".isra.0");
	cr_expect_eq(wanted[0].count, 0, "it has not that name");
	cr_expect_eq(wanted[0].start, 0);
	cr_expect_eq(wanted[0].end, 0);
	/* The first is kept, beside the function itself. */
	cr_expect_str_eq(wanted[1].variant, ".part.0");
	cr_expect_eq(wanted[1].count, 1);
	cr_expect_eq(wanted[1].start, 0xffffffff81002000);
	cr_expect_eq(wanted[1].end, 0xffffffff81003000);
	/* What is seldom run lies elsewhere, and is no function. */
	cr_expect_str_eq(wanted[2].variant, "");
	cr_expect_eq(wanted[2].count, 1);
}

Test(kallsyms, variants_are_cut_and_told_by_module)
{
	struct kallsym wanted[] = { { .name = "_cpu_up" },
				    { .name = "_cpu_down" },
				    { .name = "_cpu_down", .module = "ccp" } };

	cr_assert_eq(find(variants, wanted, 3), 0);
	cr_expect_str_eq(wanted[0].variant, ".llvm.12345678901234567");
	cr_expect_str_eq(wanted[1].variant, "", "it is a module's");
	cr_expect_str_eq(wanted[2].variant, ".isra.0");
}

Test(kallsyms, variants_of_the_last_time_are_forgotten)
{
	struct kallsym wanted[] = { { .name = "snp_prepare" } };

	cr_assert_eq(find(variants, wanted, 1), 0);
	cr_assert_eq(find(symbols, wanted, 1), 0);
	cr_expect_str_eq(wanted[0].variant, "");
	cr_expect_eq(wanted[0].count, 1);
}
