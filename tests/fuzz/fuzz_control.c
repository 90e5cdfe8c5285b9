// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lab's control socket. The input is what a client sends, in pieces: a length byte, and as many
 * bytes and one more. Each request must get one answer, and a rule for failures that was accepted
 * must be accepted again in the form in which "state" shows it.
 */
#include <stdbool.h>

#include "peer.h"
#include "psp/control.h"

enum { LINE_MAX_BYTES = 1024 };

static struct {
	char line[LINE_MAX_BYTES + 1], answer[1 << 16];
	size_t line_len, answer_len;
	unsigned int wanted, answers;
} client;

/* Counts the lines that are requests: neither blank nor an answer that came back. */
static void expect(const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (client.line_len == LINE_MAX_BYTES)
			return; /* the server reads nothing after that */
		client.line[client.line_len++] = data[i];
		if (data[i] != '\n')
			continue;
		client.line[client.line_len - 1] = 0;
		client.line_len = 0;
		client.wanted += client.line[strspn(client.line, " \t\r")] &&
				 strncmp(client.line, "error:", 6) && strcmp(client.line, "ok") &&
				 strcmp(client.line, "ok\r");
	}
}

ssize_t __wrap_recv(int fd, void *to, size_t room, int flags)
{
	size_t len = take_byte(&peer.input) + 1;

	(void)flags;
	fuzz_check(fd == peer.client, "not the client's descriptor");
	len = peer_take(to, len, room);
	expect(to, len);
	return (ssize_t)len;
}

/* Counts the lines that end an answer. */
ssize_t __wrap_send(int fd, const void *data, size_t len, int flags)
{
	const char *text = data;

	(void)fd;
	(void)flags;
	if (len > 700)
		len = 700;
	for (size_t i = 0; i < len; i++) {
		fuzz_check(client.answer_len < sizeof(client.answer) - 1, "too long a line");
		client.answer[client.answer_len++] = text[i];
		if (text[i] != '\n')
			continue;
		client.answer[client.answer_len - 1] = 0;
		client.answer_len = 0;
		client.answers +=
			!strcmp(client.answer, "ok") || !strncmp(client.answer, "error: ", 7);
	}
	return (ssize_t)len;
}

/* One turn of the loop in psp.c; only the first has a new client for the listener. */
static void turn(struct control *control, bool first)
{
	struct pollfd fds[CONTROL_FDS_MAX];
	unsigned int count = control_poll_set(control, fds);

	for (unsigned int i = 0; i < count; i++)
		fds[i].revents = fds[i].fd < 0 || (!i && !first) ? 0
				 : fds[i].events & POLLOUT	 ? POLLOUT
								 : fds[i].events;
	control_handle(control, fds, count);
}

static bool is_connected(const struct control *control)
{
	struct pollfd fds[CONTROL_FDS_MAX];

	control_poll_set(control, fds);
	return fds[1].fd >= 0;
}

static void check_failures(const struct firmware *firmware)
{
	static struct firmware copy;
	char rule[64];

	for (unsigned int i = 0; i < firmware->failure_count; i++) {
		const struct firmware_failure *f = &firmware->failures[i];

		copy = *firmware;
		copy.failure_count = 0;
		if (f->status == STATUS_HANG)
			snprintf(rule, sizeof(rule), "0x%03x=hang%s", f->command,
				 f->once ? ":once" : "");
		else
			snprintf(rule, sizeof(rule), "0x%03x=0x%02x%s", f->command, f->status,
				 f->once ? ":once" : "");
		fuzz_check(!firmware_fail(&copy, rule) && copy.failure_count == 1, "%s", rule);
		fuzz_check(copy.failures[0].command == f->command &&
				   copy.failures[0].status == f->status &&
				   copy.failures[0].once == f->once,
			   "%s", rule);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Without QEMU and without a file for the exit status, requests touch nothing outside. */
	const struct control_target target = {
		.firmware = &peer.firmware,
		.journal = &peer.journal,
	};
	struct control *control;

	memset(&client, 0, sizeof(client));
	peer_start(data, size, &(struct firmware_options){ .full = true });
	journal_add(&peer.journal, &peer.firmware, CMD_SNP_INIT_EX, STATUS_SUCCESS);
	fuzz_check(!control_open(&control, "", &target), "can't open");
	turn(control, true);
	/* The end of the input is the end of the connection. */
	while (is_connected(control))
		turn(control, false);
	fuzz_check(client.answers == client.wanted, "%u answers to %u requests", client.answers,
		   client.wanted);
	check_failures(&peer.firmware);
	control_close(control);
	peer_end();
	return 0;
}
