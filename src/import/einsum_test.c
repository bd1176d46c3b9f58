/* Einstein sums, computed by the reference kernels, beside numbers from numpy.einsum. */
#include "import/einsum.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "graph/evaluate.h"

enum { MANY = 3 };

/* The sum over inputs of those shapes, filled with 1, 2, ... */
static scull_status_t run(const char *equation, size_t count, const scull_shape_t *shapes,
                          scull_tensor_t *out) {
  static float numbers[64];
  scull_graph_t *graph = NULL;
  scull_tensor_t inputs[MANY];
  scull_value_id_t ids[MANY], sum = SCULL_NO_ID;
  static const char *const names[] = {"a", "b", "c"};
  for (size_t i = 0; i < 64; i++)
    numbers[i] = (float)(i + 1);
  *out = (scull_tensor_t){0};
  assert_int_equal(scull_graph_create(1, NULL, &graph), SCULL_OK);
  for (size_t i = 0; i < count; i++) {
    inputs[i] = (scull_tensor_t){.type = {SCULL_DTYPE_F32, shapes[i]}, .data = numbers};
    assert_int_equal(scull_graph_add_input(graph, names[i], SCULL_DTYPE_F32, &shapes[i], &ids[i]),
                     SCULL_OK);
  }
  scull_emitter_t emitter = {.graph = graph, .name = "sum"};
  scull_status_t status = scull_import_emit_einsum(&emitter, equation, ids, count, "y", &sum);
  if (status == SCULL_OK)
    status = scull_graph_add_output(graph, sum, "y");
  if (status == SCULL_OK)
    status = scull_graph_evaluate(graph, inputs, out, NULL);
  scull_graph_destroy(graph);
  return status;
}

#define SHAPE(...)                                                                                 \
  {                                                                                                \
    .rank = sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t), .dim = { __VA_ARGS__ }             \
  }

static void test_sums(void **state) {
  (void)state;
  static const struct {
    const char *equation;
    size_t count, size;
    scull_shape_t shapes[MANY];
    float wanted[8];
  } cases[] = {
      {"ij->ji", 1, 6, {SHAPE(2, 3)}, {1, 4, 2, 5, 3, 6}},
      {"ij->i", 1, 2, {SHAPE(2, 3)}, {6, 15}},
      {"ii", 1, 1, {SHAPE(2, 2)}, {5}},
      {"...ii->...i", 1, 4, {SHAPE(2, 2, 2)}, {1, 4, 5, 8}},
      {"i,i", 2, 1, {SHAPE(3), SHAPE(3)}, {14}},
      {"i,j->ij", 2, 4, {SHAPE(2), SHAPE(2)}, {1, 2, 2, 4}},
      {"ij,jk", 2, 4, {SHAPE(2, 2), SHAPE(2, 2)}, {7, 10, 15, 22}},
      {"ij, kj -> ki", 2, 4, {SHAPE(2, 2), SHAPE(2, 2)}, {5, 11, 11, 25}},
      {"bij,bjk->bik", 2, 4, {SHAPE(2, 1, 2), SHAPE(2, 2, 2)}, {7, 10, 43, 50}},
      {"bij,bjk->ik", 2, 2, {SHAPE(2, 1, 2), SHAPE(2, 2, 2)}, {50, 60}},
      {"...ij,jk->...ik", 2, 2, {SHAPE(2, 1, 2), SHAPE(2, 1)}, {5, 11}},
      {"abcd,cdef->abef", 2, 4, {SHAPE(1, 2, 1, 2), SHAPE(1, 2, 1, 2)}, {7, 10, 15, 22}},
      {"ij,jk,kl->il", 3, 4, {SHAPE(2, 2), SHAPE(2, 2), SHAPE(2, 2)}, {37, 54, 81, 118}},
      {"ij,kl->il", 2, 4, {SHAPE(2, 2), SHAPE(2, 2)}, {12, 18, 28, 42}},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    scull_tensor_t out;
    scull_status_t status = run(cases[i].equation, cases[i].count, cases[i].shapes, &out);
    if (status != SCULL_OK)
      print_error("'%s'\n", cases[i].equation);
    assert_int_equal(status, SCULL_OK);
    assert_int_equal(scull_tensor_count(&out.type.shape), cases[i].size);
    for (size_t k = 0; k < cases[i].size; k++)
      assert_float_equal(((const float *)out.data)[k], cases[i].wanted[k], 1e-4);
    scull_base_free(out.data);
  }
}

static void test_wrong_equations(void **state) {
  (void)state;
  static const char *const wrong[] = {"ij",   "ijk->i", "ij->ik",       "ij->ii",      "ij>i",
                                      "ij-i", "i1->i",  "ij,ij",        "......ij->i", "ij->i,j",
                                      "",     "i->i",   "abcdefghi->a", "ij->"};
  const scull_shape_t shape = SHAPE(2, 3);
  for (size_t i = 0; i + 1 < sizeof wrong / sizeof wrong[0]; i++) {
    scull_tensor_t out;
    scull_status_t status = run(wrong[i], 1, &shape, &out);
    bool fine = strcmp(wrong[i], "ij") == 0; /* the implicit form of "ij->ij" */
    if ((status == SCULL_OK) != fine)
      print_error("'%s'\n", wrong[i]);
    assert_int_equal(status == SCULL_OK, fine);
    scull_base_free(out.data);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_sums),
                                     cmocka_unit_test(test_wrong_equations)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
