// SPDX-License-Identifier: GPL-2.0-only
#include "monitor/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/own_events.h"

/*
 * With CONNECTIONS connections libmicrohttpd accepts no more. So each connection above ROOMY ends
 * another one, and silent or slow clients never keep a scraper out.
 */
enum { CONNECTIONS = 32, ROOMY = CONNECTIONS / 2, PATIENCE_S = 10 };

/* A connection, which ends with its first answer. */
struct client {
	TAILQ_ENTRY(client) others;
	int fd;	    /* -1: listener_make_room() has ended it, and it is in no list any more */
	bool asked; /* its request was read */
};
TAILQ_HEAD(clients, client);

struct listener {
	struct MHD_Daemon *daemon;
	int fd;	    /* of the socket, until the daemon owns it; then -1 */
	char *path; /* of a UNIX socket, to be removed */
	/* The daemon's thread alone uses these; the oldest comes first. */
	struct clients clients;
	unsigned int count;
	pthread_mutex_t lock; /* protects the members below */
	char *text;
	size_t len;
	__u64 published_ns; /* CLOCK_BOOTTIME; 0: nothing is published yet */
	__u64 stale_ns;
};

int listen_parse(const char *address, struct sockaddr_storage *to)
{
	const char *colon = strrchr(address, ':');
	struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)to;
	struct sockaddr_in *ipv4 = (struct sockaddr_in *)to;
	char host[INET6_ADDRSTRLEN + 2];
	unsigned long port;
	size_t len;

	if (!colon || !colon[1] || strlen(colon + 1) > 5 ||
	    strspn(colon + 1, "0123456789") != strlen(colon + 1))
		return -EINVAL;
	port = strtoul(colon + 1, NULL, 10);
	len = colon - address;
	if (port > UINT16_MAX || len >= sizeof(host))
		return -EINVAL;
	memcpy(host, address, len);
	host[len] = 0;
	*to = (struct sockaddr_storage){ 0 };
	/* The port is in the same place in both. */
	ipv4->sin_port = htons((uint16_t)port);
	if (*host == '[' && host[len - 1] == ']') {
		host[len - 1] = 0;
		to->ss_family = AF_INET6;
		return inet_pton(AF_INET6, host + 1, &ipv6->sin6_addr) == 1 ? 0 : -EINVAL;
	}
	to->ss_family = AF_INET;
	return inet_pton(AF_INET, len ? host : "127.0.0.1", &ipv4->sin_addr) == 1 ? 0 : -EINVAL;
}

static bool is_unix(const char *address)
{
	return !strncmp(address, LISTEN_UNIX, strlen(LISTEN_UNIX));
}

static bool is_socket_path(const char *path)
{
	return *path && strlen(path) < sizeof(((struct sockaddr_un *)0)->sun_path);
}

bool listen_is_address(const char *address)
{
	struct sockaddr_storage to;

	if (is_unix(address))
		return is_socket_path(address + strlen(LISTEN_UNIX));
	return !listen_parse(address, &to);
}

/* ---- connections ---- */

/* Ends the oldest connection that has sent no request or, if all have, the oldest. */
static void listener_make_room(struct listener *l)
{
	struct client *c = TAILQ_FIRST(&l->clients);

	while (c && c->asked)
		c = TAILQ_NEXT(c, others);
	if (!c)
		c = TAILQ_FIRST(&l->clients);
	TAILQ_REMOVE(&l->clients, c, others);
	l->count--;
	/* libmicrohttpd then reads the end of the connection, and closes it. */
	shutdown(c->fd, SHUT_RDWR);
	c->fd = -1;
}

static void on_connection(void *ctx, struct MHD_Connection *connection, void **context,
			  enum MHD_ConnectionNotificationCode code)
{
	struct listener *l = ctx;
	struct client *c = *context;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (c && c->fd >= 0) {
			TAILQ_REMOVE(&l->clients, c, others);
			l->count--;
		}
		free(c);
		return;
	}
	*context = c = calloc(1, sizeof(*c));
	if (!c)
		return;
	c->fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	/* Before the new one is in the list, which may be the only one that has not asked. */
	if (l->count == ROOMY)
		listener_make_room(l);
	TAILQ_INSERT_TAIL(&l->clients, c, others);
	l->count++;
}

/* NULL if there was no memory for it. */
static struct client *client_of(struct MHD_Connection *connection)
{
	return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
		->socket_context;
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

static enum MHD_Result answer_not_yet(struct MHD_Connection *connection)
{
	return answer_text(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
			   "not ok: no complete sweep yet\n");
}

static enum MHD_Result answer_metrics(struct listener *l, struct MHD_Connection *connection)
{
	struct MHD_Response *response = NULL;
	bool published;

	pthread_mutex_lock(&l->lock);
	published = l->text;
	if (published)
		response = MHD_create_response_from_buffer(l->len, l->text, MHD_RESPMEM_MUST_COPY);
	pthread_mutex_unlock(&l->lock);
	if (!published)
		return answer_not_yet(connection);
	return answer(connection, MHD_HTTP_OK, response,
		      "text/plain; version=0.0.4; charset=utf-8");
}

static enum MHD_Result answer_health(struct listener *l, struct MHD_Connection *connection)
{
	__u64 published, stale, now = boottime_ns();
	char text[96];

	pthread_mutex_lock(&l->lock);
	published = l->published_ns;
	stale = l->stale_ns;
	pthread_mutex_unlock(&l->lock);
	if (!published)
		return answer_not_yet(connection);
	if (now - published <= stale)
		return answer_text(connection, MHD_HTTP_OK, "ok\n");
	snprintf(text, sizeof(text), "not ok: the last complete sweep was %llu s ago\n",
		 (unsigned long long)((now - published) / 1000000000));
	return answer_text(connection, MHD_HTTP_SERVICE_UNAVAILABLE, text);
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *size, void **request)
{
	struct client *client = client_of(connection);

	(void)version;
	(void)data;
	(void)size;
	(void)request;
	if (client)
		client->asked = true;
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
	if (bind(fd, address, len) || listen(fd, SOMAXCONN)) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

/* [::] is all addresses, IPv4's too, whatever net.ipv6.bindv6only says. */
static int open_inet_socket(struct sockaddr_storage *to)
{
	const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)to;
	bool all = to->ss_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&ipv6->sin6_addr);
	int fd = socket(to->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), off = 0;

	if (all && fd >= 0)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (!all || fd >= 0 || errno != EAFNOSUPPORT)
		return fd;
	/* A kernel without IPv6. The address is 0, and the port in the same place, in both. */
	to->ss_family = AF_INET;
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int open_inet(const char *address)
{
	struct sockaddr_storage to;
	int fd, err = listen_parse(address, &to);

	if (err)
		return err;
	fd = open_inet_socket(&to);
	return bind_and_listen(fd, (struct sockaddr *)&to,
			       to.ss_family == AF_INET ? sizeof(struct sockaddr_in)
						       : sizeof(struct sockaddr_in6));
}

/* Removes a socket that a killed guard left; a file of another kind stays, and bind() fails. */
static int open_unix(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat st;

	if (!is_socket_path(path))
		return -EINVAL;
	strcpy(address.sun_path, path);
	if (!lstat(path, &st) && S_ISSOCK(st.st_mode))
		unlink(path);
	return bind_and_listen(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0),
			       (struct sockaddr *)&address, sizeof(address));
}

int listener_open(struct listener **to, const char *address)
{
	const char *path = is_unix(address) ? address + strlen(LISTEN_UNIX) : NULL;
	struct listener *l = calloc(1, sizeof(*l));
	int err;

	*to = NULL;
	if (!l)
		return -ENOMEM;
	pthread_mutex_init(&l->lock, NULL);
	TAILQ_INIT(&l->clients);
	l->fd = path ? open_unix(path) : open_inet(address);
	err = l->fd < 0 ? l->fd : 0;
	if (!err && path) {
		l->path = strdup(path);
		err = l->path ? 0 : -ENOMEM;
	}
	if (err)
		listener_close(l);
	else
		*to = l;
	return err;
}

bool listener_can_start(void)
{
	return MHD_get_version();
}

int listener_start(struct listener *l)
{
	errno = 0;
	l->daemon = MHD_start_daemon(
		MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL, 0, NULL, NULL, on_request, l,
		MHD_OPTION_LISTEN_SOCKET, l->fd, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned int)CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)PATIENCE_S,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, l, MHD_OPTION_END);
	if (!l->daemon)
		return errno ? -errno : -ENOMEM;
	l->fd = -1;
	return 0;
}

void listener_close(struct listener *l)
{
	if (!l)
		return;
	if (l->daemon)
		MHD_stop_daemon(l->daemon);
	if (l->fd >= 0)
		close(l->fd);
	if (l->path)
		unlink(l->path);
	pthread_mutex_destroy(&l->lock);
	free(l->path);
	free(l->text);
	free(l);
}

int listener_publish(struct listener *l, const char *text, size_t len, __u64 stale_ns)
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
	l->stale_ns = stale_ns;
	pthread_mutex_unlock(&l->lock);
	free(old);
	return 0;
}
