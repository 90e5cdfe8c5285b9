// SPDX-License-Identifier: GPL-2.0-only
#include "timeline/timeline_svg.h"

#include <stdarg.h>

void svg_begin(struct picture *p, const char *name)
{
	mxml_node_t *node = p->failed ? NULL : mxmlNewElement(p->node, name);

	if (!node)
		p->failed = true;
	else
		p->node = node;
	if (!p->root)
		p->root = node;
}

void svg_end(struct picture *p)
{
	if (!p->failed)
		p->node = mxmlGetParent(p->node);
}

void svg_attr(struct picture *p, const char *name, const char *value)
{
	mxmlElementSetAttr(p->node, name, value);
}

void svg_number(struct picture *p, const char *name, double value)
{
	mxmlElementSetAttrf(p->node, name, "%.1f", value);
}

void svg_string(struct picture *p, const char *text)
{
	if (!mxmlNewOpaque(p->node, text))
		p->failed = true;
}

void svg_title(struct picture *p, const char *format, ...)
{
	char text[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	svg_begin(p, "title");
	svg_string(p, text);
	svg_end(p);
}

void svg_text(struct picture *p, const char *class, double x, double y, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	svg_begin(p, "text");
	svg_attr(p, "class", class);
	svg_number(p, "x", x);
	svg_number(p, "y", y);
	svg_string(p, text);
	svg_end(p);
}

void svg_rect(struct picture *p, const char *class, double x, double y, double width, double height)
{
	svg_begin(p, "rect");
	svg_attr(p, "class", class);
	svg_number(p, "x", x);
	svg_number(p, "y", y);
	svg_number(p, "width", width);
	svg_number(p, "height", height);
}

void svg_line(struct picture *p, const char *class, double x1, double y1, double x2, double y2)
{
	svg_begin(p, "line");
	svg_attr(p, "class", class);
	svg_number(p, "x1", x1);
	svg_number(p, "y1", y1);
	svg_number(p, "x2", x2);
	svg_number(p, "y2", y2);
	svg_end(p);
}

double picture_seconds(const struct picture *p, __u64 ns)
{
	return ns > p->t->start_ns ? (ns - p->t->start_ns) / 1e9 : 0;
}

double picture_x(const struct picture *p, __u64 ns)
{
	return timeline_scale_x(&p->scale, ns);
}
