// SPDX-License-Identifier: GPL-2.0-only
/*
 * A host's files, below a root directory: the input is their texts, one file after the other,
 * each ended by a NUL. No text may do more than be taken for what it says; where the answer is
 * plain to see, it must be that one.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/kernel_log.h"
#include "host/memory.h"
#include "host/platform.h"
#include "host/preflight.h"
#include "host/snapshot.h"
#include "abi/event.h"
#include "fuzz.h"

enum file {
	BOOT_ID,
	RELEASE,
	ONLINE,
	PRESENT,
	LSM,
	CPUINFO,
	LOCKDOWN,
	DEP,
	BUILTIN,
	IOMEM,
	KMSG,
	FILES
};

static const char *const paths[] = {
	[BOOT_ID] = "/proc/sys/kernel/random/boot_id",
	[RELEASE] = "/proc/sys/kernel/osrelease",
	[ONLINE] = "/sys/devices/system/cpu/online",
	[PRESENT] = "/sys/devices/system/cpu/present",
	[LSM] = "/sys/kernel/security/lsm",
	[CPUINFO] = "/proc/cpuinfo",
	[LOCKDOWN] = "/sys/kernel/security/lockdown",
	/* The release is the input's; these are found for one of them. */
	[DEP] = "/lib/modules/6.1/modules.dep",
	[BUILTIN] = "/lib/modules/6.1/modules.builtin",
	[IOMEM] = "/proc/iomem",
	[KMSG] = "/dev/kmsg",
};

static char root[] = "/tmp/snp-guard-fuzz-XXXXXX";
static struct platform platform = { .root = root };

static void full_path(char full[PATH_MAX], const char *path)
{
	fuzz_check(snprintf(full, PATH_MAX, "%s%s", root, path) < PATH_MAX, "%s", path);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void remove_root(void)
{
	nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void make_file(const char *path)
{
	char full[PATH_MAX];
	int fd;

	full_path(full, path);
	for (char *slash = full + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = 0;
		fuzz_check(!mkdir(full, 0755) || errno == EEXIST, "%s", full);
		*slash = '/';
	}
	fd = open(full, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	fuzz_check(fd >= 0, "%s: %s", full, strerror(errno));
	close(fd);
}

static void make_root(void)
{
	const uint64_t syscfg = SNP_SYSCFG_SNP_EN;
	char full[PATH_MAX];
	int fd;

	fuzz_check(mkdtemp(root), "no root");
	atexit(remove_root);
	make_file("/dev/cpu/1/msr");
	full_path(full, "/dev/cpu/1/msr");
	fd = open(full, O_WRONLY | O_CLOEXEC);
	fuzz_check(pwrite(fd, &syscfg, 8, SNP_MSR_SYSCFG) == 8, "msr");
	close(fd);
	for (int i = 0; i < FILES; i++)
		make_file(paths[i]);
}

/* A text that is not there is a file that is not there. */
static void fill(enum file file, const char *text)
{
	char full[PATH_MAX];
	ssize_t len;
	int fd;

	full_path(full, paths[file]);
	if (!text) {
		unlink(full);
		return;
	}
	len = (ssize_t)strlen(text);
	fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	fuzz_check(fd >= 0 && write(fd, text, len) == len, "%s", full);
	close(fd);
}

/* True if what is one of text's parts. */
static bool is_among(const char *text, const char *separators, const char *what)
{
	size_t len = strlen(what);

	for (const char *p = text; (p = strstr(p, what)); p++)
		if ((p == text || strchr(separators, p[-1])) &&
		    (!p[len] || strchr(separators, p[len])))
			return true;
	return false;
}

static void check_cpus(const char *which, const char *text)
{
	struct cpulist found, expected;
	int err = platform_cpus(&platform, which, &found);

	if (!text) {
		fuzz_check(err == -ENOENT, "%d", err);
		return;
	}
	fuzz_check(err == cpulist_parse(&expected, text), "%d for %s", err, text);
	fuzz_check(cpulist_count(&found) == cpulist_count(&expected), "%s", text);
	cpulist_free(&found);
	cpulist_free(&expected);
}

static void check_words(char *const *texts)
{
	int lsm = platform_has_lsm(&platform, "bpf");
	int flag = platform_has_cpu_flag(&platform, "sev_snp");

	fuzz_check(lsm == (texts[LSM] ? is_among(texts[LSM], ",\n", "bpf") : -ENOENT), "%d", lsm);
	if (!texts[CPUINFO])
		fuzz_check(flag == -ENOENT, "%d", flag);
	else if (!strstr(texts[CPUINFO], "\nflags"))
		fuzz_check(flag == -ENODATA, "%d", flag);
	else if (!is_among(texts[CPUINFO], " \t:\n", "sev_snp"))
		fuzz_check(flag == 0, "%d", flag);
	/* The kernel's has 40 bytes; of a longer one the end may be cut off. */
	if (!texts[LOCKDOWN] || strlen(texts[LOCKDOWN]) < 128)
		fuzz_check(
			platform_is_confidential(&platform) ==
				(texts[LOCKDOWN] && strstr(texts[LOCKDOWN], "[confidentiality]")),
			"lockdown");
}

static void check_module(char *const *texts)
{
	enum platform_module found = platform_module(&platform, "ccp");
	bool readable = texts[RELEASE] &&
			(!strcmp(texts[RELEASE], "6.1") || !strcmp(texts[RELEASE], "6.1\n"));

	fuzz_check(found != MODULE_LOADED, "loaded");
	for (int i = 0; readable && i < 2; i++)
		if (!texts[DEP + i] || !strstr(texts[DEP + i], "ccp.ko"))
			fuzz_check(found != (i ? MODULE_BUILTIN : MODULE_AVAILABLE), "%d", found);
	if (readable && texts[DEP] && is_among(texts[DEP], "/\n:", "ccp.ko") &&
	    !strchr(texts[DEP], ':'))
		fuzz_check(found != MODULE_ABSENT, "absent");
}

static void check_memory(const char *text)
{
	uint64_t end;
	int err = memory_end(&platform, &end);

	if (!text)
		fuzz_check(err == -ENOENT, "%d", err);
	else if (!strstr(text, "System RAM"))
		fuzz_check(err == -ENODATA, "%d", err);
	fuzz_check(err || end > 1, "RAM ends at %#llx", (unsigned long long)end);
}

/* Whatever it finds stood in the log. */
static void check_log(const char *text)
{
	char message[80];
	int found = kernel_log_last(&platform, KERNEL_LOG_NO_SNP, message, sizeof(message));

	fuzz_check(text ? found >= 0 : found == -ENOENT, "%d", found);
	fuzz_check(found <= 0 || strstr(text, message), "%s", message);
}

/* A snapshot of any host that can be looked at is read again. */
static void check_snapshot(void)
{
	struct snapshot taken, read;
	char *text = NULL;
	size_t len;
	FILE *f;

	if (!snapshot_take(&taken, &platform)) {
		f = open_memstream(&text, &len);
		fuzz_check(f && !snapshot_write(&taken, f) && !fclose(f), "can't be written");
		for (size_t i = 0; i < len; i++)
			fuzz_check((text[i] >= ' ' && text[i] <= '~') || text[i] == '\n',
				   "not printable at %zu: %s", i, text);
		f = fuzz_file((uint8_t *)text, len);
		fuzz_check(!snapshot_read(&read, f), "%s", text);
		fclose(f);
		/* The sets' memory may reach further than any CPU. */
		for (unsigned int i = 0; i < taken.count && i < read.count; i++) {
			struct snapshot_cpu *a = &taken.cpus[i], *b = &read.cpus[i];

			fuzz_check(a->present == b->present &&
					   (!a->present || a->online == b->online),
				   "CPU %u", i);
			fuzz_check(
				!a->present || !a->online ||
					(!a->err == !b->err && (a->err || a->syscfg == b->syscfg)),
				"CPU %u", i);
		}
		snapshot_free(&read);
		free(text);
	}
	snapshot_free(&taken);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool made;
	struct cursor c = { data, size };
	char *texts[FILES], id[PLATFORM_BOOT_ID_LEN], release[PLATFORM_RELEASE_LEN];
	const struct preflight_need *missing;

	if (!made)
		make_root();
	made = true;
	for (int i = 0; i < FILES; i++) {
		texts[i] = take_part(&c, 0);
		fill(i, texts[i]);
	}
	platform_boot_id(&platform, id);
	platform_release(&platform, release);
	fuzz_check(!strpbrk(id, " \n") && !strpbrk(release, " \n"), "more than a word");
	fuzz_check(!texts[BOOT_ID] || !strncmp(id, texts[BOOT_ID], strlen(id)), "%s", id);
	check_cpus("online", texts[ONLINE]);
	check_cpus("present", texts[PRESENT]);
	check_words(texts);
	check_module(texts);
	check_memory(texts[IOMEM]);
	check_log(texts[KMSG]);
	check_snapshot();
	missing = preflight(&platform);
	fuzz_check(missing && *missing->otherwise, "this host has no BTF");
	for (int i = 0; i < FILES; i++)
		free(texts[i]);
	return 0;
}
