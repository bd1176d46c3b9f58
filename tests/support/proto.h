/* Writes protobuf messages byte by byte, for tests of the readers. Bytes are added to a text; an
 * inner message is written to a text of its own and then added as bytes. */
#ifndef SCULL_TESTS_SUPPORT_PROTO_H
#define SCULL_TESTS_SUPPORT_PROTO_H

#include "base/text.h"

void proto_varint(scull_text_t *to, uint64_t value);
void proto_tag(scull_text_t *to, uint32_t number, unsigned type);
void proto_int(scull_text_t *to, uint32_t number, int64_t value);
void proto_float(scull_text_t *to, uint32_t number, float value);
void proto_double(scull_text_t *to, uint32_t number, double value);
void proto_bytes(scull_text_t *to, uint32_t number, const void *data, size_t size);
void proto_text(scull_text_t *to, uint32_t number, const char *value);
/* Adds `inner` as field `number` and empties it. */
void proto_message(scull_text_t *to, uint32_t number, scull_text_t *inner);

/* The bytes so far. */
scull_bytes_t proto_get(const scull_text_t *from);

#endif
