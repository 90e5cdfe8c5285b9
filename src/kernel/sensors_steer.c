// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/sensors_private.h"

#include <errno.h>
#include <unistd.h>

/* ccp's psp_master->sev_data->snp_initialized (drivers/crypto/ccp/sev-dev.h). */
static int find_firmware_state(struct sensors *s, struct snp_truth *t)
{
	struct kernel *k = &s->hooks->kernel;
	const struct kallsym *master;
	int err = 0;

	if (kernel_ccp_changed(k))
		err = kernel_refresh(k);
	if (err)
		return err;
	master = kernel_symbol(k, "psp_master", "ccp");
	if (!master || !master->start || k->sev_data_offset < 0 || k->snp_initialized_offset < 0)
		return -ENOENT;
	t->psp_master_addr = master->start;
	t->sev_data_offset = k->sev_data_offset;
	t->snp_initialized_offset = k->snp_initialized_offset;
	return 0;
}

int sensors_truth(struct sensors *s, int *count, enum initialised *initialised)
{
	struct snp_truth truth = { 0 };
	int err;

	if (initialised)
		find_firmware_state(s, &truth);
	err = sensors_call(s->skel->progs.read_truth, &truth, sizeof(truth));
	*count = err ? SNP_COUNT_UNKNOWN : truth.count;
	if (initialised)
		*initialised = err || truth.initialised < 0 ? INITIALISED_UNKNOWN
			       : truth.initialised	    ? INITIALISED_YES
							    : INITIALISED_NO;
	return err;
}

bool sensors_set_latch(struct sensors *s, __u64 before, bool shut)
{
	if (!!(before & SNP_LATCH_WINDOW) == shut)
		return true;
	return !sensors_steer(s, SNP_STEER_LATCH, shut, before);
}

int sensors_set_audit(struct sensors *s, bool audit)
{
	return sensors_steer(s, SNP_STEER_AUDIT, audit, 0);
}

bool sensors_are_armed(const struct sensors *s)
{
	return sensors_state(s).writes;
}

int sensors_arm(struct sensors *s)
{
	int err;

	for (size_t i = 0; i < hook_count; i++) {
		if (!sensors_is_write_hook(s, i) || s->links[i] >= 0)
			continue;
		err = sensors_attach_one(s, i);
		if (!err && s->pinned)
			err = pin_again(s->links[i], PIN_LINK, hook_table[i].program);
		if (err < 0)
			return err;
	}
	sensors_keep_missed(s, false);
	return sensors_steer(s, SNP_STEER_ARM, 0, 0);
}

int sensors_disarm(struct sensors *s, __u64 before)
{
	char path[PIN_PATH_MAX];
	int err = sensors_steer(s, SNP_STEER_DISARM, 0, before);

	if (!err) {
		sensors_missed(s);
		sensors_keep_missed(s, true);
	}
	for (size_t i = 0; !err && i < hook_count; i++) {
		if (!sensors_is_write_hook(s, i))
			continue;
		if (s->pinned) {
			pin_path(path, PINS_DIR, PIN_LINK, hook_table[i].program);
			unlink(path);
		}
		sensors_detach_one(s, i);
	}
	return err;
}

int sensors_writers(struct sensors *s)
{
	return sensors_steer(s, SNP_STEER_WRITERS, 0, 0);
}

int sensors_forget(struct sensors *s)
{
	return sensors_steer(s, SNP_STEER_FORGET, 0, 0);
}

int sensors_begin_trials(struct sensors *s)
{
	return sensors_steer(s, SNP_STEER_TRY, 1, 0);
}

void sensors_end_trials(struct sensors *s)
{
	sensors_steer(s, SNP_STEER_TRY, 0, 0);
}
