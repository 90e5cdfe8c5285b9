// SPDX-License-Identifier: GPL-2.0-only
#include "standin/bpf.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/ksym.h"
#include "standin/host.h"

struct bpf_kernel bpf_kernel;

/* ---- refusals ---- */

static struct {
	char call[64];
	int err;
} refusals[8];

void bpf_refuse(const char *call, int err)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (!strcmp(refusals[i].call, call) || !refusals[i].call[0]) {
			snprintf(refusals[i].call, sizeof(refusals[i].call), "%s", call);
			refusals[i].err = err;
			return;
		}
	cr_assert(false, "too many refusals");
}

/* Sets errno and returns true if the call is refused. */
static bool is_refused(const char *call, const char *name)
{
	char full[64];

	snprintf(full, sizeof(full), "%s%s%s", call, name ? " " : "", name ? name : "");
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (refusals[i].err && !strcmp(refusals[i].call, full)) {
			errno = -refusals[i].err;
			return true;
		}
	return false;
}

/* ---- objects: maps and links ---- */

/* Its file is BPF_FILES/N, N being its id; a pin is another name of that file. */
#define BPF_FILES "/bpf"

struct object {
	char name[32];
	bool is_link, detached;
	ino_t ino;
	int fds;	/* that a guard has of it */
	char event[80]; /* of a link: its kprobe event, "" if it has none */
};

enum { OBJECTS = 512, FDS = 1024 };
static struct object objects[OBJECTS]; /* by id; 0 is none */
static unsigned int object_count;
static unsigned int object_of_fd[FDS];

static const char *object_path(unsigned int id)
{
	char path[32];

	snprintf(path, sizeof(path), BPF_FILES "/%u", id);
	return fixture_path(&host.kernel.files, path);
}

int __real_open(const char *path, int flags, ...);
int __real_fstat(int fd, struct stat *st);
ssize_t __real_pread(int fd, void *data, size_t size, off_t offset);

static int note_fd(unsigned int id, int fd)
{
	cr_assert(fd >= 0 && fd < FDS, "%s", strerror(errno));
	object_of_fd[fd] = id;
	objects[id].fds++;
	return fd;
}

/* Returns a descriptor of a new object. */
static int make_object(const char *name, bool is_link, size_t size)
{
	unsigned int id = ++object_count;
	struct stat st;
	int fd;

	cr_assert_lt(id, OBJECTS);
	fd = __real_open(object_path(id), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	cr_assert_geq(fd, 0);
	cr_assert_eq(ftruncate(fd, size), 0);
	cr_assert_eq(__real_fstat(fd, &st), 0);
	objects[id] = (struct object){ .is_link = is_link, .ino = st.st_ino };
	snprintf(objects[id].name, sizeof(objects[id].name), "%s", name);
	return note_fd(id, fd);
}

static unsigned int object_by_ino(ino_t ino)
{
	for (unsigned int id = 1; id <= object_count; id++)
		if (objects[id].ino == ino)
			return id;
	return 0;
}

static unsigned int object_by_fd(int fd)
{
	return fd >= 0 && fd < FDS ? object_of_fd[fd] : 0;
}

int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_close(int fd)
{
	unsigned int id = object_by_fd(fd);

	if (host.stands && id) {
		objects[id].fds--;
		object_of_fd[fd] = 0;
	}
	return __real_close(fd);
}

static bool is_alive(unsigned int id)
{
	struct stat st;

	if (objects[id].detached || objects[id].fds > 0)
		return !objects[id].detached;
	return !lstat(object_path(id), &st) && st.st_nlink > 1;
}

bool bpf_is_attached(const char *program)
{
	for (unsigned int id = 1; id <= object_count; id++)
		if (objects[id].is_link && !strcmp(objects[id].name, program) && is_alive(id))
			return true;
	return false;
}

static bool is_event_in_use(const char *event)
{
	for (unsigned int id = 1; id <= object_count; id++)
		if (objects[id].is_link && !strcmp(objects[id].event, event) && is_alive(id))
			return true;
	return false;
}

/* ---- bpf(2) ---- */

int bpf_obj_get(const char *path)
{
	const char *name = strrchr(path, '/') + 1;
	struct stat st;
	int fd;

	if (is_refused("get", name))
		return -1;
	fd = __real_open(fixture_path(&host.kernel.files, path), O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -1;
	cr_assert_eq(__real_fstat(fd, &st), 0);
	/* A file that is no pin, as another file system has them. */
	if (!object_by_ino(st.st_ino)) {
		__real_close(fd);
		errno = EINVAL;
		return -1;
	}
	return note_fd(object_by_ino(st.st_ino), fd);
}

int bpf_obj_pin(int fd, const char *path)
{
	const char *name = strrchr(path, '/') + 1;
	char from[PATH_MAX];
	unsigned int id = object_by_fd(fd);

	cr_assert(id, "what is pinned as %s is neither map nor link", path);
	if (is_refused("pin", name))
		return -1;
	snprintf(from, sizeof(from), "%s", object_path(id));
	host_log("pin %s", name);
	return link(from, fixture_path(&host.kernel.files, path));
}

/* Of a program that this process has loaded; and of one that a link has, by the link's id. */
enum { PROGRAM_FD = 1 << 16, LINKED_FD = 1 << 17 };

static const char *program_name(int fd);

int bpf_prog_get_fd_by_id(__u32 id)
{
	return LINKED_FD + (int)id;
}

static bool is_missed_by(const char *program)
{
	const char *by = bpf_kernel.missed_by ? bpf_kernel.missed_by : "online_set", *at = by;
	size_t len = strlen(program);

	for (; (at = strstr(at, program)); at += len)
		if ((at == by || at[-1] == ' ') && (!at[len] || at[len] == ' '))
			return true;
	return false;
}

int bpf_obj_get_info_by_fd(int fd, void *info, __u32 *size)
{
	unsigned int id = object_by_fd(fd);
	struct bpf_map_info map = { .type = BPF_MAP_TYPE_ARRAY, .id = id };
	struct bpf_link_info link = { .id = id, .prog_id = id };
	struct bpf_prog_info program = { 0 };
	const char *name;
	struct stat st;

	if (fd >= PROGRAM_FD) {
		name = program_name(fd);
		program.recursion_misses = is_missed_by(name) ? bpf_kernel.missed : 0;
		memcpy(info, &program, *size < sizeof(program) ? *size : sizeof(program));
		return 0;
	}
	if (!id) {
		errno = EBADF;
		return -1;
	}
	cr_assert_eq(__real_fstat(fd, &st), 0);
	map.value_size = st.st_size;
	map.map_flags = strcmp(objects[id].name, "ledger") ? 0 : BPF_F_MMAPABLE;
	if (objects[id].is_link)
		memcpy(info, &link, *size < sizeof(link) ? *size : sizeof(link));
	else
		memcpy(info, &map, *size < sizeof(map) ? *size : sizeof(map));
	return 0;
}

int bpf_map_create(enum bpf_map_type type, const char *name, __u32 key_size, __u32 value_size,
		   __u32 entries, const struct bpf_map_create_opts *opts)
{
	cr_assert_eq(type, BPF_MAP_TYPE_ARRAY);
	cr_assert(opts->map_flags & BPF_F_MMAPABLE);
	(void)key_size;
	(void)entries;
	if (is_refused("create", name))
		return -1;
	return make_object("ledger", false, value_size);
}

int bpf_map_freeze(int fd)
{
	(void)fd;
	return is_refused("freeze", NULL) ? -1 : 0;
}

int bpf_map_lookup_elem(int fd, const void *key, void *value)
{
	struct stat st;

	(void)key;
	cr_assert_eq(__real_fstat(fd, &st), 0);
	if (is_refused("lookup", NULL))
		return -1;
	return __real_pread(fd, value, st.st_size, 0) == st.st_size ? 0 : -1;
}

/* ---- the object that is loaded ---- */

enum { PROGRAMS = 64, MAPS = 16 };

static struct loaded_program {
	const struct bpf_program *program;
	char *log;
	size_t log_size;
} programs[PROGRAMS];
static struct loaded_map {
	const struct bpf_map *map;
	int fd;
} maps[MAPS];
static char *log_of_calls;
static size_t size_of_log_of_calls;

static struct loaded_program *loaded(const struct bpf_program *program)
{
	unsigned int i = 0;

	while (i < PROGRAMS && programs[i].program && programs[i].program != program)
		i++;
	cr_assert_lt(i, PROGRAMS);
	programs[i].program = program;
	return &programs[i];
}

static struct loaded_map *loaded_map(const struct bpf_map *map)
{
	unsigned int i = 0;

	while (i < MAPS && maps[i].map && maps[i].map != map)
		i++;
	cr_assert_lt(i, MAPS);
	if (!maps[i].map)
		maps[i] = (struct loaded_map){ map, -1 };
	return &maps[i];
}

int __real_bpf_object__open_skeleton(struct bpf_object_skeleton *s,
				     const struct bpf_object_open_opts *opts);
int __wrap_bpf_object__open_skeleton(struct bpf_object_skeleton *s,
				     const struct bpf_object_open_opts *opts);
int __wrap_bpf_object__open_skeleton(struct bpf_object_skeleton *s,
				     const struct bpf_object_open_opts *opts)
{
	if (host.stands && is_refused("open", NULL))
		return -errno;
	if (host.stands && opts) {
		log_of_calls = opts->kernel_log_buf;
		size_of_log_of_calls = opts->kernel_log_size;
	}
	return __real_bpf_object__open_skeleton(s, opts);
}

/* A kernel without iterators: symbols come from the fixture's /proc/kallsyms. */
FILE *__wrap_ksym_open(const struct kallsym *symbols, int n);
FILE *__wrap_ksym_open(const struct kallsym *symbols, int n)
{
	(void)symbols;
	(void)n;
	errno = EOPNOTSUPP;
	return NULL;
}

int bpf_program__set_log_buf(struct bpf_program *program, char *log, size_t size)
{
	struct loaded_program *p = loaded(program);

	p->log = log;
	p->log_size = size;
	return 0;
}

/* bpftool may know fewer members than libbpf's header has. */
static const struct bpf_map_skeleton *map_of(const struct bpf_object_skeleton *s, int i)
{
	return (const void *)((const char *)s->maps + (size_t)i * s->map_skel_sz);
}

static const struct bpf_prog_skeleton *program_of(const struct bpf_object_skeleton *s, int i)
{
	return (const void *)((const char *)s->progs + (size_t)i * s->prog_skel_sz);
}

static int load_programs(const struct bpf_object_skeleton *s)
{
	static const char verdict[] = "func#0 @0\n0: (85) call %s\n"
				      "the verifier of this kernel refuses it\n"
				      "processed 1 insns (limit 1000000)\n";
	const struct loaded_program *p;
	const char *name;

	for (int i = 0; i < s->prog_cnt; i++) {
		name = program_of(s, i)->name;
		if (!bpf_program__autoload(*program_of(s, i)->prog) || !is_refused("load", name))
			continue;
		p = loaded(*program_of(s, i)->prog);
		if (p->log)
			snprintf(p->log, p->log_size, verdict, name);
		else
			snprintf(log_of_calls, size_of_log_of_calls, verdict, name);
		return -errno;
	}
	return 0;
}

int bpf_object__load_skeleton(struct bpf_object_skeleton *s)
{
	struct loaded_map *m;
	const void *initial;
	int err = load_programs(s);
	size_t size;

	if (err) {
		errno = -err;
		return err;
	}
	for (int i = 0; i < s->map_cnt; i++) {
		m = loaded_map(*map_of(s, i)->map);
		if (m->fd >= 0)
			continue;
		initial = bpf_map__initial_value((struct bpf_map *)m->map, &size);
		m->fd = make_object(map_of(s, i)->name, false, initial ? size : 64);
		if (initial)
			cr_assert_eq(pwrite(m->fd, initial, size, 0), (ssize_t)size);
	}
	return 0;
}

void __real_bpf_object__destroy_skeleton(struct bpf_object_skeleton *s);
void __wrap_bpf_object__destroy_skeleton(struct bpf_object_skeleton *s);
void __wrap_bpf_object__destroy_skeleton(struct bpf_object_skeleton *s)
{
	for (int i = 0; host.stands && i < MAPS; i++)
		if (maps[i].map && maps[i].fd >= 0)
			__wrap_close(maps[i].fd);
	memset(maps, 0, sizeof(maps));
	memset(programs, 0, sizeof(programs));
	__real_bpf_object__destroy_skeleton(s);
}

int bpf_map__reuse_fd(struct bpf_map *map, int fd)
{
	loaded_map(map)->fd = note_fd(object_by_fd(fd), fcntl(fd, F_DUPFD_CLOEXEC, 0));
	return is_refused("reuse", NULL) ? -errno : 0;
}

int bpf_map__fd(const struct bpf_map *map)
{
	return loaded_map(map)->fd;
}

int bpf_program__fd(const struct bpf_program *program)
{
	if (!bpf_program__autoload(program))
		return -ENOENT;
	return PROGRAM_FD + (int)(loaded(program) - programs);
}

static const char *program_name(int fd)
{
	if (fd >= LINKED_FD)
		return objects[fd - LINKED_FD].name;
	return bpf_program__name(programs[fd - PROGRAM_FD].program);
}

/* What is recorded from now on goes to the maps of the programs that are attached. */
static void use_state(void)
{
	static ino_t current;
	struct stat st;

	for (int i = 0; i < MAPS; i++) {
		if (!maps[i].map || !strstr(bpf_map__name(maps[i].map), ".bss"))
			continue;
		cr_assert_eq(__real_fstat(maps[i].fd, &st), 0);
		if (bpf_kernel.state && st.st_ino == current)
			return;
		current = st.st_ino;
		bpf_kernel.state = mmap(NULL, sizeof(*bpf_kernel.state), PROT_READ | PROT_WRITE,
					MAP_SHARED, maps[i].fd, 0);
		cr_assert_neq(bpf_kernel.state, MAP_FAILED);
		bpf_kernel.count = 0;
	}
}

int bpf_link_create(int program, int target, enum bpf_attach_type type,
		    const struct bpf_link_create_opts *opts)
{
	const char *name, *event;
	int fd;

	(void)opts;
	if (program < PROGRAM_FD) {
		errno = EBADF;
		return -1;
	}
	name = program_name(program);
	if (is_refused("attach", name)) {
		host_log("refused %s", name);
		return -1;
	}
	use_state();
	event = type == BPF_PERF_EVENT ? host_event_of(target) : "";
	fd = make_object(name, true, 0);
	snprintf(objects[object_by_fd(fd)].event, sizeof(objects[0].event), "%s", event);
	host_log("attach %s", name);
	return fd;
}

int bpf_prog_test_run_opts(int program, struct bpf_test_run_opts *opts)
{
	const char *name = program_name(program);
	int err;

	if (is_refused("call", name))
		return -1;
	err = bpf_kernel.on_call(name, (void *)opts->ctx_in);
	opts->retval = err;
	return 0;
}

/* ---- the ring buffer ---- */

struct ring_buffer {
	int fd;
	ring_buffer_sample_fn fn;
	void *ctx;
};
static struct ring_buffer *ring;

static void wake(void)
{
	if (ring)
		cr_assert_eq(eventfd_write(ring->fd, 1), 0);
}

bool bpf_put(const struct snp_event *e)
{
	unsigned int size = sizeof(bpf_kernel.records) / sizeof(bpf_kernel.records[0]);

	if (bpf_kernel.count >= bpf_kernel.room)
		return false;
	bpf_kernel.records[(bpf_kernel.first + bpf_kernel.count++) % size] = *e;
	wake();
	return true;
}

struct ring_buffer *ring_buffer__new(int map, ring_buffer_sample_fn fn, void *ctx,
				     const struct ring_buffer_opts *opts)
{
	(void)map;
	(void)opts;
	if (is_refused("ring", NULL))
		return NULL;
	ring = calloc(1, sizeof(*ring));
	cr_assert(ring);
	*ring = (struct ring_buffer){ eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), fn, ctx };
	if (bpf_kernel.count)
		wake();
	return ring;
}

int ring_buffer__consume(struct ring_buffer *r)
{
	unsigned int size = sizeof(bpf_kernel.records) / sizeof(bpf_kernel.records[0]);
	struct snp_event e;
	eventfd_t value;
	int n = 0, err;

	eventfd_read(r->fd, &value);
	while (bpf_kernel.count) {
		e = bpf_kernel.records[bpf_kernel.first];
		err = r->fn(r->ctx, &e, sizeof(e));
		bpf_kernel.first = (bpf_kernel.first + 1) % size;
		bpf_kernel.count--;
		if (err < 0)
			return err;
		n++;
	}
	return n;
}

int ring_buffer__epoll_fd(const struct ring_buffer *r)
{
	return r->fd;
}

void ring_buffer__free(struct ring_buffer *r)
{
	if (!r)
		return;
	__real_close(r->fd);
	free(r);
	ring = NULL;
}

/* ---- what others do ---- */

void bpf_detach(const char *program)
{
	for (unsigned int id = 1; id <= object_count; id++)
		if (objects[id].is_link && !strcmp(objects[id].name, program))
			objects[id].detached = true;
}

void bpf_begin(void)
{
	bpf_kernel = (struct bpf_kernel){ .room = sizeof(bpf_kernel.records) /
						  sizeof(bpf_kernel.records[0]) };
	memset(refusals, 0, sizeof(refusals));
	host.is_in_use = is_event_in_use;
}

void bpf_end(void)
{
	if (bpf_kernel.state)
		munmap(bpf_kernel.state, sizeof(*bpf_kernel.state));
	bpf_kernel.state = NULL;
}
