/* Text building and matching. */
#define _POSIX_C_SOURCE 200809L
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/locale.h"
#include "base/vec.h"

void scull_base_text_deinit(scull_text_t *text) {
  scull_base_free(text->data);
  *text = (scull_text_t){0};
}

static bool room_for(scull_text_t *text, size_t more) {
  if (text->failed)
    return false;
  if (!scull_base_vec_reserve(&text->data, &text->room, text->size, text->size + more + 1, 1))
    text->failed = true;
  return !text->failed;
}

void scull_base_text_add(scull_text_t *text, const char *piece, size_t length) {
  if (!room_for(text, length))
    return;
  if (length > 0)
    memcpy(text->data + text->size, piece, length);
  text->size += length;
  text->data[text->size] = '\0';
}

void scull_base_text_print(scull_text_t *text, const char *format, ...) {
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  void *before = scull_base_locale_enter();
  int length = vsnprintf(NULL, 0, format, args);
  if (length >= 0 && room_for(text, (size_t)length)) {
    vsnprintf(text->data + text->size, (size_t)length + 1, format, again);
    text->size += (size_t)length;
  }
  scull_base_locale_leave(before);
  va_end(again);
  va_end(args);
}

void scull_base_text_quote(scull_text_t *text, const char *piece) {
  scull_base_text_add(text, "\"", 1);
  for (; *piece != '\0'; piece++) {
    unsigned char c = (unsigned char)*piece;
    if (c == '"' || c == '\\')
      scull_base_text_print(text, "\\%c", c);
    else if (c == '\n' || c == '\t')
      scull_base_text_print(text, "\\%c", c == '\n' ? 'n' : 't');
    else if (c < 0x20 || c == 0x7f)
      scull_base_text_print(text, "\\x%02x", c);
    else
      scull_base_text_add(text, piece, 1);
  }
  scull_base_text_add(text, "\"", 1);
}

void scull_base_text_json(scull_text_t *text, const char *value) {
  scull_base_text_add(text, "\"", 1);
  for (; *value != '\0'; value++) {
    unsigned char c = (unsigned char)*value;
    if (c == '"' || c == '\\')
      scull_base_text_print(text, "\\%c", c);
    else if (c < 0x20)
      scull_base_text_print(text, "\\u%04x", c);
    else
      scull_base_text_add(text, value, 1);
  }
  scull_base_text_add(text, "\"", 1);
}

const char *scull_base_text_get(const scull_text_t *text) {
  return text->data == NULL ? "" : text->data;
}

bool scull_base_bytes_equal(scull_bytes_t a, scull_bytes_t b) {
  return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

bool scull_base_glob(const char *pattern, const char *text) {
  const char *star = NULL, *mark = text;
  while (*text != '\0') {
    if (*pattern == '*') {
      star = pattern++;
      mark = text;
    } else if (*pattern == '?' || *pattern == *text) {
      pattern++;
      text++;
    } else if (star != NULL) {
      pattern = star + 1;
      text = ++mark;
    } else {
      return false;
    }
  }
  while (*pattern == '*')
    pattern++;
  return *pattern == '\0';
}
