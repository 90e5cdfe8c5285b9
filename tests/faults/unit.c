// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults in whole runs on the stand-ins (tests/unit/standin). Each scene is rehearsed once, which
 * gives all calls that the run makes; then it is played again for each call and each of its errnos,
 * in a process of its own. A table counts how the runs ended.
 *
 * usage: unit [--seconds N] [--seed N] [--call CALL] [--jobs N] [SCENE:CALL:NTH:ERRNO[:thread]]
 *   --seconds N  plays those that N seconds allow, chosen by the seed, which is printed
 *   --call CALL  those of one call
 *   SCENE:...    that one alone, with all that it says
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "plain/criterion/criterion.h"
#include "scene.h"
#include "sites.h"

enum { PLACES_MAX = 1 << 16, SLOTS = 64, PATIENCE_S = 60 };

void plain_fail(const char *file, int line, const char *what, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	dprintf(STDERR_FILENO, "%s:%d: %s", file, line, what);
	vdprintf(STDERR_FILENO, format, args);
	dprintf(STDERR_FILENO, "\n");
	va_end(args);
	_exit(PLAIN_FAILED);
}

struct rehearsal {
	struct facts facts;
	struct outcome outcome;
	struct fault_places places;
};

struct job {
	unsigned int scene;
	const struct fault_place *place;
	int err;
	unsigned int turn; /* of those of one site */
	unsigned int at;   /* among all, by chance */
};

static struct rehearsal *rehearsals[8];
static struct job *jobs;
static size_t job_count;

static void *shared(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED) {
		perror("mmap");
		exit(2);
	}
	return memory;
}

/* ---- one process ---- */

static void silence(int to)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	if (to >= 0)
		dup2(to, STDERR_FILENO);
}

static pid_t start(const struct job *j, struct outcome *o, int stderr_fd)
{
	pid_t child = fork();

	if (child)
		return child;
	silence(stderr_fd);
	alarm(PATIENCE_S);
	*o = (struct outcome){ 0 };
	scene_play(&scenes[j->scene], &rehearsals[j->scene]->facts, j->place, j->err, o);
	o->is_there = true;
	/* Leaks are looked for at the exit. */
	exit(0);
}

static void first_line(int fd, char *text, size_t size)
{
	static char all[1 << 16];
	ssize_t n = pread(fd, all, sizeof(all) - 1, 0);
	char *at;

	all[n > 0 ? n : 0] = 0;
	/* Of a sanitizer's report the line that says what it is. */
	at = strstr(all, "ERROR: ");
	if (!at)
		at = strstr(all, "runtime error: ");
	if (!at)
		at = all;
	snprintf(text, size, "%.*s", (int)strcspn(at, "\n"), at);
	at = strstr(all, "/src/");
	if (at)
		snprintf(text + strlen(text), size - strlen(text), " at %.*s",
			 (int)strcspn(at, "\n"), at + 1);
}

static void judge_end(int status, int stderr_fd, struct outcome *o)
{
	char text[300];

	if (WIFEXITED(status) && !WEXITSTATUS(status) && o->is_there)
		return;
	first_line(stderr_fd, text, sizeof(text));
	o->ending = ENDED_VIOLATION;
	o->violation = WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM ? VIOLATION_HUNG
									  : VIOLATION_CRASHED;
	snprintf(o->why, sizeof(o->why), "%s %d: %s", WIFSIGNALED(status) ? "signal" : "exit",
		 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), text);
}

/* ---- rehearsals ---- */

static bool rehearse(unsigned int scene)
{
	struct rehearsal *r = shared(sizeof(*r) + PLACES_MAX * sizeof(r->places.all[0]));
	int status;
	pid_t child;

	rehearsals[scene] = r;
	r->places.room = PLACES_MAX;
	child = fork();
	if (!child) {
		silence(-1);
		alarm(PATIENCE_S);
		scene_rehearse(&scenes[scene], &r->places, &r->facts, &r->outcome);
		r->outcome.is_there = true;
		exit(0);
	}
	waitpid(child, &status, 0);
	if (WIFEXITED(status) && !WEXITSTATUS(status) && r->outcome.ending == ENDED_UNCHANGED)
		return true;
	printf("the scene %s is unsound without a fault: status %#x, %s\n", scenes[scene].name,
	       (unsigned int)status, r->outcome.why);
	return false;
}

/* call: of this one alone, unless it is NULL. */
static void add_jobs(unsigned int scene, const char *call)
{
	const struct fault_places *places = &rehearsals[scene]->places;

	for (unsigned int i = 0; i < places->count; i++) {
		const struct fault_call_row *row = &fault_calls[places->all[i].call];

		if (call && strcmp(call, row->name))
			continue;
		for (const int *err = row->errnos; *err; err++)
			jobs[job_count++] = (struct job){ .scene = scene,
							  .place = &places->all[i],
							  .err = *err };
	}
}

static void list_jobs(const char *call)
{
	size_t most = 0;

	for (unsigned int i = 0; i < scene_count; i++)
		most += rehearsals[i]->places.count;
	jobs = calloc(most * ERRNOS_MAX + 1, sizeof(*jobs));
	if (!jobs)
		exit(2);
	for (unsigned int i = 0; i < scene_count; i++)
		add_jobs(i, call);
}

enum { SITES_SIZE = 1 << 18 };

static unsigned long hash_of(const struct fault_place *p)
{
	unsigned long hash = p->call * 31ul + p->phase;

	for (int i = 0; i < FAULT_FRAMES; i++)
		hash = (hash ^ (unsigned long)p->frames[i]) * 0x9e3779b97f4a7c15ul;
	return hash ? hash : 1;
}

/* How many of a site there were before. */
static unsigned int turn_of(const struct job *j)
{
	static struct {
		unsigned long hash;
		unsigned int turns;
	} sites[SITES_SIZE];
	unsigned long hash = hash_of(j->place);
	unsigned int i = hash >> 40 & (SITES_SIZE - 1);

	while (sites[i].hash && sites[i].hash != hash)
		i = (i + 1) & (SITES_SIZE - 1);
	sites[i].hash = hash;
	return sites[i].turns++;
}

static int by_turn(const void *a, const void *b)
{
	const struct job *j = a, *k = b;

	if (j->turn != k->turn)
		return j->turn < k->turn ? -1 : 1;
	return j->at < k->at ? -1 : 1;
}

/* By chance, but one of each place in the code before a second one of any: the first are a sample.
 */
static void shuffle(unsigned int seed)
{
	srandom(seed);
	for (size_t i = job_count; i > 1; i--) {
		size_t j = random() % i;
		struct job kept = jobs[i - 1];

		jobs[i - 1] = jobs[j];
		jobs[j] = kept;
	}
	for (size_t i = 0; i < job_count; i++) {
		jobs[i].turn = turn_of(&jobs[i]);
		jobs[i].at = i;
	}
	qsort(jobs, job_count, sizeof(*jobs), by_turn);
}

/* ---- all of them ---- */

static struct {
	pid_t child;
	const struct job *job;
	struct outcome *outcome;
	int stderr_fd;
} slots[SLOTS];

static unsigned int counts[FAULT_CALLS_NUM][ENDINGS_NUM], of_phase[PHASES_NUM][ENDINGS_NUM];

static void describe(const struct job *j, char *text, size_t size)
{
	snprintf(text, size, "%s:%s:%u:%s%s", scenes[j->scene].name,
		 fault_calls[j->place->call].name, j->place->nth, strerrorname_np(j->err),
		 j->place->other_thread ? ":thread" : "");
}

static void count(const struct job *j, const struct outcome *o)
{
	char text[80];

	counts[j->place->call][o->ending]++;
	of_phase[j->place->phase][o->ending]++;
	if (o->ending != ENDED_VIOLATION)
		return;
	describe(j, text, sizeof(text));
	sites_add(&(struct site){ .violation = o->violation, .place = j->place }, j->err, text,
		  o->why);
}

static void await_one(void)
{
	int status, i = 0;
	pid_t child = wait(&status);

	while (slots[i].child != child)
		i++;
	judge_end(status, slots[i].stderr_fd, slots[i].outcome);
	count(slots[i].job, slots[i].outcome);
	slots[i].child = 0;
}

/* Returns how many it played in so many seconds; 0: all. */
static size_t play_all(unsigned int seconds, unsigned int width)
{
	size_t begun = 0, wanted = job_count;
	time_t end = time(NULL) + seconds;

	for (unsigned int i = 0; i < width; i++) {
		slots[i].outcome = shared(sizeof(struct outcome));
		slots[i].stderr_fd = memfd_create("stderr", MFD_CLOEXEC);
	}
	for (unsigned int running = 0; begun < wanted || running;) {
		if (seconds && time(NULL) >= end)
			wanted = begun;
		if (begun == wanted && !running)
			break;
		if (begun == wanted || running == width) {
			await_one();
			running--;
			continue;
		}
		for (unsigned int i = 0; i < width; i++) {
			if (slots[i].child)
				continue;
			slots[i].job = &jobs[begun++];
			if (ftruncate(slots[i].stderr_fd, 0) ||
			    lseek(slots[i].stderr_fd, 0, SEEK_SET))
				exit(2);
			slots[i].child = start(slots[i].job, slots[i].outcome, slots[i].stderr_fd);
			running++;
			break;
		}
		if (begun % 1000 == 0 && isatty(STDERR_FILENO))
			fprintf(stderr, "%zu of %zu\r", begun, wanted);
	}
	return begun;
}

/* ---- the table ---- */

static void print_row(const char *name, const unsigned int n[ENDINGS_NUM])
{
	unsigned int all =
		n[ENDED_REFUSED] + n[ENDED_TOLD] + n[ENDED_UNCHANGED] + n[ENDED_VIOLATION];

	if (all)
		printf("%-16s %10u %10u %10u %10u %10u\n", name, all, n[ENDED_REFUSED],
		       n[ENDED_TOLD], n[ENDED_UNCHANGED], n[ENDED_VIOLATION]);
}

static void print_head(const char *what)
{
	printf("\n%-16s %10s %10s %10s %10s %10s\n", what, "injections", "refused", "told",
	       "unchanged", "violations");
}

static unsigned int print_tables(void)
{
	unsigned int all[ENDINGS_NUM] = { 0 };

	print_head("phase");
	for (int i = 0; i < PHASES_NUM; i++)
		print_row(fault_phase_names[i], of_phase[i]);
	print_head("call");
	for (int i = 0; i < FAULT_CALLS_NUM; i++) {
		print_row(fault_calls[i].name, counts[i]);
		for (int j = 0; j < ENDINGS_NUM; j++)
			all[j] += counts[i][j];
	}
	print_row("all", all);
	if (all[ENDED_NOT_REACHED])
		printf("%u more were not reached\n", all[ENDED_NOT_REACHED]);
	return all[ENDED_VIOLATION];
}

/* ---- main ---- */

static int play_one(const char *wanted)
{
	static struct outcome o;
	char text[80];

	for (size_t i = 0; i < job_count; i++) {
		describe(&jobs[i], text, sizeof(text));
		if (strcmp(text, wanted))
			continue;
		scene_play(&scenes[jobs[i].scene], &rehearsals[jobs[i].scene]->facts, jobs[i].place,
			   jobs[i].err, &o);
		scene_print_last();
		sites_print_place(jobs[i].place);
		printf("phase: %s\nending: %d\nviolation: %d\n%s\n",
		       fault_phase_names[jobs[i].place->phase], o.ending, o.violation, o.why);
		return o.ending == ENDED_VIOLATION;
	}
	fprintf(stderr, "no run makes %s\n", wanted);
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "seconds", required_argument, NULL, 't' },
						 { "call", required_argument, NULL, 'c' },
						 { "seed", required_argument, NULL, 's' },
						 { "jobs", required_argument, NULL, 'j' },
						 { 0 } };
	unsigned int seed = time(NULL), width = sysconf(_SC_NPROCESSORS_ONLN), violations;
	unsigned int seconds = 0;
	const char *call = NULL;
	bool sound = true;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 't')
			seconds = strtoul(optarg, NULL, 10);
		else if (option == 'c')
			call = optarg;
		else if (option == 's')
			seed = strtoul(optarg, NULL, 10);
		else if (option == 'j')
			width = strtoul(optarg, NULL, 10);
		else
			return 2;
	}
	for (unsigned int i = 0; i < scene_count; i++)
		sound &= rehearse(i);
	if (!sound)
		return 1;
	list_jobs(call);
	if (argv[optind])
		return play_one(argv[optind]);
	shuffle(seed);
	printf("seed %u\n", seed);
	fflush(stdout);
	printf("%zu of %zu faults\n", play_all(seconds, width < SLOTS ? width : SLOTS), job_count);
	violations = print_tables();
	sites_print();
	return violations > 0;
}
