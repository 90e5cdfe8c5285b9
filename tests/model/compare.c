// SPDX-License-Identifier: GPL-2.0-only
/*
 * Compares the automaton, src/contract/window*.c, with the model, over all sequences of a family's
 * actions up to a depth, and over random ones.
 *
 * Two sequences that lead to the same state are followed once. The same state is: the same
 * struct window, its times taken as ages; the same host; and the same answers of the model to all
 * that it asks of the past (model_summary()). That those answers are enough is itself tried: for
 * a share of what is merged, both histories get the same random continuation, and the model must
 * say the same of both.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The automaton's memory is copied here, and compared as bytes. */
#include "contract/window_state.h"

#include "diagram.h"
#include "host.h"
#include "model.h"

enum { DEPTH_MAX = 64, EVENTS_MAX = DEPTH_MAX * HOST_RECORDS + 1, SHOWN_MAX = 8 };

#define KERNEL_7_1 (SNP_F_HAS_PREPARE | SNP_F_HAS_ENABLE)

/* ---- one run: a host, the automaton and the history ---- */

struct config {
	const char *name;
	__u32 flags; /* of START */
	struct host host;
};

static const struct config configs[] = {
	{ "7.1+", KERNEL_7_1, { .cpus = { { .online = true }, { .online = true } } } },
	{ "7.1+, CPU 1 offline", KERNEL_7_1, { .cpus = { { .online = true }, { 0 } } } },
	{ "7.1+, snp_enable() not watched",
	  SNP_F_HAS_PREPARE,
	  { .cpus = { { .online = true }, { .online = true } } } },
	{ "before 7.1, SNP on",
	  0,
	  { .cpus = { { .online = true, .snp_en = true }, { .online = true, .snp_en = true } },
	    .says_firmware = true,
	    .init_done = true,
	    .firmware = true } },
	{ "before 7.1, SNP off", 0, { .cpus = { { .online = true }, { .online = true } } } },
	{ "7.1+, inside a window, count 1, initialised",
	  KERNEL_7_1,
	  { .cpus = { { .online = true, .snp_en = true }, { .online = true, .snp_en = true } },
	    .count = 1,
	    .says_firmware = true,
	    .init_done = true,
	    .firmware = true } },
	{ "7.1+, SNP_EN on CPU 0 alone, not initialised",
	  KERNEL_7_1,
	  { .cpus = { { .online = true, .snp_en = true }, { .online = true } },
	    .says_firmware = true } },
	{ "7.1+, inside a window, count hidden, firmware's state not known",
	  KERNEL_7_1,
	  { .cpus = { { .online = true, .snp_en = true }, { .online = true, .snp_en = true } },
	    .count = 2,
	    .count_hidden = true } },
	{ "with SNP's disable, inside a window, count 0, not initialised",
	  KERNEL_7_1 | SNP_F_HAS_HOLD,
	  { .cpus = { { .online = true, .snp_en = true }, { .online = true, .snp_en = true } },
	    .says_firmware = true } },
	{ "with SNP's disable, CPU 1 offline in a window, count 0, firmware's state not known",
	  KERNEL_7_1 | SNP_F_HAS_HOLD,
	  { .cpus = { { .online = true, .snp_en = true }, { 0 } } } },
	{ "with SNP's disable, inside a window, count 0, initialised",
	  KERNEL_7_1 | SNP_F_HAS_HOLD,
	  { .cpus = { { .online = true, .snp_en = true }, { .online = true, .snp_en = true } },
	    .says_firmware = true,
	    .init_done = true,
	    .firmware = true } },
	{ "with SNP's disable, SNP off",
	  KERNEL_7_1 | SNP_F_HAS_HOLD,
	  { .cpus = { { .online = true }, { .online = true } }, .says_firmware = true } },
	{ "7.1+, commands not seen, the driver's flag is",
	  KERNEL_7_1 | SNP_F_NO_COMMANDS,
	  { .cpus = { { .online = true }, { .online = true } }, .says_firmware = true } },
	{ "7.1+, SNP_EN on CPU 0 alone, commands not seen, nor the driver's flag",
	  KERNEL_7_1 | SNP_F_NO_COMMANDS,
	  { .cpus = { { .online = true, .snp_en = true }, { .online = true } } } },
};

enum { CONFIG_COUNT = sizeof(configs) / sizeof(configs[0]) };

struct automaton {
	struct window w;
	struct cpu cpus[MODEL_CPUS];
};

struct run {
	struct host host;
	struct automaton a;
	struct snp_event history[EVENTS_MAX];
	int events;
};

struct breaches {
	struct model_breach list[MODEL_DUE];
	unsigned int count;
};

static void note(void *ctx, const struct verdict *v)
{
	struct breaches *b = ctx;

	if (v->kind == VERDICT_BREACH && b->count < MODEL_DUE)
		b->list[b->count++] = (struct model_breach){ v->id, v->cpu };
}

static void automaton_point(struct automaton *a)
{
	a->w.cpus.list = a->cpus;
	a->w.cpus.count = MODEL_CPUS;
}

static int compare_breaches(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct model_breach));
}

static void sort(struct breaches *b)
{
	qsort(b->list, b->count, sizeof(b->list[0]), compare_breaches);
}

/* What the automaton and the model said of one record, where they differ. */
struct difference {
	struct breaches code, model;
	bool open, model_open;
	bool initialised, model_initialised;
	__u32 kind;
};

/* Feeds one record to both; false if they differ. */
static bool feed_both(struct run *r, const struct snp_event *e, struct difference *d)
{
	*d = (struct difference){ .kind = e->kind };
	r->history[r->events++] = *e;
	if (window_feed(&r->a.w, e, note, &d->code))
		abort();
	d->model.count = model_due(r->history, r->events, d->model.list);
	sort(&d->code);
	sort(&d->model);
	d->open = window_is_open(&r->a.w);
	d->model_open = model_window_open(r->history, r->events);
	d->initialised = r->a.w.firmware.state == FW_INITIALISED;
	d->model_initialised = model_initialised(r->history, r->events);
	return d->open == d->model_open && d->initialised == d->model_initialised &&
	       d->code.count == d->model.count &&
	       !memcmp(d->code.list, d->model.list, d->code.count * sizeof(d->code.list[0]));
}

static void run_begin(struct run *r, const struct config *c)
{
	struct snp_event e = { .kind = SNP_EV_START, .flags = c->flags, .name = "7.3.0" };
	struct difference d;

	memset(&r->a, 0, sizeof(r->a));
	automaton_point(&r->a);
	r->host = c->host;
	r->host.watches_enable = c->flags & SNP_F_HAS_ENABLE;
	r->host.hides_commands = c->flags & SNP_F_NO_COMMANDS;
	r->host.now_ns = e.time_ns = 10000000000ull;
	r->events = 0;
	feed_both(r, &e, &d);
}

static const enum window_diagram_state *projection(const struct window *w);

static bool drawing;

static void draw(const struct window *before, const struct window *after, enum host_action action)
{
	if (drawing)
		diagram_saw(*projection(before), *projection(after), host_action_name(action));
}

/* Returns false where the two differ. */
static bool run_step(struct run *r, enum host_action action, unsigned int tells,
		     struct difference *d)
{
	struct snp_event records[HOST_RECORDS];
	unsigned int n = host_act(&r->host, action, tells, records);
	struct window before = r->a.w;

	for (unsigned int i = 0; i < n; i++)
		if (!feed_both(r, &records[i], d))
			return false;
	draw(&before, &r->a.w, action);
	return true;
}

/* ---- the diagram's states ---- */

static const enum window_diagram_state *projection(const struct window *w)
{
	static enum window_diagram_state s;

	if (!w->life.open)
		s = w->life.preparing ? DIAGRAM_PREPARING : DIAGRAM_CLOSED;
	else if (w->firmware.state == FW_INITIALISED)
		s = DIAGRAM_INITIALISED;
	else if (w->firmware.state == FW_INIT_DONE)
		s = DIAGRAM_FLUSHING;
	else if (w->firmware.init_failed)
		s = DIAGRAM_FAILED_INIT;
	else
		s = DIAGRAM_OPEN;
	return &s;
}

/* ---- what is shown of a difference ---- */

static void show_breaches(const char *who, const struct breaches *b, bool open, bool initialised)
{
	printf("      %s: window %s, %sinitialised;", who, open ? "open" : "closed",
	       initialised ? "" : "not ");
	if (!b->count)
		printf(" nothing");
	for (unsigned int i = 0; i < b->count; i++)
		if (b->list[i].cpu == SNP_NO_SUBJECT)
			printf(" %s", snp_breach_name(b->list[i].id));
		else
			printf(" %s:%u", snp_breach_name(b->list[i].id), b->list[i].cpu);
	printf("\n");
}

static void show(const struct config *c, const unsigned char *actions, int n,
		 const struct difference *d)
{
	printf("    differ on %s, after:", c->name);
	for (int i = 0; i < n; i++)
		printf(" %s", host_action_name(actions[i]));
	printf("\n      at %s\n", snp_event_name(d->kind));
	show_breaches("automaton", &d->code, d->open, d->initialised);
	show_breaches("model    ", &d->model, d->model_open, d->model_initialised);
}

/* ---- states that are met again ---- */

static __u64 hash(const void *bytes, size_t size, __u64 h)
{
	const unsigned char *p = bytes;
	__u64 word;

	for (; size; size -= size < 8 ? size : 8, p += 8) {
		word = 0;
		memcpy(&word, p, size < 8 ? size : 8);
		h = (h ^ word) * 0x9e3779b97f4a7c15ull;
		h ^= h >> 32;
	}
	return h;
}

static __u64 age(__u64 now_ns, __u64 then_ns)
{
	__u64 ns = now_ns - then_ns;

	return ns < SELF_ENABLE_NS ? ns : SELF_ENABLE_NS;
}

/* What decides nothing goes: texts, totals, who asked. Times become ages, as far as they count. */
static __u64 state_of(const struct run *r)
{
	struct automaton a = r->a;
	struct host host = r->host;
	unsigned char summary[MODEL_SUMMARY];
	__u64 h = 0xcbf29ce484222325ull, now_ns = host.now_ns;

	for (__u32 i = 0; i < MODEL_CPUS; i++) {
		struct cpu *c = &a.cpus[i];
		const unsigned char flags[] = {
			c->en,		c->present,	     c->online,
			c->readable,	c->told_without,     c->told_unknown,
			!c->moved_ns,	c->before.online,    c->before.snp_en,
			c->told_hsave,	c->rmpopt.state,     c->rmpopt.value,
			c->rmpopt.kept, c->rmpopt.kept_value
		};

		h = hash(flags, sizeof(flags), h);
		h = hash(&(__u64){ c->moved_ns ? age(now_ns, c->moved_ns) : 0 }, 8, h);
		h = hash(&(__u64){ c->no_hsave_ns ? 1 + age(now_ns, c->no_hsave_ns) : 0 }, 8, h);
	}
	a.w.cpus.list = NULL;
	memset(&a.w.tally, 0, sizeof(a.w.tally));
	a.w.tally.swept = r->a.w.tally.swept;
	a.w.tally.told_unverified = r->a.w.tally.told_unverified;
	if (r->a.w.tally.unverified_ns) {
		a.w.tally.unverified_ns = now_ns - r->a.w.tally.unverified_ns;
		if (a.w.tally.unverified_ns > WINDOW_UNVERIFIED_NS)
			a.w.tally.unverified_ns = WINDOW_UNVERIFIED_NS;
		a.w.tally.unverified_ns++;
	}
	a.w.life.windows = 0;
	a.w.life.opened_ns = a.w.holds.gap_up = a.w.holds.gap_down = 0;
	a.w.life.found_open = a.w.holds.assumed = false;
	/* The first sweep alone asks for it. */
	a.w.life.renewed &= !a.w.tally.swept;
	a.w.life.changed_ns = age(now_ns, a.w.life.changed_ns);
	if (a.w.life.changed_ns > WINDOW_SETTLE_NS)
		a.w.life.changed_ns = WINDOW_SETTLE_NS;
	a.w.holds.deficit_ns = a.w.holds.deficit_ns ? 1 + age(now_ns, a.w.holds.deficit_ns) : 0;
	a.w.rmpopt.same_ns = a.w.rmpopt.same_ns ? 1 + age(now_ns, a.w.rmpopt.same_ns) : 0;
	a.w.life.enabled = !!a.w.life.enabled;
	memset(&a.w.firmware.retried, 0, sizeof(a.w.firmware.retried));
	memset(&a.w.holds.last_disable, 0, sizeof(a.w.holds.last_disable));
	memset(&a.w.holds.last_other_enable, 0, sizeof(a.w.holds.last_other_enable));
	a.w.event = NULL;
	a.w.emit = NULL;
	a.w.ctx = NULL;
	h = hash(&a.w, sizeof(a.w), h);
	host.now_ns = 0;
	h = hash(&host, sizeof(host), h);
	memset(summary, 0, sizeof(summary));
	model_summary(r->history, r->events, now_ns, summary);
	return hash(summary, sizeof(summary), h) | 1;
}

struct set {
	__u64 *hashes;
	unsigned int *nodes;
	size_t size, used;
};

static void set_grow(struct set *s);

/* Where the hash is, or would be. */
static size_t set_slot(const struct set *s, __u64 h)
{
	size_t i = h * 0x9e3779b97f4a7c15ull >> 20 & (s->size - 1);

	while (s->hashes[i] && s->hashes[i] != h)
		i = (i + 1) & (s->size - 1);
	return i;
}

/* Returns the node that had this hash before, or adds it and returns node. */
static unsigned int set_add(struct set *s, __u64 h, unsigned int node)
{
	size_t i;

	if (s->used * 2 >= s->size)
		set_grow(s);
	i = set_slot(s, h);
	if (s->hashes[i])
		return s->nodes[i];
	s->hashes[i] = h;
	s->nodes[i] = node;
	s->used++;
	return node;
}

static void *allocate(size_t count, size_t size)
{
	void *p = calloc(count, size);

	if (!p) {
		fputs("model: out of memory\n", stderr);
		exit(1);
	}
	return p;
}

static void set_grow(struct set *s)
{
	struct set old = *s;

	s->size = old.size ? old.size * 2 : 1 << 12;
	s->used = 0;
	s->hashes = allocate(s->size, sizeof(*s->hashes));
	s->nodes = allocate(s->size, sizeof(*s->nodes));
	for (size_t i = 0; i < old.size; i++)
		if (old.hashes[i])
			set_add(s, old.hashes[i], old.nodes[i]);
	free(old.hashes);
	free(old.nodes);
}

static void set_free(struct set *s)
{
	free(s->hashes);
	free(s->nodes);
}

/* ---- random numbers: the same on every machine ---- */

static __u64 random_state = 1;

static __u32 any(__u32 below)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (random_state * 0x2545f4914f6cdd1dull >> 32) % below;
}

/* ---- all sequences of a family ---- */

/* BRIEF is for mutants: less deep, and over with the first difference. */
enum mode { SHORT, LONG, BRIEF };

struct family {
	const char *name;
	unsigned int configs; /* a bit for each */
	int depth, depth_of_long;
	const unsigned char *actions;
	unsigned int action_count;
	bool (*plausible)(const struct run *r, enum host_action action);
};

struct node {
	unsigned int parent;
	unsigned char action, tells;
};

struct search {
	const struct family *family;
	const struct config *config;
	bool brief;
	struct node *nodes;
	unsigned int count, room;
	struct set seen;
	unsigned long long steps, tried, unsound, differences;
};

static struct run path_run; /* large: not on the stack */

static int path(const struct search *s, unsigned int node, unsigned char actions[DEPTH_MAX],
		unsigned char tells[DEPTH_MAX])
{
	int n = 0;

	for (unsigned int i = node; i; i = s->nodes[i].parent)
		n++;
	for (int k = n; k--; node = s->nodes[node].parent) {
		actions[k] = s->nodes[node].action;
		if (tells)
			tells[k] = s->nodes[node].tells;
	}
	return n;
}

/* The run that leads to a node, once more; the model is not asked on the way. */
static void rerun(const struct search *s, unsigned int node, struct run *r)
{
	unsigned char actions[DEPTH_MAX], tells[DEPTH_MAX];
	int n = path(s, node, actions, tells);

	run_begin(r, s->config);
	for (int i = 0; i < n; i++) {
		struct breaches ignored = { 0 };
		unsigned int records =
			host_act(&r->host, actions[i], tells[i], &r->history[r->events]);

		for (; records; records--)
			window_feed(&r->a.w, &r->history[r->events++], note, &ignored);
	}
}

static unsigned int add_node(struct search *s, unsigned int parent, enum host_action action,
			     unsigned int tells)
{
	if (s->count == s->room) {
		s->room = s->room ? s->room * 2 : 1024;
		s->nodes = realloc(s->nodes, s->room * sizeof(*s->nodes));
		if (!s->nodes)
			abort();
	}
	s->nodes[s->count] = (struct node){ parent, action, tells };
	return s->count++;
}

/* Two histories taken for the same state: does the model say the same of what may follow? */
static bool is_sound(const struct search *s, unsigned int node, const struct run *r)
{
	static struct run a, b;

	rerun(s, node, &a);
	b = *r;
	automaton_point(&b.a);
	for (int i = 0; i < 6; i++) {
		enum host_action action = s->family->actions[any(s->family->action_count)];
		struct difference da = { 0 }, db = { 0 };
		unsigned int tells;

		if (!host_can(&a.host, action))
			continue;
		tells = host_tells(&a.host, action, &a.a.w);
		run_step(&a, action, tells, &da);
		run_step(&b, action, tells, &db);
		if (memcmp(&da.model, &db.model, sizeof(da.model)) ||
		    da.model_open != db.model_open)
			return false;
	}
	return true;
}

/*
 * What window_is_unsettled() promises, right after a sweep: if it is false, the next sweep has
 * nothing to tell, where nothing happens until then.
 */
static bool keeps_its_word(const struct run *r)
{
	static struct run later;
	struct breaches told = { 0 };
	unsigned int n;

	if (window_is_unsettled(&r->a.w))
		return true;
	later.host = r->host;
	later.a = r->a;
	automaton_point(&later.a);
	host_act(&later.host, HOST_WAIT, 0, later.history);
	n = host_act(&later.host, HOST_SWEEP, host_tells(&later.host, HOST_SWEEP, &later.a.w),
		     later.history);
	for (unsigned int i = 0; i < n; i++)
		window_feed(&later.a.w, &later.history[i], note, &told);
	return !told.count;
}

static bool seen_difference(const struct difference *d);

static void search_step(struct search *s, unsigned int node, const struct run *from,
			enum host_action action)
{
	struct run *r = &path_run;
	struct difference d;
	unsigned int tells, other;

	if (!host_can(&from->host, action))
		return;
	if (s->family->plausible && !s->family->plausible(from, action))
		return;
	r->host = from->host;
	r->a = from->a;
	automaton_point(&r->a);
	r->events = from->events;
	memcpy(r->history, from->history, from->events * sizeof(from->history[0]));
	tells = host_tells(&r->host, action, &r->a.w);
	s->steps++;
	if (!run_step(r, action, tells, &d)) {
		unsigned char actions[DEPTH_MAX];
		int n = path(s, node, actions, NULL);

		if (s->brief)
			exit(1);
		s->differences++;
		actions[n] = action;
		if (!seen_difference(&d))
			show(s->config, actions, n + 1, &d);
		return;
	}
	if (action == HOST_SWEEP && !keeps_its_word(r)) {
		unsigned char actions[DEPTH_MAX];
		int n = path(s, node, actions, NULL);

		if (s->brief)
			exit(1);
		if (!s->differences++) {
			printf("    not unsettled on %s, and the next sweep tells more, after:",
			       s->config->name);
			for (int i = 0; i < n; i++)
				printf(" %s", host_action_name(actions[i]));
			printf(" %s\n", host_action_name(action));
		}
	}
	other = set_add(&s->seen, state_of(r), s->count);
	if (other == s->count) {
		add_node(s, node, action, tells);
		return;
	}
	if (any(512))
		return;
	s->tried++;
	if (!is_sound(s, other, r)) {
		unsigned char actions[DEPTH_MAX];
		int n = path(s, node, actions, NULL);

		if (!s->unsound++) {
			actions[n] = action;
			printf("    merged, and not the same:");
			for (int i = 0; i <= n; i++)
				printf(" %s", host_action_name(actions[i]));
			n = path(s, other, actions, NULL);
			printf("\n                         and:");
			for (int i = 0; i < n; i++)
				printf(" %s", host_action_name(actions[i]));
			printf("\n");
		}
	}
}

static __u64 shown[SHOWN_MAX];
static unsigned int shown_count;

/* Of differences alike, the first is shown: it is the shortest. */
static bool seen_difference(const struct difference *d)
{
	__u64 h = hash(d, sizeof(*d), 1);

	for (unsigned int i = 0; i < shown_count; i++)
		if (shown[i] == h)
			return true;
	if (shown_count == SHOWN_MAX)
		return true;
	shown[shown_count++] = h;
	return false;
}

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* Returns whether the two agree. */
static bool search(const struct family *f, enum mode mode)
{
	int depth = mode == LONG ? f->depth_of_long : mode == BRIEF && !f->plausible ? 6 : f->depth;
	unsigned long long steps = 0, states = 0, tried = 0, unsound = 0;
	unsigned long long differences = 0;
	double begin = seconds();
	bool ended = true;

	shown_count = 0;
	random_state = 0x5eed;
	for (unsigned int i = 0; i < CONFIG_COUNT; i++) {
		struct search s = { .family = f, .config = &configs[i], .brief = mode == BRIEF };
		static struct run from;
		unsigned int level_end = 1, node = 0;
		int level = 0;

		if (!(f->configs & 1u << i))
			continue;
		add_node(&s, 0, 0, 0);
		run_begin(&from, s.config);
		set_add(&s.seen, state_of(&from), 0);
		for (; node < s.count; node++) {
			if (node == level_end) {
				level_end = s.count;
				level++;
			}
			if (level == depth) {
				ended = false;
				break;
			}
			rerun(&s, node, &from);
			for (unsigned int k = 0; k < f->action_count; k++)
				search_step(&s, node, &from, f->actions[k]);
		}
		steps += s.steps;
		states += s.count;
		tried += s.tried;
		unsound += s.unsound;
		differences += s.differences;
		set_free(&s.seen);
		free(s.nodes);
	}
	printf("%s %s: depth %d%s, %u actions, %llu steps, %llu states, merging tried %llu times, "
	       "%llu unsound, %llu differences, %.1f s\n",
	       differences || unsound ? "not ok" : "ok", f->name, depth,
	       ended ? " (all there are)" : "", f->action_count, steps, states, tried, unsound,
	       differences, seconds() - begin);
	fflush(stdout);
	return !differences && !unsound;
}

/* ---- random sequences, and how they shrink ---- */

/* Whether this sequence, as far as it can be, ends in a difference; then *n is shortened to it. */
static bool differs(const struct config *c, unsigned char *actions, int *n, struct difference *d)
{
	static struct run r;
	int done = 0;

	run_begin(&r, c);
	for (int i = 0; i < *n; i++) {
		if (!host_can(&r.host, actions[i]))
			continue;
		actions[done++] = actions[i];
		if (!run_step(&r, actions[i], host_tells(&r.host, actions[i], &r.a.w), d)) {
			*n = done;
			return true;
		}
	}
	return false;
}

/* Leaves out what can be left out, pairs too. */
static void shrink(const struct config *c, unsigned char *actions, int *n, struct difference *d)
{
	for (int width = 4; width; width--) {
		for (int i = 0; i + width < *n;) {
			unsigned char shorter[DEPTH_MAX];
			int m = *n - width;

			memcpy(shorter, actions, i);
			memcpy(shorter + i, actions + i + width, *n - i - width);
			if (!differs(c, shorter, &m, d)) {
				i++;
				continue;
			}
			memcpy(actions, shorter, m);
			*n = m;
			i = 0;
			width = 4;
		}
	}
	differs(c, actions, n, d);
}

static enum host_action likely_action(void)
{
	/* Those that end a story are rare. */
	enum host_action action = any(HOST_SNAPSHOT);

	if (action == HOST_END || action == HOST_KEXEC || action == HOST_LOST)
		action = any(16) ? HOST_SWEEP : action;
	return any(4) ? action : HOST_SWEEP;
}

static void begin_with_snapshot(unsigned char *actions)
{
	for (int i = 0; i < MODEL_CPUS; i++)
		*actions++ = HOST_SNAPSHOT + any(HOST_SNAPSHOT_DONE - HOST_SNAPSHOT);
	*actions = HOST_SNAPSHOT_DONE + any(HOST_ACTION_COUNT - HOST_SNAPSHOT_DONE);
}

/* A number of sequences, not a time: what fails on one machine fails on all. */
static bool wander(enum mode mode, unsigned int sequences, __u64 seed)
{
	double begin = seconds();
	unsigned long long differences = 0;

	shown_count = 0;
	random_state = seed;
	for (unsigned int sequence = 0; sequence < sequences; sequence++) {
		unsigned char actions[DEPTH_MAX];
		const struct config *c = &configs[any(CONFIG_COUNT)];
		struct difference d;
		int n = 8 + any(DEPTH_MAX - 8);

		for (int i = 0; i < n; i++)
			actions[i] = likely_action();
		if (any(2))
			begin_with_snapshot(actions);
		if (!differs(c, actions, &n, &d))
			continue;
		differences++;
		if (mode == BRIEF)
			return false;
		if (shown_count == SHOWN_MAX)
			continue;
		shrink(c, actions, &n, &d);
		if (!seen_difference(&d))
			show(c, actions, n, &d);
	}
	printf("%s random: seed %#llx, %u sequences of up to %d actions, %llu differences, %.1f "
	       "s\n",
	       differences ? "not ok" : "ok", (unsigned long long)seed, sequences, DEPTH_MAX,
	       differences, seconds() - begin);
	return !differences;
}

/* ---- the families ---- */

#define LIST(...)                                                                                  \
	(const unsigned char[]){ __VA_ARGS__ }, sizeof((const unsigned char[]){ __VA_ARGS__ })
#define PREPARE HOST_PREPARE_ENTER, HOST_PREPARE_OK, HOST_PREPARE_FAIL, HOST_ENABLE_0, HOST_ENABLE_1
#define FIRMWARE                                                                                   \
	HOST_INIT_OK, HOST_INIT_FAIL, HOST_INIT_RETRY, HOST_FLUSH_OK, HOST_FLUSH_FAIL,             \
		HOST_LEGACY_OK
#define FULL	HOST_FULL_OK, HOST_FULL_FAIL, HOST_X86_SHUTDOWN
#define BOOKS	HOST_OWNED_DISABLE, HOST_OWNED_ENABLE, HOST_FOREIGN_DISABLE, HOST_FOREIGN_ENABLE
#define HOTPLUG HOST_UP_0, HOST_UP_1, HOST_DOWN_0, HOST_DOWN_1
#define UNSEEN	HOST_UNSEEN_UP_1, HOST_UNSEEN_DOWN_1, HOST_SET_1, HOST_CLEAR_1, HOST_CLEAR_0
#define SWEEPS	HOST_SWEEP, HOST_WAIT
#define SNAPSHOT                                                                                   \
	HOST_BEFORE_ABSENT, HOST_BEFORE_OFFLINE, HOST_BEFORE_UNREADABLE, HOST_BEFORE_CLEAR,        \
		HOST_BEFORE_SET, HOST_BEFORE_SAME_BOOT, HOST_BEFORE_OTHER_BOOT

static bool is_plausible(const struct run *r, enum host_action action);

static const struct family families[] = {
	{ "life cycle and firmware", 0x75, 8, 11,
	  LIST(PREPARE, FIRMWARE, FULL, HOST_OLD_OK, SWEEPS), NULL },
	{ "life cycle and books", 0xb5, 8, 11,
	  LIST(HOST_PREPARE_ENTER, HOST_PREPARE_OK, HOST_PREPARE_FAIL, HOST_ENABLE_0, HOST_FULL_OK,
	       HOST_X86_SHUTDOWN, BOOKS, SWEEPS),
	  NULL },
	{ "life cycle and hotplug", 0x65, 8, 11,
	  LIST(HOST_PREPARE_ENTER, HOST_PREPARE_OK, HOST_ENABLE_0, HOST_ENABLE_1, HOST_FULL_OK,
	       HOTPLUG, SWEEPS),
	  NULL },
	{ "firmware and books", 0xa9, 8, 11,
	  LIST(HOST_ENABLE_0, HOST_INIT_OK, HOST_INIT_FAIL, HOST_INIT_RETRY, HOST_FLUSH_OK,
	       HOST_LEGACY_OK, HOST_FULL_OK, HOST_OWNED_DISABLE, HOST_OWNED_ENABLE,
	       HOST_COUNT_HIDDEN, SWEEPS),
	  NULL },
	{ "firmware and hotplug", 0xa8, 8, 11,
	  LIST(HOST_INIT_OK, HOST_FLUSH_OK, HOST_LEGACY_OK, HOST_FULL_OK, HOTPLUG, HOST_SET_1,
	       SWEEPS, HOST_WAIT_HALF),
	  NULL },
	{ "books and hotplug", 0x61, 8, 12,
	  LIST(HOST_ENABLE_0, HOST_FULL_OK, HOST_OWNED_DISABLE, HOST_OWNED_ENABLE,
	       HOST_FOREIGN_ENABLE, HOST_UP_1, HOST_DOWN_1, SWEEPS, HOST_WAIT_HALF),
	  NULL },
	{ "SNP_EN as sweeps find it", 0xcd, 8, 11,
	  LIST(HOST_PREPARE_ENTER, HOST_PREPARE_OK, HOST_ENABLE_1, HOST_FULL_OK, HOST_FULL_KEEPS,
	       UNSEEN, HOST_UNREADABLE_1, HOST_READABLE_1, HOST_UP_1, SWEEPS),
	  NULL },
	{ "records that are lost", 0x21, 8, 11,
	  LIST(HOST_PREPARE_ENTER, HOST_PREPARE_OK, HOST_ENABLE_0, HOST_INIT_OK, HOST_FLUSH_OK,
	       HOST_FULL_OK, HOST_OWNED_DISABLE, HOST_OWNED_ENABLE, HOST_LOST, HOST_END, SWEEPS),
	  NULL },
	{ "losses and CPUs", 0x81, 8, 11,
	  LIST(HOST_ENABLE_0, HOST_INIT_RETRY, HOST_FULL_OK, HOST_FULL_KEEPS, HOST_DOWN_1,
	       HOST_UNSEEN_UP_1, HOST_CLEAR_0, HOST_OWNED_ENABLE, HOST_LOST, SWEEPS),
	  NULL },
	{ "kexec, end and sweeps", 0x21, 8, 11,
	  LIST(HOST_ENABLE_0, HOST_FULL_OK, HOST_OWNED_DISABLE, HOST_UNSEEN_DOWN_1, HOST_DOWN_1,
	       HOST_UP_1, HOST_KEXEC, HOST_END, HOST_UNCOVERED, HOST_UNREADABLE_1,
	       HOST_SWEEP_UNSTABLE, HOST_SWEEP_OF_ALL, HOST_OTHER, HOST_DENIED, SWEEPS),
	  NULL },
	{ "whether SNP is initialised", 0x30e1, 6, 9,
	  LIST(HOST_PREPARE_ENTER, HOST_PREPARE_OK, HOST_ENABLE_0, HOST_ENABLE_1, FIRMWARE,
	       HOST_FULL_OK, HOST_SET_0, HOST_CLEAR_1, HOST_LOST, SWEEPS),
	  NULL },
	{ "sweeps that are not complete", 0x89, 8, 10,
	  LIST(HOST_SWEEP_UNSTABLE, HOST_WAIT_LONG, HOST_ENABLE_0, HOST_CLEAR_0, HOST_UP_1,
	       HOST_DOWN_1, HOST_LOST, HOST_FULL_OK, HOST_END, SWEEPS),
	  NULL },
	{ "VM_HSAVE_PA", 0x41, 8, 11,
	  LIST(HOST_HSAVE_CLEARED_0, HOST_HSAVE_CLEARED_1, HOST_HSAVE_SET_0, HOST_HSAVE_SET_1,
	       HOST_UP_1, HOST_DOWN_1, HOST_UNSEEN_DOWN_1, HOST_LOST, HOST_SWEEP_OF_ALL,
	       HOST_UNREADABLE_1, SWEEPS, HOST_WAIT_HALF),
	  NULL },
	{ "RMPOPT_BASE", 0x41, 7, 10,
	  LIST(HOST_ENABLE_0, HOST_INIT_OK, HOST_FLUSH_OK, HOST_LEGACY_OK, HOST_FULL_OK,
	       HOST_RMPOPT_ON_0, HOST_RMPOPT_ON_1, HOST_RMPOPT_OFF_0, HOST_RMPOPT_FAILS_0,
	       HOST_UNSEEN_DOWN_1, HOST_UP_1, HOST_LOST, SWEEPS, HOST_WAIT_HALF),
	  NULL },
	{ "RMPOPT_BASE at shutdowns", 0x1, 11, 12,
	  LIST(HOST_INIT_OK, HOST_FLUSH_OK, HOST_LEGACY_OK, HOST_FULL_OK, HOST_RMPOPT_ON_0,
	       HOST_RMPOPT_OFF_0, SWEEPS),
	  NULL },
	{ "since a snapshot", 0x768, 7, 10,
	  LIST(SNAPSHOT, UNSEEN, HOST_UNREADABLE_1, HOST_ENABLE_1, HOST_FULL_OK, HOST_UP_1,
	       HOST_DOWN_1, HOST_SWEEP_UNSTABLE, SWEEPS),
	  NULL },
	{ "kernels that begin inside a window", 0xf20, 6, 9,
	  LIST(HOST_BEFORE_ABSENT, HOST_BEFORE_SET, HOST_BEFORE_SAME_BOOT, HOST_BEFORE_OTHER_BOOT,
	       HOST_PREPARE_ENTER, HOST_PREPARE_OK, HOST_ENABLE_0, HOST_INIT_OK, HOST_FLUSH_OK,
	       HOST_FULL_OK, BOOKS, HOST_COUNT_HIDDEN, HOST_LOST, SWEEPS),
	  NULL },
};

/* The lives that the diagram draws: a kernel and a firmware that do things in their order. */
static const struct family lives = { "lives as drawn",
				     0x67,
				     12,
				     16,
				     LIST(HOST_PREPARE_ENTER, HOST_PREPARE_OK, HOST_PREPARE_FAIL,
					  HOST_ENABLE_0, HOST_ENABLE_1, FIRMWARE, HOST_FULL_OK,
					  HOST_SWEEP),
				     is_plausible };

static bool is_plausible(const struct run *r, enum host_action action)
{
	const struct window *w = &r->a.w;
	const struct host_cpu *c = r->host.cpus;

	switch (action) {
	case HOST_PREPARE_ENTER:
		return !w->life.preparing && !r->host.init_done;
	case HOST_PREPARE_OK:
		return w->life.preparing && c[0].snp_en && (c[1].snp_en || !c[1].online);
	case HOST_PREPARE_FAIL:
		return w->life.preparing && !w->life.open && !c[0].snp_en && !c[1].snp_en;
	case HOST_ENABLE_0:
		return w->life.preparing && !w->life.was_open && !c[0].snp_en;
	case HOST_ENABLE_1:
		return w->life.preparing && !w->life.was_open && c[0].snp_en && !c[1].snp_en;
	case HOST_INIT_OK:
	case HOST_INIT_FAIL:
	case HOST_INIT_RETRY:
		return !w->life.preparing && w->life.open && w->firmware.state != FW_INITIALISED &&
		       w->firmware.state != FW_INIT_DONE;
	case HOST_FLUSH_OK:
	case HOST_FLUSH_FAIL:
		return w->firmware.state == FW_INIT_DONE || w->firmware.init_retry;
	case HOST_LEGACY_OK:
	case HOST_FULL_OK:
		return w->firmware.state == FW_INITIALISED;
	default:
		return true;
	}
}

static unsigned int passed, failed;

static void count(bool ok, enum mode mode)
{
	if (ok)
		passed++;
	else
		failed++;
	if (mode == BRIEF && failed)
		exit(1);
}

int main(int argc, char **argv)
{
	const char *option = argc > 1 ? argv[1] : "";
	enum mode mode = !strcmp(option, "--long")    ? LONG
			 : !strcmp(option, "--brief") ? BRIEF
						      : SHORT;
	double begin = seconds();

	/* Most mutants don't get further than this. */
	if (mode == BRIEF)
		count(wander(mode, 1500, 0x5eed), mode);
	for (unsigned int i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		count(search(&families[i], mode), mode);
	drawing = true;
	count(search(&lives, mode), mode);
	drawing = false;
	count(diagram_agrees("docs/automaton.dot"), mode);
	for (unsigned int i = 0; i < (mode == LONG ? 10 : 1) && mode != BRIEF; i++)
		count(wander(mode, mode == LONG ? 80000 : 20000, 0x5eed + i), mode);
	printf("%.1f s\n%u passed, %u failed\n", seconds() - begin, passed, failed);
	return failed ? 1 : 0;
}
