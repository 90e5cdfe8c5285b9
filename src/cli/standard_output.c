// SPDX-License-Identifier: GPL-2.0-only
#include "cli/standard_output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "util/complain.h"
#include "util/json.h"

void output_begin(void)
{
	signal(SIGPIPE, SIG_IGN);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", O_RDONLY);
}

int output_write(const char *path, int (*put)(const void *what, FILE *out), const void *what)
{
	FILE *out = path ? fopen(path, "we") : stdout;
	int err = out ? put(what, out) : -errno;

	if (path && out && fclose(out) && !err)
		err = -errno;
	if (err && (path || !ferror(stdout)))
		complain("%s: %s", path ? path : "standard output", strerror(-err));
	return err;
}

bool output_end(void)
{
	/* An earlier write may have failed for a reason that nobody kept. */
	errno = 0;
	if (!fflush(stdout) && !ferror(stdout) && !json_lost())
		return true;
	complain("standard output: %s", errno ? strerror(errno) : "not all of it could be written");
	return false;
}
