// SPDX-License-Identifier: GPL-2.0-only
/* snp-guard snapshot, and what a run makes of one. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>

#include "standin/guard.h"
#include "standin/kernel.h"

TestSuite(snapshot_command, .init = kernel_begin_usual, .fini = kernel_end);

Test(snapshot_command, has_cpus_and_count)
{
	host_set_online(3, false);
	host_set_snp_en(0, true);
	kernel.count = 1;
	guard("snapshot", NULL);
	cr_status(CLEAN);
	cr_quiet();
	cr_out("\"type\":\"snapshot\"");
	cr_out("\"count\":1");
	cr_out("{\"cpu\":0,\"online\":true,\"syscfg\":\"0x1000000\"}");
	cr_out("{\"cpu\":3,\"online\":false}");
	/* The kernel is asked, and nothing attached. */
	cr_assert_eq(host_logged("attach"), 0);
}

Test(snapshot_command, a_run_after_a_kexec_compares_with_it)
{
	for (unsigned int cpu = 0; cpu < 4; cpu++)
		host_set_snp_en(cpu, true);
	kernel.count = 1;
	guard("snapshot", "--output", "/run/before", NULL);
	cr_status(CLEAN);
	cr_assert_str_empty(ended.out);
	host_write("/proc/sys/kernel/random/boot_id", "76543210-89ab-cdef-0123-456789abcdef\n");
	host_set_online(2, false);
	guard("run", "--since", "/run/before", "--for", "5", "--format", "json", NULL);
	cr_status(WARNING);
	cr_out("\"event\":\"before\"");
	cr_out(BREACH("cpu-offlined"));
}

Test(snapshot_command, needs_what_a_run_needs)
{
	host_write("/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu\n");
	guard("snapshot", NULL);
	cr_status(UNVERIFIED);
	cr_err("sev_snp");
	cr_assert_str_empty(ended.out);
}

Test(snapshot_command, a_kernel_that_can_not_be_asked)
{
	bpf_refuse("call read_truth", -EPERM);
	guard("snapshot", NULL);
	cr_status(UNVERIFIED);
	cr_err("Operation not permitted");
	bpf_refuse("load read_truth", -EINVAL);
	guard("snapshot", NULL);
	cr_err("the verifier of this kernel refuses it");
	host_write("/proc/kallsyms", "nothing\n");
	guard("snapshot", NULL);
	cr_status(UNVERIFIED);
	cr_assert_str_empty(ended.out);
}

Test(snapshot_command, a_file_that_can_not_be_written)
{
	guard("snapshot", "--output", "/run/no/such/dir", NULL);
	cr_status(UNVERIFIED);
	cr_err("/run/no/such/dir: No such file");
}

Test(snapshot_command, usage)
{
	guard_alone("snapshot", "now", NULL);
	cr_status(USAGE);
	cr_err("now");
}
