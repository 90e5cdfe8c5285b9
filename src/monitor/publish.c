// SPDX-License-Identifier: GPL-2.0-only
#include "monitor/publish.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/own_events.h"
#include "util/complain.h"
#include "monitor/metrics.h"
#include "output/output_ops.h"
#include "util/textfile.h"

static int add_textfile(struct outputs *outputs, const char *path)
{
	char *copy = strdup(path);

	return copy ? outputs_add(outputs, SNP_PART_TEXTFILE, &textfile_ops, copy, OUTPUTS_NEWEST)
		    : -ENOMEM;
}

__u64 publish_stale_ns(double interval_s)
{
	return (3 * interval_s + 5) * 1e9;
}

int publisher_check(const char *textfile)
{
	if (!textfile || textfile_is_one(textfile))
		return 0;
	complain("%s: not a regular file, and metrics would take its place; name another file",
		 textfile);
	return -EINVAL;
}

int publisher_open(struct publisher *p, struct outputs *outputs, const char *textfile,
		   const char *listen, const double *interval_s)
{
	int err = publisher_check(textfile);

	*p = (struct publisher){ .outputs = outputs,
				 .textfile = textfile,
				 .interval_s = interval_s };
	if (err)
		return err;
	if (textfile)
		err = add_textfile(outputs, textfile);
	if (err) {
		complain("can't write metrics to %s: %s", textfile, strerror(-err));
		return err;
	}
	if (listen)
		err = listener_open(&p->listener, listen);
	if (err)
		complain("can't listen at %s: %s", listen, strerror(-err));
	return err;
}

int publisher_load(const struct publisher *p)
{
	if (!p->listener || listener_can_start())
		return 0;
	complain("can't load libmicrohttpd, which --listen needs; install it");
	return -ELIBACC;
}

int publisher_start(struct publisher *p)
{
	int err = p->listener ? listener_start(p->listener) : 0;

	if (err)
		complain("can't serve metrics: %s", strerror(-err));
	return err;
}

void publisher_close(struct publisher *p)
{
	listener_close(p->listener);
	*p = (struct publisher){ 0 };
}

enum guard_state publish_gate(const struct publish_counters *c)
{
	if (!c || c->ended)
		return GUARD_DETACHED;
	if (c->degraded)
		return GUARD_DEGRADED;
	if (c->audit)
		return GUARD_AUDITING;
	return c->no_gate ? GUARD_DEGRADED : GUARD_ENFORCING;
}

static void count_cpus(struct metrics_facts *f, const struct window *w)
{
	for (unsigned int i = 0; i < CPULIST_MAX; i++) {
		struct window_cpu c = window_cpu(w, i);

		f->cpus_present += c.present;
		f->cpus_online += c.online;
		f->cpus_snp_en += c.online && c.readable && c.snp_en;
	}
}

/* As UNIX time. Live, time() is right: the host's clock may have been set since the start. */
static double last_check(const struct session *s, bool live)
{
	if (!s->swept_ns)
		return 0;
	if (live)
		return (double)(time(NULL) - (time_t)((boottime_ns() - s->swept_ns) / 1000000000));
	return (double)((s->host.realtime_offset_ns + (__s64)s->swept_ns) / 1000000000);
}

static struct metrics_facts facts_of(const struct session *s, const struct publish_counters *c)
{
	struct metrics_facts f = {
		.kernel = s->host.release,
		.window_open = window_is_open(s->window),
		.gate = publish_gate(c),
		.gate_hook = s->gate_hook,
		.uncovered = s->uncovered_count,
		.guests = s->guests,
		.totals = window_totals(s->window),
		.recorded = !c,
		.last_check = last_check(s, c),
	};

	f.denied = c ? c->denied : f.totals.denied;
	f.missed = c ? c->missed : 0;
	for (int i = 0; i < SNP_PART_COUNT; i++) {
		f.lost[i] = s->parts[i].lost;
		f.fails[i] = s->parts[i].err;
	}
	count_cpus(&f, s->window);
	return f;
}

static void tell_service(struct publisher *p, const struct session *s,
			 const struct publish_counters *c)
{
	struct service_facts f = {
		.gate = guard_state_name(publish_gate(c)),
		.window_open = window_is_open(s->window),
		.windows = window_totals(s->window).windows,
		.worst = snp_severity_name(s->worst),
		.denied = c->denied,
	};

	for (int i = 0; i < SNP_BREACH_COUNT; i++)
		f.breaches += s->breaches[i].counted;
	service_status(p->outputs, p->status, &f);
}

static int render(const struct metrics_facts *f, char **text, size_t *len)
{
	FILE *out = open_memstream(text, len);
	int err;

	if (!out)
		return -errno;
	err = metrics_render(out, METRICS_OF_RUN, f);
	if (fclose(out) && !err)
		err = -errno;
	/* glibc's stream succeeds without memory for the text. */
	return err || *text ? err : -ENOMEM;
}

void publish(struct publisher *p, const struct session *s, const struct publish_counters *counters)
{
	struct metrics_facts facts;
	char *text = NULL;
	size_t len = 0;
	int err;

	if (counters)
		tell_service(p, s, counters);
	if (!p->textfile && !p->listener)
		return;
	facts = facts_of(s, counters);
	err = render(&facts, &text, &len);
	if (!err && p->listener)
		err = listener_publish(p->listener, text, len, publish_stale_ns(*p->interval_s));
	if (!err && p->textfile && p->outputs)
		outputs_put(p->outputs, SNP_PART_TEXTFILE, text, len);
	else if (!err && p->textfile)
		err = textfile_write(p->textfile, text, len);
	if (err && !p->complained)
		complain("%s: %s", p->textfile ? p->textfile : "metrics", strerror(-err));
	p->complained = err;
	free(text);
}
