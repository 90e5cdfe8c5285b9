/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PRINTABLE_H
#define PRINTABLE_H

/*
 * A task may call itself anything, and a recording may be forged: what is shown must not steer the
 * reader's terminal, nor break a line of JSON. All but printable ASCII becomes '?'.
 */
void make_printable(char *text);

#endif
