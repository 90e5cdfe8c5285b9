/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What run is asked to do. One table has the options: from it come those of the command line, the
 * keys of the configuration file's section [run], and what `snp-guard config` shows.
 */
#ifndef RUN_OPTIONS_H
#define RUN_OPTIONS_H

#include <stdbool.h>

#include "cli/config_file.h"
#include "run/run.h"

/*
 * X(symbol, name, short option or 0, type, argument, when it takes effect, field, help). CALL: it
 * belongs to one call and is no key; START: when the guard starts; RELOAD: at SIGHUP too.
 */
#define RUN_OPTIONS(X)                                                                             \
	X(AUDIT, "audit", 0, BOOL, "BOOL", RELOAD, settings.audit,                                 \
	  "Sense without gating: refuse nothing")                                                  \
	X(FORMAT, "format", 'f', FORMAT, "REPORT", START, settings.format,                         \
	  "text (default), json, or journal: tell the journal what calls for attention")           \
	X(PIN, "pin", 0, BOOL, "BOOL", START, settings.pin,                                        \
	  "Keep gate and sensors in /sys/fs/bpf/snp-guard when the guard ends, and take up what "  \
	  "an earlier one left there")                                                             \
	X(RECORD, "record", 0, FILE, "FILE", START, settings.record,                               \
	  "Keep the events for `snp-guard replay`")                                                \
	X(INTERVAL, "interval", 'i', SECONDS, "SECONDS", RELOAD, settings.interval,                \
	  "Look at SYSCFG of every CPU this often (default 10)")                                   \
	X(TEXTFILE, "textfile", 0, FILE, "FILE", START, settings.textfile,                         \
	  "Write metrics to FILE, for node_exporter's textfile collector")                         \
	X(LISTEN, "listen", 0, ADDRESS, "ADDRESS", START, settings.listen,                         \
	  "Serve /metrics and /healthz at HOST:PORT (no HOST: 127.0.0.1) or unix:PATH")            \
	X(FOR, "for", 0, SECONDS, "SECONDS", CALL, settings.duration,                              \
	  "End after so long (default: at SIGINT or SIGTERM)")                                     \
	X(UNTIL_BREACH, "until-breach", 0, BOOL, "BOOL", RELOAD, settings.until_breach,            \
	  "End at the first warning or critical breach")                                           \
	X(BUFFER, "buffer", 0, KIB, "KIB", START, settings.buffer_kib,                             \
	  "Size of the ring buffer, a power of two (default 256, more on large hosts)")            \
	X(SINCE, "since", 0, FILE, "FILE", CALL, since,                                            \
	  "Compare with a snapshot taken before, across a kexec")                                  \
	X(AVOID, "avoid", 0, HOOK_KIND, "KIND", START, settings.avoid,                             \
	  "Do without hooks of a kind, as far as others can serve: fentry, kprobe, tracepoint or " \
	  "lsm; once for each kind")                                                               \
	X(READY, "ready-file", 0, FILE, "FILE", CALL, settings.ready,                              \
	  "Create FILE once all is attached and the first sweep is done")                          \
	X(CONFIG, "config", 0, FILE, "FILE", CALL, config,                                         \
	  "Read FILE, and FILE.d/*.conf, instead of " CONFIG_FILE)                                 \
	X(NO_CONFIG, "no-config", 0, FLAG, NULL, CALL, no_config, "Read no configuration file")

enum run_option {
#define X(sym, name, key, type, arg, when, field, help) RUN_OPTION_##sym,
	RUN_OPTIONS(X)
#undef X
		RUN_OPTION_COUNT
};

/* Where a setting comes from. */
struct run_origin {
	const char *file; /* NULL: it is the default */
	unsigned int line;
};

struct run_options {
	struct run_settings settings;
	char *since, *config; /* NULL: none */
	bool no_config;

	struct run_origin origins[RUN_OPTION_COUNT], severity_origins[SNP_BREACH_COUNT];
	char **files; /* names of those that were read */
	unsigned int file_count;
	int argc;
	char **argv;
};

/*
 * Reads the configuration, and the command line over it. Returns 0, or a negative errno after it
 * said why; a usage error ends the process. argv is kept. run_options_free() in either case.
 */
int run_options_read(struct run_options *o, int argc, char **argv);
void run_options_free(struct run_options *o);

/*
 * Reads all of it again while a run goes on, and says on stderr what came of it: what can change
 * changes, what can't stays; with a mistake in it all stays.
 */
void run_options_reload(struct run_options *o);

/*
 * Defaults, and the files over them; path NULL: CONFIG_FILE. Each problem is told. Returns how
 * many, or a negative errno.
 */
int run_options_from_files(struct run_options *o, const char *path,
			   void (*problem)(void *ctx, const char *file, unsigned int line,
					   const char *text),
			   void *ctx);

/* Each setting that a file can have; value "": it is not set. */
void run_options_show(const struct run_options *o,
		      void (*show)(void *ctx, const char *section, const char *key,
				   const char *value, const struct run_origin *origin),
		      void *ctx);

#endif
