// SPDX-License-Identifier: GPL-2.0-only
#include "cli/config_file.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * inih passes its handler neither line numbers nor sections without keys, and skips lines that it
 * can't parse. So next_line() examines each line on its way to inih.
 */
struct parse {
	FILE *f;
	const char *name;
	const struct config_user *user;
	unsigned int line;
	char *buf;
	size_t room;
	bool unclaimed; /* the line before should have become a key */
	bool ignored;	/* the section is unknown: skip its keys */
	int problems;
	int err; /* a negative errno if it could not be read to its end */
};

static void __attribute__((format(printf, 2, 3))) problem(struct parse *p, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	p->user->problem(p->user->ctx, p->name, p->line, text);
	p->problems++;
}

static void begin_section(struct parse *p, const char *heading)
{
	const char *end = strchr(heading, ']');
	char section[64], why[256];

	p->ignored = true;
	if (!end) {
		problem(p, "a section's heading ends with `]`");
		return;
	}
	snprintf(section, sizeof(section), "%.*s", (int)(end - heading - 1), heading + 1);
	p->ignored = p->user->section(p->user->ctx, section, why, sizeof(why));
	if (p->ignored)
		problem(p, "%s", why);
}

static bool is_text(const char *line)
{
	for (; *line; line++)
		if (iscntrl((unsigned char)*line) && *line != '\t')
			return false;
	return true;
}

static void check_claimed(struct parse *p)
{
	if (p->unclaimed)
		problem(p, "not `KEY = VALUE`, [SECTION] or a comment");
	p->unclaimed = false;
}

/*
 * Stands in for fgets(): returns the next line without leading blanks, with which inih would take
 * the line for a continuation of the value before.
 */
static char *next_line(char *str, int num, void *ctx)
{
	struct parse *p = ctx;
	ssize_t len;
	char *line;

	check_claimed(p);
	errno = 0;
	len = getline(&p->buf, &p->room, p->f);
	if (len < 0) {
		p->err = feof(p->f) ? 0 : errno ? -errno : -EIO;
		return NULL;
	}
	p->line++;
	*str = 0;
	line = p->buf;
	while (len && isspace((unsigned char)line[len - 1]))
		line[--len] = 0;
	if (strlen(line) != (size_t)len || !is_text(line)) {
		problem(p, "contains control characters");
		return str;
	}
	while (isspace((unsigned char)*line))
		line++;
	if (!*line || *line == '#' || *line == ';')
		return str;
	if (strlen(line) >= (size_t)num) {
		problem(p, "longer than %d characters", num - 1);
		return str;
	}
	if (*line == '[')
		begin_section(p, line);
	else
		p->unclaimed = true;
	strcpy(str, line);
	return str;
}

static int take_key(void *ctx, const char *section, const char *key, const char *value)
{
	struct parse *p = ctx;
	char why[256];
	int err = 0;

	p->unclaimed = false;
	if (p->ignored)
		return 1;
	if (!*section)
		problem(p, "`%s` is in no section; put [run] before it", key);
	else
		err = p->user->key(p->user->ctx, section, key, value, p->name, p->line, why,
				   sizeof(why));
	if (err == -ENOMEM)
		p->err = err;
	else if (err)
		problem(p, "%s", why);
	return 1;
}

/* True if the path is wrong, and stays so; else the file may be readable later. */
static bool is_mistake(int err)
{
	return err == ENOENT || err == ENOTDIR || err == ELOOP || err == ENAMETOOLONG ||
	       err == EISDIR || err == EACCES || err == EPERM;
}

/*
 * Reports the problem. Returns 1 for a mistake, or a negative errno, never -EINVAL, for what may
 * pass.
 */
static int unreadable(const char *path, int err, const struct config_user *user)
{
	user->problem(user->ctx, path, 0, strerror(err));
	if (is_mistake(err))
		return 1;
	return err == EINVAL ? -EIO : -err;
}

int config_read_stream(FILE *f, const char *name, const struct config_user *user)
{
	struct parse p = { .f = f, .name = name, .user = user };

	/* inih returns the first line that it could not parse, which next_line() has reported. */
	int err = ini_parse_stream(next_line, &p, take_key, &p);

	free(p.buf);
	if (err == -2)
		p.err = -ENOMEM;
	return p.err ? unreadable(name, -p.err, user) : p.problems;
}

/* Why a process of root must not obey a file or directory, or NULL. */
static const char *distrust(const struct stat *st, mode_t type)
{
	if ((st->st_mode & S_IFMT) != type)
		return type == S_IFDIR ? "not a directory" : "not a regular file";
	if (st->st_uid && st->st_uid != geteuid())
		return "not owned by root; chown root it";
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return "others than root may write to it; chmod go-w it";
	return NULL;
}

/* f reads from fd. */
static int read_trusted(int fd, FILE *f, const char *path, const struct config_user *user)
{
	const char *why;
	struct stat st;

	if (fstat(fd, &st))
		return unreadable(path, errno, user);
	why = distrust(&st, S_IFREG);
	if (!why)
		return config_read_stream(f, path, user);
	user->problem(user->ctx, path, 0, why);
	return 1;
}

static int read_file(const char *path, bool may_be_missing, const struct config_user *user)
{
	/* Opening a FIFO must not block. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), problems;
	FILE *f;

	if (fd < 0 && errno == ENOENT && may_be_missing)
		return 0;
	f = fd < 0 ? NULL : fdopen(fd, "r");
	if (!f) {
		problems = unreadable(path, errno, user);
		if (fd >= 0)
			close(fd);
		return problems;
	}
	problems = read_trusted(fd, f, path, user);
	fclose(f);
	return problems;
}

static int is_drop_in(const struct dirent *d)
{
	size_t len = strlen(d->d_name);

	return d->d_name[0] != '.' && len > 5 && !strcmp(d->d_name + len - 5, ".conf");
}

/* Problems, or the errno of what could not be read. */
static int sum(int problems, int more)
{
	if (problems < 0)
		return problems;
	return more < 0 ? more : problems + more;
}

static int read_drop_ins(const char *dir, const struct config_user *user)
{
	struct dirent **names = NULL;
	int problems = 0, n, found;
	const char *why;
	struct stat st;
	char *path;

	if (stat(dir, &st))
		return errno == ENOENT ? 0 : unreadable(dir, errno, user);
	why = distrust(&st, S_IFDIR);
	if (why) {
		user->problem(user->ctx, dir, 0, why);
		return 1;
	}
	n = scandir(dir, &names, is_drop_in, alphasort);
	if (n < 0)
		return unreadable(dir, errno, user);
	for (int i = 0; i < n; i++) {
		found = -ENOMEM;
		if (problems >= 0 && asprintf(&path, "%s/%s", dir, names[i]->d_name) >= 0) {
			found = read_file(path, false, user);
			free(path);
		}
		problems = sum(problems, found);
		free(names[i]);
	}
	free(names);
	return problems;
}

int config_read(const char *path, const struct config_user *user)
{
	int problems;
	char *dir;

	if (asprintf(&dir, "%s.d", path ? path : CONFIG_FILE) < 0)
		return -ENOMEM;
	problems = read_file(path ? path : CONFIG_FILE, !path, user);
	problems = sum(problems, read_drop_ins(dir, user));
	free(dir);
	return problems;
}
