/* SPDX-License-Identifier: GPL-2.0-only */
/* Kernels as files below a fixture's root: BTF, kallsyms, and ccp's own. */
#ifndef TESTS_KERNEL_FIXTURE_H
#define TESTS_KERNEL_FIXTURE_H

#include <bpf/btf.h>
#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdio.h>

#include "host/platform.h"
#include "fixture.h"

struct kernel_fixture {
	struct fixture files;
	struct platform host;
	const char *without; /* names that neither BTF nor kallsyms gets, between blanks */
	bool hidden;	     /* kallsyms has no addresses, as for a reader without CAP_SYSLOG */
	struct btf *btf;
	struct kernel_fixture_text {
		char text[8192];
		unsigned long long next; /* address */
	} core, boot, module;		 /* the kernel's own symbols, those of boot, ccp's */
};

#define KERNEL_FIXTURE_RELEASE "7.3.0-test"
#define KERNEL_FIXTURE_MODULES "/lib/modules/" KERNEL_FIXTURE_RELEASE

/* A kernel without a function. */
void kernel_fixture_begin(struct kernel_fixture *f);
void kernel_fixture_end(struct kernel_fixture *f);

/* All that the guard looks for in 7.3's vmlinux, less what `without` names. */
void kernel_fixture_like_7_3(struct kernel_fixture *f, const char *without);
/* Has bpf among its security modules. */
void kernel_fixture_lsm(struct kernel_fixture *f, const char *list);

enum fixture_returns { RETURNS_INT, RETURNS_VOID };
void kernel_fixture_function(struct kernel_fixture *f, const char *name, enum fixture_returns r);
/* ... in kallsyms alone, or in the BTF alone. */
void kernel_fixture_symbol(struct kernel_fixture *f, const char *name);
void kernel_fixture_btf(struct kernel_fixture *f, const char *name, enum fixture_returns r);
/* A symbol among the code that is freed after boot. */
void kernel_fixture_boot_symbol(struct kernel_fixture *f, const char *name);
void kernel_fixture_module_symbol(struct kernel_fixture *f, const char *name, const char *module);
void kernel_fixture_tracepoint(struct kernel_fixture *f, const char *name);

/* Writes /sys/kernel/btf/vmlinux and /proc/kallsyms; nothing is there before. */
void kernel_fixture_save(struct kernel_fixture *f);

/* The structs of ccp by which the guard finds what the driver holds for initialised. */
void kernel_fixture_ccp_structs(struct btf *btf);
/* Its functions, as a list that NULL ends. */
extern const char *const kernel_fixture_ccp_names[];
/* Where ccp stands. Loaded: after these the kernel is to be saved. */
void kernel_fixture_ccp_loaded(struct kernel_fixture *f);
void kernel_fixture_ccp_builtin(struct kernel_fixture *f);
void kernel_fixture_ccp_unloaded(struct kernel_fixture *f);
/*
 * ccp goes, and one comes whose symbols have the suffix; NULL: one without the functions. Saves the
 * kernel.
 */
void kernel_fixture_ccp_reloaded(struct kernel_fixture *f, const char *suffix);
/* On disk: the list of modules alone; the file is the test's. */
void kernel_fixture_ccp_listed(struct kernel_fixture *f, const char *file);

/* ---- files ---- */

void fixture_bytes(struct fixture *f, const char *path, const void *data, size_t size);
/* The path with the root before it; valid until the next call. */
const char *fixture_path(const struct fixture *f, const char *path);

/* A symbol of an ELF file. */
struct elf_symbol {
	const char *name;
	unsigned char type; /* STT_... */
};

/* What a module's file can be made of, or made badly of. */
struct elf_wanted {
	const struct elf_symbol *symbols;
	int count;
	const struct btf *btf; /* NULL: no .BTF */
	bool no_table;	       /* no .symtab */
	bool bad_name;	       /* the last symbol's name lies outside of the string table */
	bool bad_link;	       /* .symtab names no string table */
};

/* Returns a descriptor of a file without a name; the caller closes it. */
int elf_make(const struct elf_wanted *wanted);
/* The same, at a path. */
void elf_write(struct fixture *f, const char *path, const struct elf_wanted *wanted);
/* kernel_fixture_ccp_names, and psp_master, with the structs in .BTF. */
void elf_write_ccp(struct kernel_fixture *f, const char *path);

#endif
