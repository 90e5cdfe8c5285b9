// SPDX-License-Identifier: GPL-2.0-only
#include "psp/control_requests.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "machine/writers.h"
#include "psp/request.h"

static void print_failures(struct request *request, const struct firmware *fw)
{
	for (unsigned int i = 0; i < fw->failure_count; i++) {
		const struct firmware_failure *failure = &fw->failures[i];

		fprintf(request->out, "fail=0x%03x=", failure->command);
		if (failure->status == STATUS_HANG)
			fputs("hang", request->out);
		else
			fprintf(request->out, "0x%02x", failure->status);
		fputs(failure->once ? ":once\n" : "\n", request->out);
	}
}

static int do_state(struct request *request)
{
	const struct firmware *fw = request->target->firmware;
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
		fw->flush_due || firmware_asids_dirty(fw) ? "due" : "done");
	fprintf(request->out, "cpus=%u\nsnp_en=%u\nguests=%u\n", present, enabled, fw->guests);
	print_failures(request, fw);
	return 0;
}

static int do_log(struct request *request)
{
	const struct journal *journal = request->target->journal;

	for (size_t i = 0; i < journal->count; i++)
		journal_print(&journal->entries[i], request->out);
	return 0;
}

static int do_fail(struct request *request)
{
	struct firmware *fw = request->target->firmware;
	int err;

	if (!strcmp(request->words[1], "none")) {
		fw->failure_count = 0;
		return 0;
	}
	err = firmware_fail(fw, request->words[1]);
	if (err == -ENOSPC)
		return request_fail(request, "too many failure rules");
	if (err)
		return request_fail(request, "not CMD=STATUS[:once]: %s", request->words[1]);
	return 0;
}

static int do_status(struct request *request)
{
	struct firmware *fw = request->target->firmware;

	if (request->count == 1) {
		for (unsigned int i = 0; firmware_answer_field(i); i++)
			fprintf(request->out, "%s\n", firmware_answer_field(i));
		return 0;
	}
	if (!strcmp(request->words[1], "truth"))
		firmware_tell_truth(fw);
	else if (firmware_answer(fw, request->words[1]))
		return request_fail(request, "not FIELD=VALUE: %s", request->words[1]);
	return 0;
}

/* The registers as all CPUs read them from now on. A kernel has read them when it started. */
static int do_rmp(struct request *request)
{
	struct machine *machine = request->target->firmware->machine;
	uint64_t base = machine->rmp_base, end = machine->rmp_end;

	if (request->count == 2)
		return request_fail(request, "a base without an end");
	if (request->count == 3 && (request_number(request->words[1], UINT64_MAX, &base) ||
				    request_number(request->words[2], UINT64_MAX, &end)))
		return request_fail(request, "not two addresses: %s %s", request->words[1],
				    request->words[2]);
	machine->rmp_base = base;
	machine->rmp_end = end;
	fprintf(request->out, "0x%" PRIx64 " 0x%" PRIx64 "\n", base, end);
	return 0;
}

static int do_rmp_writes(struct request *request)
{
	struct firmware *fw = request->target->firmware;

	firmware_find_writes(fw);
	for (unsigned int i = 0; i < fw->write_count && i < FIRMWARE_WRITES_MAX; i++)
		fprintf(request->out, "0x%" PRIx64 " %s\n", fw->writes[i].page,
			fw->writes[i].state);
	if (fw->write_count > FIRMWARE_WRITES_MAX)
		fprintf(request->out, "and %u more\n", fw->write_count - FIRMWARE_WRITES_MAX);
	return 0;
}

static int do_rmp_writers(struct request *request)
{
	const struct machine *machine = request->target->firmware->machine;

	for (uint32_t i = 0; i < writers_kept(machine); i++) {
		const struct machine_write *write = &machine->writes[i];

		fprintf(request->out,
			"0x%" PRIx64 " %s CPU %u, with%s SNP_EN, at 0x%" PRIx64 ": hardware %s\n",
			write->page, firmware_state_name(write->entry), write->cpu,
			write->snp_en ? "" : "out", write->pc,
			write->snp_en ? "raises #PF" : "lets it pass");
	}
	if (machine->write_count > MACHINE_WRITES_MAX)
		fprintf(request->out, "and %u more\n", machine->write_count - MACHINE_WRITES_MAX);
	return 0;
}

static int do_rmp_fail(struct request *request)
{
	struct machine *machine = request->target->firmware->machine;
	uint64_t result, times = 1;

	if (request_number(request->words[1], RMP_FAIL_OVERLAP, &result) || !result)
		return request_fail(request, "not a result: %s", request->words[1]);
	if (request->count == 3 && request_number(request->words[2], UINT32_MAX, &times))
		return request_fail(request, "not a number: %s", request->words[2]);
	machine->rmp_failure = (uint32_t)result;
	__atomic_store_n(&machine->rmp_failures, (uint32_t)times, __ATOMIC_SEQ_CST);
	return 0;
}

static int do_exit(struct request *request)
{
	const char *path = request->target->result;
	uint64_t status;
	FILE *file;
	bool bad;

	if (request_number(request->words[1], 255, &status))
		return request_fail(request, "not an exit status: %s", request->words[1]);
	if (!path)
		return 0;
	file = fopen(path, "we");
	if (!file)
		return request_fail(request, "%s: %s", path, strerror(errno));
	bad = fprintf(file, "exit %" PRIu64 "\n", status) < 0;
	if (fclose(file) || bad)
		return request_fail(request, "%s: %s", path, strerror(errno));
	return 0;
}

static int do_mark(struct request *request)
{
	fprintf(request->out, "marked %s\n", request->words[1]);
	return 0;
}

static int do_help(struct request *request);

/* All requests. run returns 0, after which "ok" follows, or an errno after an "error:" line. */
static const struct {
	const char *name;
	unsigned int words_min; /* including the name */
	unsigned int words_max;
	int (*run)(struct request *request);
	const char *arguments;
	const char *help;
} requests[] = {
	{ "syscfg", 1, 3, do_syscfg, "[N [VALUE]]", "shows SYSCFG of all CPUs or one, or sets it" },
	{ "snp-en", 3, 3, do_snp_en, "N on|off",
	  "sets or clears SNP_EN in CPU N's SYSCFG, which its core's threads share" },
	{ "rmpopt", 1, 3, do_rmpopt, "[N [VALUE]]",
	  "shows RMPOPT_BASE of all CPUs or one, and the GiB whose checks are skipped, or sets it "
	  "on "
	  "CPU N's core (with --rmpopt)" },
	{ "cpus", 1, 1, do_cpus, "",
	  "shows SYSCFG, VM_HSAVE_PA and the number of WBINVDs of all CPUs" },
	{ "state", 1, 1, do_state, "", "shows the firmware's state" },
	{ "log", 1, 1, do_log, "", "shows all commands that the firmware ran" },
	{ "fail", 2, 2, do_fail, "CMD=STATUS[:once]|none",
	  "makes CMD fail, or with the status hang never answer; none: removes the rules" },
	{ "status", 1, 2, do_status, "[FIELD=VALUE|truth]",
	  "lists SNP_PLATFORM_STATUS's fields, or has it answer so" },
	{ "rmp", 1, 3, do_rmp, "[BASE END]", "shows RMP_BASE and RMP_END, or sets them" },
	{ "rmp-writes", 1, 1, do_rmp_writes, "",
	  "shows the pages that software has written while they were immutable" },
	{ "rmp-writers", 1, 1, do_rmp_writers, "",
	  "shows which CPU wrote to a page that the RMP assigns (with --rmp-writers)" },
	{ "rmp-fail", 2, 3, do_rmp_fail, "RESULT [N]",
	  "has the next N RMPUPDATEs and PSMASHs fail; RESULT: 1 input, 2 permission, 3 in use, "
	  "4 overlap" },
	{ "cpu-add", 2, 2, do_cpu_add, "N", "hot-plugs CPU N" },
	{ "exit", 2, 2, do_exit, "N", "records N as the script's exit status" },
	{ "mark", 2, 2, do_mark, "WORD",
	  "answers with WORD; what came before belongs to earlier requests" },
	{ "help", 1, 1, do_help, "", "shows this list" },
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
		if (!request->count || strcmp(request->words[0], requests[i].name))
			continue;
		if (request->count < requests[i].words_min ||
		    request->count > requests[i].words_max)
			return request_fail(request, "usage: %s %s", requests[i].name,
					    requests[i].arguments);
		return requests[i].run(request);
	}
	return request_fail(request, "no such request: %s (try help)", request->words[0]);
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

int control_request(const struct control_target *target, char *line, FILE *out,
		    struct control_helper *helper)
{
	struct request request = { .target = target, .helper = helper, .out = out };
	int err;

	split(&request, line);
	err = run_request(&request);
	if (!err)
		fputs("ok\n", out);
	return err;
}
