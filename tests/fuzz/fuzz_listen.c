// SPDX-License-Identifier: GPL-2.0-only
/* Addresses of --listen. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/listen.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char host[LISTEN_HOST_LEN], port[LISTEN_HOST_LEN], *address = calloc(1, size + 1);
	int err;

	memcpy(address, data, size);
	err = listen_parse(address, host, port);
	fuzz_check(!err || err == -EINVAL, "%d", err);
	if (!err) {
		fuzz_check(*host && strlen(host) < sizeof(host), "host `%s`", host);
		fuzz_check(strlen(port) >= 1 && strlen(port) <= 5 &&
				   strspn(port, "0123456789") == strlen(port) &&
				   atoi(port) <= 65535,
			   "port `%s`", port);
		fuzz_check(strstr(address, port), "`%s` of `%s`", port, address);
	}
	free(address);
	return 0;
}
