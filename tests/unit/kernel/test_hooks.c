// SPDX-License-Identifier: GPL-2.0-only
/* The ladder: which source each fact has, on kernels of every kind. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/hooks.h"
#include "kernel_fixture.h"
#include "abi/latch.h"
#include "snp_guard.skel.h"

static struct kernel_fixture fixture;
static struct hooks hooks;

static void begin(void)
{
	kernel_fixture_begin(&fixture);
}

static void finish(void)
{
	hooks_close(&hooks);
	kernel_fixture_end(&fixture);
}

TestSuite(hooks, .init = begin, .fini = finish);

static void open_with(const struct hooks_options *options)
{
	int err;

	kernel_fixture_save(&fixture);
	err = hooks_open(&hooks, &fixture.host, NULL, options);
	cr_assert_eq(err, 0, "%d", err);
}

static void open_hooks(void)
{
	open_with(&(struct hooks_options){ .ask_ftrace = true });
}

/* Asserts where a fact comes from; "" is from nowhere. */
#define cr_source(fact, expected)                                                                  \
	do {                                                                                       \
		const struct hook_state *s_ = &hooks.states[fact];                                 \
		cr_expect_str_eq(s_->source, expected, "%s: `%s`, expected `%s`",                  \
				 hook_fact_name(fact), s_->source, expected);                      \
		cr_expect_eq(s_->covered, !!*(expected), "%s", hook_fact_name(fact));              \
	} while (0)

/* Asserts what was looked for before it, and why it is not used. */
#define cr_missing(fact, i, expected, reason)                                                      \
	do {                                                                                       \
		const struct hook_state *s_ = &hooks.states[fact];                                 \
		cr_assert_gt(s_->missing_count, i, "%s", hook_fact_name(fact));                    \
		cr_expect_str_eq(s_->missing[i].source, expected);                                 \
		cr_expect_str_eq(s_->missing[i].why, reason);                                      \
	} while (0)

#define GATE_HOOKS "lsm file_open, file_permission, file_ioctl, file_ioctl_compat"
#define GATE_FMOD                                                                                  \
	"fmod_ret security_file_open, security_file_permission, security_file_ioctl, "             \
	"security_file_ioctl_compat"

/* ---- the table ---- */

Test(hooks, facts_stand_together_and_have_names)
{
	bool seen[FACT_NUM] = { false };

	for (size_t i = 0; i < hook_count; i++) {
		enum hook_fact fact = hook_table[i].fact;

		cr_expect(!seen[fact] || hook_table[i - 1].fact == fact, "%s stands twice",
			  hook_fact_name(fact));
		seen[fact] = true;
	}
	for (int i = 0; i < FACT_NUM; i++) {
		cr_expect(seen[i], "%s has no source", hook_fact_name(i));
		cr_expect_neq(hook_fact_without(i)[0], 0);
	}
}

/* What is told at once with the commands needs them to have been chosen by then. */
Test(hooks, commands_are_chosen_before_what_they_tell)
{
	bool chosen = false;

	for (size_t i = 0; i < hook_count; i++) {
		chosen |= hook_table[i].fact == FACT_COMMANDS;
		cr_expect(hook_table[i].kind != HOOK_COMMANDS || chosen);
	}
}

Test(hooks, kinds_that_have_programs_can_be_named)
{
	for (int i = 0; i < HOOK_KIND_COUNT; i++)
		cr_expect_eq(hook_kind_by_name(hook_kind_name(i)),
			     i <= HOOK_FMOD_RET ? i : -EINVAL);
	cr_expect_eq(hook_kind_by_name(""), -EINVAL);
}

static bool is_in_table(const char *program)
{
	for (size_t i = 0; i < hook_count; i++)
		if (hook_table[i].program && !strcmp(hook_table[i].program, program))
			return true;
	return false;
}

/* The section says where a program is attached to: the table must agree. */
static void cr_agrees(const struct hook *hook, const char *section)
{
	char expected[64] = "kprobe";
	const char *slash = strchr(section, '/');

	switch (hook->kind) {
	case HOOK_KPROBE:
		if (hook->flags & HOOK_AT_RETURN)
			strcpy(expected, "kretprobe");
		break;
	case HOOK_FENTRY:
		snprintf(expected, sizeof(expected), "%.6s/%s",
			 !strncmp(section, "fexit", 5) ? "fexit" : "fentry", hook->target);
		break;
	case HOOK_TRACEPOINT:
		snprintf(expected, sizeof(expected), "tp_btf/%s", hook->target);
		break;
	case HOOK_LSM:
	case HOOK_FMOD_RET:
		snprintf(expected, sizeof(expected), "%s/%s", hook_kind_name(hook->kind),
			 hook->target);
		break;
	default:
		cr_assert_fail("%s has a program", hook->target);
	}
	cr_expect_str_eq(section, expected, "%s%s", hook->program, slash ? slash : "");
}

Test(hooks, the_table_and_the_programs_are_the_same)
{
	struct snp_guard_bpf *skel = snp_guard_bpf__open();
	struct bpf_program *program;

	cr_assert(skel);
	for (size_t i = 0; i < hook_count; i++) {
		if (!hook_table[i].program)
			continue;
		program = bpf_object__find_program_by_name(skel->obj, hook_table[i].program);
		cr_expect(program, "no program %s", hook_table[i].program);
		if (program)
			cr_agrees(&hook_table[i], bpf_program__section_name(program));
	}
	bpf_object__for_each_program(program, skel->obj)
		cr_expect(bpf_program__type(program) == BPF_PROG_TYPE_SYSCALL ||
				  is_in_table(bpf_program__name(program)),
			  "%s is in no hook", bpf_program__name(program));
	snp_guard_bpf__destroy(skel);
}

/* ---- kernels ---- */

Test(hooks, on_7_3_each_fact_has_its_first_source)
{
	kernel_fixture_like_7_3(&fixture, "");
	kernel_fixture_ccp_loaded(&fixture);
	open_hooks();
	cr_source(FACT_PREPARE, "fentry snp_prepare");
	cr_source(FACT_SNP_EN, "fentry snp_enable");
	cr_source(FACT_COMMANDS, "kprobe ccp:__sev_do_cmd_locked");
	/* Nothing in a module is attached by fentry. */
	cr_source(FACT_SHUTDOWN, "kprobe ccp:__sev_snp_shutdown_locked");
	cr_missing(FACT_SHUTDOWN, 0, "fentry __sev_snp_shutdown_locked", "not in vmlinux");
	cr_source(FACT_X86_SHUTDOWN, "fentry snp_shutdown");
	cr_source(FACT_DISABLE, "fentry cpu_hotplug_disable");
	cr_source(FACT_ENABLE, "fentry cpu_hotplug_enable");
	cr_source(FACT_OWNER, "call stacks");
	cr_source(FACT_COUNT, "memory cpu_hotplug_disabled");
	cr_source(FACT_CPUS, "fentry set_cpu_online");
	cr_source(FACT_ASKED, "fentry _cpu_up, _cpu_down");
	cr_source(FACT_CPUHP_FAIL, "tracepoint cpuhp_exit");
	cr_source(FACT_MODULES, "tracepoint module_load, module_free");
	cr_source(FACT_KEXEC, "fentry migrate_to_reboot_cpu");
	cr_source(FACT_GATE, GATE_HOOKS);
	cr_source(FACT_FIRMWARE, "memory ccp:psp_master");
	for (int i = 0; i < FACT_NUM; i++) {
		cr_expect_null(hooks.states[i].less, "%s", hook_fact_name(i));
		cr_expect_eq(hooks.states[i].missing_count, i == FACT_SHUTDOWN, "%s",
			     hook_fact_name(i));
	}
	cr_expect(hooks_uses(&hooks, "prepare_exit"));
	cr_expect_not(hooks_uses(&hooks, "prepare_exit_void"));
	cr_expect_not(hooks_uses(&hooks, "prepare_exit_probe"));
}

Test(hooks, on_6_12_sweeps_and_commands_tell_it)
{
	kernel_fixture_like_7_3(&fixture, "snp_prepare snp_enable snp_shutdown");
	kernel_fixture_ccp_loaded(&fixture);
	open_hooks();
	cr_source(FACT_PREPARE, "sweeps of SYSCFG");
	cr_missing(FACT_PREPARE, 0, "fentry snp_prepare", "not in vmlinux");
	cr_missing(FACT_PREPARE, 1, "kprobe snp_prepare", "not in vmlinux");
	cr_expect_eq(hooks.states[FACT_PREPARE].kind, HOOK_SWEEP);
	cr_expect_not_null(hooks.states[FACT_PREPARE].less);
	cr_source(FACT_SNP_EN, "sweeps of SYSCFG");
	cr_source(FACT_X86_SHUTDOWN, "SNP_SHUTDOWN_EX among the commands");
	cr_source(FACT_COMMANDS, "kprobe ccp:__sev_do_cmd_locked");
	cr_expect_not(hooks_uses(&hooks, "prepare_enter"));
	cr_expect_not(hooks_uses(&hooks, "snp_enable_exit"));
	cr_expect(hooks_uses(&hooks, "command_enter"));
	cr_expect(hooks_uses(&hooks, "command_exit"));
}

Test(hooks, on_6_12_snp_enable_is_code_of_boot)
{
	kernel_fixture_like_7_3(&fixture, "snp_prepare snp_enable snp_shutdown");
	kernel_fixture_btf(&fixture, "snp_enable", RETURNS_VOID);
	kernel_fixture_boot_symbol(&fixture, "snp_enable");
	open_hooks();
	cr_source(FACT_SNP_EN, "sweeps of SYSCFG");
	cr_missing(FACT_SNP_EN, 0, "fentry snp_enable", "its code is freed after boot");
	cr_missing(FACT_SNP_EN, 1, "kprobe snp_enable", "its code is freed after boot");
}

Test(hooks, on_7_1_prepare_returns_nothing)
{
	kernel_fixture_like_7_3(&fixture, "snp_prepare");
	kernel_fixture_function(&fixture, "snp_prepare", RETURNS_VOID);
	open_hooks();
	cr_source(FACT_PREPARE, "fentry snp_prepare");
	cr_expect(hooks_uses(&hooks, "prepare_enter"));
	cr_expect(hooks_uses(&hooks, "prepare_exit_void"));
	cr_expect_not(hooks_uses(&hooks, "prepare_exit"));
}

static void open_with_prepare_as(const char *symbol)
{
	kernel_fixture_like_7_3(&fixture, "snp_prepare");
	kernel_fixture_btf(&fixture, "snp_prepare", RETURNS_INT);
	kernel_fixture_symbol(&fixture, symbol);
	open_hooks();
}

static void is_not_attached_to(const char *symbol, const char *why)
{
	open_with_prepare_as(symbol);
	cr_source(FACT_PREPARE, "sweeps of SYSCFG");
	cr_missing(FACT_PREPARE, 0, "fentry snp_prepare", why);
	cr_missing(FACT_PREPARE, 1, "kprobe snp_prepare", why);
	cr_expect_not(hooks_uses(&hooks, "prepare_enter"));
	cr_expect_not(hooks_uses(&hooks, "prepare_enter_probe"));
}

Test(hooks, a_function_that_took_its_arguments_apart_is_not_attached_to)
{
	is_not_attached_to("snp_prepare.isra.0",
			   "compiler changed its arguments: snp_prepare.isra.0");
}

Test(hooks, a_function_with_constants_put_in_is_not_attached_to)
{
	is_not_attached_to("snp_prepare.constprop.0",
			   "compiler changed its arguments: snp_prepare.constprop.0");
}

Test(hooks, a_function_in_parts_is_not_attached_to)
{
	kernel_fixture_symbol(&fixture, "snp_prepare");
	is_not_attached_to("snp_prepare.part.0", "compiler split it: snp_prepare.part.0");
}

#define LONG_NAME                                                                                  \
	"snp_prepare.__uniq.340282366920938463463374607431768211455.llvm.18446744073709551615"

Test(hooks, a_function_under_another_name_is_followed_by_a_kprobe)
{
	open_with_prepare_as(LONG_NAME);
	cr_source(FACT_PREPARE, "kprobe snp_prepare");
	cr_missing(FACT_PREPARE, 0, "fentry snp_prepare", "compiler renamed it: " LONG_NAME);
	cr_expect(hooks_uses(&hooks, "prepare_enter_probe"));
	cr_expect_not(hooks_uses(&hooks, "prepare_enter"));
	cr_source(FACT_SNP_EN, "fentry snp_enable");
}

Test(hooks, a_variable_under_another_name_is_read)
{
	kernel_fixture_like_7_3(&fixture, "cpu_hotplug_disabled");
	kernel_fixture_symbol(&fixture, "cpu_hotplug_disabled.llvm.42");
	open_hooks();
	cr_source(FACT_COUNT, "memory cpu_hotplug_disabled");
}

Test(hooks, a_name_that_is_there_twice_is_not_attached_to)
{
	kernel_fixture_like_7_3(&fixture, "");
	kernel_fixture_symbol(&fixture, "set_cpu_online");
	open_hooks();
	cr_source(FACT_CPUS, "tracepoint cpuhp_exit");
	cr_missing(FACT_CPUS, 0, "fentry set_cpu_online", "several functions have that name");
	cr_missing(FACT_CPUS, 1, "kprobe set_cpu_online", "several functions have that name");
	cr_expect_str_eq(hooks.states[FACT_CPUS].less, "CPUs whose bring-up fails in a later step");
	cr_expect(hooks_uses(&hooks, "cpuhp_done"));
}

Test(hooks, without_btf_of_a_function_a_kprobe_is_used)
{
	kernel_fixture_like_7_3(&fixture, "_cpu_down");
	kernel_fixture_symbol(&fixture, "_cpu_down");
	open_hooks();
	/* Both by one kind: a rung is used as a whole. */
	cr_source(FACT_ASKED, "kprobe _cpu_up, _cpu_down");
	cr_missing(FACT_ASKED, 0, "fentry _cpu_up, _cpu_down", "not in the BTF");
	cr_expect(hooks_uses(&hooks, "cpu_up_probe"));
	cr_expect_not(hooks_uses(&hooks, "cpu_up_begin"));
}

Test(hooks, what_ftrace_does_not_know_is_said)
{
	kernel_fixture_like_7_3(&fixture, "");
	fixture_write(&fixture.files, "/sys/kernel/tracing/available_filter_functions",
		      "snp_prepare\ncpu_hotplug_enable\n_cpu_up\n");
	open_hooks();
	cr_source(FACT_PREPARE, "fentry snp_prepare");
	cr_source(FACT_DISABLE, "");
	cr_missing(FACT_DISABLE, 0, "fentry cpu_hotplug_disable", "ftrace can't attach to it");
	cr_source(FACT_ASKED, "");
	hooks_close(&hooks);
	/* A run does not ask: attaching tells. */
	open_with(&(struct hooks_options){ 0 });
	cr_source(FACT_DISABLE, "fentry cpu_hotplug_disable");
}

Test(hooks, tracepoints_that_are_missing_are_said)
{
	kernel_fixture_like_7_3(&fixture, "cpuhp_exit module_free");
	open_hooks();
	cr_source(FACT_CPUHP_FAIL, "");
	cr_missing(FACT_CPUHP_FAIL, 0, "tracepoint cpuhp_exit", "not in vmlinux");
	cr_source(FACT_MODULES, "");
	cr_expect_not(hooks_uses(&hooks, "module_loaded"));
}

Test(hooks, facts_with_no_source_say_what_falls_away)
{
	open_hooks();
	cr_source(FACT_PREPARE, "sweeps of SYSCFG");
	cr_source(FACT_SNP_EN, "sweeps of SYSCFG");
	for (int i = FACT_COMMANDS; i < FACT_NUM; i++) {
		cr_source(i, "");
		cr_expect_gt(hooks.states[i].missing_count, 0, "%s", hook_fact_name(i));
	}
	for (size_t i = 0; i < hook_count; i++)
		cr_expect(!hooks.used[i] || hook_table[i].kind == HOOK_SWEEP);
}

/* ---- the gate ---- */

Test(hooks, without_bpf_among_the_security_modules_the_gate_modifies_functions)
{
	static const char *const lists[] = { "lockdown,capability", "", "bpffs,xbpf" };

	for (int i = 0; i < 3; i++) {
		if (i)
			begin();
		kernel_fixture_like_7_3(&fixture, "");
		kernel_fixture_lsm(&fixture, lists[i]);
		open_hooks();
		cr_source(FACT_GATE, GATE_FMOD);
		cr_missing(FACT_GATE, 0, GATE_HOOKS, "no bpf in /sys/kernel/security/lsm");
		cr_expect(hooks_uses(&hooks, "gate_open_modify"));
		cr_expect_not(hooks_uses(&hooks, "gate_open"));
		if (i < 2)
			finish();
	}
}

Test(hooks, a_kernel_without_bpfs_security_hooks)
{
	static const char *const hooks_of_gate[] = { "bpf_lsm_file_open", "bpf_lsm_file_permission",
						     "bpf_lsm_file_ioctl_compat" };

	for (int i = 0; i < 3; i++) {
		if (i)
			begin();
		kernel_fixture_like_7_3(&fixture, hooks_of_gate[i]);
		open_hooks();
		cr_source(FACT_GATE, GATE_FMOD);
		cr_missing(FACT_GATE, 0, GATE_HOOKS, "not in vmlinux");
		if (i < 2)
			finish();
	}
}

Test(hooks, a_kernel_without_any_hook_for_the_gate)
{
	kernel_fixture_like_7_3(&fixture, "bpf_lsm_file_open security_file_ioctl_compat");
	open_hooks();
	cr_source(FACT_GATE, "");
	cr_missing(FACT_GATE, 1, GATE_FMOD, "not in vmlinux");
	cr_expect(hooks_lack_gate(&hooks));
	hooks.options.audit = true;
	cr_expect_not(hooks_lack_gate(&hooks));
}

/* ---- ccp and memory ---- */

Test(hooks, ccp_built_in_is_attached_to_as_the_kernel_is)
{
	kernel_fixture_like_7_3(&fixture, "");
	kernel_fixture_ccp_builtin(&fixture);
	open_hooks();
	cr_source(FACT_COMMANDS, "kprobe __sev_do_cmd_locked");
	cr_source(FACT_SHUTDOWN, "fentry __sev_snp_shutdown_locked");
	cr_expect(hooks_uses(&hooks, "shutdown_locked_exit"));
	cr_source(FACT_FIRMWARE, "memory psp_master");
}

Test(hooks, ccp_on_disk_is_attached_to_as_it_comes)
{
	kernel_fixture_like_7_3(&fixture, "");
	kernel_fixture_ccp_listed(&fixture, "kernel/ccp.ko");
	elf_write_ccp(&fixture, KERNEL_FIXTURE_MODULES "/kernel/ccp.ko");
	open_hooks();
	cr_source(FACT_COMMANDS, "kprobe ccp:__sev_do_cmd_locked");
	cr_source(FACT_SHUTDOWN, "kprobe ccp:__sev_snp_shutdown_locked");
	/* There is no memory to look into before it is loaded. */
	cr_source(FACT_FIRMWARE, "SNP_INIT_EX among the commands");
	cr_missing(FACT_FIRMWARE, 0, "memory ccp:psp_master", "ccp is not loaded");
}

Test(hooks, without_ccp_its_commands_go_unseen)
{
	kernel_fixture_like_7_3(&fixture, "");
	open_hooks();
	cr_source(FACT_COMMANDS, "");
	cr_missing(FACT_COMMANDS, 0, "kprobe ccp:__sev_do_cmd_locked", "no ccp found");
	cr_source(FACT_SHUTDOWN, "");
	cr_missing(FACT_SHUTDOWN, 2, "SNP_SHUTDOWN_EX among the commands",
		   "firmware commands have no hook");
	cr_source(FACT_FIRMWARE, "");
	cr_missing(FACT_FIRMWARE, 0, "memory ccp:psp_master", "no ccp found");
}

Test(hooks, a_locked_down_kernel_hides_its_memory)
{
	kernel_fixture_like_7_3(&fixture, "");
	kernel_fixture_ccp_loaded(&fixture);
	fixture_write(&fixture.files, "/sys/kernel/security/lockdown",
		      "none integrity [confidentiality]\n");
	open_hooks();
	cr_source(FACT_COUNT, "");
	cr_missing(FACT_COUNT, 0, "memory cpu_hotplug_disabled", "this kernel hides it from BPF");
	cr_source(FACT_FIRMWARE, "SNP_INIT_EX among the commands");
	cr_source(FACT_PREPARE, "fentry snp_prepare");
	hooks_close(&hooks);
	fixture_write(&fixture.files, "/sys/kernel/security/lockdown",
		      "none [integrity] confidentiality\n");
	open_hooks();
	cr_source(FACT_COUNT, "memory cpu_hotplug_disabled");
}

Test(hooks, hidden_addresses_are_an_error)
{
	kernel_fixture_like_7_3(&fixture, "");
	fixture.hidden = true;
	kernel_fixture_save(&fixture);
	cr_expect_eq(hooks_open(&hooks, &fixture.host, NULL, &(struct hooks_options){ 0 }), -EPERM);
}

/* ---- a kernel that does not run ---- */

Test(hooks, files_of_another_kernel_are_not_asked_what_this_one_runs)
{
	char btf[128], kallsyms[128];
	struct kernel_files files = { .btf = btf, .kallsyms = kallsyms };
	struct hooks_options options = { .ask_ftrace = true };

	kernel_fixture_like_7_3(&fixture, "");
	/* Of the host, not of that kernel. */
	kernel_fixture_lsm(&fixture, "capability");
	fixture_write(&fixture.files, "/sys/kernel/security/lockdown", "[confidentiality]\n");
	fixture_write(&fixture.files, "/sys/kernel/tracing/available_filter_functions", "a\n");
	kernel_fixture_ccp_loaded(&fixture);
	kernel_fixture_save(&fixture);
	strcpy(btf, fixture_path(&fixture.files, "/sys/kernel/btf/vmlinux"));
	strcpy(kallsyms, fixture_path(&fixture.files, "/proc/kallsyms"));
	cr_assert_eq(hooks_open(&hooks, &fixture.host, &files, &options), 0);
	cr_source(FACT_GATE, GATE_HOOKS);
	cr_source(FACT_COUNT, "memory cpu_hotplug_disabled");
	cr_source(FACT_PREPARE, "fentry snp_prepare");
	cr_source(FACT_COMMANDS, "");
}

/* ---- leaving out, and being refused ---- */

Test(hooks, kinds_that_are_to_be_avoided_are_not_used)
{
	kernel_fixture_like_7_3(&fixture, "");
	kernel_fixture_ccp_loaded(&fixture);
	open_with(&(struct hooks_options){ .avoid = 1u << HOOK_FENTRY });
	cr_source(FACT_PREPARE, "kprobe snp_prepare");
	cr_missing(FACT_PREPARE, 0, "fentry snp_prepare", "avoided by --avoid");
	cr_source(FACT_CPUS, "kprobe set_cpu_online");
	for (size_t i = 0; i < hook_count; i++)
		cr_expect(!hooks.used[i] || hook_table[i].kind != HOOK_FENTRY);
	hooks_close(&hooks);
	open_with(&(struct hooks_options){ .avoid = 1u << HOOK_FENTRY | 1u << HOOK_KPROBE });
	cr_source(FACT_PREPARE, "sweeps of SYSCFG");
	cr_source(FACT_COMMANDS, "");
	cr_source(FACT_CPUS, "tracepoint cpuhp_exit");
	cr_source(FACT_FIRMWARE, "memory ccp:psp_master");
	hooks_close(&hooks);
	open_with(&(struct hooks_options){ .avoid = 1u << HOOK_TRACEPOINT | 1u << HOOK_LSM });
	cr_source(FACT_PREPARE, "fentry snp_prepare");
	cr_source(FACT_GATE, GATE_FMOD);
	cr_source(FACT_MODULES, "");
	cr_missing(FACT_GATE, 0, GATE_HOOKS, "avoided by --avoid");
}

static size_t hook_of(const char *program)
{
	for (size_t i = 0; i < hook_count; i++)
		if (hook_table[i].program && !strcmp(hook_table[i].program, program))
			return i;
	cr_assert_fail("no program %s", program);
	return 0;
}

Test(hooks, what_the_kernel_refuses_is_replaced)
{
	kernel_fixture_like_7_3(&fixture, "");
	open_hooks();
	hooks_refuse(&hooks, hook_of("prepare_exit"), -EACCES);
	cr_source(FACT_PREPARE, "kprobe snp_prepare");
	cr_missing(FACT_PREPARE, 0, "fentry snp_prepare", "the kernel refused it");
	cr_expect_not(hooks_uses(&hooks, "prepare_enter"), "half a rung");
	cr_source(FACT_SNP_EN, "fentry snp_enable");
	hooks_refuse(&hooks, hook_of("prepare_enter_probe"), -EINVAL);
	cr_source(FACT_PREPARE, "sweeps of SYSCFG");
}

Test(hooks, a_refused_command_takes_along_what_it_tells)
{
	kernel_fixture_like_7_3(&fixture, "snp_shutdown");
	kernel_fixture_ccp_loaded(&fixture);
	open_hooks();
	cr_source(FACT_X86_SHUTDOWN, "SNP_SHUTDOWN_EX among the commands");
	hooks_refuse(&hooks, hook_of("command_exit"), -EACCES);
	cr_expect_eq(hooks.states[FACT_COMMANDS].refused, -EACCES);
	cr_expect_eq(hooks.states[FACT_SHUTDOWN].refused, 0);
	cr_source(FACT_COMMANDS, "");
	cr_source(FACT_X86_SHUTDOWN, "");
	cr_missing(FACT_X86_SHUTDOWN, 2, "SNP_SHUTDOWN_EX among the commands",
		   "firmware commands have no hook");
}

static int used_program(void)
{
	for (size_t i = 0; i < hook_count; i++)
		if (hooks.used[i] && hook_table[i].program)
			return i;
	return -1;
}

/* As sensors.c goes on: each refusal leaves less, so there is an end. */
Test(hooks, refusals_end_with_no_program)
{
	size_t refusals = 0;
	int i;

	kernel_fixture_like_7_3(&fixture, "");
	kernel_fixture_ccp_loaded(&fixture);
	open_hooks();
	for (; (i = used_program()) >= 0; refusals++) {
		cr_assert_lt(refusals, hook_count);
		hooks_refuse(&hooks, i, -EACCES);
		cr_assert_not(hooks.used[i], "it was refused");
	}
	cr_source(FACT_PREPARE, "sweeps of SYSCFG");
	cr_source(FACT_COUNT, "memory cpu_hotplug_disabled");
	cr_source(FACT_GATE, "");
}
