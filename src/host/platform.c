// SPDX-License-Identifier: GPL-2.0-only
#include "host/platform.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/module_file.h"
#include "util/words.h"

static int open_below(const struct platform *p, const char *path, int flags)
{
	char full[PATH_MAX];
	int fd;

	if (snprintf(full, sizeof(full), "%s%s", p->root, path) >= (int)sizeof(full))
		return -ENAMETOOLONG;
	fd = open(full, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int platform_open(const struct platform *p, const char *path)
{
	return open_below(p, path, O_RDONLY);
}

int platform_read(const struct platform *p, const char *path, char *buf, size_t size)
{
	size_t used = 0;
	ssize_t n;
	int fd;

	fd = platform_open(p, path);
	if (fd < 0)
		return fd;
	do {
		n = read(fd, buf + used, size - 1 - used);
		if (n > 0)
			used += n;
	} while (n > 0 && used < size - 1);
	if (n < 0)
		n = -errno;
	close(fd);
	buf[used] = 0;
	return n < 0 ? n : (int)used;
}

int platform_write(const struct platform *p, const char *path, const char *text)
{
	size_t len = strlen(text);
	int fd, err = 0;
	ssize_t n;

	fd = open_below(p, path, O_WRONLY);
	if (fd < 0)
		return fd;
	n = write(fd, text, len);
	if (n != (ssize_t)len)
		err = n < 0 ? -errno : -EIO;
	close(fd);
	return err;
}

/* The kernel truncates a list to a page (cpumap_print_to_pagebuf(), include/linux/cpumask.h). */
static bool is_cut(const char *text, int n)
{
	return n == 4095 && text[n - 1] != '\n';
}

/*
 * Reads cpuN/online, which a CPU that can't go offline lacks. The list is better: cpuN/online keeps
 * its value when the CPU changes by cpuN/hotplug/target.
 */
static int ask_each_cpu(const struct platform *p, struct cpulist *online)
{
	struct cpulist present;
	char path[64], text[8];
	int err, n;

	err = platform_cpus(p, "present", &present);
	for (unsigned int cpu = 0; !err && cpu < present.len; cpu++) {
		if (!cpulist_has(&present, cpu))
			continue;
		snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/online", cpu);
		n = platform_read(p, path, text, sizeof(text));
		if (n < 0 && n != -ENOENT)
			err = n;
		else if (n == -ENOENT || text[0] == '1')
			err = cpulist_add(online, cpu);
	}
	cpulist_free(&present);
	if (err)
		cpulist_free(online);
	return err;
}

int platform_cpus(const struct platform *p, const char *which, struct cpulist *set)
{
	char path[64], text[32768];
	int n;

	*set = (struct cpulist){ 0 };
	snprintf(path, sizeof(path), "/sys/devices/system/cpu/%s", which);
	n = platform_read(p, path, text, sizeof(text));
	if (n < 0)
		return n;
	if (!is_cut(text, n))
		return cpulist_parse(set, text);
	return strcmp(which, "online") ? -EOVERFLOW : ask_each_cpu(p, set);
}

int platform_msr_open(const struct platform *p, unsigned int cpu)
{
	char path[48];

	snprintf(path, sizeof(path), "/dev/cpu/%u/msr", cpu);
	return platform_open(p, path);
}

int platform_msr_read(int fd, uint32_t msr, uint64_t *value)
{
	ssize_t n = pread(fd, value, sizeof(*value), msr);

	if (n == sizeof(*value))
		return 0;
	return n < 0 ? -errno : -EIO;
}

/*
 * APM vol. 2: EFER, 3.1.7; VM_HSAVE_PA, 15.30.4. KVM sets the former first, so it is read first.
 * That VMRUN fails where VM_HSAVE_PA is 0: KVM's own nested_svm_vmrun()
 * (arch/x86/kvm/svm/nested.c).
 */
#define MSR_EFER     0xc0000080
#define EFER_SVME    (1ull << 12)
#define MSR_HSAVE_PA 0xc0010117

int platform_lacks_hsave(const struct platform *p, unsigned int cpu)
{
	int fd = platform_msr_open(p, cpu), err;
	uint64_t efer = 0, hsave_pa = 0;

	if (fd < 0)
		return fd;
	err = platform_msr_read(fd, MSR_EFER, &efer);
	if (!err && efer & EFER_SVME)
		err = platform_msr_read(fd, MSR_HSAVE_PA, &hsave_pa);
	close(fd);
	return err ? err : efer & EFER_SVME && !hsave_pa;
}

static void read_word(const struct platform *p, const char *path, char *buf, size_t size)
{
	if (platform_read(p, path, buf, size) < 0)
		buf[0] = 0;
	buf[strcspn(buf, " \n")] = 0;
}

void platform_boot_id(const struct platform *p, char id[PLATFORM_BOOT_ID_LEN])
{
	read_word(p, "/proc/sys/kernel/random/boot_id", id, PLATFORM_BOOT_ID_LEN);
}

void platform_release(const struct platform *p, char release[PLATFORM_RELEASE_LEN])
{
	read_word(p, "/proc/sys/kernel/osrelease", release, PLATFORM_RELEASE_LEN);
}

int platform_has_lsm(const struct platform *p, const char *name)
{
	char text[1024];
	int n = platform_read(p, "/sys/kernel/security/lsm", text, sizeof(text));

	return n < 0 ? n : words_has(text, ",\n", name);
}

int platform_has_cpu_flag(const struct platform *p, const char *flag)
{
	char text[16384], *line, *end;
	int n = platform_read(p, "/proc/cpuinfo", text, sizeof(text));

	if (n < 0)
		return n;
	line = strstr(text, "\nflags");
	if (!line)
		return -ENODATA;
	end = strchr(line + 1, '\n');
	if (end)
		*end = 0;
	return words_has(line + 1, " \t:", flag);
}

bool platform_is_confidential(const struct platform *p)
{
	char text[128];

	return platform_read(p, "/sys/kernel/security/lockdown", text, sizeof(text)) > 0 &&
	       strstr(text, "[confidentiality]");
}

bool platform_is_crash_kernel(const struct platform *p)
{
	char text[4096]; /* COMMAND_LINE_SIZE is 2048, asm/setup.h */

	return platform_read(p, "/proc/cmdline", text, sizeof(text)) > 0 &&
	       (!strncmp(text, "elfcorehdr=", 11) || strstr(text, " elfcorehdr="));
}

bool platform_exists(const struct platform *p, const char *path)
{
	char full[PATH_MAX];

	return snprintf(full, sizeof(full), "%s%s", p->root, path) < (int)sizeof(full) &&
	       !access(full, F_OK);
}

uint64_t platform_inode(const struct platform *p, const char *path)
{
	char full[PATH_MAX];
	struct stat st;

	if (snprintf(full, sizeof(full), "%s%s", p->root, path) >= (int)sizeof(full) ||
	    stat(full, &st))
		return 0;
	return st.st_ino;
}

static bool listed(const struct platform *p, const char *list, const char *name)
{
	char release[PLATFORM_RELEASE_LEN], dir[PATH_MAX], path[PATH_MAX];

	platform_release(p, release);
	return snprintf(dir, sizeof(dir), "%s/lib/modules/%s", p->root, release) <
		       (int)sizeof(dir) &&
	       !module_file_find(dir, list, name, path, sizeof(path));
}

int platform_has_capability(const struct platform *p, int capability)
{
	char text[4096], *line;
	int n = platform_read(p, "/proc/self/status", text, sizeof(text));

	if (n < 0)
		return n;
	line = strstr(text, "\nCapEff:");
	if (!line)
		return -ENODATA;
	return strtoull(line + strlen("\nCapEff:"), NULL, 16) >> capability & 1;
}

/* Inode numbers of the first namespaces (include/linux/proc_ns.h, PROC_USER_INIT_INO and so on). */
static const struct {
	const char *kind, *link;
} host_namespaces[] = {
	{ "user", "user:[4026531837]" },
	{ "pid", "pid:[4026531836]" },
};

int platform_in_host_namespace(const struct platform *p, const char *kind)
{
	char path[PATH_MAX], link[64];
	ssize_t n;

	if (snprintf(path, sizeof(path), "%s/proc/self/ns/%s", p->root, kind) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	n = readlink(path, link, sizeof(link) - 1);
	if (n < 0)
		return -errno;
	link[n] = 0;
	for (size_t i = 0; i < sizeof(host_namespaces) / sizeof(host_namespaces[0]); i++)
		if (!strcmp(kind, host_namespaces[i].kind))
			return !strcmp(link, host_namespaces[i].link);
	return -EINVAL;
}

enum platform_module platform_module(const struct platform *p, const char *name)
{
	char path[80];

	snprintf(path, sizeof(path), "/sys/module/%s/initstate", name);
	if (platform_exists(p, path))
		return MODULE_LOADED;
	if (listed(p, "modules.builtin", name))
		return MODULE_BUILTIN;
	return listed(p, "modules.dep", name) ? MODULE_AVAILABLE : MODULE_ABSENT;
}
