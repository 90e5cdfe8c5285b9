// SPDX-License-Identifier: GPL-2.0-only
/*
 * Recordings: what is read is written to the same bytes, and `snp-guard replay` takes any file:
 * both formats reach the same status, each line of JSON is an object of its own, and no text of
 * a recording gets a control character to the terminal; nor to `snp-guard timeline`'s picture.
 */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "cli/commands.h"
#include "session/session.h"
#include "fuzz.h"

enum { HEADER = sizeof(struct trace_header), RECORD = sizeof(struct snp_event) };

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed);

static bool complained;

/* ---- reading and writing ---- */

struct memory_file {
	int fd;
	char path[32];
};

static struct memory_file memory_file(const char *name)
{
	struct memory_file m = { .fd = memfd_create(name, MFD_CLOEXEC) };

	fuzz_check(m.fd >= 0, "no memory file");
	snprintf(m.path, sizeof(m.path), "/proc/self/fd/%d", m.fd);
	return m;
}

static void rewrite(const uint8_t *data, size_t size)
{
	static struct memory_file copy;
	static uint8_t *bytes;
	struct trace in, out;
	struct snp_event e;
	FILE *f = fuzz_file(data, size);
	size_t len = HEADER;
	int err = trace_open(&in, f);

	if (err) {
		fuzz_check(err == -EBADMSG && *in.why, "%d without a reason", err);
		trace_close(&in);
		return;
	}
	if (!copy.path[0])
		copy = memory_file("copy");
	fuzz_check(!trace_create(&out, copy.path, &in.header, in.state, in.state_size),
		   "can't create");
	if (in.state)
		len += sizeof(in.state_size) + in.state_size;
	while ((err = trace_read(&in, &e)) > 0) {
		fuzz_check(!trace_write(&out, &e), "can't write");
		len += RECORD;
		if (e.kind == SNP_EV_END)
			break;
	}
	fuzz_check(err > 0 || *in.why, "%d without a reason", err);
	fuzz_check(err >= 0 || err == -EBADMSG, "%d", err);
	trace_close(&in);
	trace_close(&out);
	/* The record that is refused has been read, and not been written. */
	fuzz_check(len <= size && lseek(copy.fd, 0, SEEK_END) == (off_t)len, "another size");
	free(bytes);
	bytes = malloc(len);
	fuzz_check(bytes && pread(copy.fd, bytes, len, 0) == (ssize_t)len, "can't read back");
	fuzz_check(!memcmp(bytes, data, len), "other bytes");
}

/* ---- replay ---- */

static void check_time(struct json_object *o)
{
	const char *time = json_object_get_string(json_object_object_get(o, "time"));

	fuzz_check(time && strlen(time) == 30, "%s", time ? time : "no time");
	for (int i = 0; i < 30; i++)
		fuzz_check("dddd-dd-ddTdd:dd:dd.dddddddddZ"[i] == 'd'
				   ? time[i] >= '0' && time[i] <= '9'
				   : time[i] == "dddd-dd-ddTdd:dd:dd.dddddddddZ"[i],
			   "%s", time);
}

static bool check_json_line(const char *line, size_t len)
{
	struct json_tokener *t = json_tokener_new();
	struct json_object *o;
	const char *type;
	bool last;

	json_tokener_set_flags(t, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	o = json_tokener_parse_ex(t, line, (int)len);
	fuzz_check(json_object_is_type(o, json_type_object), "%s: %.*s",
		   json_tokener_error_desc(json_tokener_get_error(t)), (int)len, line);
	fuzz_check(json_tokener_get_parse_end(t) == len, "more than an object: %.*s", (int)len,
		   line);
	check_time(o);
	type = json_object_get_string(json_object_object_get(o, "type"));
	last = type && !strcmp(type, "summary");
	json_object_put(o);
	json_tokener_free(t);
	return last;
}

static void check_json(const char *text, size_t len, bool whole)
{
	const char *end;
	bool last = false;

	for (const char *line = text; line < text + len; line = end + 1) {
		end = memchr(line, '\n', text + len - line);
		fuzz_check(end, "a line without its end");
		fuzz_check(!last, "something follows the summary");
		last = check_json_line(line, end - line);
	}
	fuzz_check(last == whole, "%s", whole ? "no summary" : "a summary after a failure");
}

static void check_text(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		fuzz_check((text[i] >= ' ' && text[i] != 127) || text[i] < 0 || text[i] == '\n',
			   "control character %#x", text[i]);
}

/* Signs of lengths that can't be. */
static void check_picture(const char *text)
{
	static const char *const impossible[] = { "=\"nan", "=\"-", "=\"inf" };

	for (size_t i = 0; i < sizeof(impossible) / sizeof(impossible[0]); i++)
		fuzz_check(!strstr(text, impossible[i]), "%.80s", strstr(text, impossible[i]));
}

/* Returns what the command does; its output is *text. */
static int replay(int (*command)(int argc, char **argv, int *status), const char *format,
		  char *path, int *status, char **text, size_t *len)
{
	char name[] = "snp-guard", option[] = "-f", value[8];
	char *argv[] = { name, option, value, path, NULL };
	FILE *was = stdout;
	int err;

	snprintf(value, sizeof(value), "%s", format);
	stdout = open_memstream(text, len);
	fuzz_check(stdout, "out of memory");
	complained = false;
	err = command(4, argv, status);
	fclose(stdout);
	stdout = was;
	fuzz_check(!err || complained, "%d, and no word about it", err);
	return err;
}

static void replay_both(const uint8_t *data, size_t size)
{
	static struct memory_file recording;
	int err[3], status[3] = { STATUS_UNVERIFIED, STATUS_UNVERIFIED, STATUS_UNVERIFIED };
	char *json = NULL, *text = NULL, *picture = NULL;
	size_t json_len, text_len, picture_len;

	if (!recording.path[0])
		recording = memory_file("recording");
	fuzz_check(!ftruncate(recording.fd, 0) &&
			   pwrite(recording.fd, data, size, 0) == (ssize_t)size,
		   "can't write");
	err[0] = replay(command_replay, "json", recording.path, &status[0], &json, &json_len);
	err[1] = replay(command_replay, "text", recording.path, &status[1], &text, &text_len);
	fuzz_check(err[0] == err[1] && status[0] == status[1], "%d and %d, %d and %d", err[0],
		   err[1], status[0], status[1]);
	fuzz_check(status[0] >= STATUS_CLEAN && status[0] <= STATUS_UNVERIFIED, "%d", status[0]);
	check_json(json, json_len, !err[0]);
	check_text(text, text_len);
	err[2] =
		replay(command_timeline, "svg", recording.path, &status[2], &picture, &picture_len);
	fuzz_check(err[2] == err[0] && status[2] == (err[2] ? STATUS_UNVERIFIED : STATUS_CLEAN),
		   "%d and %d, %d", err[2], err[0], status[2]);
	check_text(picture, picture_len);
	check_picture(picture);
	free(json);
	free(text);
	free(picture);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	complain_through(fuzz_complaint, &complained);
	rewrite(data, size);
	replay_both(data, size);
	return 0;
}

/* ---- mutations ---- */

static unsigned int next(unsigned int *seed)
{
	*seed = *seed * 1103515245 + 12345;
	return *seed >> 8;
}

/* Values that events have on a host, for the fields that decide how they are taken. */
static void make_likely(struct snp_event *e, unsigned int *seed)
{
	static const __u32 commands[] = { SNP_CMD_INIT, SNP_CMD_SHUTDOWN, SNP_CMD_DF_FLUSH,
					  SNP_CMD_INIT_EX, SNP_CMD_SHUTDOWN_EX };
	static const __u64 steps[] = { 1, 1000, WINDOW_SETTLE_NS, 2 * WINDOW_SETTLE_NS };

	switch (next(seed) % 8) {
	case 0:
		e->kind = next(seed) % SNP_EV_KINDS;
		break;
	case 1:
		e->subject = e->kind == SNP_EV_COMMAND ? commands[next(seed) % 5] : next(seed) % 4;
		break;
	case 2:
		e->flags = next(seed) % 16;
		break;
	case 3:
		e->result = next(seed) % 2 ? 0 : -(int)(next(seed) % 134);
		break;
	case 4:
		e->status = next(seed) % 2 ? 0 : next(seed) % 32;
		break;
	case 5:
		e->count = (int)(next(seed) % 5) - 1;
		break;
	case 6:
		e->value = next(seed) % 2 ? SNP_SYSCFG_SNP_EN : 0;
		break;
	case 7:
		e->time_ns += steps[next(seed) % 4];
		break;
	}
	e->comm[SNP_COMM_LEN - 1] = e->name[SNP_NAME_LEN - 1] = 0;
}

/* Makes the last record an END that seals what is before it. */
static void seal(uint8_t *data, size_t size)
{
	size_t before = size - RECORD;
	struct snp_event e;

	memcpy(&e, data + before, RECORD);
	e.kind = SNP_EV_END;
	e.value = 0;
	e.value = crc32(crc32(0, data, before), (void *)&e, RECORD);
	memcpy(data + before, &e, RECORD);
}

static size_t mutate_record(uint8_t *data, size_t size, size_t max, unsigned int *seed)
{
	size_t records = (size - HEADER) / RECORD, at = HEADER + next(seed) % records * RECORD;
	struct snp_event e;

	switch (next(seed) % 8) {
	case 0: /* another like it */
		if (size + RECORD > max)
			return size;
		memmove(data + at + RECORD, data + at, size - at);
		return size + RECORD;
	case 1: /* gone */
		if (records < 3)
			return size;
		memmove(data + at, data + at + RECORD, size - at - RECORD);
		return size - RECORD;
	case 2:
		LLVMFuzzerMutate(data + at, RECORD, RECORD);
		return size;
	default:
		memcpy(&e, data + at, RECORD);
		make_likely(&e, seed);
		memcpy(data + at, &e, RECORD);
		return size;
	}
}

/* Mostly whole recordings: at random none would get past its header, or to its end. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
	if (size < HEADER + 2 * RECORD || (size - HEADER) % RECORD || next(&seed) % 16 == 0)
		return LLVMFuzzerMutate(data, size, max);
	if (next(&seed) % 32 == 0)
		LLVMFuzzerMutate(data + offsetof(struct trace_header, flags),
				 HEADER - offsetof(struct trace_header, flags),
				 HEADER - offsetof(struct trace_header, flags));
	for (unsigned int n = 1 + next(&seed) % 4; n; n--)
		size = mutate_record(data, size, max, &seed);
	if (next(&seed) % 16)
		seal(data, size);
	return size;
}
