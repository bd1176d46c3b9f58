/* See proto.h. */
#include "support/proto.h"

#include <string.h>

void proto_varint(scull_text_t *to, uint64_t value) {
  char byte = 0;
  do {
    byte = (char)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
    scull_base_text_add(to, &byte, 1);
    value >>= 7;
  } while (value > 0);
}

void proto_tag(scull_text_t *to, uint32_t number, unsigned type) {
  proto_varint(to, (uint64_t)number << 3 | type);
}

void proto_int(scull_text_t *to, uint32_t number, int64_t value) {
  proto_tag(to, number, 0);
  proto_varint(to, (uint64_t)value);
}

static void add_raw(scull_text_t *to, const void *data, size_t size) {
  scull_base_text_add(to, data, size);
}

void proto_float(scull_text_t *to, uint32_t number, float value) {
  proto_tag(to, number, 5);
  add_raw(to, &value, sizeof value);
}

void proto_double(scull_text_t *to, uint32_t number, double value) {
  proto_tag(to, number, 1);
  add_raw(to, &value, sizeof value);
}

void proto_bytes(scull_text_t *to, uint32_t number, const void *data, size_t size) {
  proto_tag(to, number, 2);
  proto_varint(to, size);
  add_raw(to, data, size);
}

void proto_text(scull_text_t *to, uint32_t number, const char *value) {
  proto_bytes(to, number, value, strlen(value));
}

void proto_message(scull_text_t *to, uint32_t number, scull_text_t *inner) {
  proto_bytes(to, number, scull_base_text_get(inner), inner->size);
  scull_base_text_deinit(inner);
}

scull_bytes_t proto_get(const scull_text_t *from) {
  return (scull_bytes_t){(const uint8_t *)scull_base_text_get(from), from->size};
}
