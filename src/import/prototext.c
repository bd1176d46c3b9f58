/* A hand-written parser: one function a rule of the grammar, one byte of look-ahead. Work and
 * memory are linear in the bytes. */
#include "import/prototext.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/real.h"

typedef struct {
  const uint8_t *at, *end;
  const char *file;
  scull_arena_t *arena;
  scull_diag_t *diag;
  uint32_t line;
} parser_t;

static scull_status_t fail(const parser_t *p, const char *words) {
  return scull_base_fail(p->diag, SCULL_CORRUPT, "%s: line %u: %s", p->file, p->line, words);
}

static scull_status_t no_memory(const parser_t *p) {
  return scull_base_fail_memory(p->diag, p->file);
}

/* The next byte that is neither space nor comment, not taken; 0 at the end. */
static uint8_t peek(parser_t *p) {
  for (; p->at < p->end; p->at++) {
    uint8_t c = *p->at;
    if (c == '#') {
      const uint8_t *stop = memchr(p->at, '\n', (size_t)(p->end - p->at));
      p->at = stop == NULL ? p->end : stop;
      if (stop == NULL)
        break;
      c = '\n';
    }
    p->line += c == '\n';
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n' && c != '\v' && c != '\f')
      return c == '\0' ? 1 : c; /* a zero byte is no end */
  }
  return 0;
}

static bool take(parser_t *p, uint8_t wanted) {
  if (peek(p) != wanted)
    return false;
  p->at++;
  return true;
}

static bool is_word(uint8_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '+' || c == '-' || c == '/';
}

/* A name or number. */
static scull_status_t read_word(parser_t *p, const char **out) {
  (void)peek(p);
  const uint8_t *begin = p->at;
  while (p->at < p->end && is_word(*p->at))
    p->at++;
  if (p->at == begin)
    return fail(p, "a name or a value is wanted here");
  *out = scull_base_arena_string(p->arena, (const char *)begin, (size_t)(p->at - begin));
  return *out == NULL ? no_memory(p) : SCULL_OK;
}

/* --- strings --------------------------------------------------------------------------------- */

static int digit(uint8_t c, int base) {
  int value = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' ? (c | 32) - 'a' + 10 : 99;
  return value < base ? value : -1;
}

/* Up to `most` digits of a base as one byte. */
static char read_code(parser_t *p, int base, int most) {
  int value = 0;
  for (int i = 0; i < most && p->at < p->end && digit(*p->at, base) >= 0; i++)
    value = value * base + digit(*p->at++, base);
  return (char)(uint8_t)value;
}

/* What a backslash and the bytes after it stand for. */
static char read_escape(parser_t *p) {
  static const char from[] = "abfnrtv", to[] = "\a\b\f\n\r\t\v";
  uint8_t c = *p->at;
  if (digit(c, 8) >= 0)
    return read_code(p, 8, 3);
  p->at++;
  if (c == 'x' || c == 'X')
    return read_code(p, 16, 2);
  const char *found = c == '\0' ? NULL : strchr(from, c);
  return found == NULL ? (char)c : to[found - from];
}

/* One piece in quotes, the opening one not yet taken, behind the `*size` bytes at `text`. */
static scull_status_t read_piece(parser_t *p, char *text, size_t *size) {
  uint8_t quote = *p->at++;
  while (p->at < p->end && *p->at != quote && *p->at != '\n') {
    char c = (char)*p->at++;
    if (c == '\\' && p->at < p->end)
      c = read_escape(p);
    if (c == '\0')
      return fail(p, "a string holds a zero byte");
    text[(*size)++] = c;
  }
  if (p->at == p->end || *p->at != quote)
    return fail(p, "a string without an end");
  p->at++;
  return SCULL_OK;
}

/* Neighbouring strings are one. The text is never longer than what it is written in. */
static scull_status_t read_string(parser_t *p, const char **out) {
  parser_t ahead = *p;
  size_t room = 0, size = 0;
  for (uint8_t c = peek(&ahead); c == '"' || c == '\''; c = peek(&ahead)) {
    const uint8_t *begin = ahead.at++;
    while (ahead.at < ahead.end && *ahead.at != c && *ahead.at != '\n')
      ahead.at += *ahead.at == '\\' && ahead.end - ahead.at > 1 ? 2 : 1;
    ahead.at += ahead.at < ahead.end;
    room += (size_t)(ahead.at - begin);
  }
  char *text = scull_base_arena_alloc(p->arena, room + 1);
  if (text == NULL)
    return no_memory(p);
  for (uint8_t c = peek(p); c == '"' || c == '\''; c = peek(p))
    SCULL_TRY(read_piece(p, text, &size));
  *out = text;
  return SCULL_OK;
}

/* --- messages -------------------------------------------------------------------------------- */

static scull_status_t read_fields(parser_t *p, scull_prototext_t *message, uint8_t close,
                                  int depth);

static scull_status_t add_field(parser_t *p, scull_prototext_t *message, const char *name,
                                scull_prototext_field_t **out) {
  scull_prototext_field_t *field = SCULL_ARENA_NEW(p->arena, scull_prototext_field_t);
  if (field == NULL)
    return no_memory(p);
  field->name = name;
  field->line = p->line;
  *(message->last == NULL ? &message->first : &message->last->next) = field;
  message->last = field;
  *out = field;
  return SCULL_OK;
}

/* A scalar or a message as one more field. */
static scull_status_t read_value(parser_t *p, scull_prototext_t *message, const char *name,
                                 int depth) {
  scull_prototext_field_t *field = NULL;
  uint8_t c = peek(p);
  SCULL_TRY(add_field(p, message, name, &field));
  if (c == '"' || c == '\'')
    return read_string(p, &field->text);
  if (c != '{' && c != '<')
    return read_word(p, &field->text);
  if (depth >= SCULL_PROTOTEXT_MAX_DEPTH)
    return fail(p, "messages are nested too deeply");
  scull_prototext_t *inner = SCULL_ARENA_NEW(p->arena, scull_prototext_t);
  if (inner == NULL)
    return no_memory(p);
  p->at++;
  inner->line = p->line;
  field->message = inner;
  return read_fields(p, inner, c == '{' ? '}' : '>', depth + 1);
}

/* "[1, 2]": one field an item. */
static scull_status_t read_list(parser_t *p, scull_prototext_t *message, const char *name,
                                int depth) {
  p->at++;
  if (take(p, ']'))
    return SCULL_OK;
  do
    SCULL_TRY(read_value(p, message, name, depth));
  while (take(p, ','));
  return take(p, ']') ? SCULL_OK : fail(p, "a list without an end");
}

static scull_status_t read_field(parser_t *p, scull_prototext_t *message, int depth) {
  const char *name = NULL;
  bool extension = take(p, '[');
  SCULL_TRY(read_word(p, &name));
  if (extension && !take(p, ']'))
    return fail(p, "an extension's name without an end");
  bool colon = take(p, ':');
  uint8_t c = peek(p);
  if (!colon && c != '{' && c != '<')
    return fail(p, "':' or '{' is wanted after a name");
  SCULL_TRY(c == '[' ? read_list(p, message, name, depth) : read_value(p, message, name, depth));
  while (take(p, ',') || take(p, ';'))
    ;
  return SCULL_OK;
}

/* Fields up to `close`, which is taken; 0: up to the end. */
static scull_status_t read_fields(parser_t *p, scull_prototext_t *message, uint8_t close,
                                  int depth) {
  for (uint8_t c = peek(p); c != close; c = peek(p)) {
    if (c == 0)
      return fail(p, "the file ends inside a message");
    SCULL_TRY(read_field(p, message, depth));
  }
  p->at += close != 0;
  return SCULL_OK;
}

scull_status_t scull_import_prototext_read(scull_bytes_t bytes, const char *file,
                                           scull_arena_t *arena, scull_diag_t *diag,
                                           scull_prototext_t *out) {
  static const uint8_t nothing = 0;
  const uint8_t *begin = bytes.data == NULL ? &nothing : bytes.data;
  parser_t p = {begin, begin + bytes.size, file, arena, diag, 1};
  *out = (scull_prototext_t){.line = 1};
  return read_fields(&p, out, 0, 0);
}

/* --- looking --------------------------------------------------------------------------------- */

const scull_prototext_field_t *scull_import_prototext_each(const scull_prototext_field_t *from,
                                                           const char *name) {
  while (from != NULL && strcmp(from->name, name) != 0)
    from = from->next;
  return from;
}

const scull_prototext_field_t *scull_import_prototext_find(const scull_prototext_t *message,
                                                           const char *name) {
  const scull_prototext_field_t *last = NULL, *field = message == NULL ? NULL : message->first;
  while ((field = scull_import_prototext_each(field, name)) != NULL) {
    last = field;
    field = field->next;
  }
  return last;
}

size_t scull_import_prototext_count(const scull_prototext_t *message, const char *name) {
  size_t count = 0;
  const scull_prototext_field_t *field = message == NULL ? NULL : message->first;
  for (; (field = scull_import_prototext_each(field, name)) != NULL; field = field->next)
    count++;
  return count;
}

const scull_prototext_t *scull_import_prototext_message(const scull_prototext_t *message,
                                                        const char *name) {
  const scull_prototext_field_t *field = scull_import_prototext_find(message, name);
  return field == NULL ? NULL : field->message;
}

bool scull_import_prototext_int(const scull_prototext_field_t *field, int64_t *out) {
  char *end = NULL;
  if (field == NULL || field->text == NULL || field->text[0] == '\0')
    return false;
  bool hex = strncmp(field->text, "0x", 2) == 0;
  errno = 0;
  long long value = strtoll(field->text, &end, hex ? 16 : 10);
  if (*end != '\0' || errno != 0)
    return false;
  *out = value;
  return true;
}

bool scull_import_prototext_float(const scull_prototext_field_t *field, double *out) {
  const char *end = NULL;
  double value = 0;
  if (field == NULL || field->text == NULL || !scull_base_real_read(field->text, &end, &value))
    return false;
  end += *end == 'f' || *end == 'F'; /* "0.5f" is allowed */
  if (*end != '\0')
    return false;
  *out = value;
  return true;
}

bool scull_import_prototext_bool(const scull_prototext_field_t *field, bool *out) {
  static const char *const words[] = {"false", "true", "False", "True", "f", "t", "0", "1"};
  for (size_t i = 0; field != NULL && field->text != NULL && i < 8; i++) {
    if (strcmp(field->text, words[i]) == 0) {
      *out = i % 2 == 1;
      return true;
    }
  }
  return false;
}
