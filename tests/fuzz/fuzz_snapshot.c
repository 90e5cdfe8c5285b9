// SPDX-License-Identifier: GPL-2.0-only
/* Snapshots: what was read is written, reads the same, and is written the same once more. */
#include <errno.h>

#include "host/snapshot.h"
#include "fuzz.h"

static char *write_out(const struct snapshot *s, size_t *size)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, size);

	fuzz_check(f, "out of memory");
	fuzz_check(!snapshot_write(s, f), "can't be written");
	fclose(f);
	return text;
}

static void same(const struct snapshot *a, const struct snapshot *b)
{
	fuzz_check(!strcmp(a->boot_id, b->boot_id), "`%s`, `%s`", a->boot_id, b->boot_id);
	fuzz_check(!strcmp(a->release, b->release), "`%s`, `%s`", a->release, b->release);
	fuzz_check(a->hotplug_count == b->hotplug_count, "%d, %d", a->hotplug_count,
		   b->hotplug_count);
	fuzz_check(a->count == b->count, "%u, %u", a->count, b->count);
	for (unsigned int i = 0; i < a->count; i++) {
		const struct snapshot_cpu *c = &a->cpus[i], *d = &b->cpus[i];

		fuzz_check(c->present == d->present && c->online == d->online, "CPU %u", i);
		/* Of a CPU that is offline nothing else is known. */
		if (!c->online)
			continue;
		fuzz_check(!c->err == !d->err && (c->err || c->syscfg == d->syscfg), "CPU %u", i);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct snapshot first, second;
	char *written, *again;
	size_t len, again_len;
	FILE *f = fuzz_file(data, size);
	int err = snapshot_read(&first, f);

	fclose(f);
	fuzz_check(!err || err == -EBADMSG, "%d", err);
	if (err) {
		snapshot_free(&first);
		return 0;
	}
	fuzz_check(first.count <= CPULIST_MAX, "%u CPUs", first.count);
	written = write_out(&first, &len);
	f = fuzz_file((uint8_t *)written, len);
	err = snapshot_read(&second, f);
	fclose(f);
	fuzz_check(!err, "%d for what was written: %s", err, written);
	same(&first, &second);
	again = write_out(&second, &again_len);
	fuzz_check(len == again_len && !memcmp(written, again, len), "%s%s", written, again);
	free(written);
	free(again);
	snapshot_free(&first);
	snapshot_free(&second);
	return 0;
}
