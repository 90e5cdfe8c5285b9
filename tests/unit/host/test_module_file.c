// SPDX-License-Identifier: GPL-2.0-only
/* Modules' files, made here by libelf. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/module_file.h"
#include "kernel_fixture.h"

static struct fixture fixture;

static void begin(void)
{
	fixture_begin(&fixture);
}

static void finish(void)
{
	fixture_end(&fixture);
}

TestSuite(module_file, .init = begin, .fini = finish);

/* ---- lists ---- */

static int find(const char *name, char *path)
{
	return module_file_find(fixture.root, "modules.dep", name, path, PATH_MAX);
}

Test(module_file, what_stands_before_the_colon_is_found)
{
	char path[PATH_MAX];

	fixture_write(&fixture, "/modules.dep",
		      "kernel/a/kvm-amd.ko.xz: kernel/b/ccp.ko.xz\n"
		      "kernel/c/ccp-crypto.ko.xz: kernel/b/ccp.ko.xz\n"
		      "kernel/d/accp.ko:\n"
		      "kernel/b/ccp.ko.xz:\n"
		      "kernel/b/last.ko");
	cr_assert_eq(find("ccp", path), 0);
	cr_expect_str_eq(path, fixture_path(&fixture, "/kernel/b/ccp.ko.xz"));
	cr_assert_eq(find("last", path), 0);
	cr_expect_str_eq(path, fixture_path(&fixture, "/kernel/b/last.ko"));
	cr_expect_eq(find("cc", path), -ENOENT);
	cr_expect_eq(find("crypto", path), -ENOENT);
}

Test(module_file, names_without_a_directory_and_other_endings)
{
	char path[PATH_MAX];

	fixture_write(&fixture, "/modules.dep", "ccp.kox:\nccp.k:\n\n:\nccp.ko.zst:\n");
	cr_assert_eq(find("ccp", path), 0);
	cr_expect_str_eq(path, fixture_path(&fixture, "/ccp.ko.zst"));
}

Test(module_file, a_list_that_is_missing_is_an_error)
{
	char path[PATH_MAX], root[PATH_MAX + 8];

	cr_expect_eq(find("ccp", path), -ENOENT);
	memset(root, 'a', sizeof(root));
	root[sizeof(root) - 1] = 0;
	cr_expect_eq(module_file_find(root, "modules.dep", "ccp", path, sizeof(path)),
		     -ENAMETOOLONG);
	fixture_write(&fixture, "/modules.dep", "kernel/ccp.ko:\n");
	cr_expect_eq(module_file_find(fixture.root, "modules.dep", "ccp", path, 8), -ENAMETOOLONG);
}

/* ---- opening ---- */

static const char content[] = "not ELF, but content all the same\n";

static void cr_opens_with_content(const char *path)
{
	char buf[64] = "";
	int fd = module_file_open(fixture_path(&fixture, path));

	cr_assert_geq(fd, 0, "%s: %s", path, strerror(-fd));
	cr_expect_eq(pread(fd, buf, sizeof(buf), 0), (ssize_t)strlen(content));
	cr_expect_str_eq(buf, content);
	close(fd);
}

static void compress(const char *command, const char *path)
{
	char line[PATH_MAX + 64];

	snprintf(line, sizeof(line), "%s %s", command, fixture_path(&fixture, path));
	cr_assert_eq(system(line), 0, "%s", line);
}

Test(module_file, a_file_is_opened_as_it_is)
{
	fixture_write(&fixture, "/ccp.ko", content);
	cr_opens_with_content("/ccp.ko");
	cr_expect_eq(module_file_open(fixture_path(&fixture, "/none.ko")), -ENOENT);
}

Test(module_file, compressed_files_are_opened_by_their_program)
{
	static const char *const programs[][2] = { { "xz -q", "/a.ko" },
						   { "zstd -q --rm", "/b.ko" },
						   { "gzip", "/c.ko" } };
	static const char *const files[] = { "/a.ko.xz", "/b.ko.zst", "/c.ko.gz" };

	for (int i = 0; i < 3; i++) {
		fixture_write(&fixture, programs[i][1], content);
		compress(programs[i][0], programs[i][1]);
		cr_opens_with_content(files[i]);
	}
}

Test(module_file, a_damaged_file_is_no_module)
{
	fixture_write(&fixture, "/ccp.ko.xz", content);
	cr_expect_eq(module_file_open(fixture_path(&fixture, "/ccp.ko.xz")), -EBADMSG);
	cr_expect_eq(module_file_open(fixture_path(&fixture, "/none.ko.xz")), -EBADMSG);
	/* cut in its middle */
	fixture_write(&fixture, "/cut.ko", content);
	compress("xz -q", "/cut.ko");
	cr_assert_eq(truncate(fixture_path(&fixture, "/cut.ko.xz"), 50), 0);
	cr_expect_eq(module_file_open(fixture_path(&fixture, "/cut.ko.xz")), -EBADMSG);
}

Test(module_file, a_program_that_is_missing_is_named_by_its_own_error)
{
	fixture_write(&fixture, "/ccp.ko", content);
	compress("xz -q", "/ccp.ko");
	cr_assert_eq(setenv("PATH", fixture.root, 1), 0);
	cr_expect_eq(module_file_open(fixture_path(&fixture, "/ccp.ko.xz")), -ENOPKG);
}

static int open_files(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

Test(module_file, a_failure_leaves_no_descriptor)
{
	int before = open_files();

	fixture_write(&fixture, "/ccp.ko.xz", content);
	for (int i = 0; i < 5; i++)
		cr_expect_eq(module_file_open(fixture_path(&fixture, "/ccp.ko.xz")), -EBADMSG);
	cr_expect_eq(open_files(), before);
}

/* ---- symbols ---- */

static const struct elf_symbol some[] = {
	{ "__sev_do_cmd_locked", STT_FUNC },
	{ "psp_master", STT_OBJECT },
	{ "twice", STT_FUNC },
	{ "twice", STT_FUNC },
	{ "a_section", STT_SECTION },
	{ "cut.isra.0", STT_FUNC },
	{ "whole", STT_FUNC },
	{ "whole.part.0", STT_FUNC },
	{ "cold", STT_FUNC },
	{ "cold.cold", STT_FUNC },
	{ "undefined", STT_NOTYPE },
	{ "renamed.llvm.18446744073709551615", STT_FUNC },
};
enum { SOME = sizeof(some) / sizeof(some[0]) };

#define WANTED(...)                                                                                \
	struct kallsym wanted[] = { __VA_ARGS__ };                                                 \
	const int n = sizeof(wanted) / sizeof(wanted[0])

static int look(const struct elf_wanted *elf, struct kallsym *wanted, int n)
{
	int fd = elf_make(elf), err = module_file_symbols(fd, wanted, n);

	close(fd);
	return err;
}

Test(module_file, functions_and_variables_are_counted)
{
	WANTED({ .name = "__sev_do_cmd_locked" }, { .name = "psp_master" }, { .name = "twice" },
	       { .name = "none", .start = 7, .end = 8, .count = 9, .suffix = ".isra.7" },
	       { .name = "a_section" }, { .name = "undefined" });
	static const int counts[] = { 1, 1, 2, 0, 0, 0 };

	cr_assert_eq(look(&(struct elf_wanted){ .symbols = some, .count = SOME }, wanted, n), 0);
	for (int i = 0; i < n; i++) {
		cr_expect_eq(wanted[i].count, counts[i], "%s: %d", wanted[i].name, wanted[i].count);
		cr_expect_eq(wanted[i].start, 0, "nothing has an address yet");
		cr_expect_eq(wanted[i].end, 0);
		cr_expect_str_eq(wanted[i].suffix, "");
	}
}

Test(module_file, what_the_compiler_made_of_a_function_is_kept)
{
	WANTED({ .name = "cut" }, { .name = "whole" }, { .name = "cold" }, { .name = "renamed" });

	cr_assert_eq(look(&(struct elf_wanted){ .symbols = some, .count = SOME }, wanted, n), 0);
	cr_expect_eq(wanted[0].count, 0);
	cr_expect_str_eq(wanted[0].suffix, ".isra.0");
	cr_expect_eq(wanted[1].count, 1);
	cr_expect_str_eq(wanted[1].suffix, ".part.0");
	cr_expect_eq(wanted[2].count, 1);
	cr_expect_str_eq(wanted[2].suffix, "", "a cold part is not called");
	cr_expect_eq(wanted[3].count, 1);
	cr_expect_eq(wanted[3].form, KALLSYM_RENAMED);
	cr_expect_str_eq(wanted[3].suffix, ".llvm.18446744073709551615");
}

Test(module_file, what_is_no_elf_file_or_has_no_symbols_is_bad)
{
	WANTED({ .name = "twice" });
	int fd = memfd_create("text", MFD_CLOEXEC);

	cr_expect_eq(module_file_symbols(fd, wanted, n), -EBADMSG, "it is empty");
	cr_assert_eq(write(fd, content, sizeof(content)), (ssize_t)sizeof(content));
	cr_expect_eq(module_file_symbols(fd, wanted, n), -EBADMSG);
	close(fd);
	cr_expect_eq(look(&(struct elf_wanted){ .no_table = true }, wanted, n), -EBADMSG);
	cr_expect_eq(look(&(struct elf_wanted){ .symbols = some, .count = 3, .bad_name = true },
			  wanted, n),
		     -EBADMSG);
	cr_expect_eq(look(&(struct elf_wanted){ .symbols = some, .count = 3, .bad_link = true },
			  wanted, n),
		     -EBADMSG);
}

/* Cut anywhere, it is bad or still whole, and never read beyond its end. */
Test(module_file, a_cut_file_is_survived)
{
	WANTED({ .name = "twice" });
	int fd = elf_make(&(struct elf_wanted){ .symbols = some, .count = SOME });
	struct stat st;

	cr_assert_eq(fstat(fd, &st), 0);
	cr_assert_eq(module_file_symbols(fd, wanted, n), 0);
	for (off_t size = st.st_size - 1; size >= 0; size--) {
		int err;

		cr_assert_eq(ftruncate(fd, size), 0);
		err = module_file_symbols(fd, wanted, n);
		cr_expect_eq(err, -EBADMSG, "cut to %lld: %d", (long long)size, err);
	}
	close(fd);
}

/* ---- BTF ---- */

Test(module_file, btf_stands_on_the_kernels)
{
	struct btf *base = btf__new_empty(), *own, *read;
	int fd;

	cr_assert_eq(btf__add_int(base, "int", 4, BTF_INT_SIGNED), 1);
	own = btf__new_empty_split(base);
	cr_assert_eq(btf__add_struct(own, "psp_device", 64), 2);
	fd = elf_make(&(struct elf_wanted){ .symbols = some, .count = SOME, .btf = own });
	read = module_file_btf(fd, base);
	cr_assert(read);
	cr_expect_eq(btf__find_by_name_kind(read, "psp_device", BTF_KIND_STRUCT), 2);
	cr_expect_eq(btf__find_by_name_kind(read, "int", BTF_KIND_INT), 1);
	btf__free(read);
	close(fd);
	fd = elf_make(&(struct elf_wanted){ .symbols = some, .count = SOME });
	cr_expect_null(module_file_btf(fd, base), "it has none");
	close(fd);
	btf__free(own);
	btf__free(base);
}
