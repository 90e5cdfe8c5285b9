// SPDX-License-Identifier: GPL-2.0-only
#include "report/catalog.h"
#include "cli/commands.h"
#include "session/session.h"

const struct argp catalog_argp = {
	.doc = "Prints the catalog for journalctl -x; make install puts it where systemd looks.",
};

int command_catalog(int argc, char **argv, int *status)
{
	argp_parse(&catalog_argp, argc, argv, 0, NULL, NULL);
	catalog_print(stdout);
	*status = STATUS_CLEAN;
	return 0;
}
