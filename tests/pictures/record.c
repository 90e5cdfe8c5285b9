// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes a recording to be drawn: one life of a host with so many CPUs, with a failed command, a
 * refusal, and breaches. "apart" gives each CPU a history of its own, so that each has a row.
 * usage: record CPUS together|apart FILE
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "session/trace.h"

static const struct trace_header host = {
	.boot_id = "0f1e2d3c-0000-4000-8000-123456789abc",
	.release = "7.3.4-pictures",
	.realtime_offset_ns = 1780000000000000000,
	.flags = TRACE_AUDIT,
};

static struct trace trace;
static __u64 now_ns = 60000000000, seq;

static void put(struct snp_event e, __u64 after_ns)
{
	now_ns += after_ns;
	e.time_ns = now_ns;
	if (e.kind < SNP_EV_START) {
		e.seq = ++seq;
		e.tgid = e.tid = 175;
		strcpy(e.comm, "modprobe");
	}
	if (trace_write(&trace, &e)) {
		perror("record");
		exit(1);
	}
}

static void plain(enum snp_event_kind kind, __u64 after_ns)
{
	put((struct snp_event){ .kind = kind, .subject = SNP_NO_SUBJECT, .count = 0 }, after_ns);
}

static void named(enum snp_event_kind kind, const char *name, int count, __u32 flags,
		  __u64 after_ns)
{
	struct snp_event e = {
		.kind = kind, .subject = SNP_NO_SUBJECT, .count = count, .flags = flags
	};

	snprintf(e.name, sizeof(e.name), "%s", name);
	put(e, after_ns);
}

static void command(__u32 number, __u32 flags, __u32 status, __u64 after_ns)
{
	put((struct snp_event){ .kind = SNP_EV_COMMAND,
				.subject = number,
				.flags = flags,
				.status = status,
				.result = status ? -EIO : 0,
				.count = SNP_COUNT_UNKNOWN,
				.value = after_ns / 2 },
	    after_ns);
}

static void of_cpu(enum snp_event_kind kind, unsigned int cpu, __u64 after_ns)
{
	put((struct snp_event){ .kind = kind, .subject = cpu, .count = SNP_COUNT_UNKNOWN },
	    after_ns);
}

static void look(unsigned int cpu, __u64 syscfg, __u64 after_ns)
{
	put((struct snp_event){ .kind = SNP_EV_CPU_STATE,
				.subject = cpu,
				.flags = SNP_F_PRESENT | SNP_F_ONLINE,
				.value = syscfg },
	    after_ns);
}

static void truth(int count, __u64 after_ns)
{
	put((struct snp_event){ .kind = SNP_EV_TRUTH,
				.subject = SNP_NO_SUBJECT,
				.flags = SNP_F_STABLE,
				.count = count },
	    after_ns);
}

static void live(unsigned int cpus, int apart)
{
	const __u64 ms = 1000000, second = 1000 * ms;

	named(SNP_EV_START, host.release, 0, SNP_F_HAS_PREPARE | SNP_F_HAS_ENABLE, 0);
	for (unsigned int i = 0; i < cpus; i++)
		look(i, 0, 30000);
	truth(0, ms);
	named(SNP_EV_MODULE_LOAD, "ccp", 0, 0, 250 * ms);
	named(SNP_EV_MODULE_LOAD, "kvm_amd", 0, 0, 900 * ms);
	plain(SNP_EV_PREPARE_ENTER, 9 * ms);
	named(SNP_EV_HP_DISABLE, "snp_prepare", 1, SNP_F_OWNED, ms);
	for (unsigned int i = 0; i < cpus; i++)
		of_cpu(SNP_EV_SNP_ENABLE, i, 20000);
	plain(SNP_EV_PREPARE_EXIT, ms);
	command(SNP_CMD_INIT_EX, 0, 3, 15 * ms);
	command(SNP_CMD_INIT_EX, 0, 0, 300 * ms);
	command(SNP_CMD_DF_FLUSH, 0, 0, 3 * ms);
	named(SNP_EV_DENIED, "cpu3/online", SNP_COUNT_UNKNOWN, SNP_F_OPEN | SNP_F_AUDIT,
	      2 * second);
	for (unsigned int i = 1; i < (apart ? cpus : 2); i++) {
		of_cpu(SNP_EV_CPU_DOWN_BEGIN, i, 300 * ms);
		of_cpu(SNP_EV_CPU_DOWN, i, 5 * ms);
	}
	of_cpu(SNP_EV_CPU_UP_BEGIN, 1, 3600 * second);
	of_cpu(SNP_EV_CPU_UP, 1, 9 * ms);
	look(1, 0, 40 * ms);
	truth(1, ms);
	command(SNP_CMD_SHUTDOWN_EX, SNP_SHUTDOWN_X86, 0, 20 * second);
	named(SNP_EV_HP_ENABLE, "snp_shutdown", 0, SNP_F_OWNED, ms);
	plain(SNP_EV_X86_SHUTDOWN, ms);
	named(SNP_EV_MODULE_FREE, "kvm_amd", 0, 0, 30 * ms);
	named(SNP_EV_MODULE_FREE, "ccp", 0, 0, 80 * ms);
	truth(0, second);
	plain(SNP_EV_END, second);
}

int main(int argc, char **argv)
{
	if (argc != 4 || trace_create(&trace, argv[3], &host, NULL, 0)) {
		fputs("usage: record CPUS together|apart FILE\n", stderr);
		return 1;
	}
	live((unsigned int)atoi(argv[1]), !strcmp(argv[2], "apart"));
	trace_close(&trace);
	return 0;
}
