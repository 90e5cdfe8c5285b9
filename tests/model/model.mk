# SPDX-License-Identifier: GPL-2.0-only
# ---- model and mutants ----

model_src := $(addprefix tests/model/,compare.c diagram.c host.c model.c)

$(O)/test/model: $(model_src) $(O)/test/units.a $(wildcard src/contract/*.h tests/model/*.h) | needs $(O)/test
	$(call msg,CC,$@)
	$(Q)$(CC) $(CFLAGS) -O3 -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -Isrc $(model_src) $(O)/test/units.a -o $@

# The short comparison is a part of check, by tests/model/run.
.PHONY: model
model: $(O)/test/model
	$(call msg,TEST,$<)
	$(Q)$< --long

.PHONY: check-mutants
check-mutants: needs
	@tests/model/mutants

# Needs cbmc, which Debian 12 doesn't have; so it is no part of check.
.PHONY: prove
prove:
	@tests/model/prove

docs/automaton.svg: docs/automaton.dot
	$(call msg,DOT,$@)
	$(Q)dot -Tsvg $< -o $@
