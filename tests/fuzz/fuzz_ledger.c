// SPDX-License-Identifier: GPL-2.0-only
/*
 * A ledger that others have changed, byte by byte: it is taken up or refused, and a session that
 * took it up goes on.
 */
#include <errno.h>

#include "session/session.h"
#include "fuzz.h"

enum { CHECKPOINT = 32 * 1024 };

static const struct ledger_build build = { .version = "1", .object_crc = 1 };
static const struct trace_header host = { .boot_id = "b" };
static FILE *nowhere;

static void begin(struct session *s)
{
	fuzz_check(!session_init(s, REPORT_JSON, nowhere, &host), "no session");
}

/* A life with a window in it, a checkpoint, and some more events. */
static void live(struct ledger *ledger)
{
	static const struct snp_event events[] = {
		{ .kind = SNP_EV_START, .time_ns = 1, .flags = SNP_F_HAS_PREPARE },
		{ .kind = SNP_EV_CPU_STATE, .time_ns = 2, .flags = SNP_F_PRESENT | SNP_F_ONLINE },
		{ .kind = SNP_EV_TRUTH, .time_ns = 3, .flags = SNP_F_STABLE },
		{ .kind = SNP_EV_SNP_ENABLE, .time_ns = 4, .seq = 1 },
		{ .kind = SNP_EV_DENIED, .time_ns = 5, .seq = 2, .name = "cpu1/online" },
		{ .kind = SNP_EV_CPU_DOWN, .time_ns = 6, .seq = 3, .subject = 1 },
	};
	struct session s;

	begin(&s);
	s.ledger = ledger;
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		fuzz_check(!session_feed(&s, &events[i]), "event %zu", i);
		if (i == 3)
			session_checkpoint(&s);
	}
	fuzz_check(!s.parts[SNP_PART_LEDGER].err, "no checkpoint");
	session_free(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct snp_event end = { .kind = SNP_EV_END, .time_ns = 9 };
	size_t room = ledger_size(CHECKPOINT);
	unsigned char *memory = calloc(1, room);
	struct ledger ledger;
	struct session s;
	char version[16];
	int err;

	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	fuzz_check(memory && nowhere, "no memory");
	ledger_format(&ledger, memory, room, &build);
	live(&ledger);
	/* Where, and what it becomes. */
	for (; size >= 5; data += 5, size -= 5)
		memory[(data[0] | data[1] << 8 | data[2] << 16 | (size_t)data[3] << 24) % room] =
			data[4];
	if (!ledger_open(&ledger, memory, room, version)) {
		begin(&s);
		err = session_resume(&s, &ledger);
		fuzz_check(!err || err == -EBADMSG, "%d", err);
		if (!err)
			fuzz_check(!session_feed(&s, &end), "it does not go on");
		session_free(&s);
	}
	free(memory);
	return 0;
}
