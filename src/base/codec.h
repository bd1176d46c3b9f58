/* Binary records: one description of a struct serves writing and reading. Little-endian, unaligned,
 * bounds-checked; a reader takes nothing on trust: counts are held against the bytes that are left
 * before anything is allocated. After a failure every further call does nothing, so that only the
 * end of a long description need be checked. */
#ifndef SCULL_BASE_CODEC_H
#define SCULL_BASE_CODEC_H

#include <stdbool.h>

#include "base/text.h"

typedef struct scull_codec {
  bool writing, failed;
  uint32_t version;     /* of the record, for descriptions that grew; the caller's */
  bool no_memory;       /* it failed because memory was short: the record may be good */
  scull_text_t out;     /* writing: the bytes so far */
  scull_bytes_t in;     /* reading */
  size_t at;            /* reading: position */
  scull_arena_t *arena; /* reading: where strings and arrays go */
  const char *fault;    /* what failed, in words; static */
} scull_codec_t;

void scull_base_codec_write(scull_codec_t *codec); /* begins; deinit gives `out` back */
void scull_base_codec_read(scull_codec_t *codec, scull_bytes_t in, scull_arena_t *arena);
void scull_base_codec_deinit(scull_codec_t *codec);

/* Marks the record as bad. */
void scull_base_codec_fail(scull_codec_t *codec, const char *fault);

/* The same for a record that cannot be held. */
void scull_base_codec_fail_memory(scull_codec_t *codec);

void scull_base_codec_u8(scull_codec_t *codec, uint8_t *value);
void scull_base_codec_u16(scull_codec_t *codec, uint16_t *value);
void scull_base_codec_u32(scull_codec_t *codec, uint32_t *value);
void scull_base_codec_u64(scull_codec_t *codec, uint64_t *value);
void scull_base_codec_i32(scull_codec_t *codec, int32_t *value);
void scull_base_codec_i64(scull_codec_t *codec, int64_t *value);
void scull_base_codec_f64(scull_codec_t *codec, double *value);
void scull_base_codec_bool(scull_codec_t *codec, bool *value);

/* A NUL-terminated string (never NULL after reading). */
void scull_base_codec_string(scull_codec_t *codec, const char **value);

/* `size` raw bytes; read in place (borrowed from the input). */
void scull_base_codec_bytes(scull_codec_t *codec, scull_bytes_t *value);

/* The count of an array whose items take at least `item_bytes` (>= 1) each in the record, and when
 * reading a zeroed array of `struct_size` items in the arena. */
void scull_base_codec_array(scull_codec_t *codec, void **items, size_t *count, size_t item_bytes,
                            size_t struct_size);

#endif
