// SPDX-License-Identifier: GPL-2.0-only
#include "output/sink.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "host/own_events.h"

/* In front of each item in the queue. */
struct item {
	__u32 size, lost; /* lost: items that were dropped just before this one */
	unsigned char data[];
};

struct sink {
	struct sink_options options;
	pthread_t thread;
	bool started;
	pthread_mutex_t lock; /* protects all that follows */
	pthread_cond_t more;  /* an item was put, or the end has come */
	pthread_cond_t less;  /* an item was written, or the thread has ended */
	unsigned char *queue;
	size_t head, tail, wrap; /* wrap: where the data before the queue's start ends; 0: none */
	size_t last;		 /* where the newest item begins */
	unsigned int count;
	__u32 gap; /* items dropped since the newest item was put */
	size_t done;
	__u64 busy_ns; /* when the write began that has not returned; 0: none */
	bool ending, ended, dead;
	int err;
	__u64 since_ns, lost;
	struct sink *left; /* the one that was left to the end of the process before */
};

static struct sink *left;

/* ---- the queue ---- */

static size_t space_of(size_t size)
{
	return (sizeof(struct item) + size + 7) & ~(size_t)7;
}

/* Returns where an item of that space can begin, or SIZE_MAX. */
static size_t find_room(struct sink *s, size_t space)
{
	size_t room = s->options.room;

	if (!s->count)
		s->head = s->tail = s->wrap = 0;
	if (s->wrap)
		return s->head - s->tail >= space ? s->tail : SIZE_MAX;
	if (room - s->tail >= space)
		return s->tail;
	if (s->head < space)
		return SIZE_MAX;
	s->wrap = s->tail;
	return 0;
}

static struct item *due(struct sink *s)
{
	return (struct item *)(s->queue + s->head);
}

static void remove_due(struct sink *s)
{
	s->head += space_of(due(s)->size);
	s->count--;
	s->done = 0;
	if (s->wrap && s->head == s->wrap)
		s->head = s->wrap = 0;
}

static void lose(struct sink *s, unsigned int count)
{
	s->lost += count;
	s->gap += count;
}

/* To be replaced, which is no loss. The item that is being written stays. */
static void remove_newest(struct sink *s)
{
	if (s->count < 2 && (!s->count || s->busy_ns || s->done))
		return;
	s->tail = s->last;
	if (!s->tail && s->wrap) {
		s->tail = s->wrap;
		s->wrap = 0;
	}
	s->last = s->head;
	s->count--;
}

/* ---- the state ---- */

static void tell(const struct sink *s)
{
	__u64 one = 1;

	if (s->options.changed_fd >= 0 &&
	    write(s->options.changed_fd, &one, sizeof(one)) != sizeof(one))
		return; /* the counter is full, so it is told already */
}

static void set_state(struct sink *s, int err)
{
	if (err == s->err)
		return;
	if (!err || !s->err)
		s->since_ns = boottime_ns();
	s->err = err;
	tell(s);
}

static bool is_idle(const struct sink *s)
{
	return !s->count || s->err;
}

/* A reader that has gone does not come back. */
static void give_up(struct sink *s)
{
	lose(s, s->count);
	s->count = 0;
	s->done = 0;
	s->dead = true;
}

/* ---- writing ---- */

bool sink_work(struct sink *s)
{
	struct item *item;
	bool failed;
	int err;

	pthread_mutex_lock(&s->lock);
	if (!s->count) {
		s->ended = s->ending;
		pthread_cond_broadcast(&s->less);
		pthread_mutex_unlock(&s->lock);
		return false;
	}
	item = due(s);
	failed = s->err;
	s->busy_ns = boottime_ns();
	pthread_mutex_unlock(&s->lock);
	err = s->options.ops->write(s->options.ctx, item->data, item->size, &s->done, &item->lost);
	pthread_mutex_lock(&s->lock);
	s->busy_ns = 0;
	if (err == SINK_DROP)
		lose(s, 1);
	if (err == SINK_DROP || (!err && s->done == item->size))
		remove_due(s);
	if (err == -EPIPE)
		give_up(s);
	set_state(s, err < 0 ? err : 0);
	/* At the end, an item that fails is not tried again. */
	s->ended = s->ending && err < 0;
	/* An item that fails again is no news. */
	if (is_idle(s) && !failed)
		tell(s);
	pthread_cond_broadcast(&s->less);
	pthread_mutex_unlock(&s->lock);
	return err >= 0;
}

static struct timespec after(__u64 ns)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	ns += t.tv_nsec;
	t.tv_sec += (time_t)(ns / 1000000000);
	t.tv_nsec = (long)(ns % 1000000000);
	return t;
}

/* Waits for an item that may be tried, or for the end. */
static void await_item(struct sink *s)
{
	struct timespec retry = after(SINK_RETRY_NS);
	bool failing = s->err;

	while (!s->ending && (!s->count || failing)) {
		if (!failing)
			pthread_cond_wait(&s->more, &s->lock);
		else if (pthread_cond_timedwait(&s->more, &s->lock, &retry) == ETIMEDOUT)
			failing = false;
	}
}

static void *sink_thread(void *arg)
{
	struct sink *s = arg;

	pthread_mutex_lock(&s->lock);
	while (!s->ended) {
		await_item(s);
		pthread_mutex_unlock(&s->lock);
		sink_work(s);
		pthread_mutex_lock(&s->lock);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

/* ---- for the owner ---- */

int sink_open(struct sink **to, const struct sink_options *options)
{
	struct sink *s = calloc(1, sizeof(*s));
	pthread_condattr_t monotonic;

	*to = NULL;
	if (!s)
		return -ENOMEM;
	s->options = *options;
	s->queue = mmap(NULL, options->room, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (s->queue == MAP_FAILED) {
		free(s);
		return -ENOMEM;
	}
	/* A huge page would take 2 MiB for a few lines. */
	madvise(s->queue, options->room, MADV_NOHUGEPAGE);
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&s->more, &monotonic);
	pthread_cond_init(&s->less, &monotonic);
	pthread_condattr_destroy(&monotonic);
	*to = s;
	return 0;
}

int sink_start(struct sink *s)
{
	int err = pthread_create(&s->thread, NULL, sink_thread, s);

	s->started = !err;
	return -err;
}

void sink_put(struct sink *s, const void *data, size_t size)
{
	struct item *item;
	size_t at;

	pthread_mutex_lock(&s->lock);
	if (s->options.newest)
		remove_newest(s);
	at = s->dead ? SIZE_MAX : find_room(s, space_of(size));
	if (at == SIZE_MAX) {
		lose(s, 1);
	} else {
		item = (struct item *)(s->queue + at);
		item->size = size;
		item->lost = s->gap;
		memcpy(item->data, data, size);
		s->gap = 0;
		s->last = at;
		s->tail = at + space_of(size);
		s->count++;
		pthread_cond_signal(&s->more);
	}
	pthread_mutex_unlock(&s->lock);
}

void sink_lose(struct sink *s)
{
	pthread_mutex_lock(&s->lock);
	lose(s, 1);
	pthread_mutex_unlock(&s->lock);
}

/* lock is held */
static struct sink_state state_of(const struct sink *s)
{
	struct sink_state state = {
		.err = s->err,
		.since_ns = s->since_ns,
		.lost = s->lost,
		.idle = is_idle(s),
	};

	if (!s->err && s->busy_ns && boottime_ns() - s->busy_ns > SINK_STALL_NS) {
		state.err = -ETIMEDOUT;
		state.since_ns = s->busy_ns;
		state.idle = true;
	}
	return state;
}

struct sink_state sink_state(struct sink *s)
{
	struct sink_state state;

	pthread_mutex_lock(&s->lock);
	state = state_of(s);
	pthread_mutex_unlock(&s->lock);
	return state;
}

void sink_drain(struct sink *s, __u64 ns)
{
	struct timespec until = after(ns);

	if (!s->started)
		return;
	pthread_mutex_lock(&s->lock);
	while (!state_of(s).idle && !pthread_cond_timedwait(&s->less, &s->lock, &until))
		;
	pthread_mutex_unlock(&s->lock);
}

/* Returns false if the thread does not come back. */
static bool end_thread(struct sink *s, __u64 ns)
{
	struct timespec until = after(ns);
	bool ended;

	if (!s->started) {
		while (sink_work(s))
			;
		return true;
	}
	pthread_mutex_lock(&s->lock);
	s->ending = true;
	pthread_cond_signal(&s->more);
	while (!s->ended && !pthread_cond_timedwait(&s->less, &s->lock, &until))
		;
	ended = s->ended;
	pthread_mutex_unlock(&s->lock);
	if (ended)
		pthread_join(s->thread, NULL);
	else
		pthread_detach(s->thread);
	return ended;
}

struct sink_state sink_close(struct sink *s, __u64 ns)
{
	bool ended = end_thread(s, ns);
	struct sink_state state = sink_state(s);

	pthread_mutex_lock(&s->lock);
	state.lost += s->count;
	if (s->count && !state.err) {
		state.err = -ETIMEDOUT;
		state.since_ns = s->busy_ns ? s->busy_ns : boottime_ns();
	}
	pthread_mutex_unlock(&s->lock);
	if (!ended) {
		s->left = left;
		left = s;
		return state;
	}
	if (s->options.ops->close)
		s->options.ops->close(s->options.ctx);
	pthread_cond_destroy(&s->more);
	pthread_cond_destroy(&s->less);
	pthread_mutex_destroy(&s->lock);
	munmap(s->queue, s->options.room);
	free(s);
	return state;
}
