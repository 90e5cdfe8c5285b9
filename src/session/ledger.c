// SPDX-License-Identifier: GPL-2.0-only
#include "session/ledger.h"

#include <errno.h>
#include <stdint.h>
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

	version[0] = 0;
	if (size < ledger_size(0) || memcmp(h->magic, MAGIC, sizeof(h->magic)))
		return -EBADMSG;
	memcpy(version, h->build.version, sizeof(h->build.version));
	version[sizeof(h->build.version) - 1] = 0;
	if (h->layout != LEDGER_LAYOUT || h->slot_size > (size - sizeof(*h)) / 2 ||
	    h->slot_size < sizeof(struct slot) || h->valid > 2 || h->reported > h->appended)
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
