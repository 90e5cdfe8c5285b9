# SPDX-License-Identifier: GPL-2.0-only
# What the guard costs.
# Alone in the guest, so static.
$(O)/test/count: tests/bench/count.c lab/machine.h | needs $(O)/test
	$(call msg,CC,$@)
	$(Q)$(CC) $(CFLAGS) -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -static $< -o $@

$(O)/test/empty.bpf.o: tests/bench/empty.bpf.c vmlinux.h | needs $(O)/test
	$(call msg,BPF,$@)
	$(Q)$(CLANG) $(BPF_CFLAGS) $(bpf_cflags) -c $< -o $@

$(O)/test/empty.skel.h: $(O)/test/empty.bpf.o
	$(call msg,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name empty_bpf > $@

$(O)/test/empty: tests/bench/empty.c $(O)/test/empty.skel.h
	$(call msg,CC,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror \
		-I$(O)/test $(lib_cflags) $< $(lib_libs) -o $@

.PHONY: bench
bench: deps
	@$(MAKE) run-bench

.PHONY: run-bench
run-bench: all lab-programs $(O)/test/count $(O)/test/empty
	@tests/bench/run

# ---- on hosts of two sizes, with no lab ----

sizes_units := platform cpulist module_file kallsyms snapshot own_events session window names \
	report report_text report_json trace stream
$(O)/test/sizes.o: tests/bench/sizes.c | needs $(O)/test
	$(call msg,CC,$@)
	$(Q)$(CC) $(CFLAGS) $(guard_cflags) -c $< -o $@

$(O)/test/sizes: $(O)/test/sizes.o $(sizes_units:%=$(O)/obj/%.o)
	$(call msg,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $^ $(lib_libs) -o $@

.PHONY: bench-sizes
bench-sizes: $(O)/test/sizes
	@tests/bench/sizes $<
