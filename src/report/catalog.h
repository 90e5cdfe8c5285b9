/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CATALOG_H
#define CATALOG_H

#include <stdio.h>

/* Prints the explanations for journalctl -x, as journalctl --update-catalog reads them. */
void catalog_print(FILE *out);

#endif
