// SPDX-License-Identifier: GPL-2.0-only
#include "sites.h"

#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SITES = 4096, CHAIN = 200 };

static struct known_site {
	enum violation violation;
	enum fault_call call;
	enum fault_phase phase;
	void *frames[FAULT_FRAMES];
	unsigned int times;
	char errnos[200], example[80], why[400];
} sites[SITES];
static unsigned int count;

static bool is_same(const struct known_site *k, const struct site *s)
{
	return k->violation == s->violation && k->call == s->place->call &&
	       k->phase == s->place->phase &&
	       !memcmp(k->frames, s->place->frames, sizeof(k->frames));
}

static void add_errno(struct known_site *k, int err)
{
	const char *name = strerrorname_np(err);
	size_t used = strlen(k->errnos);

	if (!strstr(k->errnos, name))
		snprintf(k->errnos + used, sizeof(k->errnos) - used, "%s%s", used ? " " : "", name);
}

void sites_add(const struct site *s, int err, const char *example, const char *why)
{
	struct known_site *k = sites;

	while (k < sites + count && !is_same(k, s))
		k++;
	if (k == sites + count) {
		if (count == SITES)
			return;
		count++;
		*k = (struct known_site){ .violation = s->violation,
					  .call = s->place->call,
					  .phase = s->place->phase };
		memcpy(k->frames, s->place->frames, sizeof(k->frames));
		snprintf(k->example, sizeof(k->example), "%s", example);
		snprintf(k->why, sizeof(k->why), "%s", why);
	}
	k->times++;
	add_errno(k, err);
}

/* ---- names for addresses ---- */

/* A function of this program, by addr2line; false for one of a library or of the harness. */
static bool name_of(void *address, char *name, size_t size)
{
	char command[256], file[256] = "";
	Dl_info of, own;
	FILE *pipe;

	if (!dladdr(address, &of) || !dladdr((void *)name_of, &own) ||
	    of.dli_fbase != own.dli_fbase)
		return false;
	snprintf(command, sizeof(command), "addr2line -f -e /proc/%d/exe %#lx", (int)getpid(),
		 (unsigned long)((uintptr_t)address - (uintptr_t)of.dli_fbase - 1));
	pipe = popen(command, "re");
	if (!pipe)
		return false;
	if (!fgets(name, (int)size, pipe) || !fgets(file, sizeof(file), pipe))
		name[0] = 0;
	pclose(pipe);
	name[strcspn(name, "\n")] = 0;
	return strstr(file, "src/") && !strstr(file, "tests/");
}

static void chain_of(void *const frames[FAULT_FRAMES], unsigned int most, char *chain)
{
	char name[80];

	*chain = 0;
	for (int i = 0; i < FAULT_FRAMES && frames[i] && most; i++) {
		if (!name_of(frames[i], name, sizeof(name)))
			continue;
		snprintf(chain + strlen(chain), CHAIN - strlen(chain), "%s%s", *chain ? " < " : "",
			 name);
		most--;
	}
}

void sites_print_place(const struct fault_place *place)
{
	char chain[CHAIN];

	chain_of(place->frames, FAULT_FRAMES, chain);
	printf("call: %s in %s\n", fault_calls[place->call].name, chain);
}

static int by_violation(const void *a, const void *b)
{
	const struct known_site *s = a, *t = b;

	if (s->violation != t->violation)
		return (int)s->violation - (int)t->violation;
	return (int)s->phase - (int)t->phase;
}

void sites_print(void)
{
	static const char *const names[] = {
#define X(symbol, name, meaning) name,
		VIOLATIONS(X)
#undef X
	};
	char chain[CHAIN];

	qsort(sites, count, sizeof(sites[0]), by_violation);
	for (unsigned int i = 0; i < count; i++) {
		const struct known_site *k = &sites[i];

		chain_of(k->frames, 4, chain);
		printf("\n%s: %s at %s, in %s\n  %u times, by %s\n  e.g. %s: %s\n",
		       names[k->violation], fault_calls[k->call].name, fault_phase_names[k->phase],
		       chain, k->times, k->errnos, k->example, k->why);
	}
}
