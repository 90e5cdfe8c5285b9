// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/hooks.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/*
 * By fact, the best source first. The guard uses the first rung that the kernel offers as a whole.
 * No function of ccp has an fentry program: such a program holds a reference to the module, and
 * rmmod fails while the guard runs.
 */
const struct hook hook_table[] = {
	{ FACT_PREPARE, HOOK_FENTRY, "snp_prepare", "prepare_enter", 0, NULL },
	{ FACT_PREPARE, HOOK_FENTRY, "snp_prepare", "prepare_exit", HOOK_IF_INT, NULL },
	{ FACT_PREPARE, HOOK_FENTRY, "snp_prepare", "prepare_exit_void", HOOK_IF_VOID, NULL },
	{ FACT_PREPARE, HOOK_KPROBE, "snp_prepare", "prepare_enter_probe", 0, NULL },
	{ FACT_PREPARE, HOOK_KPROBE, "snp_prepare", "prepare_exit_probe", HOOK_AT_RETURN, NULL },
	{ FACT_PREPARE, HOOK_SWEEP, "SYSCFG", NULL, 0,
	  "the kernel sets SNP_EN at boot, or gives snp_prepare() no hook" },

	{ FACT_SNP_EN, HOOK_FENTRY, "snp_enable", "snp_enable_exit", 0, NULL },
	{ FACT_SNP_EN, HOOK_KPROBE, "snp_enable", "snp_enable_probe", HOOK_AT_RETURN, NULL },
	{ FACT_SNP_EN, HOOK_SWEEP, "SYSCFG", NULL, 0, "the order in which CPUs get SNP_EN" },

	{ FACT_COMMANDS, HOOK_KPROBE, "__sev_do_cmd_locked", "command_enter", HOOK_IN_CCP, NULL },
	{ FACT_COMMANDS, HOOK_KPROBE, "__sev_do_cmd_locked", "command_exit",
	  HOOK_IN_CCP | HOOK_AT_RETURN, NULL },

	{ FACT_SHUTDOWN, HOOK_FENTRY, "__sev_snp_shutdown_locked", "shutdown_locked_exit", 0,
	  NULL },
	{ FACT_SHUTDOWN, HOOK_KPROBE, "__sev_snp_shutdown_locked", "shutdown_locked_ret",
	  HOOK_IN_CCP | HOOK_AT_RETURN, NULL },
	{ FACT_SHUTDOWN, HOOK_COMMANDS, "SNP_SHUTDOWN_EX", NULL, 0, NULL },

	{ FACT_X86_SHUTDOWN, HOOK_FENTRY, "snp_shutdown", "x86_shutdown_enter", 0, NULL },
	{ FACT_X86_SHUTDOWN, HOOK_FENTRY, "snp_shutdown", "x86_shutdown_exit", 0, NULL },
	{ FACT_X86_SHUTDOWN, HOOK_KPROBE, "snp_shutdown", "x86_shutdown_probe", 0, NULL },
	{ FACT_X86_SHUTDOWN, HOOK_KPROBE, "snp_shutdown", "x86_shutdown_exit_probe", HOOK_AT_RETURN,
	  NULL },
	{ FACT_X86_SHUTDOWN, HOOK_COMMANDS, "SNP_SHUTDOWN_EX", NULL, 0, NULL },

	{ FACT_DISABLE, HOOK_FENTRY, "cpu_hotplug_disable", "hotplug_disable_exit", 0, NULL },
	{ FACT_DISABLE, HOOK_KPROBE, "cpu_hotplug_disable", "hotplug_disable_probe", HOOK_AT_RETURN,
	  NULL },
	{ FACT_ENABLE, HOOK_FENTRY, "cpu_hotplug_enable", "hotplug_enable_exit", 0, NULL },
	{ FACT_ENABLE, HOOK_KPROBE, "cpu_hotplug_enable", "hotplug_enable_probe", HOOK_AT_RETURN,
	  NULL },
	{ FACT_OWNER, HOOK_STACK, "cpu_hotplug_disable", NULL, 0, NULL },
	{ FACT_COUNT, HOOK_MEMORY, "cpu_hotplug_disabled", NULL, 0, NULL },

	{ FACT_CPUS, HOOK_FENTRY, "set_cpu_online", "online_set", 0, NULL },
	{ FACT_CPUS, HOOK_KPROBE, "set_cpu_online", "online_set_probe", 0, NULL },
	{ FACT_CPUS, HOOK_TRACEPOINT, "cpuhp_exit", "cpuhp_done", 0,
	  "CPUs whose bring-up fails in a later step" },
	{ FACT_ASKED, HOOK_FENTRY, "_cpu_up", "cpu_up_begin", 0, NULL },
	{ FACT_ASKED, HOOK_FENTRY, "_cpu_down", "cpu_down_begin", 0, NULL },
	{ FACT_ASKED, HOOK_KPROBE, "_cpu_up", "cpu_up_probe", 0, NULL },
	{ FACT_ASKED, HOOK_KPROBE, "_cpu_down", "cpu_down_probe", 0, NULL },
	{ FACT_CPUHP_FAIL, HOOK_TRACEPOINT, "cpuhp_exit", "cpuhp_failed", 0, NULL },

	{ FACT_MODULES, HOOK_TRACEPOINT, "module_load", "module_loaded", 0, NULL },
	{ FACT_MODULES, HOOK_TRACEPOINT, "module_free", "module_freed", 0, NULL },
	{ FACT_KEXEC, HOOK_FENTRY, "migrate_to_reboot_cpu", "reboot_enter", 0, NULL },
	{ FACT_KEXEC, HOOK_KPROBE, "migrate_to_reboot_cpu", "reboot_probe", 0, NULL },

	{ FACT_GATE, HOOK_LSM, "file_open", "gate_open", 0, NULL },
	{ FACT_GATE, HOOK_LSM, "file_permission", "gate_write", HOOK_WRITES, NULL },
	{ FACT_GATE, HOOK_LSM, "file_ioctl", "gate_ioctl", HOOK_WRITES, NULL },
	{ FACT_GATE, HOOK_LSM, "file_ioctl_compat", "gate_ioctl_compat", HOOK_WRITES, NULL },
	{ FACT_GATE, HOOK_FMOD_RET, "security_file_open", "gate_open_modify", 0,
	  "calls on a CPU where tasks were preempted in both twins of a program; they are "
	  "reported" },
	{ FACT_GATE, HOOK_FMOD_RET, "security_file_open", "gate_open_again", HOOK_TWIN, NULL },
	{ FACT_GATE, HOOK_FMOD_RET, "security_file_permission", "gate_write_modify", HOOK_WRITES,
	  NULL },
	{ FACT_GATE, HOOK_FMOD_RET, "security_file_permission", "gate_write_again",
	  HOOK_WRITES | HOOK_TWIN, NULL },
	{ FACT_GATE, HOOK_FMOD_RET, "security_file_ioctl", "gate_ioctl_modify", HOOK_WRITES, NULL },
	{ FACT_GATE, HOOK_FMOD_RET, "security_file_ioctl", "gate_ioctl_again",
	  HOOK_WRITES | HOOK_TWIN, NULL },
	{ FACT_GATE, HOOK_FMOD_RET, "security_file_ioctl_compat", "gate_ioctl_compat_modify",
	  HOOK_WRITES, NULL },
	{ FACT_GATE, HOOK_FMOD_RET, "security_file_ioctl_compat", "gate_ioctl_compat_again",
	  HOOK_WRITES | HOOK_TWIN, NULL },

	{ FACT_FIRMWARE, HOOK_MEMORY, "psp_master", NULL, HOOK_IN_CCP, NULL },
	{ FACT_FIRMWARE, HOOK_COMMANDS, "SNP_INIT_EX", NULL, 0,
	  "SNP initialised before the guard's start, unless KVM says so" },
};
const size_t hook_count = sizeof(hook_table) / sizeof(hook_table[0]);
_Static_assert(sizeof(hook_table) / sizeof(hook_table[0]) <= HOOKS_MAX, "HOOKS_MAX is too small");

/* Symbols beside the hooks' targets: SNP's code, the boot code, and two that the gate needs. */
static const struct kallsym more_symbols[] = {
	{ .name = "snp_rmptable_init" }, { .name = "_sinittext" },	 { .name = "_einittext" },
	{ .name = "enable_mmiotrace" },	 { .name = "hibernate_atomic" }, { .module = "ccp" },
};
#define MORE (sizeof(more_symbols) / sizeof(more_symbols[0]))

const char *hook_fact_name(enum hook_fact fact)
{
	static const char *const names[] = {
#define X(sym, name, without) name,
		HOOK_FACTS(X)
#undef X
	};

	return names[fact];
}

const char *hook_fact_without(enum hook_fact fact)
{
	static const char *const texts[] = {
#define X(sym, name, without) without,
		HOOK_FACTS(X)
#undef X
	};

	return texts[fact];
}

const char *hook_kind_name(enum hook_kind kind)
{
	static const char *const names[] = {
#define X(sym, name) name,
		HOOK_KINDS(X)
#undef X
	};

	return names[kind];
}

int hook_kind_by_name(const char *name)
{
	for (int i = HOOK_FENTRY; i <= HOOK_FMOD_RET; i++)
		if (!strcmp(hook_kind_name(i), name))
			return i;
	return -EINVAL;
}

static const char *function_text(enum function_state state)
{
	static const char *const texts[] = {
#define X(sym, why) why,
		FUNCTION_STATES(X)
#undef X
	};

	return texts[state];
}

/* ---- one hook ---- */

static const char *module_of(const struct hook *hook)
{
	return hook->flags & HOOK_IN_CCP ? "ccp" : NULL;
}

static enum function_state memory_state(const struct hooks *h, const struct hook *hook)
{
	const struct kallsym *s = kernel_symbol(&h->kernel, hook->target, module_of(hook));

	if (h->kernel.running && platform_is_confidential(&h->kernel.platform))
		return FUNCTION_HIDDEN;
	if ((hook->flags & HOOK_IN_CCP) && h->kernel.ccp == MODULE_ABSENT)
		return h->kernel.ccp_err ? FUNCTION_DAMAGED : FUNCTION_UNKNOWN;
	if ((hook->flags & HOOK_IN_CCP) && h->kernel.ccp == MODULE_AVAILABLE && h->kernel.running)
		return FUNCTION_NOT_LOADED;
	if ((hook->flags & HOOK_IN_CCP) &&
	    (h->kernel.sev_data_offset < 0 || h->kernel.snp_initialized_offset < 0))
		return FUNCTION_NO_BTF;
	return s && s->count == 1 ? FUNCTION_FOUND : FUNCTION_ABSENT;
}

static enum function_state lsm_state(const struct hooks *h, const struct hook *hook)
{
	char name[64];

	/* A program at an LSM that is not in the list attaches, and is never called. */
	if (h->kernel.running && platform_has_lsm(&h->kernel.platform, "bpf") <= 0)
		return FUNCTION_NO_LSM;
	snprintf(name, sizeof(name), "bpf_lsm_%s", hook->target);
	return kernel_has_btf_function(&h->kernel, name) ? FUNCTION_FOUND : FUNCTION_ABSENT;
}

static enum function_state commands_state(const struct hooks *h)
{
	return h->states[FACT_COMMANDS].covered ? FUNCTION_FOUND : FUNCTION_UNFOLLOWED;
}

static enum function_state state_of(const struct hooks *h, size_t i)
{
	const struct hook *hook = &hook_table[i];
	const struct kallsym *s;

	if (h->refused[i])
		return FUNCTION_REFUSED;
	if (h->options.avoid & 1u << hook->kind)
		return FUNCTION_AVOIDED;
	switch (hook->kind) {
	case HOOK_FENTRY:
	case HOOK_FMOD_RET:
	case HOOK_KPROBE:
		return kernel_function(&h->kernel, hook->target, hook->flags & HOOK_IN_CCP,
				       hook->kind != HOOK_KPROBE);
	case HOOK_TRACEPOINT:
		return kernel_has_tracepoint(&h->kernel, hook->target) ? FUNCTION_FOUND
								       : FUNCTION_ABSENT;
	case HOOK_LSM:
		return lsm_state(h, hook);
	case HOOK_MEMORY:
		return memory_state(h, hook);
	case HOOK_STACK:
		s = kernel_symbol(&h->kernel, hook->target, NULL);
		return s && s->end ? FUNCTION_FOUND : FUNCTION_ABSENT;
	case HOOK_COMMANDS:
		return commands_state(h);
	case HOOK_SWEEP:
	case HOOK_KIND_COUNT:
		break;
	}
	return FUNCTION_FOUND;
}

/* A function's return type decides which of its exit programs is used. */
static bool is_meant(const struct hooks *h, const struct hook *hook)
{
	bool is_void;

	if (!(hook->flags & (HOOK_IF_INT | HOOK_IF_VOID)))
		return true;
	is_void = kernel_returns_void(&h->kernel, hook->target);
	return is_void == !!(hook->flags & HOOK_IF_VOID);
}

/* ---- rungs ---- */

static size_t end_of_rung(size_t first)
{
	size_t i = first;

	while (i < hook_count && hook_table[i].fact == hook_table[first].fact &&
	       hook_table[i].kind == hook_table[first].kind)
		i++;
	return i;
}

static void __attribute__((format(printf, 3, 4)))
append(char *text, size_t size, const char *format, ...)
{
	size_t used = strlen(text);
	va_list args;

	va_start(args, format);
	vsnprintf(text + used, size - used, format, args);
	va_end(args);
}

/* "fentry _cpu_up, _cpu_down", "kprobe ccp:__sev_do_cmd_locked", "sweeps of SYSCFG" */
static void name_rung(const struct hooks *h, size_t first, char *text, size_t size)
{
	const struct hook *hook = &hook_table[first];
	const char *last = "";

	text[0] = 0;
	if (hook->kind != HOOK_COMMANDS)
		append(text, size, "%s", hook_kind_name(hook->kind));
	if (hook->kind == HOOK_STACK)
		return;
	for (size_t i = first; i < end_of_rung(first); i++) {
		if (!strcmp(hook_table[i].target, last))
			continue;
		append(text, size, "%s%s%s",
		       *last   ? ", "
		       : *text ? " "
			       : "",
		       hook_table[i].flags & HOOK_IN_CCP && h->kernel.ccp != MODULE_BUILTIN ? "ccp:"
											    : "",
		       hook_table[i].target);
		last = hook_table[i].target;
	}
	if (hook->kind == HOOK_COMMANDS)
		append(text, size, " %s", hook_kind_name(hook->kind));
}

static void say_missing(struct hooks *h, size_t first, size_t culprit, enum function_state why)
{
	struct hook_state *s = &h->states[hook_table[first].fact];
	const struct hook *hook = &hook_table[culprit];
	const struct kallsym *symbol = kernel_symbol(&h->kernel, hook->target, module_of(hook));
	struct hook_missing *m;

	if (why == FUNCTION_REFUSED)
		s->refused = h->refused[culprit];
	if (s->missing_count == RUNGS_MAX)
		return;
	m = &s->missing[s->missing_count++];
	name_rung(h, first, m->source, sizeof(m->source));
	if (symbol && (why == FUNCTION_RENAMED || why == FUNCTION_SPLIT || why == FUNCTION_CLONED))
		snprintf(m->why, sizeof(m->why), "%s: %s%s", function_text(why), hook->target,
			 symbol->suffix);
	else
		snprintf(m->why, sizeof(m->why), "%s", function_text(why));
}

/* Uses the rung if the kernel offers each of its hooks. */
static bool try_rung(struct hooks *h, size_t first)
{
	struct hook_state *s = &h->states[hook_table[first].fact];
	enum function_state state;

	for (size_t i = first; i < end_of_rung(first); i++) {
		state = is_meant(h, &hook_table[i]) ? state_of(h, i) : FUNCTION_FOUND;
		if (state == FUNCTION_FOUND)
			continue;
		say_missing(h, first, i, state);
		return false;
	}
	for (size_t i = first; i < end_of_rung(first); i++)
		h->used[i] = is_meant(h, &hook_table[i]);
	s->covered = true;
	s->kind = hook_table[first].kind;
	s->less = hook_table[first].less;
	name_rung(h, first, s->source, sizeof(s->source));
	return true;
}

static void choose(struct hooks *h)
{
	enum hook_fact fact;

	memset(h->states, 0, sizeof(h->states));
	memset(h->used, 0, sizeof(h->used));
	for (size_t i = 0; i < hook_count; i = end_of_rung(i)) {
		fact = hook_table[i].fact;
		if (!h->states[fact].covered)
			try_rung(h, i);
	}
}

/* ---- all of them ---- */

static int add_symbol(struct kallsym *symbols, int n, const struct kallsym *s)
{
	for (int i = 0; i < n; i++)
		if (symbols[i].name && s->name && !strcmp(symbols[i].name, s->name) &&
		    !symbols[i].module == !s->module)
			return n;
	symbols[n] = *s;
	return n + 1;
}

static int list_symbols(struct kallsym *symbols)
{
	int n = 0;

	for (size_t i = 0; i < hook_count; i++) {
		const struct hook *hook = &hook_table[i];

		if (hook->kind == HOOK_FENTRY || hook->kind == HOOK_FMOD_RET ||
		    hook->kind == HOOK_KPROBE || hook->kind == HOOK_MEMORY)
			n = add_symbol(symbols, n,
				       &(struct kallsym){ .name = hook->target,
							  .module = module_of(hook) });
	}
	for (size_t i = 0; i < MORE; i++)
		n = add_symbol(symbols, n, &more_symbols[i]);
	return n;
}

int hooks_open(struct hooks *h, const struct platform *p, const struct kernel_files *files,
	       const struct hooks_options *options)
{
	struct kallsym symbols[HOOKS_MAX + MORE];
	int err;

	*h = (struct hooks){ .options = *options };
	err = kernel_open(&h->kernel, p, files, symbols, list_symbols(symbols));
	if (err)
		return err;
	/* If the file can't be read, attaching will show what ftrace refuses. */
	if (options->ask_ftrace && h->kernel.running)
		kernel_read_traced(&h->kernel);
	choose(h);
	return 0;
}

void hooks_close(struct hooks *h)
{
	kernel_close(&h->kernel);
}

void hooks_refuse(struct hooks *h, size_t hook, int err)
{
	h->refused[hook] = err;
	choose(h);
}

void hooks_avoid_nothing(struct hooks *h)
{
	h->options.avoid = 0;
	choose(h);
}

bool hooks_lack_gate(const struct hooks *h)
{
	return !h->options.audit && !h->options.truth_only && !h->states[FACT_GATE].covered;
}

bool hooks_uses(const struct hooks *h, const char *program)
{
	for (size_t i = 0; i < hook_count; i++)
		if (h->used[i] && hook_table[i].program && !strcmp(hook_table[i].program, program))
			return true;
	return false;
}
