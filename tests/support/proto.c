/* See proto.h. */
#include "support/proto.h"

scull_bytes_t proto_get(const scull_text_t *from) {
  return (scull_bytes_t){(const uint8_t *)scull_base_text_get(from), from->size};
}
