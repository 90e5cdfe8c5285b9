// SPDX-License-Identifier: GPL-2.0-only
#include "report/messages.h"

#include <stdio.h>
#include <string.h>

#include "contract/names.h"

static const struct message_text texts[] = {
#define X(of, sym, id, priority, subject, text)                                                    \
	[MESSAGE_##of##_##sym] = { id, priority, subject, text },
	MESSAGES(X)
#undef X
};

/* message_of_verdict() depends on this order. */
#define X(sym, ...) _Static_assert((int)MESSAGE_BREACH_##sym == (int)SNP_BREACH_##sym, #sym);
SNP_BREACHES(X)
#undef X
#define X(sym, name)                                                                               \
	_Static_assert((int)MESSAGE_STATE_##sym == (int)MESSAGE_STATE_OPENED + WINDOW_##sym, #sym);
WINDOW_STATES(X)
#undef X

const char *message_of_denied(const struct snp_event *e, char *buf, size_t size)
{
	bool audit = e->flags & SNP_F_AUDIT, opened = e->flags & SNP_F_OPEN;

	snprintf(buf, size, "%s: %.*s[%u] %s %.*s%s%s", audit ? "would refuse (audit)" : "refused",
		 SNP_COMM_LEN, e->comm, e->tid,
		 opened			  ? "opening"
		 : e->flags & SNP_F_IOCTL ? "calling ioctl() on"
					  : "writing",
		 SNP_NAME_LEN, e->name, opened ? " to write" : "", audit ? "" : " (EPERM)");
	return buf;
}

const char *message_of_mode(bool audit, unsigned int gate_hook, char *buf, size_t size)
{
	snprintf(buf, size, "%s%s", audit ? "audit mode: nothing is refused" : "enforcing",
		 audit ? "" : snp_gate_hook_words(gate_hook));
	return buf;
}

const char *message_of_fault(const struct snp_event *e, char *buf, size_t size)
{
	const char *part = snp_part_name(e->subject);

	if (e->flags & SNP_F_FAILING)
		snprintf(buf, size, "%s fails: %s; lost so far: %llu", part, strerror(-e->result),
			 (unsigned long long)e->value);
	else
		snprintf(buf, size, "%s works; lost: %llu", part, (unsigned long long)e->value);
	return buf;
}

const struct message_text *message_text(enum message message)
{
	return &texts[message];
}
