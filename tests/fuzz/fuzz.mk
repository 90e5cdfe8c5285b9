# SPDX-License-Identifier: GPL-2.0-only
# Fuzzers: make fuzz-short, make fuzz, make fuzz-seeds.
# The functions that a target stands in for (--wrap), the objects that it needs beside the guard's,
# and its runs in fuzz-short, some four seconds each.

fuzz_runs_config := 60000
fuzz_needs_control := peer.o lab.a
fuzz_wrap_control := unix_listen accept4 recv send
fuzz_runs_control := 40000
fuzz_runs_cpulist := 10000
fuzz_runs_kallsyms := 80000
fuzz_runs_ledger := 20000
fuzz_runs_listen := 300000
fuzz_runs_module := 80000
fuzz_wrap_options := argp_parse argp_error
fuzz_runs_options := 60000
fuzz_runs_platform := 2000
fuzz_runs_snapshot := 2000
fuzz_runs_stream := 150000
fuzz_runs_trace := 4000
fuzz_needs_vfio_user := peer.o lab.a
fuzz_wrap_vfio_user := unix_listen accept4 recvmsg send
fuzz_runs_vfio_user := 30000

fuzz_names := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
fuzz_programs := $(fuzz_names:%=$(O)/fuzz/%)
fuzz_sanitize := -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined \
	-fno-omit-frame-pointer
FUZZ_SECONDS ?= 600
# fuzz-short does one in so many of its runs.
FUZZ_SHARE ?= 1

$(O)/fuzz/obj:
	$(Q)mkdir -p $@

$(O)/fuzz/obj/target-%.o: tests/fuzz/fuzz_%.c | needs $(O)/fuzz/obj
	$(call msg,CC,$@)
	$(Q)$(CLANG) -O1 -g $(fuzz_sanitize) $(guard_cflags) -c $< -o $@

$(O)/fuzz/obj/peer.o: tests/fuzz/peer.c | needs $(O)/fuzz/obj
	$(call msg,CC,$@)
	$(Q)$(CLANG) -O1 -g $(fuzz_sanitize) $(guard_cflags) -c $< -o $@

$(O)/fuzz/obj/peer.o $(O)/fuzz/obj/target-control.o $(O)/fuzz/obj/target-vfio_user.o: guard_cflags += -Ilab

$(O)/fuzz/obj/lab/%.o: lab/%.c | needs
	$(call msg,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) -O1 -g $(fuzz_sanitize) $(lab_cflags) $(lab_json_cflags) -c $< -o $@

$(O)/fuzz/obj/%.o: src/%.c | needs
	$(call msg,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) -O1 -g $(fuzz_sanitize) $(guard_cflags) -c $< -o $@

$(O)/fuzz/obj/contract/explain.o: $(O)/contract.h
$(O)/fuzz/obj/check/check_explain.o: $(O)/runbook.h

$(O)/fuzz/obj/units.a: $(guard_units:$(O)/obj/%=$(O)/fuzz/obj/%)
	$(call msg,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(O)/fuzz/obj/lab.a: $(lab_firmware_src:lab/%.c=$(O)/fuzz/obj/lab/%.o)
	$(call msg,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(foreach n,$(fuzz_names),$(eval $(O)/fuzz/$(n): $(fuzz_needs_$(n):%=$(O)/fuzz/obj/%)))
$(fuzz_programs): $(O)/fuzz/%: $(O)/fuzz/obj/target-%.o $(O)/fuzz/obj/units.a
	$(call msg,LD,$@)
	$(Q)$(CLANG) $(fuzz_sanitize) $(fuzz_wrap_$*:%=-Wl,--wrap=%) $(filter %.o,$^) $(filter %.a,$^) $(lib_libs) -o $@ || \
		{ echo "no fuzzer runtime for $(CLANG)? apt-get install libclang-rt-dev" >&2; exit 1; }

.PHONY: fuzz-programs
fuzz-programs: $(fuzz_programs)

fuzz_options = -artifact_prefix=$(O)/fuzz/$*- -print_final_stats=1 -timeout=20 -rss_limit_mb=1024
# $(1): what libFuzzer is told besides
define run_fuzzer
	$(Q)if ASAN_OPTIONS=detect_leaks=1 $< $(fuzz_options) $(1) tests/fuzz/corpus/$* \
		>$(O)/fuzz/$*.log 2>&1; then \
		sed -n 's/^stat::average_exec_per_sec: */  $*, runs per second: /p' $(O)/fuzz/$*.log; \
		echo "ok $*"; \
	else \
		grep -aE -m 3 'does not hold|runtime error|ERROR:' $(O)/fuzz/$*.log | \
			LC_ALL=C tr -c '\n -~' '?'; \
		echo "not ok $*: $$(LC_ALL=C sed -nE 's/.*(Test unit written to |Running: )//p' \
			$(O)/fuzz/$*.log | tail -n 1), see $(O)/fuzz/$*.log"; \
		exit 1; \
	fi
endef

# The same inputs each time: a fixed seed, and nothing kept.
.PHONY: fuzz-short $(fuzz_names:%=fuzz-short-%)
fuzz-short: $(fuzz_names:%=fuzz-short-%)
$(fuzz_names:%=fuzz-short-%): fuzz-short-%: $(O)/fuzz/%
	$(Q)rm -rf $(O)/fuzz/short/$* && mkdir -p $(O)/fuzz/short/$*
	$(call run_fuzzer,-seed=1 -runs=$(shell expr $(fuzz_runs_$*) / $(FUZZ_SHARE)) $(O)/fuzz/short/$*)

# Finds are kept below $(O)/fuzz/corpus, and go on from there the next time.
.PHONY: fuzz $(fuzz_names:%=fuzz-%)
fuzz: $(fuzz_names:%=fuzz-%)
$(fuzz_names:%=fuzz-%): fuzz-%: $(O)/fuzz/%
	$(Q)mkdir -p $(O)/fuzz/corpus/$*
	$(call run_fuzzer,-max_total_time=$(FUZZ_SECONDS) $(O)/fuzz/corpus/$*)

# The seeds that no editor makes.
.PHONY: fuzz-seeds
fuzz-seeds: $(O)/test/seeds
	$< tests/fuzz/corpus

-include $(wildcard $(O)/fuzz/obj/*.d $(O)/fuzz/obj/*/*.d $(O)/fuzz/obj/lab/*/*.d)
