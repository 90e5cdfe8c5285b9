// SPDX-License-Identifier: GPL-2.0-only
#include "host/kernel.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/ksym.h"
#include "host/module_file.h"

static const char btf_path[] = "/sys/kernel/btf/vmlinux";

/* ---- ccp ---- */

static int modules_dir(const struct kernel *k, char *dir, size_t size)
{
	char release[PLATFORM_RELEASE_LEN];

	if (!k->running) {
		snprintf(dir, size, "%s", k->files.modules ? k->files.modules : "");
		return k->files.modules ? 0 : -ENOENT;
	}
	platform_release(&k->platform, release);
	snprintf(dir, size, "%s/lib/modules/%s", k->platform.root, release);
	return 0;
}

static enum platform_module where_ccp_is(const struct kernel *k)
{
	char path[PATH_MAX];

	if (k->running)
		return platform_module(&k->platform, "ccp");
	if (!k->files.modules)
		return MODULE_ABSENT;
	if (!module_file_find(k->files.modules, "modules.builtin", "ccp", path, sizeof(path)))
		return MODULE_BUILTIN;
	if (!module_file_find(k->files.modules, "modules.dep", "ccp", path, sizeof(path)))
		return MODULE_AVAILABLE;
	return MODULE_ABSENT;
}

static int member_offset(const struct btf *btf, const char *type, const char *member)
{
	int id = btf ? btf__find_by_name_kind(btf, type, BTF_KIND_STRUCT) : 0;
	const struct btf_type *t = id > 0 ? btf__type_by_id(btf, id) : NULL;

	for (int i = 0; t && i < btf_vlen(t); i++)
		if (!strcmp(btf__name_by_offset(btf, btf_members(t)[i].name_off), member))
			return btf_member_bit_offset(t, i) / 8;
	return -ENOENT;
}

/* ccp: its BTF, or NULL if there is none. */
static void keep_offsets(struct kernel *k, const struct btf *ccp)
{
	k->sev_data_offset = member_offset(ccp, "psp_device", "sev_data");
	k->snp_initialized_offset = member_offset(ccp, "sev_device", "snp_initialized");
}

/* While ccp is not loaded, the module's file has its symbols. */
static int look_into_ccp_file(struct kernel *k, struct btf *base)
{
	struct btf *ccp;
	struct kallsym *wanted = calloc(k->symbol_count, sizeof(*wanted));
	char dir[PATH_MAX], path[PATH_MAX];
	int fd = -1, n = 0, err;

	if (!wanted)
		return -ENOMEM;
	err = modules_dir(k, dir, sizeof(dir));
	if (!err)
		err = module_file_find(dir, "modules.dep", "ccp", path, sizeof(path));
	if (err)
		goto out;
	fd = module_file_open(path);
	err = fd < 0 ? fd : 0;
	if (err)
		goto out;
	for (int i = 0; i < k->symbol_count; i++)
		if (k->symbols[i].module && k->symbols[i].name)
			wanted[n++] = k->symbols[i];
	err = module_file_symbols(fd, wanted, n);
	if (err)
		goto out;
	n = 0;
	for (int i = 0; i < k->symbol_count; i++)
		if (k->symbols[i].module && k->symbols[i].name)
			k->symbols[i] = wanted[n++];
	ccp = module_file_btf(fd, base);
	keep_offsets(k, ccp);
	btf__free(ccp);
out:
	if (fd >= 0)
		close(fd);
	free(wanted);
	return err;
}

static void look_into_loaded_ccp(struct kernel *k, struct btf *base)
{
	char path[PATH_MAX];
	struct btf *ccp;

	snprintf(path, sizeof(path), "%s/sys/kernel/btf/ccp", k->platform.root);
	ccp = btf__parse_split(path, base);
	if (libbpf_get_error(ccp))
		return;
	keep_offsets(k, ccp);
	btf__free(ccp);
}

static void look_into_ccp(struct kernel *k, struct btf *base)
{
	keep_offsets(k, k->ccp == MODULE_BUILTIN ? base : NULL);
	k->ccp_err = 0;
	if (k->ccp == MODULE_LOADED)
		look_into_loaded_ccp(k, base);
	else if (k->ccp == MODULE_AVAILABLE)
		k->ccp_err = look_into_ccp_file(k, base);
	/* Nothing is known from a file that can't be read. */
	if (k->ccp_err)
		k->ccp = MODULE_ABSENT;
}

/* ---- types ---- */

/* What kernel.types says of a name. */
#define IS_FUNCTION	 'f'
#define IS_VOID_FUNCTION 'v'
#define IS_TYPEDEF	 't'

/* Sets path to the kernel's BTF. Returns 0, or -ENOENT if there is none that can be read. */
static int find_types(const struct kernel *k, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s%s", k->running ? k->platform.root : "",
		 k->running ? btf_path : k->files.btf);
	return access(path, R_OK) ? -ENOENT : 0;
}

/* Returns NULL, with *err set, if the file has no BTF. */
static struct btf *open_types(const char *path, int *err)
{
	struct btf *btf = btf__parse(path, NULL);

	*err = libbpf_get_error(btf);
	if (!*err)
		return btf;
	*err = *err == -ENOMEM ? *err : -EBADMSG;
	return NULL;
}

static bool is_asked_for(const struct kernel *k, const char *name)
{
	static const char *const prefixes[] = { "bpf_lsm_", "btf_trace_" };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (!strncmp(name, prefixes[i], strlen(prefixes[i])))
			return true;
	for (int i = 0; i < k->symbol_count; i++)
		if (k->symbols[i].name && k->symbols[i].name[0] == name[0] &&
		    !strcmp(name, k->symbols[i].name))
			return true;
	return false;
}

static char what_is(const struct btf *btf, const struct btf_type *t)
{
	if (!btf_is_func(t))
		return IS_TYPEDEF;
	t = btf__type_by_id(btf, t->type);
	return t && btf_is_func_proto(t) && !t->type ? IS_VOID_FUNCTION : IS_FUNCTION;
}

/*
 * libbpf would look at each type for each name, and the BTF takes megabytes: so one look keeps what
 * may be asked for.
 */
static int keep_types(struct kernel *k, const struct btf *btf)
{
	unsigned int types = btf__type_cnt(btf);
	size_t size;
	FILE *f = open_memstream(&k->types, &size);
	bool failed;

	if (!f)
		return -ENOMEM;
	fputc('\n', f);
	for (unsigned int id = 1; id < types; id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);
		const char *name;

		if (!btf_is_func(t) && !btf_is_typedef(t))
			continue;
		name = btf__name_by_offset(btf, t->name_off);
		if (is_asked_for(k, name))
			fprintf(f, "%c %s\n", what_is(btf, t), name);
	}
	failed = ferror(f);
	/* glibc's fclose() leaves NULL and says nothing if it has no memory for the last bytes. */
	return fclose(f) || failed || !k->types ? -ENOMEM : 0;
}

static bool has_type(const struct kernel *k, char what, const char *name)
{
	char line[128];

	snprintf(line, sizeof(line), "\n%c %s\n", what, name);
	return strstr(k->types, line);
}

/* ---- symbols ---- */

/* Of the kernel that runs, an iterator of its own costs a fifth of the whole file. */
static FILE *open_symbols(const struct kernel *k)
{
	char path[PATH_MAX];
	FILE *f = NULL;

	if (k->running && !k->platform.root[0])
		f = ksym_open(k->symbols, k->symbol_count);
	if (f)
		return f;
	snprintf(path, sizeof(path), "%s%s", k->running ? k->platform.root : "",
		 k->running ? "/proc/kallsyms" : k->files.kallsyms);
	return fopen(path, "re");
}

static int read_symbols_once(struct kernel *k)
{
	const struct kallsym *text;
	FILE *f;
	int err;

	/* A built-in ccp has its symbols in vmlinux. */
	if (k->ccp == MODULE_BUILTIN)
		for (int i = 0; i < k->symbol_count; i++)
			if (k->symbols[i].name)
				k->symbols[i].module = NULL;
	f = open_symbols(k);
	if (!f)
		return -errno;
	err = kallsyms_find(f, k->symbols, k->symbol_count);
	fclose(f);
	text = kernel_symbol(k, "_sinittext", NULL);
	if (!err && text && !text->start)
		err = text->count ? -EPERM : -EBADMSG;
	return err;
}

/* The modules with their sizes and states: "" if that can't be read. */
static void read_modules(const struct kernel *k, char *text, size_t size)
{
	if (!k->running || platform_read(&k->platform, "/proc/modules", text, size) < 0)
		text[0] = '\0';
}

/*
 * The kernel numbers the symbols of all modules, newest module first (module_get_kallsym(),
 * kernel/module/kallsyms.c): as a module comes, goes, or ends its init, a reader finds some symbols
 * of others twice, or not at all. So they are read again.
 */
static int read_symbols(struct kernel *k)
{
	const size_t size = 1 << 16;
	char *before = malloc(size), *after = malloc(size);
	int err = before && after ? 0 : -ENOMEM, tries = 5;

	if (!err)
		read_modules(k, before, size);
	while (!err && tries--) {
		err = read_symbols_once(k);
		read_modules(k, after, size);
		if (!strcmp(before, after))
			break;
		memcpy(before, after, size);
	}
	free(before);
	free(after);
	return err;
}

/* Each module gets a new directory as it is loaded. */
static uint64_t ccp_inode(const struct kernel *k)
{
	return k->running ? platform_inode(&k->platform, "/sys/module/ccp") : 0;
}

bool kernel_ccp_changed(const struct kernel *k)
{
	return ccp_inode(k) != k->ccp_inode;
}

/* Reads symbols before the BTF, as libbpf has another copy of its megabytes while it loads
 * ksym.c's. */
static int refresh(struct kernel *k, bool types)
{
	char path[PATH_MAX];
	struct btf *btf;
	int err = find_types(k, path);

	if (err)
		return err;
	/* First: a change meanwhile is then noticed later. */
	k->ccp_inode = ccp_inode(k);
	k->ccp = where_ccp_is(k);
	err = read_symbols(k);
	if (err)
		return err;
	btf = open_types(path, &err);
	if (!err && types)
		err = keep_types(k, btf);
	if (!err)
		look_into_ccp(k, btf);
	btf__free(btf);
	return err;
}

int kernel_refresh(struct kernel *k)
{
	return refresh(k, false);
}

const struct kallsym *kernel_symbol(const struct kernel *k, const char *name, const char *module)
{
	if (k->ccp == MODULE_BUILTIN)
		module = NULL;
	for (int i = 0; i < k->symbol_count; i++) {
		const struct kallsym *s = &k->symbols[i];

		if (s->name && !strcmp(s->name, name) && !s->module == !module &&
		    (!module || !strcmp(s->module, module)))
			return s;
	}
	return NULL;
}

const struct kallsym *kernel_module_text(const struct kernel *k, const char *module)
{
	for (int i = 0; i < k->symbol_count; i++)
		if (!k->symbols[i].name && !strcmp(k->symbols[i].module, module))
			return &k->symbols[i];
	return NULL;
}

int kernel_open(struct kernel *k, const struct platform *p, const struct kernel_files *files,
		const struct kallsym *symbols, int n)
{
	int err = -ENOMEM;

	*k = (struct kernel){ .platform = *p, .running = !files || !files->btf };
	if (files)
		k->files = *files;
	/* The callers of this file report what is missing, not libbpf. */
	libbpf_set_print(NULL);
	k->symbols = calloc(n, sizeof(*symbols));
	if (k->symbols) {
		memcpy(k->symbols, symbols, n * sizeof(*symbols));
		k->symbol_count = n;
		err = refresh(k, true);
	}
	if (err)
		kernel_close(k);
	return err;
}

void kernel_close(struct kernel *k)
{
	free(k->types);
	free(k->symbols);
	free(k->traced);
	*k = (struct kernel){ 0 };
}

/* ---- functions ---- */

int kernel_read_traced(struct kernel *k)
{
	static const char *const roots[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };
	char path[PATH_MAX];
	size_t size = 0;
	FILE *f = NULL;

	for (int i = 0; i < 2 && !f; i++) {
		snprintf(path, sizeof(path), "%s%s/available_filter_functions", k->platform.root,
			 roots[i]);
		f = fopen(path, "re");
	}
	if (!f)
		return -errno;
	free(k->traced);
	k->traced = NULL;
	/* Up to NUL: the file has none. */
	if (getdelim(&k->traced, &size, 0, f) < 0) {
		free(k->traced);
		k->traced = NULL;
	}
	fclose(f);
	return k->traced ? 0 : -EIO;
}

/* Lines are "NAME" or "NAME [MODULE]". */
static bool is_traced(const struct kernel *k, const struct kallsym *s, bool in_module)
{
	char rest[KALLSYM_SUFFIX_LEN + 8];
	size_t len = strlen(s->name);
	const char *at = k->traced;

	if (!at)
		return true;
	snprintf(rest, sizeof(rest), "%s%s\n", s->suffix, in_module ? " [ccp]" : "");
	while ((at = strstr(at, s->name))) {
		if ((at == k->traced || at[-1] == '\n') && !strncmp(at + len, rest, strlen(rest)))
			return true;
		at += len;
	}
	return false;
}

/* kallsyms still lists .init.text, which is freed after boot. */
static bool is_boot_text(const struct kernel *k, const struct kallsym *s)
{
	const struct kallsym *begin = kernel_symbol(k, "_sinittext", NULL);
	const struct kallsym *end = kernel_symbol(k, "_einittext", NULL);

	return begin && end && s->start >= begin->start && s->start < end->start;
}

bool kernel_has_btf_function(const struct kernel *k, const char *name)
{
	return has_type(k, IS_FUNCTION, name) || has_type(k, IS_VOID_FUNCTION, name);
}

enum function_state kernel_function(const struct kernel *k, const char *name, bool in_ccp,
				    bool by_btf)
{
	const struct kallsym *s = kernel_symbol(k, name, in_ccp ? "ccp" : NULL);

	if (in_ccp && k->ccp == MODULE_ABSENT)
		return k->ccp_err ? FUNCTION_DAMAGED : FUNCTION_UNKNOWN;
	if (!s)
		return FUNCTION_ABSENT;
	if (s->form == KALLSYM_CLONED)
		return FUNCTION_CLONED;
	if (s->form == KALLSYM_SPLIT)
		return FUNCTION_SPLIT;
	if (!s->count)
		return in_ccp || kernel_has_btf_function(k, name) ? FUNCTION_INLINED
								  : FUNCTION_ABSENT;
	if (s->count > 1)
		return FUNCTION_TWICE;
	if (is_boot_text(k, s))
		return FUNCTION_BOOT;
	if (by_btf && s->form == KALLSYM_RENAMED)
		return FUNCTION_RENAMED;
	if (by_btf && !kernel_has_btf_function(k, name))
		return FUNCTION_NO_BTF;
	if (!(in_ccp && k->ccp == MODULE_AVAILABLE) &&
	    !is_traced(k, s, in_ccp && k->ccp == MODULE_LOADED))
		return FUNCTION_UNTRACED;
	return FUNCTION_FOUND;
}

bool kernel_returns_void(const struct kernel *k, const char *function)
{
	return has_type(k, IS_VOID_FUNCTION, function);
}

bool kernel_has_tracepoint(const struct kernel *k, const char *name)
{
	char type[64];

	snprintf(type, sizeof(type), "btf_trace_%s", name);
	return has_type(k, IS_TYPEDEF, type);
}
