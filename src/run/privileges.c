// SPDX-License-Identifier: GPL-2.0-only
#include "run/privileges.h"

#include <errno.h>
#include <sys/capability.h>
#include <sys/prctl.h>

static const cap_value_t kept[] = {
	CAP_BPF,	  CAP_PERFMON,
	CAP_SYS_ADMIN,	  /* attach and detach programs, open BTF and programs by id */
	CAP_SYS_RAWIO,	  /* open /dev/cpu/N/msr of CPUs that come online */
	CAP_SYSLOG,	  /* see addresses in /proc/kallsyms once ccp is loaded */
	CAP_DAC_OVERRIDE, /* open files of tracefs and sysfs whatever their mode */
};
#define KEPT (sizeof(kept) / sizeof(kept[0]))

static int is_kept(cap_value_t cap)
{
	for (size_t i = 0; i < KEPT; i++)
		if (kept[i] == cap)
			return 1;
	return 0;
}

int privileges_drop(void)
{
	cap_t current = cap_get_proc(), caps = cap_init();
	cap_flag_value_t has;
	int err = 0;

	if (!current || !caps)
		goto fail;
	for (cap_value_t cap = 0; cap < cap_max_bits(); cap++)
		if (!is_kept(cap) && cap_get_bound(cap) == 1 && cap_drop_bound(cap) &&
		    errno != EPERM)
			goto fail;
	for (size_t i = 0; i < KEPT; i++) {
		/* A container may have fewer than all. */
		if (cap_get_flag(current, kept[i], CAP_PERMITTED, &has) || has != CAP_SET)
			continue;
		if (cap_set_flag(caps, CAP_PERMITTED, 1, &kept[i], CAP_SET) ||
		    cap_set_flag(caps, CAP_EFFECTIVE, 1, &kept[i], CAP_SET))
			goto fail;
	}
	if (cap_set_proc(caps) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		goto fail;
	goto out;
fail:
	err = -errno;
out:
	cap_free(caps);
	cap_free(current);
	return err;
}
