# SPDX-License-Identifier: GPL-2.0-only
# Demo and check; each kind of test has its own part.
# Each target that begins with deps does its work in a make of its own, which finds by pkg-config
# what deps has installed.
.PHONY: demo
demo: deps
	@$(MAKE) run-demo

.PHONY: run-demo
run-demo: all lab-programs
	@echo 'Booting an emulated SNP host and running the guard in it: about 30 s; the first'
	@echo 'time another 2 min, to make the Debian tree that it needs below $(O)/lab.'
	@lab/snp-lab --firmware full --run lab/demo.sh

# Builds with all cores, whatever make was told.
.PHONY: check
check:
	@$(MAKE) deps
	@$(MAKE) -j$(shell nproc) check-programs
	@$(MAKE) run-check

# The parts of it that need neither root nor the lab; under 3 minutes.
.PHONY: check-fast
check-fast:
	@$(MAKE) -j$(shell nproc) fast-programs
	@tests/check --fast

# What the lab's row "faults" takes along.
faults_lab := $(O)/test/shim.so $(O)/test/drive

# What rows of tests/lab/run take along.
lab_tests := $(O)/test/occupy $(O)/test/tamper $(O)/test/privilege $(O)/test/reinit $(O)/test/older $(O)/test/ways $(O)/test/over $(O)/test/hammer \
	$(O)/test/installed $(O)/asan/snp-guard $(O)/static/snp-guard $(O)/test/bundle $(faults_lab)

# What only longer targets run: built here, so that it can't fall behind.
longer_tests := $(O)/test/record $(O)/test/recordings $(O)/test/sizes $(O)/test/seeds

# The parts run side by side, so none of them builds: what they run is there by then.
.PHONY: fast-programs
fast-programs: all $(O)/test/unit $(O)/test/unit-standin $(O)/test/faults $(O)/test/lines $(O)/test/model fuzz-programs $(O)/test/gates.skel.h

.PHONY: check-programs
check-programs: fast-programs lab-programs $(lab_tests) $(longer_tests) $(O)/test/count $(O)/test/gates

.PHONY: run-check
run-check: check-programs
	@tests/check

.PHONY: check-layers
check-layers: all lab-programs
	@tests/layers

# Some of its scenarios, JOBS of them at once.
ROWS ?= $(error ROWS is empty: tests/lab/run --rows prints what there is)
.PHONY: check-lab
check-lab: deps
	@$(MAKE) run-check-lab ROWS='$(ROWS)'

.PHONY: run-check-lab
run-check-lab: all lab-programs $(lab_tests)
	@tests/lab/run $(ROWS)

# The scenarios that make check leaves out.
.PHONY: check-longer
check-longer: deps
	@$(MAKE) run-check-longer

.PHONY: run-check-longer
run-check-longer: all lab-programs $(lab_tests)
	@echo 'What make check leaves out of the lab: about 8 min.'
	@tests/lab/run --longer

# The row "reload" of make check at length: some 2 s a reload.
RELOADS ?= 1000
.PHONY: check-reloads
check-reloads: deps
	@$(MAKE) run-check-reloads

.PHONY: run-check-reloads
run-check-reloads: all lab-programs | $(O)/test
	@echo '$(RELOADS) reloads of ccp and kvm-amd under one guard: about $(RELOADS) times 2 s.'
	@echo $(RELOADS) >$(O)/test/reloads
	@lab/snp-lab --firmware full --timeout $$(($(RELOADS) * 10 + 120)) --run tests/lab/reload.sh \
		--add tests/lab/lib.sh:/lab/lib.sh --add $(O)/test/reloads:/lab/reloads \
		--out $(O)/test/lab/reloads

# The row "kills" of make check at length: some 2 s a kill.
KILLS ?= 1000
.PHONY: check-kills
check-kills: deps
	@$(MAKE) run-check-kills

.PHONY: run-check-kills
run-check-kills: all lab-programs | $(O)/test
	@echo '$(KILLS) kills of a guard inside windows: about $(KILLS) times 2 s.'
	@echo $(KILLS) >$(O)/test/kills
	@lab/snp-lab --firmware full --timeout $$(($(KILLS) * 10 + 120)) --run tests/lab/kills.sh \
		--add tests/lab/lib.sh:/lab/lib.sh --add $(O)/test/kills:/lab/kills \
		--out $(O)/test/lab/kills-at-length

# The row "soak" of make check for hours. SEED: as an earlier run has it.
HOURS ?= 8
.PHONY: soak
soak: deps
	@$(MAKE) run-soak

.PHONY: run-soak
run-soak: all lab-programs | $(O)/test
	@echo 'All that may happen to a guard, at random, for $(HOURS) h.'
	@seconds=$$(awk 'BEGIN { print int($(HOURS) * 3600) }'); \
	echo "$$seconds $(or $(SEED),$$RANDOM)" >$(O)/test/soak; \
	lab/snp-lab --firmware full --timeout $$((seconds + 600)) --run tests/lab/soak.sh \
		--add tests/lab/lib.sh:/lab/lib.sh --add $(O)/test/soak:/lab/soak --out $(O)/test/lab/soak-at-length

# Helper programs, each of one source file: tests/FOLDER/NAME.c becomes $(O)/test/NAME. They link with
# the guard's units and libraries, or with what helper_libs_NAME says instead.
helpers := lab/occupy lab/tamper lab/privilege lab/reinit gate/hammer gate/ways gate/over bench/count bench/gates bench/sizes \
	pictures/record monitoring/recordings schema/lines fuzz/seeds faults/drive
helper_units := sizes record recordings lines seeds
helper_libs_hammer :=
helper_libs_over :=
# The shim needs libgcc_s to name callers, and the guest gets the libraries of the programs that it takes along.
helper_libs_drive := -lpthread -Wl,--no-as-needed -lgcc_s
helper_libs_ways := -luring
helper_libs_privilege :=
helper_libs_reinit :=
# It runs alone in the guest.
helper_libs_count := -static
helper_libs = $(if $(filter undefined,$(origin helper_libs_$(1))),$(lib_libs),$(helper_libs_$(1)))

define helper
$(O)/test/$(notdir $(1)): tests/$(1).c $(if $(filter $(notdir $(1)),$(helper_units)),$(O)/test/units.a) | needs $(O)/test
	$$(call msg,CC,$$@)
	$$(Q)$$(CC) $$(CFLAGS) $$(LDFLAGS) $$(guard_cflags) -I$(O)/test -MF $$@.d -MT $$@ \
		$$(filter %.c %.a,$$^) $$(call helper_libs,$$(@F)) -o $$@
endef
$(foreach h,$(helpers),$(eval $(call helper,$(h))))

# For tests/lab/pin.sh: this guard, but for the version that it takes itself for.
$(O)/test/older-%.o: src/%.c | needs
	$(call msg,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(guard_cflags) -USNP_GUARD_VERSION -DSNP_GUARD_VERSION='"0.0.9"' -c $< -o $@

older_units := pinned/pinned_guard snp_guard
$(O)/test/older: $(older_units:%=$(O)/test/older-%.o) $(filter-out $(older_units:%=$(O)/obj/%.o),$(guard_obj))
	$(call msg,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $^ $(lib_libs) -o $@

# For tests/lab/systemd.sh: what `make install` installs, for the guest.
.PHONY: $(O)/test/installed
$(O)/test/installed: all | $(O)/test
	$(Q)rm -rf $@
	$(Q)$(MAKE) install DESTDIR=$(abspath $@) PREFIX=/usr >$(O)/test/install.log

include tests/lint/lint.mk
include tests/unit/unit.mk
include tests/faults/faults.mk
include tests/coverage/coverage.mk
include tests/pictures/pictures.mk
include tests/model/model.mk
include tests/fuzz/fuzz.mk
include tests/bench/bench.mk
include tests/packages/packages.mk
include tests/release/release.mk
include tests/image/image.mk
include tests/monitoring/monitoring.mk
include tests/published/published.mk
include tests/lab/kernels.mk
include tests/kernels/kernels-from-source.mk
