# SPDX-License-Identifier: GPL-2.0-only
# $(O)/static/snp-guard can be installed, too.
installed_guard ?= $(O)/snp-guard

# For systemd: the units, with the program's path and the sandbox that both services share filled in,
# and the journal's catalog.
unit_dir = $(DESTDIR)$(PREFIX)/lib/systemd/system
catalog_dir = $(DESTDIR)$(PREFIX)/lib/systemd/catalog

.PHONY: install-systemd
install-systemd: $(installed_guard)
	install -d $(unit_dir) $(catalog_dir)
	for unit in snp-guard.service snp-guard-check.service; do \
		sed -e 's,@sbindir@,$(SBINDIR),' -e '/^@sandbox@$$/{r dist/systemd/sandbox' -e 'd}' \
			dist/systemd/$$unit.in >$(unit_dir)/$$unit || exit; \
	done
	install -m 0644 dist/systemd/snp-guard-check.timer $(unit_dir)
	$(installed_guard) catalog >$(catalog_dir)/snp-guard.catalog
	chmod 0644 $(unit_dir)/snp-guard*.service $(catalog_dir)/snp-guard.catalog

# A release: the source, and the guard without shared libraries as it is installed; see dist/release.
release_dir := $(O)/release
release := $(release_dir)/snp-guard-$(VERSION)
# What is linked statically, by Debian's names; libgcc is of the compiler's version.
libgcc_package = $(shell dpkg -S $$($(CC) -print-libgcc-file-name) | cut -d : -f 1)
release_linked = libc6-dev $(libgcc_package) $(foreach l,$(libs) $(late_libs),$(call part,$(l),2)) \
	$(if $(filter -lzstd,$(static_link)),libzstd-dev)

.PHONY: dist
dist: static
	$(call msg,DIST,$(release)*.tar.gz)
	$(Q)rm -rf $(release_dir) && mkdir -p $(release_dir)
	$(Q)dist/release source $(release).tar.gz
	$(Q)$(MAKE) install installed_guard=$(O)/static/snp-guard DESTDIR=$(release_dir)/tree PREFIX=/usr/local \
		ZSH_COMPLETIONS=/usr/local/share/zsh/site-functions >$(release_dir)/log
	$(Q)dist/release binary $(release)-x86_64.tar.gz $(release_dir)/tree $(release_linked)
	$(Q)rm -rf $(release_dir)/tree $(release_dir)/log
	$(Q)cd $(release_dir) && sha256sum *.tar.gz >SHA256SUMS

# The image for containers; see dist/image.
image := $(O)/image/snp-guard-$(VERSION)
.PHONY: image
image: static
	$(Q)dist/image $(image) $(O)/static/snp-guard $(release_linked)
