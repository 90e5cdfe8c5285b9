# SPDX-License-Identifier: GPL-2.0-only
# The tests that need no lab, with sanitizers: one folder for each folder of src/. Two programs:
# whole commands run on a stand-in for host and kernel (tests/unit/standin), all else on neither.
standin_src := $(wildcard tests/unit/standin/*.c tests/unit/run/*.c tests/unit/pinned/*.c \
	tests/unit/cli/test_*_command.c) $(patsubst %,tests/unit/%.c,fixture kernel_fixture)
standin_obj := $(standin_src:tests/%.c=$(O)/asan/test/%.o)
unit_src := $(filter-out $(filter-out %fixture.c,$(standin_src)),$(wildcard tests/unit/*.c tests/unit/*/*.c))
unit_obj := $(unit_src:tests/%.c=$(O)/asan/test/%.o)
sanitize := -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer

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

# The guard itself, for the lab. gcc's sanitizers share one log_path only if they are linked statically,
# as clang's always are.
$(O)/asan/snp-guard: $(O)/asan/snp_guard.o $(O)/asan/units.a
	$(call msg,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(sanitize) $(LDFLAGS) $^ $(lib_libs) -o $@ \
		$(if $(shell $(CC) --version | grep clang),,-static-libasan -static-libubsan)

# They parse what timeline draws, and what check writes for CI systems.
$(O)/asan/test/unit/timeline/test_timeline.o $(O)/asan/test/unit/check/test_check_junit.o: guard_cflags += $(shell $(PKG_CONFIG) --cflags libxml-2.0)

# It holds the table of hooks against the programs that there are.
$(O)/asan/test/unit/kernel/test_hooks.o: $(O)/snp_guard.skel.h

$(O)/test/unit: $(unit_obj) $(O)/asan/units.a $(O)/asan/lab.a | $(O)/test
	$(call msg,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(sanitize) $(LDFLAGS) $^ -lcriterion $(lib_libs) \
		$(shell $(PKG_CONFIG) --libs libxml-2.0) -o $@

# What the stand-in for a host has between src/ and libc, or libbpf.
standin_wraps := access cap_drop_bound cap_set_proc clock_gettime close fopen fstat geteuid glob ioctl lstat \
	mkdir mount nanosleep open opendir poll posix_spawnp prctl \
	pthread_cond_timedwait pthread_create pthread_join pread readlink rename rmdir scandir socket stat \
	syscall time unlink unshare write btf__parse btf__parse_split \
	bpf_object__open_skeleton bpf_object__destroy_skeleton ksym_open library_function

$(O)/test/unit-standin: $(standin_obj) $(O)/asan/units.a | $(O)/test
	$(call msg,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(sanitize) $(LDFLAGS) $(standin_wraps:%=-Wl,--wrap=%) $^ -lcriterion \
		$(lib_libs) -o $@

# FILTER=window runs the tests alone that have it in the name of suite or test.
unit_programs := $(O)/test/unit $(O)/test/unit-standin
.PHONY: unit
unit: $(unit_programs) $(O)/snp-guard
	$(call msg,TEST,$(unit_programs))
	$(Q)status=0; for program in $(unit_programs); do \
		SNP_GUARD=$(abspath $(O)/snp-guard) ASAN_OPTIONS=detect_leaks=1 \
			$$program --timeout 60 $(FILTER:%=--filter '*%*') || status=1; \
	done; exit $$status
