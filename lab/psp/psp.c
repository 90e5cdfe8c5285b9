// SPDX-License-Identifier: GPL-2.0-only
/*
 * snp-psp: the process of the emulated secure processor and its firmware. QEMU's vfio-user-pci
 * connects to it; it exits when QEMU does.
 */
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
#include "psp/options.h"
#include "psp/ram.h"

struct psp {
	struct machine *machine;
	struct ram ram;
	struct firmware firmware;
	struct journal journal;
	FILE *log;
	struct device *device;
	struct control *control;
};

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

static int place_segments(struct psp *psp, uint64_t size)
{
	struct machine *machine = psp->machine;
	uint64_t table[RMP_SEGMENTS];

	layout_segmented_rmp(size, &machine->rmp_base, &machine->rmp_end, table);
	machine->rmp_cfg = LAYOUT_RMP_CFG;
	return ram_write(&psp->ram, machine->rmp_base + RMP_BOOKKEEPING, table, sizeof(table));
}

/*
 * Places the RMP, and prints where it is, for snp-lab to keep the kernel off it. -EINVAL: the file
 * with the memory has no size yet, and no --rmp says where.
 */
static int place_rmp(struct psp *psp, const struct arguments *args)
{
	struct machine *machine = psp->machine;
	struct stat st;
	int err = 0;

	if (fstat(psp->ram.fd, &st))
		return -errno;
	if (!args->rmp_end && !st.st_size)
		return -EINVAL;
	if (args->rmp_segmented) {
		err = place_segments(psp, (uint64_t)st.st_size);
	} else if (args->rmp_end) {
		machine->rmp_base = args->rmp_base;
		machine->rmp_end = args->rmp_end;
	} else {
		layout_rmp((uint64_t)st.st_size, &machine->rmp_base, &machine->rmp_end);
	}
	if (err)
		return err;
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
	ram_close(&psp->ram);
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

int main(int argc, char **argv)
{
	struct arguments args = { 0 };
	struct psp psp = { .ram = { .fd = -1 } };
	int err;

	parse_arguments(&args, argc, argv);
	signal(SIGPIPE, SIG_IGN);
	err = open_psp(&psp, &args);
	if (!err)
		err = serve(&psp);
	close_psp(&psp);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
