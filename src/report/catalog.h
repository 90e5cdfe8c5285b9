/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CATALOG_H
#define CATALOG_H

#include <stdio.h>

/* What journalctl -x says of each message, as journalctl --update-catalog reads it. */
void catalog_print(FILE *out);

#endif
