# SPDX-License-Identifier: GPL-2.0-only
# What reads the sources without running them: make lint [PARTS="tidy shell"] [FILES=src/run].
lint_packages := clang-format clang-tidy codespell cppcheck git groff-base man-db mandoc reuse rpm shellcheck

.PHONY: lint
lint:
	@$(MAKE) deps
	@$(MAKE) run-lint

# What a file of C is compiled with, in whatever folder it stands. What is generated is not ours to
# mend, so its warnings are not shown.
lint_cflags = $(patsubst -I$(O)%,-isystem $(O)%,$(filter-out -Werror -MMD -MP, \
	$(guard_cflags) $(lab_cflags) $(lab_glib_cflags) $(lab_json_cflags))) \
	$(shell $(PKG_CONFIG) --cflags libxml-2.0) -isystem $(O)/test -Itests/unit
lint_bpf_cflags = $(filter-out -Werror -MMD -MP,$(bpf_cflags))

.PHONY: run-lint
run-lint: $(O)/snp_guard.skel.h $(O)/symbols.skel.h $(O)/contract.h $(O)/runbook.h $(O)/test/gates.skel.h
	@CFLAGS='$(subst ','\'',$(lint_cflags))' BPF_CFLAGS='$(lint_bpf_cflags)' FILES='$(FILES)' \
		tests/lint/run $(PARTS)
