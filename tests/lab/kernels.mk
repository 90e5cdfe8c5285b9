# SPDX-License-Identifier: GPL-2.0-only
# make check-kernels [KERNELS="7.3 6.18"] [ALL=1] [MARKDOWN=FILE]: the kernels of lab/kernels.txt.
.PHONY: check-kernels
check-kernels: deps
	@$(MAKE) run-check-kernels

.PHONY: run-check-kernels
run-check-kernels: all lab-programs $(if $(ALL),$(lab_tests),$(O)/test/occupy)
	@tests/lab/kernels $(if $(ALL),--all) $(if $(MARKDOWN),--markdown '$(MARKDOWN)') $(KERNELS)
