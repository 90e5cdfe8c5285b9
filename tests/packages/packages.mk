# SPDX-License-Identifier: GPL-2.0-only
# make check-packages [SUITES=trixie]: the packages, built and installed on fresh trees of Debian.
.PHONY: check-packages
check-packages: deps
	@tests/packages/run $(SUITES)
