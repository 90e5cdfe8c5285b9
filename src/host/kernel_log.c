// SPDX-License-Identifier: GPL-2.0-only
#include "host/kernel_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The messages about something; a NULL ends each list. */
struct topic {
	const char *const *from; /* one of these begins the message */
	const char *const *says; /* one of these is in it */
};

/*
 * drivers/crypto/ccp/{psp-dev,sev-dev}.c, arch/x86/virt/svm/sev.c, drivers/iommu/amd/init.c. These
 * words tell of a failure; the others of a message change from one version to the next.
 */
static const char *const snp_from[] = { "ccp ", "SEV-SNP: ", "AMD-Vi: SNP: ", NULL };
static const char *const snp_says[] = {
	"failed",
	"timed out",
	"broken BIOS",
	"SNP cannot be supported",
	"not been reserved",
	"does not cover",
	"not valid",
	"not within",
	"Invalid",
	NULL,
};
/* lib/bug.c, arch/x86/mm/fault.c, arch/x86/kernel/traps.c */
static const char *const death_from[] = { "kernel BUG at ", "BUG: ", "general protection fault",
					  NULL };
static const char *const any[] = { "", NULL };

static const struct topic topics[] = {
	[KERNEL_LOG_NO_SNP] = { snp_from, snp_says },
	[KERNEL_LOG_DEATH] = { death_from, any },
};

/* The kernel tries several names of a firmware's file; and it repeats a failure without its cause.
 */
static bool is_of_no_use(const char *message)
{
	static const char last[] = "initialization failed";
	size_t len = strlen(message), end = strlen(last);

	return strstr(message, "firmware: failed to load") ||
	       (len >= end && !strcmp(message + len - end, last));
}

static bool is_about(const struct topic *topic, const char *message)
{
	bool from = false, says = false;

	for (size_t i = 0; topic->from[i] && !from; i++)
		from = !strncmp(message, topic->from[i], strlen(topic->from[i]));
	for (size_t i = 0; from && topic->says[i] && !says; i++)
		says = strstr(message, topic->says[i]);
	return says && !is_of_no_use(message);
}

/*
 * A record is "PRIORITY,NUMBER,TIME,FLAGS[,...];MESSAGE", and lines that begin with a space follow
 * (Documentation/ABI/testing/dev-kmsg). The priority's upper bits are 0 for the kernel.
 */
static const char *message_of(const char *record)
{
	const char *message = strchr(record, ';');
	char *end;

	if (*record < '0' || *record > '9' || !message)
		return NULL;
	return strtoul(record, &end, 10) >> 3 || *end != ',' ? NULL : message + 1;
}

static int take_record(const struct topic *topic, char *record, char *text, size_t size)
{
	const char *message;

	record[strcspn(record, "\n")] = 0;
	message = message_of(record);
	if (!message || !is_about(topic, message))
		return 0;
	snprintf(text, size, "%s", message);
	return 1;
}

/*
 * The file gives one record for each read(2), at the end -EAGAIN, and -EPIPE if records were lost
 * meanwhile. A record longer than the buffer is -EINVAL, and skipped.
 */
static int read_records(FILE *f, const struct topic *topic, char *text, size_t size)
{
	char *line = NULL;
	size_t room = 0;
	int found = 0;

	do {
		clearerr(f);
		errno = 0;
		while (getline(&line, &room, f) > 0)
			found |= take_record(topic, line, text, size);
	} while (ferror(f) && (errno == EPIPE || errno == EINVAL || errno == EINTR));
	if (ferror(f) && errno != EAGAIN && !found)
		found = -errno;
	free(line);
	return found;
}

int kernel_log_last(const struct platform *p, enum kernel_log_about about, char *text, size_t size)
{
	int fd = platform_open(p, "/dev/kmsg"), result;
	static char record[16384];
	FILE *f;

	if (fd < 0)
		return fd;
	f = fcntl(fd, F_SETFL, O_NONBLOCK) ? NULL : fdopen(fd, "r");
	if (!f) {
		result = -errno;
		close(fd);
		return result;
	}
	setvbuf(f, record, _IOFBF, sizeof(record));
	result = read_records(f, &topics[about], text, size);
	fclose(f);
	return result;
}
