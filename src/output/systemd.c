// SPDX-License-Identifier: GPL-2.0-only
#include "output/systemd.h"

#include <endian.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* path: of a socket, or @ and the name of an abstract one. */
static int send_datagram(const char *path, const void *data, size_t size)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t len = strlen(path);
	int fd, err = 0;

	if ((*path != '/' && *path != '@') || len >= sizeof(to.sun_path))
		return -EAFNOSUPPORT;
	memcpy(to.sun_path, path, len);
	if (*path == '@')
		to.sun_path[0] = 0;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (sendto(fd, data, size, MSG_NOSIGNAL, (struct sockaddr *)&to,
		   offsetof(struct sockaddr_un, sun_path) + len) < 0)
		err = -errno;
	close(fd);
	return err;
}

int systemd_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	int err = path ? send_datagram(path, state, strlen(state)) : 0;

	return err ? err : path != NULL;
}

__u64 systemd_watchdog_usec(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");

	if (!usec || (pid && strtol(pid, NULL, 10) != getpid()))
		return 0;
	return strtoull(usec, NULL, 10);
}

/* Each field with the size of its value, since a value may have several lines. */
char *systemd_journal_entry(const char *fields, size_t size, size_t *entry_size)
{
	char *entry = NULL;
	FILE *f = open_memstream(&entry, entry_size);

	if (!f)
		return NULL;
	fputs("SYSLOG_IDENTIFIER=snp-guard\n", f);
	for (const char *at = fields; at < fields + size; at += strlen(at) + 1) {
		size_t name = strcspn(at, "=");
		const char *value = at + name + (at[name] == '=');
		uint64_t len = htole64(strlen(value));

		fprintf(f, "%.*s\n", (int)name, at);
		fwrite(&len, sizeof(len), 1, f);
		fprintf(f, "%s\n", value);
	}
	if (fclose(f)) {
		free(entry);
		return NULL;
	}
	return entry;
}

int systemd_journal(const char *fields, size_t size)
{
	size_t entry_size;
	char *entry = systemd_journal_entry(fields, size, &entry_size);
	int err = entry ? send_datagram(SYSTEMD_JOURNAL, entry, entry_size) : -ENOMEM;

	free(entry);
	return err;
}
