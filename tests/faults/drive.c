// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults in guards on an emulated SNP host, for tests/lab/faults.sh: starts one guard after the
 * other with the shim (shim.c), has one call fail, and looks whether the contract's rule holds:
 * inside a window no guarded file is opened for writing or written while a guard runs or is pinned,
 * and a CPU that loses SNP_EN is named, or events are told to be missing. Which call fails, where
 * and how is chosen at random, by a seed that is printed.
 *
 * usage: drive SHIM SECONDS SEED
 *
 * Needs ccp and kvm-amd not loaded, and msr loaded. Prints a table, and one line for each
 * violation; exit status 1 if there are any.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "control.h"

#define SYSCFG 0xc0010010
#define SNP_EN (1ull << 24)

#define CONTROL	 "/run/faults"
#define READY	 "/run/ready"
#define TEXTFILE "/run/metrics.prom"
#define SOCKET	 "/run/metrics.sock"
#define ADDRESS	 "unix:/run/metrics.sock"
#define NOTIFY	 "/run/notify.sock"
#define RECORD	 "/tmp/faults.trace"
#define OUT	 "/tmp/faults.out"
#define ERR	 "/tmp/faults.err"
#define TRIED	 "/sys/devices/system/cpu/cpu2/online"
#define PINS	 "/sys/fs/bpf/snp-guard"

static struct fault_control *control;
static const char *shim;
static double ends;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void pause_for(double seconds)
{
	nanosleep(&(struct timespec){ seconds, (seconds - (long)seconds) * 1e9 }, NULL);
}

/* ---- the host ---- */

static void must(const char *command)
{
	int status = system(command);

	if (!status)
		return;
	printf("drive: `%s` ended with %d\n", command, status);
	exit(2);
}

static void snp_load(void)
{
	must("taskset -c 0 modprobe ccp && taskset -c 0 modprobe kvm-amd sev_snp=1");
}

static void snp_unload(void)
{
	must("rmmod kvm_amd && rmmod ccp");
}

/* As the command `lab` does, without its start. */
static void set_snp_en(const char *to)
{
	static FILE *line;
	char answer[200];

	if (!line)
		line = fopen("/dev/ttyS2", "r+e");
	if (!line)
		exit(2);
	fprintf(line, "snp-en 3 %s\n", to);
	fflush(line);
	do {
		if (!fgets(answer, sizeof(answer), line) || !strncmp(answer, "error", 5)) {
			printf("drive: the lab does not answer\n");
			exit(2);
		}
	} while (strcmp(answer, "ok\n"));
}

static bool snp_en(void)
{
	static int msr = -1;
	uint64_t value;

	if (msr < 0)
		msr = open("/dev/cpu/0/msr", O_RDONLY | O_CLOEXEC);
	if (pread(msr, &value, sizeof(value), SYSCFG) != sizeof(value))
		exit(2);
	return value & SNP_EN;
}

/* ---- the one who tries ---- */

/* The gate is to be shut if SNP_EN is set. */
static bool promised;
static unsigned long tries, passes;

static bool is_promised(void)
{
	return __atomic_load_n(&promised, __ATOMIC_SEQ_CST) && snp_en();
}

static void promise(bool is)
{
	__atomic_store_n(&promised, is, __ATOMIC_SEQ_CST);
}

/* A try counts if the gate was to be shut before it and after it. */
static void try_once(int *kept)
{
	bool before = is_promised(), passed;
	int fd = open(TRIED, O_WRONLY | O_CLOEXEC);

	passed = fd >= 0 || (*kept >= 0 && pwrite(*kept, "1", 1, 0) == 1);
	if (before && is_promised()) {
		tries++;
		__atomic_add_fetch(&passes, passed, __ATOMIC_SEQ_CST);
	}
	if (fd < 0)
		return;
	/* One descriptor from before each other window is kept: with it the write hooks stay. */
	if (*kept < 0 && random() % 2)
		*kept = fd;
	else
		close(fd);
}

static void *try_all_the_time(void *none)
{
	int kept = -1, turns = 0;

	for (;;) {
		try_once(&kept);
		if (++turns % 400 == 0 && kept >= 0) {
			close(kept);
			kept = -1;
		}
		pause_for(0.025);
	}
	return none;
}

/* ---- the guard ---- */

static pid_t guard;
static int guard_status;
static bool is_pinned;

static void exec_guard(void)
{
	const char *const arguments[] = {
		"snp-guard", "run",	 "--format",	 "json",       "--interval",
		"0.3",	     "--record", RECORD,	 "--textfile", TEXTFILE,
		"--listen",  ADDRESS,	 "--ready-file", READY,	       is_pinned ? "--pin" : NULL,
		NULL
	};
	int out = open(OUT, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
	int err = open(ERR, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);

	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	close(out);
	close(err);
	setenv("FAULTS_CONTROL", CONTROL, 1);
	setenv("LD_PRELOAD", shim, 1);
	setenv("NOTIFY_SOCKET", NOTIFY, 1);
	setenv("WATCHDOG_USEC", "2000000", 1);
	execvp(arguments[0], (char *const *)arguments);
	_exit(126);
}

static bool has_ended(void)
{
	if (guard && waitpid(guard, &guard_status, WNOHANG) == guard) {
		guard = 0;
		/* A gate that is not pinned goes with its guard. */
		promise(is_pinned && !access(PINS, F_OK));
	}
	return !guard;
}

/* Returns true if the guard is ready, false if it ended. */
static bool start_guard(bool pinned)
{
	double until = now() + 90;

	is_pinned = pinned;
	unlink(READY);
	guard = fork();
	if (!guard)
		exec_guard();
	while (access(READY, F_OK) && !has_ended()) {
		if (now() > until)
			break;
		pause_for(0.01);
	}
	/* The ready file may be what failed: a guard that lives and is past its start is ready. */
	promise(is_pinned ? !access(PINS, F_OK) : guard != 0);
	return guard;
}

static bool end_guard(int signal, double patience)
{
	double until = now() + patience;

	/* A gate that is not pinned goes with its guard. */
	if (!is_pinned)
		promise(false);
	if (guard)
		kill(guard, signal);
	while (!has_ended() && now() < until)
		pause_for(0.01);
	if (!guard)
		return true;
	kill(guard, SIGKILL);
	waitpid(guard, &guard_status, 0);
	guard = 0;
	return false;
}

/* ---- what it says ---- */

static char text[1 << 22];

static const char *read_file(const char *path, long from)
{
	FILE *f = fopen(path, "re");

	text[0] = 0;
	if (!f)
		return text;
	if (!fseek(f, from, SEEK_SET))
		text[fread(text, 1, sizeof(text) - 1, f)] = 0;
	fclose(f);
	return text;
}

static long size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : (long)st.st_size;
}

/* Of a counter, or of all that begin so, the sum in the textfile. */
static unsigned long metric(const char *name)
{
	const char *at = read_file(TEXTFILE, 0), *value;
	unsigned long sum = 0;

	for (; (at = strstr(at, name)); at++) {
		value = strpbrk(at, " \n");
		if (at == text || at[-1] == '\n')
			sum += value ? strtoul(value, NULL, 10) : 0;
	}
	return sum;
}

#define LOST_METRIC "snp_guard_breaches_total{breach=\"snp-en-lost\""

/* A line of stdout from there on that has all the texts. */
static bool says(long from, const char *a, const char *b)
{
	const char *line = read_file(OUT, from);
	char *end;

	for (; *line; line = end + 1) {
		end = strchr(line, '\n');
		if (!end)
			return strstr(line, a) && strstr(line, b);
		*end = 0;
		if (strstr(line, a) && strstr(line, b))
			return true;
	}
	return false;
}

static bool names_cpu3(long from, unsigned long before)
{
	return says(from, "\"cpu\":3,\"breach\":\"snp-en-lost\"", "") ||
	       says(from, "\"cpu\":3,\"breach\":\"cpu-without-snp-en\"", "") ||
	       says(from, "\"breach\":\"blind\"", "") || says(from, "\"event\":\"lost\"", "") ||
	       says(from, "\"cpu\":3,", "\"unknown\"") || metric(LOST_METRIC) > before;
}

static bool tells(long from, long from_err)
{
	return size_of(ERR) > from_err || says(from, "\"degraded\"", "") ||
	       says(from, "\"blind\"", "") || says(from, "\"unknown\"", "") ||
	       says(from, "\"event\":\"lost\"", "") || says(from, "\"stable\":false", "") ||
	       says(from, "\"event\":\"output\"", "");
}

/* ---- faults ---- */

#define PHASES(X)                                                                                  \
	X(START, "start")                                                                          \
	X(ADOPT, "adoption")                                                                       \
	X(WINDOW, "window")                                                                        \
	X(RELOAD, "SIGHUP")                                                                        \
	X(WINDOW_END, "window's end")                                                              \
	X(EXIT, "exit")

enum phase {
#define X(symbol, name) PHASE_##symbol,
	PHASES(X)
#undef X
		PHASES_NUM
};

static const char *const phase_names[] = {
#define X(symbol, name) name,
	PHASES(X)
#undef X
};

enum { REFUSED, TOLD, UNCHANGED, VIOLATION, ENDINGS };

static unsigned int of_call[FAULT_CALLS_NUM][ENDINGS], of_phase[PHASES_NUM][ENDINGS];
/* What a phase makes without a fault; 0: not known yet. */
static uint32_t usual[PHASES_NUM][FAULT_CALLS_NUM];

static struct fault {
	enum phase phase;
	enum fault_call call;
	unsigned int nth;
	int err;
	bool violates;
	long out, err_out; /* how much was written before */
} fault;

static void begin_counting(void)
{
	memset(control->counts, 0, sizeof(control->counts));
}

static void keep_counts(enum phase phase)
{
	memcpy(usual[phase], control->counts, sizeof(control->counts));
	usual[phase][FAULT_read] += phase <= PHASE_ADOPT;
}

static void arm(enum phase phase)
{
	unsigned int choices[FAULT_CALLS_NUM], n = 0, errnos = 0;

	for (unsigned int i = 0; i < FAULT_CALLS_NUM; i++)
		if (usual[phase][i])
			choices[n++] = i;
	if (!n)
		exit(2);
	fault = (struct fault){ .phase = phase, .call = choices[random() % n] };
	while (fault_calls[fault.call].errnos[errnos])
		errnos++;
	fault.err = fault_calls[fault.call].errnos[random() % errnos];
	fault.nth = 1 + random() % usual[phase][fault.call];
	/* A start reads thousands of lines of /proc/kallsyms: one of the first reads from some open
	 * on. */
	control->reads_from_open = 0;
	if (phase <= PHASE_ADOPT && fault.call == FAULT_read) {
		control->reads_from_open = 1 + random() % usual[phase][FAULT_open];
		fault.nth = 1 + random() % 3;
	}
	fault.out = size_of(OUT);
	fault.err_out = size_of(ERR);
	control->call = fault.call;
	control->err = fault.err;
	control->left = fault.nth - 1;
	control->frame_count = 0;
	__atomic_store_n(&control->armed, 1, __ATOMIC_RELEASE);
}

/* True if it failed by now; else it will not. */
static bool disarm(void)
{
	return !__atomic_exchange_n(&control->armed, 0, __ATOMIC_ACQ_REL);
}

static void __attribute__((format(printf, 2, 3)))
violates(const char *kind, const char *format, ...)
{
	va_list args;

	fault.violates = true;
	printf("    # %s: %s %s of %u at %s, in", kind, fault_calls[fault.call].name,
	       strerrorname_np(fault.err), fault.nth, phase_names[fault.phase]);
	for (unsigned int i = 0; i < control->frame_count && i < 6; i++)
		printf(" %#llx", (unsigned long long)control->frames[i]);
	printf(": ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
}

static const char *last_line(const char *path)
{
	char *end;

	read_file(path, 0);
	end = text + strlen(text);
	if (end > text && end[-1] == '\n')
		*--end = 0;
	while (end > text && end[-1] != '\n')
		end--;
	return *end ? end : "nothing on stderr";
}

static void count(int ending)
{
	unsigned long passed = __atomic_exchange_n(&passes, 0, __ATOMIC_SEQ_CST);

	if (passed)
		violates("gate", "%lu tries passed", passed);
	if (fault.violates)
		ending = VIOLATION;
	of_call[fault.call][ending]++;
	of_phase[fault.phase][ending]++;
}

static void describe_end(char *to, size_t size)
{
	if (WIFSIGNALED(guard_status))
		snprintf(to, size, "signal %d", WTERMSIG(guard_status));
	else
		snprintf(to, size, "status %d", WEXITSTATUS(guard_status));
}

/* A guard that was not asked to end. */
static void judge_end(void)
{
	char how[32];

	describe_end(how, sizeof(how));
	violates("ended", "%s: %s", how, last_line(ERR));
}

/* CPU 3 loses SNP_EN, and gets it again. */
static bool cpu3_is_named(void)
{
	long from = size_of(OUT);
	unsigned long before = metric(LOST_METRIC);
	double until = now() + 10;
	bool named = false;

	set_snp_en("off");
	while (!named && now() < until && !has_ended()) {
		pause_for(0.05);
		named = names_cpu3(from, before);
	}
	from = size_of(OUT);
	set_snp_en("on");
	/* The loss that comes next is one only after this was seen, which takes a busy machine
	 * seconds. */
	until = now() + 5;
	while (now() < until && !has_ended() && !says(from, "\"cpu\":3,", "\"syscfg\""))
		pause_for(0.05);
	return named;
}

/* After a fault in a guard that goes on: the rule. */
static void judge_run(void)
{
	if (!has_ended() && !cpu3_is_named() && guard)
		violates("missed", "CPU 3 is not named: %s", last_line(ERR));
	if (has_ended())
		judge_end();
	count(tells(fault.out, fault.err_out) ? TOLD : UNCHANGED);
}

/* ---- phases ---- */

/* Somebody scrapes, so that the listener has its part. */
static void scrape(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = SOCKET };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	static const char request[] = "GET /metrics HTTP/1.0\r\n\r\n";
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char answer[256];

	if (!connect(fd, (struct sockaddr *)&address, sizeof(address)) &&
	    write(fd, request, strlen(request)) > 0 && poll(&p, 1, 300) > 0)
		while (read(fd, answer, sizeof(answer)) > 0)
			;
	close(fd);
}

static void fault_at_start(bool pinned, bool adopts)
{
	enum phase phase = adopts ? PHASE_ADOPT : PHASE_START;
	bool learns = !usual[phase][FAULT_open];
	bool ready;

	begin_counting();
	control->reads_from_open = 0;
	unlink(OUT);
	unlink(ERR);
	if (!learns)
		arm(phase);
	ready = start_guard(pinned);
	if (learns) {
		keep_counts(phase);
		if (!ready) {
			printf("drive: no guard starts without a fault: %s\n", last_line(ERR));
			exit(2);
		}
		return;
	}
	if (!disarm())
		return;
	if (ready) {
		judge_run();
		return;
	}
	if (!WIFEXITED(guard_status) || WEXITSTATUS(guard_status) != 3)
		judge_end();
	else if (!size_of(ERR))
		violates("unclear", "status 3, and nothing on stderr");
	/* A pinned gate goes on without a guard. */
	pause_for(0.1);
	count(REFUSED);
}

static void fault_in_window(void)
{
	bool learns = !usual[PHASE_WINDOW][FAULT_open];
	double until = now() + (learns ? 0.5 : 1.5);

	begin_counting();
	if (!learns)
		arm(PHASE_WINDOW);
	scrape();
	while (now() < until && (learns || control->armed) && !has_ended())
		pause_for(0.02);
	if (learns)
		keep_counts(PHASE_WINDOW);
	else if (disarm())
		judge_run();
}

static void fault_at_sighup(void)
{
	bool learns = !usual[PHASE_RELOAD][FAULT_open];
	double until = now() + 0.7;

	begin_counting();
	if (!learns)
		arm(PHASE_RELOAD);
	if (guard)
		kill(guard, SIGHUP);
	while (now() < until && (learns || control->armed) && !has_ended())
		pause_for(0.02);
	if (learns)
		keep_counts(PHASE_RELOAD);
	else if (disarm())
		judge_run();
}

/* The window ends, and the next one begins. */
static void fault_at_end_of_window(void)
{
	bool learns = !usual[PHASE_WINDOW_END][FAULT_open];

	begin_counting();
	if (!learns)
		arm(PHASE_WINDOW_END);
	snp_unload();
	pause_for(0.7);
	if (learns)
		keep_counts(PHASE_WINDOW_END);
	snp_load();
	if (!learns && disarm())
		judge_run();
}

static void fault_at_exit(void)
{
	bool learns = !usual[PHASE_EXIT][FAULT_open];
	char how[32];

	if (has_ended())
		return;
	begin_counting();
	if (!learns)
		arm(PHASE_EXIT);
	if (!end_guard(SIGTERM, 20)) {
		violates("hung", "it does not end");
		count(VIOLATION);
		return;
	}
	if (learns) {
		keep_counts(PHASE_EXIT);
		return;
	}
	if (!disarm())
		return;
	describe_end(how, sizeof(how));
	/* It named breaches, which are critical. */
	if (!WIFEXITED(guard_status) || WEXITSTATUS(guard_status) < 2)
		violates("status", "%s: %s", how, last_line(ERR));
	else if (!says(fault.out, "\"type\":\"summary\"", "") && size_of(ERR) == fault.err_out)
		violates("silent", "no summary, and nothing on stderr");
	pause_for(0.1);
	count(tells(fault.out, fault.err_out) ? TOLD : UNCHANGED);
}

/* One guard from its start to its end. */
static void live(bool pinned, bool adopts)
{
	fault_at_start(pinned, adopts);
	for (int i = 0; i < 12 && now() < ends && !has_ended(); i++) {
		fault_in_window();
		if (i % 3 == 2 && !has_ended())
			fault_at_sighup();
		if (i % 6 == 5 && !has_ended())
			fault_at_end_of_window();
	}
	if (!has_ended())
		fault_at_exit();
	is_pinned = pinned && !access(PINS, F_OK);
}

/* ---- all of it ---- */

static void print_row(const char *name, const unsigned int n[ENDINGS])
{
	unsigned int all = n[REFUSED] + n[TOLD] + n[UNCHANGED] + n[VIOLATION];

	if (all)
		printf("    # %-16s %10u %10u %10u %10u %10u\n", name, all, n[REFUSED], n[TOLD],
		       n[UNCHANGED], n[VIOLATION]);
}

static unsigned int print_tables(void)
{
	static const char head[] = "    # %-16s %10s %10s %10s %10s %10s\n";
	unsigned int all[ENDINGS] = { 0 };

	printf(head, "phase", "injections", "refused", "told", "unchanged", "violations");
	for (int i = 0; i < PHASES_NUM; i++)
		print_row(phase_names[i], of_phase[i]);
	printf(head, "call", "injections", "refused", "told", "unchanged", "violations");
	for (int i = 0; i < FAULT_CALLS_NUM; i++) {
		print_row(fault_calls[i].name, of_call[i]);
		for (int j = 0; j < ENDINGS; j++)
			all[j] += of_call[i][j];
	}
	print_row("all", all);
	printf("    # %lu tries at the gate in windows\n", tries);
	return all[VIOLATION];
}

static int notify = -1;

/* As a service manager does. */
static void *read_notifications(void *none)
{
	char message[512];

	while (recv(notify, message, sizeof(message), 0) >= 0)
		;
	return none;
}

static void make_control(void)
{
	int fd = open(CONTROL, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = NOTIFY };

	notify = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (ftruncate(fd, sizeof(*control)))
		exit(2);
	control = mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	unlink(NOTIFY);
	if (control == MAP_FAILED || bind(notify, (struct sockaddr *)&address, sizeof(address)))
		exit(2);
}

int main(int argc, char **argv)
{
	pthread_t trier, manager;

	if (argc != 4) {
		fprintf(stderr, "usage: drive SHIM SECONDS SEED\n");
		return 2;
	}
	shim = argv[1];
	ends = now() + strtod(argv[2], NULL);
	srandom(strtoul(argv[3], NULL, 10));
	printf("    # seed %s, %s s\n", argv[3], argv[2]);
	make_control();
	snp_load();
	pthread_create(&manager, NULL, read_notifications, NULL);
	pthread_create(&trier, NULL, try_all_the_time, NULL);
	while (now() < ends) {
		live(false, false);
		if (now() < ends)
			live(true, false);
		while (now() < ends && is_pinned && random() % 3)
			live(true, true);
		promise(false);
		must("snp-guard detach >/dev/null 2>&1; true");
		is_pinned = false;
	}
	return print_tables() > 0;
}
