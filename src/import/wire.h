/* The protobuf wire format: one bounds-checked, depth-limited reader that copies nothing, for every
 * format that is built on it. A message is a slice of the file; its fields are walked in order, and
 * whoever walks skips what it does not know. Lists are gathered from the message that holds them,
 * packed or not. Nothing here knows a schema.
 *
 *   scull_wire_field_t field;
 *   while (scull_import_wire_next(&wire, &field)) ...
 *   return wire.status; */
#ifndef SCULL_IMPORT_WIRE_H
#define SCULL_IMPORT_WIRE_H

#include "ops/attr.h"

enum { SCULL_WIRE_MAX_DEPTH = 64 };

typedef enum scull_wire_type {
  SCULL_WIRE_VARINT = 0,
  SCULL_WIRE_FIXED64 = 1,
  SCULL_WIRE_BYTES = 2, /* strings, messages, packed lists */
  SCULL_WIRE_FIXED32 = 5,
} scull_wire_type_t;

typedef struct scull_wire {
  const uint8_t *begin, *at, *end; /* this message */
  const uint8_t *origin;           /* the first byte of the file: offsets count from here */
  const char *file;                /* for messages */
  scull_diag_t *diag;
  int depth;
  scull_status_t status; /* CORRUPT once a fault was met */
} scull_wire_t;

typedef struct scull_wire_field {
  uint32_t number;
  scull_wire_type_t type;
  uint64_t value;      /* VARINT, FIXED32, FIXED64 */
  scull_bytes_t bytes; /* BYTES */
} scull_wire_field_t;

/* The outermost message of a file; everything is borrowed and must outlive the walk. */
scull_wire_t scull_import_wire_open(scull_bytes_t bytes, const char *file, scull_diag_t *diag);

/* The next field, groups skipped; false at the end and after a fault (see wire->status). */
bool scull_import_wire_next(scull_wire_t *wire, scull_wire_field_t *field);

/* `child` walks the message in `field`. CORRUPT when it is no message or nested too deeply. */
scull_status_t scull_import_wire_enter(const scull_wire_t *wire, const scull_wire_field_t *field,
                                       scull_wire_t *child) SCULL_MUST_USE;

/* Records "FILE: offset N: <words>" at the reader's place and returns CORRUPT. */
scull_status_t scull_import_wire_fail(const scull_wire_t *wire, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Offset of the reader's place in the file. */
size_t scull_import_wire_offset(const scull_wire_t *wire);

/* How often field `number` stands in the message. Faults are met again, and told, by the walk. */
size_t scull_import_wire_count(const scull_wire_t *wire, uint32_t number);

/* Scalars of a field; a field of another wire type gives 0. */
int64_t scull_import_wire_int(const scull_wire_field_t *field);
int32_t scull_import_wire_int32(const scull_wire_field_t *field);
double scull_import_wire_float(const scull_wire_field_t *field); /* float or double, by width */

/* The bytes of a field as a NUL-terminated copy in `arena`; CORRUPT when a NUL is inside. */
scull_status_t scull_import_wire_string(const scull_wire_t *wire, const scull_wire_field_t *field,
                                        scull_arena_t *arena, const char **out) SCULL_MUST_USE;

/* All values of the repeated field `number` of this message, in `arena`. `narrow` takes each as an
 * int32. Floats are of 4 bytes, or of 8 when `wide`. */
scull_status_t scull_import_wire_ints(const scull_wire_t *wire, uint32_t number, bool narrow,
                                      scull_arena_t *arena, scull_ints_t *out) SCULL_MUST_USE;
scull_status_t scull_import_wire_floats(const scull_wire_t *wire, uint32_t number, bool wide,
                                        scull_arena_t *arena, scull_floats_t *out) SCULL_MUST_USE;

#endif
