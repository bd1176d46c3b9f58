/* Forty sizes in random order: every answer right, and memory that does not grow once all sizes
 * have been seen a few times. bench/cpu/shapes.py does the same ten thousand times. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "graph/evaluate.h"
#include "support/net.h"

enum { SIZES = 40, SETTLED = 100, CALLS = 400 };

static const char text[] = "input %x: f32[1x3x8:16:47x8:16:47]\n"
                           "const %w: f32[16x3x3x3] ~normal:1\n"
                           "const %v: f32[8x16x1x1] ~normal:2\n"
                           "%a = conv(%x, %w) strides=2,2 pads=1,1\n"
                           "%b = relu(%a)\n"
                           "%c = conv(%b, %v)\n"
                           "%d = max_pool(%c) kernel=3,3 strides=1,1 pads=1,1\n"
                           "%s = shape(%d)\n"
                           "%f = reshape(%d) shape=0,0,-1\n"
                           "%t = softmax(%f) axis=1\n"
                           "output %t\n"
                           "output %s\n";

static scull_shape_t shape_of(size_t size) {
  return (scull_shape_t){4, {1, 3, 8 + (int64_t)size, 47 - (int64_t)size}};
}

static void sizes_come_and_go(void **state) {
  (void)state;
  net_t net;
  scull_runtime_context_t *context = NULL;
  scull_tensor_t inputs[SIZES], expected[SIZES][2], got;
  uint64_t random = 7, settled = 0;
  net_open(&net, text, "cpu");
  scull_runtime_engine_t *engine = net_engine(&net);
  assert_int_equal(
      scull_runtime_context_create(engine, &(scull_runtime_options_t){0}, &context, NULL),
      SCULL_OK);
  for (size_t i = 0; i < SIZES; i++) {
    const scull_shape_t shape = shape_of(i);
    inputs[i] = net_input(&net, 0, &shape, i);
    assert_int_equal(scull_graph_evaluate(net.graph, &inputs[i], expected[i], NULL), SCULL_OK);
  }
  for (size_t call = 0; call < CALLS; call++) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    size_t i = call < SIZES ? call : (size_t)(random >> 33) % SIZES;
    assert_int_equal(scull_runtime_set_shape(context, 0, &inputs[i].type.shape, NULL), SCULL_OK);
    assert_int_equal(scull_runtime_set_input(context, 0, inputs[i].data,
                                             scull_tensor_bytes(&inputs[i].type), NULL),
                     SCULL_OK);
    assert_int_equal(scull_runtime_run(context, NULL), SCULL_OK);
    for (size_t o = 0; o < 2; o++) {
      assert_int_equal(scull_runtime_output(context, o, &got, NULL), SCULL_OK);
      assert_true(scull_tensor_shape_equal(&got.type.shape, &expected[i][o].type.shape));
      assert_int_equal(
          scull_tensor_compare(&got, &expected[i][o], (scull_tolerance_t){1e-5, 1e-4}).outside, 0);
    }
    if (call == SETTLED)
      settled = scull_base_memory_stats().peak_bytes;
  }
  assert_int_equal(scull_base_memory_stats().peak_bytes, settled);
  for (size_t i = 0; i < SIZES; i++) {
    scull_base_free(inputs[i].data);
    scull_base_free(expected[i][0].data);
    scull_base_free(expected[i][1].data);
  }
  scull_runtime_context_destroy(context);
  scull_runtime_engine_destroy(engine);
  net_close(&net);
}

static void out_of_range_has_words(void **state) {
  (void)state;
  net_t net;
  scull_runtime_context_t *context = NULL;
  const scull_shape_t wide = {4, {1, 3, 8, 48}};
  net_open(&net, text, "cpu");
  scull_runtime_engine_t *engine = net_engine(&net);
  assert_int_equal(
      scull_runtime_context_create(engine, &(scull_runtime_options_t){0}, &context, NULL),
      SCULL_OK);
  assert_int_equal(scull_runtime_set_shape(context, 0, &wide, &net.diag), SCULL_OUT_OF_RANGE);
  net_says(&net.diag, "input 'x', dimension 3: 48 lies outside 8..47");
  scull_runtime_context_destroy(context);
  scull_runtime_engine_destroy(engine);
  net_close(&net);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sizes_come_and_go),
      cmocka_unit_test(out_of_range_has_words),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
