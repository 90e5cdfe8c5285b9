# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154
# The forms that a kernel is built in: what each changes of the kernel's source, as new lines
# and where they go. Sourced by tests/kernels/source.sh; tests/kernels/build runs
# them in the directory of the copies.
#
#   put WHERE FILE FUNCTION LINE   puts the lines of standard input before or after the first
#                                  line of FUNCTION that holds LINE; without a FUNCTION, of FILE

svm=arch/x86/virt/svm/sev.c
ccp=drivers/crypto/ccp/sev-dev.c
tsm=drivers/virt/coco/tsm-core.c
kernel_files=("$svm" "$ccp" "$tsm")
forms=(plain partial v9 v10 v10-unlatched builtin v10-builtin rmpopt rmpopt-core-left-out
	no-bpf-lsm no-btf clang-thinlto kasan-lockdep)

put() {
	local where=$1 file=$2 function=$3 line=$4
	TEXT=$(cat) awk -v where="$where" -v function_name="$function" -v line="$line" '
		function text() { print ENVIRON["TEXT"]; done = 1 }
		function_name && /^[a-z]/ && !/;$/ && match($0, "[ *]" function_name "\\(") { inside = 1 }
		function_name && /^}/ { inside = 0 }
		{ here = !done && (inside || !function_name) && index($0, line) }
		here && where == "before" { text() }
		{ print }
		here && where == "after" { text() }
		END { exit !done }' "$file" >"$file.new" ||
		die "$file has no place for form $form: no \"$line\" in ${function:-it}"
	mv "$file.new" "$file"
}

# As Debian ships it.
form_plain() { :; }

# snp_prepare() does not check for offline CPUs, as in 7.1.
form_partial() {
	put before $svm snp_prepare "if (!cpumask_equal(" <<'C'
	if (0)
C
}

# Hotplug is disabled once SNP is initialised; a flag keeps that across legacy shutdowns.
form_v9() {
	put after $svm "" "#include <linux/cpumask.h>" <<'C'
#include <linux/cpu.h>
C
	put before $svm "" "void snp_shutdown(void)" <<'C'
static bool snp_hotplug_is_off;

void snp_hotplug_off(void);
void snp_hotplug_off(void)
{
	if (snp_hotplug_is_off)
		return;
	cpu_hotplug_disable();
	snp_hotplug_is_off = true;
}
EXPORT_SYMBOL_FOR_MODULES(snp_hotplug_off, "ccp");
C
	put after $svm snp_shutdown "on_each_cpu(mfd_reconfigure" <<'C'

	if (snp_hotplug_is_off) {
		snp_hotplug_is_off = false;
		cpu_hotplug_enable();
	}
C
	put after $ccp "" '#include "sev-dev.h"' <<'C'

void snp_hotplug_off(void);
C
	put after $ccp __sev_snp_init_locked "snp_initialized = true" <<'C'
	snp_hotplug_off();
C
}

# Hotplug is disabled before SNP_EN is set, and only a full shutdown undoes that.
form_v10_unlatched() {
	put after $svm "" "#include <linux/cpumask.h>" <<'C'
#include <linux/cpu.h>
C
	put before $svm snp_prepare "clear_rmp();" <<'C'
	cpu_hotplug_disable();
C
	put before $svm snp_prepare "return ret;" <<'C'
	if (ret)
		cpu_hotplug_enable();
C
	put after $svm snp_shutdown "on_each_cpu(mfd_reconfigure" <<'C'
	cpu_hotplug_enable();
C
}

# ... and a kernel that finds SNP_EN set, started by kexec, disables it at boot.
form_v10() {
	form_v10_unlatched
	put after $svm snp_rmptable_init "crash_kexec_post_notifiers = true" <<'C'

	if (native_rdmsrq(MSR_AMD64_SYSCFG) & MSR_AMD64_SYSCFG_SNP_EN)
		cpu_hotplug_disable();
C
}

# ccp and kvm-amd are in the kernel, and ccp's shutdown is a function by itself there.
form_builtin() {
	put before $ccp "" "static int __sev_snp_shutdown_locked(" <<'C'
noinline __noclone
C
}

config_builtin() {
	sed -E 's/^(CONFIG_(KVM|KVM_AMD|CRYPTO_DEV_CCP_DD))=m$/\1=y/'
}

# Hotplug is enabled by the last call of snp_shutdown(), a jump: with ccp built in, no frame of
# the call stack lies in a module or in a function that is SNP's own by name. And tsm_class is
# registered before ccp registers a device of it, which 7.3 has the wrong way round.
form_v10_builtin() {
	form_v10
	form_builtin
	sed -i 's/^module_init(tsm_init)/subsys_initcall(tsm_init)/' $tsm
}

config_v10_builtin() { config_builtin; }

# ... and RMPOPT is enabled on each CPU while SNP is initialised.
form_rmpopt() {
	form_v10_builtin
	put before $svm "" "void snp_shutdown(void)" <<'C'
static void snp_rmpopt_write(void *value)
{
	wrmsrq(0xc0010139, (unsigned long)value);
}

void snp_rmpopt_enable(void);
void snp_rmpopt_enable(void)
{
	if (cpuid_edx(0x80000025) & BIT(0))
		on_each_cpu(snp_rmpopt_write, (void *)1, 1);
}
EXPORT_SYMBOL_FOR_MODULES(snp_rmpopt_enable, "ccp");
C
	put before $svm snp_shutdown "on_each_cpu(mfd_reconfigure" <<'C'
	if (cpuid_edx(0x80000025) & BIT(0))
		on_each_cpu(snp_rmpopt_write, NULL, 1);
C
	put after $ccp "" '#include "sev-dev.h"' <<'C'

void snp_rmpopt_enable(void);
C
	put after $ccp __sev_snp_init_locked "snp_initialized = true" <<'C'
	snp_rmpopt_enable();
C
}

config_rmpopt() { config_builtin; }

# ... but for one core, whose CPUs go on checking.
form_rmpopt_core_left_out() {
	form_rmpopt
	put before $svm snp_rmpopt_write "wrmsrq(" <<'C'
	if (value && topology_core_id(smp_processor_id()) == 1)
		return;
C
}

config_rmpopt_core_left_out() { config_builtin; }

# The gate has no LSM hooks at all, whatever lsm= says.
form_no_bpf_lsm() { :; }

config_no_bpf_lsm() { sed 's/^CONFIG_BPF_LSM=y$/# CONFIG_BPF_LSM is not set/'; }

# Nothing in it describes the kernel's types and functions.
form_no_btf() { :; }

config_no_btf() { grep -v '^CONFIG_DEBUG_INFO_'; }

# Static functions that another unit has inlined a part of get the suffix .llvm.HASH.
form_clang_thinlto() { :; }

config_clang_thinlto() { cat - <(echo CONFIG_LTO_CLANG_THIN=y); }

# Both of Debian 12 and 13 have this version.
packages_clang_thinlto=(clang-19 lld-19 llvm-19)
make_clang_thinlto=(LLVM=-19)

# The kernel itself reports a bad access to memory, and locks that are taken in a wrong order.
form_kasan_lockdep() { :; }

config_kasan_lockdep() { cat - <(printf 'CONFIG_%s=y\n' KASAN KASAN_INLINE PROVE_LOCKING); }
