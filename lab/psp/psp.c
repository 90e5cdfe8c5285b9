// SPDX-License-Identifier: GPL-2.0-only
/*
 * snp-psp: the process of the emulated secure processor and its firmware. QEMU's vfio-user-pci
 * connects to it; it exits when QEMU does.
 */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "firmware/firmware.h"
#include "firmware/journal.h"
#include "machine/layout.h"
#include "machine/machine.h"
#include "psp/control.h"
#include "psp/device.h"

enum { FAILS_MAX = FIRMWARE_FAILURES_MAX };

struct arguments {
	const char *socket;
	const char *ram;
	const char *state;
	const char *control;
	const char *qmp;
	const char *result;
	const char *log;
	struct firmware_options firmware;
	uint64_t rmp_base;
	uint64_t rmp_end; /* 0: the RMP lies where the size of the memory puts it */
	unsigned int threads;
	const char *fails[FAILS_MAX];
	unsigned int fail_count;
};

/* Guest memory: the file of QEMU's memory backend. */
struct ram {
	int fd;
	uint8_t *map;
	size_t size;
};

struct psp {
	struct machine *machine;
	struct ram ram;
	struct firmware firmware;
	struct journal journal;
	FILE *log;
	struct device *device;
	struct control *control;
};

/* The offset in the file of len bytes at guest physical address pa; -EFAULT: no memory there. */
static int ram_offset(const struct ram *ram, uint64_t pa, size_t len, size_t *offset)
{
	uint64_t low = layout_low(ram->size);

	if (pa < low) {
		*offset = pa;
		return len <= low - pa ? 0 : -EFAULT;
	}
	if (pa < LAYOUT_HIGH || pa - LAYOUT_HIGH >= ram->size - low)
		return -EFAULT;
	*offset = low + (pa - LAYOUT_HIGH);
	return len <= ram->size - *offset ? 0 : -EFAULT;
}

/* Maps the file at the first access, since QEMU sets its size only after this process started. */
static int map_ram(struct ram *ram)
{
	struct stat st;
	void *map;

	if (ram->map)
		return 0;
	if (fstat(ram->fd, &st))
		return -errno;
	if (!st.st_size)
		return -EFAULT;
	map = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, ram->fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	ram->map = map;
	ram->size = (size_t)st.st_size;
	return 0;
}

static int ram_read(void *context, uint64_t pa, void *to, size_t len)
{
	struct ram *ram = context;
	size_t offset;
	int err = map_ram(ram);

	if (!err)
		err = ram_offset(ram, pa, len, &offset);
	if (!err)
		memcpy(to, ram->map + offset, len);
	return err;
}

static int ram_write(void *context, uint64_t pa, const void *from, size_t len)
{
	struct ram *ram = context;
	size_t offset;
	int err = map_ram(ram);

	if (!err)
		err = ram_offset(ram, pa, len, &offset);
	if (!err)
		memcpy(ram->map + offset, from, len);
	return err;
}

/* Creates the state file, or overwrites it: a machine that is powered off. */
static int create_machine(const char *path, struct machine **out)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct machine *machine;
	int err = 0;

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, sizeof(*machine))) {
		err = -errno;
		goto out;
	}
	machine = mmap(NULL, sizeof(*machine), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (machine == MAP_FAILED) {
		err = -errno;
		goto out;
	}
	machine->magic = MACHINE_MAGIC;
	machine->version = MACHINE_VERSION;
	machine->size = sizeof(*machine);
	*out = machine;
out:
	close(fd);
	return err;
}

/*
 * Places the RMP, and prints where it is, for snp-lab to keep the kernel off it. -EINVAL: the file
 * with the memory has no size yet, and no --rmp says where.
 */
static int place_rmp(struct psp *psp, const struct arguments *args)
{
	struct machine *machine = psp->machine;
	struct stat st;

	machine->rmp_base = args->rmp_base;
	machine->rmp_end = args->rmp_end;
	if (!args->rmp_end) {
		if (fstat(psp->ram.fd, &st))
			return -errno;
		if (!st.st_size)
			return -EINVAL;
		layout_rmp((uint64_t)st.st_size, &machine->rmp_base, &machine->rmp_end);
	}
	printf("rmp 0x%" PRIx64 " 0x%" PRIx64 "\n", machine->rmp_base, machine->rmp_end);
	fflush(stdout);
	return 0;
}

static int open_log(const char *path, FILE **out)
{
	*out = stderr;
	if (path) {
		*out = fopen(path, "we");
		if (!*out)
			return -errno;
	}
	setvbuf(*out, NULL, _IOLBF, 0);
	return 0;
}

/* Prints what failed, if err is not 0; returns err. */
static int complain(const char *what, int err)
{
	if (err)
		fprintf(stderr, "snp-psp: %s: %s\n", what, strerror(-err));
	return err;
}

static int open_device(struct psp *psp, const struct arguments *args)
{
	psp->device = calloc(1, sizeof(*psp->device));
	if (!psp->device)
		return -ENOMEM;
	return device_open(psp->device, &psp->firmware, &psp->journal, args->socket);
}

static int open_control(struct psp *psp, const struct arguments *args)
{
	const struct control_target target = {
		.firmware = &psp->firmware,
		.journal = &psp->journal,
		.qmp = args->qmp,
		.result = args->result,
	};

	return args->control ? control_open(&psp->control, args->control, &target) : 0;
}

static int set_failures(struct psp *psp, const struct arguments *args)
{
	for (unsigned int i = 0; i < args->fail_count; i++) {
		int err = firmware_fail(&psp->firmware, args->fails[i]);

		if (err)
			return complain(args->fails[i], err);
	}
	return 0;
}

/* The vfio-user socket is last: once it exists, everything else is ready. */
static int open_psp(struct psp *psp, const struct arguments *args)
{
	struct rmp_memory memory = {
		.read = ram_read,
		.write = ram_write,
		.context = &psp->ram,
	};
	int err = complain(args->log, open_log(args->log, &psp->log));

	if (err)
		return err;
	journal_start(&psp->journal, psp->log);
	psp->ram.fd = open(args->ram, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (psp->ram.fd < 0)
		return complain(args->ram, -errno);
	err = complain(args->state, create_machine(args->state, &psp->machine));
	if (!err)
		err = complain(args->ram, place_rmp(psp, args));
	if (err)
		return err;
	psp->machine->threads = args->threads;
	firmware_start(&psp->firmware, &args->firmware, psp->machine, &memory);
	err = set_failures(psp, args);
	if (err)
		return err;
	err = complain(args->control, open_control(psp, args));
	return err ? err : complain(args->socket, open_device(psp, args));
}

static void close_psp(struct psp *psp)
{
	if (psp->device)
		vfio_user_close(psp->device->server);
	free(psp->device);
	control_close(psp->control);
	journal_end(&psp->journal);
	if (psp->machine)
		munmap(psp->machine, sizeof(*psp->machine));
	if (psp->ram.map)
		munmap(psp->ram.map, psp->ram.size);
	if (psp->ram.fd >= 0)
		close(psp->ram.fd);
	if (psp->log && psp->log != stderr)
		fclose(psp->log);
}

/* Serves QEMU and the control socket's clients until QEMU disconnects. */
static int serve(struct psp *psp)
{
	struct pollfd fds[1 + CONTROL_FDS_MAX];
	int err = 0;

	while (!err) {
		unsigned int count = 0;

		fds[0].fd = vfio_user_fd(psp->device->server);
		fds[0].events = POLLIN;
		if (psp->control)
			count = control_poll_set(psp->control, fds + 1);
		if (poll(fds, 1 + count, -1) < 0) {
			err = errno == EINTR ? 0 : -errno;
			continue;
		}
		if (psp->control)
			control_handle(psp->control, fds + 1, count);
		if (fds[0].revents)
			err = vfio_user_handle(psp->device->server);
	}
	return err == -ECONNRESET || err == -EPIPE ? 0 : complain("vfio-user", err);
}

enum {
	OPT_SOCKET = 256,
	OPT_RAM,
	OPT_STATE,
	OPT_CONTROL,
	OPT_QMP,
	OPT_RESULT,
	OPT_LOG,
	OPT_FIRMWARE,
	OPT_FAIL,
	OPT_DFFLUSH,
	OPT_CPUS,
	OPT_THREADS,
	OPT_RMP,
};

static const struct argp_option options[] = {
	{ "socket", OPT_SOCKET, "PATH", 0, "Socket for QEMU's vfio-user-pci", 0 },
	{ "ram", OPT_RAM, "FILE", 0, "The guest's memory: the file of QEMU's memory backend", 0 },
	{ "state", OPT_STATE, "FILE", 0, "The CPUs' state, shared with the plugin; overwritten",
	  0 },
	{ "control", OPT_CONTROL, "PATH", 0, "Socket for lab's requests", 0 },
	{ "qmp", OPT_QMP, "PATH", 0, "QEMU's QMP socket, to hot-plug CPUs", 0 },
	{ "result", OPT_RESULT, "FILE", 0, "File for the script's exit status", 0 },
	{ "log", OPT_LOG, "FILE", 0, "File for the log of commands (default: standard error)", 0 },
	{ "firmware", OPT_FIRMWARE, "legacy|full", 0,
	  "Whether to offer X86_SNP_SHUTDOWN (default legacy)", 0 },
	{ "fail", OPT_FAIL, "CMD=STATUS[:once]", 0,
	  "Make a command fail; with the status hang it never answers (repeatable)", 0 },
	{ "dfflush-required", OPT_DFFLUSH, NULL, 0,
	  "Refuse SNP_SHUTDOWN_EX with DFFLUSH_REQUIRED once after each SNP_INIT", 0 },
	{ "cpus", OPT_CPUS, "N", 0,
	  "CPUs that the BIOS knows (default: all that are not hot-plugged)", 0 },
	{ "threads", OPT_THREADS, "N", 0, "Threads of each core (default 1)", 0 },
	{ "rmp", OPT_RMP, "BASE:END", 0,
	  "The RMP's first and last byte (default: what covers all memory)", 0 },
	{ 0 },
};

static unsigned int parse_count(const char *name, const char *arg, struct argp_state *state)
{
	char *end;
	unsigned long n = strtoul(arg, &end, 0);

	if (*end || !n || n > MACHINE_CPUS_MAX)
		argp_error(state, "--%s takes 1 to %d", name, MACHINE_CPUS_MAX);
	return (unsigned int)n;
}

static void parse_rmp(const char *arg, struct arguments *args, struct argp_state *state)
{
	char *end;

	args->rmp_base = strtoull(arg, &end, 0);
	if (*end == ':')
		args->rmp_end = strtoull(end + 1, &end, 0);
	if (*end || args->rmp_end <= args->rmp_base)
		argp_error(state, "--rmp takes BASE:END");
}

static void parse_firmware(const char *arg, struct arguments *args, struct argp_state *state)
{
	if (strcmp(arg, "full") && strcmp(arg, "legacy"))
		argp_error(state, "--firmware takes legacy or full");
	args->firmware.full = !strcmp(arg, "full");
}

static void parse_end(struct arguments *args, struct argp_state *state)
{
	if (!args->socket || !args->ram || !args->state)
		argp_error(state, "--socket, --ram and --state are needed");
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct arguments *args = state->input;

	switch (key) {
	case OPT_SOCKET:
		args->socket = arg;
		break;
	case OPT_RAM:
		args->ram = arg;
		break;
	case OPT_STATE:
		args->state = arg;
		break;
	case OPT_CONTROL:
		args->control = arg;
		break;
	case OPT_QMP:
		args->qmp = arg;
		break;
	case OPT_RESULT:
		args->result = arg;
		break;
	case OPT_LOG:
		args->log = arg;
		break;
	case OPT_FIRMWARE:
		parse_firmware(arg, args, state);
		break;
	case OPT_FAIL:
		if (args->fail_count == FAILS_MAX)
			argp_error(state, "--fail: %d at most", FAILS_MAX);
		args->fails[args->fail_count++] = arg;
		break;
	case OPT_DFFLUSH:
		args->firmware.dfflush_required = true;
		break;
	case OPT_CPUS:
		args->firmware.cpus = parse_count("cpus", arg, state);
		break;
	case OPT_THREADS:
		args->threads = parse_count("threads", arg, state);
		break;
	case OPT_RMP:
		parse_rmp(arg, args, state);
		break;
	case ARGP_KEY_END:
		parse_end(args, state);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

int main(int argc, char **argv)
{
	const struct argp argp = {
		.options = options,
		.parser = parse_option,
		.doc = "Emulates the secure processor of an SNP host, with its firmware, for QEMU.",
	};
	struct arguments args = { 0 };
	struct psp psp = { .ram = { .fd = -1 } };
	int err;

	argp_parse(&argp, argc, argv, 0, NULL, &args);
	signal(SIGPIPE, SIG_IGN);
	err = open_psp(&psp, &args);
	if (!err)
		err = serve(&psp);
	close_psp(&psp);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
