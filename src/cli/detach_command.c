// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kernel/brake.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "util/complain.h"
#include "kernel/kprobe_event.h"
#include "kernel/pins.h"
#include "pinned/guard_lock.h"
#include "session/session.h"

const struct argp detach_argp = {
	.parser = options_parse,
	.doc = "Unloads what `snp-guard run --pin` left in the kernel. Without it nothing is "
	       "refused "
	       "and nothing is recorded.",
};

/* The kernel frees links some time after their last pin, and kprobe events only after the links. */
static int remove_events(void)
{
	int err = -EBUSY;

	for (int i = 0; err == -EBUSY && i < 50; i++) {
		if (i)
			nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
		err = 0;
		for (int group = 0; !err && group < KPROBE_GROUPS; group++)
			err = kprobe_event_remove_stale(group);
	}
	return err;
}

/* A guard that was killed inside a window may have left them armed. */
static void release_brakes(void)
{
	const struct platform platform = { .root = "" };
	struct brake brake = { .inherits = true };

	brake_follow(&brake, &platform, true);
	brake_end(&brake, &platform);
}

int command_detach(int argc, char **argv, int *status)
{
	struct command_options options = { 0 };
	int holder, lock, err;
	bool pinned;

	options_read(&detach_argp, argc, argv, &options);
	if (geteuid()) {
		complain("not root: can't unload a pinned guard; use sudo");
		return -EPERM;
	}
	lock = guard_lock(&holder);
	if (lock < 0) {
		guard_lock_complain(lock, holder);
		return lock;
	}
	err = pins_recover();
	pinned = !err && pins_exist();
	if (!err)
		err = pins_remove();
	if (err)
		complain("can't remove " PINS_DIR ": %s", strerror(-err));
	else if (remove_events())
		complain(
			"another guard, in a container or without --pin, still uses kprobe events");
	/* Until here the gate refused writes to the brake's files. */
	if (!err && pinned)
		release_brakes();
	close(lock);
	*status = STATUS_CLEAN;
	return err;
}
