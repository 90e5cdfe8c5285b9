// SPDX-License-Identifier: GPL-2.0-only
#include "monitor/listen.h"

#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/own_events.h"

/* Few scrapers are expected: more must wait, and silent ones are disconnected. */
enum { CONNECTIONS = 32, PATIENCE_S = 10 };

struct listener {
	struct MHD_Daemon *daemon;
	char *path; /* of a UNIX socket, to be removed */
	__u64 stale_ns;
	pthread_mutex_t lock; /* protects the members below */
	char *text;
	size_t len;
	__u64 published_ns; /* CLOCK_BOOTTIME; 0: nothing is published yet */
};

int listen_parse(const char *address, char *host, char *port)
{
	const char *colon = strrchr(address, ':'), *end = colon;
	size_t len;

	if (!colon || !colon[1] || strlen(colon + 1) > 5 ||
	    strspn(colon + 1, "0123456789") != strlen(colon + 1) || strtol(colon + 1, NULL, 10) > 65535)
		return -EINVAL;
	if (*address == '[') {
		address++;
		if (--end <= address || *end != ']')
			return -EINVAL;
	} else if (memchr(address, ':', colon - address)) {
		return -EINVAL;
	}
	len = end - address;
	if (len >= LISTEN_HOST_LEN)
		return -EINVAL;
	snprintf(host, LISTEN_HOST_LEN, "%.*s", (int)len, len ? address : "");
	if (!len)
		strcpy(host, "127.0.0.1");
	strcpy(port, colon + 1);
	return 0;
}

/* ---- answers ---- */

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned int status,
			      struct MHD_Response *response, const char *type)
{
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result answer_text(struct MHD_Connection *connection, unsigned int status,
				   const char *text)
{
	return answer(
		connection, status,
		MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_MUST_COPY),
		"text/plain; charset=utf-8");
}

static enum MHD_Result answer_metrics(struct listener *l, struct MHD_Connection *connection)
{
	struct MHD_Response *response;

	pthread_mutex_lock(&l->lock);
	response = MHD_create_response_from_buffer(l->len, l->len ? l->text : "",
						   MHD_RESPMEM_MUST_COPY);
	pthread_mutex_unlock(&l->lock);
	return answer(connection, MHD_HTTP_OK, response,
		      "text/plain; version=0.0.4; charset=utf-8");
}

static enum MHD_Result answer_health(struct listener *l, struct MHD_Connection *connection)
{
	__u64 published, now = boottime_ns();
	char text[96];

	pthread_mutex_lock(&l->lock);
	published = l->published_ns;
	pthread_mutex_unlock(&l->lock);
	if (!published)
		return answer_text(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
				   "not ok: no complete sweep yet\n");
	if (now - published <= l->stale_ns)
		return answer_text(connection, MHD_HTTP_OK, "ok\n");
	snprintf(text, sizeof(text), "not ok: the last complete sweep was %llu s ago\n",
		 (unsigned long long)((now - published) / 1000000000));
	return answer_text(connection, MHD_HTTP_SERVICE_UNAVAILABLE, text);
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *size, void **request)
{
	(void)version;
	(void)data;
	(void)size;
	(void)request;
	if (strcmp(method, MHD_HTTP_METHOD_GET) && strcmp(method, MHD_HTTP_METHOD_HEAD))
		return answer_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n");
	if (!strcmp(url, "/metrics"))
		return answer_metrics(ctx, connection);
	if (!strcmp(url, "/healthz"))
		return answer_health(ctx, connection);
	return answer_text(connection, MHD_HTTP_NOT_FOUND, "there are /metrics and /healthz\n");
}

/* ---- the socket ---- */

static int bind_and_listen(int fd, const struct sockaddr *address, socklen_t len)
{
	int one = 1;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, address, len) || listen(fd, CONNECTIONS)) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

static int open_inet(const char *address)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV }, *found;
	char host[LISTEN_HOST_LEN], port[LISTEN_HOST_LEN];
	int fd, err = listen_parse(address, host, port);

	if (err)
		return err;
	if (getaddrinfo(host, port, &hints, &found))
		return -EADDRNOTAVAIL;
	fd = bind_and_listen(socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0),
			     found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	return fd;
}

/* Removes a socket that a killed guard left; a file of another kind stays, and bind() fails. */
static int open_unix(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat st;

	if (!*path || strlen(path) >= sizeof(address.sun_path))
		return -EINVAL;
	strcpy(address.sun_path, path);
	if (!lstat(path, &st) && S_ISSOCK(st.st_mode))
		unlink(path);
	return bind_and_listen(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0),
			       (struct sockaddr *)&address, sizeof(address));
}

#define UNIX_PREFIX "unix:"

int listener_open(struct listener **to, const char *address, __u64 stale_ns)
{
	bool is_unix = !strncmp(address, UNIX_PREFIX, strlen(UNIX_PREFIX));
	const char *path = address + strlen(UNIX_PREFIX);
	struct listener *l = calloc(1, sizeof(*l));
	int fd, err;

	*to = NULL;
	if (!l)
		return -ENOMEM;
	fd = is_unix ? open_unix(path) : open_inet(address);
	if (fd < 0) {
		free(l);
		return fd;
	}
	pthread_mutex_init(&l->lock, NULL);
	l->stale_ns = stale_ns;
	err = -ENOMEM;
	if (is_unix) {
		l->path = strdup(path);
		if (!l->path)
			goto fail;
	}
	l->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL, 0, NULL, NULL,
				     on_request, l, MHD_OPTION_LISTEN_SOCKET, fd,
				     MHD_OPTION_CONNECTION_LIMIT, (unsigned int)CONNECTIONS,
				     MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)PATIENCE_S,
				     MHD_OPTION_END);
	if (!l->daemon)
		goto fail;
	*to = l;
	return 0;
fail:
	close(fd);
	listener_close(l);
	return err;
}

void listener_close(struct listener *l)
{
	if (!l)
		return;
	if (l->daemon)
		MHD_stop_daemon(l->daemon);
	if (l->path)
		unlink(l->path);
	pthread_mutex_destroy(&l->lock);
	free(l->path);
	free(l->text);
	free(l);
}

int listener_publish(struct listener *l, const char *text, size_t len)
{
	char *copy = malloc(len + 1), *old;

	if (!copy)
		return -ENOMEM;
	memcpy(copy, text, len + 1);
	pthread_mutex_lock(&l->lock);
	old = l->text;
	l->text = copy;
	l->len = len;
	l->published_ns = boottime_ns();
	pthread_mutex_unlock(&l->lock);
	free(old);
	return 0;
}
