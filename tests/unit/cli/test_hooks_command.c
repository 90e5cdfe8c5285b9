// SPDX-License-Identifier: GPL-2.0-only
/* snp-guard hooks, of the kernel that runs and of others. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>

#include "standin/guard.h"
#include "standin/kernel.h"

static void begin(void)
{
	kernel_begin(4, "");
}

TestSuite(hooks_command, .init = begin, .fini = kernel_end);

Test(hooks_command, of_the_kernel_that_runs)
{
	guard("hooks", NULL);
	cr_status(CLEAN);
	cr_quiet();
	cr_out("fentry snp_prepare");
	cr_out("lsm file_open");
	cr_assert_eq(host_logged("attach"), 0);
}

Test(hooks_command, in_json)
{
	guard("hooks", "--format", "json", NULL);
	cr_status(CLEAN);
	cr_out("{\"fact\":\"prepare\",\"covered\":true,\"source\":\"fentry snp_prepare\"");
	cr_out("{\"source\":\"fentry __sev_snp_shutdown_locked\",\"why\":\"not in vmlinux\"}");
}

Test(hooks_command, of_a_kernel_that_lacks_some)
{
	kernel_end();
	kernel_begin(4, "snp_prepare module_load module_free");
	guard("hooks", NULL);
	cr_status(CLEAN);
	cr_out("sweeps of SYSCFG");
	guard("hooks", "--format", "json", NULL);
	cr_out("{\"fact\":\"modules\",\"covered\":false,\"source\":\"\"");
}

Test(hooks_command, ftrace_is_asked)
{
	host_write("/sys/kernel/tracing/available_filter_functions", "schedule\n");
	guard("hooks", NULL);
	cr_status(CLEAN);
	cr_not_out("fentry snp_prepare\n");
	cr_out("ftrace");
}

Test(hooks_command, of_files_of_another_kernel)
{
	char btf[128], kallsyms[128];

	snprintf(btf, sizeof(btf), "%s/sys/kernel/btf/vmlinux", host.kernel.files.root);
	snprintf(kallsyms, sizeof(kallsyms), "%s/proc/kallsyms", host.kernel.files.root);
	guard("hooks", "--btf", btf, "--kallsyms", kallsyms, NULL);
	cr_status(CLEAN);
	cr_out("fentry snp_prepare");
	guard("hooks", "--btf", kallsyms, "--kallsyms", btf, NULL);
	cr_status(UNVERIFIED);
	cr_err(kallsyms);
	guard("hooks", "--btf", "/run/none", "--kallsyms", kallsyms, NULL);
	cr_status(UNVERIFIED);
	cr_err("/run/none");
}

Test(hooks_command, of_modules_of_another_kernel)
{
	char btf[128], kallsyms[128], modules[128];

	snprintf(btf, sizeof(btf), "%s/sys/kernel/btf/vmlinux", host.kernel.files.root);
	snprintf(kallsyms, sizeof(kallsyms), "%s/proc/kallsyms", host.kernel.files.root);
	snprintf(modules, sizeof(modules), "%s/modules", host.kernel.files.root);
	guard("hooks", "--btf", btf, "--kallsyms", kallsyms, "--modules", modules, NULL);
	cr_status(UNVERIFIED);
	cr_err("modules.dep: No such file or directory; --modules takes a kernel's /lib/modules/");
	host_write("/modules/modules.dep", "kernel/ccp.ko:\n");
	host_write("/modules/kernel/ccp.ko", "no module\n");
	guard("hooks", "--btf", btf, "--kallsyms", kallsyms, "--modules", modules, NULL);
	cr_status(UNVERIFIED);
	cr_err("ccp's file can't be read");
}

Test(hooks_command, of_files_without_addresses)
{
	char btf[128], kallsyms[128];

	snprintf(btf, sizeof(btf), "%s/sys/kernel/btf/vmlinux", host.kernel.files.root);
	snprintf(kallsyms, sizeof(kallsyms), "%s/hidden", host.kernel.files.root);
	host_write("/hidden", "0000000000000000 t _sinittext\n0000000000000000 t _einittext\n");
	guard("hooks", "--btf", btf, "--kallsyms", kallsyms, NULL);
	cr_status(UNVERIFIED);
	cr_err("no addresses");
}

Test(hooks_command, of_a_kernel_that_hides_its_addresses)
{
	host_write("/proc/kallsyms",
		   "0000000000000000 t _sinittext\n0000000000000000 t _einittext\n");
	guard("hooks", NULL);
	cr_status(UNVERIFIED);
	cr_err("kernel.kptr_restrict=1");
	host.euid = 1000;
	guard("hooks", NULL);
	cr_status(UNVERIFIED);
	cr_err("run as root");
}

Test(hooks_command, of_a_kernel_without_btf_or_symbols)
{
	host_write("/proc/kallsyms", "");
	guard("hooks", NULL);
	cr_status(UNVERIFIED);
	cr_assert_str_not_empty(ended.err);
	host_remove("/sys/kernel/btf/vmlinux");
	guard("hooks", NULL);
	cr_status(UNVERIFIED);
	cr_err("BTF");
}

Test(hooks_command, usage)
{
	guard_alone("hooks", "--btf", "/run/none", NULL);
	cr_status(USAGE);
	cr_err("--kallsyms");
	guard_alone("hooks", "now", NULL);
	cr_status(USAGE);
	cr_err("now");
}
