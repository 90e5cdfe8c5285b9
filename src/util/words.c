// SPDX-License-Identifier: GPL-2.0-only
#include "util/words.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int words_find(const char *const *words, const char *word)
{
	for (int i = 0; words[i]; i++)
		if (!strcmp(words[i], word))
			return i;
	return -EINVAL;
}

char *words_join(const char *const *words, char *buf, size_t size)
{
	size_t used = 0;

	*buf = 0;
	for (int i = 0; words[i] && used < size; i++)
		used += snprintf(buf + used, size - used, "%s%s",
				 !i		? ""
				 : words[i + 1] ? ", "
						: " or ",
				 words[i]);
	return buf;
}
