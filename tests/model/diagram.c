// SPDX-License-Identifier: GPL-2.0-only
#include "diagram.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EDGES_MAX = 256, NAME_MAX_LEN = 32 };

struct edge {
	char from[NAME_MAX_LEN], to[NAME_MAX_LEN], action[NAME_MAX_LEN];
	bool seen, drawn;
};

static struct edge edges[EDGES_MAX];
static unsigned int edge_count;

static struct edge *edge(const char *from, const char *to, const char *action)
{
	struct edge *e;

	for (unsigned int i = 0; i < edge_count; i++) {
		e = &edges[i];
		if (!strcmp(e->from, from) && !strcmp(e->to, to) && !strcmp(e->action, action))
			return e;
	}
	if (edge_count == EDGES_MAX)
		abort();
	e = &edges[edge_count++];
	snprintf(e->from, sizeof(e->from), "%s", from);
	snprintf(e->to, sizeof(e->to), "%s", to);
	snprintf(e->action, sizeof(e->action), "%s", action);
	return e;
}

void diagram_saw(enum window_diagram_state from, enum window_diagram_state to, const char *action)
{
	static const char *const names[] = {
#define X(sym, name) name,
		DIAGRAM_STATES(X)
#undef X
	};

	if (from != to)
		edge(names[from], names[to], action)->seen = true;
}

/* A label lists the actions, one a line: `a\nb`. */
static void drawn(const char *from, const char *to, char *label)
{
	for (char *next; label; label = next) {
		next = strstr(label, "\\n");
		if (next) {
			*next = 0;
			next += 2;
		}
		edge(from, to, label)->drawn = true;
	}
}

bool diagram_agrees(const char *path)
{
	FILE *f = fopen(path, "re");
	char line[512];
	bool agrees = true;
	unsigned int count = 0;

	while (f && fgets(line, sizeof(line), f)) {
		char from[NAME_MAX_LEN], to[NAME_MAX_LEN], label[256];

		if (sscanf(line, " %31[a-z_] -> %31[a-z_] [label=\"%255[^\"]\"", from, to, label) ==
		    3)
			drawn(from, to, label);
	}
	if (f)
		fclose(f);
	for (unsigned int i = 0; i < edge_count; i++) {
		const struct edge *e = &edges[i];

		count += e->drawn;
		if (e->seen == e->drawn)
			continue;
		agrees = false;
		printf("    %s: %s -> %s [label=\"%s\"]\n",
		       e->seen ? "not drawn" : "drawn, not made", e->from, e->to, e->action);
	}
	agrees &= count > 0;
	printf("%s diagram: %u transitions drawn in %s\n", agrees ? "ok" : "not ok", count, path);
	return agrees;
}
