// SPDX-License-Identifier: GPL-2.0-only
#include "session/recorder.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "contract/explain.h"
#include "contract/names.h"
#include "util/stamp.h"

/* An item is one of these, by its size: an event, or what a recording begins with. */
struct beginning {
	enum recorder_place place;
	char path[PATH_MAX];
	struct trace_header header;
	__u32 state_size; /* 0: no state */
	unsigned char state[];
};

/* ---- for the guard ---- */

void recorder_begin(struct outputs *o, enum snp_part part, const char *path,
		    enum recorder_place place, const struct trace_header *header, const void *state,
		    __u32 state_size)
{
	size_t size = sizeof(struct beginning) + state_size;
	struct beginning *b = malloc(size);

	if (!b) {
		outputs_lose(o, part);
		return;
	}
	*b = (struct beginning){ .place = place, .header = *header, .state_size = state_size };
	snprintf(b->path, sizeof(b->path), "%s", path);
	if (state)
		memcpy(b->state, state, state_size);
	outputs_put(o, part, b, size);
	free(b);
}

void recorder_event(struct outputs *o, enum snp_part part, const struct snp_event *e)
{
	outputs_put(o, part, e, sizeof(*e));
}

/* ---- a directory that keeps its newest recordings ---- */

static const char suffix[] = ".trace";

int recorder_path(char *path, size_t size, const char *dir, __s64 real_ns, enum snp_breach breach)
{
	char stamp[STAMP_SIZE];

	return snprintf(path, size, "%s/%s-%s%s", dir, stamp_utc(real_ns, false, stamp),
			snp_breach_name(breach), suffix);
}

/* Named by recorder_path(). Other files there are not the guard's to remove. */
static int is_recording(const struct dirent *d)
{
	int stamp = 0, end = 0;
	char breach[64];

	return sscanf(d->d_name,
		      "%*4[0-9]-%*2[0-9]-%*2[0-9]T%*2[0-9]:%*2[0-9]:%*2[0-9]Z-%n%63[^.]%n", &stamp,
		      breach, &end) == 1 &&
	       stamp == (int)strlen("2026-06-01T00:16:44Z-") && !strcmp(d->d_name + end, suffix) &&
	       explain_breach_by_name(breach) >= 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*b)->d_name, (*a)->d_name);
}

/* Names begin with a time, so the newest stand first. What can't be removed stays. */
static void prune(const char *dir)
{
	unsigned long long bytes = 0;
	unsigned int kept = 0;
	struct dirent **found;
	int count = scandir(dir, &found, is_recording, by_name);

	for (int i = 0; i < count; i++) {
		char path[PATH_MAX];
		struct stat st;

		if (snprintf(path, sizeof(path), "%s/%s", dir, found[i]->d_name) <
			    (int)sizeof(path) &&
		    !lstat(path, &st)) {
			/* One more is about to come. */
			if (kept == RECORDER_FILES - 1 || bytes + st.st_size > RECORDER_BYTES ||
			    time(NULL) - st.st_mtime > RECORDER_AGE_S) {
				unlink(path);
			} else {
				kept++;
				bytes += st.st_size;
			}
		}
		free(found[i]);
	}
	if (count >= 0)
		free(found);
}

static int prepare_directory(const char *file)
{
	char dir[PATH_MAX];

	snprintf(dir, sizeof(dir), "%s", file);
	*strrchr(dir, '/') = 0;
	for (char *slash = strchr(dir + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		if (mkdir(dir, 0755) && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	if (mkdir(dir, 0700) && errno != EEXIST)
		return -errno;
	prune(dir);
	return 0;
}

static int keep_last(const char *file)
{
	char kept[PATH_MAX + 2];

	snprintf(kept, sizeof(kept), "%s.1", file);
	return rename(file, kept) && errno != ENOENT ? -errno : 0;
}

/* ---- for the sink ---- */

static int write_beginning(struct trace *t, const struct beginning *b)
{
	int err = 0;

	trace_close(t);
	if (b->place == RECORDER_ROTATE)
		err = keep_last(b->path);
	else if (b->place == RECORDER_KEEP)
		err = prepare_directory(b->path);
	/* What is at the path is whole, and stays until another recording can take its place. */
	if (err)
		return err;
	err = trace_create(t, b->path, &b->header, b->state_size ? b->state : NULL, b->state_size);
	if (!err)
		return 0;
	/* It is begun anew, and a part of it is not to be kept as FILE.1. */
	if (t->writes && b->place != RECORDER_REPLACE)
		unlink(b->path);
	trace_close(t);
	return err;
}

static int write_event(struct trace *t, const struct snp_event *e, __u32 *lost)
{
	struct snp_event gap = {
		.kind = SNP_EV_LOST,
		.time_ns = e->time_ns,
		.subject = SNP_NO_SUBJECT,
		.count = SNP_COUNT_UNKNOWN,
		.status = SNP_BLIND_RECORDING,
		.value = *lost,
	};
	int err = *lost ? trace_write(t, &gap) : 0;

	if (err)
		return err;
	*lost = 0;
	return trace_write(t, e);
}

static int recorder_write(void *ctx, const void *data, size_t size, size_t *done, __u32 *lost)
{
	struct trace *t = ctx;
	int err;

	if (size != sizeof(struct snp_event))
		err = write_beginning(t, data);
	else if (!t->writes)
		return SINK_DROP;
	else
		err = write_event(t, data, lost);
	if (!err)
		*done = size;
	return err;
}

static void recorder_close(void *ctx)
{
	trace_close(ctx);
	free(ctx);
}

static const struct sink_ops recorder_ops = { .write = recorder_write, .close = recorder_close };

int recorder_add(struct outputs *o, enum snp_part part)
{
	struct trace *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	return outputs_add(o, part, &recorder_ops, t, OUTPUTS_EACH);
}
