/* SPDX-License-Identifier: GPL-2.0-only */
/* What the outputs other than plain descriptors do with an item. */
#ifndef OUTPUT_OPS_H
#define OUTPUT_OPS_H

#include "output/sink.h"

/* Returns 0, or the negative errno of why there is no journal to write to. */
int journal_check(void);
/* An item is an entry for the journal: fields NAME=VALUE, a NUL after each. ctx: NULL. */
extern const struct sink_ops journal_ops;
/* An item is the file's new content. ctx: the path, by strdup(). */
extern const struct sink_ops textfile_ops;
/* An item, of whatever content, has the file created. ctx: the path, by strdup(). */
extern const struct sink_ops ready_ops;
/* An item is a message of sd_notify(3), with its NUL. ctx: NULL. */
extern const struct sink_ops service_ops;

#endif
