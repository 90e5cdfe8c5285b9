# SPDX-License-Identifier: GPL-2.0-only
# make          builds build/snp-guard
# make help     lists the rest
VERSION := $(file <VERSION)
O ?= build
CC ?= cc
CLANG ?= clang
BPFTOOL ?= $(shell PATH="$$PATH:/usr/sbin:/sbin" command -v bpftool)
PKG_CONFIG ?= pkg-config
CFLAGS ?= -O2 -g
PREFIX ?= /usr/local
SBINDIR ?= $(PREFIX)/sbin
ZSH_COMPLETIONS ?= $(PREFIX)/share/zsh/site-functions
# What is built does not name the directory that it was built in.
here := -ffile-prefix-map=$(CURDIR)=.

ifeq ($(V),1)
Q :=
msg =
else
Q := @
msg = @printf '  %-8s %s\n' '$(1)' '$(2)'
endif

.DELETE_ON_ERROR:
.SECONDARY:
MAKEFLAGS += --no-print-directory

.PHONY: all
all: $(O)/snp-guard

# ---- what the build needs ----

# program or pkg-config module, and the Debian package it comes from
needs := cc:gcc $(CLANG):clang $(PKG_CONFIG):pkgconf
libs := libbpf:libbpf-dev libelf:libelf-dev zlib:zlib1g-dev json-c:libjson-c-dev \
	inih:libinih-dev libcap:libcap-dev mxml:libmxml-dev
# Only its headers are needed: src/util/library.h
late_libs := libmicrohttpd:libmicrohttpd-dev
packages := gcc make clang llvm bpftool libbpf-dev libelf-dev zlib1g-dev libjson-c-dev libinih-dev libcap-dev \
	libmxml-dev libmicrohttpd-dev pkgconf libcriterion-dev libglib2.0-dev mmdebstrap debian-archive-keyring \
	busybox-static kmod cpio zstd xz-utils libclang-rt-dev liburing-dev python3-fastjsonschema python3-yaml umoci zsh \
	libxml2-dev

part = $(word $(2),$(subst :, ,$(1)))
missing = $(foreach n,$(needs),$(if $(shell command -v $(call part,$(n),1)),,$(call part,$(n),2))) \
	$(if $(BPFTOOL),,bpftool) \
	$(foreach l,$(libs) $(late_libs),$(if $(shell $(PKG_CONFIG) --exists $(call part,$(l),1) 2>&1 || echo no),$(call part,$(l),2)))

# As a goal of its own, without a list, it installs what lint needs, too.
deps_of_lint = $(if $(filter deps,$(MAKECMDGOALS)),$(if $(filter file,$(origin packages)),$(lint_packages)))
.PHONY: deps
deps:
	@for p in $(packages) $(deps_of_lint); do \
		dpkg-query -Wf '$${db:Status-Status}\n' $$p 2>/dev/null | grep -qx installed || \
			missing="$$missing $$p"; done; \
	[ -n "$$missing" ] || exit 0; \
	[ "$$(id -u)" = 0 ] || { echo "packages are missing, use sudo:$$missing" >&2; exit 1; }; \
	echo "Installing by apt (about a minute, once):$$missing"; mkdir -p $(O); \
	{ apt-get update -q && DEBIAN_FRONTEND=noninteractive \
		apt-get install -q -y --no-install-recommends $$missing; } >$(O)/apt.log 2>&1 || \
		{ tail -5 $(O)/apt.log >&2; echo "apt failed; all it said: $(O)/apt.log" >&2; exit 1; }

.PHONY: needs
needs:
	@missing="$(strip $(missing))"; if [ -n "$$missing" ]; then \
		echo "snp-guard can't be built yet, packages are missing: apt-get install $$missing" >&2; \
		exit 1; fi

# ---- the guard ----

lib_names = $(foreach l,$(libs),$(call part,$(l),1))
lib_cflags = $(shell $(PKG_CONFIG) --cflags $(lib_names) $(foreach l,$(late_libs),$(call part,$(l),1)))
lib_libs = $(shell $(PKG_CONFIG) --libs $(lib_names)) -lm
guard_cflags = $(CPPFLAGS) $(here) -std=c11 -D_GNU_SOURCE -DSNP_GUARD_VERSION='"$(VERSION)"' -Wall -Wextra -Werror \
	-I$(O) -Isrc -MMD -MP $(lib_cflags)
# A distribution's CFLAGS are for the host's processor, so BPF has its own.
BPF_CFLAGS ?= -O2 -g
bpf_cflags = $(here) -target bpf -mcpu=v3 -D__TARGET_ARCH_x86 -Wall -Wextra -Werror -Wno-unused-parameter \
	-I. -I/usr/include/$(shell $(CC) -print-multiarch) -MMD -MP

# In one order, whatever the language.
guard_src := $(sort $(wildcard src/*.c src/*/*.c))
guard_obj := $(guard_src:src/%.c=$(O)/obj/%.o)
# All but main, as the tests link it.
guard_units := $(filter-out $(O)/obj/snp_guard.o,$(guard_obj))

$(O)/obj:
	$(Q)mkdir -p $@

$(O)/%.bpf.o: bpf/%.bpf.c | needs $(O)/obj
	$(call msg,BPF,$@)
	$(Q)$(CLANG) $(BPF_CFLAGS) $(bpf_cflags) -c $< -o $@.tmp.o -MF $(O)/obj/$*.bpf.d -MT $@
	$(Q)$(BPFTOOL) gen object $@ $@.tmp.o && rm $@.tmp.o

$(O)/%.skel.h: $(O)/%.bpf.o
	$(call msg,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf > $@

# $(1): sources that use the skeleton $(2)
uses_skeleton = $(eval $(foreach dir,obj asan fuzz/obj,$(patsubst src/%.c,$(O)/$(dir)/%.o,$(wildcard $(1)))): $(O)/$(2).skel.h)
$(call uses_skeleton,src/kernel/sensors*.c src/kernel/hold_detect.c,snp_guard)
$(call uses_skeleton,src/host/ksym.c,symbols)

$(O)/contract.h: docs/contract.md src/contract/contract.awk | needs $(O)/obj
	$(call msg,TABLE,$@)
	$(Q)awk -f src/contract/contract.awk $< > $@

$(O)/obj/contract/explain.o $(O)/asan/contract/explain.o: $(O)/contract.h

$(O)/runbook.h: docs/runbook.md src/check/runbook.awk | needs $(O)/obj
	$(call msg,TABLE,$@)
	$(Q)awk -f src/check/runbook.awk $< > $@

$(O)/obj/check/check_explain.o $(O)/asan/check/check_explain.o: $(O)/runbook.h

$(O)/obj/%.o: src/%.c | needs
	$(call msg,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(guard_cflags) -c $< -o $@

$(guard_obj): VERSION

$(O)/snp-guard: $(guard_obj)
	$(call msg,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $^ $(lib_libs) -o $@

# ---- the guard without shared libraries ----

# pkg-config's versions of what is linked, which --version prints.
static_versions = $(shell for l in $(lib_names) libmicrohttpd; do \
	printf ', %s %s' $$l "$$($(PKG_CONFIG) --modversion $$l)"; done)
# Functions that this program never calls are abort(): GnuTLS's, which libmicrohttpd.a needs for connections
# with TLS, and those of zstd that compress, 0.5 MB, which libelf.a needs for elf_compress(). Four do nothing, as
# sched_yield(), which returns 0: GnuTLS's beginning and end; and those of a tree that nobody uses, which
# elfutils 0.192 (Debian 13) has left out of its libelf.a.
static_absent = $(shell nm $(foreach l,libmicrohttpd libelf,$$($(CC) -print-file-name=$(l).a)) 2>/dev/null | awk ' \
	$$1 == "U" { used[$$2] } $$2 == "T" { defined[$$3] } \
	END { for (f in used) if (!(f in defined)) { \
		if (f ~ /^(gnutls_global|eu_search_tree)_/) print f "=sched_yield"; \
		else if (f ~ /^(gnutls_|ZSTD_.*(CCtx|compressStream2)$$)/) print f "=abort" } }' | sort)
static_link = $(shell $(PKG_CONFIG) --static --libs $(lib_names))
static_obj := $(filter-out $(patsubst %,$(O)/obj/%.o,util/library monitor/microhttpd snp_guard),$(guard_obj)) \
	$(O)/static/snp_guard.o

$(O)/static/%.o: src/%.c VERSION | needs
	$(call msg,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(guard_cflags) -DSNP_GUARD_STATIC='"$(static_versions)"' -c $< -o $@

# A warning would be of a function that needs the shared libraries of the same glibc: of NSS or iconv.
$(O)/static/snp-guard: $(static_obj)
	$(call msg,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -static-pie -s -Wl,--gc-sections -Wl,--fatal-warnings \
		-Wl,-Map=$@.map $^ -lmicrohttpd $(static_absent:%=-Wl,--defsym=%) $(static_link) -lm -o $@

.PHONY: static
static: $(O)/static/snp-guard

# ---- the lab and the tests ----

include lab/lab.mk
include tests/tests.mk

# ---- the rest ----

include dist/dist.mk

.PHONY: install
install: $(installed_guard) install-systemd
	install -D -m 0755 $(installed_guard) $(DESTDIR)$(SBINDIR)/snp-guard
	install -D -m 0644 docs/snp-guard.8 $(DESTDIR)$(PREFIX)/share/man/man8/snp-guard.8
	install -D -m 0644 docs/snp-guard.conf.5 $(DESTDIR)$(PREFIX)/share/man/man5/snp-guard.conf.5
	install -d $(DESTDIR)$(PREFIX)/share/bash-completion/completions $(DESTDIR)$(ZSH_COMPLETIONS)
	$(installed_guard) completion bash >$(DESTDIR)$(PREFIX)/share/bash-completion/completions/snp-guard
	$(installed_guard) completion zsh >$(DESTDIR)$(ZSH_COMPLETIONS)/_snp-guard
	chmod 0644 $(DESTDIR)$(PREFIX)/share/bash-completion/completions/snp-guard $(DESTDIR)$(ZSH_COMPLETIONS)/_snp-guard

# snp-lab finds its parts in its own directory, and the guard in $(PREFIX)/sbin.
lab_installed = $(DESTDIR)$(PREFIX)/lib/snp-lab
.PHONY: install-lab
install-lab: lab-programs
	install -d $(lab_installed)/lib $(lab_installed)/guest $(DESTDIR)$(PREFIX)/bin
	install -m 0755 lab/snp-lab lab/demo.sh $(filter-out %.so,$(lab_programs)) $(lab_installed)
	install -m 0644 lab/lib/*.sh $(lab_installed)/lib
	install -m 0755 $(filter-out %.c,$(wildcard lab/guest/*)) $(lab_installed)/guest
	install -m 0644 lab/kernels.txt lab/kernel.config $(O)/lab/snp-cpu.so $(lab_installed)
	ln -sf ../lib/snp-lab/snp-lab $(DESTDIR)$(PREFIX)/bin/snp-lab
	install -D -m 0644 docs/snp-lab.1 $(DESTDIR)$(PREFIX)/share/man/man1/snp-lab.1

.PHONY: format
format:
	clang-format -i bpf/*.[ch] src/*.[ch] src/*/*.[ch] lab/*/*.[ch] $(wildcard tests/*/*.[ch] tests/unit/*/*.[ch])

.PHONY: clean
clean:
	rm -rf $(O)/obj $(O)/static $(O)/asan $(O)/test $(O)/fuzz/obj $(O)/lab/obj $(O)/snp-guard $(O)/*.bpf.o \
		$(O)/*.skel.h $(O)/contract.h $(O)/runbook.h $(lab_programs)

.PHONY: distclean
distclean:
	rm -rf $(O)

.PHONY: help
help:
	@echo 'make              build $(O)/snp-guard; no root, says which package is missing'
	@echo 'make static       build $(O)/static/snp-guard, which needs no library on the host'
	@echo 'make dist         tarballs of the source and of the static guard below $(O)/release'
	@echo 'make image        an OCI image with the static guard and nothing else below $(O)/image'
	@echo 'make install      install it below DESTDIR and PREFIX (default /usr/local); install-lab: snp-lab'
	@echo 'sudo make demo    the main job on an emulated SNP host; no SNP hardware needed'
	@echo 'make check-fast   the tests that need neither root nor the lab, under 3 minutes'
	@echo 'sudo make check   the tests, JOBS of them at once (default: as many as there are cores)'
	@echo 'sudo make check-lab ROWS=...  some scenarios of it; tests/lab/run --rows prints them'
	@echo 'sudo make check-longer    the scenarios of the lab that make check leaves out, 8 minutes'
	@echo 'make unit         the tests that need no lab; make fuzz-short: the parsers, briefly'
	@echo 'sudo make coverage  what the tests run of src/; LAB='\''full pin'\'' adds rows of the lab'
	@echo 'make lint         static checks of all sources; PARTS="tidy shell" FILES=src/run for some'
	@echo 'make fuzz         the parsers, FUZZ_SECONDS (default 600) each'
	@echo 'make check-layers that folders of src/ and lab/ use only those below them'
	@echo 'sudo make bench   what the guard costs, in counted guest instructions, beside bpftrace and audit'
	@echo 'sudo make bench-check      fails if it costs more than tests/bench/baseline; make bench-baseline keeps'
	@echo 'make bench-sizes  what it costs per CPU on 1,024 and on 8,192 CPUs; needs valgrind'
	@echo 'sudo make check-kernels   scenarios on each of Debian'\''s kernels, about 25 minutes'
	@echo 'sudo make check-forms     snp-lab verify on kernels built with and without SNP'\''s hold'
	@echo 'sudo make check-selftests  the kernel'\''s own tests of KVM and of CPU hotplug, in the lab'
	@echo 'sudo make check-reloads   RELOADS (default 1000) reloads of ccp and kvm-amd under one guard'
	@echo 'sudo make check-kills     KILLS (default 1000) kills of a guard inside windows'
	@echo 'sudo make check-faults    each call of a run fails once with each errno; FAULTS_SECONDS more in the lab'
	@echo 'sudo make soak HOURS=8    all that may happen to a guard, at random'
	@echo 'sudo make check-monitoring  metrics, rules, alerts and checks with the real Prometheus and Nagios'
	@echo 'sudo make check-published  dashboard and DaemonSet, by the types that npm has of Grafana and Kubernetes'
	@echo 'sudo make check-packages    builds and installs the .deb on fresh Debian 12 and 13, 30 minutes'
	@echo 'sudo make check-rpm         builds and installs the RPM, with Debian'\''s rpm, 5 minutes'
	@echo 'sudo make check-dist        builds the tarballs of a release twice, and unpacks them there, 10 minutes'
	@echo 'sudo make check-image       the image that make image makes'
	@echo 'sudo make check-pictures  the pictures of timeline in Chromium, which it installs'
	@echo 'make model        the automaton beside the model, at length'
	@echo 'make check-mutants, prove  how good the tests of the automaton are; cbmc on it'
	@echo 'sudo make deps    install by apt what all of these need'
	@echo 'make format, clean, distclean; V=1 shows the commands'

-include $(shell find $(O)/obj $(O)/static $(O)/asan $(O)/test -type f -name "*.d" 2>/dev/null)
