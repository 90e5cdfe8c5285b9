// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "cli/commands.h"
#include "cli/run_options.h"
#include "host/preflight.h"
#include "host/host_prepare.h"
#include "util/complain.h"

static void reload(void *ctx)
{
	run_options_reload(ctx);
}

int command_run(int argc, char **argv, int *status)
{
	const struct platform platform = { .root = "" };
	struct snapshot since = { 0 };
	struct run_options options;
	struct run_request request = { .settings = &options.settings,
				       .reload = reload,
				       .ctx = &options };
	const char *why;
	int err;

	err = run_options_read(&options, argc, argv);
	if (err)
		goto out;
	host_prepare(&platform);
	why = preflight(&platform, options.settings.audit);
	if (why) {
		complain("%s", why);
		err = -ENOTSUP;
		goto out;
	}
	err = read_snapshot(options.since, &since);
	if (err)
		goto out;
	request.since = options.since ? &since : NULL;
	err = run_guard(&request, status);
out:
	snapshot_free(&since);
	run_options_free(&options);
	return err;
}
