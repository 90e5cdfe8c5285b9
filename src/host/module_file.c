// SPDX-License-Identifier: GPL-2.0-only
#include "host/module_file.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <limits.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * True for "kernel/drivers/crypto/ccp/ccp.ko.xz" and "ccp.ko", if name is ccp. A file may have -
 * where the module's name has _.
 */
static bool is_file_of(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;

	while (*name && (*base == *name || (*base == '-' && *name == '_'))) {
		base++;
		name++;
	}
	return !*name && !strncmp(base, ".ko", 3) && (!base[3] || base[3] == '.');
}

int module_file_find(const char *dir, const char *list, const char *name, char *path, size_t size)
{
	char full[PATH_MAX], *line = NULL;
	int err = -ENOENT;
	size_t room = 0;
	FILE *f;

	if (snprintf(full, sizeof(full), "%s/%s", dir, list) >= (int)sizeof(full))
		return -ENAMETOOLONG;
	f = fopen(full, "re");
	if (!f)
		return -errno;
	while (err == -ENOENT && getline(&line, &room, f) > 0) {
		/* modules.dep lists the modules that a module needs after its colon. */
		line[strcspn(line, ":\n")] = 0;
		if (is_file_of(line, name))
			err = snprintf(path, size, "%s/%s", dir, line) < (int)size ? 0
										   : -ENAMETOOLONG;
	}
	free(line);
	fclose(f);
	return err;
}

static const char *uncompressor(const char *path)
{
	static const char *const programs[][2] = { { ".xz", "xz" },
						   { ".zst", "zstd" },
						   { ".gz", "gzip" } };
	const char *ending = strrchr(path, '.');

	for (size_t i = 0; ending && i < sizeof(programs) / sizeof(programs[0]); i++)
		if (!strcmp(ending, programs[i][0]))
			return programs[i][1];
	return NULL;
}

static int run_to_end(const char *program, const char *path, int out)
{
	char *argv[] = { (char *)program, "-dc", (char *)path, NULL };
	posix_spawn_file_actions_t actions;
	int status, err;
	pid_t pid;

	err = posix_spawn_file_actions_init(&actions);
	if (err)
		return -err;
	err = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	if (!err)
		err = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null",
						       O_WRONLY, 0);
	if (!err)
		err = posix_spawnp(&pid, program, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (err)
		return err == ENOENT ? -ENOPKG : -err;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return -ENOPKG;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -EBADMSG;
}

int module_file_open(const char *path)
{
	const char *program = uncompressor(path);
	int fd, err;

	if (!program) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		return fd < 0 ? -errno : fd;
	}
	fd = memfd_create("module", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = run_to_end(program, path, fd);
	if (!err)
		return fd;
	close(fd);
	return err;
}

static void look_at_symbol(const char *name, struct kallsym *symbols, int n)
{
	for (int i = 0; i < n; i++)
		kallsyms_match_name(&symbols[i], name);
}

static int look_at_table(Elf *elf, Elf_Scn *section, const GElf_Shdr *header,
			 struct kallsym *symbols, int n)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t count = header->sh_entsize ? header->sh_size / header->sh_entsize : 0;
	const char *name;
	GElf_Sym symbol;

	if (!data)
		return -EBADMSG;
	for (size_t i = 0; i < count && i < INT_MAX; i++) {
		if (!gelf_getsym(data, i, &symbol))
			return -EBADMSG;
		if (GELF_ST_TYPE(symbol.st_info) != STT_FUNC &&
		    GELF_ST_TYPE(symbol.st_info) != STT_OBJECT)
			continue;
		name = elf_strptr(elf, header->sh_link, symbol.st_name);
		if (!name)
			return -EBADMSG;
		look_at_symbol(name, symbols, n);
	}
	return 0;
}

int module_file_symbols(int fd, struct kallsym *symbols, int n)
{
	Elf_Scn *section = NULL;
	int err = -EBADMSG;
	GElf_Shdr header;
	Elf *elf;

	for (int i = 0; i < n; i++)
		kallsyms_forget(&symbols[i]);
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!elf)
		return -EBADMSG;
	while ((section = elf_nextscn(elf, section)) && gelf_getshdr(section, &header)) {
		if (header.sh_type != SHT_SYMTAB)
			continue;
		err = look_at_table(elf, section, &header, symbols, n);
		break;
	}
	elf_end(elf);
	return err;
}

struct btf *module_file_btf(int fd, struct btf *base)
{
	char path[32];
	struct btf *btf;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	btf = btf__parse_split(path, base);
	return libbpf_get_error(btf) ? NULL : btf;
}
