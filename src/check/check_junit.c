// SPDX-License-Identifier: GPL-2.0-only
/* For CI systems: the results as one test suite, in the XML that JUnit made common. */
#include <errno.h>
#include <mxml.h>
#include <stdarg.h>

#include "check/check_output.h"

struct junit {
	mxml_node_t *document;
	bool failed;
};

static mxml_node_t *put_element(struct junit *j, mxml_node_t *in, const char *name)
{
	mxml_node_t *node = j->failed ? NULL : mxmlNewElement(in, name);

	if (!node)
		j->failed = true;
	return node;
}

static void __attribute__((format(printf, 4, 5)))
put_attr(struct junit *j, mxml_node_t *node, const char *name, const char *format, ...)
{
	char text[sizeof(((struct check_result *)0)->evidence)];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	mxmlElementSetAttr(node, name, text);
	/* It says nothing of its own when memory runs out. */
	if (!mxmlElementGetAttr(node, name))
		j->failed = true;
}

static void put_text(struct junit *j, mxml_node_t *in, const struct check_result *c)
{
	if (!j->failed && !mxmlNewOpaquef(in, "%s%s%s", c->evidence, c->remedy ? "\n" : "",
					  c->remedy ? c->remedy : ""))
		j->failed = true;
}

/* A warning passes, as most CI systems know nothing in between; its text is the test's output. */
static void put_result(struct junit *j, mxml_node_t *suite, const struct check_result *c)
{
	static const char *const outcomes[] = {
		[CHECK_NOT_APPLICABLE] = "skipped",
		[CHECK_WARN] = "system-out",
		[CHECK_UNKNOWN] = "error",
		[CHECK_FAIL] = "failure",
		[CHECK_PASS] = NULL,
	};
	mxml_node_t *test = put_element(j, suite, "testcase"), *outcome;
	char id[CHECK_ID_SIZE];

	put_attr(j, test, "classname", "snp-guard.%s", c->name);
	put_attr(j, test, "name", "%s", check_result_id(c, id));
	if (!outcomes[c->status])
		return;
	outcome = put_element(j, test, outcomes[c->status]);
	if (c->status != CHECK_WARN)
		put_attr(j, outcome, "message", "%s", c->evidence);
	put_text(j, outcome, c);
}

static void put_suite(struct junit *j, const struct check_report *r)
{
	mxml_node_t *suite = put_element(j, j->document, "testsuite");

	put_attr(j, suite, "name", "snp-guard");
	put_attr(j, suite, "tests", "%d", r->count);
	put_attr(j, suite, "failures", "%d", check_count(r, CHECK_FAIL));
	put_attr(j, suite, "errors", "%d", check_count(r, CHECK_UNKNOWN));
	put_attr(j, suite, "skipped", "%d", check_count(r, CHECK_NOT_APPLICABLE));
	for (int i = 0; i < r->count; i++)
		put_result(j, suite, &r->results[i]);
}

/* Each element on a line of its own; nothing may stand before the XML declaration. */
static const char *line_ends(mxml_node_t *node, int where)
{
	const char *name = mxmlGetElement(node);

	if (where == MXML_WS_BEFORE_OPEN && *name != '?')
		return "\n";
	return where == MXML_WS_BEFORE_CLOSE && mxmlGetFirstChild(node) &&
			       mxmlGetType(mxmlGetFirstChild(node)) == MXML_ELEMENT
		       ? "\n"
		       : NULL;
}

int check_print_junit(FILE *out, const struct check_report *r)
{
	struct junit j = { .document = mxmlNewXML("1.0") };
	int err = 0;

	j.failed = !j.document;
	put_suite(&j, r);
	mxmlSetWrapMargin(0);
	errno = 0;
	if (j.failed)
		err = -ENOMEM;
	else if (mxmlSaveFile(j.document, out, line_ends) || fputc('\n', out) < 0)
		err = errno ? -errno : -EIO;
	mxmlDelete(j.document);
	return err;
}
