// SPDX-License-Identifier: GPL-2.0-only
#include "timeline/timeline_picture.h"

#include <errno.h>
#include <mxml.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "timeline/timeline_scale.h"

/* Measures, in pixels. */
enum {
	LEFT = 190,    /* of the labels */
	MARGIN = 24,   /* around all */
	HEAD = 58,     /* title and subtitle */
	AXIS = 40,     /* above the lanes */
	BAND = 22,     /* a band, and a row of marks */
	GAP = 8,       /* between lanes */
	ROWS_GAP = 18, /* between lanes and CPUs */
	MARK = 12,     /* marks nearer than that are drawn as one */
	LABEL = 74,    /* a time on the axis */
	LINES = 12,    /* of a mark's hover text */
};

static const char style[] =
	"svg.timeline{--paper:#fff;--ink:#1f2328;--muted:#656d76;--grid:#e4e8ec;--edge:#afb8c1;"
	"--set:#2f9e63;--clear:#b9c4cf;--offline:#f3f5f7;--unknown:#8c959f;--unchecked:#d1242f;"
	"--window:#8250df;--initialised:#6639ba;--held:#0969da;--count:#57606a;--driver:#8c959f;"
	"--command:#0969da;--denied:#1a7f37;--audited:#bf8700;--notice:#0a7f8f;--warning:#bf8700;"
	"--critical:#d1242f;background:var(--paper);color:var(--ink);"
	"font-family:system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;"
	"font-size:12px;font-variant-numeric:tabular-nums}"
	"@media (prefers-color-scheme:dark){svg.timeline{--paper:#0d1117;--ink:#e6edf3;"
	"--muted:#8d96a0;--grid:#21262d;--edge:#484f58;--set:#2ea667;--clear:#4a535e;"
	"--offline:#161b22;--unknown:#6e7681;--unchecked:#f85149;--window:#a371f7;"
	"--initialised:#8957e5;--held:#4493f8;--count:#8d96a0;--driver:#6e7681;--command:#4493f8;"
	"--denied:#3fb950;--audited:#d29922;--notice:#39c5cf;--warning:#d29922;"
	"--critical:#f85149}}"
	".timeline text{fill:var(--ink)}.timeline .muted{fill:var(--muted)}"
	".timeline .title{font-size:18px;font-weight:600}.timeline "
	".small{font-size:10.5px}.timeline .tiny{font-size:8px}"
	".timeline .on{fill:#fff;font-size:11px;font-weight:600;pointer-events:none}"
	".timeline .end{text-anchor:end}.timeline .middle{text-anchor:middle}"
	".timeline .paper{fill:var(--paper)}.timeline .grid{stroke:var(--grid)}"
	".timeline .rail{stroke:var(--edge)}.timeline .shade{fill:var(--window);opacity:.09}"
	".timeline .absent{fill:none}.timeline .offline{fill:var(--offline);stroke:var(--edge);"
	"stroke-dasharray:3 3}.timeline .unknown{fill:url(#unknown)}.timeline "
	".clear{fill:var(--clear)}"
	".timeline .set{fill:var(--set)}.timeline .unchecked{fill:var(--unchecked)}"
	".timeline .window{fill:var(--window)}.timeline .initialised{fill:var(--initialised)}"
	".timeline .held{fill:var(--held)}.timeline .count{fill:var(--count)}"
	".timeline .mark{stroke:var(--paper);stroke-width:1.5}.timeline .driver{fill:var(--driver)}"
	".timeline .command{fill:var(--command)}.timeline .failed{fill:var(--critical)}"
	".timeline .denied{fill:var(--denied)}.timeline .audited{fill:var(--audited)}"
	".timeline .notice{fill:var(--notice)}.timeline .warning{fill:var(--warning)}"
	".timeline .critical{fill:var(--critical)}.timeline .sign{fill:#fff;font-size:10px;"
	"font-weight:700;text-anchor:middle;pointer-events:none}"
	".timeline .hatch{stroke:var(--unknown);stroke-width:2}";

static const char page_style[] =
	":root{color-scheme:light dark}body{margin:0;font:14px/1.5 system-ui,-apple-system,"
	"'Segoe UI',Roboto,'DejaVu Sans',sans-serif;background:#fff;color:#1f2328}"
	"main{max-width:1200px;margin:0 24px 48px}.picture{overflow-x:auto}"
	"h2{font-size:16px;margin:24px 0 8px}table{border-collapse:collapse;width:100%}"
	"td{padding:4px 12px 4px 0;vertical-align:top;border-top:1px solid #e4e8ec;"
	"white-space:pre-wrap}td.kind{white-space:nowrap}.failed,.critical{color:#d1242f}"
	".warning,.audited{color:#9a6700}.notice{color:#0a7f8f}.denied{color:#1a7f37}"
	"@media (prefers-color-scheme:dark){body{background:#0d1117;color:#e6edf3}"
	"td{border-color:#21262d}.failed,.critical{color:#f85149}"
	".warning,.audited{color:#d29922}.notice{color:#39c5cf}.denied{color:#3fb950}}";

struct picture {
	const struct timeline *t;
	struct timeline_scale scale;
	mxml_node_t *root, *node; /* node: the element that is open */
	bool failed;
	double y;
	double lanes_top;
};

/* ---- elements ---- */

static void begin(struct picture *p, const char *name)
{
	mxml_node_t *node = p->failed ? NULL : mxmlNewElement(p->node, name);

	if (!node)
		p->failed = true;
	else
		p->node = node;
	if (!p->root)
		p->root = node;
}

static void end(struct picture *p)
{
	if (!p->failed)
		p->node = mxmlGetParent(p->node);
}

static void attr(struct picture *p, const char *name, const char *value)
{
	mxmlElementSetAttr(p->node, name, value);
}

static void number(struct picture *p, const char *name, double value)
{
	mxmlElementSetAttrf(p->node, name, "%.1f", value);
}

static void string(struct picture *p, const char *text)
{
	if (!mxmlNewOpaque(p->node, text))
		p->failed = true;
}

static void __attribute__((format(printf, 2, 3))) title(struct picture *p, const char *format, ...)
{
	char text[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	begin(p, "title");
	string(p, text);
	end(p);
}

static void __attribute__((format(printf, 5, 6)))
text_at(struct picture *p, const char *class, double x, double y, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	begin(p, "text");
	attr(p, "class", class);
	number(p, "x", x);
	number(p, "y", y);
	string(p, text);
	end(p);
}

/* Left open, for a title. */
static void begin_rect(struct picture *p, const char *class, double x, double y, double width,
		       double height)
{
	begin(p, "rect");
	attr(p, "class", class);
	number(p, "x", x);
	number(p, "y", y);
	number(p, "width", width);
	number(p, "height", height);
}

static void line(struct picture *p, const char *class, double x1, double y1, double x2, double y2)
{
	begin(p, "line");
	attr(p, "class", class);
	number(p, "x1", x1);
	number(p, "y1", y1);
	number(p, "x2", x2);
	number(p, "y2", y2);
	end(p);
}

/* ---- times ---- */

static double seconds(const struct picture *p, __u64 ns)
{
	return ns > p->t->start_ns ? (ns - p->t->start_ns) / 1e9 : 0;
}

static double x_of(const struct picture *p, __u64 ns)
{
	return timeline_scale_x(&p->scale, ns);
}

static const char *duration(__u64 ns, char *buf, size_t size)
{
	if (ns < 1000000)
		snprintf(buf, size, "%.0f \302\265s", ns / 1e3);
	else if (ns < 1000000000)
		snprintf(buf, size, "%.0f ms", ns / 1e6);
	else if (ns < 120000000000)
		snprintf(buf, size, "%.1f s", ns / 1e9);
	else if (ns < 7200000000000)
		snprintf(buf, size, "%.0f min", ns / 6e10);
	else
		snprintf(buf, size, "%.1f h", ns / 3.6e12);
	return buf;
}

/* ---- parts ---- */

static void draw_head(struct picture *p)
{
	const struct timeline *t = p->t;
	static const char *const outcomes[] = { "nothing breached", "worst breach: warning",
						"worst breach: critical", "could not be verified" };
	static const char *const classes[] = { "set", "warning", "critical", "unknown" };
	time_t start = (time_t)(((__s64)t->start_ns + t->host.realtime_offset_ns) / 1000000000);
	unsigned int cpus = 0;
	char stamp[32], span[32];
	struct tm tm;

	for (unsigned int i = 0; i < t->row_count; i++)
		cpus += cpulist_count(&t->rows[i].cpus);
	gmtime_r(&start, &tm);
	strftime(stamp, sizeof(stamp), "%Y-%m-%d %H:%M:%S", &tm);
	text_at(p, "title", MARGIN, MARGIN + 18, "SNP on Linux %s, %u CPU%s", t->host.release, cpus,
		cpus == 1 ? "" : "s");
	text_at(p, "muted", MARGIN, MARGIN + 38, "from %s UTC, for %s, %s; boot %.8s", stamp,
		duration(t->end_ns - t->start_ns, span, sizeof(span)),
		t->host.audit ? "audit: nothing was refused" : "the gate refused", t->host.boot_id);
	begin(p, "circle");
	attr(p, "class", classes[t->end.status & 3]);
	number(p, "cx", p->scale.right - 6);
	number(p, "cy", MARGIN + 12);
	number(p, "r", 6);
	end(p);
	text_at(p, "end", p->scale.right - 20, MARGIN + 16, "%s", outcomes[t->end.status & 3]);
	p->y = HEAD + MARGIN;
}

/* Times below, and above them how long it was from one to the next where there is room. */
static void draw_axis(struct picture *p, double bottom)
{
	const struct timeline_scale *s = &p->scale;
	double last = -LABEL, y = p->y;
	char buf[32];

	text_at(p, "muted small end", LEFT - 10, y + 28, "seconds from the start");
	for (unsigned int i = 0; i < s->count; i++) {
		double x = s->at[i];

		if (i + 1 < s->count && s->at[i + 1] - x > LABEL * 0.8)
			text_at(p, "muted small middle", (x + s->at[i + 1]) / 2, y + 12,
				"\342\200\271 %s \342\200\272",
				duration(s->moments[i + 1] - s->moments[i], buf, sizeof(buf)));
		if (x - last < LABEL || (i && i + 1 < s->count && s->right - x < LABEL))
			continue;
		last = x;
		line(p, "grid", x, y + 34, x, bottom);
		text_at(p,
			!i		   ? "small"
			: i + 1 < s->count ? "small middle"
					   : "small end",
			x, y + 28, "%.3f", seconds(p, s->moments[i]));
	}
	p->y += AXIS;
}

static void label(struct picture *p, double height, const char *text)
{
	text_at(p, "end", LEFT - 10, p->y + height / 2 + 4, "%s", text);
}

struct band_style {
	const char *class; /* NULL: nothing is drawn */
	const char *text;
};

/* One lane of values that hold; style_of says how a value looks. */
static void draw_band(struct picture *p, const char *name, const struct timeline_track *track,
		      struct band_style (*style_of)(int value, char *buf, size_t size))
{
	label(p, BAND, name);
	line(p, "rail", LEFT, p->y + BAND, p->scale.right, p->y + BAND);
	for (unsigned int i = 0; i < track->count; i++) {
		const struct timeline_step *step = &track->steps[i];
		__u64 until = i + 1 < track->count ? step[1].ns : p->t->end_ns;
		double x = x_of(p, step->ns), width = x_of(p, until) - x;
		char text[64], span[32];
		struct band_style style = style_of(step->value, text, sizeof(text));

		if (!style.class)
			continue;
		begin_rect(p, style.class, x, p->y, width, BAND);
		title(p, "%s: %s\nfrom %.6f s on, for %s", name, style.text, seconds(p, step->ns),
		      duration(until - step->ns, span, sizeof(span)));
		end(p);
		if (width > 7 * strlen(style.text) + 10)
			text_at(p, "on middle", x + width / 2, p->y + BAND / 2 + 4, "%s",
				style.text);
	}
	p->y += BAND + GAP;
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
		return (struct band_style){ "unknown", "not readable" };
	if (!value)
		return (struct band_style){ NULL, NULL };
	snprintf(buf, size, "%d", value);
	return (struct band_style){ "count", buf };
}

/* The shape of a mark says as much as its colour. */
static void draw_shape(struct picture *p, enum timeline_mark_kind kind, double x, double y)
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
	begin(p, "path");
	mxmlElementSetAttrf(p->node, "class", "mark %s", timeline_mark_class(kind));
	attr(p, "d", path);
	end(p);
}

static const char *sign_of(enum timeline_mark_kind kind)
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
	double y = p->y + BAND / 2.0;

	begin(p, "g");
	title(p, "%s", text);
	draw_shape(p, kind, x, y);
	if (count > 1 && kind != TIMELINE_DRIVER)
		text_at(p, "sign", x, y + 4, "%u", count);
	else
		text_at(p, "sign", x, y + 4, "%s", sign_of(kind));
	end(p);
}

static void append(char *text, size_t size, const char *more)
{
	size_t used = strlen(text);

	snprintf(text + used, size - used, "%s%s", used ? "\n" : "", more);
}

/* Marks that match, those that would touch as one, of the worst kind. */
static void draw_marks(struct picture *p,
		       bool (*match)(const struct timeline_mark *m, unsigned int what),
		       unsigned int what)
{
	const struct timeline *t = p->t;
	unsigned int i = 0;

	while (i < t->mark_count) {
		enum timeline_mark_kind kind = t->marks[i].kind;
		double x = x_of(p, t->marks[i].ns);
		char text[2048] = "", more[32];
		unsigned int n = 0;

		for (; i < t->mark_count && x_of(p, t->marks[i].ns) - x < MARK; i++) {
			const struct timeline_mark *m = &t->marks[i];

			if (!match(m, what))
				continue;
			if (!n)
				x = x_of(p, m->ns);
			if (!n || m->kind > kind)
				kind = m->kind;
			if (n++ < LINES)
				append(text, sizeof(text), m->text);
		}
		if (n > LINES) {
			snprintf(more, sizeof(more), "and %u more", n - LINES);
			append(text, sizeof(text), more);
		}
		if (n)
			draw_mark(p, kind, n, x, text);
	}
}

static bool is_in_lane(const struct timeline_mark *m, unsigned int lane)
{
	return timeline_lane_of(m->kind) == lane;
}

static bool is_of_cpu(const struct timeline_mark *m, unsigned int cpu)
{
	return m->cpu == cpu;
}

static void draw_lanes(struct picture *p)
{
	static const char *const names[] = {
#define X(sym, label) label,
		TIMELINE_LANES(X)
#undef X
	};

	draw_band(p, "SNP window", &p->t->window, window_style);
	draw_band(p, "hotplug disabled by SNP", &p->t->held, held_style);
	draw_band(p, "the kernel's own count", &p->t->count, count_style);
	for (unsigned int lane = 0; lane < TIMELINE_LANES_COUNT; lane++) {
		label(p, BAND, names[lane]);
		line(p, "rail", LEFT, p->y + BAND / 2, p->scale.right, p->y + BAND / 2);
		draw_marks(p, is_in_lane, lane);
		p->y += BAND + GAP;
	}
}

static double row_height(const struct timeline *t)
{
	return t->row_count <= 32 ? BAND : t->row_count <= 96 ? 14 : 8;
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
	begin(p, "polygon");
	attr(p, "class", timeline_cpu_class(first->value));
	mxmlElementSetAttrf(p->node, "points", "%.1f,%.1f %.1f,%.1f %.1f,%.1f %.1f,%.1f",
			    x_of(p, first->ns), top, x_of(p, until), top,
			    x_of(p, is_last ? until : last[1].ns), bottom, x_of(p, last->ns),
			    bottom);
	title(p, "%s: %s\nfrom %.6f s on, for %s", name, timeline_cpu_text(first->value),
	      seconds(p, first->ns), duration(until - first->ns, span, sizeof(span)));
	end(p);
}

static void draw_rows(struct picture *p)
{
	const struct timeline *t = p->t;
	double height = row_height(t);
	double gap = height < BAND ? 1 : 4;

	for (unsigned int r = 0; r < t->row_count; r++) {
		const struct timeline_row *row = &t->rows[r];
		unsigned int cpus = cpulist_count(&row->cpus);
		char list[24], name[48];

		cpulist_format(&row->cpus, list, sizeof(list));
		snprintf(name, sizeof(name), "CPU%s %s", cpus == 1 ? "" : "s", list);
		text_at(p,
			height < 10	? "tiny end"
			: height < BAND ? "small end"
					: "end",
			LEFT - 10, p->y + height / 2 + 4, "%s", name);
		for (unsigned int i = 0; i < row->first.count; i++)
			draw_row_step(p, row, i, name, height);
		if (height == BAND)
			draw_marks(p, is_of_cpu, row->cpu);
		p->y += height + gap;
	}
}

/* Only what the picture has. */
static void draw_legend(struct picture *p)
{
	const struct timeline *t = p->t;
	bool cpu_states[TIMELINE_CPU_UNCHECKED + 1] = { false };
	bool kinds[TIMELINE_MARK_KINDS] = { false };
	double x = LEFT;

	for (unsigned int r = 0; r < t->row_count; r++)
		for (unsigned int i = 0; i < t->rows[r].first.count; i++)
			cpu_states[t->rows[r].first.steps[i].value] = true;
	for (unsigned int i = 0; i < t->mark_count; i++)
		kinds[t->marks[i].kind] = true;
	for (int i = TIMELINE_CPU_OFFLINE; i <= TIMELINE_CPU_UNCHECKED; i++) {
		if (!cpu_states[i])
			continue;
		begin_rect(p, timeline_cpu_class(i), x, p->y + 5, 16, 12);
		end(p);
		text_at(p, "muted small", x + 22, p->y + 15, "%s", timeline_cpu_text(i));
		x += 40 + 6.0 * strlen(timeline_cpu_text(i));
	}
	p->y += BAND + 2;
	x = LEFT + 8;
	for (int i = 0; i < TIMELINE_MARK_KINDS; i++) {
		if (!kinds[i])
			continue;
		draw_shape(p, i, x, p->y + BAND / 2.0);
		text_at(p, "sign", x, p->y + BAND / 2.0 + 4, "%s", sign_of(i));
		text_at(p, "muted small", x + 14, p->y + 15, "%s", timeline_mark_text(i));
		x += 40 + 6.0 * strlen(timeline_mark_text(i));
	}
	p->y += BAND;
}

static void draw_defs(struct picture *p)
{
	begin(p, "style");
	string(p, style);
	end(p);
	begin(p, "defs");
	begin(p, "pattern");
	attr(p, "id", "unknown");
	attr(p, "width", "6");
	attr(p, "height", "6");
	attr(p, "patternUnits", "userSpaceOnUse");
	attr(p, "patternTransform", "rotate(45)");
	line(p, "hatch", 0, 0, 0, 6);
	end(p);
	end(p);
}

/* Windows show through all lanes. */
static void draw_shades(struct picture *p, double top, double bottom)
{
	const struct timeline_track *window = &p->t->window;
	__u64 opened = 0;

	for (unsigned int i = 0; i < window->count; i++) {
		const struct timeline_step *step = &window->steps[i];
		bool is_last = i + 1 == window->count;
		double x;

		if (step->value != TIMELINE_NO_WINDOW && !opened)
			opened = step->ns;
		if (!opened || (step->value != TIMELINE_NO_WINDOW && !is_last))
			continue;
		x = x_of(p, opened);
		begin_rect(p, "shade", x, top,
			   x_of(p, step->value == TIMELINE_NO_WINDOW ? step->ns : p->t->end_ns) - x,
			   bottom - top);
		end(p);
		opened = 0;
	}
}

static void draw_svg(struct picture *p)
{
	const struct timeline *t = p->t;
	double row = row_height(t) + (row_height(t) < BAND ? 1 : 4);
	double top = MARGIN + HEAD + AXIS;
	double bottom = top + (3 + TIMELINE_LANES_COUNT) * (BAND + GAP) + ROWS_GAP - GAP +
			t->row_count * row;
	double height = bottom + ROWS_GAP + 2 * BAND + 2 + MARGIN;
	double width = p->scale.right + MARGIN;

	begin(p, "svg");
	attr(p, "xmlns", "http://www.w3.org/2000/svg");
	attr(p, "class", "timeline");
	attr(p, "role", "img");
	attr(p, "aria-label", "What snp-guard saw, over time");
	number(p, "width", width);
	number(p, "height", height);
	mxmlElementSetAttrf(p->node, "viewBox", "0 0 %.1f %.1f", width, height);
	draw_defs(p);
	begin_rect(p, "paper", 0, 0, width, height);
	end(p);
	draw_head(p);
	draw_axis(p, bottom);
	draw_shades(p, top - 4, bottom);
	draw_lanes(p);
	p->y += ROWS_GAP - GAP;
	draw_rows(p);
	p->y += ROWS_GAP;
	draw_legend(p);
	end(p);
}

/* ---- the page ---- */

static void draw_table(struct picture *p)
{
	const struct timeline *t = p->t;

	begin(p, "h2");
	string(p, "What was seen");
	end(p);
	begin(p, "table");
	for (unsigned int i = 0; i < t->mark_count; i++) {
		begin(p, "tr");
		begin(p, "td");
		mxmlElementSetAttrf(p->node, "class", "kind %s",
				    timeline_mark_class(t->marks[i].kind));
		string(p, timeline_mark_text(t->marks[i].kind));
		end(p);
		begin(p, "td");
		string(p, t->marks[i].text);
		end(p);
		end(p);
	}
	end(p);
}

static void draw_page(struct picture *p)
{
	begin(p, "html");
	attr(p, "lang", "en");
	begin(p, "head");
	begin(p, "meta");
	attr(p, "charset", "utf-8");
	end(p);
	title(p, "SNP on Linux %s", p->t->host.release);
	begin(p, "style");
	string(p, page_style);
	end(p);
	end(p);
	begin(p, "body");
	begin(p, "div");
	attr(p, "class", "picture");
	draw_svg(p);
	end(p);
	begin(p, "main");
	draw_table(p);
	end(p);
	end(p);
	end(p);
}

int timeline_format_by_name(const char *name)
{
	static const char *const names[] = {
#define X(sym, name) name,
		TIMELINE_FORMATS(X)
#undef X
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i], name))
			return i;
	return -EINVAL;
}

int timeline_draw(const struct timeline *t, enum timeline_format format, FILE *out)
{
	struct picture p = { .t = t };
	int err = timeline_scale_init(&p.scale, t, LEFT);

	if (err)
		goto out;
	if (format == TIMELINE_HTML)
		draw_page(&p);
	else
		draw_svg(&p);
	mxmlSetWrapMargin(0);
	if (p.failed)
		err = -ENOMEM;
	else if ((format == TIMELINE_HTML && fputs("<!DOCTYPE html>\n", out) < 0) ||
		 mxmlSaveFile(p.root, out, MXML_NO_CALLBACK) || fflush(out))
		err = -EIO;
out:
	mxmlDelete(p.root);
	timeline_scale_free(&p.scale);
	return err;
}
