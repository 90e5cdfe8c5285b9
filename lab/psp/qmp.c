// SPDX-License-Identifier: GPL-2.0-only
#include "psp/qmp.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "psp/unix_socket.h"

enum { QMP_TIMEOUT_SECONDS = 10 };

/* A connection; each line is a JSON document (QEMU docs/interop/qmp-spec.rst). */
struct qmp {
	FILE *in;
	int fd;
};

static int qmp_send(struct qmp *qmp, struct json_object *request)
{
	const char *text = json_object_to_json_string_ext(request, JSON_C_TO_STRING_PLAIN);

	return dprintf(qmp->fd, "%s\n", text) < 0 ? -errno : 0;
}

static struct json_object *qmp_receive(struct qmp *qmp)
{
	char *line = NULL;
	size_t room = 0;
	struct json_object *answer = NULL;

	if (getline(&line, &room, qmp->in) > 0)
		answer = json_tokener_parse(line);
	free(line);
	return answer;
}

/* Waits for the answer and skips events. *result is the caller's, to release. */
static int qmp_answer(struct qmp *qmp, struct json_object **result, char *error, size_t error_size)
{
	struct json_object *answer, *part, *text;

	while ((answer = qmp_receive(qmp))) {
		if (json_object_object_get_ex(answer, "return", &part)) {
			*result = json_object_get(part);
			json_object_put(answer);
			return 0;
		}
		if (json_object_object_get_ex(answer, "error", &part)) {
			if (json_object_object_get_ex(part, "desc", &text))
				snprintf(error, error_size, "%s", json_object_get_string(text));
			json_object_put(answer);
			return -EIO;
		}
		json_object_put(answer);
	}
	snprintf(error, error_size, "no answer from QEMU");
	return -ETIMEDOUT;
}

/* Runs a command, and releases arguments. *result is the caller's, to release. */
static int qmp_run(struct qmp *qmp, const char *command, struct json_object *arguments,
		   struct json_object **result, char *error, size_t error_size)
{
	struct json_object *request = json_object_new_object();
	int err;

	json_object_object_add(request, "execute", json_object_new_string(command));
	if (arguments)
		json_object_object_add(request, "arguments", arguments);
	err = qmp_send(qmp, request);
	json_object_put(request);
	if (err) {
		snprintf(error, error_size, "%s", strerror(-err));
		return err;
	}
	return qmp_answer(qmp, result, error, error_size);
}

static int64_t place(struct json_object *slot, const char *level)
{
	struct json_object *props, *id;

	if (!json_object_object_get_ex(slot, "props", &props) ||
	    !json_object_object_get_ex(props, level, &id))
		return 0;
	return json_object_get_int64(id);
}

static int compare_slots(const void *a, const void *b)
{
	static const char *const levels[] = { "socket-id", "die-id", "module-id", "core-id",
					      "thread-id" };
	struct json_object *const *x = a, *const *y = b;

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		int64_t p = place(*x, levels[i]), q = place(*y, levels[i]);

		if (p != q)
			return p < q ? -1 : 1;
	}
	return 0;
}

/* The arguments of device_add for CPU number cpu; NULL, with the reason in error, on failure. */
static struct json_object *slot_arguments(struct json_object *slots, unsigned int cpu, char *error,
					  size_t error_size)
{
	struct json_object *slot, *type, *props, *arguments;
	char id[32];

	json_object_array_sort(slots, compare_slots);
	slot = json_object_array_get_idx(slots, cpu);
	if (!slot || !json_object_object_get_ex(slot, "type", &type) ||
	    !json_object_object_get_ex(slot, "props", &props)) {
		snprintf(error, error_size, "QEMU has no slot for CPU %u", cpu);
		return NULL;
	}
	if (json_object_object_get_ex(slot, "qom-path", NULL)) {
		snprintf(error, error_size, "CPU %u already exists", cpu);
		return NULL;
	}
	snprintf(id, sizeof(id), "cpu%u", cpu);
	arguments = json_object_new_object();
	json_object_object_add(arguments, "driver", json_object_get(type));
	json_object_object_add(arguments, "id", json_object_new_string(id));
	json_object_object_foreach(props, key, value)
		json_object_object_add(arguments, key, json_object_get(value));
	return arguments;
}

static int add_cpu(struct qmp *qmp, unsigned int cpu, char *error, size_t error_size)
{
	struct json_object *result = NULL, *arguments;
	int err;

	json_object_put(qmp_receive(qmp)); /* the greeting */
	err = qmp_run(qmp, "qmp_capabilities", NULL, &result, error, error_size);
	if (err)
		return err;
	json_object_put(result);
	err = qmp_run(qmp, "query-hotpluggable-cpus", NULL, &result, error, error_size);
	if (err)
		return err;
	arguments = slot_arguments(result, cpu, error, error_size);
	json_object_put(result);
	if (!arguments)
		return -EINVAL;
	err = qmp_run(qmp, "device_add", arguments, &result, error, error_size);
	if (err)
		return err;
	json_object_put(result);
	return 0;
}

int qmp_cpu_add(const char *path, unsigned int cpu, char *error, size_t error_size)
{
	const struct timeval timeout = { .tv_sec = QMP_TIMEOUT_SECONDS };
	struct qmp qmp = { .fd = unix_connect(path) };
	int err;

	snprintf(error, error_size, "%s", "QEMU gave no reason");
	if (qmp.fd < 0) {
		snprintf(error, error_size, "%s: %s", path, strerror(-qmp.fd));
		return qmp.fd;
	}
	setsockopt(qmp.fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	qmp.in = fdopen(qmp.fd, "r");
	if (!qmp.in) {
		err = -errno;
		close(qmp.fd);
		return err;
	}
	err = add_cpu(&qmp, cpu, error, error_size);
	fclose(qmp.in);
	return err;
}
