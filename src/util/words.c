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

bool words_has(const char *list, const char *separators, const char *word)
{
	const char *at = list;
	size_t len;

	while (*(at += strspn(at, separators))) {
		len = strcspn(at, separators);
		if (len == strlen(word) && !strncmp(at, word, len))
			return true;
		at += len;
	}
	return false;
}
