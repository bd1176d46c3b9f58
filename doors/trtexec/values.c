#define _POSIX_C_SOURCE 200809L
#include "values.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"

/* Where the item that begins at `text` ends: at a comma outside of quotes. */
static size_t item_length(const char *text) {
  bool quoted = false;
  size_t i = 0;
  for (; text[i] != '\0' && (quoted || text[i] != ','); i++)
    quoted = quoted != (text[i] == '\'');
  return i;
}

/* A copy without quotes. */
static char *copy_text(const char *text, size_t length) {
  char *copy = malloc(length + 1);
  size_t used = 0;
  if (copy == NULL) {
    trtexec_fail_memory();
    return NULL;
  }
  for (size_t i = 0; i < length; i++) {
    if (text[i] != '\'')
      copy[used++] = text[i];
  }
  copy[used] = '\0';
  return copy;
}

static bool add_pair(trtexec_pairs_t *pairs, const char *text, size_t name, size_t length) {
  trtexec_pair_t *items = realloc(pairs->items, (pairs->count + 1) * sizeof *items);
  if (items == NULL)
    return trtexec_fail_memory();
  pairs->items = items;
  trtexec_pair_t *made = &items[pairs->count++];
  made->name = copy_text(text, name);
  made->value = name == length ? NULL : copy_text(text + name + 1, length - name - 1);
  return made->name != NULL && (name == length || made->value != NULL);
}

static bool read_item(const char *text, size_t length, const char *flag, trtexec_pairs_t *out) {
  size_t colon = length;
  while (colon > 0 && text[colon - 1] != ':')
    colon--;
  if (colon < 2)
    return trtexec_fail("--%s wants <name>:<value>, not '%.*s'", flag, (int)length, text);
  return add_pair(out, text, colon - 1, length);
}

bool trtexec_pairs_read(const trtexec_list_t *list, const char *flag, trtexec_pairs_t *out) {
  *out = (trtexec_pairs_t){0};
  for (size_t i = 0; i < list->count; i++) {
    for (const char *text = list->items[i]; *text != '\0';) {
      const size_t length = item_length(text);
      if (!read_item(text, length, flag, out)) {
        trtexec_pairs_deinit(out);
        return false;
      }
      text += length + (text[length] == ',');
    }
  }
  return true;
}

bool trtexec_names_read(const trtexec_list_t *list, trtexec_pairs_t *out) {
  *out = (trtexec_pairs_t){0};
  for (size_t i = 0; i < list->count; i++) {
    for (const char *text = list->items[i]; *text != '\0';) {
      const size_t length = item_length(text);
      if (length > 0 && !add_pair(out, text, length, length)) {
        trtexec_pairs_deinit(out);
        return false;
      }
      text += length + (text[length] == ',');
    }
  }
  return true;
}

void trtexec_pairs_deinit(trtexec_pairs_t *pairs) {
  for (size_t i = 0; i < pairs->count; i++) {
    free(pairs->items[i].name);
    free(pairs->items[i].value);
  }
  free(pairs->items);
  *pairs = (trtexec_pairs_t){0};
}

bool trtexec_name_fits(const char *pattern, const char *name) {
  const char *star = strchr(pattern, '*');
  if (star == NULL)
    return strcmp(pattern, name) == 0;
  const size_t before = (size_t)(star - pattern), after = strlen(star + 1), all = strlen(name);
  return all >= before + after && strncmp(pattern, name, before) == 0 &&
         strcmp(star + 1, name + all - after) == 0;
}

bool trtexec_dims_read(const trtexec_pair_t *pair, int32_t *rank, int64_t dims[SCULL_MAX_RANK]) {
  const char *at = pair->value;
  *rank = 0;
  if (strcmp(at, "scalar") == 0)
    return true;
  for (;;) {
    char *end = NULL;
    errno = 0;
    const long long value = strtoll(at, &end, 10);
    if (end == at || errno != 0 || value < 0 || *rank == SCULL_MAX_RANK ||
        (*end != 'x' && *end != '\0'))
      return trtexec_fail("'%s' of '%s' is no shape such as 1x3x224x224", pair->value, pair->name);
    dims[(*rank)++] = value;
    if (*end == '\0')
      return true;
    at = end + 1;
  }
}

/* --- sizes --------------------------------------------------------------------------------------
 */

/* trtexec's unit is MiB, and it looks at one letter only; "MiB" written out is right here. */
static bool read_size(const char *text, size_t *out) {
  static const struct {
    const char *unit;
    double bytes;
  } units[] = {{"", 0x1p20},   {"B", 1},        {"K", 0x1p10},   {"KiB", 0x1p10},
               {"KB", 0x1p10}, {"M", 0x1p20},   {"MiB", 0x1p20}, {"MB", 0x1p20},
               {"G", 0x1p30},  {"GiB", 0x1p30}, {"GB", 0x1p30}};
  char *end = NULL;
  const double value = strtod(text, &end);
  for (size_t i = 0; end != text && value >= 0 && i < sizeof units / sizeof *units; i++) {
    if (strcmp(end, units[i].unit) == 0 && value * units[i].bytes < 0x1p62) {
      *out = (size_t)(value * units[i].bytes);
      return true;
    }
  }
  return trtexec_fail("'%s' is no size such as 64MiB", text);
}

bool trtexec_workspace_read(const trtexec_options_t *options, size_t *out) {
  trtexec_pairs_t pools;
  *out = (size_t)options->workspace_mib << 20;
  if (!trtexec_pairs_read(&options->pools, "memPoolSize", &pools))
    return false;
  bool ok = true;
  for (size_t i = 0; i < pools.count && ok; i++) {
    if (strcmp(pools.items[i].name, "workspace") == 0)
      ok = read_size(pools.items[i].value, out);
    else
      trtexec_say('W', "--memPoolSize=%s:%s has no meaning here: only workspace is a pool",
                  pools.items[i].name, pools.items[i].value);
  }
  trtexec_pairs_deinit(&pools);
  return ok;
}

/* --- tensors ------------------------------------------------------------------------------------
 */

const char *trtexec_dims_text(int32_t rank, const int64_t *dims, char *out) {
  size_t used = 0;
  out[0] = '\0';
  for (int32_t i = 0; i < rank && used < TRTEXEC_DIMS_ROOM; i++)
    used += (size_t)snprintf(out + used, TRTEXEC_DIMS_ROOM - used, "%s%lld", i > 0 ? "x" : "",
                             (long long)dims[i]);
  if (rank == 0)
    snprintf(out, TRTEXEC_DIMS_ROOM, "scalar");
  return out;
}

const char *trtexec_dtype_name(scull_dtype_t dtype) {
  static const char *const names[] = {
      [SCULL_DTYPE_F32] = "fp32",  [SCULL_DTYPE_F64] = "fp64",   [SCULL_DTYPE_F16] = "fp16",
      [SCULL_DTYPE_BF16] = "bf16", [SCULL_DTYPE_I8] = "int8",    [SCULL_DTYPE_U8] = "uint8",
      [SCULL_DTYPE_I16] = "int16", [SCULL_DTYPE_I32] = "int32",  [SCULL_DTYPE_I64] = "int64",
      [SCULL_DTYPE_BOOL] = "bool", [SCULL_DTYPE_U16] = "uint16", [SCULL_DTYPE_U32] = "uint32",
      [SCULL_DTYPE_U64] = "uint64"};
  const size_t index = (size_t)dtype;
  return index < sizeof names / sizeof *names && names[index] != NULL ? names[index] : "sequence";
}

size_t trtexec_dtype_size(scull_dtype_t dtype) {
  static const size_t sizes[] = {
#define SCULL_X(name, value, size) [value] = (size),
      SCULL_DTYPE_LIST(SCULL_X)
#undef SCULL_X
  };
  const size_t index = (size_t)dtype;
  return index < sizeof sizes / sizeof *sizes ? sizes[index] : 0;
}

static double half_value(uint16_t bits) {
  const int exponent = bits >> 10 & 31;
  const double sign = bits >> 15 ? -1 : 1, fraction = bits & 1023;
  if (exponent == 31)
    return fraction > 0 ? (double)__builtin_nanf("") : sign * __builtin_inf();
  return sign * (exponent == 0 ? fraction * 0x1p-24
                               : (1024 + fraction) * (double)(1u << exponent) * 0x1p-25);
}

static double bfloat_value(uint16_t bits) {
  const uint32_t wide = (uint32_t)bits << 16;
  float value;
  memcpy(&value, &wide, sizeof value);
  return (double)value;
}

double trtexec_element(const void *data, scull_dtype_t dtype, size_t index) {
  switch ((int)dtype) {
  case SCULL_DTYPE_F32: return (double)((const float *)data)[index];
  case SCULL_DTYPE_F64: return ((const double *)data)[index];
  case SCULL_DTYPE_F16: return half_value(((const uint16_t *)data)[index]);
  case SCULL_DTYPE_BF16: return bfloat_value(((const uint16_t *)data)[index]);
  case SCULL_DTYPE_I8: return ((const int8_t *)data)[index];
  case SCULL_DTYPE_U8:
  case SCULL_DTYPE_BOOL: return ((const uint8_t *)data)[index];
  case SCULL_DTYPE_I16: return ((const int16_t *)data)[index];
  case SCULL_DTYPE_I32: return ((const int32_t *)data)[index];
  case SCULL_DTYPE_I64: return (double)((const int64_t *)data)[index];
  case SCULL_DTYPE_U16: return ((const uint16_t *)data)[index];
  case SCULL_DTYPE_U32: return ((const uint32_t *)data)[index];
  case SCULL_DTYPE_U64: return (double)((const uint64_t *)data)[index];
  default: return 0;
  }
}
