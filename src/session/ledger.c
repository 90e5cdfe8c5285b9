// SPDX-License-Identifier: GPL-2.0-only
#include "session/ledger.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define MAGIC "SNPLEDGR"

struct record {
	__u64 next;
	struct snp_event event;
	__u32 waits;
	__u32 crc; /* of its place in the log, and of all members above */
};

struct slot {
	__u64 taken; /* events that the state has taken in, since the ledger was made */
	__u32 size;
	__u32 crc;
	unsigned char state[];
};

/* Two slots follow: one is valid while the other is written. */
struct ledger_header {
	char magic[8];
	__u32 layout;
	__u32 valid; /* 0: no slot yet; else the slot's number plus 1 */
	struct ledger_build build;
	__u64 slot_size;
	__u64 appended, reported; /* events, since the ledger was made */
	struct record log[LEDGER_LOG_ROOM];
};

static size_t round_up(size_t size)
{
	return (size + 7) & ~(size_t)7;
}

size_t ledger_size(size_t checkpoint)
{
	return sizeof(struct ledger_header) + 2 * round_up(sizeof(struct slot) + checkpoint);
}

static struct slot *slot_at(const struct ledger *l, unsigned int i)
{
	return (struct slot *)((unsigned char *)(l->header + 1) + i * l->header->slot_size);
}

/* Orders earlier stores before this one, for the guard that resumes from the ledger. */
static void store_release(__u64 *where, __u64 value)
{
	__atomic_store_n(where, value, __ATOMIC_SEQ_CST);
}

/* Orders later loads after this one, for those who look while the guard writes. */
static __u64 load_acquire(const __u64 *where)
{
	return __atomic_load_n(where, __ATOMIC_SEQ_CST);
}

void ledger_format(struct ledger *l, void *memory, size_t size, const struct ledger_build *build)
{
	*l = (struct ledger){ .header = memory, .size = size };
	l->header->layout = LEDGER_LAYOUT;
	l->header->build = *build;
	l->header->slot_size = (size - sizeof(*l->header)) / 2 & ~(size_t)7;
	memcpy(l->header->magic, MAGIC, sizeof(l->header->magic));
}

int ledger_open(struct ledger *l, void *memory, size_t size, char version[16])
{
	struct ledger_header *h = memory;
	__u64 reported;

	version[0] = 0;
	if (size < ledger_size(0) || memcmp(h->magic, MAGIC, sizeof(h->magic)))
		return -EBADMSG;
	memcpy(version, h->build.version, sizeof(h->build.version));
	version[sizeof(h->build.version) - 1] = 0;
	/* Before how many were appended, as both may grow meanwhile. */
	reported = load_acquire(&h->reported);
	if (h->layout != LEDGER_LAYOUT || h->slot_size > (size - sizeof(*h)) / 2 ||
	    h->slot_size < sizeof(struct slot) || h->valid > 2 || reported > h->appended)
		return -EBADMSG;
	*l = (struct ledger){ .header = h, .size = size };
	return 0;
}

struct ledger_build ledger_build(const struct ledger *l)
{
	return l->header->build;
}

static __u64 taken(const struct ledger *l)
{
	return l->header->valid ? slot_at(l, l->header->valid - 1)->taken : 0;
}

static __u32 slot_crc(const struct slot *s)
{
	__u32 crc = crc32(0, (const void *)s, offsetof(struct slot, crc));

	return crc32(crc, s->state, s->size);
}

static __u32 record_crc(const struct record *r, __u64 place)
{
	__u32 crc = crc32(0, (const void *)&place, sizeof(place));

	return crc32(crc, (const void *)r, offsetof(struct record, crc));
}

unsigned int ledger_room(const struct ledger *l)
{
	__u64 used = l->header->appended - taken(l);

	return used < LEDGER_LOG_ROOM ? LEDGER_LOG_ROOM - used : 0;
}

int ledger_append(struct ledger *l, const struct snp_event *e, __u64 next, bool waits)
{
	__u64 place = l->header->appended;
	struct record *r = &l->header->log[place % LEDGER_LOG_ROOM];

	if (!ledger_room(l))
		return -ENOSPC;
	*r = (struct record){ .next = next, .event = *e, .waits = waits };
	r->crc = record_crc(r, place);
	store_release(&l->header->appended, place + 1);
	return 0;
}

void ledger_reported(struct ledger *l)
{
	store_release(&l->header->reported, l->header->appended);
}

int ledger_checkpoint(struct ledger *l, unsigned int keep, void (*save)(void *ctx, struct pack *p),
		      void *ctx)
{
	unsigned int other = l->header->valid == 1;
	struct slot *slot = slot_at(l, other);
	struct pack p = { .data = slot->state, .size = l->header->slot_size - sizeof(*slot) };

	save(ctx, &p);
	if (p.err)
		return p.err;
	slot->taken = l->header->appended - keep;
	slot->size = p.used;
	slot->crc = slot_crc(slot);
	__atomic_store_n(&l->header->valid, other + 1, __ATOMIC_SEQ_CST);
	return 0;
}

int ledger_state(const struct ledger *l, struct pack *p)
{
	const struct slot *slot;

	if (!l->header->valid)
		return -ENOENT;
	slot = slot_at(l, l->header->valid - 1);
	if (slot->size > l->header->slot_size - sizeof(*slot) || slot->crc != slot_crc(slot) ||
	    slot->taken > l->header->appended)
		return -EBADMSG;
	*p = (struct pack){ .data = (void *)slot->state, .size = slot->size, .reading = true };
	return 0;
}

int ledger_entry(const struct ledger *l, unsigned int i, struct ledger_entry *entry)
{
	__u64 place = taken(l) + i;
	const struct record *r = &l->header->log[place % LEDGER_LOG_ROOM];

	if (place >= l->header->appended || i >= LEDGER_LOG_ROOM)
		return -ENOENT;
	if (r->crc != record_crc(r, place))
		return -EBADMSG;
	*entry = (struct ledger_entry){ .event = r->event,
					.next = r->next,
					.waits = r->waits,
					.reported = place < l->header->reported };
	return 0;
}

/* What changes when a checkpoint becomes valid. */
struct moment {
	__u32 valid;
	__u64 taken;
};

static struct moment moment_of(const struct ledger *l)
{
	struct moment m = { .valid = __atomic_load_n(&l->header->valid, __ATOMIC_SEQ_CST) };

	if (m.valid && m.valid <= 2)
		m.taken = load_acquire(&slot_at(l, m.valid - 1)->taken);
	return m;
}

/* A checkpoint comes after hundreds of events, so one more try will do but for bad luck. */
#define COPY_TRIES 10

/*
 * Between two checkpoints the guard writes neither to the valid slot nor to records that were
 * appended since that.
 */
int ledger_copy(const struct ledger *l, struct ledger *copy)
{
	struct ledger_header *h = malloc(l->size);
	struct moment before, after;
	char version[16];
	__u64 appended;
	int err;

	*copy = (struct ledger){ 0 };
	if (!h)
		return -ENOMEM;
	for (int i = 0; i < COPY_TRIES; i++) {
		before = moment_of(l);
		appended = load_acquire(&l->header->appended);
		memcpy(h, l->header, l->size);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		after = moment_of(l);
		if (before.valid != after.valid || before.taken != after.taken)
			continue;
		h->appended = appended;
		if (h->reported > appended)
			h->reported = appended;
		err = ledger_open(copy, h, l->size, version);
		if (err)
			free(h);
		return err;
	}
	free(h);
	return -EAGAIN;
}

void ledger_free_copy(struct ledger *copy)
{
	free(copy->header);
	*copy = (struct ledger){ 0 };
}
