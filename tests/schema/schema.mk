# SPDX-License-Identifier: GPL-2.0-only
# What tests/schema/run looks at.
lines_obj := $(unit_guard_src:src/%.c=$(O)/obj/%.o)
$(O)/test/lines: tests/schema/lines.c $(lines_obj) | needs $(O)/test
	$(call msg,CC,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(guard_cflags) $< $(lines_obj) $(lib_libs) -o $@
