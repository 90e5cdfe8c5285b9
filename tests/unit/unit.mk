# SPDX-License-Identifier: GPL-2.0-only
# The tests that need no lab, with sanitizers.
# One folder for each folder of src/.
unit_src := $(wildcard tests/unit/*.c tests/unit/*/*.c)
unit_obj := $(unit_src:tests/%.c=$(O)/asan/test/%.o) $(O)/asan/lab-firmware.o $(O)/asan/lab-rmp.o
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

$(O)/asan/lab-%.o: lab/%.c | needs $(O)/asan
	$(call msg,CC,$@)
	$(Q)$(CC) $(CFLAGS) $(sanitize) $(lab_cflags) -c $< -o $@

$(O)/asan/%.o: src/%.c | needs
	$(call msg,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(sanitize) $(guard_cflags) -c $< -o $@

# The guard itself, for the lab. gcc's sanitizers share one log_path only if they are linked statically,
# as clang's always are.
$(O)/asan/snp-guard: $(O)/asan/snp_guard.o $(O)/asan/units.a
	$(call msg,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(sanitize) $(LDFLAGS) $^ $(lib_libs) -o $@ \
		$(if $(shell $(CC) --version | grep clang),,-static-libasan -static-libubsan)

# It parses what timeline draws.
$(O)/asan/test/unit/timeline/test_timeline.o: guard_cflags += $(shell $(PKG_CONFIG) --cflags libxml-2.0)

# It holds the table of hooks against the programs that there are.
$(O)/asan/test/unit/kernel/test_hooks.o: $(O)/snp_guard.skel.h

$(O)/test/unit: $(unit_obj) $(O)/asan/units.a | $(O)/test
	$(call msg,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(sanitize) $(LDFLAGS) $^ -lcriterion $(lib_libs) \
		$(shell $(PKG_CONFIG) --libs libxml-2.0) -o $@

.PHONY: unit
unit: $(O)/test/unit $(O)/snp-guard
	$(call msg,TEST,$<)
	$(Q)SNP_GUARD=$(abspath $(O)/snp-guard) ASAN_OPTIONS=detect_leaks=1 $< --timeout 60
