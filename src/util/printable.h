/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PRINTABLE_H
#define PRINTABLE_H

/*
 * Replaces all but printable ASCII by '?': a task may choose any name, and a recording may be
 * forged, so text from either could control the reader's terminal or break a line of JSON.
 */
void make_printable(char *text);

#endif
