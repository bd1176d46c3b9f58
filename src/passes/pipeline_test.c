/* The whole pipeline: what real blocks become, options, and that all passes are listed. */
#include "support/pass_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* conv -> batch norm -> relu, with a dropout's leftover and a classifier behind a flatten. */
static void classifier(void **state) {
  (void)state;
  pass_check_pipeline(NULL,
                      "input %x: f32[1:2:4x3x6x6]\n"
                      "const %w: f32[4x3x3x3] ~normal:1\n"
                      "const %s: f32[4] ~pos:2\n"
                      "const %b: f32[4] ~normal:3\n"
                      "const %m: f32[4] ~normal:4\n"
                      "const %v: f32[4] ~pos:5\n"
                      "const %w2: f32[4x5] ~normal:6\n"
                      "const %b2: f32[5] ~normal:7\n"
                      "%c = conv(%x, %w) pads=1,1\n"
                      "%n = batch_norm(%c, %s, %b, %m, %v)\n"
                      "%r = relu(%n)\n"
                      "%p = adaptive_avg_pool(%r) size=1,1\n"
                      "%f = flatten(%p) start=1 stop=3\n"
                      "%d = identity(%f)\n"
                      "%g = matmul(%d, %w2)\n"
                      "%h = add(%g, %b2)\n"
                      "%y = softmax(%h)\n"
                      "output %y\n",
                      "n = conv(x, f32[4x3x3x3], f32[4]) pads=1,1\n"
                      "r = relu(n)\n"
                      "p = avg_pool(r) global=true\n"
                      "f = flatten(p) stop=3\n"
                      "h = matmul(f, f32[4x5], f32[5])\n"
                      "y = softmax(h)\n");
}

/* A transformer's block as Paddle writes it: one product for q, k and v, shapes computed. */
static void attention_block(void **state) {
  (void)state;
  pass_check_pipeline(NULL,
                      "input %x: f32[1:2:4x3x8]\n"
                      "const %w: f32[8x24] ~normal:1\n"
                      "const %b: f32[24] ~normal:2\n"
                      "const %rest: i64[4]={3,3,2,4}\n"
                      "%g = matmul(%x, %w)\n"
                      "%h = add(%g, %b)\n"
                      "%s = shape(%h)\n"
                      "%n = slice(%s) axes=0 starts=0 ends=1\n"
                      "%l = concat(%n, %rest)\n"
                      "%r = reshape(%h, %l)\n"
                      "%t = transpose(%r) perm=2,0,3,1,4\n"
                      "%q0 = slice(%t) axes=0 starts=0 ends=1\n"
                      "%q = squeeze(%q0) axes=0\n"
                      "%qs = scale(%q) scale=0.5\n"
                      "%k0 = slice(%t) axes=0 starts=1 ends=2\n"
                      "%k = squeeze(%k0) axes=0\n"
                      "%v0 = slice(%t) axes=0 starts=2 ends=3\n"
                      "%v = squeeze(%v0) axes=0\n"
                      "%kt = transpose(%k) perm=0,1,3,2\n"
                      "%a = matmul(%qs, %kt)\n"
                      "%p = softmax(%a)\n"
                      "%o = matmul(%p, %v)\n"
                      "%u = transpose(%o) perm=0,2,1,3\n"
                      "%y = reshape(%u) shape=0,3,8\n"
                      "output %y\n",
                      "h = matmul(x, f32[8x24], f32[24])\n"
                      "r = reshape(h) shape=0,3,3,2,4\n"
                      "t = transpose(r) perm=2,0,3,1,4\n"
                      "q0, k0, v0 = split(t) sections=1,1,1\n"
                      "q = squeeze(q0) axes=0\n"
                      "k = squeeze(k0) axes=0\n"
                      "v = squeeze(v0) axes=0\n"
                      "o = attention(q, k, v) scale=0.5\n"
                      "u = transpose(o) perm=0,2,1,3\n"
                      "y = reshape(u) shape=0,3,8\n");
}

static void layer_norm_gelu_swish(void **state) {
  (void)state;
  pass_check_pipeline(NULL,
                      "input %x: f32[2x3x8]\n"
                      "const %two: f32[]={2}\n"
                      "const %eps: f32[]={0.5}\n"
                      "const %g: f32[8] ~normal:1\n"
                      "const %b: f32[8] ~normal:2\n"
                      "const %root: f32[]={1.41421354}\n"
                      "const %one: f32[]={1}\n"
                      "const %half: f32[]={0.5}\n"
                      "%m = reduce_mean(%x) axes=-1 keep_dims=true\n"
                      "%d = sub(%x, %m)\n"
                      "%q = pow(%d, %two)\n"
                      "%v = reduce_mean(%q) axes=-1 keep_dims=true\n"
                      "%e = add(%v, %eps)\n"
                      "%s = sqrt(%e)\n"
                      "%n = div(%d, %s)\n"
                      "%o = mul(%n, %g)\n"
                      "%p = add(%o, %b)\n"
                      "%h = div(%p, %root)\n"
                      "%i = erf(%h)\n"
                      "%j = add(%i, %one)\n"
                      "%k = mul(%p, %j)\n"
                      "%l = mul(%k, %half)\n"
                      "%t = sigmoid(%l)\n"
                      "%y = mul(%l, %t)\n"
                      "output %y\n",
                      "p = layer_norm(x, f32[8], f32[8]) axis=2 epsilon=0.5\n"
                      "l = gelu(p)\n"
                      "y = swish(l)\n");
}

static const char siblings[] = "input %x: f32[1x4x3x3]\n"
                               "const %w1: f32[2x4x1x1] ~normal:1\n"
                               "const %w2: f32[3x4x1x1] ~normal:2\n"
                               "%a = conv(%x, %w1)\n"
                               "%b = conv(%x, %w2)\n"
                               "%y = concat(%a, %b) axis=1\n"
                               "output %y\n";

static void leaves_out_what_is_disabled(void **state) {
  (void)state;
  const char *const disabled[] = {"horizontal"};
  const scull_passes_options_t options = {.disabled = disabled, .disabled_count = 1};
  pass_check_pipeline(&options, siblings,
                      "a = conv(x, f32[2x4x1x1])\n"
                      "b = conv(x, f32[3x4x1x1])\n"
                      "y = concat(a, b) axis=1\n");
  pass_check_pipeline(NULL, siblings,
                      "a.wide = conv(x, f32[5x4x1x1])\n"
                      "a, b = split(a.wide) axis=1 sections=2,3\n"
                      "y = concat(a, b) axis=1\n");
}

static void refuses_unknown_names(void **state) {
  (void)state;
  scull_diag_t diag;
  scull_graph_t *graph = NULL;
  const char *const disabled[] = {"horizontals"};
  const scull_passes_options_t options = {.disabled = disabled, .disabled_count = 1};
  scull_base_diag_init(&diag, SCULL_SEVERITY_ERROR, NULL, NULL);
  assert_int_equal(scull_graph_parse(siblings, &diag, &graph), SCULL_OK);
  assert_int_equal(scull_passes_run(graph, &options), SCULL_INVALID_ARGUMENT);
  assert_non_null(strstr(scull_base_diag_first_error(&diag), "horizontals"));
  scull_graph_destroy(graph);
  scull_base_diag_deinit(&diag);
}

static void count(void *user, const scull_pass_t *pass, scull_graph_t *graph, bool changed) {
  int *counts = user;
  (void)graph;
  counts[0]++;
  counts[1] += changed && strcmp(pass->name, "horizontal") == 0;
}

static void tells_after_each_pass(void **state) {
  (void)state;
  scull_diag_t diag;
  scull_graph_t *graph = NULL;
  int counts[2] = {0, 0};
  const scull_passes_options_t options = {.after = count, .after_user = counts};
  scull_base_diag_init(&diag, SCULL_SEVERITY_ERROR, NULL, NULL);
  assert_int_equal(scull_graph_parse(siblings, &diag, &graph), SCULL_OK);
  assert_int_equal(scull_passes_run(graph, &options), SCULL_OK);
  assert_true(counts[0] >= (int)scull_passes_count());
  assert_int_equal(counts[1], 1);
  scull_graph_destroy(graph);
  scull_base_diag_deinit(&diag);
}

static void lists_each_pass_once(void **state) {
  (void)state;
  assert_true(scull_passes_count() > 0);
  assert_null(scull_passes_at(scull_passes_count()));
  assert_null(scull_passes_find("nonsense"));
  for (size_t i = 0; i < scull_passes_count(); i++) {
    const scull_pass_t *pass = scull_passes_at(i);
    assert_ptr_equal(scull_passes_find(pass->name), pass);
    assert_true(strlen(pass->purpose) > 0);
  }
}

/* Short memory at any point is a status, never a crash or a leak. */
static void survives_short_memory(void **state) {
  (void)state;
  scull_status_t status = SCULL_OUT_OF_MEMORY;
  for (uint64_t n = 1; n < 100000 && status != SCULL_OK; n += 1 + n / 16) {
    scull_diag_t diag;
    scull_graph_t *graph = NULL;
    scull_base_diag_init(&diag, SCULL_SEVERITY_ERROR, NULL, NULL);
    assert_int_equal(scull_graph_parse(siblings, &diag, &graph), SCULL_OK);
    scull_base_memory_fail_at(n);
    status = scull_passes_run(graph, NULL);
    scull_base_memory_fail_at(0);
    assert_true(status == SCULL_OK || status == SCULL_OUT_OF_MEMORY);
    scull_graph_destroy(graph);
    scull_base_diag_deinit(&diag);
  }
  assert_int_equal(status, SCULL_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(classifier),
      cmocka_unit_test(attention_block),
      cmocka_unit_test(layer_norm_gelu_swish),
      cmocka_unit_test(leaves_out_what_is_disabled),
      cmocka_unit_test(refuses_unknown_names),
      cmocka_unit_test(tells_after_each_pass),
      cmocka_unit_test(lists_each_pass_once),
      cmocka_unit_test(survives_short_memory),
  };
  return cmocka_run_group_tests_name("pipeline", tests, NULL, NULL);
}
