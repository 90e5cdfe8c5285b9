// SPDX-License-Identifier: GPL-2.0-only
#include "contract/window_firmware.h"

#include "contract/window_state.h"

static bool is_unknown_in_window(const struct window *w)
{
	return w->life.open && w->firmware.state == FW_UNKNOWN;
}

bool firmware_may_run_guests(const struct window *w)
{
	/* SNP_INIT follows snp_prepare(), which may have set SNP_EN on some CPUs only so far. */
	return w->firmware.state == FW_INITIALISED ||
	       (is_unknown_in_window(w) && !w->life.preparing);
}

/* ---- commands ---- */

static void tell_failed_init(struct window *w, const struct snp_event *e)
{
	const char *cause = snp_status_cause(e->status);
	char status[SNP_STATUS_LEN];

	if (!w->life.open)
		return;
	w->firmware.init_failed = true;
	window_breach(w, SNP_BREACH_BENIGN_FAILED_INIT, SNP_NO_SUBJECT,
		      "%s failed: firmware status %s, driver returned %d to %.*s[%u]%s%s",
		      snp_command_name(e->subject), snp_status_text(e->status, status), e->result,
		      SNP_COMM_LEN, e->comm, e->tid, *cause ? "; usual cause: " : "", cause);
}

static void on_init(struct window *w, const struct snp_event *e, bool ok)
{
	struct snp_firmware *fw = &w->firmware;

	life_cycle_unsettle(w);
	if (ok) {
		fw->state = FW_INIT_DONE;
		fw->init_failed = fw->init_retry = false;
		return;
	}
	/* Firmware that is up refuses to be initialised again, and stays up. */
	if (fw->state == FW_INITIALISED || fw->state == FW_INIT_DONE)
		return;
	if (e->status == SNP_STATUS_DFFLUSH_REQUIRED && !fw->init_retry) {
		fw->init_retry = true;
		fw->retried = *e;
		return;
	}
	fw->init_retry = false;
	fw->state = FW_DOWN;
	tell_failed_init(w, e);
}

static void on_flush(struct window *w, const struct snp_event *e, bool ok)
{
	char status[SNP_STATUS_LEN];

	if (w->firmware.state != FW_INIT_DONE)
		return;
	life_cycle_unsettle(w);
	if (ok) {
		w->firmware.state = FW_INITIALISED;
		window_turn(w, WINDOW_INITIALISED, "%.*s[%u] initialised SNP; guests can start",
			    SNP_COMM_LEN, e->comm, e->tid);
		return;
	}
	window_breach(w, SNP_BREACH_ORPHANED_INIT, SNP_NO_SUBJECT,
		      "SNP_DF_FLUSH failed after a successful SNP_INIT: firmware status %s, "
		      "driver returned %d to %.*s[%u]",
		      snp_status_text(e->status, status), e->result, SNP_COMM_LEN, e->comm, e->tid);
}

static bool is_full_shutdown(const struct snp_event *e)
{
	return e->subject == SNP_CMD_SHUTDOWN_EX && (e->flags & SNP_SHUTDOWN_X86);
}

static void on_legacy_shutdown(struct window *w)
{
	firmware_end(w);
	window_turn(w, WINDOW_LEGACY_SHUTDOWN,
		    "the firmware ended SNP but left SNP_EN set; the window stays open");
}

bool firmware_on_command(struct window *w, const struct snp_event *e)
{
	bool ok = !e->result && !e->status;

	switch (e->subject) {
	case SNP_CMD_INIT:
	case SNP_CMD_INIT_EX:
		on_init(w, e, ok);
		break;
	case SNP_CMD_DF_FLUSH:
		on_flush(w, e, ok);
		break;
	case SNP_CMD_SHUTDOWN:
	case SNP_CMD_SHUTDOWN_EX:
		if (ok && is_full_shutdown(e))
			return true;
		if (ok)
			on_legacy_shutdown(w);
		break;
	}
	return false;
}

/* ---- what other parts tell it ---- */

void firmware_end(struct window *w)
{
	/* A disable that did not come while guests could run does not come any more. */
	if (w->firmware.state == FW_INITIALISED)
		holds_judge_none(w);
	w->firmware.state = FW_DOWN;
}

void firmware_on_window_opened(struct window *w)
{
	w->firmware.init_retry = false;
	/* SNP_INIT wants SNP_EN on every CPU, so no SNP_INIT came before the first SNP_EN. */
	if (!w->life.found_open && w->firmware.state == FW_UNKNOWN)
		w->firmware.state = FW_DOWN;
}

void firmware_on_window_closed(struct window *w)
{
	w->firmware.init_failed = false;
}

/* ---- sweeps ---- */

void firmware_on_sweep(struct window *w, const struct snp_event *e)
{
	struct snp_firmware *fw = &w->firmware;

	if (w->records_lost || w->kernel.no_commands)
		fw->state = FW_UNKNOWN;
	if (e->flags & SNP_F_FW_INIT) {
		fw->state = FW_INITIALISED;
		fw->init_retry = false;
	}
	/* The driver sets its flag only after SNP_DF_FLUSH. */
	if ((e->flags & (SNP_F_FW_KNOWN | SNP_F_FW_INIT)) == SNP_F_FW_KNOWN &&
	    fw->state != FW_INIT_DONE)
		fw->state = FW_DOWN;
}

void firmware_judge_unknown(struct window *w)
{
	struct snp_firmware *fw = &w->firmware;

	if (!is_unknown_in_window(w)) {
		fw->told_unknown = false;
	} else if (!fw->told_unknown && !w->life.preparing) {
		fw->told_unknown = true;
		window_blind(w, SNP_BLIND_FIRMWARE, SNP_NO_SUBJECT,
			     "can't find out whether SNP is initialised in window %u: a CPU "
			     "without SNP_EN is reported as if it were",
			     w->life.windows);
	}
}

void firmware_begin_anew(struct window *w)
{
	w->firmware.init_retry = false;
	w->firmware.init_failed = false;
}

void firmware_judge_retry(struct window *w)
{
	if (!w->firmware.init_retry)
		return;
	w->firmware.init_retry = false;
	tell_failed_init(w, &w->firmware.retried);
}
