// SPDX-License-Identifier: GPL-2.0-only
#include "kernel_fixture.h"

#include <fcntl.h>
#include <gelf.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- files ---- */

const char *fixture_path(const struct fixture *f, const char *path)
{
	static char full[PATH_MAX];

	cr_assert_lt(snprintf(full, sizeof(full), "%s%s", f->root, path), (int)sizeof(full));
	return full;
}

void fixture_bytes(struct fixture *f, const char *path, const void *data, size_t size)
{
	int fd;

	fixture_write(f, path, "");
	fd = open(fixture_path(f, path), O_WRONLY | O_CLOEXEC);
	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, data, size), (ssize_t)size);
	close(fd);
}

/* ---- a kernel ---- */

const char *const kernel_fixture_ccp_names[] = { "__sev_do_cmd_locked", "__sev_snp_shutdown_locked",
						 NULL };

void kernel_fixture_begin(struct kernel_fixture *f)
{
	*f = (struct kernel_fixture){
		.without = "",
		.btf = btf__new_empty(),
		.core.next = 0xffffffff81000000,
		.boot.next = 0xffffffff83000000,
		.module.next = 0xffffffffc0200000,
	};
	cr_assert(f->btf);
	fixture_begin(&f->files);
	f->host.root = f->files.root;
	fixture_write(&f->files, "/proc/sys/kernel/osrelease", KERNEL_FIXTURE_RELEASE "\n");
	/* Types 1 and 2: what functions return, and a pointer as their argument. */
	cr_assert_eq(btf__add_int(f->btf, "int", 4, BTF_INT_SIGNED), 1);
	cr_assert_eq(btf__add_ptr(f->btf, 0), 2);
	kernel_fixture_boot_symbol(f, "_sinittext");
}

void kernel_fixture_end(struct kernel_fixture *f)
{
	btf__free(f->btf);
	fixture_end(&f->files);
}

static bool is_without(const struct kernel_fixture *f, const char *name)
{
	size_t len = strlen(name);
	const char *at = f->without;

	for (; (at = strstr(at, name)); at += len)
		if ((at == f->without || at[-1] == ' ') && (at[len] == ' ' || !at[len]))
			return true;
	return false;
}

static void add_line(struct kernel_fixture_text *t, char type, const char *name, const char *module)
{
	size_t used = strlen(t->text);
	int n = snprintf(t->text + used, sizeof(t->text) - used,
			 module ? "%016llx %c %s\t[%s]\n" : "%016llx %c %s\n", t->next, type, name,
			 module);

	cr_assert_lt(n, (int)(sizeof(t->text) - used));
	t->next += 0x100;
}

void kernel_fixture_symbol(struct kernel_fixture *f, const char *name)
{
	add_line(&f->core, 't', name, NULL);
}

void kernel_fixture_boot_symbol(struct kernel_fixture *f, const char *name)
{
	add_line(&f->boot, 't', name, NULL);
}

void kernel_fixture_module_symbol(struct kernel_fixture *f, const char *name, const char *module)
{
	add_line(&f->module, 't', name, module);
}

void kernel_fixture_btf(struct kernel_fixture *f, const char *name, enum fixture_returns r)
{
	int proto = btf__add_func_proto(f->btf, r == RETURNS_VOID ? 0 : 1);

	cr_assert_gt(proto, 0);
	cr_assert_gt(btf__add_func(f->btf, name, BTF_FUNC_STATIC, proto), 0);
}

void kernel_fixture_function(struct kernel_fixture *f, const char *name, enum fixture_returns r)
{
	kernel_fixture_symbol(f, name);
	kernel_fixture_btf(f, name, r);
}

void kernel_fixture_tracepoint(struct kernel_fixture *f, const char *name)
{
	char type[64];

	snprintf(type, sizeof(type), "btf_trace_%s", name);
	cr_assert_gt(btf__add_typedef(f->btf, type, 2), 0);
}

void kernel_fixture_like_7_3(struct kernel_fixture *f, const char *without)
{
	static const char *const functions[] = {
		"snp_prepare",
		"snp_rmptable_init",
		"_cpu_up",
		"_cpu_down",
		"bpf_lsm_file_open",
		"bpf_lsm_file_permission",
		"bpf_lsm_file_ioctl",
		"bpf_lsm_file_ioctl_compat",
		"security_file_open",
		"security_file_permission",
		"security_file_ioctl",
		"security_file_ioctl_compat",
	};
	static const char *const voids[] = {
		"snp_enable",	  "snp_shutdown",	"cpu_hotplug_disable",
		"set_cpu_online", "cpu_hotplug_enable", "migrate_to_reboot_cpu",
	};
	static const char *const tracepoints[] = { "cpuhp_exit", "module_load", "module_free" };

	f->without = without;
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (!is_without(f, functions[i]))
			kernel_fixture_function(f, functions[i], RETURNS_INT);
	for (size_t i = 0; i < sizeof(voids) / sizeof(voids[0]); i++)
		if (!is_without(f, voids[i]))
			kernel_fixture_function(f, voids[i], RETURNS_VOID);
	for (size_t i = 0; i < sizeof(tracepoints) / sizeof(tracepoints[0]); i++)
		if (!is_without(f, tracepoints[i]))
			kernel_fixture_tracepoint(f, tracepoints[i]);
	if (!is_without(f, "cpu_hotplug_disabled"))
		add_line(&f->core, 'd', "cpu_hotplug_disabled", NULL);
	kernel_fixture_lsm(f, "lockdown,capability,bpf");
}

void kernel_fixture_lsm(struct kernel_fixture *f, const char *list)
{
	fixture_write(&f->files, "/sys/kernel/security/lsm", list);
}

/* Without addresses each line begins with zeros. */
static void hide(char *text)
{
	for (char *line = text; line && *line; line = strchr(line, '\n'), line += !!line)
		memset(line, '0', 16);
}

void kernel_fixture_save(struct kernel_fixture *f)
{
	static char all[3 * sizeof(f->core.text) + 64];
	const void *raw;
	__u32 size;

	f->boot.next = 0xffffffff83100000;
	kernel_fixture_boot_symbol(f, "_einittext");
	snprintf(all, sizeof(all), "%s%s%s", f->core.text, f->boot.text, f->module.text);
	if (f->hidden)
		hide(all);
	fixture_write(&f->files, "/proc/kallsyms", all);
	raw = btf__raw_data(f->btf, &size);
	cr_assert(raw);
	fixture_bytes(&f->files, "/sys/kernel/btf/vmlinux", raw, size);
}

/* ---- ccp ---- */

static void add_struct(struct btf *btf, const char *name, const char *member, int bit)
{
	int pointer = btf__add_ptr(btf, 0);

	cr_assert_gt(pointer, 0);
	cr_assert_gt(btf__add_struct(btf, name, 64), 0);
	cr_assert_eq(btf__add_field(btf, "first", pointer, 0, 0), 0);
	cr_assert_eq(btf__add_field(btf, member, pointer, bit, 0), 0);
}

void kernel_fixture_ccp_structs(struct btf *btf)
{
	add_struct(btf, "psp_device", "sev_data", 128);
	add_struct(btf, "sev_device", "snp_initialized", 320);
}

static struct btf *ccp_btf(const struct kernel_fixture *f)
{
	struct btf *btf = btf__new_empty_split(f->btf);

	cr_assert(btf);
	kernel_fixture_ccp_structs(btf);
	return btf;
}

void kernel_fixture_ccp_loaded(struct kernel_fixture *f)
{
	struct btf *btf = ccp_btf(f);
	const void *raw;
	__u32 size;

	fixture_write(&f->files, "/sys/module/ccp/initstate", "live\n");
	for (int i = 0; kernel_fixture_ccp_names[i]; i++)
		kernel_fixture_module_symbol(f, kernel_fixture_ccp_names[i], "ccp");
	add_line(&f->module, 'd', "psp_master", "ccp");
	raw = btf__raw_data(btf, &size);
	cr_assert(raw);
	fixture_bytes(&f->files, "/sys/kernel/btf/ccp", raw, size);
	btf__free(btf);
}

void kernel_fixture_ccp_unloaded(struct kernel_fixture *f)
{
	fixture_remove(&f->files, "/sys/module/ccp/initstate");
	fixture_remove(&f->files, "/sys/module/ccp");
	f->module.text[0] = 0;
	kernel_fixture_save(f);
}

void kernel_fixture_ccp_reloaded(struct kernel_fixture *f, const char *suffix)
{
	char name[64];

	/* While the old directory is there, a new one gets another inode. */
	fixture_write(&f->files, "/sys/module/new/initstate", "live\n");
	kernel_fixture_ccp_unloaded(f);
	fixture_rename(&f->files, "/sys/module/new", "/sys/module/ccp");
	for (int i = 0; suffix && kernel_fixture_ccp_names[i]; i++) {
		snprintf(name, sizeof(name), "%s%s", kernel_fixture_ccp_names[i], suffix);
		kernel_fixture_module_symbol(f, name, "ccp");
	}
	add_line(&f->module, 'd', "psp_master", "ccp");
	kernel_fixture_save(f);
}

void kernel_fixture_ccp_builtin(struct kernel_fixture *f)
{
	fixture_write(&f->files, KERNEL_FIXTURE_MODULES "/modules.builtin",
		      "kernel/fs/ext4/ext4.ko\nkernel/drivers/crypto/ccp/ccp.ko\n");
	for (int i = 0; kernel_fixture_ccp_names[i]; i++)
		kernel_fixture_function(f, kernel_fixture_ccp_names[i], RETURNS_INT);
	add_line(&f->core, 'd', "psp_master", NULL);
	kernel_fixture_ccp_structs(f->btf);
}

void kernel_fixture_ccp_listed(struct kernel_fixture *f, const char *file)
{
	char text[512];

	snprintf(text, sizeof(text), "kernel/fs/fat/fat.ko:\n%s: kernel/virt/other.ko\n", file);
	fixture_write(&f->files, KERNEL_FIXTURE_MODULES "/modules.dep", text);
}

/* ---- ELF ---- */

enum { STRTAB_SIZE = 1024 };

static const char section_names[] = "\0.shstrtab\0.strtab\0.symtab\0.BTF";

static Elf_Scn *add_section(Elf *elf, const char *name, Elf64_Word type, Elf_Type data_type,
			    const void *bytes, size_t size)
{
	Elf_Scn *section = elf_newscn(elf);
	Elf_Data *data = elf_newdata(section);
	Elf64_Shdr *header = elf64_getshdr(section);
	size_t at = 0;

	cr_assert(section && data && header);
	while (strcmp(section_names + at, name))
		at += strlen(section_names + at) + 1;
	data->d_buf = (void *)bytes;
	data->d_size = size;
	data->d_type = data_type;
	data->d_align = 1;
	data->d_version = EV_CURRENT;
	header->sh_name = at;
	header->sh_type = type;
	header->sh_entsize = type == SHT_SYMTAB ? sizeof(Elf64_Sym) : 0;
	return section;
}

static size_t fill_symbols(const struct elf_wanted *wanted, Elf64_Sym *symbols, char *names)
{
	size_t used = 1;

	for (int i = 0; i < wanted->count; i++) {
		const struct elf_symbol *s = &wanted->symbols[i];

		symbols[i + 1] = (Elf64_Sym){
			.st_name = used,
			.st_info = ELF64_ST_INFO(STB_LOCAL, s->type),
			.st_shndx = 1,
		};
		used += 1 + snprintf(names + used, STRTAB_SIZE - used, "%s", s->name);
		cr_assert_lt(used, STRTAB_SIZE);
	}
	if (wanted->bad_name)
		symbols[wanted->count].st_name = STRTAB_SIZE * 4;
	return used;
}

static void write_elf(Elf *elf, const struct elf_wanted *wanted, Elf64_Sym *symbols, char *names)
{
	Elf64_Ehdr *ehdr = elf64_newehdr(elf);
	Elf_Scn *strtab, *symtab;
	const void *raw;
	__u32 size;

	cr_assert(ehdr);
	ehdr->e_ident[EI_DATA] = ELFDATA2LSB;
	ehdr->e_machine = EM_X86_64;
	ehdr->e_type = ET_REL;
	ehdr->e_shstrndx = 1;
	add_section(elf, ".shstrtab", SHT_STRTAB, ELF_T_BYTE, section_names, sizeof(section_names));
	strtab = add_section(elf, ".strtab", SHT_STRTAB, ELF_T_BYTE, names,
			     fill_symbols(wanted, symbols, names));
	if (!wanted->no_table) {
		symtab = add_section(elf, ".symtab", SHT_SYMTAB, ELF_T_SYM, symbols,
				     (wanted->count + 1) * sizeof(*symbols));
		elf64_getshdr(symtab)->sh_link = wanted->bad_link ? 77 : elf_ndxscn(strtab);
	}
	if (wanted->btf) {
		raw = btf__raw_data(wanted->btf, &size);
		cr_assert(raw);
		add_section(elf, ".BTF", SHT_PROGBITS, ELF_T_BYTE, raw, size);
	}
	cr_assert_gt(elf_update(elf, ELF_C_WRITE), 0, "%s", elf_errmsg(-1));
}

static void make_at(int fd, const struct elf_wanted *wanted)
{
	Elf64_Sym *symbols = calloc(wanted->count + 1, sizeof(*symbols));
	char *names = calloc(1, STRTAB_SIZE);
	Elf *elf;

	cr_assert(symbols && names);
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_WRITE, NULL);
	cr_assert(elf);
	write_elf(elf, wanted, symbols, names);
	elf_end(elf);
	free(symbols);
	free(names);
}

int elf_make(const struct elf_wanted *wanted)
{
	int fd = memfd_create("elf", MFD_CLOEXEC);

	cr_assert_geq(fd, 0);
	make_at(fd, wanted);
	return fd;
}

void elf_write(struct fixture *f, const char *path, const struct elf_wanted *wanted)
{
	int fd;

	fixture_write(f, path, "");
	fd = open(fixture_path(f, path), O_RDWR | O_CLOEXEC);
	cr_assert_geq(fd, 0);
	make_at(fd, wanted);
	close(fd);
}

void elf_write_ccp(struct kernel_fixture *f, const char *path)
{
	static const struct elf_symbol symbols[] = {
		{ "__sev_do_cmd_locked", STT_FUNC },
		{ "__sev_snp_shutdown_locked", STT_FUNC },
		{ "psp_master", STT_OBJECT },
	};
	struct btf *btf = ccp_btf(f);

	elf_write(&f->files, path,
		  &(struct elf_wanted){ .symbols = symbols,
					.count = sizeof(symbols) / sizeof(symbols[0]),
					.btf = btf });
	btf__free(btf);
}
