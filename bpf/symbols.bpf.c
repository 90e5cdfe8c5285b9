// SPDX-License-Identifier: GPL-2.0-only
/*
 * Prints few of the kernel's 200,000 symbols, as lines of /proc/kallsyms: those whose beginning is
 * asked for, and what ends a function among them. Most of what the file costs is the printing.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#include "../src/abi/beginning.h"

char LICENSE[] SEC("license") = "GPL";

/* Set before the program is loaded: beginnings of symbols, and of modules to be shown as a whole.
 */
const volatile bool asked[BEGINNINGS];

/* The last function that was printed, while no later one has been. */
__u64 unended;

static __always_inline bool is_text(char type)
{
	return type == 't' || type == 'T' || type == 'w' || type == 'W';
}

static __always_inline long print_symbol(struct seq_file *to, const struct kallsym_iter *s,
					 __u64 address)
{
	if (s->module_name[0])
		return BPF_SEQ_PRINTF(to, "%llx %c %s\t[%s]\n", address, (__u8)s->type, s->name,
				      s->module_name);
	return BPF_SEQ_PRINTF(to, "%llx %c %s\n", address, (__u8)s->type, s->name);
}

SEC("iter/ksym")
int print_asked_symbols(struct bpf_iter__ksym *ctx)
{
	const struct kallsym_iter *s = ctx->ksym;
	bool is_asked, in_module;
	__u64 address;

	if (!s)
		return 0;
	/* kptr_restrict holds for this program's reader, too. */
	address = s->show_value ? s->value : 0;
	in_module = s->module_name[0];
	is_asked =
		asked[beginning_of(s->name)] || (in_module && asked[beginning_of(s->module_name)]);
	if (!is_asked && (in_module || !unended || address <= unended || !is_text(s->type)))
		return 0;
	/* A symbol that finds no room is shown to the program again. */
	if (!print_symbol(ctx->meta->seq, s, address) && !in_module)
		unended = is_asked ? address : 0;
	return 0;
}
