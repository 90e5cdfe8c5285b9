// SPDX-License-Identifier: GPL-2.0-only
/* What the emulated processor decides: its registers, its memory, and the RMP's instructions. */
#include <criterion/criterion.h>

#include "machine/registers.h"

/* ---- privilege level, guests ---- */

#define CR0_PE	  1ull
#define RFLAGS_VM (1ull << 17)
#define EFER_SVME (1ull << 12)

Test(registers, the_privilege_level_is_code_segments)
{
	cr_expect_eq(privilege_level(CR0_PE, 0, 0x10), 0u);
	cr_expect_eq(privilege_level(CR0_PE, 0, 0x33), 3u);
	cr_expect_eq(privilege_level(CR0_PE, RFLAGS_VM, 0x10), 3u);
	cr_expect_eq(privilege_level(0, 0, 0xf003), 0u, "real mode");
}

Test(registers, vmrun_starts_a_guest_unless_it_faults)
{
	cr_expect(vmrun_starts_guest(0, CR0_PE, EFER_SVME, 0x5000));
	cr_expect_not(vmrun_starts_guest(3, CR0_PE, EFER_SVME, 0x5000));
	cr_expect_not(vmrun_starts_guest(0, 0, EFER_SVME, 0x5000));
	cr_expect_not(vmrun_starts_guest(0, CR0_PE, 0, 0x5000));
	cr_expect_not(vmrun_starts_guest(0, CR0_PE, EFER_SVME, 0x5008));
}
