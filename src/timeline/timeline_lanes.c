// SPDX-License-Identifier: GPL-2.0-only
/* The upper part of the picture: bands of values that hold, and lanes of marks. */
#include <string.h>

#include "timeline/timeline_svg.h"
#include "util/duration.h"

static void lanes_label(struct picture *p, double height, const char *text)
{
	svg_text(p, "end", PICTURE_LEFT - 10, p->y + height / 2 + 4, "%s", text);
}

static __u64 end_of_step(const struct picture *p, const struct timeline_track *track,
			 unsigned int i)
{
	return i + 1 < track->count ? track->steps[i + 1].ns : p->t->end_ns;
}

unsigned int picture_narrow(const struct picture *p, const struct timeline_track *track,
			    unsigned int i)
{
	unsigned int n = 0;

	while (i + n < track->count &&
	       picture_x(p, end_of_step(p, track, i + n)) - picture_x(p, track->steps[i + n].ns) <
		       p->narrow)
		n++;
	return n > 1 ? n : 0;
}

void picture_together(struct picture *p, const char *name, const struct timeline_track *track,
		      unsigned int i, unsigned int n, double height)
{
	__u64 from = track->steps[i].ns, until = end_of_step(p, track, i + n - 1);
	double x = picture_x(p, from), width = picture_x(p, until) - x;
	char span[DURATION_LEN];

	svg_rect(p, "together", x, p->y, width > 1 ? width : 1, height);
	svg_title(p, "%s: %u changes\nfrom %.6f s on, within %s", name, n, picture_seconds(p, from),
		  duration_text(until - from, span, sizeof(span)));
	svg_end(p);
	p->together += n;
}

struct band_style {
	const char *class; /* NULL: nothing is drawn */
	const char *text;
};

/* One lane of values that hold; style_of says how a value looks. */
static void draw_band(struct picture *p, const char *name, const struct timeline_track *track,
		      struct band_style (*style_of)(int value, char *buf, size_t size))
{
	lanes_label(p, PICTURE_BAND, name);
	svg_line(p, "rail", PICTURE_LEFT, p->y + PICTURE_BAND, p->scale.right, p->y + PICTURE_BAND);
	for (unsigned int i = 0; i < track->count; i++) {
		const struct timeline_step *step = &track->steps[i];
		__u64 until = end_of_step(p, track, i);
		double x = picture_x(p, step->ns), width = picture_x(p, until) - x;
		char text[64], span[32];
		struct band_style style = style_of(step->value, text, sizeof(text));
		unsigned int narrow = picture_narrow(p, track, i);

		if (narrow) {
			picture_together(p, name, track, i, narrow, PICTURE_BAND);
			i += narrow - 1;
			continue;
		}
		if (!style.class)
			continue;
		svg_rect(p, style.class, x, p->y, width, PICTURE_BAND);
		svg_title(p, "%s: %s\nfrom %.6f s on, for %s", name, style.text,
			  picture_seconds(p, step->ns),
			  duration_text(until - step->ns, span, sizeof(span)));
		svg_end(p);
		if (width > 7 * strlen(style.text) + 10)
			svg_text(p, "on middle", x + width / 2, p->y + PICTURE_BAND / 2 + 4, "%s",
				 style.text);
	}
	p->y += PICTURE_BAND + PICTURE_GAP;
}

static struct band_style window_style(int value, char *buf, size_t size)
{
	static const struct band_style styles[] = {
		[TIMELINE_NO_WINDOW] = { NULL, NULL },
		[TIMELINE_WINDOW] = { "window", "open" },
		[TIMELINE_INITIALISED] = { "initialised", "SNP is initialised" },
	};

	(void)buf;
	(void)size;
	return styles[value];
}

static struct band_style held_style(int value, char *buf, size_t size)
{
	if (!value)
		return (struct band_style){ NULL, NULL };
	snprintf(buf, size, value == 1 ? "disabled" : "disabled %d times", value);
	return (struct band_style){ "held", buf };
}

static struct band_style count_style(int value, char *buf, size_t size)
{
	if (value == SNP_COUNT_UNKNOWN)
		return (struct band_style){ "unknown", "unreadable" };
	if (!value)
		return (struct band_style){ NULL, NULL };
	snprintf(buf, size, "%d", value);
	return (struct band_style){ "count", buf };
}

void picture_shape(struct picture *p, enum timeline_mark_kind kind, double x, double y)
{
	static const char *const paths[] = {
		[TIMELINE_DRIVER] = "M%.1f %.1fm-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",
		[TIMELINE_COMMAND] = "M%.1f %.1fm0 -7l7 7l-7 7l-7 -7z",
		[TIMELINE_FAILED] = "M%.1f %.1fm0 -8l8 8l-8 8l-8 -8z",
		[TIMELINE_DENIED] = "M%.1f %.1fm-3 -8h6l5 5v6l-5 5h-6l-5 -5v-6z",
		[TIMELINE_AUDITED] = "M%.1f %.1fm-3 -8h6l5 5v6l-5 5h-6l-5 -5v-6z",
		[TIMELINE_NOTICE] = "M%.1f %.1fm-8 0a8 8 0 1 0 16 0a8 8 0 1 0 -16 0z",
		[TIMELINE_WARNING] = "M%.1f %.1fm0 -9l9 16h-18z",
		[TIMELINE_CRITICAL] = "M%.1f %.1fm-8 -8h16v16h-16z",
	};
	char path[96];

	snprintf(path, sizeof(path), paths[kind], x, y);
	svg_begin(p, "path");
	mxmlElementSetAttrf(p->node, "class", "mark %s", timeline_mark_class(kind));
	svg_attr(p, "d", path);
	svg_end(p);
}

const char *picture_sign(enum timeline_mark_kind kind)
{
	switch (kind) {
	case TIMELINE_FAILED:
		return "\303\227";
	case TIMELINE_DENIED:
	case TIMELINE_AUDITED:
		return "\342\200\223";
	case TIMELINE_NOTICE:
		return "i";
	case TIMELINE_WARNING:
	case TIMELINE_CRITICAL:
		return "!";
	default:
		return "";
	}
}

static void draw_mark(struct picture *p, enum timeline_mark_kind kind, unsigned int count, double x,
		      const char *text)
{
	double y = p->y + PICTURE_BAND / 2.0;

	svg_begin(p, "g");
	svg_title(p, "%s", text);
	picture_shape(p, kind, x, y);
	if (count > 1 && kind != TIMELINE_DRIVER)
		svg_text(p, "sign", x, y + 4, "%u", count);
	else
		svg_text(p, "sign", x, y + 4, "%s", picture_sign(kind));
	svg_end(p);
}

static void lanes_append(char *text, size_t size, const char *more)
{
	size_t used = strlen(text);

	snprintf(text + used, size - used, "%s%s", used ? "\n" : "", more);
}

void picture_marks(struct picture *p,
		   bool (*match)(const struct timeline_mark *m, unsigned int what),
		   unsigned int what)
{
	const struct timeline *t = p->t;
	unsigned int i = 0;

	while (i < t->mark_count) {
		enum timeline_mark_kind kind = t->marks[i].kind;
		double x = picture_x(p, t->marks[i].ns);
		char text[2048] = "", more[32];
		unsigned int n = 0;

		for (; i < t->mark_count && picture_x(p, t->marks[i].ns) - x < PICTURE_MARK; i++) {
			const struct timeline_mark *m = &t->marks[i];

			if (!match(m, what))
				continue;
			if (!n)
				x = picture_x(p, m->ns);
			if (!n || m->kind > kind)
				kind = m->kind;
			if (n++ < p->lines)
				lanes_append(text, sizeof(text), m->text);
		}
		if (n > p->lines) {
			snprintf(more, sizeof(more), "and %u more", n - p->lines);
			lanes_append(text, sizeof(text), more);
		}
		if (n)
			draw_mark(p, kind, n, x, text);
	}
}

static bool is_in_lane(const struct timeline_mark *m, unsigned int lane)
{
	return timeline_lane_of(m->kind) == lane;
}

void picture_lanes(struct picture *p)
{
	static const char *const names[] = {
#define X(sym, label) label,
		TIMELINE_LANES(X)
#undef X
	};

	draw_band(p, "SNP window", &p->t->window, window_style);
	draw_band(p, "hotplug disabled by SNP", &p->t->held, held_style);
	draw_band(p, "hotplug count", &p->t->count, count_style);
	for (unsigned int lane = 0; lane < TIMELINE_LANES_COUNT; lane++) {
		lanes_label(p, PICTURE_BAND, names[lane]);
		svg_line(p, "rail", PICTURE_LEFT, p->y + PICTURE_BAND / 2, p->scale.right,
			 p->y + PICTURE_BAND / 2);
		picture_marks(p, is_in_lane, lane);
		p->y += PICTURE_BAND + PICTURE_GAP;
	}
}
