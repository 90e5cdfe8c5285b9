// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes the seeds that are not text by hand, below the directory that is named: `make
 * fuzz-seeds`. Recordings and snapshots come from the guard's own writers.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "host/snapshot.h"
#include "session/trace.h"
#include "contract/window.h"

static const char *top;

static void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

static const char *path(const char *target, const char *name)
{
	static char text[512];

	snprintf(text, sizeof(text), "%s/%s", top, target);
	if (mkdir(text, 0755) && errno != EEXIST)
		die(text);
	snprintf(text, sizeof(text), "%s/%s/%s", top, target, name);
	return text;
}

/* ---- recordings ---- */

static struct trace trace;
static __u64 seq, now_ns;

static void record(enum snp_event_kind kind, __u32 subject, __u32 flags, __u64 value, int count)
{
	struct snp_event e = {
		.seq = kind < SNP_EV_START ? ++seq : 0,
		.time_ns = now_ns += 1000000,
		.kind = kind,
		.subject = subject,
		.flags = flags,
		.value = value,
		.count = count,
		.tid = 7,
		.tgid = 7,
		.comm = "modprobe",
		.name = "snp_prepare",
	};

	if (trace_write(&trace, &e))
		die("recording");
}

#define NONE	SNP_NO_SUBJECT
#define UNKNOWN SNP_COUNT_UNKNOWN

static void begin(const char *name, __u32 start_flags)
{
	const struct trace_header header = {
		.realtime_offset_ns = 1700000000000000000,
		.boot_id = "01234567-89ab-cdef-0123-456789abcdef",
		.release = "7.1.0",
	};

	seq = 0;
	now_ns = 5000000000;
	if (trace_create(&trace, path("trace", name), &header, NULL, 0))
		die(name);
	record(SNP_EV_START, NONE, start_flags, 0, UNKNOWN);
}

static void sweep(unsigned int cpus, __u64 syscfg, int count, __u32 flags)
{
	for (unsigned int i = 0; i < cpus; i++)
		record(SNP_EV_CPU_STATE, i, SNP_F_PRESENT | SNP_F_ONLINE, syscfg, UNKNOWN);
	record(SNP_EV_TRUTH, NONE, SNP_F_STABLE | flags, 0, count);
}

static void end(void)
{
	record(SNP_EV_END, NONE, 0, 0, UNKNOWN);
	trace_close(&trace);
}

static void window(unsigned int cpus)
{
	record(SNP_EV_PREPARE_ENTER, NONE, 0, 0, UNKNOWN);
	record(SNP_EV_HP_DISABLE, NONE, SNP_F_OWNED, 0, 1);
	for (unsigned int i = 0; i < cpus; i++)
		record(SNP_EV_SNP_ENABLE, i, 0, 0, UNKNOWN);
	record(SNP_EV_PREPARE_EXIT, NONE, 0, 0, UNKNOWN);
	record(SNP_EV_COMMAND, SNP_CMD_INIT_EX, 0, 100, UNKNOWN);
	record(SNP_EV_COMMAND, SNP_CMD_DF_FLUSH, 0, 100, UNKNOWN);
}

static void recordings(void)
{
	begin("whole", SNP_F_HAS_PREPARE | SNP_F_HAS_ENABLE | SNP_F_HAS_HOLD | SNP_F_GATE);
	sweep(2, 0, 0, 0);
	window(2);
	record(SNP_EV_DENIED, 1, SNP_F_OPEN, 0, UNKNOWN);
	record(SNP_EV_CPU_DOWN_BEGIN, 1, 0, 0, UNKNOWN);
	record(SNP_EV_CPU_DOWN, 1, 0, 0, UNKNOWN);
	record(SNP_EV_COMMAND, SNP_CMD_SHUTDOWN_EX, SNP_SHUTDOWN_X86, 100, UNKNOWN);
	record(SNP_EV_X86_SHUTDOWN, NONE, 0, 0, UNKNOWN);
	record(SNP_EV_HP_ENABLE, NONE, SNP_F_OWNED, 0, 0);
	record(SNP_EV_SHUTDOWN_LOCKED, NONE, 0, 0, UNKNOWN);
	sweep(1, 0, 0, SNP_F_FW_KNOWN);
	end();

	begin("inherited", SNP_F_HAS_PREPARE | SNP_F_HAS_HOLD);
	record(SNP_EV_UNCOVERED, 3, 0, 0, UNKNOWN);
	record(SNP_EV_BEFORE_CPU, 0, SNP_F_PRESENT | SNP_F_ONLINE, SNP_SYSCFG_SNP_EN, UNKNOWN);
	record(SNP_EV_BEFORE, NONE, 0, 0, 1);
	sweep(2, SNP_SYSCFG_SNP_EN, 0, SNP_F_FW_KNOWN | SNP_F_FW_INIT);
	record(SNP_EV_HP_ENABLE, NONE, 0, 0, 0);
	record(SNP_EV_LOST, NONE, 0, 3, UNKNOWN);
	record(SNP_EV_MODULE_FREE, NONE, 0, 0, UNKNOWN);
	record(SNP_EV_CPUHP_FAIL, 1, 0, 0, UNKNOWN);
	now_ns += WINDOW_SETTLE_NS;
	sweep(1, 0, 0, 0);
	record(SNP_EV_KEXEC, NONE, 0, 0, UNKNOWN);
	end();

	begin("cut", SNP_F_HAS_PREPARE);
	sweep(1, 0, 0, 0);
	trace_close(&trace);
}

/* One event of a task and a host as no host has them. */
static void odd(const char *name, const char *comm, const char *release, __s64 offset_ns,
		__u64 time_ns)
{
	struct snp_event e = { .kind = SNP_EV_UNCOVERED, .time_ns = time_ns, .subject = NONE };
	struct trace_header header = { .realtime_offset_ns = offset_ns, .boot_id = "a" };

	strcpy(header.release, release);
	strcpy(e.name, comm);
	strcpy(e.comm, comm);
	if (trace_create(&trace, path("trace", name), &header, NULL, 0))
		die(name);
	now_ns = time_ns;
	record(SNP_EV_START, NONE, 0, 0, UNKNOWN);
	if (trace_write(&trace, &e))
		die(name);
	e.kind = SNP_EV_MODULE_LOAD;
	e.seq = 1;
	if (trace_write(&trace, &e))
		die(name);
	end();
}

static void odd_recordings(void)
{
	odd("control-characters", "a\033[2J\nb", "7.1", 0, 1);
	odd("control-characters-in-header", "a", "7.1\033[2J\n", 0, 1);
	odd("not-utf-8", "a\377\300", "7.1", 0, 1);
	odd("not-utf-8-in-header", "a", "7.1\377", 0, 1);
	odd("time-too-large", "a", "7.1", INT64_MAX, INT64_MAX);
	odd("before-1970", "a", "7.1", -5000000001, 1);
}

/* ---- snapshots ---- */

static void snapshots(void)
{
	struct snapshot_cpu cpus[] = {
		{ .present = true,
		  .online = true,
		  .syscfg = 0xfedcba9876000000 | SNP_SYSCFG_SNP_EN },
		{ .present = true, .online = true, .err = -EIO },
		{ .present = false },
		{ .present = true },
	};
	struct snapshot s = { .boot_id = "01234567-89ab-cdef-0123-456789abcdef",
			      .release = "7.1.0",
			      .hotplug_count = 1,
			      .cpus = cpus,
			      .count = 4 };
	FILE *f = fopen(path("snapshot", "whole.json"), "we");

	if (!f || snapshot_write(&s, f) || fclose(f))
		die("snapshot");
}

/* ---- what a vfio-user client sends ---- */

static FILE *client;

/* A message in the pieces that the target takes: a length byte, then so many times 16 bytes. */
static void message(__u16 command, const void *payload, size_t len)
{
	__u32 header[4] = { 1 | (__u32)command << 16, 16 + len };
	unsigned char bytes[256] = { 0 };

	memcpy(bytes, header, 16);
	if (len)
		memcpy(bytes + 16, payload, len);
	for (size_t at = 0; at < 16 + len; at += 16) {
		fputc(command == 8 && !at ? 32 : 0, client);
		fwrite(bytes + at, 16 + len - at < 16 ? 16 + len - at : 16, 1, client);
	}
}

static void write_register(__u32 region, __u64 offset, __u32 value)
{
	__u32 payload[8] = { offset, offset >> 32, region, 4, value };

	message(10, payload, 32);
}

static void vfio_user(void)
{
	__u32 read[4] = { 0x10980, 0, 2, 4 }, version[4] = { 0 };
	__u32 info[8] = { 32, 0, 2 }, irq[8] = { 32, 0, 1, 0, 1 };

	client = fopen(path("vfio_user", "session"), "we");
	if (!client)
		die("vfio_user");
	message(1, version, 16);
	message(4, info, 32);
	message(5, info, 32);
	message(7, irq, 16);
	message(8, irq, 32);
	write_register(7, 0x18, 0xfe000000);
	write_register(2, 0x109e0, 0x1000);
	/* SEV's INIT, SNP_INIT_EX, SNP_DF_FLUSH, SNP_PLATFORM_STATUS, SNP_SHUTDOWN_EX */
	write_register(2, 0x10980, 0x00010001);
	write_register(2, 0x10980, 0x00850001);
	write_register(2, 0x10980, 0x00840001);
	write_register(2, 0x10980, 0x00830001);
	message(9, read, 16);
	write_register(2, 0x10980, 0x00860001);
	message(13, NULL, 0);
	/* a read and a write across the end of BAR 2, and of the configuration */
	message(9, (__u32[]){ 0xffffc, 0, 2, 8 }, 16);
	message(10, (__u32[]){ 0xffffc, 0, 2, 8, 1, 2 }, 24);
	message(9, (__u32[]){ 252, 0, 7, 8 }, 16);
	message(10, (__u32[]){ 252, 0, 7, 65536 }, 16);
	if (fclose(client))
		die("vfio_user");
}

/* ---- a module's file ---- */

static const char names[] = "\0__sev_do_cmd_locked\0psp_master\0a\0a.part.0";

/* As the kernel's own are, with no more sections than are looked at. */
static void module(const char *name, unsigned int symbol_size)
{
	struct image {
		Elf64_Ehdr header;
		Elf64_Shdr sections[3];
		Elf64_Sym symbols[5];
		char names[sizeof(names)];
	} image = {
		.header = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
					 ELFDATA2LSB, EV_CURRENT },
			    .e_type = ET_REL,
			    .e_machine = EM_X86_64,
			    .e_version = EV_CURRENT,
			    .e_shoff = offsetof(struct image, sections),
			    .e_ehsize = sizeof(Elf64_Ehdr),
			    .e_shentsize = sizeof(Elf64_Shdr),
			    .e_shnum = 3,
			    .e_shstrndx = 1 },
		.sections[1] = { .sh_type = SHT_STRTAB,
				 .sh_offset = offsetof(struct image, names),
				 .sh_size = sizeof(names) },
		.sections[2] = { .sh_type = SHT_SYMTAB,
				 .sh_offset = offsetof(struct image, symbols),
				 .sh_size = sizeof(image.symbols),
				 .sh_link = 1,
				 .sh_entsize = symbol_size },
	};
	FILE *f = fopen(path("module", name), "we");
	size_t at = 1;

	memcpy(image.names, names, sizeof(names));
	for (int i = 1; i < 5; i++) {
		image.symbols[i].st_name = at;
		image.symbols[i].st_info =
			ELF64_ST_INFO(STB_GLOBAL, i == 2 ? STT_OBJECT : STT_FUNC);
		at += strlen(names + at) + 1;
	}
	if (!f || fwrite(&image, sizeof(image), 1, f) != 1 || fclose(f))
		die(name);
}

static void modules(void)
{
	module("driver", sizeof(Elf64_Sym));
	/* entries of one byte: more of them than there can be */
	module("small-entries", 1);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fputs("usage: seeds DIRECTORY\n", stderr);
		return 64;
	}
	top = argv[1];
	recordings();
	odd_recordings();
	snapshots();
	vfio_user();
	modules();
	return 0;
}
