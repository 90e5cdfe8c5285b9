/* SPDX-License-Identifier: GPL-2.0-only */
/* The picture of a timeline: an SVG, or a page of HTML with the same SVG and all marks in words. */
#ifndef TIMELINE_PICTURE_H
#define TIMELINE_PICTURE_H

#include "timeline/timeline.h"

/* X(symbol, name) */
#define TIMELINE_FORMATS(X) X(SVG, "svg") X(HTML, "html")

enum timeline_format {
#define X(sym, name) TIMELINE_##sym,
	TIMELINE_FORMATS(X)
#undef X
};

/* Writes it. Returns 0, -ENOMEM, or -EIO if out does not take it. */
int timeline_draw(const struct timeline *t, enum timeline_format format, FILE *out);

#endif
