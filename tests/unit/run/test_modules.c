// SPDX-License-Identifier: GPL-2.0-only
/* Runs in which ccp is loaded anew. */
#include <criterion/criterion.h>
#include <string.h>

#include "standin/guard.h"
#include "standin/kernel.h"

TestSuite(modules, .init = kernel_begin_usual, .fini = kernel_end);

static void reload_the_same(void)
{
	kernel_fixture_ccp_reloaded(&host.kernel, "");
}

static void reload_inlined(void)
{
	kernel_fixture_ccp_reloaded(&host.kernel, NULL);
}

static void ccp_is_gone(const char *path)
{
	if (strcmp(path, "/proc/kallsyms"))
		return;
	host.on_read = NULL;
	kernel_fixture_ccp_unloaded(&host.kernel);
}

static void unload_while_symbols_are_read(void)
{
	reload_the_same();
	host.on_read = ccp_is_gone;
}

Test(modules, a_ccp_that_goes_while_its_symbols_are_read_is_no_other_build)
{
	at(5, unload_while_symbols_are_read);
	run_for("20");
	cr_quiet();
	cr_status(CLEAN);
	cr_assert_null(host.on_read);
}

Test(modules, the_same_ccp_again_keeps_its_kprobes)
{
	at(5, reload_the_same);
	at(8, kernel_begin_snp);
	at(12, kernel_full_shutdown);
	run_for("20");
	cr_quiet();
	cr_status(CLEAN);
	cr_expect_eq(host_logged("attach command_enter"), 1, "%s", host.log);
}

Test(modules, a_ccp_whose_functions_have_other_names_is_followed)
{
	at(5, reload_renamed);
	at(8, kernel_begin_snp);
	at(12, kernel_full_shutdown);
	run_for("20");
	cr_status(WARNING);
	cr_expect_eq(host_logged("attach command_enter"), 2, "%s", host.log);
	cr_expect_eq(
		host_logged("event added snp_guard/command_enter ccp:__sev_do_cmd_locked.llvm.42"),
		1, "%s", host.log);
	cr_expect_eq(times(ended.out, BREACH("blind")), 1, "%s", ended.out);
	cr_out("ccp: another __sev_do_cmd_locked (put right)");
	cr_out("\"command_name\":\"SNP_INIT_EX\"");
	cr_assert_str_empty(host_read("/sys/kernel/tracing/kprobe_events"));
}

Test(modules, a_ccp_that_can_not_be_followed_is_a_blind_spot)
{
	at(5, reload_inlined);
	run_for("20");
	cr_status(WARNING);
	cr_expect_eq(times(ended.out, BREACH("blind")), 1, "%s", ended.out);
	cr_out("ccp: another __sev_do_cmd_locked (not put right)");
}
