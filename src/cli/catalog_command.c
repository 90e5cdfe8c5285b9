// SPDX-License-Identifier: GPL-2.0-only
#include "report/catalog.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "session/session.h"

const struct argp catalog_argp = {
	.parser = options_parse,
	.doc = "Prints the catalog for journalctl -x, which make install puts where systemd looks.",
};

int command_catalog(int argc, char **argv, int *status)
{
	struct command_options options = { 0 };

	options_read(&catalog_argp, argc, argv, &options);
	catalog_print(stdout);
	*status = STATUS_CLEAN;
	return 0;
}
