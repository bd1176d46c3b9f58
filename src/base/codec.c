/* Binary records. The machine is little-endian (x86-64), so numbers are copied as they lie. */
#include "base/codec.h"

#include <string.h>

#include "base/checked.h"

void scull_base_codec_write(scull_codec_t *codec) {
  *codec = (scull_codec_t){.writing = true};
}

void scull_base_codec_read(scull_codec_t *codec, scull_bytes_t in, scull_arena_t *arena) {
  *codec = (scull_codec_t){.in = in, .arena = arena};
}

void scull_base_codec_deinit(scull_codec_t *codec) {
  scull_base_text_deinit(&codec->out);
}

void scull_base_codec_fail(scull_codec_t *codec, const char *fault) {
  if (!codec->failed)
    codec->fault = fault;
  codec->failed = true;
}

void scull_base_codec_fail_memory(scull_codec_t *codec) {
  if (!codec->failed)
    codec->no_memory = true;
  scull_base_codec_fail(codec, "out of memory");
}

/* The next `size` bytes of the input, or NULL. */
static const uint8_t *take(scull_codec_t *codec, size_t size) {
  if (codec->failed)
    return NULL;
  if (size > codec->in.size - codec->at) {
    scull_base_codec_fail(codec, "the record is cut short");
    return NULL;
  }
  const uint8_t *data = codec->in.data + codec->at;
  codec->at += size;
  return data;
}

static void write_raw(scull_codec_t *codec, const void *data, size_t size) {
  if (codec->failed)
    return;
  scull_base_text_add(&codec->out, data, size);
  if (codec->out.failed)
    scull_base_codec_fail_memory(codec);
}

static void raw(scull_codec_t *codec, void *value, size_t size) {
  if (codec->writing) {
    write_raw(codec, value, size);
    return;
  }
  const uint8_t *data = take(codec, size);
  if (data != NULL)
    memcpy(value, data, size);
  else
    memset(value, 0, size);
}

void scull_base_codec_u8(scull_codec_t *codec, uint8_t *value) {
  raw(codec, value, 1);
}
void scull_base_codec_u16(scull_codec_t *codec, uint16_t *value) {
  raw(codec, value, 2);
}
void scull_base_codec_u32(scull_codec_t *codec, uint32_t *value) {
  raw(codec, value, 4);
}
void scull_base_codec_u64(scull_codec_t *codec, uint64_t *value) {
  raw(codec, value, 8);
}
void scull_base_codec_i32(scull_codec_t *codec, int32_t *value) {
  raw(codec, value, 4);
}
void scull_base_codec_i64(scull_codec_t *codec, int64_t *value) {
  raw(codec, value, 8);
}
void scull_base_codec_f64(scull_codec_t *codec, double *value) {
  raw(codec, value, 8);
}

void scull_base_codec_bool(scull_codec_t *codec, bool *value) {
  uint8_t byte = codec->writing ? *value : 0;
  scull_base_codec_u8(codec, &byte);
  if (byte > 1)
    scull_base_codec_fail(codec, "a truth value is neither 0 nor 1");
  *value = byte == 1;
}

void scull_base_codec_bytes(scull_codec_t *codec, scull_bytes_t *value) {
  uint64_t size = codec->writing ? value->size : 0;
  scull_base_codec_u64(codec, &size);
  if (codec->writing) {
    write_raw(codec, value->data, value->size);
    return;
  }
  const uint8_t *data = take(codec, size);
  *value = (scull_bytes_t){data, data == NULL ? 0 : size};
}

void scull_base_codec_string(scull_codec_t *codec, const char **value) {
  scull_bytes_t bytes = {0};
  if (codec->writing)
    bytes = (scull_bytes_t){(const uint8_t *)*value, strlen(*value)};
  scull_base_codec_bytes(codec, &bytes);
  if (codec->writing)
    return;
  *value = "";
  if (codec->failed)
    return;
  const char *copy = scull_base_arena_string(codec->arena, (const char *)bytes.data, bytes.size);
  if (copy == NULL)
    scull_base_codec_fail_memory(codec);
  else
    *value = copy;
}

void scull_base_codec_array(scull_codec_t *codec, void **items, size_t *count, size_t item_bytes,
                            size_t struct_size) {
  uint64_t n = codec->writing ? *count : 0;
  scull_base_codec_u64(codec, &n);
  if (codec->writing)
    return;
  *items = NULL;
  *count = 0;
  if (codec->failed)
    return;
  if (n > (codec->in.size - codec->at) / item_bytes) {
    scull_base_codec_fail(codec, "a count is larger than the record");
    return;
  }
  *items = scull_base_arena_array(codec->arena, n, struct_size);
  if (*items == NULL)
    scull_base_codec_fail_memory(codec);
  else
    *count = n;
}
