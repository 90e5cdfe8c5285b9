// SPDX-License-Identifier: GPL-2.0-only
#include "host/snapshot.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abi/event.h"
#include "host/cpuid.h"
#include "util/json.h"
#include "util/printable.h"

/* Raised by one when a member changes its meaning or is removed. */
#define SNAPSHOT_SCHEMA 1
/* A CPU takes some 70 bytes; the largest host needs less. */
#define SNAPSHOT_SIZE_MAX (8u << 20)

int snapshot_list(struct snapshot *s, const struct platform *p)
{
	struct cpulist present = { 0 }, online = { 0 };
	int err;

	*s = (struct snapshot){ .hotplug_count = SNP_COUNT_UNKNOWN };
	platform_boot_id(p, s->boot_id);
	platform_release(p, s->release);
	make_printable(s->boot_id);
	make_printable(s->release);
	err = platform_cpus(p, "present", &present);
	if (!err)
		err = platform_cpus(p, "online", &online);
	if (err)
		goto out;
	s->count = present.len > online.len ? present.len : online.len;
	s->cpus = calloc(s->count + 1, sizeof(*s->cpus));
	if (!s->cpus) {
		err = -ENOMEM;
		goto out;
	}
	for (unsigned int i = 0; i < s->count; i++) {
		struct snapshot_cpu *c = &s->cpus[i];

		c->present = cpulist_has(&present, i);
		c->online = cpulist_has(&online, i);
	}
out:
	cpulist_free(&present);
	cpulist_free(&online);
	return err;
}

void snapshot_read_cpu(struct snapshot *s, const struct platform *p, unsigned int cpu)
{
	struct snapshot_cpu *c = &s->cpus[cpu];
	int fd;

	if (!c->online)
		return;
	fd = platform_msr_open(p, cpu);
	c->err = fd < 0 ? fd : platform_msr_read(fd, SNP_MSR_SYSCFG, &c->syscfg);
	c->has_rmpopt = s->rmpopt && !c->err;
	if (c->has_rmpopt)
		c->rmpopt_err = platform_msr_read(fd, SNP_MSR_RMPOPT, &c->rmpopt);
	if (fd >= 0)
		close(fd);
}

void snapshot_read_hsave(struct snapshot *s, const struct platform *p, unsigned int cpu)
{
	struct snapshot_cpu *c = &s->cpus[cpu];

	c->no_hsave = c->online && !c->err && platform_lacks_hsave(p, cpu) > 0;
}

int snapshot_take(struct snapshot *s, const struct platform *p)
{
	int err = snapshot_list(s, p);

	s->rmpopt = cpuid_has_rmpopt(p);
	for (unsigned int i = 0; !err && i < s->count; i++) {
		snapshot_read_cpu(s, p, i);
		snapshot_read_hsave(s, p, i);
	}
	return err;
}

static struct json_object *cpu_to_json(unsigned int cpu, const struct snapshot_cpu *c)
{
	struct json_object *o = json_object_new_object();
	char text[24];

	json_put_int(o, "cpu", cpu);
	json_put_bool(o, "online", c->online);
	if (c->online && !c->err) {
		/* %#llx would print 0 without 0x. */
		snprintf(text, sizeof(text), "0x%llx", (unsigned long long)c->syscfg);
		json_put_str(o, "syscfg", text);
	}
	return o;
}

int snapshot_write(const struct snapshot *s, FILE *f)
{
	struct json_object *o = json_object_new_object(), *cpus = json_object_new_array();
	int err;

	json_put_int(o, "schema", SNAPSHOT_SCHEMA);
	json_put_str(o, "type", "snapshot");
	json_put_str(o, "boot_id", s->boot_id);
	json_put_str(o, "release", s->release);
	if (s->hotplug_count != SNP_COUNT_UNKNOWN)
		json_put_int(o, "count", s->hotplug_count);
	for (unsigned int i = 0; i < s->count; i++)
		if (s->cpus[i].present)
			json_append(cpus, cpu_to_json(i, &s->cpus[i]));
	json_put(o, "cpus", cpus);
	errno = 0;
	err = json_print(f, o);
	if (!err && ferror(f))
		err = errno ? -errno : -EIO;
	return err;
}

static struct json_object *member(struct json_object *o, const char *key, enum json_type type)
{
	struct json_object *value = NULL;

	if (!json_object_object_get_ex(o, key, &value) || !json_object_is_type(value, type))
		return NULL;
	return value;
}

static int read_string(struct json_object *o, const char *key, char *buf, size_t size)
{
	struct json_object *value = member(o, key, json_type_string);

	if (!value || strlen(json_object_get_string(value)) >= size)
		return -EBADMSG;
	strcpy(buf, json_object_get_string(value));
	return 0;
}

static int read_cpu(struct snapshot *s, struct json_object *o)
{
	struct json_object *number = member(o, "cpu", json_type_int);
	struct json_object *online = member(o, "online", json_type_boolean);
	struct json_object *syscfg = member(o, "syscfg", json_type_string);
	struct snapshot_cpu *c;
	int64_t cpu = number ? json_object_get_int64(number) : -1;
	const char *text;
	char *end;

	if (cpu < 0 || cpu >= s->count || !online)
		return -EBADMSG;
	c = &s->cpus[cpu];
	c->present = true;
	c->online = json_object_get_boolean(online);
	c->err = syscfg ? 0 : -ENODATA;
	if (!syscfg)
		return 0;
	text = json_object_get_string(syscfg);
	/* strtoull() accepts signs, blanks and an empty string, too. */
	if (strncmp(text, "0x", 2) || !isxdigit((unsigned char)text[2]))
		return -EBADMSG;
	c->syscfg = strtoull(text, &end, 16);
	return *end ? -EBADMSG : 0;
}

static int from_json(struct snapshot *s, struct json_object *o)
{
	struct json_object *schema = member(o, "schema", json_type_int);
	struct json_object *count = member(o, "count", json_type_int);
	struct json_object *cpus = member(o, "cpus", json_type_array);
	int err = 0;

	if (!schema || json_object_get_int(schema) != SNAPSHOT_SCHEMA || !cpus ||
	    read_string(o, "boot_id", s->boot_id, sizeof(s->boot_id)) ||
	    read_string(o, "release", s->release, sizeof(s->release)))
		return -EBADMSG;
	s->hotplug_count = count ? json_object_get_int(count) : SNP_COUNT_UNKNOWN;
	if (s->hotplug_count < SNP_COUNT_UNKNOWN || s->hotplug_count > SNP_COUNT_MAX)
		return -EBADMSG;
	/* CPU numbers may have holes. */
	s->count = CPULIST_MAX;
	s->cpus = calloc(s->count, sizeof(*s->cpus));
	if (!s->cpus)
		return -ENOMEM;
	for (size_t i = 0; !err && i < json_object_array_length(cpus); i++)
		err = read_cpu(s, json_object_array_get_idx(cpus, i));
	return err;
}

/* json_tokener_parse() would ignore what follows the object. */
static struct json_object *parse_whole(const char *text, size_t size)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *o;

	if (!tokener)
		return NULL;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	o = json_tokener_parse_ex(tokener, text, size);
	if (json_tokener_get_error(tokener) != json_tokener_success) {
		json_object_put(o);
		o = NULL;
	}
	json_tokener_free(tokener);
	return o;
}

int snapshot_read(struct snapshot *s, FILE *f)
{
	struct json_object *o = NULL;
	char *text;
	size_t n;
	int err;

	*s = (struct snapshot){ .hotplug_count = SNP_COUNT_UNKNOWN };
	text = malloc(SNAPSHOT_SIZE_MAX);
	if (!text)
		return -ENOMEM;
	errno = 0;
	n = fread(text, 1, SNAPSHOT_SIZE_MAX - 1, f);
	text[n] = 0;
	if (ferror(f)) {
		err = errno ? -errno : -EIO;
		goto out;
	}
	o = parse_whole(text, n + 1);
	err = o && json_object_is_type(o, json_type_object) ? from_json(s, o) : -EBADMSG;
out:
	json_object_put(o);
	free(text);
	return err;
}

void snapshot_free(struct snapshot *s)
{
	free(s->cpus);
	*s = (struct snapshot){ 0 };
}

bool snapshot_has_snp_en(const struct snapshot *now)
{
	for (unsigned int i = 0; i < now->count; i++)
		if (now->cpus[i].online && !now->cpus[i].err &&
		    now->cpus[i].syscfg & SNP_SYSCFG_SNP_EN)
			return true;
	return false;
}
