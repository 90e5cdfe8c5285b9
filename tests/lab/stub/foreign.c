// SPDX-License-Identifier: GPL-2.0-only
/*
 * Somebody else who disables and enables CPU hotplug, as suspend, kexec and PCI probing do:
 *
 *	echo disable >/sys/module/foreign/parameters/do
 *
 * "add=N" and "remove=N" bring a CPU online and take it offline, from inside the kernel.
 *
 * "idle" has the kernel inject idle time for a moment, as powercap's drivers do
 * (drivers/powercap/idle_inject.c), which disables and enables by itself as it stops.
 */
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/idle_inject.h>
#include <linux/module.h>
#include <linux/string.h>

static int inject_idle(void)
{
	struct cpumask cpus = {};
	struct idle_inject_device *device;
	int err;

	cpumask_set_cpu(1, &cpus);
	cpumask_set_cpu(2, &cpus);
	device = idle_inject_register(&cpus);
	if (!device)
		return -ENODEV;
	idle_inject_set_duration(device, 5000, 5000);
	err = idle_inject_start(device);
	if (!err) {
		msleep(50);
		idle_inject_stop(device);
	}
	idle_inject_unregister(device);
	return err;
}

static int set_do(const char *verb, const struct kernel_param *param)
{
	unsigned int cpu;

	if (sscanf(verb, "add=%u", &cpu) == 1)
		return add_cpu(cpu);
	if (sscanf(verb, "remove=%u", &cpu) == 1)
		return remove_cpu(cpu);
	if (sysfs_streq(verb, "disable"))
		cpu_hotplug_disable();
	else if (sysfs_streq(verb, "enable"))
		cpu_hotplug_enable();
	else if (sysfs_streq(verb, "idle"))
		return inject_idle();
	else
		return -EINVAL;
	return 0;
}

static const struct kernel_param_ops do_ops = { .set = set_do };
module_param_cb(do, &do_ops, NULL, 0200);
MODULE_PARM_DESC(do, "disable, enable, idle, add=CPU or remove=CPU");

MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("IDLE_INJECT");
MODULE_DESCRIPTION("Does with CPUs and their hotplug what it is told");
