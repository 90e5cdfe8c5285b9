// SPDX-License-Identifier: GPL-2.0-only
/*
 * What around the guard fails: its outputs, and its own looks at the host. The guard goes on, and
 * says so: as an event, on stderr, and in its exit status.
 */
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "contract/names.h"
#include "host/own_events.h"
#include "monitor/service.h"
#include "output/output_ops.h"
#include "run/run_state.h"
#include "util/complain.h"

/* ---- outputs ---- */

static int add_report(struct run *r)
{
	bool journal = r->settings->format == REPORT_JOURNAL;
	int err;

	fflush(stdout);
	r->report = journal ? SNP_PART_JOURNAL : SNP_PART_STDOUT;
	err = journal ? outputs_add(&r->outputs, r->report, &journal_ops, NULL, OUTPUTS_EACH)
		      : outputs_add_fd(&r->outputs, r->report, fileno(stdout));
	return err || outputs_stream(&r->outputs, r->report) ? err : -ENOMEM;
}

/*
 * Returns 0, or a negative errno for a path by which no file can be written: a mistake of whoever
 * named it. Creates nothing, and opens nothing: whoever reads a FIFO would see its end.
 */
static int check_path(const char *path)
{
	char dir[PATH_MAX];
	struct stat st;

	if (!stat(path, &st) && S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!access(path, W_OK))
		return 0;
	if (errno != ENOENT)
		return -errno;
	snprintf(dir, sizeof(dir), "%s", path);
	return access(dirname(dir), W_OK | X_OK) ? -errno : 0;
}

static int check_outputs(const struct run *r)
{
	const char *const paths[] = { r->settings->record, r->settings->ready };
	int err = r->settings->format == REPORT_JOURNAL ? journal_check() : 0;

	if (err)
		complain("can't report to the journal: %s", strerror(-err));
	for (size_t i = 0; !err && i < sizeof(paths) / sizeof(paths[0]); i++) {
		err = paths[i] ? check_path(paths[i]) : 0;
		if (err)
			complain("%s: %s", paths[i], strerror(-err));
	}
	return err;
}

static int add_ready_file(struct run *r)
{
	const char *path = r->settings->ready;
	char *copy = path ? strdup(path) : NULL;

	if (!path)
		return 0;
	return copy ? outputs_add(&r->outputs, SNP_PART_READY, &ready_ops, copy, OUTPUTS_EACH)
		    : -ENOMEM;
}

int run_add_outputs(struct run *r)
{
	int err = check_outputs(r);

	if (err)
		return err;
	err = outputs_open(&r->outputs);
	if (!err)
		err = add_report(r);
	if (!err)
		err = outputs_add_fd(&r->outputs, SNP_PART_STDERR, fileno(stderr));
	if (!err && r->settings->record)
		err = recorder_add(&r->outputs, SNP_PART_RECORDING);
	if (!err && r->settings->flight)
		err = recorder_add(&r->outputs, SNP_PART_FLIGHT);
	if (!err)
		err = add_ready_file(r);
	if (!err)
		err = service_add(&r->outputs);
	if (err)
		complain("can't add an output: %s", strerror(-err));
	return err;
}

static void put_complaint(void *ctx, const char *line, size_t size)
{
	outputs_put(ctx, SNP_PART_STDERR, line, size);
}

#define FIRST_NS NS_PER_S

int run_start_outputs(struct run *r)
{
	int err = outputs_start(&r->outputs);

	if (err) {
		complain("can't start a thread for each output: %s", strerror(-err));
		return err;
	}
	complain_through(put_complaint, &r->outputs);
	outputs_put(&r->outputs, SNP_PART_READY, "", 1);
	outputs_drain(&r->outputs, FIRST_NS);
	return 0;
}

/* As the user gave it. */
const char *run_output_name(const struct run *r, enum snp_part part)
{
	switch (part) {
	case SNP_PART_RECORDING:
		return r->settings->record;
	case SNP_PART_TEXTFILE:
		return r->settings->textfile;
	case SNP_PART_READY:
		return r->settings->ready;
	case SNP_PART_FLIGHT:
		return r->settings->flight;
	default:
		return snp_part_name(part);
	}
}

static void complain_of_output(const struct run *r, enum snp_part part, int err, __u64 lost)
{
	const char *name = run_output_name(r, part);

	if (err)
		complain("%s: %s; the guard goes on without it, and will end with status 3", name,
			 strerror(-err));
	else
		complain("%s: works again; lost: %llu", name, (unsigned long long)lost);
}

void run_tell_outputs(struct run *r)
{
	struct sink_state state;
	enum snp_part part;

	while (outputs_next_change(&r->outputs, &part, &state)) {
		complain_of_output(r, part, state.err, state.lost);
		session_fault(&r->session, part, state.err, state.lost);
	}
	/* Losses that go on are no news, but monitors count them. */
	for (int i = 0; i < SNP_PART_COUNT; i++)
		if (snp_part_is_output(i))
			r->session.parts[i].lost = outputs_state(&r->outputs, i).lost;
}

void run_close_outputs(struct run *r)
{
	struct sink_state states[SNP_PART_COUNT];
	bool stderr_works;

	complain_through(NULL, NULL);
	outputs_close(&r->outputs, states);
	stderr_works = !states[SNP_PART_STDERR].err;
	for (int i = 0; i < SNP_PART_COUNT; i++) {
		struct session_part *p = &r->session.parts[i];

		if (!snp_part_is_output(i))
			continue;
		if (stderr_works && (states[i].lost > p->lost || (states[i].err && !p->err)))
			complain("%s: %s; lost: %llu", run_output_name(r, i),
				 states[i].err ? strerror(-states[i].err) : "it failed for a time",
				 (unsigned long long)states[i].lost);
		p->err = states[i].err;
		p->lost = states[i].lost;
	}
}

/* ---- looks at the host ---- */

/* A look that fails is tried again at once; only what lasts hides anything. */
#define TROUBLE_NS (2 * NS_PER_S)

void run_trouble(struct run *r, enum snp_part part, int err)
{
	__u64 now = boottime_ns();

	if (!err)
		r->trouble_ns[part] = 0;
	else if (!r->trouble_ns[part])
		r->trouble_ns[part] = now;
	if (err && now - r->trouble_ns[part] < TROUBLE_NS)
		return;
	if (err && !r->session.parts[part].err)
		complain("%s: %s; the guard goes on, and tries again", snp_part_name(part),
			 strerror(-err));
	session_fault(&r->session, part, err, r->session.parts[part].lost);
}
