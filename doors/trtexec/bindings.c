#define _POSIX_C_SOURCE 200809L
#include "bindings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"

bool trtexec_file_read(const char *path, void *data, size_t size) {
  FILE *file = fopen(path, "rb");
  if (file == NULL)
    return trtexec_fail("%s: cannot read: %s", path, strerror(errno));
  const size_t got = fread(data, 1, size, file);
  const bool exact = got == size && fgetc(file) == EOF;
  fclose(file);
  return exact || trtexec_fail("%s: the file has not the %zu bytes of its tensor", path, size);
}

bool trtexec_file_write(const char *path, const void *data, size_t size) {
  FILE *file = fopen(path, "wb");
  bool ok = file != NULL && (size == 0 || fwrite(data, 1, size, file) == size);
  if (file != NULL && fclose(file) != 0)
    ok = false;
  return ok || trtexec_fail("%s: cannot write: %s", path, strerror(errno));
}

/* Floats in [-1, 1), bytes below 128, bools; other integers stay 0: they tend to be indices. The
 * same numbers in every run. */
static void fill_random(trtexec_binding_t *binding) {
  const size_t count = binding->size / trtexec_dtype_size(binding->info.dtype);
  uint64_t state = 0x7A3EC;
  for (size_t i = 0; i < count; i++) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    const double unit = (double)(int32_t)(state >> 32) * 0x1p-31;
    switch ((int)binding->info.dtype) {
    case SCULL_DTYPE_F32: ((float *)binding->data)[i] = (float)unit; break;
    case SCULL_DTYPE_F64: ((double *)binding->data)[i] = unit; break;
    case SCULL_DTYPE_U8:
    case SCULL_DTYPE_I8: ((uint8_t *)binding->data)[i] = (uint8_t)(state >> 57); break;
    case SCULL_DTYPE_BOOL: ((uint8_t *)binding->data)[i] = (uint8_t)(state >> 63); break;
    case SCULL_DTYPE_F16: ((uint16_t *)binding->data)[i] = (uint16_t)(state >> 50 & 0x3BFF); break;
    case SCULL_DTYPE_BF16: ((uint16_t *)binding->data)[i] = (uint16_t)(state >> 50 & 0x3F7F); break;
    default: break;
    }
  }
}

static const trtexec_pair_t *find(const trtexec_pairs_t *pairs, const char *name) {
  for (size_t i = 0; i < pairs->count; i++) {
    if (trtexec_name_fits(pairs->items[i].name, name))
      return &pairs->items[i];
  }
  return NULL;
}

static bool make_room(trtexec_binding_t *binding) {
  size_t size = trtexec_dtype_size(binding->info.dtype);
  if (size == 0)
    return trtexec_fail("input '%s' is a sequence, which has no raw values", binding->info.name);
  for (int32_t i = 0; i < binding->rank; i++) {
    if (__builtin_mul_overflow(size, (size_t)binding->dims[i], &size))
      return trtexec_fail("the shape of input '%s' is too large", binding->info.name);
  }
  binding->size = size;
  binding->data = calloc(size + 1, 1);
  return binding->data != NULL || trtexec_fail_memory();
}

static bool make_input(const trtexec_pairs_t *shapes, const trtexec_pairs_t *files,
                       trtexec_binding_t *binding) {
  const trtexec_pair_t *shape = find(shapes, binding->info.name);
  const trtexec_pair_t *file = find(files, binding->info.name);
  char text[TRTEXEC_DIMS_ROOM];
  binding->rank = binding->info.rank;
  memcpy(binding->dims, binding->info.opt, sizeof binding->dims);
  if (shape != NULL && !trtexec_dims_read(shape, &binding->rank, binding->dims))
    return false;
  if (!make_room(binding))
    return false;
  if (file != NULL && !trtexec_file_read(file->value, binding->data, binding->size))
    return false;
  if (file == NULL) {
    trtexec_say('I', "Using random values for input %s", binding->info.name);
    fill_random(binding);
  } else {
    trtexec_say('I', "Using values loaded from %s for input %s", file->value, binding->info.name);
  }
  trtexec_say('I', "Input binding for %s with dimensions %s and type %s is created.",
              binding->info.name, trtexec_dims_text(binding->rank, binding->dims, text),
              trtexec_dtype_name(binding->info.dtype));
  return true;
}

/* Every name that was given must be an input. */
static bool check_names(const trtexec_pairs_t *pairs, const trtexec_bindings_t *bindings) {
  for (size_t i = 0; i < pairs->count; i++) {
    bool found = false;
    for (size_t k = 0; k < bindings->count; k++)
      found = found || trtexec_name_fits(pairs->items[i].name, bindings->items[k].info.name);
    if (!found)
      return trtexec_fail("Cannot find input tensor with name \"%s\" in the engine bindings! "
                          "Please make sure the input tensor names are correct.",
                          pairs->items[i].name);
  }
  return true;
}

static bool make_all(const trtexec_pairs_t *shapes, const trtexec_pairs_t *files,
                     const scull_engine_t *engine, trtexec_bindings_t *out) {
  out->count = scull_engine_input_count(engine);
  out->items = calloc(out->count + 1, sizeof *out->items);
  if (out->items == NULL) {
    out->count = 0;
    return trtexec_fail_memory();
  }
  for (size_t i = 0; i < out->count; i++) {
    if (scull_engine_input(engine, i, &out->items[i].info) != SCULL_OK)
      return trtexec_fail_scull();
  }
  if (!check_names(shapes, out) || !check_names(files, out))
    return false;
  for (size_t i = 0; i < out->count; i++) {
    if (!make_input(shapes, files, &out->items[i]))
      return false;
  }
  return true;
}

bool trtexec_bindings_make(const trtexec_options_t *options, const scull_engine_t *engine,
                           trtexec_bindings_t *out) {
  trtexec_pairs_t shapes = {0}, files = {0};
  *out = (trtexec_bindings_t){0};
  const bool ok = trtexec_pairs_read(&options->shapes, "shapes", &shapes) &&
                  trtexec_pairs_read(&options->load_inputs, "loadInputs", &files) &&
                  make_all(&shapes, &files, engine, out);
  trtexec_pairs_deinit(&shapes);
  trtexec_pairs_deinit(&files);
  return ok;
}

void trtexec_bindings_deinit(trtexec_bindings_t *bindings) {
  for (size_t i = 0; i < bindings->count; i++)
    free(bindings->items[i].data);
  free(bindings->items);
  *bindings = (trtexec_bindings_t){0};
}

bool trtexec_bindings_apply(const trtexec_bindings_t *bindings, scull_context_t *context) {
  for (size_t i = 0; i < bindings->count; i++) {
    const trtexec_binding_t *b = &bindings->items[i];
    if (scull_context_set_input_shape(context, i, b->rank, b->dims) != SCULL_OK ||
        scull_context_set_input(context, i, b->data, b->size) != SCULL_OK)
      return trtexec_fail_scull();
  }
  return scull_context_prepare(context) == SCULL_OK || trtexec_fail_scull();
}
