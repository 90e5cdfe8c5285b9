# SPDX-License-Identifier: GPL-2.0-only
# The lab's programs: the emulated processor, its firmware, its ACPI table.
O ?= build
CC ?= cc
PKG_CONFIG ?= pkg-config
CFLAGS ?= -O2 -g
Q ?= @

lab_machine_src := $(sort $(filter-out lab/machine/ivrs.c,$(wildcard lab/machine/*.c)))
# All of snp-psp except main, also for the tests.
lab_firmware_src := $(sort $(filter-out lab/psp/psp.c,$(wildcard lab/firmware/*.c lab/psp/*.c))) $(lab_machine_src)
lab_psp_src := $(lab_firmware_src) lab/psp/psp.c
lab_cpu_src := $(sort $(wildcard lab/processor/*.c)) $(lab_machine_src)
lab_ivrs_src := lab/machine/ivrs.c
# For scripts in the guest.
lab_ioctl_src := lab/guest/ioctl.c

lab_psp_obj := $(lab_psp_src:lab/%.c=$(O)/lab/obj/%.o)
lab_cpu_obj := $(lab_cpu_src:lab/%.c=$(O)/lab/obj/%.pic.o)
lab_ivrs_obj := $(lab_ivrs_src:lab/%.c=$(O)/lab/obj/%.o)
lab_ioctl_obj := $(lab_ioctl_src:lab/%.c=$(O)/lab/obj/%.o)
lab_programs := $(O)/lab/snp-psp $(O)/lab/snp-cpu.so $(O)/lab/snp-ivrs $(O)/lab/snp-ioctl

lab_cflags := $(CPPFLAGS) $(here) -Ilab -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -MMD -MP
lab_glib_cflags = $(shell $(PKG_CONFIG) --cflags glib-2.0)
lab_json_cflags = $(shell $(PKG_CONFIG) --cflags json-c)
lab_json_libs = $(shell $(PKG_CONFIG) --libs json-c)

.PHONY: lab-programs
lab-programs: $(lab_programs)

$(O)/lab/obj/%.o: lab/%.c
	$(call msg,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(lab_cflags) $(lab_json_cflags) -c $< -o $@

$(O)/lab/obj/%.pic.o: lab/%.c
	$(call msg,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(lab_cflags) $(lab_glib_cflags) -fPIC -fvisibility=hidden \
		-c $< -o $@

$(O)/lab/snp-psp: $(lab_psp_obj)
	$(call msg,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $^ $(lab_json_libs) -o $@

# QEMU loads the plugin, and provides glib and the plugin interface.
$(O)/lab/snp-cpu.so: $(lab_cpu_obj)
	$(call msg,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -shared $^ -o $@

$(O)/lab/snp-ivrs: $(lab_ivrs_obj)
$(O)/lab/snp-ioctl: $(lab_ioctl_obj)
$(O)/lab/snp-ivrs $(O)/lab/snp-ioctl:
	$(call msg,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $^ -o $@

-include $(wildcard $(O)/lab/obj/*/*.d)
