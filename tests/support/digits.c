/* Everything here goes through include/scull alone, but for reading .npy files. */
#include "support/digits.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/net.h"
#include "support/npy.h"

void digits_options(scull_build_options_t *options) {
  scull_build_options_init(options);
  options->model.model_path = SCULL_SOURCE_DIR "/zoo/digits";
  options->max_batch = 8;
  options->threads = 2;
  options->tune = SCULL_TUNE_NONE;
}

void digits_build(const char *path) {
  scull_build_options_t options;
  scull_builder_t *builder = NULL;
  digits_options(&options);
  assert_int_equal(scull_builder_create(&builder), SCULL_OK);
  if (scull_builder_build(builder, &options, path) != SCULL_OK)
    fail_msg("%s", scull_last_error());
  scull_builder_destroy(builder);
}

scull_engine_t *digits_engine(void) {
  char path[128];
  scull_engine_t *engine = NULL;
  net_temporary("digits", path);
  digits_build(path);
  if (scull_engine_open(path, NULL, &engine) != SCULL_OK)
    fail_msg("%s", scull_last_error());
  unlink(path);
  return engine;
}

static const float *load(const char *path, float *into, size_t count) {
  scull_tensor_t tensor;
  assert_int_equal(npy_read(path, &tensor, NULL), SCULL_OK);
  assert_int_equal(scull_tensor_bytes(&tensor.type), count * sizeof *into);
  memcpy(into, tensor.data, count * sizeof *into);
  scull_base_free(tensor.data);
  return into;
}

const float *digits_pictures(void) {
  static float pictures[DIGITS_PICTURES * DIGITS_PIXELS];
  static const float *loaded;
  if (loaded == NULL)
    loaded = load(SCULL_SOURCE_DIR "/zoo/digits/pictures.npy", pictures,
                  sizeof pictures / sizeof *pictures);
  return loaded;
}

const float *digits_expected(void) {
  static float expected[DIGITS_PICTURES * DIGITS_CLASSES];
  static const float *loaded;
  if (loaded == NULL)
    loaded = load(SCULL_SOURCE_DIR "/zoo/digits/expected.npy", expected,
                  sizeof expected / sizeof *expected);
  return loaded;
}

static int agrees(const scull_tensor_view_t *view, int first, int count) {
  const float *got = view->data, *wanted = digits_expected() + (ptrdiff_t)first * DIGITS_CLASSES;
  if (view->size != (size_t)count * DIGITS_CLASSES * sizeof *got)
    return 0;
  for (int i = 0; i < count * DIGITS_CLASSES; i++) {
    if (!(fabsf(got[i] - wanted[i]) <= 1e-4f))
      return 0;
  }
  return 1;
}

int digits_run(scull_context_t *context, int first, int count) {
  const int64_t dims[] = {count, 1, 8, 8};
  const float *pictures = digits_pictures() + (ptrdiff_t)first * DIGITS_PIXELS;
  scull_tensor_view_t view;
  if (scull_context_set_input_shape(context, 0, 4, dims) != SCULL_OK ||
      scull_context_set_input(context, 0, pictures,
                              (size_t)count * DIGITS_PIXELS * sizeof *pictures) != SCULL_OK ||
      scull_context_run(context) != SCULL_OK || scull_context_output(context, 0, &view) != SCULL_OK)
    return 1;
  return agrees(&view, first, count) ? 0 : 1;
}
