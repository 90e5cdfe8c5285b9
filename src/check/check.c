// SPDX-License-Identifier: GPL-2.0-only
#include "check/check.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contract/names.h"
#include "host/own_events.h"
#include "host/preflight.h"
#include "util/printable.h"
#include "contract/window.h"

const char *check_status_name(enum check_status status)
{
	static const char *const names[] = {
#define X(sym, name) name,
		CHECK_STATUSES(X)
#undef X
	};

	return names[status];
}

enum check_status check_worst(const struct check_report *r)
{
	enum check_status worst = CHECK_NOT_APPLICABLE;

	for (int i = 0; i < r->count; i++)
		if (r->results[i].status > worst)
			worst = r->results[i].status;
	return worst;
}

static void __attribute__((format(printf, 5, 6)))
add(struct check_report *r, const char *name, enum check_status status, const char *remedy,
    const char *format, ...)
{
	int room = r->room ? r->room * 2 : 32;
	struct check_result *result = r->results;
	va_list args;

	if (r->count == r->room) {
		result = realloc(r->results, room * sizeof(*result));
		if (!result) {
			r->incomplete = true;
			return;
		}
		r->results = result;
		r->room = room;
	}
	result = &r->results[r->count++];
	*result = (struct check_result){ .name = name, .status = status, .remedy = remedy };
	va_start(args, format);
	vsnprintf(result->evidence, sizeof(result->evidence), format, args);
	va_end(args);
	make_printable(result->evidence);
}

/* ---- what the guard needs of the host ---- */

/* A need's text has the cause and, after "; ", the remedy. */
static void add_need(struct check_report *r, const struct preflight_need *need, bool holds)
{
	const char *remedy = strstr(need->otherwise, "; ");
	int cause = remedy ? (int)(remedy - need->otherwise) : (int)strlen(need->otherwise);

	if (holds)
		add(r, need->name, CHECK_PASS, NULL, "as it should be");
	else
		add(r, need->name, need->to_look ? CHECK_UNKNOWN : CHECK_WARN,
		    remedy ? remedy + 2 : NULL, "%.*s", cause, need->otherwise);
}

/* The one need without which there is nothing to check. */
static bool is_snp(const struct preflight_need *need)
{
	return !strcmp(need->name, "snp");
}

static bool has_snp(const struct platform *p)
{
	for (size_t i = 0; i < preflight_need_count; i++)
		if (is_snp(&preflight_needs[i]))
			return preflight_needs[i].holds(p);
	return false;
}

static void check_needs(struct check_report *r, const struct platform *p)
{
	for (size_t i = 0; i < preflight_need_count; i++)
		if (!is_snp(&preflight_needs[i]))
			add_need(r, &preflight_needs[i], preflight_needs[i].holds(p));
}

/* ---- the CPUs, by the automaton ---- */

/* Which check a breach belongs to. */
static const char *check_of(enum snp_breach breach)
{
	switch (breach) {
	case SNP_BREACH_CPU_ONLINED:
	case SNP_BREACH_CPU_OFFLINED:
	case SNP_BREACH_PARTIAL_PREPARE:
		return "online";
	case SNP_BREACH_CPU_WITHOUT_SNP_EN:
	case SNP_BREACH_UNSAFE_BAILOUT:
	case SNP_BREACH_SNP_EN_LOST:
		return "snp-en";
	case SNP_BREACH_BENIGN_FAILED_INIT:
	case SNP_BREACH_ORPHANED_INIT:
		return "firmware";
	case SNP_BREACH_BLIND:
		return "sight";
	default:
		return "hotplug-count";
	}
}

static enum check_status status_of(const struct severities *severities, enum snp_breach breach)
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

struct look {
	struct check_report *report;
	struct window *window;
	const struct severities *severities;
	char compared[sizeof(((struct verdict *)0)->text)];
};

static void on_verdict(void *ctx, const struct verdict *v)
{
	struct look *l = ctx;

	if (v->kind == VERDICT_BREACH && severity_is_off(l->severities, v->id))
		add(l->report, check_of(v->id), CHECK_PASS, NULL, "%s is left out",
		    snp_breach_name(v->id));
	else if (v->kind == VERDICT_BREACH)
		add(l->report, check_of(v->id), status_of(l->severities, v->id),
		    snp_breach_remedy(v->id), "%s: %s", snp_breach_name(v->id), v->text);
	else if (v->id == WINDOW_COMPARED)
		snprintf(l->compared, sizeof(l->compared), "%s", v->text);
}

static int feed(void *ctx, const struct snp_event *e)
{
	struct look *l = ctx;

	return window_feed(l->window, e, on_verdict, l);
}

/* One look, as a run that starts makes it, and a second one after all would have settled. */
static int feed_all(struct look *l, const struct check_facts *f)
{
	struct snp_event e = own_event(SNP_EV_START);
	char boot_id[PLATFORM_BOOT_ID_LEN];
	int err;

	e.flags = f->start_flags;
	err = feed(l, &e);
	platform_boot_id(f->platform, boot_id);
	if (!err && f->since)
		err = own_before(f->since, boot_id, feed, l);
	for (unsigned int i = 0; !err && i < f->now->count; i++) {
		e = own_cpu_state(i, &f->now->cpus[i]);
		err = feed(l, &e);
	}
	for (int i = 0; !err && i < 2; i++) {
		e = own_truth(f->now->hotplug_count, f->initialised, true);
		e.time_ns += i * 2 * WINDOW_SETTLE_NS;
		err = feed(l, &e);
	}
	return err;
}

static bool is_named(const struct check_report *r, const char *name)
{
	for (int i = 0; i < r->count; i++)
		if (!strcmp(r->results[i].name, name))
			return true;
	return false;
}

/* ---- what is said where nothing is breached ---- */

struct tally {
	struct cpulist online, absent, with, without, unreadable;
};

static bool is_with(const struct snapshot_cpu *c)
{
	return !c->err && (c->syscfg & SNP_SYSCFG_SNP_EN);
}

static void count_cpus(struct tally *t, const struct snapshot *s)
{
	for (unsigned int i = 0; i < s->count; i++) {
		const struct snapshot_cpu *c = &s->cpus[i];

		/* Without memory a list is shorter than it should be. */
		if (!c->online && c->present)
			cpulist_add(&t->absent, i);
		if (!c->online)
			continue;
		cpulist_add(&t->online, i);
		cpulist_add(c->err ? &t->unreadable : is_with(c) ? &t->with : &t->without, i);
	}
}

static void free_tally(struct tally *t)
{
	cpulist_free(&t->online);
	cpulist_free(&t->absent);
	cpulist_free(&t->with);
	cpulist_free(&t->without);
	cpulist_free(&t->unreadable);
}

static void check_snp_en(struct check_report *r, const struct tally *t)
{
	unsigned int with = cpulist_count(&t->with), without = cpulist_count(&t->without);
	char set[64], clear[64], unreadable[64];

	cpulist_format(&t->with, set, sizeof(set));
	cpulist_format(&t->without, clear, sizeof(clear));
	cpulist_format(&t->unreadable, unreadable, sizeof(unreadable));
	if (cpulist_count(&t->unreadable))
		add(r, "snp-en", CHECK_UNKNOWN, "modprobe msr, and run as root",
		    "SYSCFG of CPUs %s can't be read", unreadable);
	else if (with && without)
		add(r, "snp-en", CHECK_WARN,
		    "don't initialise SNP before a full shutdown or a reset",
		    "SNP_EN is set on CPUs %s and clear on %s: an initialisation that finds it set "
		    "would leave it so",
		    set, clear);
	else if (with)
		add(r, "snp-en", CHECK_PASS, NULL, "set on CPUs %s, all that are online", set);
	else
		add(r, "snp-en", CHECK_PASS, NULL, "clear on CPUs %s: no window is open", clear);
}

/*
 * The firmware wants SYSCFG equal on every core before SNP_INIT (SNP firmware ABI, SNP_INIT);
 * SNP_EN has a check of its own.
 */
static void check_syscfg(struct check_report *r, const struct snapshot *s)
{
	const struct snapshot_cpu *first = NULL;

	for (unsigned int i = 0; i < s->count; i++) {
		const struct snapshot_cpu *c = &s->cpus[i];

		if (!c->online || c->err)
			continue;
		if (!first)
			first = c;
		if (!((c->syscfg ^ first->syscfg) & ~SNP_SYSCFG_SNP_EN))
			continue;
		add(r, "syscfg", CHECK_WARN, "compare the BIOS settings, and what else writes MSRs",
		    "CPU %u has %#llx, CPU %u has %#llx", i, (unsigned long long)c->syscfg,
		    (unsigned int)(first - s->cpus), (unsigned long long)first->syscfg);
		return;
	}
	if (first)
		add(r, "syscfg", CHECK_PASS, NULL, "%#llx but for SNP_EN, on every online CPU",
		    (unsigned long long)(first->syscfg & ~SNP_SYSCFG_SNP_EN));
	else
		add(r, "syscfg", CHECK_UNKNOWN, "modprobe msr, and run as root",
		    "no CPU's SYSCFG can be read");
}

static void check_online(struct check_report *r, const struct tally *t)
{
	char absent[64], online[64];

	cpulist_format(&t->absent, absent, sizeof(absent));
	cpulist_format(&t->online, online, sizeof(online));
	if (!cpulist_count(&t->absent))
		add(r, "online", CHECK_PASS, NULL, "CPUs %s, all that are present", online);
	else if (cpulist_count(&t->with))
		add(r, "online", CHECK_WARN,
		    "leave them offline until SNP has been shut down fully",
		    "CPUs %s are present and offline, with SNP_EN set on others", absent);
	else
		add(r, "online", CHECK_PASS, NULL,
		    "CPUs %s are offline: SNP can't be initialised before they come online",
		    absent);
}

static void check_count(struct check_report *r, const struct check_facts *f, const struct tally *t)
{
	int count = f->now->hotplug_count;

	if (!f->kernel_known || count == SNP_COUNT_UNKNOWN)
		add(r, "hotplug-count", CHECK_UNKNOWN, "run as root, on a kernel with BTF",
		    "the kernel's count of hotplug disables can't be read");
	else if (cpulist_count(&t->with))
		add(r, "hotplug-count", CHECK_PASS, NULL, "%d with SNP_EN set, on a kernel %s",
		    count,
		    f->start_flags & SNP_F_HAS_LATCH ? "that disables hotplug for SNP"
						     : "that never disables hotplug for SNP");
	else
		add(r, "hotplug-count", CHECK_PASS, NULL, "%d, and no window is open", count);
}

/* ---- registers beside SYSCFG ---- */

/* Adds what speaks against one group of registers, with that status. Returns true if it did. */
static bool add_unequal(struct check_report *r, const char *check, const struct registers *of,
			enum register_group group, enum check_status status)
{
	for (unsigned int i = 0; i < register_count(group); i++) {
		const struct register_state *s = &of->of[group][i];

		if (!s->differs)
			continue;
		add(r, check, status, "compare the BIOS settings; a reset sets them anew",
		    "%s (MSR %#x) is %#llx on CPU %u and %#llx on CPU %u", register_name(group),
		    register_msr(group, i), (unsigned long long)s->value, s->cpu,
		    (unsigned long long)s->other_value, s->other);
		return true;
	}
	return false;
}

static bool add_unreadable(struct check_report *r, const char *check, const struct registers *of,
			   enum register_group group)
{
	for (unsigned int i = 0; i < register_count(group); i++) {
		const struct register_state *s = &of->of[group][i];

		if (!s->err)
			continue;
		add(r, check, CHECK_UNKNOWN, "modprobe msr, and run as root",
		    "%s (MSR %#x) of CPU %u can't be read: %s", register_name(group),
		    register_msr(group, i), s->err_cpu, strerror(-s->err));
		return true;
	}
	return false;
}

/* arch/x86/virt/svm/sev.c: RMP_ADDR_MASK */
#define RMP_ADDRESS 0x000fffffffffe000ull
/* RMP_CFG, bit 0: the table is in segments, RMP_BASE is that of their list, and there is no end. */
#define RMP_SEGMENTED 1ull

/* What the kernel asks of the registers before it takes the host for one with SNP. */
static void check_rmp_range(struct check_report *r, const struct registers *of)
{
	unsigned long long base = of->of[REGISTER_RMP_BASE][0].value;
	unsigned long long end = of->of[REGISTER_RMP_END][0].value;
	bool segmented = of->of[REGISTER_RMP_CFG][0].value & RMP_SEGMENTED;

	if (!(base & RMP_ADDRESS))
		add(r, "rmp", CHECK_WARN, "let the BIOS reserve memory for the RMP",
		    "RMP_BASE is %#llx: there is no RMP", base);
	else if (!segmented && (base & ~RMP_ADDRESS || end <= base))
		add(r, "rmp", CHECK_WARN, "compare the BIOS settings, and update the BIOS",
		    "RMP_BASE is %#llx and RMP_END %#llx: that can't be a table", base, end);
	else if (segmented)
		add(r, "rmp", CHECK_PASS, NULL, "in segments, listed at %#llx, on every online CPU",
		    base & RMP_ADDRESS);
	else
		add(r, "rmp", CHECK_PASS, NULL, "%#llx to %#llx, on every online CPU", base, end);
}

/* Inside a window a CPU with another table checks its writes against the wrong one. */
static void check_rmp(struct check_report *r, const struct registers *of, bool window)
{
	enum check_status unequal = window ? CHECK_FAIL : CHECK_WARN;

	/* Older processors have no RMP_CFG. */
	if (!add_unequal(r, "rmp", of, REGISTER_RMP_BASE, unequal) &&
	    !add_unequal(r, "rmp", of, REGISTER_RMP_END, unequal) &&
	    !add_unequal(r, "rmp", of, REGISTER_RMP_CFG, unequal) &&
	    !add_unreadable(r, "rmp", of, REGISTER_RMP_BASE) &&
	    !add_unreadable(r, "rmp", of, REGISTER_RMP_END))
		check_rmp_range(r, of);
}

/* The rest of the list is looked at by the firmware once, at SNP_INIT. */
static void check_msrs(struct check_report *r, const struct registers *of, int initialised)
{
	bool named = false;

	if (initialised == 1) {
		add(r, "msrs", CHECK_NOT_APPLICABLE, NULL,
		    "SNP is initialised: the firmware found them equal then");
		return;
	}
	for (int group = REGISTER_IORR; group < REGISTER_GROUPS; group++)
		named |= add_unequal(r, "msrs", of, group, CHECK_WARN) ||
			 add_unreadable(r, "msrs", of, group);
	if (!named)
		add(r, "msrs", CHECK_PASS, NULL,
		    "IORRs, TOP_MEM, TOP_MEM2 and MTRRs are the same on every online CPU");
}

/* ---- the firmware ---- */

static bool is_loaded(const struct platform *p, const char *module)
{
	enum platform_module state = platform_module(p, module);

	return state == MODULE_LOADED || state == MODULE_BUILTIN;
}

bool check_may_ask_firmware(const struct check_facts *f)
{
	if (!f->now || f->initialised != 1)
		return false;
	for (unsigned int i = 0; i < f->now->count; i++)
		if (f->now->cpus[i].online && !is_with(&f->now->cpus[i]))
			return false;
	return true;
}

static void check_driver(struct check_report *r, const struct check_facts *f)
{
	if (f->initialised < 0)
		add(r, "firmware", CHECK_UNKNOWN, "run as root, on a kernel with BTF of ccp",
		    "whether the driver has initialised SNP can't be read");
	else
		add(r, "firmware", CHECK_PASS, NULL, "SNP is %sinitialised, as the driver has it",
		    f->initialised ? "" : "not ");
}

/* What a later firmware may say is neither good nor bad. */
static void check_status(struct check_report *r, const struct psp_status *s)
{
	static const char update[] = "see whether a later snp-guard knows it";
	unsigned int unknown = s->flags & ~PSP_FLAGS_KNOWN;

	add(r, "firmware-version", CHECK_PASS, NULL, "%u.%u, build %u, with %u guests",
	    s->api_major, s->api_minor, s->build, s->guests);
	if (s->state > PSP_STATE_INIT)
		add(r, "firmware-state", CHECK_UNKNOWN, update, "%u, which is not known here",
		    s->state);
	else if (s->state == PSP_STATE_UNINIT)
		add(r, "firmware-state", CHECK_WARN, "unload kvm_amd and ccp, and load them again",
		    "UNINIT, and the driver holds SNP for initialised");
	else if (!(s->flags & PSP_FLAG_RMP_INIT))
		add(r, "firmware-state", CHECK_WARN, "reset the host before SNP is used",
		    "INIT, and the firmware has not initialised the RMP");
	else
		add(r, "firmware-state", CHECK_PASS, NULL, "INIT, the RMP is initialised%s",
		    s->flags & PSP_FLAG_ALIAS_CHECKED ? ", memory was checked for aliases" : "");
	if (unknown)
		add(r, "firmware-flags", CHECK_UNKNOWN, update,
		    "bits %#x of the platform status are not known here", unknown);
}

static void check_firmware(struct check_report *r, const struct check_facts *f)
{
	if (!is_loaded(f->platform, "ccp")) {
		add(r, "firmware", CHECK_NOT_APPLICABLE, NULL, "ccp is not loaded");
		return;
	}
	check_driver(r, f);
	if (f->firmware)
		check_status(r, f->firmware);
	else if (f->firmware_err)
		add(r, "firmware-state", CHECK_UNKNOWN, "run as root, with /dev/sev there",
		    "SNP_PLATFORM_STATUS failed: %s", strerror(-f->firmware_err));
	else if (f->initialised == 1)
		add(r, "firmware-state", CHECK_UNKNOWN, "see the check snp-en",
		    "not asked: on a CPU without SNP_EN the question would end the kernel");
	else if (f->initialised < 0)
		add(r, "firmware-state", CHECK_UNKNOWN, "run as root, on a kernel with BTF of ccp",
		    "not asked: on some kernels the question would initialise SNP");
	else
		add(r, "firmware-state", CHECK_NOT_APPLICABLE, NULL,
		    "not asked, as SNP is not initialised");
}

/* A parameter's letter, Y or N; 0 if it isn't there. */
static char kvm_parameter(const struct platform *p, const char *name)
{
	char path[64], text[8];

	snprintf(path, sizeof(path), "/sys/module/kvm_amd/parameters/%s", name);
	return platform_read(p, path, text, sizeof(text)) > 0 ? text[0] : 0;
}

/* sev_snp says whether KVM would run SNP guests; sev and sev_es whether it would any other. */
static void check_kvm(struct check_report *r, const struct check_facts *f)
{
	char snp = kvm_parameter(f->platform, "sev_snp"), es = kvm_parameter(f->platform, "sev_es"),
	     sev = kvm_parameter(f->platform, "sev");

	if (!is_loaded(f->platform, "kvm_amd"))
		add(r, "kvm-amd", CHECK_NOT_APPLICABLE, NULL, "kvm_amd is not loaded");
	else if (!snp)
		add(r, "kvm-amd", CHECK_UNKNOWN, "use a kernel from 6.11 on",
		    "kvm_amd has no parameter sev_snp");
	else if (snp == 'Y' && f->initialised == 0)
		add(r, "kvm-amd", CHECK_WARN, "unload kvm_amd and load it again",
		    "its parameter sev_snp is Y, and the driver has not initialised SNP");
	else
		add(r, "kvm-amd", CHECK_PASS, NULL,
		    "its parameter sev_snp is %c, sev_es %c, sev %c", snp, es ? es : '?',
		    sev ? sev : '?');
}

/* ---- the guard ---- */

static void check_gate(struct check_report *r, const struct guard_facts *g)
{
	const char *name = guard_state_name(g->state);

	if (g->state == GUARD_DEGRADED)
		add(r, "gate", CHECK_WARN, "start the guard anew, and see snp-guard status",
		    "%s: %s", name, g->missing);
	else if (g->state == GUARD_AUDITING)
		add(r, "gate", CHECK_PASS, NULL, "%s: nothing is refused", name);
	else if (g->state == GUARD_ENFORCING)
		add(r, "gate", CHECK_PASS, NULL, "%s", name);
	else if (g->holder)
		add(r, "gate", CHECK_UNKNOWN, "run the guard with --pin",
		    "process %d has pinned nothing that could be read back", g->holder);
	else
		add(r, "gate", CHECK_NOT_APPLICABLE, NULL, "%s: no guard runs", name);
}

static void check_recorded(struct check_report *r, const struct check_facts *f)
{
	const struct guard_facts *g = f->guard;

	for (int i = 0; i < SNP_BREACH_COUNT; i++)
		if (g->breaches[i] && !severity_is_off(&f->severities, i))
			add(r, "recorded", status_of(&f->severities, i), snp_breach_remedy(i),
			    "%s: named %u time%s since the guard's record began",
			    snp_breach_name(i), g->breaches[i], g->breaches[i] == 1 ? "" : "s");
	if (is_named(r, "recorded"))
		return;
	if (g->has_history)
		add(r, "recorded", CHECK_PASS, NULL, "the guard's record has no breach");
	else
		add(r, "recorded", CHECK_NOT_APPLICABLE, NULL, "no guard has left a record");
}

static void check_guard(struct check_report *r, const struct check_facts *f)
{
	if (f->guard) {
		check_gate(r, f->guard);
		check_recorded(r, f);
		return;
	}
	add(r, "gate", CHECK_UNKNOWN, "run as root", "what is pinned can't be read: %s",
	    strerror(-f->guard_err));
}

/* ---- all ---- */

static int check_cpus(struct check_report *r, const struct check_facts *f)
{
	struct look look = { .report = r, .window = window_new(), .severities = &f->severities };
	struct tally tally = { 0 };
	int err = look.window ? feed_all(&look, f) : -ENOMEM;

	if (err)
		goto out;
	count_cpus(&tally, f->now);
	/* A breach that is left out must not hide what can't be read. */
	if (!is_named(r, "snp-en") || cpulist_count(&tally.unreadable))
		check_snp_en(r, &tally);
	check_syscfg(r, f->now);
	if (!is_named(r, "online"))
		check_online(r, &tally);
	if (!is_named(r, "hotplug-count"))
		check_count(r, f, &tally);
	check_rmp(r, f->registers, cpulist_count(&tally.with));
	check_msrs(r, f->registers, f->initialised);
	if (f->since)
		add(r, "since", CHECK_PASS, NULL, "%s", look.compared);
out:
	free_tally(&tally);
	window_free(look.window);
	return err;
}

int check_judge(struct check_report *r, const struct check_facts *f)
{
	int err = 0;

	*r = (struct check_report){ 0 };
	if (!has_snp(f->platform)) {
		add(r, "snp", f->require_snp ? CHECK_FAIL : CHECK_NOT_APPLICABLE,
		    "see dmesg for SEV-SNP, and the BIOS settings",
		    "no sev_snp among the CPU's flags");
		return 0;
	}
	add(r, "snp", CHECK_PASS, NULL, "sev_snp is among the CPU's flags");
	check_needs(r, f->platform);
	if (f->now)
		err = check_cpus(r, f);
	else
		add(r, "online", CHECK_UNKNOWN, NULL, "the CPUs did not stay the same for a look");
	check_firmware(r, f);
	check_kvm(r, f);
	check_guard(r, f);
	return err || !r->incomplete ? err : -ENOMEM;
}

void check_free(struct check_report *r)
{
	free(r->results);
	*r = (struct check_report){ 0 };
}
