/* Varints, tags and lengths, each checked against the end of its message before it is used. The
 * work is linear in the bytes: a list is counted in one walk and filled in a second one. */
#include "import/wire.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { GROUP_BEGIN = 3, GROUP_END = 4 };

scull_wire_t scull_import_wire_open(scull_bytes_t bytes, const char *file, scull_diag_t *diag) {
  static const uint8_t nothing = 0;
  const uint8_t *begin = bytes.data == NULL ? &nothing : bytes.data;
  return (scull_wire_t){.begin = begin,
                        .at = begin,
                        .end = begin + bytes.size,
                        .origin = begin,
                        .file = file,
                        .diag = diag};
}

size_t scull_import_wire_offset(const scull_wire_t *wire) {
  return (size_t)(wire->at - wire->origin);
}

scull_status_t scull_import_wire_fail(const scull_wire_t *wire, const char *format, ...) {
  char words[200];
  va_list args;
  va_start(args, format);
  vsnprintf(words, sizeof words, format, args);
  va_end(args);
  return scull_base_fail(wire->diag, SCULL_CORRUPT, "%s: offset %zu: %s", wire->file,
                         scull_import_wire_offset(wire), words);
}

static bool fault(scull_wire_t *wire, const char *words) {
  wire->status = scull_import_wire_fail(wire, "%s", words);
  return false;
}

static bool read_varint(scull_wire_t *wire, uint64_t *out) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 70; shift += 7) {
    if (wire->at == wire->end)
      return fault(wire, "the file or message ends inside a number");
    uint8_t byte = *wire->at++;
    if (shift < 64)
      value |= (uint64_t)(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) {
      *out = value;
      return true;
    }
  }
  return fault(wire, "a number of more than ten bytes");
}

static bool read_fixed(scull_wire_t *wire, size_t size, uint64_t *out) {
  if ((size_t)(wire->end - wire->at) < size)
    return fault(wire, "the file or message ends inside a number");
  *out = 0;
  memcpy(out, wire->at, size); /* little-endian hosts only, as the whole program */
  wire->at += size;
  return true;
}

static bool read_bytes(scull_wire_t *wire, scull_bytes_t *out) {
  uint64_t size = 0;
  if (!read_varint(wire, &size))
    return false;
  if (size > (uint64_t)(wire->end - wire->at))
    return fault(wire, "a field is longer than what is left of its message");
  *out = (scull_bytes_t){wire->at, (size_t)size};
  wire->at += size;
  return true;
}

static bool read_tag(scull_wire_t *wire, uint32_t *number, unsigned *type) {
  uint64_t tag = 0;
  if (!read_varint(wire, &tag))
    return false;
  if (tag > UINT32_MAX || tag >> 3 == 0)
    return fault(wire, "not a field number");
  *number = (uint32_t)(tag >> 3);
  *type = (unsigned)(tag & 7);
  return true;
}

static bool read_payload(scull_wire_t *wire, unsigned type, scull_wire_field_t *field) {
  field->type = (scull_wire_type_t)type;
  switch (type) {
  case SCULL_WIRE_VARINT: return read_varint(wire, &field->value);
  case SCULL_WIRE_FIXED64: return read_fixed(wire, 8, &field->value);
  case SCULL_WIRE_BYTES: return read_bytes(wire, &field->bytes);
  case SCULL_WIRE_FIXED32: return read_fixed(wire, 4, &field->value);
  default: return fault(wire, "an unknown wire type");
  }
}

/* Skips a group, with those inside it; the opening tag was read. */
static bool skip_group(scull_wire_t *wire) {
  size_t open = 1;
  while (open > 0) {
    scull_wire_field_t ignored = {0};
    uint32_t number = 0;
    unsigned type = 0;
    if (!read_tag(wire, &number, &type))
      return false;
    if (type == GROUP_BEGIN)
      open++;
    else if (type == GROUP_END)
      open--;
    else if (!read_payload(wire, type, &ignored))
      return false;
  }
  return true;
}

bool scull_import_wire_next(scull_wire_t *wire, scull_wire_field_t *field) {
  while (wire->status == SCULL_OK && wire->at < wire->end) {
    unsigned type = 0;
    *field = (scull_wire_field_t){0};
    if (!read_tag(wire, &field->number, &type))
      return false;
    if (type != GROUP_BEGIN)
      return read_payload(wire, type, field);
    if (!skip_group(wire))
      return false;
  }
  return false;
}

scull_status_t scull_import_wire_enter(const scull_wire_t *wire, const scull_wire_field_t *field,
                                       scull_wire_t *child) {
  if (field->type != SCULL_WIRE_BYTES)
    return scull_import_wire_fail(wire, "field %u is no message", (unsigned)field->number);
  if (wire->depth >= SCULL_WIRE_MAX_DEPTH)
    return scull_import_wire_fail(wire, "messages are nested more than %d deep",
                                  SCULL_WIRE_MAX_DEPTH);
  *child = *wire;
  child->begin = child->at = field->bytes.data;
  child->end = child->begin + field->bytes.size;
  child->depth = wire->depth + 1;
  return SCULL_OK;
}

/* The same message from its begin, faults kept quiet. */
static scull_wire_t again(const scull_wire_t *wire) {
  scull_wire_t walk = *wire;
  walk.at = walk.begin;
  walk.diag = NULL;
  walk.status = SCULL_OK;
  return walk;
}

size_t scull_import_wire_count(const scull_wire_t *wire, uint32_t number) {
  scull_wire_t walk = again(wire);
  scull_wire_field_t field;
  size_t count = 0;
  while (scull_import_wire_next(&walk, &field))
    count += field.number == number;
  return count;
}

int64_t scull_import_wire_int(const scull_wire_field_t *field) {
  return field->type == SCULL_WIRE_BYTES ? 0 : (int64_t)field->value;
}

int32_t scull_import_wire_int32(const scull_wire_field_t *field) {
  return (int32_t)(uint32_t)(uint64_t)scull_import_wire_int(field);
}

double scull_import_wire_float(const scull_wire_field_t *field) {
  if (field->type == SCULL_WIRE_FIXED32) {
    float value = 0;
    memcpy(&value, &field->value, sizeof value);
    return (double)value;
  }
  double value = 0;
  if (field->type == SCULL_WIRE_FIXED64)
    memcpy(&value, &field->value, sizeof value);
  return value;
}

scull_status_t scull_import_wire_string(const scull_wire_t *wire, const scull_wire_field_t *field,
                                        scull_arena_t *arena, const char **out) {
  if (field->type != SCULL_WIRE_BYTES)
    return scull_import_wire_fail(wire, "field %u is no text", (unsigned)field->number);
  if (field->bytes.size > 0 && memchr(field->bytes.data, 0, field->bytes.size) != NULL)
    return scull_import_wire_fail(wire, "a text holds a zero byte");
  *out = scull_base_arena_string(arena, (const char *)field->bytes.data, field->bytes.size);
  return *out == NULL ? scull_base_fail_memory(wire->diag, "a text") : SCULL_OK;
}

/* --- lists ----------------------------------------------------------------------------------- */

typedef struct {
  scull_wire_type_t item; /* wire type of one value */
  bool narrow;
  void *data; /* NULL: only count */
  size_t size;
} list_t;

static void put(list_t *list, const scull_wire_field_t *value) {
  if (list->data != NULL && list->item == SCULL_WIRE_VARINT)
    ((int64_t *)list->data)[list->size] =
        list->narrow ? scull_import_wire_int32(value) : scull_import_wire_int(value);
  else if (list->data != NULL)
    ((double *)list->data)[list->size] = scull_import_wire_float(value);
  list->size++;
}

/* The values of a packed field. */
static bool gather_packed(const scull_wire_t *wire, scull_bytes_t bytes, list_t *list) {
  scull_wire_t walk = *wire;
  walk.begin = walk.at = bytes.data;
  walk.end = bytes.data + bytes.size;
  while (walk.at < walk.end) {
    scull_wire_field_t value = {0};
    if (!read_payload(&walk, (unsigned)list->item, &value))
      return false;
    put(list, &value);
  }
  return true;
}

static scull_status_t gather(const scull_wire_t *wire, uint32_t number, list_t *list) {
  scull_wire_t walk = again(wire);
  scull_wire_field_t field;
  walk.diag = wire->diag;
  while (scull_import_wire_next(&walk, &field)) {
    if (field.number != number)
      continue;
    if (field.type == list->item)
      put(list, &field);
    else if (field.type != SCULL_WIRE_BYTES)
      return scull_import_wire_fail(&walk, "field %u has the wrong wire type", (unsigned)number);
    else if (!gather_packed(&walk, field.bytes, list))
      return SCULL_CORRUPT;
  }
  return walk.status;
}

static scull_status_t gather_list(const scull_wire_t *wire, uint32_t number, list_t *list,
                                  scull_arena_t *arena) {
  SCULL_TRY(gather(wire, number, list));
  list->data = scull_base_arena_array(arena, list->size, sizeof(int64_t));
  if (list->data == NULL)
    return scull_base_fail_memory(wire->diag, "a list");
  list->size = 0;
  return gather(wire, number, list);
}

scull_status_t scull_import_wire_ints(const scull_wire_t *wire, uint32_t number, bool narrow,
                                      scull_arena_t *arena, scull_ints_t *out) {
  list_t list = {.item = SCULL_WIRE_VARINT, .narrow = narrow};
  SCULL_TRY(gather_list(wire, number, &list, arena));
  *out = (scull_ints_t){list.data, list.size};
  return SCULL_OK;
}

scull_status_t scull_import_wire_floats(const scull_wire_t *wire, uint32_t number, bool wide,
                                        scull_arena_t *arena, scull_floats_t *out) {
  list_t list = {.item = wide ? SCULL_WIRE_FIXED64 : SCULL_WIRE_FIXED32};
  SCULL_TRY(gather_list(wire, number, &list, arena));
  *out = (scull_floats_t){list.data, list.size};
  return SCULL_OK;
}
