// SPDX-License-Identifier: GPL-2.0-only
/* A run as a picture: the model of it, the scale of time, and that the SVG is sound. */
#include "events.h"

#include <errno.h>
#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>
#include <unistd.h>

#include "session/session.h"
#include "timeline/timeline_picture.h"
#include "timeline/timeline_scale.h"

static struct story s;
static struct trace recording;
static char path[64];
static struct session session;
static struct timeline t;
static struct timeline_part part;
static int wanted; /* what drawing ends with */

static const struct trace_header host = {
	.boot_id = "0f1e2d3c-0000-4000-8000-123456789abc",
	.release = "7.3.0-<test>&\"",
	.realtime_offset_ns = 1780000000000000000,
};

static void setup(void)
{
	strcpy(path, "/tmp/snp-guard-unit-XXXXXX");
	close(mkstemp(path));
	story_begin(&s, 4);
	cr_assert_eq(trace_create(&recording, path, &host, NULL, 0), 0);
	s.trace = &recording;
}

static void teardown(void)
{
	story_end(&s);
	timeline_free(&t);
	if (session.window)
		session_free(&session);
	unlink(path);
}

TestSuite(timeline, .init = setup, .fini = teardown);

/* The story told so far, as a timeline. */
static void draw(void)
{
	struct trace read;
	struct snp_event e;

	end(&s);
	trace_close(&recording);
	cr_assert_eq(trace_open(&read, fopen(path, "re")), 0);
	cr_assert_eq(session_init(&session, REPORT_TEXT, stdout, &read.header), 0);
	cr_assert_eq(timeline_init(&t, &session.host, &session.severities, session.window), 0);
	t.part = part;
	session.report.ops = &report_timeline;
	session.report.state = &t;
	while (trace_read(&read, &e) > 0)
		cr_assert_eq(session_feed(&session, &e), 0);
	session_end(&session, 0);
	trace_close(&read);
	cr_assert_eq(t.err, wanted);
}

/* "CPUs:state,state;CPUs:state", row by row. */
static const char *rows(void)
{
	static char text[4096];
	char list[64];

	text[0] = 0;
	for (unsigned int r = 0; r < t.row_count; r++) {
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s:", r ? " " : "",
			 cpulist_format(&t.rows[r].cpus, list, sizeof(list)));
		for (unsigned int i = 0; i < t.rows[r].first.count; i++)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
				 i ? "," : "", timeline_cpu_class(t.rows[r].first.steps[i].value));
	}
	return text;
}

static const char *values(const struct timeline_track *track)
{
	static char text[256];

	text[0] = 0;
	for (unsigned int i = 0; i < track->count; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%d", i ? " " : "",
			 track->steps[i].value);
	return text;
}

static const char *marks(void)
{
	static char text[1024];

	text[0] = 0;
	for (unsigned int i = 0; i < t.mark_count; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? " " : "",
			 timeline_mark_class(t.marks[i].kind));
	return text;
}

static struct snp_event denial(__u32 flags)
{
	struct snp_event e = story_event(&s, SNP_EV_DENIED);

	e.subject = 3;
	e.flags = flags;
	strcpy(e.comm, "<&\"'>");
	strcpy(e.name, "cpu3/online");
	return e;
}

Test(timeline, cpus_of_one_history_share_a_row)
{
	start(&s);
	later(&s, SECOND);
	v10_prepare(&s);
	snp_init(&s);
	later(&s, SECOND);
	v10_full_shutdown(&s);
	draw();
	cr_expect_str_eq(rows(), "0-3:clear,set,clear");
	cr_expect_eq(t.rows[0].first.count, t.rows[0].last.count);
	cr_expect_lt(t.rows[0].first.steps[1].ns, t.rows[0].last.steps[1].ns,
		     "SNP_EN came to one after the other");
}

Test(timeline, a_cpu_that_moves_has_a_row_of_its_own)
{
	start(&s);
	prepare(&s);
	snp_init(&s);
	later(&s, SECOND);
	cpu_down(&s, 2);
	later(&s, SECOND);
	s.cpus[2].snp_en = false;
	cpu_up(&s, 2);
	later(&s, SECOND);
	sweep(&s);
	draw();
	cr_expect_str_eq(rows(), "0-1,3:clear,set 2:clear,set,offline,unknown,unchecked");
}

Test(timeline, the_same_later_than_a_burst_is_another_history)
{
	start(&s);
	prepare(&s);
	snp_init(&s);
	later(&s, SECOND);
	cpu_down(&s, 1);
	cpu_down(&s, 2);
	later(&s, 2 * TIMELINE_BURST_NS);
	cpu_down(&s, 3);
	draw();
	cr_expect_str_eq(rows(), "0:clear,set 1-2:clear,set,offline 3:clear,set,offline");
}

Test(timeline, a_breach_sets_its_cpu_apart)
{
	start(&s);
	prepare(&s);
	snp_init(&s);
	later(&s, SECOND);
	s.cpus[1].err = -5;
	cpu_state(&s, 1);
	draw();
	cr_expect_str_eq(rows(), "0,2-3:clear,set 1:clear,set,unknown");
	for (unsigned int i = 0; i < t.mark_count; i++)
		if (t.marks[i].breach == SNP_BREACH_BLIND)
			cr_expect_eq(t.marks[i].cpu, 1);
}

Test(timeline, cpus_that_are_not_there_have_no_row)
{
	s.cpus[3].present = s.cpus[3].online = false;
	s.cpus[2].online = false;
	start(&s);
	cpu_state(&s, 3);
	draw();
	cr_expect_str_eq(rows(), "0-1:clear 2:offline");
}

Test(timeline, bands_show_the_window_snp_s_hold_and_the_count)
{
	start(&s);
	v10_prepare(&s);
	snp_init(&s);
	v10_full_shutdown(&s);
	foreign_disable(&s, "cpu_hotplug_pm_callback");
	s.count = SNP_COUNT_UNKNOWN;
	truth(&s);
	draw();
	cr_expect_str_eq(values(&t.window), "0 1 2 0");
	cr_expect_str_eq(values(&t.held), "0 1 0");
	cr_expect_str_eq(values(&t.count), "0 1 0 1 -1");
}

Test(timeline, marks_say_what_the_report_in_text_says)
{
	struct snp_event refused, audited;

	start(&s);
	prepare(&s);
	command(&s, SNP_CMD_INIT_EX, 0, 3);
	refused = denial(SNP_F_OPEN);
	story_feed(&s, &refused);
	audited = denial(SNP_F_AUDIT);
	story_feed(&s, &audited);
	cpu_down(&s, 3);
	cpu_up(&s, 3);
	draw();
	cr_expect_str_eq(marks(), "driver driver failed notice denied audited warning critical");
	cr_expect_eq(t.marks[3].breach, SNP_BREACH_BENIGN_FAILED_INIT);
	cr_expect_eq(t.marks[7].breach, SNP_BREACH_CPU_ONLINED);
	cr_expect_eq(t.marks[7].cpu, 3);
	cr_expect(strstr(t.marks[4].text,
			 " denied refused: <&\"'>[4242] opening cpu3/online to write (EPERM)"),
		  "%s", t.marks[4].text);
	cr_expect(strstr(t.marks[7].text, "CRITICAL cpu-onlined: "), "%s", t.marks[7].text);
	cr_expect(strstr(t.marks[7].text, "\nremedy: "), "%s", t.marks[7].text);
	for (unsigned int i = 0; i < t.mark_count; i++)
		cr_expect_not(strstr(t.marks[i].text, "  "), "`%s`", t.marks[i].text);
}

Test(timeline, time_never_runs_back_and_quiet_is_compressed)
{
	struct timeline_scale scale;
	double second, hour;
	__u64 begun, quiet;

	start(&s);
	begun = s.now_ns;
	later(&s, SECOND);
	prepare(&s);
	quiet = s.now_ns;
	later(&s, 3600 * SECOND);
	snp_init(&s);
	draw();
	cr_assert_eq(timeline_scale_init(&scale, &t, 100), 0);
	cr_expect_eq(timeline_scale_x(&scale, 0), 100);
	cr_expect_eq(timeline_scale_x(&scale, t.start_ns), 100);
	cr_expect_eq(timeline_scale_x(&scale, t.end_ns), scale.right);
	cr_expect_eq(timeline_scale_x(&scale, t.end_ns + SECOND), scale.right);
	for (unsigned int i = 0; i < scale.count; i++) {
		cr_expect_float_eq(timeline_scale_x(&scale, scale.moments[i]), scale.at[i], 1e-6);
		cr_expect(!i || scale.at[i] > scale.at[i - 1]);
	}
	second = timeline_scale_x(&scale, begun + SECOND) - timeline_scale_x(&scale, begun);
	hour = timeline_scale_x(&scale, quiet + 3600 * SECOND) - timeline_scale_x(&scale, quiet);
	cr_expect_gt(hour, second);
	cr_expect_lt(hour, 3 * second);
	timeline_scale_free(&scale);
}

Test(timeline, clocks_that_disagree_do_not_turn_time_back)
{
	const struct timeline_track *bands[] = { &t.window, &t.held, &t.count };

	start(&s);
	v10_prepare(&s);
	s.now_ns -= 400;
	snp_init(&s);
	s.now_ns -= 5000;
	v10_full_shutdown(&s);
	s.now_ns -= SECOND;
	draw();
	for (size_t b = 0; b < sizeof(bands) / sizeof(bands[0]); b++)
		for (unsigned int i = 1; i < bands[b]->count; i++)
			cr_expect_geq(bands[b]->steps[i].ns, bands[b]->steps[i - 1].ns);
	for (unsigned int i = 1; i < t.mark_count; i++)
		cr_expect_geq(t.marks[i].ns, t.marks[i - 1].ns);
	for (unsigned int i = 1; i < t.rows[0].first.count; i++)
		cr_expect_geq(t.rows[0].first.steps[i].ns, t.rows[0].last.steps[i - 1].ns);
}

static double count_of(xmlXPathContextPtr context, const char *what)
{
	char expression[128];
	xmlXPathObjectPtr found;
	double n;

	snprintf(expression, sizeof(expression), "count(%s)", what);
	found = xmlXPathEvalExpression(BAD_CAST expression, context);
	cr_assert(found);
	n = found->floatval;
	xmlXPathFreeObject(found);
	return n;
}

static char *drawn(enum timeline_format format, size_t *len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);

	cr_assert_eq(timeline_draw(&t, format, out), 0);
	fclose(out);
	return text;
}

/* Parses what timeline_draw() makes, which must need nothing from elsewhere. */
static xmlDocPtr picture(enum timeline_format format, xmlXPathContextPtr *context)
{
	size_t len;
	char *text = drawn(format, &len);
	xmlDocPtr doc;

	cr_expect_not(strstr(text, "<script"));
	cr_expect_not(strstr(text, "href"));
	cr_expect_not(strstr(text, "@import"));
	cr_expect(strstr(text, "prefers-color-scheme:dark"));
	cr_expect(!strstr(text, "http://") ||
		  strstr(text, "http://") == strstr(text, "http://www.w3.org/2000/svg"));
	doc = xmlReadMemory(text, (int)len, NULL, NULL, XML_PARSE_NONET);
	cr_assert(doc, "it is no XML: %s", text);
	free(text);
	*context = xmlXPathNewContext(doc);
	cr_assert_eq(
		xmlXPathRegisterNs(*context, BAD_CAST "s", BAD_CAST "http://www.w3.org/2000/svg"),
		0);
	return doc;
}

static void a_life(void)
{
	struct snp_event refused;

	start(&s);
	later(&s, SECOND);
	v10_prepare(&s);
	later(&s, SECOND);
	snp_init(&s);
	later(&s, SECOND);
	refused = denial(SNP_F_OPEN);
	story_feed(&s, &refused);
	later(&s, SECOND);
	cpu_down(&s, 3);
	later(&s, SECOND);
	v10_full_shutdown(&s);
	draw();
}

Test(timeline, the_svg_has_it_all_and_is_sound)
{
	xmlXPathContextPtr context;
	xmlDocPtr doc;

	a_life();
	doc = picture(TIMELINE_SVG, &context);
	cr_expect_eq(count_of(context, "/s:svg"), 1);
	cr_expect_eq(count_of(context, "//s:rect[@class='window']/s:title"), 1);
	cr_expect_eq(count_of(context, "//s:rect[@class='initialised']/s:title"), 1);
	cr_expect_eq(count_of(context, "//s:rect[@class='held']/s:title"), 1);
	cr_expect_eq(count_of(context, "//s:rect[@class='count']/s:title"), 1);
	cr_expect_eq(count_of(context, "//s:polygon/s:title"), 3 + 3);
	cr_expect_eq(count_of(context, "//s:polygon[@class='offline']"), 1);
	cr_expect_eq(count_of(context, "//s:g[s:path/@class='mark denied']/s:title"), 1);
	/* In its lane, and on CPU 3. */
	cr_expect_eq(count_of(context, "//s:g[s:path/@class='mark warning']/s:title"), 2);
	cr_expect_eq(count_of(context, "//s:title[contains(., '<&\"')]"), 1);
	cr_expect_eq(count_of(context, "//s:text[contains(., '7.3.0-<test>&')]"), 1);
	cr_expect_eq(count_of(context, "//s:text[.='CPUs 0-2'] | //s:text[.='CPU 3']"), 2);
	xmlXPathFreeContext(context);
	xmlFreeDoc(doc);
}

static void windows(int n)
{
	start(&s);
	for (int i = 0; i < n; i++) {
		later(&s, 10 * SECOND);
		v10_prepare(&s);
		snp_init(&s);
		later(&s, SECOND);
		v10_full_shutdown(&s);
	}
	later(&s, 10 * SECOND);
	draw();
}

Test(timeline, one_window_alone)
{
	part.window = 2;
	windows(3);
	cr_expect_str_eq(values(&t.window), "0 1 2 0");
	cr_expect_str_eq(values(&t.held), "0 1 0");
	cr_expect_str_eq(rows(), "0-3:clear,set,clear");
	cr_expect_gt(t.window.steps[1].ns - t.start_ns, 20 * SECOND, "the first began at 10 s");
	cr_expect_lt(t.window.steps[1].ns - t.start_ns, 25 * SECOND);
	cr_expect_eq(t.window.steps[1].ns - t.from_ns, SECOND);
	cr_expect_eq(t.end_ns - t.window.steps[3].ns, SECOND);
	cr_assert_gt(t.mark_count, 0);
	for (unsigned int i = 0; i < t.mark_count; i++) {
		cr_expect_geq(t.marks[i].ns, t.from_ns);
		cr_expect_leq(t.marks[i].ns, t.end_ns);
	}
}

Test(timeline, what_holds_as_a_part_begins_is_drawn_from_there)
{
	part = (struct timeline_part){ .from_s = 10.9, .to_s = 15 };
	windows(3);
	cr_expect_str_eq(values(&t.window), "2 0");
	cr_expect_str_eq(rows(), "0-3:set,clear");
	cr_expect_eq(t.window.steps[0].ns, t.from_ns);
	cr_expect_eq(t.from_ns - t.start_ns, 10900000000);
	cr_expect_eq(t.end_ns - t.start_ns, 15 * SECOND);
}

Test(timeline, a_window_that_is_not_there)
{
	part.window = 4;
	wanted = -ENOENT;
	windows(3);
	cr_expect_eq(t.first_window, 1);
}

Test(timeline, a_part_behind_the_end)
{
	part.from_s = 1000;
	wanted = -ENOENT;
	windows(1);
}

Test(timeline, what_is_too_close_to_be_seen_is_drawn_together)
{
	xmlXPathContextPtr context;
	xmlDocPtr doc;
	size_t len;

	windows(2000);
	free(drawn(TIMELINE_SVG, &len));
	cr_expect_lt(len, 2u << 20);
	doc = picture(TIMELINE_HTML, &context);
	cr_expect_gt(count_of(context, "//s:rect[@class='together']"), 1);
	cr_expect_eq(count_of(context, "//s:text[contains(., 'too close to be seen')]"), 1);
	cr_expect_lt(count_of(context, "//s:rect[@class='shade']"), 100);
	cr_expect_eq(count_of(context, "//tr"), 2000);
	cr_expect_eq(count_of(context, "//p[contains(., ' more: --window')]"), 1);
	xmlXPathFreeContext(context);
	xmlFreeDoc(doc);
}

Test(timeline, the_page_has_the_picture_and_each_mark_in_words)
{
	xmlXPathContextPtr context;
	xmlDocPtr doc;

	a_life();
	doc = picture(TIMELINE_HTML, &context);
	cr_expect_eq(count_of(context, "/html/body//s:svg"), 1);
	cr_expect_eq(count_of(context, "//tr"), t.mark_count);
	xmlXPathFreeContext(context);
	xmlFreeDoc(doc);
}

Test(timeline, marks_that_would_touch_are_one_of_the_worst_kind)
{
	xmlXPathContextPtr context;
	xmlDocPtr doc;

	start(&s);
	later(&s, SECOND);
	for (int i = 0; i < 40; i++) {
		struct snp_event e = denial(i == 20 ? SNP_F_AUDIT : 0);

		story_feed(&s, &e);
	}
	draw();
	doc = picture(TIMELINE_SVG, &context);
	cr_expect_eq(count_of(context, "//s:g[s:path/@class='mark audited']"), 1);
	cr_expect_eq(count_of(context, "//s:g[s:path/@class='mark denied']"), 0);
	cr_expect_eq(count_of(context, "//s:g[s:path/@class='mark audited']/s:text[.='40']"), 1);
	cr_expect_eq(count_of(context, "//s:title[contains(., 'and 28 more')]"), 1);
	xmlXPathFreeContext(context);
	xmlFreeDoc(doc);
}

Test(timeline, a_run_without_anything_can_be_drawn)
{
	xmlXPathContextPtr context;
	xmlDocPtr doc;

	start_only(&s);
	s.cpu_count = 0;
	draw();
	cr_expect_str_eq(rows(), "");
	doc = picture(TIMELINE_SVG, &context);
	xmlXPathFreeContext(context);
	xmlFreeDoc(doc);
}
