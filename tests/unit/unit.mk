# SPDX-License-Identifier: GPL-2.0-only
# The tests that need no lab, with sanitizers.
# One folder for each folder of src/.
unit_src := $(wildcard tests/unit/*.c tests/unit/*/*.c)
unit_obj := $(unit_src:tests/%.c=$(O)/asan/test/%.o)
sanitize := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer

$(O)/test $(O)/asan:
	$(Q)mkdir -p $@

# All but main, for other programs: the linker takes of it what they need.
$(O)/test/units.a: $(guard_units)
$(O)/asan/units.a: $(guard_units:$(O)/obj/%=$(O)/asan/%)
$(O)/test/units.a $(O)/asan/units.a: | needs $(O)/test
	$(call msg,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(O)/asan/test/%.o: tests/%.c | needs
	$(call msg,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(sanitize) $(guard_cflags) -Itests/unit -c $< -o $@

$(O)/asan/lab/%.o: lab/%.c | needs
	$(call msg,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(sanitize) $(lab_cflags) $(lab_json_cflags) -c $< -o $@

$(O)/asan/lab.a: $(lab_firmware_src:lab/%.c=$(O)/asan/lab/%.o)
	$(call msg,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(O)/asan/test/unit/lab/%.o: guard_cflags += -Ilab

$(O)/asan/%.o: src/%.c | needs
	$(call msg,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(sanitize) $(guard_cflags) -c $< -o $@

# The guard itself, for the lab.
$(O)/asan/snp-guard: $(O)/asan/snp_guard.o $(O)/asan/units.a
	$(call msg,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(sanitize) $(LDFLAGS) $^ $(lib_libs) -o $@

# It parses what timeline draws.
$(O)/asan/test/unit/timeline/test_timeline.o: guard_cflags += $(shell $(PKG_CONFIG) --cflags libxml-2.0)

# It holds the table of hooks against the programs that there are.
$(O)/asan/test/unit/kernel/test_hooks.o: $(O)/snp_guard.skel.h

$(O)/test/unit: $(unit_obj) $(O)/asan/units.a $(O)/asan/lab.a | $(O)/test
	$(call msg,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(sanitize) $(LDFLAGS) $^ -lcriterion $(lib_libs) \
		$(shell $(PKG_CONFIG) --libs libxml-2.0) -o $@

.PHONY: unit
unit: $(O)/test/unit $(O)/snp-guard
	$(call msg,TEST,$<)
	$(Q)SNP_GUARD=$(abspath $(O)/snp-guard) ASAN_OPTIONS=detect_leaks=1 $< --timeout 60
