# SPDX-License-Identifier: GPL-2.0-only
# Faults in whole runs, on the stand-ins of the unit tests and in the lab.
faults_unit_src := $(filter tests/unit/standin/% %fixture.c,$(standin_src)) \
	$(patsubst %,tests/faults/%.c,inject scene sites unit)

comma := ,

# $(1): the directory for objects; $(2): flags; $(3): the program; $(4): the guard's units
define faults_program
# Assertions without Criterion, which has a process of its own for each test.
$(1)/faults/%.o: tests/%.c | needs
	$$(call msg,CC,$$@)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(CC) $$(CFLAGS) $(2) $$(guard_cflags) -Itests/faults/plain -Itests/unit -c $$< -o $$@

# src/ calls faulty_open() in place of open(), and so on: all that inject.c has.
$(1)/faults/units.a: $(4) $(1)/faults/faults/inject.o
	$$(call msg,OBJCOPY,$$@)
	$$(Q)nm -P -g $(1)/faults/faults/inject.o | sed -nE 's/^faulty_([^ ]*) T .*/\1 faulty_\1/p' >$$(@D)/redefined
	$$(Q)objcopy --redefine-syms=$$(@D)/redefined $$< $$@

$(3): $(faults_unit_src:tests/%.c=$(1)/faults/%.o) $(1)/faults/units.a | $(O)/test
	$$(call msg,LD,$$@)
	$$(Q)$$(CC) $$(CFLAGS) $(2) $$(LDFLAGS) $$(patsubst %,-Wl$$(comma)--wrap=%,$$(standin_wraps) command_run sink_work sweep) \
		$$^ $$(lib_libs) -o $$@
endef
# With sanitizers; and without, four times as fast. LeakSanitizer leaves out what the dynamic linker
# allocates, which it tells by who calls malloc(): the linker, as long as inject.c's malloc() jumps there.
$(eval $(call faults_program,$(O)/asan,$(sanitize) -foptimize-sibling-calls,$(O)/test/faults,$(O)/asan/units.a))
$(eval $(call faults_program,$(O)/obj,,$(O)/test/faults-plain,$(O)/test/units.a))

# In the lab: a library that makes the guard's calls fail, and who says which.
$(O)/test/shim.so: tests/faults/shim.c | needs $(O)/test
	$(call msg,CC,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(guard_cflags) -fPIC -shared -ftls-model=initial-exec -MF $@.d -MT $@ \
		$< -o $@

# All of them on the stand-ins, then at random for FAULTS_SECONDS in the lab. SEED: as an earlier run
# has it.
FAULTS_SECONDS ?= 3600
.PHONY: check-faults
check-faults: deps
	@$(MAKE) run-check-faults

.PHONY: run-check-faults
run-check-faults: all lab-programs $(O)/test/faults $(O)/test/faults-plain $(faults_lab)
	@echo 'Each call of a run fails once with each errno: half an hour; then at random in the lab: $(FAULTS_SECONDS) s.'
	@tests/faults/run --plain
	@tests/faults/run --call malloc
	@echo $(FAULTS_SECONDS) $(or $(SEED),$$RANDOM) >$(O)/test/faults-at-length
	@lab/snp-lab --firmware full --timeout $$(($(FAULTS_SECONDS) * 2 + 300)) --run tests/lab/faults.sh \
		--add tests/lab/lib.sh:/lab/lib.sh --add $(O)/test/shim.so:/lab/shim.so --add $(O)/test/drive \
		--add $(O)/test/faults-at-length:/lab/faults --out $(O)/test/lab/faults-at-length
