# SPDX-License-Identifier: GPL-2.0-only
# What is shipped for Grafana and Kubernetes, held against the types that they publish on npm, as
# neither is in Debian. Not part of make check, as it asks npm for some 70 MB.
published := $(O)/test/published
published_packages := $(if $(shell command -v npm),,nodejs npm) \
	$(if $(shell command -v kubectl),,kubernetes-client) $(if $(shell command -v mmdebstrap),,mmdebstrap)

.PHONY: check-published
check-published:
	@packages="$(published_packages)" tests/monitoring/install $(O)
	@tests/published/run $(published)
