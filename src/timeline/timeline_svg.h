/* SPDX-License-Identifier: GPL-2.0-only */
/* For the files of the picture alone: its measures, and the elements that it is made of. */
#ifndef TIMELINE_SVG_H
#define TIMELINE_SVG_H

#include <mxml.h>

#include "timeline/timeline.h"
#include "timeline/timeline_scale.h"

/* Measures, in pixels. */
enum {
	PICTURE_LEFT = 190,    /* of the labels */
	PICTURE_MARGIN = 24,   /* around all */
	PICTURE_HEAD = 58,     /* title and subtitle */
	PICTURE_AXIS = 40,     /* above the lanes */
	PICTURE_BAND = 22,     /* a band, and a row of marks */
	PICTURE_GAP = 8,       /* between lanes */
	PICTURE_ROWS_GAP = 18, /* between lanes and CPUs */
	PICTURE_MARK = 12,     /* marks nearer than that are drawn as one */
	PICTURE_LABEL = 74,    /* a time on the axis */
	PICTURE_LINES = 12,    /* of a mark's hover text, a third of it where marks abound */
	PICTURE_STATES = 6000, /* with more of them, those too narrow to tell apart are one */
};

struct picture {
	const struct timeline *t;
	struct timeline_scale scale;
	mxml_node_t *root, *node; /* node: the element that is open */
	bool failed;
	double y;
	double narrow;	       /* states that are not as wide are drawn together */
	unsigned int together; /* how many were */
	unsigned int lines;    /* of a mark's hover text, at most */
};

/* Opens an element, which svg_end() closes. */
void svg_begin(struct picture *p, const char *name);
void svg_end(struct picture *p);

/* Attributes of the element that is open, and text in it. */
void svg_attr(struct picture *p, const char *name, const char *value);
void svg_number(struct picture *p, const char *name, double value);
void svg_string(struct picture *p, const char *text);
/* What is shown while the pointer is on the element. */
void __attribute__((format(printf, 2, 3))) svg_title(struct picture *p, const char *format, ...);

/* Left open, for a title. */
void svg_rect(struct picture *p, const char *class, double x, double y, double width,
	      double height);
void svg_line(struct picture *p, const char *class, double x1, double y1, double x2, double y2);
void __attribute__((format(printf, 5, 6)))
svg_text(struct picture *p, const char *class, double x, double y, const char *format, ...);

/* Since the start, and the place across. */
double picture_seconds(const struct picture *p, __u64 ns);
double picture_x(const struct picture *p, __u64 ns);

/*
 * How many steps from i on are one after the other too narrow to be seen: 0 or more than 1.
 * picture_together() draws them as one.
 */
unsigned int picture_narrow(const struct picture *p, const struct timeline_track *track,
			    unsigned int i);
void picture_together(struct picture *p, const char *name, const struct timeline_track *track,
		      unsigned int i, unsigned int n, double height);
/* Marks that match, those that would touch as one, of the worst kind. */
void picture_marks(struct picture *p,
		   bool (*match)(const struct timeline_mark *m, unsigned int what),
		   unsigned int what);
/* The shape of a mark, and the sign in it: they say as much as its colour. */
void picture_shape(struct picture *p, enum timeline_mark_kind kind, double x, double y);
const char *picture_sign(enum timeline_mark_kind kind);
/* The bands and the lanes of marks. */
void picture_lanes(struct picture *p);

extern const char timeline_style[], timeline_page_style[];

#endif
