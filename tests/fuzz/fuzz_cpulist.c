// SPDX-License-Identifier: GPL-2.0-only
/* Lists of CPUs: the set is that of a second reader, and survives being written and read. */
#include <errno.h>

#include "util/cpulist.h"
#include "fuzz.h"

/* The grammar once more, slowly: NUMBER[-NUMBER], parted by commas, and one newline at most. */
static int second_reader(const char *text, unsigned char *bits)
{
	const char *p = text;

	if (!*p || !strcmp(p, "\n"))
		return 0;
	for (;;) {
		unsigned long bound[2];

		for (int i = 0; i < 2; i++) {
			if (*p < '0' || *p > '9')
				return -EINVAL;
			for (bound[i] = 0; *p >= '0' && *p <= '9'; p++) {
				bound[i] = bound[i] * 10 + (*p - '0');
				if (bound[i] >= CPULIST_MAX)
					bound[i] = CPULIST_MAX;
			}
			if (bound[i] == CPULIST_MAX)
				return -ERANGE;
			if (i == 0 && *p != '-') {
				bound[1] = bound[0];
				break;
			}
			p += i == 0;
		}
		if (bound[1] < bound[0])
			return -EINVAL;
		memset(bits + bound[0], 1, bound[1] - bound[0] + 1);
		if (*p != ',')
			break;
		p++;
	}
	return !*p || !strcmp(p, "\n") ? 0 : -EINVAL;
}

static void same(const struct cpulist *a, const struct cpulist *b)
{
	fuzz_check(cpulist_count(a) == cpulist_count(b), "%u and %u CPUs", cpulist_count(a),
		   cpulist_count(b));
	for (unsigned int i = 0; i < a->len; i++)
		fuzz_check(cpulist_has(a, i) == cpulist_has(b, i), "CPU %u", i);
}

static void round_trip(const struct cpulist *set)
{
	/* Six characters a CPU, and none longer than if no two are neighbours. */
	static char text[CPULIST_MAX * 6 + 8];
	struct cpulist again;

	cpulist_format(set, text, sizeof(text));
	fuzz_check(!cpulist_parse(&again, text), "`%.200s`", text);
	same(set, &again);
	cpulist_free(&again);
}

/* What is cut off is told, and what is there belongs to the set. */
static void cut(const struct cpulist *set, size_t size)
{
	char *text = malloc(size), *end;
	struct cpulist part;

	fuzz_check(text, "out of memory");
	fuzz_check(cpulist_format(set, text, size) == text, "not the buffer");
	fuzz_check(strlen(text) < size, "longer than its buffer");
	end = strstr(text, "...");
	fuzz_check(!end || !end[3], "something follows the dots: `%s`", text);
	if (end)
		*end = 0;
	fuzz_check(!cpulist_parse(&part, text), "`%s`", text);
	if (end)
		fuzz_check(cpulist_count(&part) < cpulist_count(set), "nothing was cut");
	else
		same(set, &part);
	for (unsigned int i = 0; i < part.len; i++)
		fuzz_check(!cpulist_has(&part, i) || cpulist_has(set, i), "CPU %u", i);
	cpulist_free(&part);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned char bits[CPULIST_MAX];
	struct cursor c = { data, size };
	struct cpulist set;
	char *text;
	int err, expected;
	unsigned int room = 8 + take_byte(&c);

	text = take_part(&c, 0);
	if (!text)
		return 0;
	memset(bits, 0, sizeof(bits));
	expected = second_reader(text, bits);
	err = cpulist_parse(&set, text);
	fuzz_check(err == expected, "%d, and %d by the second reader", err, expected);
	if (!err) {
		unsigned int len = set.len < CPULIST_MAX ? set.len : CPULIST_MAX;

		fuzz_check(!len || !memcmp(set.bits, bits, len), "another set");
		fuzz_check(!memchr(bits + len, 1, CPULIST_MAX - len), "CPUs are missing");
		round_trip(&set);
		cut(&set, room);
	} else {
		fuzz_check(!cpulist_count(&set), "a set in spite of a failure");
	}
	cpulist_free(&set);
	free(text);
	return 0;
}
