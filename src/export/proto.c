/* Tags, lengths and numbers: see the header. */
#include "export/proto.h"

#include <string.h>

void scull_export_proto_varint(scull_text_t *to, uint64_t value) {
  char byte = 0;
  do {
    byte = (char)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
    scull_base_text_add(to, &byte, 1);
    value >>= 7;
  } while (value > 0);
}

void scull_export_proto_tag(scull_text_t *to, uint32_t number, unsigned type) {
  scull_export_proto_varint(to, (uint64_t)number << 3 | type);
}

void scull_export_proto_int(scull_text_t *to, uint32_t number, int64_t value) {
  scull_export_proto_tag(to, number, 0);
  scull_export_proto_varint(to, (uint64_t)value);
}

static void add_raw(scull_text_t *to, const void *data, size_t size) {
  scull_base_text_add(to, data, size);
}

void scull_export_proto_float(scull_text_t *to, uint32_t number, float value) {
  scull_export_proto_tag(to, number, 5);
  add_raw(to, &value, sizeof value);
}

void scull_export_proto_double(scull_text_t *to, uint32_t number, double value) {
  scull_export_proto_tag(to, number, 1);
  add_raw(to, &value, sizeof value);
}

void scull_export_proto_bytes(scull_text_t *to, uint32_t number, const void *data, size_t size) {
  scull_export_proto_tag(to, number, 2);
  scull_export_proto_varint(to, size);
  add_raw(to, data, size);
}

void scull_export_proto_text(scull_text_t *to, uint32_t number, const char *value) {
  scull_export_proto_bytes(to, number, value, strlen(value));
}

void scull_export_proto_message(scull_text_t *to, uint32_t number, scull_text_t *inner) {
  scull_export_proto_bytes(to, number, scull_base_text_get(inner), inner->size);
  to->failed = to->failed || inner->failed;
  scull_base_text_deinit(inner);
}
