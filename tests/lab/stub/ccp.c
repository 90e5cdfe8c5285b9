// SPDX-License-Identifier: GPL-2.0-only
/*
 * A stand-in for the ccp driver, of its name: the kernel exports snp_prepare() and snp_shutdown()
 * to a module called ccp alone. It does what it is told, in any order, with any mistake in it:
 *
 *	echo "disable prepare init flush" >/sys/module/ccp/parameters/do
 *
 * A list is read whole before its first verb runs, in the writer's own context. What a verb comes
 * to is in the kernel's log; it stops the list and fails the write only where a "!" follows it
 * ("prepare!"). Everything that happens is real: the kernel's functions, the lab's firmware.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/io.h>
#include <linux/iopoll.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <asm/sev.h>
#include <asm/smp.h>

#define PSP_VENDOR 0x1022
#define PSP_DEVICE 0x14ca
#define PSP_BAR	   2

/* Registers in BAR 2, of the layout for this device (drivers/crypto/ccp/sp-pci.c). */
#define REG_CMDRESP	 0x10980
#define REG_BUFFER_LOW	 0x109e0
#define REG_BUFFER_HIGH	 0x109e4
#define CMDRESP_RESPONSE BIT(31)
#define CMDRESP_STATUS	 GENMASK(15, 0)

#define CMD_SNP_DF_FLUSH     0x84
#define CMD_SNP_INIT_EX	     0x85
#define CMD_SNP_SHUTDOWN_EX  0x86
#define CMD_SNP_PAGE_RECLAIM 0xc7

#define SNP_INIT_RMP   BIT(0)
#define SHUTDOWN_IOMMU BIT(0)
#define SHUTDOWN_X86   BIT(1)

/* Of the commands' buffers the part that is used. */
union command {
	struct {
		u32 flags;
		u8 reserved[60];
	} init;
	struct {
		u32 length;
		u32 flags;
	} shutdown;
	u64 reclaim; /* the page's address */
};

/* Where the driver keeps whether SNP is initialised, as it believes; others may look there. */
struct sev_device {
	bool snp_initialized;
};

struct psp_device {
	struct sev_device *sev_data;
};

extern struct psp_device *psp_master;

static struct sev_device sev;
static struct psp_device psp = { .sev_data = &sev };
struct psp_device *psp_master = &psp;

static struct pci_dev *device;
static void __iomem *regs;
static union command *command; /* not on the stack: the firmware is given its address */
static unsigned int slow_ms;   /* what a command takes after its work is done */
static u64 *page;	       /* for give, scribble and take */

int __sev_do_cmd_locked(int cmd, void *data, int *psp_ret);

/* As the driver's own, to whoever watches it: its name, its arguments, its results. */
noinline __noclone int __sev_do_cmd_locked(int cmd, void *data, int *psp_ret)
{
	phys_addr_t pa = data ? virt_to_phys(data) : 0;
	u32 response;
	int err;

	iowrite32(lower_32_bits(pa), regs + REG_BUFFER_LOW);
	iowrite32(upper_32_bits(pa), regs + REG_BUFFER_HIGH);
	iowrite32(cmd << 16, regs + REG_CMDRESP);
	err = readl_poll_timeout(regs + REG_CMDRESP, response, response & CMDRESP_RESPONSE, 10,
				 5 * USEC_PER_SEC);
	if (err)
		return err;
	if (slow_ms)
		msleep(slow_ms);
	*psp_ret = response & CMDRESP_STATUS;
	return *psp_ret ? -EIO : 0;
}

static int run_command(int cmd, void *data)
{
	int status = 0, err = __sev_do_cmd_locked(cmd, data, &status);

	if (err)
		pr_info("command %#x: %d, firmware status %#x\n", cmd, err, status);
	return err;
}

static int shut_down(u32 flags)
{
	int err;

	memset(command, 0, sizeof(*command));
	command->shutdown.length = sizeof(command->shutdown);
	command->shutdown.flags = flags;
	err = run_command(CMD_SNP_SHUTDOWN_EX, command);
	if (!err)
		sev.snp_initialized = false;
	return err;
}

/*
 * The work's function is the kernel's own, so nothing of this module is on the call stack. It
 * takes no argument and does not look at the one that it gets.
 */
static int run_as_work(void (*function)(void))
{
	struct work_struct work;

	INIT_WORK_ONSTACK(&work, (work_func_t)(void *)function);
	schedule_work(&work);
	flush_work(&work);
	destroy_work_on_stack(&work);
	return 0;
}

/* ---- verbs ---- */

static int do_disable(unsigned int unused)
{
	cpu_hotplug_disable();
	return 0;
}

static int do_enable(unsigned int unused)
{
	cpu_hotplug_enable();
	return 0;
}

static int do_work_disable(unsigned int unused)
{
	return run_as_work(cpu_hotplug_disable);
}

static int do_work_enable(unsigned int unused)
{
	return run_as_work(cpu_hotplug_enable);
}

static int do_prepare(unsigned int unused)
{
	return snp_prepare();
}

static int do_init(unsigned int unused)
{
	memset(command, 0, sizeof(*command));
	command->init.flags = SNP_INIT_RMP;
	return run_command(CMD_SNP_INIT_EX, command);
}

static int do_bare_flush(unsigned int unused)
{
	int err = run_command(CMD_SNP_DF_FLUSH, NULL);

	if (!err)
		sev.snp_initialized = true;
	return err;
}

/* As the driver does it: without WBINVD on every CPU the firmware refuses DF_FLUSH. */
static int do_flush(unsigned int unused)
{
	wbinvd_on_all_cpus();
	return do_bare_flush(unused);
}

static int do_shutdown(unsigned int unused)
{
	return shut_down(SHUTDOWN_IOMMU);
}

static int do_shutdown_full(unsigned int unused)
{
	return shut_down(SHUTDOWN_IOMMU | SHUTDOWN_X86);
}

static int do_snp_shutdown(unsigned int unused)
{
	snp_shutdown();
	return 0;
}

/*
 * As KVM gives a page to a guest that it launches, or the driver, without an ASID, one to the
 * firmware (kernel arch/x86/kvm/svm/sev.c:sev_gmem_post_populate, drivers/crypto/ccp/sev-dev.c:
 * rmp_mark_pages_firmware).
 */
static int do_give(unsigned int asid)
{
	return rmp_make_private(__pa(page) >> PAGE_SHIFT, 0, PG_LEVEL_4K, asid, true);
}

/* On the CPU that the writer of the list runs on, whoever has the page. */
static int do_scribble(unsigned int unused)
{
	WRITE_ONCE(*page, *page + 1);
	return 0;
}

/* Has this CPU's core find out whether the RMP checks can be skipped in one GiB. */
static int do_rmpopt(unsigned int gib)
{
	/* clang-format off */
	asm goto("1: .byte 0xf2, 0x0f, 0x01, 0xfc\n"
		 _ASM_EXTABLE(1b, %l[undefined])
		 : : "a"((unsigned long)gib << 30), "c"(0) : "memory", "cc" : undefined);
	/* clang-format on */
	return 0;
undefined:
	return -EOPNOTSUPP;
}

static int do_take(unsigned int unused)
{
	int err;

	memset(command, 0, sizeof(*command));
	command->reclaim = __pa(page);
	err = run_command(CMD_SNP_PAGE_RECLAIM, command);
	return err ? err : rmp_make_shared(__pa(page) >> PAGE_SHIFT, PG_LEVEL_4K);
}

static int do_sleep(unsigned int ms)
{
	msleep(ms);
	return 0;
}

static int do_slow(unsigned int ms)
{
	slow_ms = ms;
	return 0;
}

static const struct verb {
	const char *name;
	int (*run)(unsigned int number);
	bool numbered; /* takes "=NUMBER" */
} verbs[] = {
	{ "disable", do_disable },
	{ "enable", do_enable },
	{ "work-disable", do_work_disable },
	{ "work-enable", do_work_enable },
	{ "prepare", do_prepare },
	{ "init", do_init },
	{ "flush", do_flush },
	{ "bare-flush", do_bare_flush },
	{ "shutdown", do_shutdown },
	{ "shutdown-full", do_shutdown_full },
	{ "snp-shutdown", do_snp_shutdown },
	{ "give", do_give, true }, /* an ASID; 0: the firmware's */
	{ "scribble", do_scribble },
	{ "take", do_take },
	{ "rmpopt", do_rmpopt, true }, /* a GiB */
	{ "sleep", do_sleep, true },   /* milliseconds */
	{ "slow", do_slow, true },     /* milliseconds for each command from now on */
};

struct step {
	const struct verb *verb;
	unsigned int number;
	bool stop; /* at a failure */
};

static int parse_step(char *word, struct step *step)
{
	size_t len = strlen(word);
	char *number;

	step->stop = len && word[len - 1] == '!';
	if (step->stop)
		word[len - 1] = '\0';
	number = strchr(word, '=');
	if (number)
		*number++ = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(word, verbs[i].name))
			continue;
		step->verb = &verbs[i];
		if (verbs[i].numbered != !!number)
			break;
		return number ? kstrtouint(number, 0, &step->number) : 0;
	}
	pr_err("no such verb, or not with these arguments: %s\n", word);
	return -EINVAL;
}

static int run_step(const struct step *step)
{
	int err = step->verb->run(step->number);

	if (err)
		pr_info("%s: %d\n", step->verb->name, err);
	return step->stop ? err : 0;
}

/* Fills steps unless it is NULL; returns how many there are. */
static int parse_list(char *list, struct step *steps)
{
	char *word;
	int n = 0, err;

	while ((word = strsep(&list, " \t\n"))) {
		struct step step = {};

		if (!*word)
			continue;
		err = parse_step(word, &step);
		if (err)
			return err;
		if (steps)
			steps[n] = step;
		n++;
	}
	return n;
}

static int set_do(const char *list, const struct kernel_param *param)
{
	/* Each verb needs a character and a blank. */
	struct step *steps __free(kfree) =
		kcalloc(strlen(list) / 2 + 1, sizeof(*steps), GFP_KERNEL);
	char *words __free(kfree) = kstrdup(list, GFP_KERNEL);
	int n, err = 0;

	if (!steps || !words)
		return -ENOMEM;
	if (!regs)
		return -ENODEV;
	n = parse_list(words, steps);
	if (n < 0)
		return n;
	for (int i = 0; i < n && !err; i++)
		err = run_step(&steps[i]);
	return err;
}

static const struct kernel_param_ops do_ops = { .set = set_do };
module_param_cb(do, &do_ops, NULL, 0200);
MODULE_PARM_DESC(do, "verbs to carry out in order");

/*
 * The device is taken without a driver's probe, which disables and enables CPU hotplug itself:
 * what happens to the counter is to be what the list says, and no more.
 */
static int __init ccp_init(void)
{
	int err = -ENODEV;

	device = pci_get_device(PSP_VENDOR, PSP_DEVICE, NULL);
	if (!device)
		return err;
	err = pci_enable_device_mem(device);
	if (err)
		goto put;
	err = -ENOMEM;
	command = kzalloc(sizeof(*command), GFP_KERNEL);
	if (!command)
		goto disable;
	page = (void *)get_zeroed_page(GFP_KERNEL);
	if (!page)
		goto free;
	regs = pci_iomap(device, PSP_BAR, 0);
	if (regs)
		return 0;
	free_page((unsigned long)page);
free:
	kfree(command);
disable:
	pci_disable_device(device);
put:
	pci_dev_put(device);
	return err;
}

static void __exit ccp_exit(void)
{
	pci_iounmap(device, regs);
	free_page((unsigned long)page);
	kfree(command);
	pci_disable_device(device);
	pci_dev_put(device);
}

module_init(ccp_init);
module_exit(ccp_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Stand-in for ccp that carries out a list of verbs");
