// SPDX-License-Identifier: GPL-2.0-only
#include "report/messages.h"

static const struct message_text texts[] = {
#define X(of, sym, id, priority, subject, text)                                                    \
	[MESSAGE_##of##_##sym] = { id, priority, subject, text },
	MESSAGES(X)
#undef X
};

/* As message_of_verdict() counts on. */
#define X(sym, ...) _Static_assert((int)MESSAGE_BREACH_##sym == (int)SNP_BREACH_##sym, #sym);
SNP_BREACHES(X)
#undef X
#define X(sym, name)                                                                               \
	_Static_assert((int)MESSAGE_STATE_##sym == (int)MESSAGE_STATE_OPENED + WINDOW_##sym, #sym);
WINDOW_STATES(X)
#undef X

const struct message_text *message_text(enum message message)
{
	return &texts[message];
}
