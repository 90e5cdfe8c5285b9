// SPDX-License-Identifier: GPL-2.0-only
/* What the guard needs of the host. */
#include <string.h>

#include "check/check_parts.h"
#include "host/preflight.h"

static bool is_snp(const struct preflight_need *need)
{
	return !strcmp(need->name, "snp");
}

/* Without SNP there is nothing to check. */
void check_snp(struct check_look *l)
{
	for (size_t i = 0; i < preflight_need_count; i++)
		if (is_snp(&preflight_needs[i]))
			l->done = !preflight_needs[i].holds(l->facts->platform);
	if (l->done)
		check_add(l, CHECK_ID_SNP,
			  l->facts->require_snp ? CHECK_FAIL : CHECK_NOT_APPLICABLE,
			  "see dmesg for SEV-SNP, and the BIOS settings",
			  "no sev_snp among the CPU's flags");
	else
		check_add(l, CHECK_ID_SNP, CHECK_PASS, NULL, "sev_snp is among the CPU's flags");
}

/* A need's text has the cause and, after "; ", the remedy. */
static void host_need(struct check_look *l, const struct preflight_need *need)
{
	const char *remedy = strstr(need->otherwise, "; ");
	int cause = remedy ? (int)(remedy - need->otherwise) : (int)strlen(need->otherwise);

	if (need->holds(l->facts->platform))
		check_add_named(l, need->name, CHECK_PASS, NULL, "as required");
	else
		check_add_named(l, need->name, need->to_look ? CHECK_UNKNOWN : CHECK_WARN,
				remedy ? remedy + 2 : NULL, "%.*s", cause, need->otherwise);
}

void check_needs(struct check_look *l)
{
	for (size_t i = 0; i < preflight_need_count; i++)
		if (!is_snp(&preflight_needs[i]))
			host_need(l, &preflight_needs[i]);
}
