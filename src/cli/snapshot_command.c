// SPDX-License-Identifier: GPL-2.0-only
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/options.h"
#include "cli/standard_output.h"
#include "util/complain.h"
#include "host/preflight.h"
#include "host/host_prepare.h"
#include "kernel/sensors.h"
#include "session/session.h"
#include "host/snapshot.h"

static const struct argp_option option_table[] = {
	OUTPUT_OPTION,
	{ 0 },
};

const struct argp snapshot_argp = {
	.options = option_table,
	.parser = options_parse,
	.doc = "Saves, as JSON, which CPUs are online, which have SNP_EN, and the hotplug count. "
	       "Take "
	       "a snapshot before a kexec, and compare after it: `snp-guard run --since FILE`.",
};

static int read_count(const struct platform *p, int *count)
{
	struct hooks_options options = { .truth_only = true };
	struct sensors *sensors = NULL;
	struct hooks hooks;
	int err;

	err = hooks_open(&hooks, p, NULL, &options);
	if (err)
		return err;
	err = sensors_open(&sensors, &hooks, 0);
	if (!err)
		err = sensors_truth(sensors, count, NULL);
	sensors_close(sensors);
	hooks_close(&hooks);
	return err;
}

static int put_snapshot(const void *what, FILE *out)
{
	return snapshot_write(what, out);
}

int read_snapshot(const char *path, struct snapshot *s)
{
	FILE *f = path ? fopen(path, "re") : NULL;
	int err;

	*s = (struct snapshot){ 0 };
	if (!path)
		return 0;
	if (!f) {
		err = -errno;
		complain("%s: %s", path, strerror(errno));
		return err;
	}
	err = snapshot_read(s, f);
	fclose(f);
	if (err)
		complain("%s: %s", path,
			 err == -EBADMSG ? "not a snapshot of snp-guard, or damaged"
					 : strerror(-err));
	return err;
}

int command_snapshot(int argc, char **argv, int *status)
{
	struct platform platform = { .root = "" };
	struct snapshot snapshot = { 0 };
	struct command_options options = { 0 };
	const struct preflight_need *missing;
	int err;

	options_read(&snapshot_argp, argc, argv, &options);
	host_prepare(&platform);
	missing = preflight(&platform);
	if (missing) {
		complain("%s", missing->otherwise);
		return -ENOTSUP;
	}
	err = snapshot_take(&snapshot, &platform);
	if (!err)
		err = read_count(&platform, &snapshot.hotplug_count);
	if (err)
		complain("can't read the host's state: %s %s", strerror(-err), sensors_complaint());
	else
		err = output_write(options.output, put_snapshot, &snapshot);
	snapshot_free(&snapshot);
	if (!err)
		*status = STATUS_CLEAN;
	return err;
}
