// SPDX-License-Identifier: GPL-2.0-only
#include "timeline/timeline_picture.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "timeline/timeline_svg.h"
#include "util/duration.h"

/* ---- the head ---- */

static void draw_head(struct picture *p)
{
	const struct timeline *t = p->t;
	static const char *const outcomes[] = { "nothing worse than a notice",
						"worst breach: warning", "worst breach: critical",
						"could not verify" };
	static const char *const classes[] = { "set", "warning", "critical", "unknown" };
	time_t start = (time_t)(((__s64)t->from_ns + t->host.realtime_offset_ns) / 1000000000);
	unsigned int cpus = 0;
	char stamp[32], span[32];
	struct tm tm;

	for (unsigned int i = 0; i < t->row_count; i++)
		cpus += cpulist_count(&t->rows[i].cpus);
	gmtime_r(&start, &tm);
	strftime(stamp, sizeof(stamp), "%Y-%m-%d %H:%M:%S", &tm);
	svg_text(p, "title", PICTURE_MARGIN, PICTURE_MARGIN + 18, "SNP on Linux %s, %u CPU%s",
		 t->host.release, cpus, cpus == 1 ? "" : "s");
	svg_text(p, "muted", PICTURE_MARGIN, PICTURE_MARGIN + 38,
		 "from %s UTC, for %s, %s; boot %.8s", stamp,
		 duration_text(t->end_ns - t->from_ns, span, sizeof(span)),
		 t->host.audit ? "audit mode" : "enforcing", t->host.boot_id);
	svg_begin(p, "circle");
	svg_attr(p, "class", classes[t->end.status & 3]);
	svg_number(p, "cx", p->scale.right - 6);
	svg_number(p, "cy", PICTURE_MARGIN + 12);
	svg_number(p, "r", 6);
	svg_end(p);
	svg_text(p, "end", p->scale.right - 20, PICTURE_MARGIN + 16, "%s",
		 outcomes[t->end.status & 3]);
	p->y = PICTURE_HEAD + PICTURE_MARGIN;
}

/* Times below, and above them how long it was from one to the next where there is room. */
static void draw_axis(struct picture *p, double bottom)
{
	const struct timeline_scale *s = &p->scale;
	double last = -PICTURE_LABEL, y = p->y;
	char buf[32];

	svg_text(p, "muted small end", PICTURE_LEFT - 10, y + 28, "seconds from the start");
	for (unsigned int i = 0; i < s->count; i++) {
		double x = s->at[i];

		if (i + 1 < s->count && s->at[i + 1] - x > PICTURE_LABEL * 0.8)
			svg_text(
				p, "muted small middle", (x + s->at[i + 1]) / 2, y + 12,
				"\342\200\271 %s \342\200\272",
				duration_text(s->moments[i + 1] - s->moments[i], buf, sizeof(buf)));
		if (x - last < PICTURE_LABEL ||
		    (i && i + 1 < s->count && s->right - x < PICTURE_LABEL))
			continue;
		last = x;
		svg_line(p, "grid", x, y + 34, x, bottom);
		svg_text(p,
			 !i		    ? "small"
			 : i + 1 < s->count ? "small middle"
					    : "small end",
			 x, y + 28, "%.3f", picture_seconds(p, s->moments[i]));
	}
	p->y += PICTURE_AXIS;
}

/* ---- the CPUs ---- */

static double row_height(const struct timeline *t)
{
	return t->row_count <= 32 ? PICTURE_BAND : t->row_count <= 96 ? 14 : 8;
}

/* A step of several CPUs is a slope, from the first of them to the last. */
static void draw_row_step(struct picture *p, const struct timeline_row *row, unsigned int i,
			  const char *name, double height)
{
	const struct timeline_step *first = &row->first.steps[i], *last = &row->last.steps[i];
	bool is_last = i + 1 == row->first.count;
	__u64 until = is_last ? p->t->end_ns : first[1].ns;
	double top = p->y, bottom = p->y + height;
	char span[32];

	if (first->value == TIMELINE_CPU_ABSENT)
		return;
	svg_begin(p, "polygon");
	svg_attr(p, "class", timeline_cpu_class(first->value));
	mxmlElementSetAttrf(p->node, "points", "%.1f,%.1f %.1f,%.1f %.1f,%.1f %.1f,%.1f",
			    picture_x(p, first->ns), top, picture_x(p, until), top,
			    picture_x(p, is_last ? until : last[1].ns), bottom,
			    picture_x(p, last->ns), bottom);
	svg_title(p, "%s: %s\nfrom %.6f s on, for %s", name, timeline_cpu_text(first->value),
		  picture_seconds(p, first->ns),
		  duration_text(until - first->ns, span, sizeof(span)));
	svg_end(p);
}

static bool is_of_cpu(const struct timeline_mark *m, unsigned int cpu)
{
	return m->cpu == cpu;
}

static void draw_rows(struct picture *p)
{
	const struct timeline *t = p->t;
	double height = row_height(t);
	double gap = height < PICTURE_BAND ? 1 : 4;

	for (unsigned int r = 0; r < t->row_count; r++) {
		const struct timeline_row *row = &t->rows[r];
		unsigned int cpus = cpulist_count(&row->cpus);
		char list[24], name[48];

		cpulist_format(&row->cpus, list, sizeof(list));
		snprintf(name, sizeof(name), "CPU%s %s", cpus == 1 ? "" : "s", list);
		svg_text(p,
			 height < 10		 ? "tiny end"
			 : height < PICTURE_BAND ? "small end"
						 : "end",
			 PICTURE_LEFT - 10, p->y + height / 2 + 4, "%s", name);
		for (unsigned int i = 0; i < row->first.count; i++) {
			unsigned int narrow = picture_narrow(p, &row->first, i);

			if (narrow)
				picture_together(p, name, &row->first, i, narrow, height);
			else
				draw_row_step(p, row, i, name, height);
			i += narrow ? narrow - 1 : 0;
		}
		if (height == PICTURE_BAND)
			picture_marks(p, is_of_cpu, row->cpu);
		p->y += height + gap;
	}
}

/* Only what the picture has. */
static void draw_legend(struct picture *p)
{
	const struct timeline *t = p->t;
	bool cpu_states[TIMELINE_CPU_UNCHECKED + 1] = { false };
	bool kinds[TIMELINE_MARK_KINDS] = { false };
	double x = PICTURE_LEFT;

	for (unsigned int r = 0; r < t->row_count; r++)
		for (unsigned int i = 0; i < t->rows[r].first.count; i++)
			cpu_states[t->rows[r].first.steps[i].value] = true;
	for (unsigned int i = 0; i < t->mark_count; i++)
		kinds[t->marks[i].kind] = true;
	for (int i = TIMELINE_CPU_OFFLINE; i <= TIMELINE_CPU_UNCHECKED; i++) {
		if (!cpu_states[i])
			continue;
		svg_rect(p, timeline_cpu_class(i), x, p->y + 5, 16, 12);
		svg_end(p);
		svg_text(p, "muted small", x + 22, p->y + 15, "%s", timeline_cpu_text(i));
		x += 40 + 6.0 * strlen(timeline_cpu_text(i));
	}
	if (p->together) {
		svg_rect(p, "together", x, p->y + 5, 16, 12);
		svg_end(p);
		svg_text(p, "muted small", x + 22, p->y + 15,
			 "%u changes too close to be seen (--window, --from, --to draw a part)",
			 p->together);
	}
	p->y += PICTURE_BAND + 2;
	x = PICTURE_LEFT + 8;
	for (int i = 0; i < TIMELINE_MARK_KINDS; i++) {
		if (!kinds[i])
			continue;
		picture_shape(p, i, x, p->y + PICTURE_BAND / 2.0);
		svg_text(p, "sign", x, p->y + PICTURE_BAND / 2.0 + 4, "%s", picture_sign(i));
		svg_text(p, "muted small", x + 14, p->y + 15, "%s", timeline_mark_text(i));
		x += 40 + 6.0 * strlen(timeline_mark_text(i));
	}
	p->y += PICTURE_BAND;
}

static void draw_defs(struct picture *p)
{
	svg_begin(p, "style");
	svg_string(p, timeline_style);
	svg_end(p);
	svg_begin(p, "defs");
	svg_begin(p, "pattern");
	svg_attr(p, "id", "unknown");
	svg_attr(p, "width", "6");
	svg_attr(p, "height", "6");
	svg_attr(p, "patternUnits", "userSpaceOnUse");
	svg_attr(p, "patternTransform", "rotate(45)");
	svg_line(p, "hatch", 0, 0, 0, 6);
	svg_end(p);
	svg_end(p);
}

static void draw_shade(struct picture *p, double from, double to, double top, double bottom)
{
	svg_rect(p, "shade", from, top, to - from, bottom - top);
	svg_end(p);
}

/* Windows show through all lanes; those that touch are one shade. */
static void draw_shades(struct picture *p, double top, double bottom)
{
	const struct timeline_track *window = &p->t->window;
	double from = 0, to = -1;
	__u64 opened = 0;

	for (unsigned int i = 0; i < window->count; i++) {
		const struct timeline_step *step = &window->steps[i];
		bool is_last = i + 1 == window->count;
		__u64 closed = step->value == TIMELINE_NO_WINDOW ? step->ns : p->t->end_ns;

		if (step->value != TIMELINE_NO_WINDOW && !opened)
			opened = step->ns;
		if (!opened || (step->value != TIMELINE_NO_WINDOW && !is_last))
			continue;
		if (to < from || picture_x(p, opened) - to >= p->narrow) {
			if (to >= from)
				draw_shade(p, from, to, top, bottom);
			from = picture_x(p, opened);
		}
		to = picture_x(p, closed);
		opened = 0;
	}
	if (to >= from)
		draw_shade(p, from, to, top, bottom);
}

/* How much detail the picture has room for: a file of some 2 MB at most. */
static void choose_detail(struct picture *p)
{
	const struct timeline *t = p->t;
	unsigned int states = t->window.count + t->held.count + t->count.count;
	double lanes = 3 + t->row_count;

	for (unsigned int r = 0; r < t->row_count; r++)
		states += t->rows[r].first.count;
	p->narrow = 1;
	if (states > PICTURE_STATES)
		p->narrow = fmax(1, 2 * (p->scale.right - p->scale.left) * lanes / PICTURE_STATES);
	p->lines = t->mark_count > PICTURE_STATES ? PICTURE_LINES / 3 : PICTURE_LINES;
}

static void draw_svg(struct picture *p)
{
	const struct timeline *t = p->t;
	double row = row_height(t) + (row_height(t) < PICTURE_BAND ? 1 : 4);
	double top = PICTURE_MARGIN + PICTURE_HEAD + PICTURE_AXIS;
	double bottom = top + (3 + TIMELINE_LANES_COUNT) * (PICTURE_BAND + PICTURE_GAP) +
			PICTURE_ROWS_GAP - PICTURE_GAP + t->row_count * row;
	double height = bottom + PICTURE_ROWS_GAP + 2 * PICTURE_BAND + 2 + PICTURE_MARGIN;
	double width = p->scale.right + PICTURE_MARGIN;

	choose_detail(p);
	svg_begin(p, "svg");
	svg_attr(p, "xmlns", "http://www.w3.org/2000/svg");
	svg_attr(p, "class", "timeline");
	svg_attr(p, "role", "img");
	svg_attr(p, "aria-label", "Events and states over time, as snp-guard saw them");
	svg_number(p, "width", width);
	svg_number(p, "height", height);
	mxmlElementSetAttrf(p->node, "viewBox", "0 0 %.1f %.1f", width, height);
	draw_defs(p);
	svg_rect(p, "paper", 0, 0, width, height);
	svg_end(p);
	draw_head(p);
	draw_axis(p, bottom);
	draw_shades(p, top - 4, bottom);
	picture_lanes(p);
	p->y += PICTURE_ROWS_GAP - PICTURE_GAP;
	draw_rows(p);
	p->y += PICTURE_ROWS_GAP;
	draw_legend(p);
	svg_end(p);
}

/* ---- the page ---- */

/* A page with more rows than that is slow to open. */
enum { TABLE_ROWS = 2000 };

static void draw_table(struct picture *p)
{
	const struct timeline *t = p->t;
	char more[96];

	svg_begin(p, "h2");
	svg_string(p, "Events and findings");
	svg_end(p);
	svg_begin(p, "table");
	for (unsigned int i = 0; i < t->mark_count && i < TABLE_ROWS; i++) {
		svg_begin(p, "tr");
		svg_begin(p, "td");
		mxmlElementSetAttrf(p->node, "class", "kind %s",
				    timeline_mark_class(t->marks[i].kind));
		svg_string(p, timeline_mark_text(t->marks[i].kind));
		svg_end(p);
		svg_begin(p, "td");
		svg_string(p, t->marks[i].text);
		svg_end(p);
		svg_end(p);
	}
	svg_end(p);
	if (t->mark_count <= TABLE_ROWS)
		return;
	snprintf(more, sizeof(more), "and %u more: --window, --from and --to draw a part",
		 t->mark_count - TABLE_ROWS);
	svg_begin(p, "p");
	svg_string(p, more);
	svg_end(p);
}

static void draw_page(struct picture *p)
{
	svg_begin(p, "html");
	svg_attr(p, "lang", "en");
	svg_begin(p, "head");
	svg_begin(p, "meta");
	svg_attr(p, "charset", "utf-8");
	svg_end(p);
	svg_title(p, "SNP on Linux %s", p->t->host.release);
	svg_begin(p, "style");
	svg_string(p, timeline_page_style);
	svg_end(p);
	svg_end(p);
	svg_begin(p, "body");
	svg_begin(p, "div");
	svg_attr(p, "class", "picture");
	draw_svg(p);
	svg_end(p);
	svg_begin(p, "main");
	draw_table(p);
	svg_end(p);
	svg_end(p);
	svg_end(p);
}

int timeline_draw(const struct timeline *t, enum timeline_format format, FILE *out)
{
	struct picture p = { .t = t };
	int err = timeline_scale_init(&p.scale, t, PICTURE_LEFT);

	if (err)
		goto out;
	if (format == TIMELINE_HTML)
		draw_page(&p);
	else
		draw_svg(&p);
	mxmlSetWrapMargin(0);
	errno = 0;
	if (p.failed)
		err = -ENOMEM;
	else if ((format == TIMELINE_HTML && fputs("<!DOCTYPE html>\n", out) < 0) ||
		 mxmlSaveFile(p.root, out, MXML_NO_CALLBACK) || fflush(out))
		err = errno ? -errno : -EIO;
out:
	mxmlDelete(p.root);
	timeline_scale_free(&p.scale);
	return err;
}
