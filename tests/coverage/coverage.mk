# SPDX-License-Identifier: GPL-2.0-only
# Which lines and branches of src/ the tests run: make coverage; LAB='full pin' adds rows of the lab.
.PHONY: coverage
coverage:
	@$(MAKE) deps packages='$(packages) gcovr'
	@tests/coverage/run $(LAB)
