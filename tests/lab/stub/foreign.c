// SPDX-License-Identifier: GPL-2.0-only
/*
 * Somebody else who disables and enables CPU hotplug, as suspend, kexec and PCI probing do:
 *
 *	echo disable >/sys/module/foreign/parameters/do
 */
#include <linux/cpu.h>
#include <linux/module.h>
#include <linux/string.h>

static int set_do(const char *verb, const struct kernel_param *param)
{
	if (sysfs_streq(verb, "disable"))
		cpu_hotplug_disable();
	else if (sysfs_streq(verb, "enable"))
		cpu_hotplug_enable();
	else
		return -EINVAL;
	return 0;
}

static const struct kernel_param_ops do_ops = { .set = set_do };
module_param_cb(do, &do_ops, NULL, 0200);
MODULE_PARM_DESC(do, "disable or enable");

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Calls cpu_hotplug_disable() and cpu_hotplug_enable() as told");
