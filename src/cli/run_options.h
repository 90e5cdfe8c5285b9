/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The options of run. One table has them all: the command line, the keys of section [run] of the
 * configuration file, and the output of `snp-guard config` come from it.
 */
#ifndef RUN_OPTIONS_H
#define RUN_OPTIONS_H

#include <stdbool.h>

#include "cli/config_file.h"
#include "run/run.h"
#include "session/flight.h"

/*
 * X(symbol, name, short option or 0, type, argument, when it takes effect, field, help). CALL: on
 * the command line only; START: when the guard starts; RELOAD: at SIGHUP too.
 */
#define RUN_OPTIONS(X)                                                                             \
	X(AUDIT, "audit", 0, BOOL, "BOOL", RELOAD, settings.audit,                                 \
	  "Audit mode: report what would be refused, refuse nothing")                              \
	X(FORMAT, "format", 'f', FORMAT, "REPORT", START, settings.format,                         \
	  "text (default), json, or journal: entries in systemd's journal")                        \
	X(PIN, "pin", 0, BOOL, "BOOL", START, settings.pin,                                        \
	  "Keep the gate and the hooks in /sys/fs/bpf/snp-guard when the guard ends; resume "      \
	  "those of an earlier guard")                                                             \
	X(RECORD, "record", 0, FILE, "FILE", START, settings.record,                               \
	  "Write all events to FILE, for `snp-guard replay`")                                      \
	X(RECORD_LIMIT, "record-limit", 0, MIB, "MIB", RELOAD, settings.record_limit,              \
	  "Keep the newest MIB of the recording, in FILE and FILE.1 (default: all)")               \
	X(FLIGHT, "flight-recorder", 0, DIRECTORY, "DIR", START, settings.flight,                  \
	  "At a breach, save the last events and those of the next seconds below DIR "             \
	  "(default " FLIGHT_DIR "); off: never")                                                  \
	X(INTERVAL, "interval", 'i', SECONDS, "SECONDS", RELOAD, settings.interval,                \
	  "Sweep all CPUs every SECONDS (default 10)")                                             \
	X(TEXTFILE, "textfile", 0, FILE, "FILE", START, settings.textfile,                         \
	  "Write metrics to FILE, for node_exporter's textfile collector")                         \
	X(LISTEN, "listen", 0, ADDRESS, "ADDRESS", START, settings.listen,                         \
	  "Serve /metrics and /healthz at IP:PORT (no IP: 127.0.0.1) or unix:PATH")                \
	X(FOR, "for", 0, SECONDS, "SECONDS", CALL, settings.duration,                              \
	  "Stop after SECONDS (default: at SIGINT or SIGTERM)")                                    \
	X(UNTIL_BREACH, "until-breach", 0, BOOL, "BOOL", RELOAD, settings.until_breach,            \
	  "Stop at the first breach, warning or critical")                                         \
	X(BUFFER, "buffer", 0, KIB, "KIB", START, settings.buffer_kib,                             \
	  "Size of the ring buffer, a power of two (default 256, more on large hosts)")            \
	X(SINCE, "since", 0, FILE, "FILE", CALL, since,                                            \
	  "Compare with a snapshot, taken in this boot or before a kexec")                         \
	X(AVOID, "avoid", 0, HOOK_KIND, "KIND", START, settings.avoid,                             \
	  "Use other hook kinds where possible: avoid fentry, kprobe, tracepoint, lsm or "         \
	  "fmod_ret; once for each kind")                                                          \
	X(READY, "ready-file", 0, FILE, "FILE", CALL, settings.ready,                              \
	  "Create FILE when everything is attached and the first sweep is done")                   \
	X(CONFIG, "config", 0, FILE, "FILE", CALL, config,                                         \
	  "Read FILE, and FILE.d/*.conf, instead of " CONFIG_FILE)                                 \
	X(NO_CONFIG, "no-config", 0, FLAG, NULL, CALL, no_config, "Read no configuration file")

enum run_option {
#define X(sym, name, key, type, arg, when, field, help) RUN_OPTION_##sym,
	RUN_OPTIONS(X)
#undef X
		RUN_OPTION_COUNT
};

/* The file and line that a setting comes from. */
struct run_origin {
	const char *file; /* NULL: the default */
	unsigned int line;
};

struct run_options {
	struct run_settings settings;
	char *since, *config; /* NULL: none */
	bool no_config;

	struct run_origin origins[RUN_OPTION_COUNT], severity_origins[SNP_BREACH_COUNT];
	char **files; /* names of the files that were read */
	unsigned int file_count;
	int argc;
	char **argv;
};

/*
 * Reads the configuration, and then the command line, which has the last word. Returns 0, or a
 * negative errno after a message on stderr, -EINVAL for a mistake in the configuration; a usage
 * error ends the process. Keeps argv.
 * run_options_free() in either case.
 */
int run_options_read(struct run_options *o, int argc, char **argv);
void run_options_free(struct run_options *o);

/*
 * Reads everything again during a run: changes the RELOAD settings, and keeps the rest. A mistake
 * in the configuration keeps all settings. Reports the result on stderr.
 */
void run_options_reload(struct run_options *o);

/*
 * Sets the defaults, and then reads the files; path NULL: CONFIG_FILE. Calls problem for each
 * mistake. Returns the number of mistakes, or a negative errno.
 */
int run_options_from_files(struct run_options *o, const char *path,
			   void (*problem)(void *ctx, const char *file, unsigned int line,
					   const char *text),
			   void *ctx);

/* Shows each setting that a file can have; value "": not set. */
void run_options_show(const struct run_options *o,
		      void (*show)(void *ctx, const char *section, const char *key,
				   const char *value, const struct run_origin *origin),
		      void *ctx);

#endif
