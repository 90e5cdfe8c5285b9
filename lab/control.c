// SPDX-License-Identifier: GPL-2.0-only
#include "control.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "qmp.h"
#include "unix_socket.h"

enum {
	CLIENTS_MAX = CONTROL_FDS_MAX - 1,
	LINE_MAX_BYTES = 1024,
	OUT_MAX_BYTES = 1 << 20, /* a client that takes no answers is dropped */
	WORDS_MAX = 4,
};

struct client {
	int fd;	    /* -1: a free place */
	int helper; /* pipe from a process that works on the answer, or -1 */
	pid_t helper_pid;
	char in[LINE_MAX_BYTES];
	size_t in_len;
	char *out;
	size_t out_len;
};

struct control {
	struct control_target target;
	int listener;
	struct client clients[CLIENTS_MAX];
};

/* A request under way: its words, and where the answer goes. */
struct request {
	struct control *control;
	struct client *client;
	unsigned int count;
	char *words[WORDS_MAX];
	FILE *out;
};

static int __attribute__((format(printf, 2, 3)))
fail(struct request *request, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("error: ", request->out);
	vfprintf(request->out, format, args);
	fputc('\n', request->out);
	va_end(args);
	return -EINVAL;
}

static int parse(const char *text, uint64_t limit, uint64_t *value)
{
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	*value = strtoull(text, &end, 0);
	return *end || errno || *value > limit ? -EINVAL : 0;
}

/* The CPU that a word names, if it is there. */
static struct machine_cpu *named_cpu(struct request *request, const char *word)
{
	struct machine *machine = request->control->target.firmware->machine;
	uint64_t cpu;

	if (parse(word, MACHINE_CPUS_MAX - 1, &cpu) ||
	    !(machine->cpus[cpu].flags & MACHINE_CPU_PRESENT)) {
		fail(request, "no CPU %s", word);
		return NULL;
	}
	return &machine->cpus[cpu];
}

static void print_syscfg(struct request *request, const struct machine_cpu *cpu)
{
	const struct machine *machine = request->control->target.firmware->machine;

	fprintf(request->out, "%td 0x%" PRIx64 "\n", cpu - machine->cpus,
		__atomic_load_n(&cpu->syscfg, __ATOMIC_SEQ_CST));
}

static int do_syscfg(struct request *request)
{
	struct machine *machine = request->control->target.firmware->machine;
	struct machine_cpu *cpu;
	uint64_t value;

	if (request->count == 1) {
		for (unsigned int i = 0; i < MACHINE_CPUS_MAX; i++) {
			if (machine->cpus[i].flags & MACHINE_CPU_PRESENT)
				print_syscfg(request, &machine->cpus[i]);
		}
		return 0;
	}
	cpu = named_cpu(request, request->words[1]);
	if (!cpu)
		return -EINVAL;
	if (request->count == 3) {
		if (parse(request->words[2], UINT64_MAX, &value))
			return fail(request, "not a value: %s", request->words[2]);
		__atomic_store_n(&cpu->syscfg, value, __ATOMIC_SEQ_CST);
	}
	print_syscfg(request, cpu);
	return 0;
}

static int do_snp_en(struct request *request)
{
	struct machine_cpu *cpu = named_cpu(request, request->words[1]);

	if (!cpu)
		return -EINVAL;
	if (!strcmp(request->words[2], "on"))
		__atomic_or_fetch(&cpu->syscfg, SYSCFG_SNP_EN, __ATOMIC_SEQ_CST);
	else if (!strcmp(request->words[2], "off"))
		__atomic_and_fetch(&cpu->syscfg, ~SYSCFG_SNP_EN, __ATOMIC_SEQ_CST);
	else
		return fail(request, "neither on nor off: %s", request->words[2]);
	print_syscfg(request, cpu);
	return 0;
}

static void print_failures(struct request *request, const struct firmware *fw)
{
	for (unsigned int i = 0; i < fw->failure_count; i++)
		fprintf(request->out, "fail=0x%03x=0x%02x%s\n", fw->failures[i].command,
			fw->failures[i].status, fw->failures[i].once ? ":once" : "");
}

static int do_state(struct request *request)
{
	const struct firmware *fw = request->control->target.firmware;
	unsigned int present = 0, enabled = 0;

	for (unsigned int i = 0; i < MACHINE_CPUS_MAX; i++) {
		const struct machine_cpu *cpu = &fw->machine->cpus[i];

		if (!(cpu->flags & MACHINE_CPU_PRESENT))
			continue;
		present++;
		enabled += !!(__atomic_load_n(&cpu->syscfg, __ATOMIC_SEQ_CST) & SYSCFG_SNP_EN);
	}
	fprintf(request->out, "sev=%s\nsnp=%s\nrmp=%s\n", fw->sev_initialised ? "init" : "uninit",
		fw->snp_initialised ? "init" : "uninit", fw->rmp_initialised ? "init" : "uninit");
	fprintf(request->out, "firmware=%s\ndfflush=%s\n", fw->options.full ? "full" : "legacy",
		fw->flush_due ? "due" : "done");
	fprintf(request->out, "cpus=%u\nsnp_en=%u\n", present, enabled);
	print_failures(request, fw);
	return 0;
}

static int do_log(struct request *request)
{
	const struct journal *journal = request->control->target.journal;

	for (size_t i = 0; i < journal->count; i++)
		journal_print(&journal->entries[i], request->out);
	return 0;
}

static int do_fail(struct request *request)
{
	struct firmware *fw = request->control->target.firmware;
	int err;

	if (!strcmp(request->words[1], "none")) {
		fw->failure_count = 0;
		return 0;
	}
	err = firmware_fail(fw, request->words[1]);
	if (err == -ENOSPC)
		return fail(request, "too many failures are set already");
	if (err)
		return fail(request, "not CMD=STATUS[:once]: %s", request->words[1]);
	return 0;
}

/* The process that talks to QEMU while this one stays free to answer QEMU. */
static void __attribute__((noreturn)) run_cpu_add(const char *qmp, unsigned int cpu, int to)
{
	char error[512];
	int err = qmp_cpu_add(qmp, cpu, error, sizeof(error));

	if (err)
		dprintf(to, "error: %s\n", error);
	else
		dprintf(to, "ok\n");
	_exit(0);
}

/* QEMU adds a CPU in its main loop, which may just then wait for this very process. */
static int do_cpu_add(struct request *request)
{
	const char *qmp = request->control->target.qmp;
	int ends[2];
	uint64_t cpu;
	pid_t pid;

	if (!qmp)
		return fail(request, "QEMU's QMP socket is not known (--qmp)");
	if (parse(request->words[1], MACHINE_CPUS_MAX - 1, &cpu))
		return fail(request, "no CPU %s", request->words[1]);
	if (pipe2(ends, O_CLOEXEC))
		return fail(request, "%s", strerror(errno));
	fflush(NULL);
	pid = fork();
	if (!pid)
		run_cpu_add(qmp, (unsigned int)cpu, ends[1]);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return fail(request, "%s", strerror(errno));
	}
	request->client->helper = ends[0];
	request->client->helper_pid = pid;
	return -EINPROGRESS;
}

static int do_exit(struct request *request)
{
	const char *path = request->control->target.result;
	uint64_t status;
	FILE *file;
	bool bad;

	if (parse(request->words[1], 255, &status))
		return fail(request, "not an exit status: %s", request->words[1]);
	if (!path)
		return 0;
	file = fopen(path, "we");
	if (!file)
		return fail(request, "%s: %s", path, strerror(errno));
	bad = fprintf(file, "exit %" PRIu64 "\n", status) < 0;
	if (fclose(file) || bad)
		return fail(request, "%s: %s", path, strerror(errno));
	return 0;
}

static int do_help(struct request *request);

/* All requests. run answers 0 (then "ok" follows), or an errno after it has written "error:". */
static const struct {
	const char *name;
	unsigned int words_min; /* with the name itself */
	unsigned int words_max;
	int (*run)(struct request *request);
	const char *arguments;
	const char *help;
} requests[] = {
	{ "syscfg", 1, 3, do_syscfg, "[N [VALUE]]", "shows the CPUs' SYSCFG, or sets one" },
	{ "snp-en", 3, 3, do_snp_en, "N on|off", "sets or clears SNP_EN in one CPU's SYSCFG" },
	{ "state", 1, 1, do_state, "", "shows the firmware's state" },
	{ "log", 1, 1, do_log, "", "shows all commands that the firmware saw" },
	{ "fail", 2, 2, do_fail, "CMD=STATUS[:once]|none", "makes a command fail; none: no more" },
	{ "cpu-add", 2, 2, do_cpu_add, "N", "hot-plugs a vCPU" },
	{ "exit", 2, 2, do_exit, "N", "records the exit status of the guest's script" },
	{ "help", 1, 1, do_help, "", "shows this" },
};

enum { REQUESTS = sizeof(requests) / sizeof(requests[0]) };

static int do_help(struct request *request)
{
	for (unsigned int i = 0; i < REQUESTS; i++)
		fprintf(request->out, "%s%s%s: %s\n", requests[i].name,
			*requests[i].arguments ? " " : "", requests[i].arguments, requests[i].help);
	return 0;
}

static int run_request(struct request *request)
{
	for (unsigned int i = 0; i < REQUESTS; i++) {
		if (strcmp(request->words[0], requests[i].name))
			continue;
		if (request->count < requests[i].words_min ||
		    request->count > requests[i].words_max)
			return fail(request, "usage: %s %s", requests[i].name,
				    requests[i].arguments);
		return requests[i].run(request);
	}
	return fail(request, "no such request: %s (try help)", request->words[0]);
}

static void split(struct request *request, char *line)
{
	char *save = NULL;

	for (char *word = strtok_r(line, " \t\r", &save); word;
	     word = strtok_r(NULL, " \t\r", &save)) {
		if (request->count < WORDS_MAX)
			request->words[request->count] = word;
		request->count++;
	}
}

static void drop_client(struct client *client)
{
	if (client->helper >= 0)
		close(client->helper);
	if (client->helper_pid > 0)
		waitpid(client->helper_pid, NULL, 0);
	free(client->out);
	close(client->fd);
	memset(client, 0, sizeof(*client));
	client->fd = -1;
	client->helper = -1;
}

/* Sends what the client takes; the rest waits for it. */
static void flush_client(struct client *client)
{
	ssize_t n;

	if (!client->out_len)
		return;
	n = send(client->fd, client->out, client->out_len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		drop_client(client);
		return;
	}
	if (n > 0) {
		client->out_len -= (size_t)n;
		memmove(client->out, client->out + n, client->out_len);
	}
}

static void answer(struct client *client, const char *text, size_t len)
{
	char *more = client->out_len + len > OUT_MAX_BYTES
			     ? NULL
			     : realloc(client->out, client->out_len + len + 1);

	if (!more) {
		drop_client(client);
		return;
	}
	client->out = more;
	memcpy(client->out + client->out_len, text, len);
	client->out_len += len;
	flush_client(client);
}

/*
 * Answers one line. Answers that come back (from a terminal which echoes, before it is told not
 * to) are not taken for requests, or the echo would never end.
 */
static void take_line(struct control *control, struct client *client, char *line)
{
	struct request request = { .control = control, .client = client };
	char *text = NULL;
	size_t len = 0;
	int err;

	if (!strncmp(line, "error:", 6) || !strcmp(line, "ok") || !strcmp(line, "ok\r"))
		return;
	split(&request, line);
	if (!request.count)
		return;
	request.out = open_memstream(&text, &len);
	if (!request.out) {
		drop_client(client);
		return;
	}
	err = run_request(&request);
	if (!err)
		fputs("ok\n", request.out);
	if (fclose(request.out))
		drop_client(client);
	else if (err != -EINPROGRESS)
		answer(client, text, len);
	free(text);
}

/* Answers whole lines, one after the other, until one has its answer still to come. */
static void take_lines(struct control *control, struct client *client)
{
	char line[LINE_MAX_BYTES];
	char *end;

	while (client->fd >= 0 && client->helper < 0 &&
	       (end = memchr(client->in, '\n', client->in_len))) {
		size_t len = (size_t)(end - client->in);

		memcpy(line, client->in, len);
		line[len] = '\0';
		client->in_len -= len + 1;
		memmove(client->in, end + 1, client->in_len);
		take_line(control, client, line);
	}
	if (client->fd >= 0 && client->in_len == sizeof(client->in))
		drop_client(client); /* no request is that long */
}

static void read_client(struct control *control, struct client *client)
{
	ssize_t n = recv(client->fd, client->in + client->in_len,
			 sizeof(client->in) - client->in_len, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		drop_client(client);
		return;
	}
	client->in_len += (size_t)n;
	take_lines(control, client);
}

/* The helper writes its answer in one go, then ends. */
static void read_helper(struct control *control, struct client *client)
{
	char text[600];
	ssize_t n = read(client->helper, text, sizeof(text));

	if (n > 0) {
		answer(client, text, (size_t)n);
		return;
	}
	close(client->helper);
	client->helper = -1;
	waitpid(client->helper_pid, NULL, 0);
	client->helper_pid = 0;
	take_lines(control, client);
}

static void accept_client(struct control *control)
{
	int fd = accept4(control->listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	for (unsigned int i = 0; i < CLIENTS_MAX; i++) {
		if (control->clients[i].fd < 0) {
			control->clients[i].fd = fd;
			return;
		}
	}
	close(fd);
}

/* With a helper at work its pipe stands in for the client, whose next request has to wait. */
static struct pollfd client_poll(const struct client *client)
{
	if (client->helper >= 0)
		return (struct pollfd){ .fd = client->helper, .events = POLLIN };
	return (struct pollfd){
		.fd = client->fd,
		.events = POLLIN | (client->out_len ? POLLOUT : 0),
	};
}

unsigned int control_poll_set(const struct control *control, struct pollfd *fds)
{
	fds[0] = (struct pollfd){ .fd = control->listener, .events = POLLIN };
	for (unsigned int i = 0; i < CLIENTS_MAX; i++)
		fds[i + 1] = client_poll(&control->clients[i]);
	return CLIENTS_MAX + 1;
}

void control_handle(struct control *control, const struct pollfd *fds, unsigned int count)
{
	for (unsigned int i = 1; i < count; i++) {
		struct client *client = &control->clients[i - 1];

		if (client->fd < 0 || !fds[i].revents)
			continue;
		if (client->helper >= 0 && fds[i].fd == client->helper)
			read_helper(control, client);
		else if (fds[i].revents & POLLOUT)
			flush_client(client);
		else
			read_client(control, client);
	}
	if (fds[0].revents)
		accept_client(control);
}

int control_open(struct control **out, const char *path, const struct control_target *target)
{
	struct control *control = calloc(1, sizeof(*control));

	if (!control)
		return -ENOMEM;
	control->target = *target;
	for (unsigned int i = 0; i < CLIENTS_MAX; i++) {
		control->clients[i].fd = -1;
		control->clients[i].helper = -1;
	}
	control->listener = unix_listen(path);
	if (control->listener < 0) {
		int err = control->listener;

		free(control);
		return err;
	}
	*out = control;
	return 0;
}

void control_close(struct control *control)
{
	if (!control)
		return;
	for (unsigned int i = 0; i < CLIENTS_MAX; i++) {
		if (control->clients[i].fd >= 0)
			drop_client(&control->clients[i]);
	}
	close(control->listener);
	free(control);
}
