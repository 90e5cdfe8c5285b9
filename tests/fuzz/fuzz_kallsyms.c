// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/kallsyms: any text leads to ranges that can be, and symbols that are made up, written
 * in the kernel's format and looked up, are found where they were put.
 */
#include <stdbool.h>
#include <string.h>

#include "host/kallsyms.h"
#include "fuzz.h"

#define WANTED                                                                                     \
	{                                                                                          \
		{ .name = "snp_prepare" }, { .name = "cpu_hotplug_disable" }, { .module = "ccp" }, \
			{ .name = "snp_prepare", .module = "ccp" },                                \
		{                                                                                  \
			.module = "kvm_amd"                                                        \
		}                                                                                  \
	}
enum { WANTED_COUNT = 5, ENTRIES_MAX = 64 };

static void any_text(const uint8_t *data, size_t size)
{
	struct kallsym symbols[] = WANTED;
	FILE *f = fuzz_file(data, size);

	fuzz_check(!kallsyms_find(f, symbols, WANTED_COUNT), "a failure without a reason");
	fclose(f);
	for (int i = 0; i < WANTED_COUNT; i++) {
		const struct kallsym *s = &symbols[i];

		fuzz_check(s->count || (!s->start && !s->end), "a range without a symbol: %d", i);
		fuzz_check(!s->end || s->end > s->start, "%d: the end is not behind the start", i);
		fuzz_check(memchr(s->suffix, 0, sizeof(s->suffix)), "%d: no end", i);
		fuzz_check(s->form ? s->suffix[0] == '.' : !s->suffix[0], "%d: %s", i, s->suffix);
	}
}

struct entry {
	uint64_t address;
	char type;
	const char *name, *module;
};

/* The kernel's own symbols are sorted; a module's are not. All are 0 where they are hidden. */
static int make_up(struct cursor *c, struct entry *entries)
{
	static const char *const names[] = { "snp_prepare", "cpu_hotplug_disable.llvm.7",
					     "snp_prepare.isra.0.cold", "a" };
	static const char *const modules[] = { NULL, NULL, "ccp", "kvm_amd", "ccp_other" };
	uint64_t kernel = 0xffffffff81000000, module = 0xffffffffc0000000;
	bool hidden = take_byte(c) == 'h';
	int n = 0;

	while (c->left && n < ENTRIES_MAX) {
		struct entry *e = &entries[n++];
		uint8_t what = take_byte(c);

		e->name = names[what % 4];
		e->module = modules[what / 4 % 5];
		e->type = "tTwWdDbr"[what / 20 % 8];
		if (e->module)
			e->address = module + take_byte(c) * 0x234ull;
		else
			e->address = kernel += take_byte(c) * 4;
		if (hidden)
			e->address = 0;
	}
	return n;
}

static bool is_code(const struct entry *e)
{
	return strchr("tTwW", e->type) && e->address;
}

static bool same_module(const struct kallsym *s, const struct entry *e)
{
	return !s->module == !e->module && (!s->module || !strcmp(s->module, e->module));
}

/* As named or, in names[], renamed. */
static bool is_it(const struct kallsym *s, const struct entry *e)
{
	size_t len = strlen(s->name);

	return !strncmp(s->name, e->name, len) &&
	       (!e->name[len] || !strncmp(e->name + len, ".llvm.", 6));
}

/* Where s must be found among the entries. */
static struct kallsym expected(struct kallsym s, const struct entry *entries, int n)
{
	for (int i = 0; i < n; i++) {
		const struct entry *e = &entries[i];

		if (!same_module(&s, e) || (s.name ? !is_it(&s, e) : !is_code(e)))
			continue;
		if (!s.count++)
			s.start = e->address;
		if (!s.name && e->address < s.start)
			s.start = e->address;
		if (!s.name && e->address >= s.end)
			s.end = e->address / 4096 * 4096 + 4096;
	}
	if (!s.name)
		s.start = s.start / 4096 * 4096;
	for (int i = 0; s.name && !s.module && s.start && i < n; i++) {
		const struct entry *e = &entries[i];

		if (!e->module && is_code(e) && e->address > s.start &&
		    (!s.end || e->address < s.end))
			s.end = e->address;
	}
	return s;
}

static void made_up(const uint8_t *data, size_t size)
{
	struct kallsym symbols[] = WANTED, wanted[] = WANTED;
	struct entry entries[ENTRIES_MAX];
	struct cursor c = { data, size };
	int n = make_up(&c, entries);
	char text[ENTRIES_MAX * 64];
	size_t used = 0;
	FILE *f;

	for (int i = 0; i < n; i++) {
		const struct entry *e = &entries[i];

		used += sprintf(text + used,
				e->module ? "%016llx %c %s\t[%s]\n" : "%016llx %c %s\n",
				(unsigned long long)e->address, e->type, e->name, e->module);
	}
	f = fuzz_file((uint8_t *)text, used);
	fuzz_check(!kallsyms_find(f, symbols, WANTED_COUNT), "a failure without a reason");
	fclose(f);
	for (int i = 0; i < WANTED_COUNT; i++) {
		struct kallsym e = expected(wanted[i], entries, n);

		fuzz_check(symbols[i].count == e.count && symbols[i].start == e.start &&
				   symbols[i].end == e.end,
			   "%d: found %d times, %#llx to %#llx; put there %d times, %#llx to %#llx",
			   i, symbols[i].count, (unsigned long long)symbols[i].start,
			   (unsigned long long)symbols[i].end, e.count, (unsigned long long)e.start,
			   (unsigned long long)e.end);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	any_text(data, size);
	made_up(data, size);
	return 0;
}
