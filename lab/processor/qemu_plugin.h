/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The part of QEMU's plugin API, version 7, that the processor uses. No Debian package has QEMU's
 * own include/plugins/qemu-plugin.h, which documents these functions.
 */
#ifndef LAB_QEMU_PLUGIN_H
#define LAB_QEMU_PLUGIN_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PLUGIN_API_VERSION = 7 };

struct qemu_plugin_tb; /* a translation block: instructions that QEMU translates together */
struct qemu_plugin_insn;
struct qemu_plugin_register;
struct qemu_plugin_hwaddr;
struct qemu_plugin_scoreboard; /* memory with a part for each CPU */

struct qemu_plugin_register_description {
	struct qemu_plugin_register *handle;
	const char *name;
	const char *feature;
	bool is_readonly;
};

struct qemu_plugin_counter {
	struct qemu_plugin_scoreboard *score;
	size_t offset;
};

enum { PLUGIN_CB_RW_REGS_PC = 3 }; /* the callback may read and write registers, and set the PC */
enum { PLUGIN_CB_NO_REGS = 0 };
enum { PLUGIN_INLINE_ADD_U64 = 0 };
enum { PLUGIN_MEM_WRITE = 2 };
enum { PLUGIN_HWADDR_OK = 0 };

typedef void (*vcpu_callback)(unsigned int cpu, void *data);
/* info tells the other functions what access it is, for as long as the callback runs. */
typedef void (*memory_callback)(unsigned int cpu, uint32_t info, uint64_t va, void *data);

extern GArray *qemu_plugin_get_registers(void);
extern bool qemu_plugin_read_register(struct qemu_plugin_register *reg, GByteArray *buf);
extern bool qemu_plugin_write_register(struct qemu_plugin_register *reg, GByteArray *buf);
extern void qemu_plugin_set_pc(uint64_t pc) __attribute__((noreturn));
extern bool qemu_plugin_read_memory_vaddr(uint64_t va, GByteArray *data, size_t len);
extern bool qemu_plugin_write_memory_vaddr(uint64_t va, GByteArray *data);
extern int qemu_plugin_read_memory_hwaddr(uint64_t pa, GByteArray *data, size_t len);
extern int qemu_plugin_write_memory_hwaddr(uint64_t pa, GByteArray *data);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
extern size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *to, size_t len);
extern uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
extern void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, vcpu_callback cb,
						   int flags, void *data);
extern void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, memory_callback cb,
					     int flags, int accesses, void *data);
extern const struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(uint32_t info, uint64_t va);
extern bool qemu_plugin_hwaddr_is_io(const struct qemu_plugin_hwaddr *address);
extern uint64_t qemu_plugin_hwaddr_phys_addr(const struct qemu_plugin_hwaddr *address);
extern void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id,
						  void (*cb)(struct qemu_plugin_tb *, void *),
						  void *data);
extern void qemu_plugin_register_vcpu_init_cb(uint64_t id, vcpu_callback cb, void *data);
extern void qemu_plugin_register_vcpu_exit_cb(uint64_t id, vcpu_callback cb, void *data);
extern struct qemu_plugin_scoreboard *qemu_plugin_scoreboard_new(size_t element_size);
extern uint64_t qemu_plugin_u64_get(struct qemu_plugin_counter entry, unsigned int cpu);
extern void qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(struct qemu_plugin_tb *tb, int op,
							      struct qemu_plugin_counter entry,
							      uint64_t add);

#endif
