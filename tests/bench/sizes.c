// SPDX-License-Identifier: GPL-2.0-only
/*
 * One part of the guard's work on a host with so many CPUs: tests/bench/sizes counts the
 * instructions of work(). The host is a directory, as in the unit tests.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check/check_output.h"
#include "host/own_events.h"
#include "host/platform.h"
#include "session/session.h"
#include "host/snapshot.h"
#include "session/stream.h"

static unsigned int cpus;
static struct platform host;
static struct session session;
static struct snapshot snapshot;
static struct stream stream;
static FILE *kept;
static __u64 now_ns, seq;

static void need(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "sizes: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* ---- the host ---- */

static FILE *create(const char *path)
{
	char full[256], *slash;
	FILE *f;

	need(snprintf(full, sizeof(full), "%s%s", host.root, path) < (int)sizeof(full), path);
	for (slash = full + strlen(host.root) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = 0;
		need(!mkdir(full, 0755) || errno == EEXIST, full);
		*slash = '/';
	}
	f = fopen(full, "we");
	need(f, full);
	return f;
}

static void put_all(const char *list)
{
	FILE *f = create(list);

	fprintf(f, "0-%u\n", cpus - 1);
	need(!fclose(f), list);
}

static void make_msrs(void)
{
	FILE *f;

	for (unsigned int i = 0; i < cpus; i++) {
		const __u64 value = 0x2800000;
		char path[48];

		snprintf(path, sizeof(path), "/dev/cpu/%u/msr", i);
		f = create(path);
		need(pwrite(fileno(f), &value, sizeof(value), SNP_MSR_SYSCFG) == sizeof(value) &&
			     !fclose(f),
		     path);
	}
}

/* Every second CPU is online: no list is longer. */
static void make_host(void)
{
	FILE *f = create("/sys/devices/system/cpu/online");

	for (unsigned int i = 0; i < cpus; i += 2)
		fprintf(f, i ? ",%u" : "%u", i);
	need(fputc('\n', f) != EOF && !fclose(f), "online");
	put_all("/sys/devices/system/cpu/present");
	make_msrs();
}

/* ---- events ---- */

static struct snp_event event(enum snp_event_kind kind, __u32 subject, __u32 flags, __u64 value)
{
	return (struct snp_event){
		.seq = kind < SNP_EV_START ? ++seq : 0,
		.time_ns = now_ns += 1000,
		.kind = kind,
		.subject = subject,
		.flags = flags,
		.value = value,
		.tid = 7,
		.tgid = 7,
		.comm = "modprobe",
	};
}

static int feed(void *ctx, const struct snp_event *e)
{
	(void)ctx;
	need(!session_feed(&session, e), snp_event_name(e->kind));
	return 0;
}

static void tell(enum snp_event_kind kind, __u32 subject, __u32 flags, __u64 value)
{
	struct snp_event e = event(kind, subject, flags, value);

	feed(NULL, &e);
}

static void tell_sweep(unsigned int online, __u64 syscfg)
{
	for (unsigned int i = 0; i < cpus; i++)
		tell(SNP_EV_CPU_STATE, i, SNP_F_PRESENT | (i < online ? SNP_F_ONLINE : 0),
		     i < online ? syscfg : 0);
	now_ns += 2 * WINDOW_SETTLE_NS;
	tell(SNP_EV_TRUTH, SNP_NO_SUBJECT, SNP_F_STABLE, 0);
}

/* With the other half offline: each way of a CPU is gone. */
static void tell_life(void)
{
	tell(SNP_EV_START, SNP_NO_SUBJECT, SNP_F_HAS_PREPARE | SNP_F_HAS_ENABLE | SNP_F_GATE, 0);
	tell_sweep(cpus / 2, 0);
	tell(SNP_EV_PREPARE_ENTER, SNP_NO_SUBJECT, 0, 0);
	for (unsigned int i = 0; i < cpus / 2; i++)
		tell(SNP_EV_SNP_ENABLE, i, 0, 0);
	tell(SNP_EV_PREPARE_EXIT, SNP_NO_SUBJECT, 0, 0);
	tell(SNP_EV_COMMAND, SNP_CMD_INIT_EX, 0, 0);
	tell(SNP_EV_COMMAND, SNP_CMD_DF_FLUSH, 0, 0);
	tell_sweep(cpus / 2, SNP_SYSCFG_SNP_EN);
	for (unsigned int i = cpus / 2; i < cpus; i++)
		tell(SNP_EV_CPU_UP, i, 0, 0);
	tell_sweep(cpus, SNP_SYSCFG_SNP_EN);
	for (unsigned int i = cpus / 2; i < cpus; i++)
		tell(SNP_EV_CPU_DOWN, i, 0, 0);
	tell(SNP_EV_COMMAND, SNP_CMD_SHUTDOWN_EX, SNP_SHUTDOWN_X86, 0);
	tell_sweep(cpus / 2, 0);
	tell(SNP_EV_END, SNP_NO_SUBJECT, 0, 0);
}

/* ---- the parts ---- */

static void begin_session(enum report_format format)
{
	const struct trace_header header = { .release = "7.3.0" };

	kept = fopen("/dev/null", "we");
	need(kept && !session_init(&session, format, kept, &header), "session");
}

static void begin_text(void)
{
	begin_session(REPORT_TEXT);
}

static void begin_json(void)
{
	begin_session(REPORT_JSON);
}

static void look_at_lists(void)
{
	struct cpulist online, present;
	char text[64];

	need(!platform_cpus(&host, "online", &online) && !platform_cpus(&host, "present", &present),
	     "lists");
	need(cpulist_count(&online) == cpus / 2 && cpulist_count(&present) == cpus, "lists");
	cpulist_format(&online, text, sizeof(text));
	cpulist_free(&online);
	cpulist_free(&present);
}

static void take_snapshot(void)
{
	need(!snapshot_take(&snapshot, &host) && snapshot.count >= cpus, "snapshot");
}

static void begin_keeping(void)
{
	make_host();
	take_snapshot();
	kept = tmpfile();
	need(kept, "tmpfile");
}

static void keep_snapshot(void)
{
	struct snapshot read;

	need(!snapshot_write(&snapshot, kept), "writing a snapshot");
	rewind(kept);
	need(!snapshot_read(&read, kept) && read.cpus[cpus - 1].present, "reading a snapshot");
	snapshot_free(&read);
}

/* All records at once, as on a busy host; in order, but the first comes last. */
static void pass_records(void)
{
	struct snp_event e;
	__u64 at = 0;

	stream_init(&stream);
	now_ns = seq = 0;
	for (unsigned int i = 0; i <= cpus; i++) {
		e = event(SNP_EV_SNP_ENABLE, i, 0, 0);
		if (i && stream_push(&stream, &e))
			need(false, "stream");
	}
	need(!stream_next(&stream, 0, NULL, &e), "a record out of order");
	e.seq = 1;
	need(!stream_push(&stream, &e), "stream");
	while (stream_next(&stream, 0, NULL, &e))
		need(e.seq == ++at, "a record out of order");
	need(at == cpus + 1, "records that are gone");
	stream_free(&stream);
}

/* ---- check ---- */

/* The worst host for it: all CPUs are online. */
static void make_checked_host(void)
{
	FILE *f;

	put_all("/sys/devices/system/cpu/online");
	put_all("/sys/devices/system/cpu/present");
	make_msrs();
	f = create("/proc/cpuinfo");
	for (unsigned int i = 0; i < cpus; i++)
		fprintf(f, "processor\t: %u\nflags\t\t: fpu sev sev_es sev_snp\n\n", i);
	need(!fclose(f), "cpuinfo");
	kept = fopen("/dev/null", "we");
	need(kept, "/dev/null");
}

/* As the command does it, but for what is the same on all hosts. CPUs from first on lack SNP_EN. */
static void check(unsigned int first, enum check_format format, int least)
{
	struct registers registers;
	struct check_facts facts = {
		.platform = &host,
		.now = &snapshot,
		.start_flags = SNP_F_HAS_PREPARE | SNP_F_HAS_ENABLE,
		.kernel_known = true,
		.initialised = INITIALISED_YES,
		.registers = &registers,
		.guard_err = -EACCES,
	};
	struct check_report report;

	/* Two looks must agree. */
	take_snapshot();
	snapshot_free(&snapshot);
	take_snapshot();
	snapshot.hotplug_count = 0;
	for (unsigned int i = 0; i < first; i++)
		snapshot.cpus[i].syscfg |= SNP_SYSCFG_SNP_EN;
	registers_read(&registers, &host, &snapshot);
	need(!check_judge(&report, &facts) && report.count >= least, "judging");
	need(!check_print(kept, &report, format) && !fflush(kept), "printing");
	check_free(&report);
}

static void check_sound(void)
{
	check(cpus, CHECK_FORMAT_TEXT, 10);
}

/* All CPUs but one are results of their own. */
static void check_failing(void)
{
	check(1, CHECK_FORMAT_JSON, cpus - 1);
}

static void check_metrics(void)
{
	check(1, CHECK_FORMAT_PROMETHEUS, cpus - 1);
}

static void check_junit(void)
{
	check(1, CHECK_FORMAT_JUNIT, cpus - 1);
}

static const struct part {
	const char *name;
	void (*begin)(void), (*work)(void);
} parts[] = {
	{ "lists", make_host, look_at_lists },
	{ "sweep", make_host, take_snapshot },
	{ "snapshot", begin_keeping, keep_snapshot },
	{ "text", begin_text, tell_life },
	{ "json", begin_json, tell_life },
	{ "records", NULL, pass_records },
	{ "check", make_checked_host, check_sound },
	{ "failing", make_checked_host, check_failing },
	{ "metrics", make_checked_host, check_metrics },
	{ "junit", make_checked_host, check_junit },
};

/* What is counted, by its name. */
void __attribute__((noinline)) work(const struct part *part);

void work(const struct part *part)
{
	part->work();
}

int main(int argc, char **argv)
{
	cpus = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
	host.root = argc == 4 ? argv[3] : "";
	for (size_t i = 0; cpus && i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (strcmp(argv[1], parts[i].name))
			continue;
		if (parts[i].begin)
			parts[i].begin();
		work(&parts[i]);
		return 0;
	}
	fputs("usage: sizes PART CPUS DIRECTORY; the parts are those of tests/bench/sizes\n",
	      stderr);
	return 64;
}
