# SPDX-License-Identifier: GPL-2.0-only
# For systemd: the units, with the program's path and the sandbox that both services share filled in,
# and the journal's catalog.
unit_dir = $(DESTDIR)$(PREFIX)/lib/systemd/system
catalog_dir = $(DESTDIR)$(PREFIX)/lib/systemd/catalog

.PHONY: install-systemd
install-systemd: all
	install -d $(unit_dir) $(catalog_dir)
	for unit in snp-guard.service snp-guard-check.service; do \
		sed -e 's,@sbindir@,$(PREFIX)/sbin,' -e '/^@sandbox@$$/{r dist/systemd/sandbox' -e 'd}' \
			dist/systemd/$$unit.in >$(unit_dir)/$$unit || exit; \
	done
	install -m 0644 dist/systemd/snp-guard-check.timer $(unit_dir)
	$(O)/snp-guard catalog >$(catalog_dir)/snp-guard.catalog
