/* Writes protobuf messages: fields are added to a text; an inner message is written to a text of
 * its own and then added. Only the end of a long message need be checked for shortage of memory
 * (text->failed). */
#ifndef SCULL_EXPORT_PROTO_H
#define SCULL_EXPORT_PROTO_H

#include "base/text.h"

void scull_export_proto_varint(scull_text_t *to, uint64_t value);
void scull_export_proto_tag(scull_text_t *to, uint32_t number, unsigned type);
void scull_export_proto_int(scull_text_t *to, uint32_t number, int64_t value);
void scull_export_proto_float(scull_text_t *to, uint32_t number, float value);
void scull_export_proto_double(scull_text_t *to, uint32_t number, double value);
void scull_export_proto_bytes(scull_text_t *to, uint32_t number, const void *data, size_t size);
void scull_export_proto_text(scull_text_t *to, uint32_t number, const char *value);
/* Adds `inner` as field `number` and empties it. */
void scull_export_proto_message(scull_text_t *to, uint32_t number, scull_text_t *inner);

#endif
