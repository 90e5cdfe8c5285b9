// SPDX-License-Identifier: GPL-2.0-only
/* usage: recordings DIR: writes DIR/breach.trace and DIR/clean.trace, two lives of a host. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "session/trace.h"

enum { CPUS = 4 };

struct life {
	struct trace trace;
	__u64 now_ns, seq;
	int err;
};

static void tell(struct life *l, struct snp_event e)
{
	e.time_ns = l->now_ns += 1000000;
	if (e.kind < SNP_EV_START)
		e.seq = ++l->seq;
	if (!l->err)
		l->err = trace_write(&l->trace, &e);
}

static struct snp_event event(enum snp_event_kind kind)
{
	return (struct snp_event){ .kind = kind,
				   .subject = SNP_NO_SUBJECT,
				   .count = SNP_COUNT_UNKNOWN };
}

/* What a sweep finds; one CPU may lack SNP_EN. */
static void look(struct life *l, unsigned int without)
{
	struct snp_event e;

	for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
		e = event(SNP_EV_CPU_STATE);
		e.subject = cpu;
		e.flags = SNP_F_PRESENT | SNP_F_ONLINE;
		e.value = cpu == without ? 0 : SNP_SYSCFG_SNP_EN;
		tell(l, e);
	}
	e = event(SNP_EV_TRUTH);
	e.flags = SNP_F_STABLE | SNP_F_FW_KNOWN | SNP_F_FW_INIT;
	e.count = 1;
	tell(l, e);
}

/* Guests that the breach puts at risk, and a part of the guard that fails. */
static void add_harm(struct life *l)
{
	struct snp_event guests = event(SNP_EV_GUESTS), fault = event(SNP_EV_FAULT);

	guests.count = 2;
	tell(l, guests);
	fault.subject = SNP_PART_FLIGHT;
	fault.flags = SNP_F_FAILING;
	fault.result = -ENOSPC;
	tell(l, fault);
}

static int write_life(const char *dir, const char *name, unsigned int without)
{
	struct trace_header header = { .realtime_offset_ns = 1764000000000000000ll,
				       .release = "7.3.4" };
	struct life l = { .now_ns = 1000000000 };
	struct snp_event e = event(SNP_EV_START);
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	l.err = trace_create(&l.trace, path, &header, NULL, 0);
	if (l.err)
		return l.err;
	e.flags = SNP_F_HAS_PREPARE | SNP_F_GATE | SNP_F_HAS_ENABLE | SNP_F_HAS_HOLD;
	strcpy(e.name, header.release);
	tell(&l, e);
	look(&l, without);
	if (without < CPUS)
		add_harm(&l);
	tell(&l, event(SNP_EV_END));
	trace_close(&l.trace);
	return l.err;
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 64;
	return write_life(argv[1], "breach.trace", 3) || write_life(argv[1], "clean.trace", CPUS);
}
