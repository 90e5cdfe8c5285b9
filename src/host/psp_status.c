// SPDX-License-Identifier: GPL-2.0-only
#include "host/psp_status.h"

#include <errno.h>
#include <linux/psp-sev.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* include/uapi/linux/psp-sev.h has it since 6.10. */
#define STATUS_IOCTL 9

int psp_status_read(const struct platform *p, struct psp_status *status)
{
	struct sev_issue_cmd command = { .cmd = STATUS_IOCTL, .data = (uintptr_t)status };
	int fd = platform_open(p, "/dev/sev"), err = 0;

	if (fd < 0)
		return fd;
	if (ioctl(fd, SEV_ISSUE_CMD, &command) < 0)
		err = -errno;
	close(fd);
	return err;
}
