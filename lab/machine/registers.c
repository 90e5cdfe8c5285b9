// SPDX-License-Identifier: GPL-2.0-only
#include "machine/registers.h"

#define CR0_PE	  (1ull << 0)
#define RFLAGS_VM (1ull << 17)
#define EFER_SVME (1ull << 12)

unsigned int privilege_level(uint64_t cr0, uint64_t rflags, uint64_t cs)
{
	if (!(cr0 & CR0_PE))
		return 0;
	return rflags & RFLAGS_VM ? 3 : cs & 3;
}

bool vmrun_starts_guest(unsigned int level, uint64_t cr0, uint64_t efer, uint64_t rax)
{
	return !level && cr0 & CR0_PE && efer & EFER_SVME && !(rax & 0xfff);
}
