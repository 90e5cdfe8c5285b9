// SPDX-License-Identifier: GPL-2.0-only
#include "scene.h"

#include <errno.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "session/trace.h"
#include "standin/guard.h"
#include "standin/kernel.h"

/* ---- the script ---- */

static bool in_window, was_asked_to_end, is_to_be_named[4];
static unsigned int tries, passes;

static void user_tries(void)
{
	/* A guard that is not pinned promises nothing until it is ready. */
	if (!in_window || !(faults_is_running() || host_has("/sys/fs/bpf/snp-guard")))
		return;
	tries++;
	passes += !kernel_open_for_writing("cpu%u/online", 3);
}

static void window_opens(void)
{
	faults_set_phase(PHASE_WINDOW);
	kernel_begin_snp();
	in_window = true;
}

static void settings_change(void)
{
	faults_set_phase(PHASE_RELOAD);
	host_write("/etc/snp-guard.conf", "[severity]\ncpu-offlined = critical\n");
	/* Before the guard is in its loop, this signal ends it. */
	if (faults_is_running())
		sighup();
}

static void they_are_read(void)
{
	faults_set_phase(PHASE_WINDOW);
}

static void lose_snp_en(unsigned int cpu)
{
	host_set_snp_en(cpu, false);
	is_to_be_named[cpu] = faults_is_running();
}

static void cpu2_loses_snp_en(void)
{
	lose_snp_en(2);
}

static void cpu2_has_it_again(void)
{
	host_set_snp_en(2, true);
}

static void cpu1_loses_snp_en(void)
{
	lose_snp_en(1);
}

static void window_closes(void)
{
	faults_set_phase(PHASE_WINDOW_END);
	in_window = false;
	kernel_full_shutdown();
}

static void nothing_happens(void)
{
	faults_set_phase(PHASE_IDLE);
}

static void guard_is_asked_to_end(void)
{
	/* A start may take as long as it likes to try again. */
	if (was_asked_to_end || !faults_is_running())
		return;
	faults_set_phase(PHASE_EXIT);
	was_asked_to_end = true;
	sigterm();
}

/* Two windows: a whole one, and one that is open at the end. */
static void write_script(void)
{
	at(0.3, window_opens);
	at(1, settings_change);
	at(1.4, they_are_read);
	at(2, cpu2_loses_snp_en);
	at(3, cpu2_has_it_again);
	at(3.6, window_closes);
	at(4, nothing_happens);
	at(4.4, window_opens);
	at(5, cpu1_loses_snp_en);
	for (int i = 0; i < 28; i++)
		at(0.35 + 0.2 * i, user_tries);
	for (int i = 0; i < 20; i++)
		at(6 + 6 * i, guard_is_asked_to_end);
}

static char record[96], textfile[96];

static void begin_host(void)
{
	kernel_begin(4, "");
	kernel.disables_hotplug = true;
	host.watchdog_usec = 2000000;
	host_write("/etc/snp-guard.conf", "[severity]\ncpu-offlined = notice\n");
	in_window = was_asked_to_end = false;
	is_to_be_named[1] = is_to_be_named[2] = false;
	tries = passes = 0;
	snprintf(record, sizeof(record), "%s/record", host.kernel.files.root);
	snprintf(textfile, sizeof(textfile), "%s/metrics.prom", host.kernel.files.root);
	/* The lists of modules: ccp is looked for there, too. */
	kernel_fixture_ccp_listed(&host.kernel, "kernel/drivers/crypto/ccp/ccp.ko");
}

static void run_with(char *pin)
{
	guard("run", "--format", "json", "--interval", "0.6", "--flight-recorder",
	      "/var/lib/snp-guard", "--record", record, "--textfile", textfile, "--ready-file",
	      "/run/ready", "--listen", "127.0.0.1:0", pin, NULL);
}

static void play_new(void)
{
	write_script();
	faults_set_phase(PHASE_START);
	run_with(NULL);
}

static void play_pinned(void)
{
	write_script();
	faults_set_phase(PHASE_START);
	run_with("--pin");
}

/* A guard begins inside a window. */
static void play_late(void)
{
	kernel_begin_snp();
	in_window = true;
	play_new();
}

/* A guard resumes one that ended inside a window. */
static void play_adopted(void)
{
	in_window = true;
	write_script();
	faults_set_phase(PHASE_ADOPT);
	run_with("--pin");
}

const struct scene scenes[] = {
	{ "new", play_new, .pins = false },
	{ "late", play_late, .pins = false },
	{ "pinned", play_pinned, .pins = true },
	{ "adopted", play_adopted, .pins = true, .adopted = true },
};
const unsigned int scene_count = sizeof(scenes) / sizeof(scenes[0]);

/* What was there before the run that is watched. */
static void set_the_scene(const struct scene *s)
{
	begin_host();
	if (!s->adopted)
		return;
	at(1, kernel_begin_snp);
	guard("run", "--pin", "--for", "5", "--format", "json", NULL);
	cr_assert_eq(ended.status, 0, "%s", ended.err);
	host_forget_log();
}

/* ---- what a run said ---- */

static void add_line(char *lines, size_t size, const char *line)
{
	size_t len = strlen(line), used = strlen(lines);

	for (const char *at = lines; (at = strstr(at, line)); at++)
		if ((at == lines || at[-1] == '\n') && at[len] == '\n')
			return;
	cr_assert_lt(used + len + 2, size, "too many facts");
	sprintf(lines + used, "%s\n", line);
}

/* Of a line of JSON what says what it is about, not when or how often. */
static void add_said(struct facts *f, struct json_object *o)
{
	static const char *const members[] = { "type", "event",	       "state",	  "breach", "cpu",
					       "file", "command_name", "unknown", "part" };
	struct json_object *member;
	char line[400] = "";

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (json_object_object_get_ex(o, members[i], &member))
			snprintf(line + strlen(line), sizeof(line) - strlen(line), "%s=%s ",
				 members[i], json_object_get_string(member));
	/* Sweeps come as they come, and the gate's programs come and go with who writes. */
	if (strstr(line, "event=truth") || strstr(line, "event=gate state=steady") ||
	    strstr(line, "event=gate state=armed"))
		return;
	add_line(f->said, sizeof(f->said), line);
}

static void read_stdout(struct facts *f)
{
	char *save, *copy = strdup(ended.out);
	struct json_object *o;

	for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		o = json_tokener_parse(line);
		if (json_object_is_type(o, json_type_object))
			add_said(f, o);
		else
			add_line(f->said, sizeof(f->said), "no JSON");
		json_object_put(o);
	}
	free(copy);
}

static void read_recording(struct facts *f)
{
	FILE *file = fopen(record, "re");
	struct snp_event e;
	struct trace t;
	char line[64];

	if (!file)
		return;
	if (trace_open(&t, file))
		add_line(f->recorded, sizeof(f->recorded), "damaged");
	else
		while (trace_read(&t, &e) > 0) {
			if (e.kind == SNP_EV_TRUTH || e.kind == SNP_EV_GATE)
				continue;
			snprintf(line, sizeof(line), "kind %u of %d%s", e.kind, (int)e.subject,
				 e.kind == SNP_EV_CPU_STATE && !e.value ? " clear" : "");
			add_line(f->recorded, sizeof(f->recorded), line);
			if (e.kind == SNP_EV_END)
				break;
		}
	trace_close(&t);
}

static void read_metrics(struct facts *f)
{
	static char text[1 << 16];
	FILE *file = fopen(textfile, "re");

	if (!file)
		return;
	text[fread(text, 1, sizeof(text) - 1, file)] = 0;
	fclose(file);
	f->has_metrics = strstr(text, "snp_guard_breaches_total{breach=\"cpu-without-snp-en\"") &&
			 !strstr(text, "{breach=\"cpu-without-snp-en\",severity=\"critical\"} 0\n");
}

static void read_all(struct facts *f)
{
	f->status = ended.status;
	read_stdout(f);
	read_recording(f);
	read_metrics(f);
	snprintf(f->told, sizeof(f->told), "%s", ended.err);
}

/* The first line of all that some lacks; false if there is none. */
static bool lacks(const char *some, const char *all, char *line, size_t size)
{
	char wanted[512];
	size_t len;

	for (const char *at = all; *at; at += len) {
		len = strcspn(at, "\n") + 1;
		snprintf(wanted, sizeof(wanted), "\n%.*s", (int)len, at);
		if (strstr(some, wanted) || !strncmp(some, at, len))
			continue;
		snprintf(line, size, "%.*s", (int)len - 1, at);
		return true;
	}
	return false;
}

/* ---- judgement ---- */

static void __attribute__((format(printf, 3, 4)))
violates(struct outcome *o, enum violation v, const char *format, ...)
{
	va_list args;

	/* The first one stands. */
	if (o->ending == ENDED_VIOLATION)
		return;
	o->ending = ENDED_VIOLATION;
	o->violation = v;
	va_start(args, format);
	vsnprintf(o->why, sizeof(o->why), format, args);
	va_end(args);
	for (char *at = o->why; *at; at++)
		if (*at == '\n')
			*at = ' ';
}

static bool is_shut_afterwards(void)
{
	return kernel_open_for_writing("cpu%u/online", 3) == -EPERM;
}

/* Each program that it attached is gone, and a pinned guard's are not. */
static void judge_what_is_left(const struct scene *s, struct outcome *o)
{
	bool pinned = host_has("/sys/fs/bpf/snp-guard");

	if (s->adopted && !pinned)
		violates(o, VIOLATION_LEFT, "the pins are gone");
	if (s->adopted && in_window && !is_shut_afterwards())
		violates(o, VIOLATION_GATE, "the pinned gate is open after the guard");
	if (!pinned && (bpf_is_attached("gate_open") || bpf_is_attached("gate_open_modify")))
		violates(o, VIOLATION_LEFT, "its programs are still attached");
	if (!pinned && *host_read("/sys/kernel/tracing/kprobe_events"))
		violates(o, VIOLATION_LEFT, "it left %s",
			 host_read("/sys/kernel/tracing/kprobe_events"));
}

/* A path that is wrong is a mistake in the configuration; all else may pass, and is tried again. */
static bool may_be_for_good(int err)
{
	return err == ENOENT || err == ENOTDIR || err == ELOOP || err == ENAMETOOLONG ||
	       err == EISDIR || err == EACCES || err == EPERM;
}

static void judge_refusal(const struct scene *s, int err, struct outcome *o)
{
	unsigned int lines = times(ended.err, "\n");

	o->ending = ENDED_REFUSED;
	if (ended.status != UNVERIFIED && !(ended.status == CANNOT_RUN && may_be_for_good(err)))
		violates(o, VIOLATION_STATUS, "refused with status %d: %.200s", ended.status,
			 ended.err);
	if (lines != 1)
		violates(o, VIOLATION_UNCLEAR, "%u lines: %.300s", lines, ended.err);
	judge_what_is_left(s, o);
}

static bool names(const struct facts *f, unsigned int cpu)
{
	char lost[64], without[64];

	snprintf(lost, sizeof(lost), "breach=snp-en-lost cpu=%u ", cpu);
	snprintf(without, sizeof(without), "breach=cpu-without-snp-en cpu=%u ", cpu);
	return strstr(f->said, lost) || strstr(f->said, without) || f->has_metrics;
}

static bool tells_unknown(const struct facts *f)
{
	return strstr(f->said, "breach=blind") || strstr(f->said, "unknown=") ||
	       strstr(f->said, "event=lost");
}

static void judge_run(const struct scene *s, const struct facts *sound, const struct facts *f,
		      struct outcome *o)
{
	char lacking[256], more[256];
	const char *where = NULL;

	if (passes)
		violates(o, VIOLATION_GATE, "%u of %u tries passed", passes, tries);
	if (!was_asked_to_end)
		violates(o, VIOLATION_ENDED, "after %.1f s, status %d: %.300s", took(),
			 ended.status, ended.err);
	for (unsigned int cpu = 1; cpu <= 2; cpu++)
		if (is_to_be_named[cpu] && !names(f, cpu) && !tells_unknown(f))
			violates(o, VIOLATION_MISSED, "CPU %u; stderr: %.200s", cpu, ended.err);
	if (f->status != CRITICAL && f->status != UNVERIFIED)
		violates(o, VIOLATION_STATUS, "status %d", f->status);
	if (s->pins && in_window && !is_shut_afterwards())
		violates(o, VIOLATION_GATE, "the pinned gate is open after the guard");
	if (!s->pins)
		judge_what_is_left(s, o);
	if (o->ending == ENDED_VIOLATION)
		return;
	if (lacks(f->said, sound->said, lacking, sizeof(lacking)))
		where = "stdout";
	else if (lacks(f->recorded, sound->recorded, lacking, sizeof(lacking)))
		where = "the recording";
	else if (!f->has_metrics)
		where = strcpy(lacking, "the textfile");
	/* Told is what it says beside what it says without a fault. */
	if (f->status != sound->status || lacks(sound->told, f->told, more, sizeof(more)) ||
	    lacks(sound->said, f->said, more, sizeof(more)))
		o->ending = ENDED_TOLD;
	else if (where)
		violates(o, VIOLATION_SILENT, "%s lacks: %s", where, lacking);
	else
		o->ending = ENDED_UNCHANGED;
}

static void play(const struct scene *s, struct facts *f)
{
	s->play();
	*f = (struct facts){ 0 };
	read_all(f);
}

bool scene_rehearse(const struct scene *s, struct fault_places *places, struct facts *facts,
		    struct outcome *o)
{
	set_the_scene(s);
	faults_prepare(places, NULL, 0);
	play(s, facts);
	judge_run(s, facts, facts, o);
	if (!faults_is_running() || tries < 10)
		violates(o, VIOLATION_ENDED, "the rehearsal does not run: %.300s", ended.err);
	kernel_end();
	return o->ending == ENDED_UNCHANGED;
}

void scene_play(const struct scene *s, const struct facts *facts, const struct fault_place *place,
		int err, struct outcome *o)
{
	static struct facts f;

	set_the_scene(s);
	faults_prepare(NULL, place, err);
	play(s, &f);
	if (!faults_fired())
		o->ending = ENDED_NOT_REACHED;
	else if (!faults_is_running())
		judge_refusal(s, err, o);
	else
		judge_run(s, facts, &f, o);
	kernel_end();
}

void scene_print_last(void)
{
	printf("stdout:\n%s\nstderr:\n%s\nlog:\n%s\nstatus: %d\n", ended.out, ended.err, host.log,
	       ended.status);
}
