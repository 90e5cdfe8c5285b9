// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lab's control socket: the input is what a client sends, in pieces of one length byte and
 * so many bytes. The linker puts the functions below in the place of the socket's (--wrap). Each
 * request gets one answer, and a rule for failures that was taken is shown as it is taken.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../lab/control.h"
#include "fuzz.h"

enum { LINE_MAX_BYTES = 1024 };

static struct {
	struct cursor input;
	char line[LINE_MAX_BYTES + 1], answer[1 << 16];
	size_t line_len, answer_len;
	unsigned int wanted, answers;
	int fd;
} client;

int __wrap_unix_listen(const char *path);
int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *len, int flags);
ssize_t __wrap_recv(int fd, void *to, size_t room, int flags);
ssize_t __wrap_send(int fd, const void *data, size_t len, int flags);

static int any_fd(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	fuzz_check(fd >= 0, "no descriptor");
	return fd;
}

int __wrap_unix_listen(const char *path)
{
	(void)path;
	return any_fd();
}

int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
	(void)fd;
	(void)address;
	(void)len;
	(void)flags;
	return client.fd = any_fd();
}

/* Counts the lines that ask for something: neither blank nor an answer that came back. */
static void expect(const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (client.line_len == LINE_MAX_BYTES)
			return; /* nothing after it is read */
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
	size_t len = take_byte(&client.input) + 1;

	(void)flags;
	fuzz_check(fd == client.fd, "another's descriptor");
	if (len > room)
		len = room;
	if (len > client.input.left)
		len = client.input.left;
	memcpy(to, client.input.at, len);
	expect((const char *)client.input.at, len);
	client.input.at += len;
	client.input.left -= len;
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

/* One turn of the loop in psp.c; the listener speaks once. */
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

/* As `state` shows it, a rule is taken again for the same. */
static void check_failures(const struct firmware *firmware)
{
	static struct firmware copy;
	char rule[64];

	for (unsigned int i = 0; i < firmware->failure_count; i++) {
		const struct firmware_failure *f = &firmware->failures[i];

		copy = *firmware;
		copy.failure_count = 0;
		snprintf(rule, sizeof(rule), "0x%03x=0x%02x%s", f->command, f->status,
			 f->once ? ":once" : "");
		fuzz_check(!firmware_fail(&copy, rule) && copy.failure_count == 1, "%s", rule);
		fuzz_check(copy.failures[0].command == f->command &&
				   copy.failures[0].status == f->status &&
				   copy.failures[0].once == f->once,
			   "%s", rule);
	}
}

static int no_memory_read(void *context, uint64_t pa, void *to, size_t len)
{
	(void)context;
	(void)pa;
	(void)to;
	(void)len;
	return -EFAULT;
}

static int no_memory_write(void *context, uint64_t pa, const void *from, size_t len)
{
	(void)context;
	(void)pa;
	(void)from;
	(void)len;
	return -EFAULT;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct machine machine;
	static struct firmware firmware;
	const struct rmp_memory guest = { no_memory_read, no_memory_write, NULL };
	struct journal journal = { 0 };
	/* Without QEMU and without a file for the result: nothing outside is touched. */
	const struct control_target target = { .firmware = &firmware, .journal = &journal };
	struct control *control;
	static FILE *out;

	if (!out)
		out = fopen("/dev/null", "we");
	memset(&client, 0, sizeof(client));
	client.input = (struct cursor){ data, size };
	machine = (struct machine){ .rmp_base = MACHINE_RMP_BASE, .rmp_end = MACHINE_RMP_END };
	machine.cpus[0].flags = machine.cpus[MACHINE_CPUS_MAX - 1].flags = MACHINE_CPU_PRESENT;
	firmware_start(&firmware, &(struct firmware_options){ .full = true }, &machine, &guest);
	journal_start(&journal, out);
	journal_add(&journal, CMD_SNP_INIT_EX, 1, STATUS_SUCCESS);
	fuzz_check(!control_open(&control, "", &target), "can't open");
	turn(control, true);
	/* The end of the input is the end of the connection. */
	while (is_connected(control))
		turn(control, false);
	fuzz_check(client.answers == client.wanted, "%u answers to %u requests", client.answers,
		   client.wanted);
	check_failures(&firmware);
	control_close(control);
	journal_end(&journal);
	fuzz_check(fcntl(client.fd, F_GETFD) < 0, "the client's descriptor stays");
	return 0;
}
