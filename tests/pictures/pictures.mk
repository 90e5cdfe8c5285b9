# SPDX-License-Identifier: GPL-2.0-only
# Pictures of recordings, as a browser shows them: make check-pictures. Not part of make check, as
# Chromium is large.
.PHONY: check-pictures
check-pictures:
	@$(MAKE) deps packages='$(packages) chromium fonts-dejavu-core netpbm'
	@$(MAKE) run-check-pictures

.PHONY: run-check-pictures
run-check-pictures: all $(O)/test/record
	@tests/pictures/run
