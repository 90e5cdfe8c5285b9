// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "cli/commands.h"
#include "cli/run_options.h"
#include "host/preflight.h"
#include "host/host_prepare.h"
#include "monitor/service.h"
#include "session/session.h"
#include "util/complain.h"

static void reload(void *ctx)
{
	run_options_reload(ctx);
}

static int look_at_host(bool *for_good)
{
	const struct platform platform = { .root = "" };
	const struct preflight_need *missing;

	host_prepare(&platform);
	missing = preflight(&platform);
	if (!missing)
		return 0;
	complain("%s", missing->otherwise);
	*for_good = missing->for_good;
	return -ENOTSUP;
}

int command_run(int argc, char **argv, int *status)
{
	struct snapshot since = { 0 };
	struct run_options options;
	struct run_request request = { .settings = &options.settings,
				       .reload = reload,
				       .ctx = &options };
	int err = run_options_read(&options, argc, argv);
	bool for_good = err == -EINVAL;

	if (!err)
		err = look_at_host(&for_good);
	if (!err)
		err = read_snapshot(options.since, &since);
	if (!err) {
		request.since = options.since ? &since : NULL;
		err = run_guard(&request, status);
	}
	snapshot_free(&since);
	run_options_free(&options);
	if (for_good) {
		*status = STATUS_CANNOT_RUN;
		return 0;
	}
	if (err)
		service_hold_off();
	return err;
}
