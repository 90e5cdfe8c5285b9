# SPDX-License-Identifier: GPL-2.0-only
# make check-dist: tarballs of a release, built twice, and unpacked on fresh trees of Debian.
.PHONY: check-dist
check-dist: deps
	@$(MAKE) all static
	@tests/release/dist --build
