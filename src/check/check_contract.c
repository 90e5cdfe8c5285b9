// SPDX-License-Identifier: GPL-2.0-only
/* The contract: breaches are decided by the automaton alone. */
#include <errno.h>
#include <stdio.h>

#include "check/check_parts.h"
#include "contract/names.h"
#include "contract/window.h"
#include "host/asids.h"
#include "host/own_events.h"

/* Which check a breach belongs to. */
static enum check_id check_of(enum snp_breach breach)
{
	switch (breach) {
	case SNP_BREACH_CPU_ONLINED:
	case SNP_BREACH_CPU_OFFLINED:
	case SNP_BREACH_PARTIAL_PREPARE:
		return CHECK_ID_ONLINE;
	case SNP_BREACH_CPU_WITHOUT_SNP_EN:
	case SNP_BREACH_UNSAFE_BAILOUT:
	case SNP_BREACH_SNP_EN_LOST:
		return CHECK_ID_SNP_EN;
	case SNP_BREACH_BENIGN_FAILED_INIT:
	case SNP_BREACH_ORPHANED_INIT:
		return CHECK_ID_FIRMWARE;
	case SNP_BREACH_INIT_UNDER_GUESTS:
		return CHECK_ID_KVM_AMD;
	case SNP_BREACH_RMPOPT_UNEVEN:
		return CHECK_ID_RMPOPT;
	case SNP_BREACH_BLIND:
		return CHECK_ID_SIGHT;
	default:
		return CHECK_ID_HOTPLUG_COUNT;
	}
}

enum check_status check_status_of(const struct severities *severities, enum snp_breach breach)
{
	if (breach == SNP_BREACH_BLIND && severities->levels[breach] == SEVERITY_BY_TABLE)
		return CHECK_UNKNOWN;
	switch (severity_of(severities, breach)) {
	case SNP_CRITICAL:
		return CHECK_FAIL;
	case SNP_WARNING:
		return CHECK_WARN;
	default:
		return CHECK_PASS;
	}
}

struct contract_look {
	struct check_look *check;
	struct window *window;
};

/* Each CPU whose SYSCFG can't be read is a breach; one stands for all, which snp-en lists. */
static void blind_cpu(struct check_look *l, const struct verdict *v)
{
	if (!check_has(l, CHECK_ID_SIGHT))
		check_add(l, CHECK_ID_SIGHT, check_status_of(&l->facts->severities, v->id),
			  check_access_remedy(l->tally.err), "%s: %s", snp_breach_name(v->id),
			  v->text);
}

/*
 * How many guests a critical breach puts at risk. The firmware knows the SNP guests, but can't be
 * asked where a CPU lacks SNP_EN (psp_status_read()); KVM counts those of SEV-ES with them.
 */
static void guests_at_risk(const struct check_look *l, char *text, size_t size)
{
	const struct psp_status *firmware = l->facts->firmware;
	struct asids a;

	if (firmware)
		snprintf(text, size, "; SNP guests at risk: %u", firmware->guests);
	else if (!asids_read(l->facts->platform, &a))
		snprintf(text, size, "; SNP and SEV-ES guests at risk: %llu", a.sev_es_used);
	else
		snprintf(text, size, "; guests at risk: unknown");
}

static void contract_breach(struct check_look *l, const struct verdict *v)
{
	const char *name = snp_breach_name(v->id);
	enum check_status status = check_status_of(&l->facts->severities, v->id);
	char risk[64] = "";

	if (status == CHECK_FAIL)
		guests_at_risk(l, risk, sizeof(risk));
	if (severity_is_off(&l->facts->severities, v->id))
		check_add(l, check_of(v->id), CHECK_PASS, NULL, "%s: severity off", name);
	else
		check_add(l, check_of(v->id), status, v->remedy, "%s: %s%s", name, v->text, risk);
	if (v->cpu == SNP_NO_SUBJECT)
		check_part(l, "%s", name);
	else
		check_part(l, "%s/cpu%u", name, v->cpu);
}

static void contract_verdict(void *ctx, const struct verdict *v)
{
	struct check_look *l = ctx;

	if (v->kind == VERDICT_BREACH && v->id == SNP_BREACH_BLIND && l->tally.err &&
	    !severity_is_off(&l->facts->severities, v->id))
		blind_cpu(l, v);
	else if (v->kind == VERDICT_BREACH)
		contract_breach(l, v);
	else if (v->id == WINDOW_COMPARED)
		snprintf(l->compared, sizeof(l->compared), "%s", v->text);
}

static int contract_feed(void *ctx, const struct snp_event *e)
{
	struct contract_look *l = ctx;

	return window_feed(l->window, e, contract_verdict, l->check);
}

/*
 * Two sweeps, the first as a run that starts makes it. The second one, of the same facts, has a
 * time after which everything has settled: verdicts that wait for that come with it.
 */
static int contract_feed_all(struct contract_look *l)
{
	const struct check_facts *f = l->check->facts;
	struct snp_event e = own_event(SNP_EV_START);
	char boot_id[PLATFORM_BOOT_ID_LEN];
	int err;

	e.flags = f->start_flags;
	err = contract_feed(l, &e);
	platform_boot_id(f->platform, boot_id);
	if (!err && f->since)
		err = own_before(f->since, boot_id, contract_feed, l);
	for (unsigned int i = 0; !err && i < f->now->count; i++) {
		e = own_cpu_state(i, &f->now->cpus[i]);
		err = contract_feed(l, &e);
		if (err || !f->now->cpus[i].has_rmpopt)
			continue;
		e = own_rmpopt(i, &f->now->cpus[i]);
		err = contract_feed(l, &e);
	}
	for (int i = 0; !err && i < 2; i++) {
		e = own_truth(f->now->hotplug_count, f->initialised, true);
		e.time_ns += 2ull * i * WINDOW_SETTLE_NS;
		err = contract_feed(l, &e);
	}
	return err;
}

void check_contract(struct check_look *l)
{
	struct contract_look look = { .check = l, .window = window_new() };
	int err = look.window ? contract_feed_all(&look) : -ENOMEM;

	if (err)
		l->err = err;
	window_free(look.window);
}
