# SPDX-License-Identifier: GPL-2.0-only
# What is shipped for monitors beside the monitors themselves: Debian's Prometheus, node_exporter and
# Nagios.
# promtool is a package of its own from Debian 13 on.
monitoring_packages := prometheus prometheus-node-exporter nagios4-core curl jq \
	$(shell apt-cache show promtool >/dev/null 2>&1 && echo promtool)

.PHONY: check-monitoring
check-monitoring: deps
	@packages="$(monitoring_packages)" tests/monitoring/install $(O)
	@$(MAKE) run-check-monitoring

.PHONY: run-check-monitoring
run-check-monitoring: all $(O)/test/recordings
	@tests/monitoring/run
	@tests/monitoring/fleet
