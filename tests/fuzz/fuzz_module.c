// SPDX-License-Identifier: GPL-2.0-only
/*
 * A module's file: any bytes lead to counts of symbols that can be, or to none; the same ones
 * each time; and names that are put into a table by the book are counted as often as they are
 * there.
 */
#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host/module_file.h"
#include "fuzz.h"

enum { WANTED_COUNT = 4, NAMES_MAX = 64 };

static const struct kallsym wanted[WANTED_COUNT] = {
	{ .name = "__sev_do_cmd_locked", .module = "ccp" },
	{ .name = "psp_master", .module = "ccp", .start = 1, .end = 2, .count = 3, .suffix = "x" },
	{ .name = "a", .module = "ccp" },
	{ .name = "", .module = "ccp" },
};

/* One file for all runs: its pages are there already. */
static int file_of(const void *data, size_t size)
{
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("module", MFD_CLOEXEC);
	fuzz_check(fd >= 0 && !ftruncate(fd, 0) && pwrite(fd, data, size, 0) == (ssize_t)size,
		   "no file");
	return fd;
}

static int look(const void *data, size_t size, struct kallsym *symbols)
{
	memcpy(symbols, wanted, sizeof(wanted));
	return module_file_symbols(file_of(data, size), symbols, WANTED_COUNT);
}

static void any_bytes(const uint8_t *data, size_t size)
{
	struct kallsym symbols[WANTED_COUNT], again[WANTED_COUNT];
	int err = look(data, size, symbols);

	fuzz_check(!err || err == -EBADMSG, "%d", err);
	fuzz_check(look(data, size, again) == err, "another answer the second time");
	for (int i = 0; i < WANTED_COUNT; i++) {
		const struct kallsym *s = &symbols[i];

		fuzz_check(!s->start && !s->end, "%d: an address before it is loaded", i);
		/* 24 bytes a symbol, or 16 of 32 bits. */
		fuzz_check(s->count >= 0 && (size_t)s->count <= size / 16, "%d: %d times", i,
			   s->count);
		fuzz_check(memchr(s->suffix, 0, sizeof(s->suffix)), "%d: no end", i);
		fuzz_check(s->form ? s->suffix[0] == '.' : !s->suffix[0], "%d: %s", i, s->suffix);
		fuzz_check(again[i].count == s->count && !strcmp(again[i].suffix, s->suffix),
			   "%d: %d times, then %d", i, s->count, again[i].count);
	}
}

/* ---- by the book ---- */

struct image {
	Elf64_Ehdr header;
	Elf64_Shdr sections[3]; /* none, the names, the symbols */
	Elf64_Sym symbols[NAMES_MAX + 1];
	char names[NAMES_MAX * 32];
};

static const char *const names[] = { "__sev_do_cmd_locked",
				     "psp_master",
				     "a",
				     "b",
				     "__sev_do_cmd_locked.isra.0",
				     "a.part.7",
				     "psp_master.cold",
				     "__sev_do_cmd_lockedx" };

static bool is_counted(uint8_t what)
{
	return what / 8 % 4 == STT_FUNC || what / 8 % 4 == STT_OBJECT;
}

/* Each byte is one symbol: its name by the lower three bits, its type by the next two. */
static void lay_out(struct image *image, const uint8_t *data, size_t n)
{
	size_t used = 1;

	*image = (struct image){
		.header = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
					 ELFDATA2LSB, EV_CURRENT },
			    .e_type = ET_REL,
			    .e_machine = EM_X86_64,
			    .e_version = EV_CURRENT,
			    .e_shoff = offsetof(struct image, sections),
			    .e_ehsize = sizeof(Elf64_Ehdr),
			    .e_shentsize = sizeof(Elf64_Shdr),
			    .e_shnum = 3,
			    .e_shstrndx = 1 },
		.sections[1] = { .sh_type = SHT_STRTAB,
				 .sh_offset = offsetof(struct image, names),
				 .sh_size = sizeof(image->names) },
		.sections[2] = { .sh_type = SHT_SYMTAB,
				 .sh_offset = offsetof(struct image, symbols),
				 .sh_size = (n + 1) * sizeof(Elf64_Sym),
				 .sh_link = 1,
				 .sh_entsize = sizeof(Elf64_Sym) },
	};
	for (size_t i = 0; i < n; i++) {
		image->symbols[i + 1] =
			(Elf64_Sym){ .st_name = used,
				     .st_info = ELF64_ST_INFO(STB_GLOBAL, data[i] / 8 % 4) };
		used += 1 + sprintf(image->names + used, "%s", names[data[i] % 8]);
	}
}

static void by_the_book(const uint8_t *data, size_t size)
{
	struct kallsym symbols[WANTED_COUNT];
	size_t n = size < NAMES_MAX ? size : NAMES_MAX;
	static struct image image;

	lay_out(&image, data, n);
	fuzz_check(!look(&image, sizeof(image), symbols), "a file by the book is bad");
	for (int i = 0; i < 3; i++) {
		int count = 0;

		/* cppcheck takes the least n, which is 0, for the only one. */
		// cppcheck-suppress knownConditionTrueFalse
		for (size_t j = 0; j < n; j++)
			count += is_counted(data[j]) && data[j] % 8 == i;
		fuzz_check(symbols[i].count == count, "%s: %d times, put there %d times",
			   symbols[i].name, symbols[i].count, count);
	}
	for (size_t j = 0; j < n; j++)
		fuzz_check(!is_counted(data[j]) || data[j] % 8 != 5 ||
				   symbols[2].form == KALLSYM_SPLIT,
			   "a part is not told");
	fuzz_check(!symbols[1].form, "a cold part is no function");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	any_bytes(data, size);
	by_the_book(data, size);
	return 0;
}
