// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "kernel/hooks.h"
#include "cli/hooks_output.h"
#include "cli/options.h"
#include "session/session.h"
#include "util/complain.h"

struct hooks_command_options {
	struct command_options common;
	struct kernel_files files;
};

enum { OPT_BTF = 0x100, OPT_KALLSYMS, OPT_MODULES };

static const struct argp_option option_table[] = {
	FORMAT_OPTION,
	{ NULL, 0, NULL, 0, "For a kernel that is not running:", 1 },
	{ "btf", OPT_BTF, "FILE", 0, "Its /sys/kernel/btf/vmlinux, or its vmlinux", 1 },
	{ "kallsyms", OPT_KALLSYMS, "FILE", 0, "Its /proc/kallsyms, or its System.map", 1 },
	{ "modules", OPT_MODULES, "DIR", 0, "Its /lib/modules/RELEASE, for what is in ccp", 1 },
	{ 0 },
};

static error_t parse_hooks(int key, char *arg, struct argp_state *state)
{
	struct hooks_command_options *o = state->input;

	switch (key) {
	case OPT_BTF:
		o->files.btf = arg;
		return 0;
	case OPT_KALLSYMS:
		o->files.kallsyms = arg;
		return 0;
	case OPT_MODULES:
		o->files.modules = arg;
		return 0;
	case ARGP_KEY_END:
		if (!o->files.btf != !o->files.kallsyms || (o->files.modules && !o->files.btf))
			argp_error(state, "--btf and --kallsyms belong together; --modules may be "
					  "added to them");
		return 0;
	default:
		return options_parse(key, arg, state);
	}
}

const struct argp hooks_argp = {
	.options = option_table,
	.parser = parse_hooks,
	.doc = "Shows for each fact that the guard observes: the source in use, the better sources "
	       "that this kernel lacks, and the effect. Attaches nothing; needs no SNP.",
};

static void hooks_complain(int err, const struct hooks_command_options *o)
{
	bool running = !o->files.btf;

	if (err == -EPERM && running)
		complain("the kernel hides its symbols' addresses: %s",
			 geteuid() ? "run as root" : "sysctl -w kernel.kptr_restrict=1");
	else if (err == -EPERM)
		complain("%s has no addresses: read it as root", o->files.kallsyms);
	else if (err == -ENOENT && running)
		complain("the kernel has no BTF: it needs CONFIG_DEBUG_INFO_BTF=y");
	else if (err == -ENOENT)
		complain("%s or %s: no such file", o->files.btf, o->files.kallsyms);
	else if (err == -EBADMSG && !running)
		complain("%s holds no BTF, or %s no symbols of a kernel", o->files.btf,
			 o->files.kallsyms);
	else
		complain("can't examine the kernel: %s", strerror(-err));
}

/* Returns 0, or a negative errno after it said that the directory is not one of modules. */
static int look_for_modules(const char *dir)
{
	char list[PATH_MAX];
	int err;

	snprintf(list, sizeof(list), "%s/modules.dep", dir);
	err = access(list, R_OK) ? -errno : 0;
	if (err)
		complain("%s: %s; --modules takes a kernel's /lib/modules/RELEASE", list,
			 strerror(-err));
	return err;
}

int command_hooks(int argc, char **argv, int *status)
{
	struct hooks_command_options options = { 0 };
	struct hooks_options wanted = { .ask_ftrace = true };
	struct platform platform = { .root = "" };
	struct terminal terminal = terminal_of(stdout);
	struct hooks hooks;
	int err;

	options_read(&hooks_argp, argc, argv, &options.common);
	err = options.files.modules ? look_for_modules(options.files.modules) : 0;
	if (err)
		return err;
	err = hooks_open(&hooks, &platform, &options.files, &wanted);
	if (err) {
		hooks_complain(err, &options);
		return err;
	}
	if (options.common.format == REPORT_JSON)
		hooks_print_json(stdout, &hooks);
	else
		hooks_print_text(stdout, &terminal, &hooks);
	*status = hooks.kernel.ccp_err ? STATUS_UNVERIFIED : STATUS_CLEAN;
	if (hooks.kernel.ccp_err)
		complain("ccp's file can't be read: %s", strerror(-hooks.kernel.ccp_err));
	hooks_close(&hooks);
	return 0;
}
