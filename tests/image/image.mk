# SPDX-License-Identifier: GPL-2.0-only
# What the lab's row "container" takes along: the image as umoci unpacks it, and the runtime's configuration
# of the manifest's container, once as it audits, once as it enforces, and once for `detach`.
bundle := $(O)/test/bundle
manifest := dist/kubernetes/base/snp-guard.yaml

$(bundle): $(O)/static/snp-guard $(manifest) dist/kubernetes/remove/remove.yaml dist/image \
		tests/image/config
	$(call msg,BUNDLE,$@)
	$(Q)$(MAKE) image >/dev/null
	$(Q)rm -rf $@ $@.oci && mkdir $@.oci && tar -C $@.oci -xf $(image).tar
	$(Q)umoci unpack --image $@.oci:$(VERSION) $@ 2>/dev/null
	$(Q)tests/image/config $(manifest) $@ $@/audit.json
	$(Q)tests/image/config $(manifest) $@ $@/detach.json dist/kubernetes/remove/remove.yaml
	$(Q)sed '/^ *"--audit",$$/d' $@/audit.json >$@/enforce.json
	$(Q)touch $@

.PHONY: check-image
check-image: deps
	@$(MAKE) run-check-image

.PHONY: run-check-image
run-check-image: image
	@tests/image/run $(image) $(O)/static/snp-guard $(release_linked)
