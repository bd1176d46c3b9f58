/* Known branches go, constants that are captured are sunk, what is not read is captured no more. */
#include "support/pass_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const scull_pass_t *const pass = &scull_pass_simplify_control;

static void a_known_condition_is_inlined(void **state) {
  (void)state;
  pass_check(pass,
             "input %x: f32[2]\n"
             "const %c: bool[]={0}\n"
             "%y = if(%c, %x) {\n"
             "  input %a: f32[2]\n"
             "  %b = relu(%a)\n"
             "  output %b\n"
             "} {\n"
             "  input %a: f32[2]\n"
             "  %n = abs(%a)\n"
             "  output %n\n"
             "}\n"
             "%z = tanh(%y)\n"
             "output %z\n",
             "n = abs(x)\n"
             "z = tanh(n)\n");
}

/* %k becomes the region's own, %u goes; what is left is given by one capture. */
static void captures_are_trimmed(void **state) {
  (void)state;
  scull_diag_t diag;
  scull_graph_t *graph = NULL;
  bool changed = false;
  scull_base_diag_init(&diag, SCULL_SEVERITY_ERROR, NULL, NULL);
  assert_int_equal(scull_graph_parse("input %n: i64[]\n"
                                     "input %x: f32[2]\n"
                                     "input %u: f32[2]\n"
                                     "const %k: f32[2]={1,2}\n"
                                     "%y = loop(%n, -, %x, %k, %u, %x) carried=1 {\n"
                                     "  input %i: i64[]\n"
                                     "  input %go: bool[]\n"
                                     "  input %v: f32[2]\n"
                                     "  input %a: f32[2]\n"
                                     "  input %b: f32[2]\n"
                                     "  input %c: f32[2]\n"
                                     "  %s = mul(%v, %a)\n"
                                     "  %t = add(%s, %c)\n"
                                     "  output %go\n"
                                     "  output %t\n"
                                     "}\n"
                                     "output %y\n",
                                     &diag, &graph),
                   SCULL_OK);
  assert_int_equal(pass->run(graph, &changed), SCULL_OK);
  assert_true(changed);
  if (scull_graph_verify(graph) != SCULL_OK)
    fail_msg("%s", scull_base_diag_first_error(&diag));
  const scull_node_t *loop = scull_graph_producer(graph, scull_graph_find_value(graph, "y"));
  assert_int_equal(loop->input_count, 4);
  assert_int_equal(loop->regions[0]->inputs.size, 4);
  const scull_node_t *mul =
      scull_graph_producer(loop->regions[0], scull_graph_find_value(loop->regions[0], "s"));
  assert_true(scull_graph_is_constant(loop->regions[0], mul->inputs[1]));
  changed = false;
  assert_int_equal(pass->run(graph, &changed), SCULL_OK);
  assert_false(changed);
  scull_graph_destroy(graph);
  scull_base_diag_deinit(&diag);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_known_condition_is_inlined),
      cmocka_unit_test(captures_are_trimmed),
  };
  return cmocka_run_group_tests_name("simplify_control", tests, NULL, NULL);
}
