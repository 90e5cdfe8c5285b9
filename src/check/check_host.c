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
	int holds = platform_has_cpu_flag(l->facts->platform, "sev_snp");

	l->done = !holds;
	if (holds < 0)
		check_add(l, CHECK_ID_SNP, CHECK_UNKNOWN, check_access_remedy(holds),
			  "/proc/cpuinfo can't be read: %s", strerror(-holds));
	else if (l->done)
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
	int holds = need->holds(l->facts->platform);

	if (holds > 0)
		check_add_named(l, need->name, CHECK_PASS, NULL, "%s", need->met);
	else if (holds < 0)
		check_add_named(l, need->name, CHECK_UNKNOWN, check_access_remedy(holds),
				"can't be told here: %s", strerror(-holds));
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
