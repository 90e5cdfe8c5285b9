/* SPDX-License-Identifier: GPL-2.0-only */
/* What cppcheck, which reads no system headers, has to know of macros that look like syntax. */
#define LIBBPF_OPTS(type, name, ...)		  struct type name = { __VA_ARGS__ }
#define bpf_object__for_each_program(pos, object) for (pos = 0; pos; pos = next(object, pos))
#define bpf_object__for_each_map(pos, object)	  for (pos = 0; pos; pos = next(object, pos))
#define json_object_object_foreach(object, key, value)                                             \
	struct json_object *value;                                                                 \
	for (char *key = first(object, &value); key; key = next(object, &value))
