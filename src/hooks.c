// SPDX-License-Identifier: GPL-2.0-only
#include "hooks.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kallsyms.h"
#include "snp_guard.skel.h"

enum attach { FUNCTION, TRACEPOINT, KPROBE, KRETPROBE, LSM };

/*
 * Programs and where they sit, the best source of a fact first. Nothing in ccp is attached by
 * fentry: that pins the module, and rmmod fails as long as the guard runs.
 */
static const struct probe {
	const char *program;
	enum hook_fact fact;
	enum attach attach;
	const char *target;
} probes[] = {
	{ "prepare_enter", FACT_PREPARE, FUNCTION, "snp_prepare" },
	{ "prepare_exit", FACT_PREPARE, FUNCTION, "snp_prepare" },
	{ "prepare_exit_void", FACT_PREPARE, FUNCTION, "snp_prepare" },
	{ "snp_enable_exit", FACT_SNP_EN, FUNCTION, "snp_enable" },
	{ "x86_shutdown_enter", FACT_X86_SHUTDOWN, FUNCTION, "snp_shutdown" },
	{ "shutdown_locked_exit", FACT_SHUTDOWN, FUNCTION, "__sev_snp_shutdown_locked" },
	{ "shutdown_locked_ret", FACT_SHUTDOWN, KRETPROBE, "__sev_snp_shutdown_locked" },
	{ "command_enter", FACT_COMMANDS, KPROBE, "__sev_do_cmd_locked" },
	{ "command_exit", FACT_COMMANDS, KRETPROBE, "__sev_do_cmd_locked" },
	{ "hotplug_disable_exit", FACT_DISABLE, FUNCTION, "cpu_hotplug_disable" },
	{ "hotplug_enable_exit", FACT_ENABLE, FUNCTION, "cpu_hotplug_enable" },
	{ "cpu_up_begin", FACT_ASKED, FUNCTION, "_cpu_up" },
	{ "cpu_down_begin", FACT_ASKED, FUNCTION, "_cpu_down" },
	{ "online_set", FACT_CPUS, FUNCTION, "set_cpu_online" },
	{ "cpuhp_exit", FACT_CPUS, TRACEPOINT, "cpuhp_exit" },
	{ "module_loaded", FACT_MODULES, TRACEPOINT, "module_load" },
	{ "module_freed", FACT_MODULES, TRACEPOINT, "module_free" },
	{ "kexec_enter", FACT_KEXEC, FUNCTION, "kernel_kexec" },
	{ "reboot_enter", FACT_KEXEC, FUNCTION, "migrate_to_reboot_cpu" },
	{ "gate_open", FACT_GATE, LSM, "file_open" },
	{ "gate_write", FACT_GATE, LSM, "file_permission" },
};
#define PROBES (sizeof(probes) / sizeof(probes[0]))

/* Symbols looked up beside the probes' targets. */
enum {
	SYM_COUNT,
	SYM_RMPTABLE_INIT,
	SYM_CCP_TEXT,
	SYM_PSP_MASTER,
	SYM_CCP_COMMAND,
	SYM_CCP_SHUTDOWN,
	SYM_INIT_TEXT,
	SYM_INIT_TEXT_END,
	SYMBOLS
};

struct hooks {
	struct platform platform;
	struct hooks_options opts;
	struct snp_guard_bpf *skel;
	struct btf *btf;
	struct ring_buffer *ring;
	enum platform_module ccp;
	bool prepare_void, has_latch;
	bool symbols_old; /* ccp may have come or gone since they were read */
	struct hook_state states[FACT_COUNT_OF];
	struct kallsym targets[PROBES], symbols[SYMBOLS];
	struct bpf_link *links[PROBES];
	bool kprobe_events[PROBES]; /* written to tracefs by us */
	bool refused[PROBES];	    /* the kernel took the program and not its attachment */

	int (*consume)(void *ctx, const struct snp_event *e);
	void *consume_ctx;
};

static char complaint[512];

static int keep_complaint(enum libbpf_print_level level, const char *format, va_list args)
{
	if (level == LIBBPF_WARN)
		vsnprintf(complaint, sizeof(complaint), format, args);
	complaint[strcspn(complaint, "\n")] = 0;
	return 0;
}

const char *hooks_complaint(void)
{
	return complaint;
}

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

const struct hook_state *hooks_state(const struct hooks *h, enum hook_fact fact)
{
	return &h->states[fact];
}

static void __attribute__((format(printf, 3, 4)))
say(struct hooks *h, enum hook_fact fact, const char *format, ...)
{
	struct hook_state *s = &h->states[fact];
	size_t used = strlen(s->source);
	va_list args;

	if (used)
		used += snprintf(s->source + used, sizeof(s->source) - used, ", ");
	if (used >= sizeof(s->source))
		return;
	va_start(args, format);
	vsnprintf(s->source + used, sizeof(s->source) - used, format, args);
	va_end(args);
}

static void note(struct hooks *h, enum hook_fact fact, const char *text)
{
	snprintf(h->states[fact].note, sizeof(h->states[fact].note), "%s", text);
}

/* ---- what the kernel has ---- */

static const struct kallsym *target(const struct hooks *h, const char *name)
{
	for (size_t i = 0; i < PROBES; i++)
		if (!strcmp(probes[i].target, name))
			return &h->targets[i];
	return NULL;
}

/* Code that ran at boot and is freed still has its name. */
static bool is_init_text(const struct hooks *h, const struct kallsym *s)
{
	return s->start >= h->symbols[SYM_INIT_TEXT].start &&
	       s->start < h->symbols[SYM_INIT_TEXT_END].start;
}

/* One symbol of that very name: not inlined away, no .isra or .constprop in its place. */
static bool has_function(const struct hooks *h, const char *name)
{
	const struct kallsym *s = target(h, name);

	return s && s->count == 1 && !is_init_text(h, s) &&
	       btf__find_by_name_kind(h->btf, name, BTF_KIND_FUNC) > 0;
}

static bool returns_void(const struct hooks *h, const char *name)
{
	int id = btf__find_by_name_kind(h->btf, name, BTF_KIND_FUNC);
	const struct btf_type *t = id > 0 ? btf__type_by_id(h->btf, id) : NULL;

	t = t ? btf__type_by_id(h->btf, t->type) : NULL;
	return t && btf_is_func_proto(t) && !t->type;
}

static int read_symbols(struct hooks *h)
{
	struct kallsym all[PROBES + SYMBOLS];
	static const struct kallsym symbols[SYMBOLS] = {
		[SYM_COUNT] = { .name = "cpu_hotplug_disabled" },
		[SYM_RMPTABLE_INIT] = { .name = "snp_rmptable_init" },
		[SYM_CCP_TEXT] = { .module = "ccp" },
		[SYM_PSP_MASTER] = { .name = "psp_master", .module = "ccp" },
		[SYM_CCP_COMMAND] = { .name = "__sev_do_cmd_locked", .module = "ccp" },
		[SYM_CCP_SHUTDOWN] = { .name = "__sev_snp_shutdown_locked", .module = "ccp" },
		[SYM_INIT_TEXT] = { .name = "_sinittext" },
		[SYM_INIT_TEXT_END] = { .name = "_einittext" },
	};
	char path[64];
	FILE *f;
	int err;

	for (size_t i = 0; i < PROBES; i++)
		all[i] = (struct kallsym){ .name = probes[i].target };
	memcpy(all + PROBES, symbols, sizeof(symbols));
	if (h->ccp == MODULE_BUILTIN)
		all[PROBES + SYM_PSP_MASTER].module = NULL;
	snprintf(path, sizeof(path), "%s/proc/kallsyms", h->platform.root);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	err = kallsyms_find(f, all, PROBES + SYMBOLS);
	fclose(f);
	memcpy(h->targets, all, sizeof(h->targets));
	memcpy(h->symbols, all + PROBES, sizeof(h->symbols));
	if (!err && target(h, "cpu_hotplug_disable")->count &&
	    !target(h, "cpu_hotplug_disable")->start)
		err = -EPERM;
	return err;
}

/* A kprobe on ccp may be set before ccp is there; only a loaded one shows whether it fits. */
static bool ccp_may_have(const struct hooks *h, const char *name, int symbol)
{
	if (h->ccp == MODULE_BUILTIN)
		return target(h, name)->count == 1;
	if (h->ccp == MODULE_LOADED)
		return h->symbols[symbol].count == 1;
	return symbol == SYM_CCP_COMMAND;
}

static bool is_wanted(struct hooks *h, const struct probe *p)
{
	if (h->opts.truth_only)
		return false;
	if (!strcmp(p->program, "prepare_exit") && h->prepare_void)
		return false;
	if (!strcmp(p->program, "prepare_exit_void") && !h->prepare_void)
		return false;
	switch (p->attach) {
	case FUNCTION:
		return has_function(h, p->target);
	case TRACEPOINT: {
		char type[64];

		snprintf(type, sizeof(type), "btf_trace_%s", p->target);
		return btf__find_by_name_kind(h->btf, type, BTF_KIND_TYPEDEF) > 0;
	}
	case KPROBE:
	case KRETPROBE:
		if (p->fact == FACT_SHUTDOWN)
			return !has_function(h, p->target) &&
			       ccp_may_have(h, p->target, SYM_CCP_SHUTDOWN);
		return ccp_may_have(h, p->target, SYM_CCP_COMMAND);
	case LSM:
		return platform_has_lsm(&h->platform, "bpf") == 1;
	}
	return false;
}

static struct bpf_program *program(const struct hooks *h, size_t i)
{
	return bpf_object__find_program_by_name(h->skel->obj, probes[i].program);
}

static bool is_used(const struct hooks *h, size_t i)
{
	return bpf_program__autoload(program(h, i)) && !h->refused[i];
}

static bool is_on(const struct hooks *h, const char *name)
{
	for (size_t i = 0; i < PROBES; i++)
		if (!strcmp(probes[i].program, name))
			return is_used(h, i);
	return false;
}

/* Says for each fact which source serves it on this kernel. */
static void describe(struct hooks *h)
{
	static const char *const how[] = { [FUNCTION] = "fentry",
					   [TRACEPOINT] = "tracepoint",
					   [KPROBE] = "kprobe",
					   [KRETPROBE] = "kretprobe",
					   [LSM] = "lsm" };

	memset(h->states, 0, sizeof(h->states));
	for (size_t i = 0; i < PROBES; i++) {
		const struct probe *p = &probes[i];
		bool again = i && p[-1].fact == p->fact && !strcmp(p[-1].target, p->target);

		if (!is_used(h, i) || (again && h->states[p->fact].source[0]))
			continue;
		say(h, p->fact, "%s %s%s", how[p->attach],
		    p->attach == KPROBE || p->attach == KRETPROBE
			    ? (h->ccp == MODULE_BUILTIN ? "" : "ccp:")
			    : "",
		    p->target);
	}
	if (!is_on(h, "prepare_enter")) {
		say(h, FACT_PREPARE, "sweeps of SYSCFG");
		note(h, FACT_PREPARE, "no snp_prepare(): this kernel sets SNP_EN at boot");
	}
	if (!is_on(h, "snp_enable_exit"))
		say(h, FACT_SNP_EN, "sweeps of SYSCFG");
	if (!h->states[FACT_SHUTDOWN].source[0] && is_on(h, "command_enter")) {
		say(h, FACT_SHUTDOWN, "SNP_SHUTDOWN_EX among the commands");
		note(h, FACT_SHUTDOWN, "__sev_snp_shutdown_locked is inlined or not there yet");
	}
	if (!is_on(h, "x86_shutdown_enter")) {
		say(h, FACT_X86_SHUTDOWN, "SNP_SHUTDOWN_EX among the commands");
		note(h, FACT_X86_SHUTDOWN, "no snp_shutdown(): this kernel has no full shutdown");
	}
	if (h->symbols[SYM_COUNT].start && !platform_is_confidential(&h->platform))
		say(h, FACT_COUNT, "cpu_hotplug_disabled");
	if (target(h, "cpu_hotplug_disable")->end)
		say(h, FACT_OWNER, "call stacks");
	if (h->ccp == MODULE_LOADED || h->ccp == MODULE_BUILTIN) {
		if (h->symbols[SYM_PSP_MASTER].start)
			say(h, FACT_FIRMWARE, "psp_master of ccp");
	} else {
		say(h, FACT_FIRMWARE, "the commands, from ccp's loading on");
	}
	if (!is_on(h, "gate_open"))
		note(h, FACT_GATE, "no bpf in /sys/kernel/security/lsm");
	if (h->ccp == MODULE_AVAILABLE)
		note(h, FACT_COMMANDS, "ccp is not loaded yet: set for its first call");
}

static void set_range(struct text_range *r, const struct kallsym *s)
{
	r->start = s && s->end ? s->start : 0;
	r->end = s ? s->end : 0;
}

static void configure(struct hooks *h)
{
	struct snp_guard_bpf__rodata *ro = h->skel->rodata;

	ro->audit = h->opts.audit;
	ro->online_by_cpuhp = !is_on(h, "online_set");
	ro->count_addr = h->symbols[SYM_COUNT].start;
	set_range((void *)&ro->hotplug_text[0], target(h, "cpu_hotplug_disable"));
	set_range((void *)&ro->hotplug_text[1], target(h, "cpu_hotplug_enable"));
	set_range((void *)&ro->snp_text[0], target(h, "snp_prepare"));
	set_range((void *)&ro->snp_text[1], target(h, "snp_shutdown"));
	set_range((void *)&ro->snp_text[2], &h->symbols[SYM_RMPTABLE_INIT]);
	set_range(&h->skel->bss->ccp_text, &h->symbols[SYM_CCP_TEXT]);
}

int hooks_probe(struct hooks **out, const struct platform *p, const struct hooks_options *opts)
{
	struct hooks *h = calloc(1, sizeof(*h));
	int err;

	*out = h;
	if (!h)
		return -ENOMEM;
	h->platform = *p;
	h->opts = *opts;
	h->ccp = platform_module(p, "ccp");
	libbpf_set_print(keep_complaint);
	h->btf = btf__load_vmlinux_btf();
	err = libbpf_get_error(h->btf);
	if (err) {
		h->btf = NULL;
		goto fail;
	}
	err = read_symbols(h);
	if (err)
		goto fail;
	h->prepare_void = returns_void(h, "snp_prepare");
	h->skel = snp_guard_bpf__open();
	if (!h->skel) {
		err = -errno;
		goto fail;
	}
	for (size_t i = 0; i < PROBES; i++)
		bpf_program__set_autoload(program(h, i), is_wanted(h, &probes[i]));
	if (opts->buffer_kib)
		bpf_map__set_max_entries(h->skel->maps.events, opts->buffer_kib * 1024);
	configure(h);
	describe(h);
	return 0;
fail:
	hooks_free(h);
	*out = NULL;
	return err;
}

__u32 hooks_start_flags(const struct hooks *h)
{
	return (is_on(h, "prepare_enter") ? SNP_F_HAS_PREPARE : 0) |
	       (is_on(h, "snp_enable_exit") ? SNP_F_HAS_ENABLE : 0) |
	       (h->has_latch ? SNP_F_HAS_LATCH : 0) |
	       (is_on(h, "gate_open") && !h->opts.audit ? SNP_F_GATE : 0);
}

/* ---- kprobes, through tracefs ---- */

/*
 * perf's own kprobes don't come back after ccp was reloaded, and kprobe.multi pins it. An event
 * of tracefs may be set before the module is there and survives each reload; libbpf offers that
 * from 1.2 on, so it is written here.
 */
static int open_tracefs(const char *path, int flags)
{
	static const char *const roots[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };
	char full[160];
	int fd = -1;

	for (int i = 0; i < 2 && fd < 0; i++) {
		snprintf(full, sizeof(full), "%s/%s", roots[i], path);
		fd = open(full, flags | O_CLOEXEC);
	}
	return fd < 0 ? -errno : fd;
}

static int write_kprobe_event(const char *line)
{
	int fd = open_tracefs("kprobe_events", O_WRONLY | O_APPEND);
	ssize_t n;
	int err;

	if (fd < 0)
		return fd;
	n = write(fd, line, strlen(line));
	err = n < 0 ? -errno : 0;
	close(fd);
	return err;
}

static void event_name(size_t i, char *buf, size_t size)
{
	snprintf(buf, size, "snp_guard_%d/%s", getpid(), probes[i].program);
}

static int event_id(const char *name, __u64 *id)
{
	char path[128], text[24] = "";
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "events/%s/id", name);
	fd = open_tracefs(path, O_RDONLY);
	if (fd < 0)
		return fd;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return -EIO;
	*id = strtoull(text, NULL, 10);
	return 0;
}

static int attach_kprobe(struct hooks *h, size_t i)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_TRACEPOINT, .size = sizeof(attr) };
	char name[80], line[200];
	__u64 id;
	int fd, err;

	event_name(i, name, sizeof(name));
	snprintf(line, sizeof(line), "%c:%s %s%s\n", probes[i].attach == KPROBE ? 'p' : 'r', name,
		 h->ccp == MODULE_BUILTIN ? "" : "ccp:", probes[i].target);
	err = write_kprobe_event(line);
	if (err)
		return err;
	h->kprobe_events[i] = true;
	err = event_id(name, &id);
	if (err)
		return err;
	attr.config = id;
	/* CPU 0 never goes offline on x86; the program runs wherever the probe is hit. */
	fd = syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return -errno;
	h->links[i] = bpf_program__attach_perf_event(program(h, i), fd);
	err = libbpf_get_error(h->links[i]);
	if (err) {
		h->links[i] = NULL;
		close(fd);
	}
	return err;
}

/* Events that a killed guard left behind are of no use to anyone. */
static void remove_stale_events(void)
{
	int fd = open_tracefs("kprobe_events", O_RDONLY);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	char line[256], name[100], command[120];
	int pid;

	if (!f) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%*[pr0-9]:snp_guard_%d/%99[a-z_]", &pid, name) != 2 ||
		    !kill(pid, 0) || errno != ESRCH)
			continue;
		snprintf(command, sizeof(command), "-:snp_guard_%d/%s\n", pid, name);
		write_kprobe_event(command);
	}
	fclose(f);
}

/* ---- attaching ---- */

static int attach_one(struct hooks *h, size_t i)
{
	int err;

	if (probes[i].attach == KPROBE || probes[i].attach == KRETPROBE)
		return attach_kprobe(h, i);
	h->links[i] = bpf_program__attach(program(h, i));
	err = libbpf_get_error(h->links[i]);
	if (err)
		h->links[i] = NULL;
	return err;
}

/*
 * A sensor that can't be attached is a fact not covered, and told as such; a gate that can't be
 * is no gate.
 */
static int attach_all(struct hooks *h)
{
	int err;

	for (size_t i = 0; i < PROBES; i++) {
		if (!is_used(h, i))
			continue;
		err = attach_one(h, i);
		if (!err)
			continue;
		if (probes[i].attach == LSM && !h->opts.audit)
			return err;
		h->refused[i] = true;
	}
	describe(h);
	return 0;
}

/*
 * Every form of SNP's hotplug disable so far is undone in snp_shutdown(): a kernel has it if that
 * calls cpu_hotplug_enable(), by a near call (E8h, 32 bits relative to what follows it).
 */
static bool calls(const struct hooks *h, const struct kallsym *function, __u64 callee)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);
	struct snp_guard_bpf__bss *bss = h->skel->bss;
	__u64 size = function->end - function->start;
	__s32 distance;

	if (!function->start || !function->end || !callee)
		return false;
	bss->text_addr = function->start;
	if (bpf_prog_test_run_opts(bpf_program__fd(h->skel->progs.read_text), &opts) || opts.retval)
		return false;
	if (size > SNP_TEXT_SIZE)
		size = SNP_TEXT_SIZE;
	for (__u64 i = 0; i + 5 <= size; i++) {
		if (bss->text[i] != 0xe8)
			continue;
		memcpy(&distance, &bss->text[i + 1], sizeof(distance));
		if (function->start + i + 5 + distance == callee)
			return true;
	}
	return false;
}

static int on_record(void *ctx, void *data, size_t size)
{
	struct hooks *h = ctx;

	return size < sizeof(struct snp_event) ? 0 : h->consume(h->consume_ctx, data);
}

int hooks_attach(struct hooks *h)
{
	int err;

	complaint[0] = 0;
	remove_stale_events();
	err = snp_guard_bpf__load(h->skel);
	if (err)
		return err;
	h->has_latch = calls(h, target(h, "snp_shutdown"), target(h, "cpu_hotplug_enable")->start);
	h->ring = ring_buffer__new(bpf_map__fd(h->skel->maps.events), on_record, h, NULL);
	if (!h->ring)
		return -errno;
	return attach_all(h);
}

void hooks_free(struct hooks *h)
{
	char name[80], line[100];

	if (!h)
		return;
	for (size_t i = 0; i < PROBES; i++) {
		bpf_link__destroy(h->links[i]);
		if (!h->kprobe_events[i])
			continue;
		event_name(i, name, sizeof(name));
		snprintf(line, sizeof(line), "-:%s\n", name);
		write_kprobe_event(line);
	}
	ring_buffer__free(h->ring);
	snp_guard_bpf__destroy(h->skel);
	btf__free(h->btf);
	free(h);
}

/* ---- while it runs ---- */

int hooks_consume(struct hooks *h, int (*fn)(void *ctx, const struct snp_event *e), void *ctx)
{
	int n;

	h->consume = fn;
	h->consume_ctx = ctx;
	n = ring_buffer__consume(h->ring);
	return n < 0 ? n : 0;
}

int hooks_fd(struct hooks *h)
{
	return ring_buffer__epoll_fd(h->ring);
}

/* Calls left out since the program was already running on that CPU. */
static __u64 recursion_misses(const struct hooks *h)
{
	__u64 misses = 0;

	for (size_t i = 0; i < PROBES; i++) {
		struct bpf_prog_info info = { 0 };
		__u32 size = sizeof(info);
		int fd = bpf_program__fd(program(h, i));

		if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &size))
			misses += info.recursion_misses;
	}
	return misses;
}

struct hooks_counters hooks_counters(const struct hooks *h)
{
	const struct snp_guard_bpf__bss *bss = h->skel->bss;

	return (struct hooks_counters){
		/* In this order: see command_exit. */
		.shutdown_ns = __atomic_load_n(&bss->shutdown_ns, __ATOMIC_ACQUIRE),
		.seq = __atomic_load_n(&bss->seq, __ATOMIC_ACQUIRE),
		.missed = recursion_misses(h),
		.denied = __atomic_load_n(&bss->denied, __ATOMIC_RELAXED),
		.denied_quiet = __atomic_load_n(&bss->denied_quiet, __ATOMIC_RELAXED),
	};
}

/* The offset in bytes of a member, or -ENOENT. */
static int member_offset(const struct btf *btf, const char *type, const char *name)
{
	int id = btf__find_by_name_kind(btf, type, BTF_KIND_STRUCT);
	const struct btf_type *t = id > 0 ? btf__type_by_id(btf, id) : NULL;

	for (int i = 0; t && i < btf_vlen(t); i++)
		if (!strcmp(btf__name_by_offset(btf, btf_members(t)[i].name_off), name))
			return btf_member_bit_offset(t, i) / 8;
	return -ENOENT;
}

/* Where ccp keeps whether SNP is initialised: psp_master->sev_data->snp_initialized. */
static int find_firmware_state(struct hooks *h)
{
	struct snp_guard_bpf__bss *bss = h->skel->bss;
	struct btf *ccp = NULL;
	const struct btf *btf = h->btf;
	int sev_data, initialised, err = 0;

	if (h->symbols_old) {
		h->ccp = platform_module(&h->platform, "ccp");
		err = read_symbols(h);
	}
	h->symbols_old = true;
	if (err || !h->symbols[SYM_PSP_MASTER].start)
		return err ? err : -ENOENT;
	if (h->ccp != MODULE_BUILTIN) {
		ccp = btf__load_module_btf("ccp", h->btf);
		err = libbpf_get_error(ccp);
		if (err)
			return err;
		btf = ccp;
	}
	sev_data = member_offset(btf, "psp_device", "sev_data");
	initialised = member_offset(btf, "sev_device", "snp_initialized");
	if (sev_data < 0 || initialised < 0) {
		err = -ENOENT;
		goto out;
	}
	bss->psp_master_addr = h->symbols[SYM_PSP_MASTER].start;
	bss->sev_data_offset = sev_data;
	bss->snp_initialized_offset = initialised;
out:
	btf__free(ccp);
	return err;
}

int hooks_truth(struct hooks *h, int *count, int *initialised)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);
	struct snp_guard_bpf__bss *bss = h->skel->bss;
	int err;

	bss->psp_master_addr = 0;
	if (initialised)
		find_firmware_state(h);
	err = bpf_prog_test_run_opts(bpf_program__fd(h->skel->progs.read_truth), &opts);
	*count = err ? SNP_COUNT_UNKNOWN : bss->truth_count;
	if (initialised)
		*initialised = err ? -1 : bss->truth_initialised;
	return err;
}

__u64 hooks_latch(const struct hooks *h)
{
	return __atomic_load_n(&h->skel->bss->latch, __ATOMIC_ACQUIRE);
}

bool hooks_set_latch(struct hooks *h, __u64 before, bool shut)
{
	__u64 after = (before & ~SNP_LATCH_WINDOW) | (shut ? SNP_LATCH_WINDOW : 0);

	if (after == before)
		return true;
	return __atomic_compare_exchange_n(&h->skel->bss->latch, &before, after + SNP_LATCH_CHANGE,
					   false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}
