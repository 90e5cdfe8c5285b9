// SPDX-License-Identifier: GPL-2.0-only
/* libmicrohttpd's functions. Once a daemon has started, all of them can be had. */
#include <errno.h>
#include <microhttpd.h>
#include <stdarg.h>

#include "util/library.h"

#define SONAME "libmicrohttpd.so.12"
LIBRARY_NOTE(SONAME, "http", "What --listen serves");

#define OWN(function) ((__typeof__(function) *)library_function(SONAME, #function))

const char *MHD_get_version(void)
{
	__typeof__(MHD_get_version) *own = OWN(MHD_get_version);

	return own ? own() : NULL;
}

struct MHD_Daemon *MHD_start_daemon(unsigned int flags, uint16_t port,
				    MHD_AcceptPolicyCallback accept, void *accept_ctx,
				    MHD_AccessHandlerCallback handler, void *handler_ctx, ...)
{
	__typeof__(MHD_start_daemon_va) *own = OWN(MHD_start_daemon_va);
	struct MHD_Daemon *daemon;
	va_list options;

	if (!own || !OWN(MHD_stop_daemon))
		return NULL;
	va_start(options, handler_ctx);
	daemon = own(flags, port, accept, accept_ctx, handler, handler_ctx, options);
	va_end(options);
	return daemon;
}

void MHD_stop_daemon(struct MHD_Daemon *daemon)
{
	OWN(MHD_stop_daemon)(daemon);
}

const union MHD_ConnectionInfo *MHD_get_connection_info(struct MHD_Connection *connection,
							enum MHD_ConnectionInfoType type, ...)
{
	return OWN(MHD_get_connection_info)(connection, type);
}

struct MHD_Response *MHD_create_response_from_buffer(size_t size, void *buffer,
						     enum MHD_ResponseMemoryMode mode)
{
	return OWN(MHD_create_response_from_buffer)(size, buffer, mode);
}

enum MHD_Result MHD_add_response_header(struct MHD_Response *response, const char *header,
					const char *content)
{
	return OWN(MHD_add_response_header)(response, header, content);
}

enum MHD_Result MHD_queue_response(struct MHD_Connection *connection, unsigned int status,
				   struct MHD_Response *response)
{
	return OWN(MHD_queue_response)(connection, status, response);
}

void MHD_destroy_response(struct MHD_Response *response)
{
	OWN(MHD_destroy_response)(response);
}
