/* Text that is put together piece by piece, and views of text that is not NUL-terminated. */
#ifndef SCULL_BASE_TEXT_H
#define SCULL_BASE_TEXT_H

#include <stdbool.h>

#include "base/memory.h"

/* A growing, always NUL-terminated text. When memory is short, `failed` is set and stays set, so
 * that only the end of a long print need be checked. */
typedef struct scull_text {
  char *data; /* NULL while empty */
  size_t size, room;
  bool failed;
} scull_text_t;

void scull_base_text_deinit(scull_text_t *text);
void scull_base_text_add(scull_text_t *text, const char *piece, size_t length);
void scull_base_text_print(scull_text_t *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds `piece` in quotes; quotes, backslashes and control characters are written \", \\, \n, \t,
 * \x1f. */
void scull_base_text_quote(scull_text_t *text, const char *piece);

/* `value` as a JSON string, quotes included; bytes that are no UTF-8 are passed as they are. */
void scull_base_text_json(scull_text_t *text, const char *value);

/* The text so far; "" while empty. Borrowed until the next change. */
const char *scull_base_text_get(const scull_text_t *text);

/* Bytes of somebody else's memory. */
typedef struct scull_bytes {
  const uint8_t *data;
  size_t size;
} scull_bytes_t;

bool scull_base_bytes_equal(scull_bytes_t a, scull_bytes_t b);

/* True when `text` matches `pattern`, where * stands for any run of characters, ? for one. */
bool scull_base_glob(const char *pattern, const char *text);

#endif
