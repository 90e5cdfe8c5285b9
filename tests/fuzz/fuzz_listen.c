// SPDX-License-Identifier: GPL-2.0-only
/* Addresses of --listen. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/listen.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *address = calloc(1, size + 1);
	struct sockaddr_storage to;
	int err;

	memcpy(address, data, size);
	err = listen_parse(address, &to);
	fuzz_check(!err || err == -EINVAL, "%d", err);
	if (!err) {
		const char *port = strrchr(address, ':') + 1;

		fuzz_check(to.ss_family == (*address == '[' ? AF_INET6 : AF_INET), "`%s`", address);
		fuzz_check(ntohs(((struct sockaddr_in *)&to)->sin_port) == atoi(port), "`%s`",
			   address);
	}
	free(address);
	return 0;
}
