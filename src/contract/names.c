// SPDX-License-Identifier: GPL-2.0-only
#include "contract/names.h"

#include <stddef.h>
#include <stdio.h>

#include "contract/guard_state.h"

struct breach_text {
	const char *name, *meaning, *remedy;
	enum snp_severity severity;
};

static const struct breach_text breaches[] = {
#define X(sym, name, severity, meaning, remedy) { name, meaning, remedy, SNP_##severity },
	SNP_BREACHES(X)
#undef X
};

const char *snp_breach_name(enum snp_breach breach)
{
	return breaches[breach].name;
}

enum snp_severity snp_breach_severity(enum snp_breach breach)
{
	return breaches[breach].severity;
}

const char *snp_breach_meaning(enum snp_breach breach)
{
	return breaches[breach].meaning;
}

const char *snp_breach_remedy(enum snp_breach breach)
{
	return breaches[breach].remedy;
}

static const struct {
	const char *what, *remedy;
} causes[] = {
#define X(sym, what, remedy) { what, remedy },
	SNP_BLIND_CAUSES(X)
#undef X
};

/* A later version's guard may have recorded a cause that this one does not know. */
static unsigned int known_cause(unsigned int cause)
{
	return cause < SNP_BLIND_CAUSE_COUNT ? cause : SNP_BLIND_UNKNOWN;
}

const char *snp_blind_what(unsigned int cause)
{
	return causes[known_cause(cause)].what;
}

const char *snp_blind_remedy(unsigned int cause)
{
	return causes[known_cause(cause)].remedy;
}

const char *snp_severity_name(enum snp_severity severity)
{
	static const char *const names[] = { "notice", "warning", "critical" };

	return names[severity];
}

const char *guard_state_name(enum guard_state state)
{
	static const char *const names[] = {
#define X(sym, name) name,
		GUARD_STATES(X)
#undef X
	};

	return names[state];
}

const char *snp_event_name(unsigned int kind)
{
	static const char *const names[] = {
#define X(sym, name, subject, what) name,
		SNP_EVENTS(X)
#undef X
	};

	return kind < SNP_EV_KINDS ? names[kind] : "unknown";
}

static const struct {
	const char *name, *words;
} gate_hooks[] = {
#define X(sym, name, words) { name, words },
	SNP_GATE_HOOKS(X)
#undef X
};

const char *snp_gate_hook_name(unsigned int hook)
{
	return gate_hooks[hook < SNP_GATE_HOOK_COUNT ? hook : SNP_GATE_BY_UNKNOWN].name;
}

const char *snp_gate_hook_words(unsigned int hook)
{
	return gate_hooks[hook < SNP_GATE_HOOK_COUNT ? hook : SNP_GATE_BY_UNKNOWN].words;
}

static const struct {
	const char *name, *hides;
	bool is_output;
} parts[] = {
#define X(sym, name, is_output, hides) { name, hides, is_output },
	SNP_PARTS(X)
#undef X
};

const char *snp_part_name(enum snp_part part)
{
	return parts[part].name;
}

bool snp_part_is_output(enum snp_part part)
{
	return parts[part].is_output;
}

const char *snp_part_hides(enum snp_part part)
{
	return parts[part].hides;
}

const char *snp_command_name(unsigned int number)
{
	switch (number) {
	case SNP_CMD_INIT:
		return "SNP_INIT";
	case SNP_CMD_SHUTDOWN:
		return "SNP_SHUTDOWN";
	case SNP_CMD_DF_FLUSH:
		return "SNP_DF_FLUSH";
	case SNP_CMD_INIT_EX:
		return "SNP_INIT_EX";
	case SNP_CMD_SHUTDOWN_EX:
		return "SNP_SHUTDOWN_EX";
	default:
		return NULL;
	}
}

struct status {
	unsigned int value;
	const char *name, *cause;
};

static const struct status *find_status(unsigned int value)
{
	static const struct status statuses[] = {
#define X(sym, value, cause) { (value), #sym, (cause) },
		SNP_STATUSES(X)
#undef X
	};

	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (statuses[i].value == value)
			return &statuses[i];
	return NULL;
}

const char *snp_status_name(unsigned int status)
{
	const struct status *s = find_status(status);

	return s ? s->name : NULL;
}

const char *snp_status_cause(unsigned int status)
{
	const struct status *s = find_status(status);

	return s ? s->cause : "";
}

const char *snp_status_text(unsigned int status, char text[SNP_STATUS_LEN])
{
	const char *name = snp_status_name(status);

	if (name)
		snprintf(text, SNP_STATUS_LEN, "%#x (%s)", status, name);
	else
		snprintf(text, SNP_STATUS_LEN, "%#x", status);
	return text;
}
