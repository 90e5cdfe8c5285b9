// SPDX-License-Identifier: GPL-2.0-only
/* A session as bytes: ledger, recordings and flight recordings begin with them. */
#include "session/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int session_keep_uncovered(struct session *s, const char *fact)
{
	char **all = realloc(s->uncovered, (s->uncovered_count + 1) * sizeof(*all));

	if (!all)
		return -ENOMEM;
	s->uncovered = all;
	all[s->uncovered_count] = strdup(fact);
	if (!all[s->uncovered_count])
		return -ENOMEM;
	s->uncovered_count++;
	return 0;
}

static void pack_uncovered(struct session *s, struct pack *p)
{
	char fact[SNP_NAME_LEN] = "";
	__u32 count = s->uncovered_count;

	pack_u32(p, &count);
	for (__u32 i = 0; !p->err && i < count; i++) {
		if (!p->reading)
			snprintf(fact, sizeof(fact), "%s", s->uncovered[i]);
		pack_text(p, fact, sizeof(fact));
		if (p->reading && !p->err)
			p->err = session_keep_uncovered(s, fact);
	}
}

static void pack_breach(struct pack *p, struct report_breach *b)
{
	unsigned int worst = b->worst;

	pack_u32(p, &b->counted);
	pack_u32(p, &b->left_out);
	pack_enum(p, &worst, SNP_CRITICAL);
	b->worst = worst;
}

static void pack_part(struct pack *p, struct session_part *part)
{
	pack_s32(p, &part->err);
	pack_u64(p, &part->since_ns);
	pack_u64(p, &part->lost);
	/* MAX_ERRNO, as in window_accepts() */
	if (p->reading && (part->err > 0 || part->err < -4095))
		p->err = -EBADMSG;
}

static void pack_parts(struct session *s, struct pack *p)
{
	__u32 count = SNP_PART_COUNT;

	pack_u32(p, &count);
	if (count > SNP_PART_COUNT)
		p->err = -EBADMSG;
	for (__u32 i = 0; !p->err && i < count; i++)
		pack_part(p, &s->parts[i]);
	pack_text(p, s->last_flight, sizeof(s->last_flight));
}

static void pack_session(struct session *s, struct pack *p)
{
	unsigned int worst = s->worst;

	pack_enum(p, &worst, SNP_CRITICAL);
	s->worst = worst;
	for (unsigned int i = 0; i < pack_rows(p, SNP_BREACH_COUNT); i++)
		pack_breach(p, &s->breaches[i]);
	pack_uncovered(s, p);
	pack_u64(p, &s->last_ns);
	pack_u64(p, &s->stream.missed);
	pack_u64(p, &s->stream.next);
	history_pack(&s->history, p);
	if (pack_has(p, 1))
		pack_parts(s, p);
}

/* Twice what a CPU takes, and what all the rest takes, generously (tests/unit/session). */
#define CPU_BYTES  (2ul * 80)
#define REST_BYTES (64ul * 1024)

size_t session_state_room(unsigned int cpus)
{
	return REST_BYTES + (size_t)cpus * CPU_BYTES;
}

/*
 * Raised by one when what follows the head changes; unpack_head() says how older layouts are read.
 * Layout 0 has no head: it begins with the worst severity, a small number. It has no parts either.
 * Layout 2 added what sweeps find of VM_HSAVE_PA, layout 3 of RMPOPT_BASE.
 */
#define STATE_LAYOUT	3
#define STATE_MAGIC	0x53504e53 /* "SNPS" */
#define STATE_ROWS_OF_0 17

static void pack_head(struct pack *p, __u32 *magic, __u32 *layout, __u32 *rows,
		      char version[SESSION_VERSION_LEN])
{
	pack_u32(p, magic);
	pack_u32(p, layout);
	pack_u32(p, rows);
	pack_text(p, version, SESSION_VERSION_LEN);
}

/* Sets how many breaches the rest has. Returns 0 or a negative errno, as session_load(). */
static int unpack_head(struct pack *p, char version[SESSION_VERSION_LEN])
{
	__u32 magic = 0, layout = 0, rows = 0;
	size_t begin = p->used;

	memset(version, 0, SESSION_VERSION_LEN);
	pack_head(p, &magic, &layout, &rows, version);
	if (!p->err && magic == STATE_MAGIC) {
		p->rows = rows;
		p->old = layout < STATE_LAYOUT;
		p->layout = layout;
		if (layout > STATE_LAYOUT || rows > SNP_BREACH_COUNT)
			return -ENOTSUP;
		return layout && rows ? 0 : -EBADMSG;
	}
	memset(version, 0, SESSION_VERSION_LEN);
	p->used = begin;
	p->err = 0;
	p->rows = STATE_ROWS_OF_0;
	p->old = true;
	return 0;
}

void session_save(void *session, struct pack *p)
{
	__u32 magic = STATE_MAGIC, layout = STATE_LAYOUT;
	__u32 rows = pack_rows(p, SNP_BREACH_COUNT);
	char version[SESSION_VERSION_LEN] = SNP_GUARD_VERSION;
	struct session *s = session;

	pack_head(p, &magic, &layout, &rows, version);
	pack_session(s, p);
	window_save(s->window, p);
}

int session_load(struct session *s, struct pack *p, char version[SESSION_VERSION_LEN])
{
	int err = unpack_head(p, version);

	if (err)
		return err;
	pack_session(s, p);
	return p->err ? p->err : window_load(s->window, p);
}
