// SPDX-License-Identifier: GPL-2.0-only
#include "util/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>

/* A library that is loaded already is only found again. It stays loaded: it may have threads. */
void *library_function(const char *soname, const char *function)
{
	void *handle = dlopen(soname, RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);
	void *found = handle ? dlsym(handle, function) : NULL;

	if (handle)
		dlclose(handle);
	if (!found)
		errno = ELIBACC;
	return found;
}
