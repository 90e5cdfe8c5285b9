# SPDX-License-Identifier: GPL-2.0-only
# What the guard costs.
$(O)/test/gates.bpf.o: tests/bench/gates.bpf.c vmlinux.h | needs $(O)/test
	$(call msg,BPF,$@)
	$(Q)$(CLANG) $(BPF_CFLAGS) $(bpf_cflags) -c $< -o $@

$(O)/test/gates.skel.h: $(O)/test/gates.bpf.o
	$(call msg,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name gates_bpf > $@

$(O)/test/gates: $(O)/test/gates.skel.h

bench_programs := $(O)/test/count $(O)/test/gates

# MARKDOWN=FILE: the figures go into that file too, e.g. docs/performance.md.
.PHONY: bench bench-check bench-baseline
bench bench-check bench-baseline: deps
	@$(MAKE) run-$@

.PHONY: run-bench
run-bench: all lab-programs $(bench_programs)
	@MARKDOWN=$(MARKDOWN) tests/bench/run

.PHONY: run-bench-check
run-bench-check: all lab-programs $(bench_programs)
	@CC="$(CC)" CLANG="$(CLANG)" tests/bench/check

.PHONY: run-bench-baseline
run-bench-baseline: all lab-programs $(bench_programs)
	@CC="$(CC)" CLANG="$(CLANG)" tests/bench/check --baseline

# ---- on hosts of two sizes, with no lab ----

.PHONY: bench-sizes
bench-sizes: $(O)/test/sizes
	@tests/bench/sizes $<
