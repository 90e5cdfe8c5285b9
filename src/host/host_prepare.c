// SPDX-License-Identifier: GPL-2.0-only
#include "host/host_prepare.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
	const char *type, *at, *sign; /* sign: a file that exists if it is mounted */
} mounts[] = {
	{ "tracefs", "/sys/kernel/tracing", "/sys/kernel/tracing/kprobe_events" },
	{ "securityfs", "/sys/kernel/security", "/sys/kernel/security/lsm" },
};

/* A slave: mounts of the host arrive in this namespace, its own mounts stay in it. */
static int leave_mount_namespace(void)
{
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_SLAVE, NULL))
		return -errno;
	return 0;
}

static void mount_missing(const struct platform *p)
{
	bool own = false;

	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		if (platform_exists(p, mounts[i].sign))
			continue;
		if (!own && leave_mount_namespace())
			return;
		own = true;
		mount(mounts[i].type, mounts[i].at, mounts[i].type,
		      MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	}
}

static void load_msr(const struct platform *p)
{
	char *argv[] = { "modprobe", "-q", "msr", NULL };
	posix_spawn_file_actions_t actions;
	pid_t pid;

	if (platform_exists(p, "/dev/cpu/0/msr") || posix_spawn_file_actions_init(&actions))
		return;
	if (!posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0) &&
	    !posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ))
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	posix_spawn_file_actions_destroy(&actions);
}

void host_prepare(const struct platform *p)
{
	if (*p->root || geteuid())
		return;
	mount_missing(p);
	load_msr(p);
}
