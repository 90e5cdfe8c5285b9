// SPDX-License-Identifier: GPL-2.0-only
/* Results of a check as CI systems read them: what the XML says, by another parser. */
#include <criterion/criterion.h>
#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <stdlib.h>
#include <string.h>

#include "check/check_output.h"

static struct check_result results[8];
static struct check_report report;
static xmlDoc *document;
static char *text;

static void begin(void)
{
	report = (struct check_report){ .results = results };
}

static void finish(void)
{
	xmlFreeDoc(document);
	xmlCleanupParser();
	free(text);
}

TestSuite(check_junit, .init = begin, .fini = finish);

static void add(const char *name, enum check_status status, const char *evidence)
{
	struct check_result *r = &results[report.count++];

	*r = (struct check_result){ .name = name, .status = status };
	if (status != CHECK_PASS)
		r->remedy = "do so";
	snprintf(r->evidence, sizeof(r->evidence), "%s", evidence);
}

static void print(void)
{
	size_t size;
	FILE *f = open_memstream(&text, &size);

	cr_assert(f);
	cr_assert_eq(check_print(f, &report, CHECK_FORMAT_JUNIT), 0);
	fclose(f);
	document = xmlReadMemory(text, size, NULL, NULL, XML_PARSE_NONET);
	cr_assert(document, "it is no XML: %s", text);
}

/* The XPath expression is true of the document. */
static void holds(const char *expression)
{
	xmlXPathContext *context = xmlXPathNewContext(document);
	xmlXPathObject *o = xmlXPathEvalExpression(BAD_CAST expression, context);

	cr_assert(o && o->type == XPATH_BOOLEAN, "%s", expression);
	cr_expect(o->boolval, "%s in %s", expression, text);
	xmlXPathFreeObject(o);
	xmlXPathFreeContext(context);
}

Test(check_junit, each_status_is_what_ci_systems_make_of_it)
{
	add("snp", CHECK_PASS, "is there");
	add("online", CHECK_WARN, "one is off");
	add("sight", CHECK_UNKNOWN, "hidden");
	add("snp-en", CHECK_FAIL, "CPU 3");
	add("msrs", CHECK_NOT_APPLICABLE, "not now");
	add("rmp", CHECK_FAIL, "none");
	print();
	holds("count(/testsuite) = 1 and /testsuite/@name = 'snp-guard'");
	holds("/testsuite/@tests = 6 and count(//testcase) = 6");
	holds("/testsuite/@failures = 2 and count(//failure) = 2");
	holds("/testsuite/@errors = 1 and count(//error) = 1");
	holds("/testsuite/@skipped = 1 and count(//skipped) = 1");
	holds("not(//testcase[@name = 'snp']/*)");
	holds("//testcase[@name = 'snp-en']/failure/@message = 'CPU 3'");
	holds("//testcase[@name = 'snp-en']/failure = 'CPU 3\ndo so'");
	holds("//testcase[@name = 'sight']/error/@message = 'hidden'");
	holds("//testcase[@name = 'msrs']/skipped/@message = 'not now'");
	holds("//testcase[@name = 'online']/system-out = 'one is off\ndo so'");
	holds("count(//testcase[@name = 'online']/*) = 1 and not(//system-out/@*)");
}

Test(check_junit, no_test_has_the_name_of_another)
{
	add("snp-en", CHECK_FAIL, "CPU 2");
	add("snp-en", CHECK_FAIL, "CPU 3");
	strcpy(results[0].part, "cpu-without-snp-en/cpu2");
	strcpy(results[1].part, "cpu-without-snp-en/cpu3");
	print();
	holds("//testcase[@name = 'snp-en/cpu-without-snp-en/cpu2']/failure/@message = 'CPU 2'");
	holds("//testcase[@name = 'snp-en/cpu-without-snp-en/cpu3']/failure/@message = 'CPU 3'");
	holds("count(//testcase[@classname = 'snp-guard.snp-en']) = 2");
}

/* What means something to XML, and a text as long as there is room for. */
Test(check_junit, no_text_is_changed)
{
	char longest[256];

	add("rmp", CHECK_FAIL, "<a & \"b\">]]>");
	memset(longest, 'x', sizeof(longest));
	longest[255] = 0;
	add("gate", CHECK_WARN, longest);
	add("online", CHECK_UNKNOWN, longest);
	print();
	holds("//testcase[@name = 'rmp']/failure/@message = '<a & \"b\">]]>'");
	holds("starts-with(//testcase[@name = 'rmp']/failure, '<a & \"b\">]]>\n')");
	holds("string-length(//system-out) = 255 + string-length('\ndo so')");
	holds("string-length(//error/@message) = 255");
}

Test(check_junit, a_suite_without_tests)
{
	print();
	holds("/testsuite/@tests = 0 and not(/testsuite/*)");
}
