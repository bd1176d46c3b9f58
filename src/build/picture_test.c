/* The picture of a whole build of the shipped network. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "build/build.h"
#include "support/dot_check.h"

static void take(void *user, const char *text, size_t size) {
  scull_base_text_add(user, text, size);
}

static void build(scull_stage_t stop, int min_subgraph_size, scull_text_t *picture) {
  scull_build_result_t result = {0};
  scull_build_options_t options = {.struct_size = sizeof options,
                                   .model.model_path = SCULL_SOURCE_DIR "/zoo/digits",
                                   .max_batch = 4,
                                   .min_subgraph_size = min_subgraph_size,
                                   .tune = SCULL_TUNE_NONE,
                                   .stop_after = stop,
                                   .picture = take,
                                   .picture_user = picture};
  assert_int_equal(scull_build_run(&options, NULL, NULL, &result, NULL), SCULL_OK);
  scull_build_result_deinit(&result);
  assert_false(picture->failed);
  dot_check(picture->data);
}

/* One box for each operator that Paddle's program has besides feed and fetch, and for its input and
 * its output; fewer where the operators are fused. */
static void both(void **state) {
  (void)state;
  scull_text_t picture = {0};
  build(SCULL_STAGE_NONE, 3, &picture);
  size_t before = dot_check_count(picture.data, "before_");
  size_t after = dot_check_count(picture.data, "after_");
  assert_non_null(strstr(picture.data, "label=\"conv2d\\n"));
  assert_non_null(strstr(picture.data, "cluster_after_engine0"));
  assert_int_equal(dot_check_count(picture.data, "before_input"), 1);
  assert_int_equal(dot_check_count(picture.data, "after_output"), 1);
  assert_true(after > 2);
  assert_true(after < before);
  scull_base_text_deinit(&picture);
}

/* With an impossible least size all is native, though the original is as green as before. */
static void native(void **state) {
  (void)state;
  scull_text_t picture = {0};
  build(SCULL_STAGE_NONE, 1000, &picture);
  const char *after = strstr(picture.data, "cluster_after");
  assert_non_null(after);
  assert_null(strstr(after, "cluster_after_engine"));
  assert_null(strstr(after, "#b7e4a8"));
  assert_non_null(strstr(picture.data, "#b7e4a8"));
  assert_non_null(strstr(after, "more than 1000 are needed"));
  scull_base_text_deinit(&picture);
}

static void stopped(void **state) {
  (void)state;
  scull_text_t picture = {0};
  build(SCULL_STAGE_IMPORT, 3, &picture);
  assert_non_null(strstr(picture.data, "cluster_before"));
  assert_null(strstr(picture.data, "cluster_after"));
  scull_base_text_deinit(&picture);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(both),
      cmocka_unit_test(native),
      cmocka_unit_test(stopped),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
