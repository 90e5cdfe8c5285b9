/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The messages for the journal, each kind with an id of its own: the entries and the catalog come
 * from one table.
 */
#ifndef MESSAGES_H
#define MESSAGES_H

#include <stddef.h>
#include <syslog.h>

#include "abi/event.h"
#include "contract/window.h"

/*
 * X(of what, symbol, MESSAGE_ID, priority, the catalog's subject, its text). First the
 * breaches, whose other columns come from their own table and the contract; then the states; both
 * in the order of their tables. Never reuse an id.
 */
#define MESSAGES(X)                                                                                \
	X(BREACH, CPU_ONLINED, "97a79d0fdeec490bb8004034f0308852", 0, NULL, NULL)                  \
	X(BREACH, CPU_WITHOUT_SNP_EN, "dd43259b2b9542bc9b52f25a87ad5b1d", 0, NULL, NULL)           \
	X(BREACH, UNSAFE_BAILOUT, "ce303352fc5e49efbfa753d4e29cad79", 0, NULL, NULL)               \
	X(BREACH, SNP_EN_LOST, "c3fb14769da0451398a14250121f0484", 0, NULL, NULL)                  \
	X(BREACH, EARLY_ENABLE, "86251be5a80a48d6985bb4cd0a92f319", 0, NULL, NULL)                 \
	X(BREACH, UNBALANCED_ENABLE, "2592571d939e40eb8de31f7693625d91", 0, NULL, NULL)            \
	X(BREACH, FOREIGN_ENABLE, "5b3cecede3aa4fd6b3da155ff2bcce4a", 0, NULL, NULL)               \
	X(BREACH, CPU_OFFLINED, "8438071d4dc54b7fb0d50f69bab28ab4", 0, NULL, NULL)                 \
	X(BREACH, STACKED_DISABLE, "e9f7f7b1835d4037829e769b2a79132e", 0, NULL, NULL)              \
	X(BREACH, LEAKED_DISABLE, "bcad9223a67b4099a527ee9b6ed6e6ae", 0, NULL, NULL)               \
	X(BREACH, LATE_DISABLE, "d17ad31752f74989ae5227b49fc0559c", 0, NULL, NULL)                 \
	X(BREACH, PARTIAL_PREPARE, "30246a24b0be43c69cc36f235ff5a028", 0, NULL, NULL)              \
	X(BREACH, KEXEC_UNLATCHED, "72066550fbf54024a46bcd89747f279f", 0, NULL, NULL)              \
	X(BREACH, NO_LATCH, "7c24c8ab8ca749969e6ef9fb9ebaffb2", 0, NULL, NULL)                     \
	X(BREACH, BENIGN_FAILED_INIT, "883c1b339a8f45a590b0f72bcd9c1c36", 0, NULL, NULL)           \
	X(BREACH, ORPHANED_INIT, "88cc1c5fc5a44c9384f00ad15742f25f", 0, NULL, NULL)                \
	X(BREACH, BLIND, "16dc28e6cabc45449e7fad21e120d4d0", 0, NULL, NULL)                        \
	X(BREACH, INIT_UNDER_GUESTS, "9fc7fb99df5e4fc1ba50eb37f728d492", 0, NULL, NULL)            \
	X(BREACH, RMPOPT_UNEVEN, "fc99b380ef2646e4b1fdce6267b05773", 0, NULL, NULL)                \
	X(STATE, OPENED, "f4a02e0b2f16403a80f5a240f4f89e97", LOG_NOTICE, "An SNP window opened",   \
	  "SNP_EN is set on a CPU. The set of online CPUs must not change until the window "       \
	  "closes; the gate refuses attempts to change it.")                                       \
	X(STATE, CLOSED, "3a2369ce3d3f4378b3061c153c71a5bb", LOG_NOTICE, "The SNP window closed",  \
	  "No CPU has SNP_EN any more. CPUs may come and go again.")                               \
	X(STATE, INITIALISED, "1839920b550e47b189e0c34dc2d1a602", LOG_INFO, "SNP is initialised",  \
	  "SNP guests can run from now on; the RMP checks protect their memory.")                  \
	X(STATE, LEGACY_SHUTDOWN, "0c2f41c35bdb42deb2a51338d909b1a1", LOG_INFO,                    \
	  "The firmware ended SNP and left SNP_EN set",                                            \
	  "No SNP guest is left, but the window stays open: only a full shutdown or a reset "      \
	  "clears SNP_EN.")                                                                        \
	X(STATE, FULL_SHUTDOWN, "70f2585630c943fbb4e1bd1007838f3d", LOG_INFO,                      \
	  "The firmware reports a full shutdown",                                                  \
	  "SNP_EN should be clear on every CPU; the next sweep verifies it.")                      \
	X(STATE, INFERRED, "f2e2eeb3a9da485aafea6400ac137a0d", LOG_INFO,                           \
	  "The guard started inside a window",                                                     \
	  "The guard assumes from the state of the host what happened before, and says so. "       \
	  "Start the guard before kvm_amd is loaded to observe all of it.")                        \
	X(STATE, COMPARED, "3e484843993b463eb9548ca33af5e257", LOG_INFO,                           \
	  "The host was compared with a snapshot", "The message has the differences.")             \
	X(STATE, DEGRADED, "266325c30aaf48cd81a77bcc6924d670", LOG_WARNING,                        \
	  "The gate or a hook was not as the guard left it",                                       \
	  "Other software changed what the guard attached or pinned. The message says what, and "  \
	  "whether the guard restored it; `snp-guard status` shows the state now.")                \
	X(EVENT, DENIED, "f3120f112c6144dbb581684339f959f5", LOG_NOTICE,                           \
	  "@SNP_GUARD_COMM@ tried to move a CPU: @SNP_GUARD_FILE@",                                \
	  "A window is open, so the set of online CPUs must not change. If SNP_GUARD_REFUSED is "  \
	  "yes, the task got EPERM; if no, audit mode let it through. The OBJECT_ fields name "    \
	  "the unit of the task: keep it from moving CPUs on this host, or shut SNP down "         \
	  "first.")                                                                                \
	X(EVENT, START, "cf1453aade2148c6868f88e439ed8975", LOG_INFO, "The guard started",         \
	  "The guard watches the host from here on, and knows nothing of the time before.")        \
	X(EVENT, ADOPT, "5734d1da3f2143188dbb6aab077a54b3", LOG_INFO,                              \
	  "The guard resumed a pinned guard",                                                      \
	  "The gate and the hooks stayed attached without a guard; what they recorded meanwhile "  \
	  "follows. If nobody stopped the earlier guard, find out why it ended.")                  \
	X(EVENT, FAULT, "a87f1a02f13d492bb340b51bad0960de", LOG_WARNING,                           \
	  "A part of the guard fails: @SNP_GUARD_PART@",                                           \
	  "The guard goes on without that part, and tries again. SNP_GUARD_LOST is what the part " \
	  "has lost so far; the exit status will be 3.")                                           \
	X(EVENT, END, "f785779fd0bb4430aab19d1c0779434b", LOG_INFO, "The guard ended",             \
	  "A pinned gate keeps refusing. The SNP_GUARD_ fields have the totals; exit status "      \
	  "@SNP_GUARD_STATUS@: 0 nothing worse than a notice, 1 a warning, 2 a critical breach, "  \
	  "3 could not verify.")

enum message {
#define X(of, sym, ...) MESSAGE_##of##_##sym,
	MESSAGES(X)
#undef X
		MESSAGE_COUNT
};

struct message_text {
	const char *id;
	int priority;		    /* of breaches by their severity */
	const char *subject, *text; /* NULL: a breach's */
};

const struct message_text *message_text(enum message message);

/* Writes who was refused what, or would have been. Returns buf. */
const char *message_of_denied(const struct snp_event *e, char *buf, size_t size);

/* Writes whether the gate refuses, and by what. Returns buf. */
const char *message_of_mode(bool audit, unsigned int gate_hook, char *buf, size_t size);

/* Writes which part of the guard fails, or works again. Returns buf. */
const char *message_of_fault(const struct snp_event *e, char *buf, size_t size);

static inline enum message message_of_verdict(const struct verdict *v)
{
	return v->kind == VERDICT_BREACH ? (enum message)v->id
					 : (enum message)(MESSAGE_STATE_OPENED + v->id);
}

#endif
