# SPDX-License-Identifier: GPL-2.0-only
# What the lab's row "container" takes along: the image as umoci unpacks it, and the runtime's configuration
# of the container of each overlay.
bundle := $(O)/test/bundle
overlays := audit enforce remove

$(bundle): $(O)/static/snp-guard $(wildcard dist/kubernetes/*/*.yaml) dist/image tests/image/config
	$(call msg,BUNDLE,$@)
	$(Q)$(MAKE) image >/dev/null
	$(Q)rm -rf $@ $@.oci && mkdir $@.oci && tar -C $@.oci -xf $(image).tar
	$(Q)umoci unpack --image $@.oci:$(VERSION) $@ 2>/dev/null
	$(Q)for overlay in $(overlays); do \
		tests/image/config dist/kubernetes/$$overlay $@ $@/$$overlay.json || exit; done
	$(Q)touch $@

.PHONY: check-image
check-image: deps
	@$(MAKE) run-check-image

.PHONY: run-check-image
run-check-image: image
	@tests/image/run $(image) $(O)/static/snp-guard $(release_linked)
