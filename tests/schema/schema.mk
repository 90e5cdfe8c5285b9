# SPDX-License-Identifier: GPL-2.0-only
# What tests/schema/run looks at.
$(O)/test/lines: tests/schema/lines.c $(O)/test/units.a | needs $(O)/test
	$(call msg,CC,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(guard_cflags) $< $(O)/test/units.a $(lib_libs) -o $@
