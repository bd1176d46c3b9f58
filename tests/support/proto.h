/* Protobuf messages for tests of the readers, byte by byte: the exporter's writer under short
 * names. Bytes are added to a text; an inner message is written to a text of its own and then
 * added.
 */
#ifndef SCULL_TESTS_SUPPORT_PROTO_H
#define SCULL_TESTS_SUPPORT_PROTO_H

#include "export/proto.h"

#define proto_varint scull_export_proto_varint
#define proto_tag scull_export_proto_tag
#define proto_int scull_export_proto_int
#define proto_float scull_export_proto_float
#define proto_double scull_export_proto_double
#define proto_bytes scull_export_proto_bytes
#define proto_text scull_export_proto_text
#define proto_message scull_export_proto_message

/* The bytes so far. */
scull_bytes_t proto_get(const scull_text_t *from);

#endif
