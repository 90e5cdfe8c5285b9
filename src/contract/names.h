/* SPDX-License-Identifier: GPL-2.0-only */
/* Names and texts of breaches, severities, events and commands: all string constants. */
#ifndef NAMES_H
#define NAMES_H

#include <stdbool.h>

#include "abi/event.h"
#include "contract/breaches.h"

const char *snp_breach_name(enum snp_breach breach);
enum snp_severity snp_breach_severity(enum snp_breach breach);
const char *snp_breach_meaning(enum snp_breach breach);
const char *snp_breach_remedy(enum snp_breach breach);
/* Of the breach `blind`: what is or was missing, and the remedy, "" where there is none. */
const char *snp_blind_what(unsigned int cause);
const char *snp_blind_remedy(unsigned int cause);
const char *snp_severity_name(enum snp_severity severity);
/* "unknown" for a kind that this version does not know. */
const char *snp_event_name(unsigned int kind);
/* "lsm" and " by BPF LSM"; "unknown" and "" for a hook that this version does not know. */
const char *snp_gate_hook_name(unsigned int hook);
const char *snp_gate_hook_words(unsigned int hook);
/* A part of the guard that may fail. */
const char *snp_part_name(enum snp_part part);
bool snp_part_is_output(enum snp_part part);
/* What goes unnoticed while it fails; "": nothing. */
const char *snp_part_hides(enum snp_part part);
/* "INVALID_CONFIG" and so on; NULL for a status that is not in the table. */
const char *snp_status_name(unsigned int status);
/* "0x3 (INVALID_CONFIG)", or the number alone. Returns text. */
#define SNP_STATUS_LEN 40
const char *snp_status_text(unsigned int status, char text[SNP_STATUS_LEN]);
/* What usually causes it where it answers SNP_INIT; "" where nothing is known. */
const char *snp_status_cause(unsigned int status);
/* "SNP_INIT_EX" and so on; NULL for a command that neither begins nor ends SNP. */
const char *snp_command_name(unsigned int number);

#endif
