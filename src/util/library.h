/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A shared library that is loaded when one of its functions is first called, so that a run without
 * the option that needs the library does not have it in memory.
 *
 * A file beside the library's only user defines functions of the library's own names and types,
 * which hand their arguments on. Its callers see the library's header and nothing else.
 */
#ifndef LIBRARY_H
#define LIBRARY_H

/*
 * Returns a function of a library, or NULL with errno ELIBACC if there is no such library or
 * function. It is safe in several threads.
 */
void *library_function(const char *soname, const char *function);

/*
 * Names the library in a note of the program, where packaging tools look for what it may load
 * (https://uapi-group.org/specifications/specs/elf_dlopen_metadata/).
 */
#define LIBRARY_NOTE(soname, feature, why)                                                         \
	__asm__(".pushsection .note.dlopen, \"a\", %note\n"                                        \
		"	.balign 4\n"                                                                     \
		"	.long 4, 2f - 1f, 0x407c0c0a\n"                                                  \
		"	.asciz \"FDO\"\n"                                                                \
		"1:	.asciz \"[{\\\"feature\\\":\\\"" feature                                   \
		"\\\",\\\"description\\\":\\\"" why                                                \
		"\\\",\\\"priority\\\":\\\"recommended\\\",\\\"soname\\\":[\\\"" soname            \
		"\\\"]}]\"\n"                                                                      \
		"2:	.balign 4\n"                                                                   \
		".popsection\n")

#endif
