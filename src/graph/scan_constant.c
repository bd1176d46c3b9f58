/* Bytes of constants in a graph's text: literals, seeded values, and likenesses of what a hash
 * stands for. Seeded values are the same on every machine. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/real.h"
#include "graph/scan.h"

typedef enum { NORMAL, POS, UNIT, INDEX, KINDS } kind_t;
static const char *const kind_names[KINDS] = {"normal", "pos", "unit", "index"};

/* Weyl steps through a mixer (SplitMix64): one state word, any seed is good. */
static double next_uniform(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return (double)((z ^ z >> 31) >> 11) * 0x1p-53;
}

static double next_value(kind_t kind, int64_t limit, uint64_t *state) {
  double sum = -6;
  switch (kind) {
  case POS: return 0.1 + next_uniform(state);
  case UNIT: return 2 * next_uniform(state) - 1;
  case INDEX: return floor(next_uniform(state) * (double)limit);
  default: break;
  }
  for (int i = 0; i < 12; i++) /* twelve uniform values have variance 1 */
    sum += next_uniform(state);
  return sum;
}

static void fill(const scull_type_t *type, kind_t kind, int64_t limit, uint64_t seed, void *data) {
  uint64_t state = seed;
  for (int64_t i = 0, count = scull_tensor_count(&type->shape); i < count; i++)
    scull_tensor_store(data, type->dtype, i, next_value(kind, limit, &state));
}

/* "normal:7", "index:10:7" */
static scull_status_t scan_seeded(scull_scan_t *scan, const scull_type_t *type, void *data) {
  char *word = NULL;
  int64_t seed = 0, limit = 0;
  int kind = 0;
  SCULL_TRY(scull_graph_scan_word(scan, &word));
  while (kind < KINDS && strcmp(kind_names[kind], word) != 0)
    kind++;
  if (kind == KINDS)
    return scull_graph_scan_fail(scan, "no kind of values '%.40s'", word);
  if (kind == INDEX) {
    SCULL_TRY(scull_graph_scan_expect(scan, ':'));
    SCULL_TRY(scull_graph_scan_count(scan, &limit));
  }
  SCULL_TRY(scull_graph_scan_expect(scan, ':'));
  SCULL_TRY(scull_graph_scan_count(scan, &seed));
  fill(type, (kind_t)kind, limit, (uint64_t)seed, data);
  return SCULL_OK;
}

static scull_status_t scan_hash(scull_scan_t *scan, const scull_type_t *type, void *data,
                                uint64_t *stands_for) {
  char *word = NULL, *end = NULL;
  SCULL_TRY(scull_graph_scan_word(scan, &word));
  *stands_for = strtoull(word, &end, 16);
  if (strlen(word) != 16 || *end != '\0')
    return scull_graph_scan_fail(scan, "a hash has 16 hexadecimal digits, not '%.40s'", word);
  bool real = scull_tensor_dtype_is_float(type->dtype);
  fill(type, real ? POS : INDEX, 2, *stands_for, data);
  return SCULL_OK;
}

/* An integer into element `index`; false when there is none or it does not fit. */
static bool scan_whole(scull_scan_t *scan, scull_dtype_t dtype, int64_t index, void *data) {
  char *end = NULL;
  bool unsigned64 = dtype == SCULL_DTYPE_U64;
  errno = 0;
  int64_t value = unsigned64 ? (int64_t)strtoull(scan->at, &end, 10) : strtoll(scan->at, &end, 10);
  if (end == scan->at || errno != 0 || (unsigned64 && *scan->at == '-'))
    return false;
  scull_tensor_store_i64(data, dtype, index, value);
  scan->at = end;
  return scull_tensor_load_i64(data, dtype, index) == value;
}

static bool scan_real(scull_scan_t *scan, scull_dtype_t dtype, int64_t index, void *data) {
  double value = 0;
  if (!scull_base_real_read(scan->at, &scan->at, &value))
    return false;
  scull_tensor_store(data, dtype, index, value);
  return true;
}

/* The C library would pass over the end of the line to find a number. */
static bool at_number(scull_scan_t *scan) {
  return !scull_graph_scan_at_end(scan) && strchr("+-.0123456789in", *scan->at) != NULL;
}

static scull_status_t scan_literals(scull_scan_t *scan, const scull_type_t *type, void *data) {
  int64_t count = scull_tensor_count(&type->shape);
  bool (*read)(scull_scan_t *, scull_dtype_t, int64_t, void *) =
      scull_tensor_dtype_is_float(type->dtype) ? scan_real : scan_whole;
  SCULL_TRY(scull_graph_scan_expect(scan, '{'));
  for (int64_t i = 0; i < count; i++) {
    if (i > 0)
      SCULL_TRY(scull_graph_scan_expect(scan, ','));
    if (!at_number(scan) || !read(scan, type->dtype, i, data))
      return scull_graph_scan_fail(scan, "element %lld is no number of type %s", (long long)i,
                                   scull_tensor_dtype_name(type->dtype));
  }
  return scull_graph_scan_expect(scan, '}');
}

scull_status_t scull_graph_scan_constant(scull_scan_t *scan, const scull_type_t *type, void **data,
                                         uint64_t *stands_for) {
  size_t bytes = 0;
  *stands_for = 0;
  if (!scull_tensor_type_bytes(type, &bytes) || bytes > SCULL_SCAN_MAX_BYTES ||
      scan->arena->bytes > SCULL_SCAN_MAX_BYTES - bytes)
    return scull_base_fail(scan->diag, SCULL_OUT_OF_MEMORY,
                           "line %zu: the text asks for more than %d MiB", scan->line,
                           SCULL_SCAN_MAX_BYTES >> 20);
  *data = scull_base_arena_alloc(scan->arena, bytes);
  if (*data == NULL)
    return scull_base_fail_memory(scan->diag, "a constant");
  if (scull_graph_scan_try(scan, '='))
    return scan_literals(scan, type, *data);
  if (scull_graph_scan_try(scan, '~'))
    return scan_seeded(scan, type, *data);
  if (scull_graph_scan_try(scan, '#'))
    return scan_hash(scan, type, *data, stands_for);
  return scull_graph_scan_fail(scan, "a constant's values are wanted: ={...}, ~kind:seed or #hash");
}
