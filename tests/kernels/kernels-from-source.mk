# SPDX-License-Identifier: GPL-2.0-only
# Kernels built from Debian's source in several forms, and what snp-lab verify must say of each.
.PHONY: check-forms
check-forms: deps
	@$(MAKE) run-check-forms

.PHONY: run-check-forms
run-check-forms: all lab-programs $(O)/test/hammer
	@tests/kernels/check

# The kernel's own tests of KVM and of CPU hotplug, in the lab.
.PHONY: check-selftests
check-selftests: deps
	@$(MAKE) run-check-selftests

.PHONY: run-check-selftests
run-check-selftests: all lab-programs
	@tests/kernels/selftests
	@tests/lab/run selftests cpu-hotplug
