// SPDX-License-Identifier: GPL-2.0-only
/* What a kernel has, where it runs and where it is only there as files. */
#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/kernel.h"
#include "kernel_fixture.h"

static struct kernel_fixture fixture;
static struct kernel kernel;

static void begin(void)
{
	kernel_fixture_begin(&fixture);
}

static void finish(void)
{
	kernel_close(&kernel);
	kernel_fixture_end(&fixture);
}

TestSuite(kernel, .init = begin, .fini = finish);

static const struct kallsym asked[] = {
	{ .name = "snp_prepare" },
	{ .name = "_sinittext" },
	{ .name = "_einittext" },
	{ .name = "__sev_do_cmd_locked", .module = "ccp" },
	{ .name = "psp_master", .module = "ccp" },
	{ .module = "ccp" },
};
enum { ASKED = sizeof(asked) / sizeof(asked[0]) };

static int open_running(void)
{
	return kernel_open(&kernel, &fixture.host, NULL, asked, ASKED);
}

static void save_and_open(void)
{
	int err;

	kernel_fixture_save(&fixture);
	err = open_running();
	cr_assert_eq(err, 0, "%d", err);
}

static enum function_state state_of_prepare(bool by_btf)
{
	return kernel_function(&kernel, "snp_prepare", false, by_btf);
}

/* ---- opening ---- */

Test(kernel, a_kernel_is_opened)
{
	kernel_fixture_function(&fixture, "snp_prepare", RETURNS_INT);
	save_and_open();
	cr_expect(kernel.running);
	cr_expect_eq(kernel.ccp, MODULE_ABSENT);
	cr_expect_eq(kernel_symbol(&kernel, "snp_prepare", NULL)->start, 0xffffffff81000000);
	cr_expect_null(kernel_symbol(&kernel, "snp_prepare", "ccp"));
	cr_expect_null(kernel_symbol(&kernel, "snp_enable", NULL), "nobody asked for it");
	cr_expect_null(kernel_module_text(&kernel, "kvm_amd"));
}

Test(kernel, without_btf_there_is_none)
{
	kernel_fixture_save(&fixture);
	fixture_remove(&fixture.files, "/sys/kernel/btf/vmlinux");
	cr_expect_eq(open_running(), -ENOENT);
}

Test(kernel, btf_that_is_none_is_bad)
{
	kernel_fixture_save(&fixture);
	fixture_write(&fixture.files, "/sys/kernel/btf/vmlinux", "no BTF");
	cr_expect_eq(open_running(), -EBADMSG);
	fixture_write(&fixture.files, "/sys/kernel/btf/vmlinux", "");
	cr_expect_eq(open_running(), -EBADMSG);
}

Test(kernel, hidden_addresses_are_told_from_no_symbols)
{
	kernel_fixture_function(&fixture, "snp_prepare", RETURNS_INT);
	fixture.hidden = true;
	kernel_fixture_save(&fixture);
	cr_expect_eq(open_running(), -EPERM);
	/* A package's System.map may be one line that names another package. */
	fixture_write(&fixture.files, "/proc/kallsyms", "ffffffffffffffff B of another package\n");
	cr_expect_eq(open_running(), -EBADMSG);
	fixture_write(&fixture.files, "/proc/kallsyms", "");
	cr_expect_eq(open_running(), -EBADMSG);
	fixture_remove(&fixture.files, "/proc/kallsyms");
	cr_expect_eq(open_running(), -ENOENT);
}

/* ---- functions ---- */

Test(kernel, a_function_is_found)
{
	kernel_fixture_function(&fixture, "snp_prepare", RETURNS_INT);
	save_and_open();
	cr_expect_eq(state_of_prepare(true), FUNCTION_FOUND);
	cr_expect_eq(state_of_prepare(false), FUNCTION_FOUND);
	cr_expect_eq(kernel_function(&kernel, "snp_enable", false, false), FUNCTION_ABSENT);
}

Test(kernel, without_its_btf_a_kprobe_finds_it)
{
	kernel_fixture_symbol(&fixture, "snp_prepare");
	save_and_open();
	cr_expect_eq(state_of_prepare(true), FUNCTION_NO_BTF);
	cr_expect_eq(state_of_prepare(false), FUNCTION_FOUND);
}

Test(kernel, a_function_of_the_btf_without_a_symbol_is_inlined)
{
	kernel_fixture_btf(&fixture, "snp_prepare", RETURNS_INT);
	save_and_open();
	cr_expect_eq(state_of_prepare(true), FUNCTION_INLINED);
}

static void open_with(const char *suffix)
{
	char name[200];

	snprintf(name, sizeof(name), "snp_prepare%s", suffix);
	kernel_fixture_symbol(&fixture, name);
	save_and_open();
}

Test(kernel, a_clone_or_a_part_is_not_the_function)
{
	static const char *const endings[] = { ".isra.0", ".constprop.0", ".part.0" };

	for (int i = 0; i < 3; i++) {
		enum function_state state = i < 2 ? FUNCTION_CLONED : FUNCTION_SPLIT;

		if (i)
			begin();
		kernel_fixture_btf(&fixture, "snp_prepare", RETURNS_INT);
		/* The rest of it beside a part: its calls go past it as well. */
		if (i == 2)
			kernel_fixture_symbol(&fixture, "snp_prepare");
		open_with(endings[i]);
		cr_expect_eq(state_of_prepare(true), state, "%s", endings[i]);
		cr_expect_eq(state_of_prepare(false), state, "%s", endings[i]);
		cr_expect_str_eq(kernel_symbol(&kernel, "snp_prepare", NULL)->suffix, endings[i]);
		if (i < 2)
			finish();
	}
}

#define LONG_SUFFIX ".__uniq.340282366920938463463374607431768211455.llvm.18446744073709551615"
#define TRACED	    "/sys/kernel/tracing/available_filter_functions"

Test(kernel, a_renamed_function_is_followed_by_a_kprobe)
{
	kernel_fixture_btf(&fixture, "snp_prepare", RETURNS_INT);
	open_with(LONG_SUFFIX);
	cr_expect_eq(state_of_prepare(true), FUNCTION_RENAMED);
	cr_expect_eq(state_of_prepare(false), FUNCTION_FOUND);
	/* ftrace lists it as kallsyms does. */
	fixture_write(&fixture.files, TRACED, "snp_prepare" LONG_SUFFIX "\n");
	cr_assert_eq(kernel_read_traced(&kernel), 0);
	cr_expect_eq(state_of_prepare(false), FUNCTION_FOUND);
	fixture_write(&fixture.files, TRACED, "snp_prepare\nsnp_prepare.llvm.2\n");
	cr_assert_eq(kernel_read_traced(&kernel), 0);
	cr_expect_eq(state_of_prepare(false), FUNCTION_UNTRACED);
}

Test(kernel, of_two_that_were_renamed_neither_is_followed)
{
	kernel_fixture_function(&fixture, "snp_prepare", RETURNS_INT);
	open_with(".llvm.1");
	cr_expect_eq(state_of_prepare(true), FUNCTION_TWICE);
	cr_expect_eq(state_of_prepare(false), FUNCTION_TWICE);
}

Test(kernel, a_renamed_functions_clone_is_a_clone)
{
	kernel_fixture_btf(&fixture, "snp_prepare", RETURNS_INT);
	open_with(".lto_priv.0.isra.0");
	cr_expect_eq(state_of_prepare(false), FUNCTION_CLONED);
}

Test(kernel, a_cold_part_is_no_clone)
{
	kernel_fixture_function(&fixture, "snp_prepare", RETURNS_INT);
	kernel_fixture_symbol(&fixture, "snp_prepare.cold");
	kernel_fixture_symbol(&fixture, "snp_prepare.isra.0.cold");
	kernel_fixture_symbol(&fixture, "snp_prepare_all");
	save_and_open();
	cr_expect_eq(state_of_prepare(true), FUNCTION_FOUND);
}

Test(kernel, two_of_a_name_are_not_told_apart)
{
	kernel_fixture_function(&fixture, "snp_prepare", RETURNS_INT);
	kernel_fixture_symbol(&fixture, "snp_prepare");
	save_and_open();
	cr_expect_eq(state_of_prepare(true), FUNCTION_TWICE);
	cr_expect_eq(state_of_prepare(false), FUNCTION_TWICE);
}

Test(kernel, a_modules_function_is_not_the_kernels)
{
	kernel_fixture_function(&fixture, "snp_prepare", RETURNS_INT);
	kernel_fixture_module_symbol(&fixture, "snp_prepare", "kvm_amd");
	save_and_open();
	cr_expect_eq(state_of_prepare(true), FUNCTION_FOUND);
}

Test(kernel, code_of_boot_is_gone)
{
	kernel_fixture_btf(&fixture, "snp_prepare", RETURNS_INT);
	kernel_fixture_boot_symbol(&fixture, "snp_prepare");
	save_and_open();
	cr_expect_eq(state_of_prepare(true), FUNCTION_BOOT);
}

Test(kernel, code_behind_that_of_boot_is_there)
{
	kernel_fixture_btf(&fixture, "snp_prepare", RETURNS_INT);
	fixture.core.next = 0xffffffff83100000; /* where _einittext will be */
	kernel_fixture_symbol(&fixture, "snp_prepare");
	save_and_open();
	cr_expect_eq(state_of_prepare(true), FUNCTION_FOUND);
}

/* ---- ftrace's functions ---- */

static enum function_state prepare_if_traced(const char *text)
{
	fixture_write(&fixture.files, TRACED, text);
	cr_assert_eq(kernel_read_traced(&kernel), 0);
	return state_of_prepare(true);
}

Test(kernel, ftrace_says_what_it_can_attach_to)
{
	kernel_fixture_function(&fixture, "snp_prepare", RETURNS_INT);
	save_and_open();
	cr_expect_eq(kernel_read_traced(&kernel), -ENOENT);
	cr_expect_eq(state_of_prepare(true), FUNCTION_FOUND,
		     "where it can't be asked, nothing is said");
	cr_expect_eq(prepare_if_traced("a\nsnp_prepare\nb\n"), FUNCTION_FOUND);
	cr_expect_eq(prepare_if_traced("snp_prepare\n"), FUNCTION_FOUND);
	cr_expect_eq(prepare_if_traced("xsnp_prepare\nsnp_prepare_b\nb\n"), FUNCTION_UNTRACED);
	cr_expect_eq(prepare_if_traced("xsnp_prepare\nsnp_prepare\n"), FUNCTION_FOUND);
}

Test(kernel, ftrace_is_also_asked_below_debugfs)
{
	kernel_fixture_function(&fixture, "snp_prepare", RETURNS_INT);
	save_and_open();
	fixture_write(&fixture.files, "/sys/kernel/debug/tracing/available_filter_functions",
		      "a\n");
	cr_assert_eq(kernel_read_traced(&kernel), 0);
	cr_expect_eq(state_of_prepare(true), FUNCTION_UNTRACED);
}

Test(kernel, an_empty_list_of_ftraces_is_no_answer)
{
	kernel_fixture_function(&fixture, "snp_prepare", RETURNS_INT);
	save_and_open();
	fixture_write(&fixture.files, TRACED, "");
	cr_expect_eq(kernel_read_traced(&kernel), -EIO);
	cr_expect_eq(state_of_prepare(true), FUNCTION_FOUND);
}

Test(kernel, another_modules_function_is_not_the_one_that_is_traced)
{
	kernel_fixture_function(&fixture, "snp_prepare", RETURNS_INT);
	save_and_open();
	cr_expect_eq(prepare_if_traced("snp_prepare [kvm_amd]\n"), FUNCTION_UNTRACED);
}

Test(kernel, a_function_of_ccps_is_traced_in_ccp)
{
	kernel_fixture_ccp_loaded(&fixture);
	save_and_open();
	fixture_write(&fixture.files, TRACED, "__sev_do_cmd_locked [ccp]\n");
	cr_assert_eq(kernel_read_traced(&kernel), 0);
	cr_expect_eq(kernel_function(&kernel, "__sev_do_cmd_locked", true, false), FUNCTION_FOUND);
	fixture_write(&fixture.files, TRACED, "__sev_do_cmd_locked\n");
	cr_assert_eq(kernel_read_traced(&kernel), 0);
	cr_expect_eq(kernel_function(&kernel, "__sev_do_cmd_locked", true, false),
		     FUNCTION_UNTRACED);
}

/* ---- types ---- */

Test(kernel, what_a_function_returns)
{
	kernel_fixture_btf(&fixture, "snp_prepare", RETURNS_INT);
	kernel_fixture_btf(&fixture, "__sev_do_cmd_locked", RETURNS_VOID);
	save_and_open();
	cr_expect_not(kernel_returns_void(&kernel, "snp_prepare"));
	cr_expect(kernel_returns_void(&kernel, "__sev_do_cmd_locked"));
	cr_expect_not(kernel_returns_void(&kernel, "none"));
}

Test(kernel, tracepoints_are_typedefs)
{
	kernel_fixture_tracepoint(&fixture, "cpuhp_exit");
	kernel_fixture_btf(&fixture, "btf_trace_cpuhp_enter", RETURNS_VOID);
	save_and_open();
	cr_expect(kernel_has_tracepoint(&kernel, "cpuhp_exit"));
	cr_expect_not(kernel_has_tracepoint(&kernel, "cpuhp_enter"));
	cr_expect_not(kernel_has_tracepoint(&kernel, "cpuhp"));
}

/* ---- ccp ---- */

static enum function_state state_of_command(void)
{
	return kernel_function(&kernel, "__sev_do_cmd_locked", true, false);
}

static void cr_knows_the_structs(void)
{
	cr_expect_eq(kernel.sev_data_offset, 16);
	cr_expect_eq(kernel.snp_initialized_offset, 40);
}

Test(kernel, ccp_that_is_loaded)
{
	kernel_fixture_ccp_loaded(&fixture);
	save_and_open();
	cr_expect_eq(kernel.ccp, MODULE_LOADED);
	cr_expect_eq(state_of_command(), FUNCTION_FOUND);
	cr_expect_eq(kernel_symbol(&kernel, "psp_master", "ccp")->count, 1);
	cr_expect_eq(kernel_module_text(&kernel, "ccp")->start, 0xffffffffc0200000);
	cr_knows_the_structs();
}

static char list[PATH_MAX], whole[PATH_MAX];

/*
 * A module comes while the list is read: its reader finds the last symbol twice. The next reader
 * finds each once.
 */
static void *upset_a_reader(void *unused)
{
	static const char last[] = "ffffffffc0000000 D psp_master\t[ccp]\n";
	char text[8192];
	FILE *from = fopen(whole, "r"), *to = fopen(list, "w");
	size_t n = fread(text, 1, sizeof(text), from);

	fwrite(text, 1, n, to);
	fputs(last, to);
	fixture_write(&fixture.files, "/proc/modules", "kvm 1 0 - Live 0x0\n");
	rename(whole, list);
	fclose(to);
	fclose(from);
	return unused;
}

Test(kernel, symbols_are_read_again_if_a_module_comes_meanwhile)
{
	pthread_t writer;

	kernel_fixture_ccp_loaded(&fixture);
	kernel_fixture_save(&fixture);
	snprintf(list, sizeof(list), "%s", fixture_path(&fixture.files, "/proc/kallsyms"));
	snprintf(whole, sizeof(whole), "%s", fixture_path(&fixture.files, "/whole"));
	rename(list, whole);
	cr_assert_not(mkfifo(list, 0600));
	pthread_create(&writer, NULL, upset_a_reader, NULL);
	cr_assert_eq(open_running(), 0);
	pthread_join(writer, NULL);
	cr_expect_eq(kernel_symbol(&kernel, "psp_master", "ccp")->count, 1);
}

Test(kernel, ccp_that_is_built_in)
{
	kernel_fixture_ccp_builtin(&fixture);
	save_and_open();
	cr_expect_eq(kernel.ccp, MODULE_BUILTIN);
	cr_expect_eq(state_of_command(), FUNCTION_FOUND);
	cr_expect_eq(kernel_symbol(&kernel, "psp_master", "ccp")->count, 1);
	cr_knows_the_structs();
}

Test(kernel, ccp_that_is_on_disk)
{
	kernel_fixture_ccp_listed(&fixture, "kernel/ccp.ko");
	elf_write_ccp(&fixture, KERNEL_FIXTURE_MODULES "/kernel/ccp.ko");
	save_and_open();
	cr_expect_eq(kernel.ccp, MODULE_AVAILABLE);
	cr_expect_eq(state_of_command(), FUNCTION_FOUND);
	cr_expect_eq(kernel_symbol(&kernel, "psp_master", "ccp")->count, 1);
	cr_expect_eq(kernel_symbol(&kernel, "psp_master", "ccp")->start, 0, "it is not loaded");
	cr_knows_the_structs();
	/* ftrace does not know it before it is loaded. */
	fixture_write(&fixture.files, TRACED, "a\n");
	cr_assert_eq(kernel_read_traced(&kernel), 0);
	cr_expect_eq(state_of_command(), FUNCTION_FOUND);
}

Test(kernel, ccp_that_is_on_disk_compressed)
{
	char line[PATH_MAX + 32];

	kernel_fixture_ccp_listed(&fixture, "kernel/ccp.ko.xz");
	elf_write_ccp(&fixture, KERNEL_FIXTURE_MODULES "/kernel/ccp.ko");
	snprintf(line, sizeof(line), "xz -q %s",
		 fixture_path(&fixture.files, KERNEL_FIXTURE_MODULES "/kernel/ccp.ko"));
	cr_assert_eq(system(line), 0);
	save_and_open();
	cr_expect_eq(kernel.ccp, MODULE_AVAILABLE);
	cr_expect_eq(state_of_command(), FUNCTION_FOUND);
	cr_knows_the_structs();
}

Test(kernel, a_driver_without_the_function)
{
	static const struct elf_symbol other = { "sev_do_cmd", STT_FUNC };

	kernel_fixture_ccp_listed(&fixture, "kernel/ccp.ko");
	elf_write(&fixture.files, KERNEL_FIXTURE_MODULES "/kernel/ccp.ko",
		  &(struct elf_wanted){ .symbols = &other, .count = 1 });
	save_and_open();
	cr_expect_eq(kernel.ccp, MODULE_AVAILABLE);
	cr_expect_eq(state_of_command(), FUNCTION_INLINED);
	cr_expect_eq(kernel.sev_data_offset, -ENOENT);
	cr_expect_eq(kernel.snp_initialized_offset, -ENOENT);
}

Test(kernel, a_damaged_file_tells_nothing_of_ccp)
{
	kernel_fixture_ccp_listed(&fixture, "kernel/ccp.ko");
	fixture_write(&fixture.files, KERNEL_FIXTURE_MODULES "/kernel/ccp.ko", "damaged");
	save_and_open();
	cr_expect_eq(kernel.ccp, MODULE_ABSENT);
	cr_expect_eq(state_of_command(), FUNCTION_DAMAGED);
	fixture_remove(&fixture.files, KERNEL_FIXTURE_MODULES "/kernel/ccp.ko");
	cr_assert_eq(kernel_refresh(&kernel), 0);
	cr_expect_eq(state_of_command(), FUNCTION_DAMAGED);
}

Test(kernel, ccp_comes_and_goes)
{
	kernel_fixture_ccp_listed(&fixture, "kernel/ccp.ko");
	elf_write_ccp(&fixture, KERNEL_FIXTURE_MODULES "/kernel/ccp.ko");
	save_and_open();
	cr_expect_eq(kernel.ccp, MODULE_AVAILABLE);
	kernel_fixture_ccp_loaded(&fixture);
	kernel_fixture_save(&fixture);
	cr_assert_eq(kernel_refresh(&kernel), 0);
	cr_expect_eq(kernel.ccp, MODULE_LOADED);
	cr_expect_neq(kernel_symbol(&kernel, "psp_master", "ccp")->start, 0);
	fixture_remove(&fixture.files, "/sys/module/ccp/initstate");
	fixture.module.text[0] = 0;
	kernel_fixture_save(&fixture);
	cr_assert_eq(kernel_refresh(&kernel), 0);
	cr_expect_eq(kernel.ccp, MODULE_AVAILABLE);
	cr_expect_eq(kernel_symbol(&kernel, "psp_master", "ccp")->start, 0);
	cr_knows_the_structs();
}

/* ---- a kernel that does not run ---- */

static int open_files(const char *btf, const char *kallsyms, const char *modules)
{
	struct kernel_files files = { 0 };
	char *paths[3];
	int err;

	paths[0] = strdup(fixture_path(&fixture.files, btf));
	paths[1] = strdup(fixture_path(&fixture.files, kallsyms));
	paths[2] = modules ? strdup(fixture_path(&fixture.files, modules)) : NULL;
	files = (struct kernel_files){ paths[0], paths[1], paths[2] };
	err = kernel_open(&kernel, &(struct platform){ .root = "/nowhere" }, &files, asked, ASKED);
	/* They are used at a refresh, too. */
	if (!err)
		cr_expect_eq(kernel_refresh(&kernel), 0);
	for (int i = 0; i < 3; i++)
		free(paths[i]);
	return err;
}

Test(kernel, files_of_another_kernel)
{
	kernel_fixture_function(&fixture, "snp_prepare", RETURNS_VOID);
	kernel_fixture_ccp_listed(&fixture, "kernel/ccp.ko");
	elf_write_ccp(&fixture, KERNEL_FIXTURE_MODULES "/kernel/ccp.ko");
	kernel_fixture_save(&fixture);
	cr_assert_eq(
		open_files("/sys/kernel/btf/vmlinux", "/proc/kallsyms", KERNEL_FIXTURE_MODULES), 0);
	cr_expect_not(kernel.running);
	cr_expect_eq(state_of_prepare(true), FUNCTION_FOUND);
	cr_expect(kernel_returns_void(&kernel, "snp_prepare"));
	cr_expect_eq(kernel.ccp, MODULE_AVAILABLE);
	cr_expect_eq(state_of_command(), FUNCTION_FOUND);
	cr_knows_the_structs();
}

Test(kernel, files_without_modules_tell_nothing_of_ccp)
{
	kernel_fixture_save(&fixture);
	cr_assert_eq(open_files("/sys/kernel/btf/vmlinux", "/proc/kallsyms", NULL), 0);
	cr_expect_eq(kernel.ccp, MODULE_ABSENT);
	cr_expect_eq(state_of_command(), FUNCTION_UNKNOWN);
}

Test(kernel, files_say_that_ccp_is_built_in)
{
	kernel_fixture_ccp_builtin(&fixture);
	kernel_fixture_save(&fixture);
	cr_assert_eq(
		open_files("/sys/kernel/btf/vmlinux", "/proc/kallsyms", KERNEL_FIXTURE_MODULES), 0);
	cr_expect_eq(kernel.ccp, MODULE_BUILTIN);
	cr_expect_eq(state_of_command(), FUNCTION_FOUND);
	cr_knows_the_structs();
}

Test(kernel, files_that_are_something_else)
{
	kernel_fixture_save(&fixture);
	fixture_write(&fixture.files, "/text", "neither\n");
	cr_expect_eq(open_files("/text", "/proc/kallsyms", NULL), -EBADMSG);
	cr_expect_eq(open_files("/sys/kernel/btf/vmlinux", "/text", NULL), -EBADMSG);
	cr_expect_eq(open_files("/none", "/proc/kallsyms", NULL), -ENOENT);
	cr_expect_eq(open_files("/sys/kernel/btf/vmlinux", "/none", NULL), -ENOENT);
	fixture.hidden = true;
	kernel_fixture_save(&fixture);
	cr_expect_eq(open_files("/sys/kernel/btf/vmlinux", "/proc/kallsyms", NULL), -EPERM);
}
