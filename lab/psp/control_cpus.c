// SPDX-License-Identifier: GPL-2.0-only
/* The control socket's requests about CPUs. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "machine/registers.h"
#include "psp/qmp.h"
#include "psp/request.h"

/* The CPU with the number in word; answers with an error and returns NULL if there is none. */
static struct machine_cpu *named_cpu(struct request *request, const char *word)
{
	struct machine *machine = request->target->firmware->machine;
	uint64_t cpu;

	if (request_number(word, MACHINE_CPUS_MAX - 1, &cpu) ||
	    !(machine->cpus[cpu].flags & MACHINE_CPU_PRESENT)) {
		request_fail(request, "no CPU %s", word);
		return NULL;
	}
	return &machine->cpus[cpu];
}

static void print_syscfg(struct request *request, const struct machine_cpu *cpu)
{
	const struct machine *machine = request->target->firmware->machine;

	fprintf(request->out, "%td 0x%" PRIx64 "\n", cpu - machine->cpus,
		__atomic_load_n(&cpu->syscfg, __ATOMIC_SEQ_CST));
}

static void set_syscfg(struct machine *machine, unsigned int cpu, uint64_t value)
{
	__atomic_store_n(&machine->cpus[cpu].syscfg, value, __ATOMIC_SEQ_CST);
}

/* NAME [CPU [VALUE]]: writes a CPU's register if there is a VALUE, and prints it, or all CPUs'. */
static int do_register(struct request *request,
		       void (*set)(struct machine *machine, unsigned int cpu, uint64_t value),
		       void (*print)(struct request *request, const struct machine_cpu *cpu))
{
	struct machine *machine = request->target->firmware->machine;
	struct machine_cpu *cpu;
	uint64_t value;

	if (request->count == 1) {
		for (unsigned int i = 0; i < MACHINE_CPUS_MAX; i++)
			if (machine->cpus[i].flags & MACHINE_CPU_PRESENT)
				print(request, &machine->cpus[i]);
		return 0;
	}
	cpu = named_cpu(request, request->words[1]);
	if (!cpu)
		return -EINVAL;
	if (request->count == 3) {
		if (request_number(request->words[2], UINT64_MAX, &value))
			return request_fail(request, "not a value: %s", request->words[2]);
		set(machine, (unsigned int)(cpu - machine->cpus), value);
	}
	print(request, cpu);
	return 0;
}

int do_syscfg(struct request *request)
{
	return do_register(request, set_syscfg, print_syscfg);
}

int do_snp_en(struct request *request)
{
	struct machine *machine = request->target->firmware->machine;
	struct machine_cpu *cpu = named_cpu(request, request->words[1]);

	if (!cpu)
		return -EINVAL;
	if (!strcmp(request->words[2], "on"))
		syscfg_change(machine, cpu - machine->cpus, SYSCFG_SNP_EN, 0);
	else if (!strcmp(request->words[2], "off"))
		syscfg_change(machine, cpu - machine->cpus, 0, SYSCFG_SNP_EN);
	else
		return request_fail(request, "neither on nor off: %s", request->words[2]);
	print_syscfg(request, cpu);
	return 0;
}

static void print_rmpopt(struct request *request, const struct machine_cpu *cpu)
{
	const struct machine *machine = request->target->firmware->machine;
	unsigned int number = (unsigned int)(cpu - machine->cpus);

	fprintf(request->out, "%u 0x%" PRIx64, number,
		__atomic_load_n(&cpu->rmpopt_base, __ATOMIC_SEQ_CST));
	for (unsigned int region = 0; region < RMPOPT_REGIONS; region++)
		if (rmpopt_get(machine, number, region))
			fprintf(request->out, " %u", region);
	fputc('\n', request->out);
}

int do_rmpopt(struct request *request)
{
	if (!request->target->firmware->machine->has_rmpopt)
		return request_fail(request, "the CPUs have no RMPOPT (--rmpopt)");
	return do_register(request, rmpopt_change, print_rmpopt);
}

int do_cpus(struct request *request)
{
	const struct machine *machine = request->target->firmware->machine;

	for (unsigned int i = 0; i < MACHINE_CPUS_MAX; i++) {
		const struct machine_cpu *cpu = &machine->cpus[i];

		if (cpu->flags & MACHINE_CPU_PRESENT)
			fprintf(request->out,
				"%u syscfg=0x%" PRIx64 " hsave_pa=0x%" PRIx64 " wbinvds=%" PRIu64
				"\n",
				i, __atomic_load_n(&cpu->syscfg, __ATOMIC_SEQ_CST),
				__atomic_load_n(&cpu->hsave_pa, __ATOMIC_SEQ_CST),
				__atomic_load_n(&cpu->wbinvds, __ATOMIC_SEQ_CST));
	}
	return 0;
}

/* The helper: talks to QEMU, and writes the answer to the request into the pipe "to". */
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

/*
 * A helper process asks QEMU: QEMU adds the CPU in its main loop, which may at that moment wait for
 * a reply from this process over vfio-user.
 */
int do_cpu_add(struct request *request)
{
	const char *qmp = request->target->qmp;
	int ends[2];
	uint64_t cpu;
	pid_t pid;

	if (!qmp)
		return request_fail(request, "QEMU's QMP socket is not known (--qmp)");
	if (request_number(request->words[1], MACHINE_CPUS_MAX - 1, &cpu))
		return request_fail(request, "no CPU %s", request->words[1]);
	if (pipe2(ends, O_CLOEXEC))
		return request_fail(request, "%s", strerror(errno));
	fflush(NULL);
	pid = fork();
	if (!pid)
		run_cpu_add(qmp, (unsigned int)cpu, ends[1]);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return request_fail(request, "%s", strerror(errno));
	}
	request->helper->fd = ends[0];
	request->helper->pid = pid;
	return -EINPROGRESS;
}
