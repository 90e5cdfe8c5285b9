// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/sensors_private.h"

#include <string.h>

static int read_code(const struct sensors *s, __u64 addr, unsigned char code[SNP_TEXT_SIZE])
{
	struct snp_text text;
	int err = 0;

	for (size_t i = 0; !err && i < SNP_TEXT_SIZE; i += sizeof(text.words)) {
		text.addr = addr + i;
		err = sensors_call(s->skel->progs.read_text, &text, sizeof(text));
		memcpy(code + i, text.words, sizeof(text.words));
	}
	return err;
}

static bool is_near_branch(const unsigned char *text, __u64 i)
{
	return text[i] == 0xe8 || text[i] == 0xe9 ||
	       (i && text[i - 1] == 0x0f && (text[i] & 0xf0) == 0x80);
}

/*
 * Looks for a near call (E8h) or near jump (E9h, a tail call; 0Fh 8xh, a conditional one) to
 * callee. Each has a 32-bit displacement, relative to the instruction that follows (APM vol. 3,
 * CALL, JMP, Jcc).
 */
static bool calls(const struct sensors *s, const struct kallsym *function, __u64 callee)
{
	unsigned char code[SNP_TEXT_SIZE];
	__s32 distance;
	__u64 size;

	if (!function || !function->start || !function->end || !callee)
		return false;
	if (read_code(s, function->start, code))
		return false;
	size = function->end - function->start;
	if (size > SNP_TEXT_SIZE)
		size = SNP_TEXT_SIZE;
	for (__u64 i = 0; i + 5 <= size; i++) {
		if (!is_near_branch(code, i))
			continue;
		memcpy(&distance, &code[i + 1], sizeof(distance));
		if (function->start + i + 5 + distance == callee)
			return true;
	}
	return false;
}

/*
 * Every form of SNP's hotplug disable so far is undone by snp_shutdown(), arch/x86/virt/svm/sev.c.
 * A crash kernel never initialises SNP, so whether it disables does not matter.
 */
bool sensors_find_hold(const struct sensors *s)
{
	const struct kallsym *enable = sensors_symbol(s, "cpu_hotplug_enable");

	return !platform_is_crash_kernel(&s->hooks->kernel.platform) &&
	       calls(s, sensors_symbol(s, "snp_shutdown"), enable ? enable->start : 0);
}
