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

/* What GCC makes of functions. */
static const char by_gcc[] = "ffffffff81001000 t snp_prepare.isra.0\n"
			     "ffffffff81002000 t snp_enable\n"
			     "ffffffff81003000 t snp_enable.part.0\n"
			     "ffffffff81005000 t snp_shutdown\n"
			     "ffffffff81006000 t snp_shutdown.cold\n"
			     "ffffffff81006100 d snp_shutdown._rs.3\n"
			     "ffffffff81007000 t _cpu_up.constprop.0.isra.0.cold\n"
			     "ffffffff81007100 t _cpu_up.part.0.cold.12\n"
			     "ffffffff81008000 t _cpu_up_all.isra.0\n"
			     "ffffffffc0200000 t _cpu_down.isra.0\t[ccp]\n";

Test(kallsyms, a_clone_or_a_part_is_not_the_function)
{
	struct kallsym wanted[] = { { .name = "snp_prepare" },
				    { .name = "snp_enable" },
				    { .name = "snp_shutdown" },
				    { .name = "_cpu_up" } };

	cr_assert_eq(find(by_gcc, wanted, 4), 0);
	cr_expect_eq(wanted[0].form, KALLSYM_CLONED);
	cr_expect_str_eq(wanted[0].suffix, ".isra.0");
	cr_expect_eq(wanted[0].count, 0, "it has not that name");
	cr_expect_eq(wanted[0].start, 0);
	cr_expect_eq(wanted[0].end, 0);
	/* The part is seen beside the function itself. */
	cr_expect_eq(wanted[1].form, KALLSYM_SPLIT);
	cr_expect_str_eq(wanted[1].suffix, ".part.0");
	cr_expect_eq(wanted[1].count, 1);
	cr_expect_eq(wanted[1].start, 0xffffffff81002000);
	cr_expect_eq(wanted[1].end, 0xffffffff81003000);
	/* What is seldom run lies elsewhere and is no function, nor are its variables. */
	for (int i = 2; i < 4; i++) {
		cr_expect_eq(wanted[i].form, KALLSYM_AS_NAMED, "%s", wanted[i].name);
		cr_expect_str_eq(wanted[i].suffix, "", "%s", wanted[i].name);
		cr_expect_eq(wanted[i].count, i == 2, "%s", wanted[i].name);
	}
}

Test(kallsyms, clones_are_told_by_module)
{
	struct kallsym wanted[] = { { .name = "_cpu_down" },
				    { .name = "_cpu_down", .module = "ccp" } };

	cr_assert_eq(find(by_gcc, wanted, 2), 0);
	cr_expect_str_eq(wanted[0].suffix, "", "it is a module's");
	cr_expect_str_eq(wanted[1].suffix, ".isra.0");
}

/* Of several suffixes, the one that changes most is kept. */
Test(kallsyms, a_clone_outweighs_a_part_and_a_name)
{
	struct kallsym wanted[] = { { .name = "func" } };

	cr_assert_eq(find("81000000 t func.llvm.1\n"
			  "81000100 t func.part.0\n"
			  "81000200 t func.constprop.1\n"
			  "81000300 t func.part.2\n",
			  wanted, 1),
		     0);
	cr_expect_eq(wanted[0].form, KALLSYM_CLONED);
	cr_expect_str_eq(wanted[0].suffix, ".constprop.1");
	cr_expect_eq(wanted[0].count, 1);
}

#define UNIQ ".__uniq.340282366920938463463374607431768211455"
#define LLVM ".llvm.18446744073709551615"
static const char uniq_llvm[] = UNIQ LLVM;

Test(kallsyms, a_renamed_function_is_the_function_with_its_whole_suffix)
{
	const char *const suffixes[] = { LLVM, UNIQ, uniq_llvm, ".lto_priv.0", ".llvm.9f3a" };
	char text[256];

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		struct kallsym wanted[] = { { .name = "_cpu_up" }, { .name = "_cpu" } };

		snprintf(text, sizeof(text),
			 "ffffffff81007000 t _cpu_up%s\nffffffff81007200 t other\n", suffixes[i]);
		cr_assert_eq(find(text, wanted, 2), 0);
		cr_expect_eq(wanted[0].form, KALLSYM_RENAMED, "%s", suffixes[i]);
		cr_expect_str_eq(wanted[0].suffix, suffixes[i]);
		cr_expect_eq(wanted[0].count, 1, "%s", suffixes[i]);
		cr_expect_eq(wanted[0].start, 0xffffffff81007000);
		cr_expect_eq(wanted[0].end, 0xffffffff81007200);
		cr_expect_eq(wanted[1].count, 0, "another name");
	}
}

Test(kallsyms, names_that_no_compiler_gives_are_other_symbols)
{
	static const char *const suffixes[] = { ".llvm.",      ".llvm",	      ".0",
						".llvm.1._rs", "._rs.llvm.1", ".localalias" };
	char text[64];

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		struct kallsym wanted[] = { { .name = "_cpu_up" } };

		snprintf(text, sizeof(text), "ffffffff81007000 t _cpu_up%s\n", suffixes[i]);
		cr_assert_eq(find(text, wanted, 1), 0);
		cr_expect_eq(wanted[0].count, 0, "%s", suffixes[i]);
		cr_expect_eq(wanted[0].form, KALLSYM_AS_NAMED, "%s", suffixes[i]);
	}
}

Test(kallsyms, a_suffix_that_is_too_long_is_not_cut)
{
	char suffix[KALLSYM_SUFFIX_LEN + 1] = ".llvm.", text[256];

	memset(suffix + 6, '7', sizeof(suffix) - 7);
	for (int i = 0; i < 2; i++) {
		struct kallsym wanted[] = { { .name = "_cpu_up" } };

		snprintf(text, sizeof(text), "ffffffff81007000 t _cpu_up%s\n", suffix);
		cr_assert_eq(find(text, wanted, 1), 0);
		cr_expect_eq(wanted[0].count, i);
		cr_expect_str_eq(wanted[0].suffix, i ? suffix : "");
		suffix[KALLSYM_SUFFIX_LEN - 1] = 0;
	}
}

Test(kallsyms, two_that_were_renamed_are_two)
{
	struct kallsym wanted[] = { { .name = "twice" }, { .name = "beside" } };

	cr_assert_eq(find("81000000 t twice.llvm.1\n81000100 t twice.llvm.2\n81000200 t beside\n"
			  "81000300 t beside.lto_priv.0\n",
			  wanted, 2),
		     0);
	cr_expect_eq(wanted[0].count, 2);
	cr_expect_eq(wanted[1].count, 2);
}

Test(kallsyms, suffixes_of_the_last_time_are_forgotten)
{
	struct kallsym wanted[] = { { .name = "snp_prepare" } };

	cr_assert_eq(find(by_gcc, wanted, 1), 0);
	cr_assert_eq(find(symbols, wanted, 1), 0);
	cr_expect_eq(wanted[0].form, KALLSYM_AS_NAMED);
	cr_expect_str_eq(wanted[0].suffix, "");
	cr_expect_eq(wanted[0].count, 1);
}
