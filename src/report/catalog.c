// SPDX-License-Identifier: GPL-2.0-only
#include "report/catalog.h"

#include "contract/explain.h"
#include "report/messages.h"

static void print_breach(FILE *out, enum snp_breach breach)
{
	const struct explanation *e = explain(breach);

	fprintf(out, "%s: %s\n\n%s\n\nRemedy: %s.\n\nNamed: %s\n\nNot named: %s\n",
		snp_breach_name(breach), snp_breach_meaning(breach), e->paragraph,
		snp_breach_remedy(breach), e->named, e->not_named);
}

void catalog_print(FILE *out)
{
	fputs("# The journal's catalog of snp-guard, by `snp-guard catalog`\n", out);
	for (int i = 0; i < MESSAGE_COUNT; i++) {
		fprintf(out,
			"\n-- %s\nDefined-By: snp-guard\nDocumentation: man:snp-guard(8)\n"
			"Subject: ",
			message_text(i)->id);
		if (i < SNP_BREACH_COUNT)
			print_breach(out, i);
		else
			fprintf(out, "%s\n\n%s\n", message_text(i)->subject, message_text(i)->text);
	}
}
