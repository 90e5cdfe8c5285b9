# SPDX-License-Identifier: GPL-2.0-only
# make check-packages [SUITES=trixie]: the packages, built and installed on fresh trees of Debian.
.PHONY: check-packages
check-packages: deps
	@tests/packages/run $(SUITES)

# The RPM, built and installed on a tree of this release of Debian.
.PHONY: check-rpm
check-rpm: deps
	@$(MAKE) deps packages='rpm rpmlint'
	@$(MAKE) all lab-programs
	@tests/packages/rpm
