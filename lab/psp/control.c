// SPDX-License-Identifier: GPL-2.0-only
#include "psp/control.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "psp/control_requests.h"
#include "psp/unix_socket.h"

enum {
	CLIENTS_MAX = CONTROL_FDS_MAX - 1,
	LINE_MAX_BYTES = 1024,
	OUT_MAX_BYTES = 1 << 20, /* a client that reads no answers is dropped */
};

struct client {
	int fd; /* -1: the place is free */
	struct control_helper helper;
	char in[LINE_MAX_BYTES];
	size_t in_len;
	char *out;
	size_t out_len;
};

struct control {
	struct control_target target;
	int listener;
	struct client clients[CLIENTS_MAX];
};

static void end_helper(struct client *client)
{
	if (client->helper.fd < 0)
		return;
	close(client->helper.fd);
	waitpid(client->helper.pid, NULL, 0);
	client->helper.fd = -1;
}

static void drop_client(struct client *client)
{
	end_helper(client);
	free(client->out);
	close(client->fd);
	memset(client, 0, sizeof(*client));
	client->fd = -1;
	client->helper.fd = -1;
}

/* Sends as much as the client takes now; the rest stays in out. */
static void flush_client(struct client *client)
{
	ssize_t n;

	if (!client->out_len)
		return;
	n = send(client->fd, client->out, client->out_len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		drop_client(client);
		return;
	}
	if (n > 0) {
		client->out_len -= (size_t)n;
		memmove(client->out, client->out + n, client->out_len);
	}
}

static void answer(struct client *client, const char *text, size_t len)
{
	char *more = client->out_len + len > OUT_MAX_BYTES
			     ? NULL
			     : realloc(client->out, client->out_len + len + 1);

	if (!more) {
		drop_client(client);
		return;
	}
	client->out = more;
	memcpy(client->out + client->out_len, text, len);
	client->out_len += len;
	flush_client(client);
}

/*
 * Blank lines ask for nothing. Neither do answers, which the guest's terminal sends back until the
 * guest turns echo off: answering them would never end.
 */
static bool is_request(const char *line)
{
	return line[strspn(line, " \t\r")] && strncmp(line, "error:", 6) && strcmp(line, "ok") &&
	       strcmp(line, "ok\r");
}

static void take_line(struct control *control, struct client *client, char *line)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out;
	int err;

	if (!is_request(line))
		return;
	out = open_memstream(&text, &len);
	if (!out) {
		drop_client(client);
		return;
	}
	err = control_request(&control->target, line, out, &client->helper);
	if (fclose(out))
		drop_client(client);
	else if (err != -EINPROGRESS)
		answer(client, text, len);
	free(text);
}

/* Answers complete lines, one after another, until a helper has to answer one. */
static void take_lines(struct control *control, struct client *client)
{
	char line[LINE_MAX_BYTES];
	char *end;

	while (client->fd >= 0 && client->helper.fd < 0 &&
	       (end = memchr(client->in, '\n', client->in_len))) {
		size_t len = (size_t)(end - client->in);

		memcpy(line, client->in, len);
		line[len] = '\0';
		client->in_len -= len + 1;
		memmove(client->in, end + 1, client->in_len);
		take_line(control, client, line);
	}
	if (client->fd >= 0 && client->in_len == sizeof(client->in))
		drop_client(client); /* no request is that long */
}

static void read_client(struct control *control, struct client *client)
{
	ssize_t n = recv(client->fd, client->in + client->in_len,
			 sizeof(client->in) - client->in_len, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		drop_client(client);
		return;
	}
	client->in_len += (size_t)n;
	take_lines(control, client);
}

/* The helper writes its answer in one piece, and exits. */
static void read_helper(struct control *control, struct client *client)
{
	char text[600];
	ssize_t n = read(client->helper.fd, text, sizeof(text));

	if (n > 0) {
		answer(client, text, (size_t)n);
		return;
	}
	end_helper(client);
	take_lines(control, client);
}

static void accept_client(struct control *control)
{
	int fd = accept4(control->listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	for (unsigned int i = 0; i < CLIENTS_MAX; i++) {
		if (control->clients[i].fd < 0) {
			control->clients[i].fd = fd;
			return;
		}
	}
	close(fd);
}

/* While a helper is running, only its pipe is polled: the client's next request must wait. */
static struct pollfd client_poll(const struct client *client)
{
	if (client->helper.fd >= 0)
		return (struct pollfd){ .fd = client->helper.fd, .events = POLLIN };
	return (struct pollfd){
		.fd = client->fd,
		.events = POLLIN | (client->out_len ? POLLOUT : 0),
	};
}

unsigned int control_poll_set(const struct control *control, struct pollfd *fds)
{
	fds[0] = (struct pollfd){ .fd = control->listener, .events = POLLIN };
	for (unsigned int i = 0; i < CLIENTS_MAX; i++)
		fds[i + 1] = client_poll(&control->clients[i]);
	return CLIENTS_MAX + 1;
}

void control_handle(struct control *control, const struct pollfd *fds, unsigned int count)
{
	for (unsigned int i = 1; i < count; i++) {
		struct client *client = &control->clients[i - 1];

		if (client->fd < 0 || !fds[i].revents)
			continue;
		if (client->helper.fd >= 0 && fds[i].fd == client->helper.fd)
			read_helper(control, client);
		else if (fds[i].revents & POLLOUT)
			flush_client(client);
		else
			read_client(control, client);
	}
	if (fds[0].revents)
		accept_client(control);
}

int control_open(struct control **out, const char *path, const struct control_target *target)
{
	struct control *control = calloc(1, sizeof(*control));

	if (!control)
		return -ENOMEM;
	control->target = *target;
	for (unsigned int i = 0; i < CLIENTS_MAX; i++) {
		control->clients[i].fd = -1;
		control->clients[i].helper.fd = -1;
	}
	control->listener = unix_listen(path);
	if (control->listener < 0) {
		int err = control->listener;

		free(control);
		return err;
	}
	*out = control;
	return 0;
}

void control_close(struct control *control)
{
	if (!control)
		return;
	for (unsigned int i = 0; i < CLIENTS_MAX; i++) {
		if (control->clients[i].fd >= 0)
			drop_client(&control->clients[i]);
	}
	close(control->listener);
	free(control);
}
