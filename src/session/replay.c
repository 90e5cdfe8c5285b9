// SPDX-License-Identifier: GPL-2.0-only
#include "session/replay.h"

#include <errno.h>
#include <string.h>

#include "util/complain.h"
#include "util/printable.h"

int replay_open(struct trace *t, const char *file)
{
	FILE *f = fopen(file, "re");
	int err = f ? trace_open(t, f) : -errno;

	if (err)
		complain("%s: %s", file, f && err == -EBADMSG ? t->why : strerror(-err));
	return err;
}

/* Nothing shows what came after the cut, so no verdict may claim to cover it. */
static int replay_feed_cut(struct session *s, const char *why)
{
	struct snp_event e = {
		.kind = SNP_EV_UNCOVERED,
		.time_ns = s->last_ns,
		.subject = SNP_NO_SUBJECT,
		.count = SNP_COUNT_UNKNOWN,
		.name = "what came after the recording's cut",
	};

	complain("the recording is not whole: %s", why);
	return session_feed(s, &e);
}

static int replay_load_state(struct trace *t, struct session *s, const char *file)
{
	struct pack p = { .data = t->state, .size = t->state_size, .reading = true };
	char version[SESSION_VERSION_LEN] = "";
	int err = t->state ? session_load(s, &p, version) : 0;

	make_printable(version);
	if (err == -ENOTSUP)
		complain("%s: its state is newer than this snp-guard, " SNP_GUARD_VERSION
			 ", can read: replay it with snp-guard %s or later",
			 file, version);
	else if (err)
		complain("%s: %s", file,
			 err == -EBADMSG ? "the state that it begins with is damaged"
					 : strerror(-err));
	return err;
}

static int replay_feed_all(struct trace *t, struct session *s)
{
	struct snp_event e;
	int err;

	while ((err = trace_read(t, &e)) > 0) {
		err = session_feed(s, &e);
		if (err == -EINVAL) {
			snprintf(t->why, sizeof(t->why), "record %llu is invalid", t->records);
			return -EBADMSG;
		}
		if (err || e.kind == SNP_EV_END)
			return err;
	}
	return err ? err : replay_feed_cut(s, t->why);
}

int replay(struct trace *t, struct session *s, const char *file)
{
	int err = replay_load_state(t, s, file);

	if (err)
		return err;
	err = replay_feed_all(t, s);
	if (err) {
		complain("%s: %s", file, err == -EBADMSG ? t->why : strerror(-err));
		return err;
	}
	session_end(s, window_totals(s->window).denied);
	return 0;
}
