/* Building, editing and checking of graphs. Graphs are written as text where that is shorter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "graph/graph.h"
#include "ops/conv.h"

static scull_graph_t *parse(const char *text) {
  scull_graph_t *graph = NULL;
  assert_int_equal(scull_graph_parse(text, NULL, &graph), SCULL_OK);
  assert_int_equal(scull_graph_verify(graph), SCULL_OK);
  return graph;
}

static scull_value_id_t value(const scull_graph_t *graph, const char *name) {
  scull_value_id_t id = scull_graph_find_value(graph, name);
  assert_int_not_equal(id, SCULL_NO_ID);
  return id;
}

static scull_node_id_t producer(const scull_graph_t *graph, const char *name) {
  return scull_graph_value(graph, value(graph, name))->producer;
}

/* The graph is sound and prints as `want`. */
static void finish(scull_graph_t *graph, const char *want) {
  scull_text_t text = {0};
  assert_int_equal(scull_graph_verify(graph), SCULL_OK);
  scull_graph_print(graph, &text);
  assert_string_equal(scull_base_text_get(&text), want);
  scull_base_text_deinit(&text);
  scull_graph_destroy(graph);
}

static void looking(void **state) {
  (void)state;
  scull_graph_t *graph = parse("input %x: f32[1:2:4x3]\n"
                               "const %k: i64[2]={3,-1}\n"
                               "%a = relu(%x)\n"
                               "%b = add(%a, %a)\n"
                               "%c = reshape(%b, %k)\n"
                               "output %a\n"
                               "output %c\n");
  scull_value_id_t x = value(graph, "x"), a = value(graph, "a"), b = value(graph, "b");
  scull_value_id_t k = value(graph, "k");
  assert_int_equal(scull_graph_find_value(graph, "z"), SCULL_NO_ID);
  assert_int_equal(scull_graph_value(graph, a)->users.size, 2);
  assert_null(scull_graph_only_user(graph, a));
  assert_ptr_equal(scull_graph_only_user(graph, b), scull_graph_producer(graph, value(graph, "c")));
  assert_null(scull_graph_only_user(graph, value(graph, "c")));
  assert_null(scull_graph_producer(graph, x));
  assert_null(scull_graph_producer(graph, SCULL_NO_ID));
  assert_null(scull_graph_value(graph, SCULL_NO_ID));
  assert_null(scull_graph_node(graph, SCULL_NO_ID));
  assert_true(scull_graph_is_output(graph, a));
  assert_false(scull_graph_is_output(graph, b));
  assert_true(scull_graph_is_constant(graph, k));
  assert_false(scull_graph_is_constant(graph, x));
  assert_true(scull_graph_is_fixed(graph, k));
  assert_false(scull_graph_is_fixed(graph, b));
  assert_int_equal(scull_graph_type(graph, b, SCULL_POINT_MAX).shape.dim[0], 4);
  assert_int_equal(scull_graph_type(graph, SCULL_NO_ID, SCULL_POINT_MAX).dtype, SCULL_DTYPE_NONE);
  assert_int_equal(scull_graph_node_id(graph, scull_graph_producer(graph, b)),
                   producer(graph, "b"));
  assert_int_equal(scull_graph_constant_i64_at(graph, k, 1), -1);
  assert_true(scull_graph_constant_at(graph, k, 0) == 3);
  scull_graph_destroy(graph);
}

static void constants_may_be_unaligned(void **state) {
  (void)state;
  const float values[] = {1.5f, -2};
  char bytes[1 + sizeof values];
  memcpy(bytes + 1, values, sizeof values);
  scull_graph_t *graph = NULL;
  scull_value_id_t id = SCULL_NO_ID;
  const scull_type_t type = {SCULL_DTYPE_F32, {1, {2}}};
  const uint16_t halves[] = {0x3c00, 0xc000};
  const scull_type_t half = {SCULL_DTYPE_F16, {1, {2}}};
  assert_int_equal(scull_graph_create(1, NULL, &graph), SCULL_OK);
  assert_int_equal(scull_graph_add_constant(graph, "c", &type, bytes + 1, &id), SCULL_OK);
  assert_true(scull_graph_constant_at(graph, id, 1) == -2);
  const float *copy = scull_graph_constant_f32(graph, id);
  assert_memory_equal(copy, values, sizeof values);
  assert_int_equal(scull_graph_add_constant(graph, "h", &half, halves, &id), SCULL_OK);
  copy = scull_graph_constant_f32(graph, id);
  assert_true(copy[0] == 1 && copy[1] == -2);
  scull_graph_destroy(graph);
}

static void names_are_unique(void **state) {
  (void)state;
  scull_graph_t *graph = parse("input %x: f32[2]\n%y = relu(%x)\noutput %y\n");
  const scull_value_id_t x = value(graph, "x");
  const scull_shape_t shape = {1, {2}};
  scull_value_id_t id = SCULL_NO_ID;
  scull_node_id_t node = SCULL_NO_ID;
  assert_int_equal(scull_graph_add_input(graph, "y", SCULL_DTYPE_F32, &shape, &id),
                   SCULL_INVALID_ARGUMENT);
  const char *const names[] = {"y"};
  const scull_node_spec_t spec = {.op = &scull_opdef_relu,
                                  .name = "again",
                                  .inputs = &x,
                                  .input_count = 1,
                                  .output_count = 1,
                                  .output_names = names};
  assert_int_equal(scull_graph_add_node(graph, &spec, &node), SCULL_OK);
  const char *made = scull_graph_value(graph, scull_graph_node(graph, node)->outputs[0])->name;
  assert_string_not_equal(made, "y");
  assert_memory_equal(made, "y.", 2);
  assert_int_equal(scull_graph_value(graph, value(graph, "y"))->producer, 0);
  assert_int_equal(scull_graph_verify(graph), SCULL_OK);
  scull_graph_destroy(graph);
}

/* Names of further outputs come from the node's. */
static void outputs_without_names(void **state) {
  (void)state;
  scull_graph_t *graph = parse("input %x: f32[4]\n");
  const scull_value_id_t x = value(graph, "x");
  const scull_node_spec_t spec = {
      .op = &scull_opdef_split, .name = "s", .inputs = &x, .input_count = 1, .output_count = 2};
  scull_node_id_t node = SCULL_NO_ID;
  assert_int_equal(scull_graph_add_node(graph, &spec, &node), SCULL_OK);
  finish(graph, "input %x: f32[4]\n%s: f32[2], %\"s:1\": f32[2] = split(%x)\n");
}

static void refused_node_leaves_nothing(void **state) {
  (void)state;
  scull_diag_t diag;
  scull_graph_t *graph = parse("input %x: f32[2x3]\n%y = relu(%x)\noutput %y\n");
  const scull_value_id_t operands[] = {value(graph, "x"), value(graph, "x")};
  const scull_node_spec_t spec = {.op = &scull_opdef_conv,
                                  .name = "bad",
                                  .inputs = operands,
                                  .input_count = 2,
                                  .output_count = 1};
  scull_node_id_t node = SCULL_NO_ID;
  scull_base_diag_init(&diag, SCULL_SEVERITY_ERROR, NULL, NULL);
  graph->diag = &diag;
  assert_int_equal(scull_graph_add_node(graph, &spec, &node), SCULL_INVALID_ARGUMENT);
  assert_non_null(strstr(scull_base_diag_first_error(&diag), "node 'bad' (conv)"));
  assert_int_equal(node, SCULL_NO_ID);
  graph->diag = NULL;
  scull_base_diag_deinit(&diag);
  finish(graph, "input %x: f32[2x3]\n%y: f32[2x3] = relu(%x)\noutput %y\n");
}

/* The caller's attributes are copied, lists included. */
static void attributes_are_copied(void **state) {
  (void)state;
  int64_t strides[] = {2, 2};
  scull_conv_attrs_t attrs = {.strides = {strides, 2}, .groups = 1};
  scull_graph_t *graph = parse("input %x: f32[1x1x4x4]\nconst %w: f32[1x1x2x2]={1,2,3,4}\n");
  const scull_value_id_t operands[] = {value(graph, "x"), value(graph, "w"), SCULL_NO_ID};
  const scull_node_spec_t spec = {.op = &scull_opdef_conv,
                                  .name = "y",
                                  .attrs = &attrs,
                                  .inputs = operands,
                                  .input_count = 3,
                                  .output_count = 1};
  scull_node_id_t node = SCULL_NO_ID;
  assert_int_equal(scull_graph_add_node(graph, &spec, &node), SCULL_OK);
  assert_int_equal(scull_graph_node(graph, node)->input_count, 2);
  strides[0] = strides[1] = 1;
  finish(graph, "input %x: f32[1x1x4x4]\n"
                "const %w: f32[1x1x2x2]={1,2,3,4}\n"
                "%y: f32[1x1x2x2] = conv(%x, %w) strides=2,2\n");
}

static const char twice[] = "input %x: f32[2]\n"
                            "%a: f32[2] = relu(%x)\n"
                            "%b: f32[2] = add(%a, %a)\n"
                            "%c: f32[2] = add(%b, %a)\n"
                            "output %c\n";

static void replace_moves_every_use(void **state) {
  (void)state;
  scull_graph_t *graph = parse(twice);
  assert_int_equal(scull_graph_replace(graph, value(graph, "a"), value(graph, "x")), SCULL_OK);
  assert_int_equal(scull_graph_value(graph, value(graph, "a"))->users.size, 0);
  assert_int_equal(scull_graph_value(graph, value(graph, "x"))->users.size, 4);
  assert_int_equal(scull_graph_verify(graph), SCULL_OK);
  assert_int_equal(scull_graph_sweep(graph), 1);
  finish(graph, "input %x: f32[2]\n"
                "%b: f32[2] = add(%x, %x)\n"
                "%c: f32[2] = add(%b, %x)\n"
                "output %c\n");
}

static void replace_by_itself_does_nothing(void **state) {
  (void)state;
  scull_graph_t *graph = parse(twice);
  assert_int_equal(scull_graph_replace(graph, value(graph, "a"), value(graph, "a")), SCULL_OK);
  finish(graph, twice);
}

static void replaced_output_keeps_its_name(void **state) {
  (void)state;
  scull_graph_t *graph = parse(twice);
  assert_int_equal(scull_graph_replace(graph, value(graph, "c"), value(graph, "b")), SCULL_OK);
  assert_int_equal(scull_graph_verify(graph), SCULL_OK);
  assert_int_equal(scull_graph_sweep(graph), 1);
  scull_value_id_t c = value(graph, "c");
  assert_int_equal(scull_graph_find_value(graph, "b"),
                   c); /* its name in the file still leads to it */
  assert_int_equal(graph->outputs.data[0].value, c);
  finish(graph, "input %x: f32[2]\n"
                "%a: f32[2] = relu(%x)\n"
                "%c: f32[2] = add(%a, %a) \"b\"\n"
                "output %c\n");
}

/* An input keeps its own name, the output keeps the output's. */
static void output_replaced_by_an_input(void **state) {
  (void)state;
  scull_graph_t *graph = parse("input %x: f32[2]\n%y = relu(%x)\noutput %y\n");
  assert_int_equal(scull_graph_replace(graph, value(graph, "y"), value(graph, "x")), SCULL_OK);
  assert_int_equal(scull_graph_sweep(graph), 1);
  finish(graph, "input %x: f32[2]\noutput %x \"y\"\n");
}

static void set_input_keeps_users_exact(void **state) {
  (void)state;
  scull_graph_t *graph = parse("input %x: f32[1x1x4x4]\n"
                               "const %w: f32[1x1x1x1]={2}\n"
                               "const %b: f32[1]={3}\n"
                               "%y = conv(%x, %w)\n"
                               "output %y\n");
  scull_node_id_t node = producer(graph, "y");
  assert_int_equal(scull_graph_set_input(graph, node, 2, value(graph, "b")), SCULL_OK);
  assert_int_equal(scull_graph_node(graph, node)->input_count, 3);
  assert_int_equal(scull_graph_value(graph, value(graph, "b"))->users.size, 1);
  assert_int_equal(scull_graph_verify(graph), SCULL_OK);
  assert_int_equal(scull_graph_set_input(graph, node, 2, SCULL_NO_ID), SCULL_OK);
  assert_int_equal(scull_graph_value(graph, value(graph, "b"))->users.size, 0);
  assert_int_equal(scull_graph_sweep(graph), 0);
  assert_int_equal(scull_graph_find_value(graph, "b"), SCULL_NO_ID);
  finish(graph, "input %x: f32[1x1x4x4]\n"
                "const %w: f32[1x1x1x1]={2}\n"
                "%y: f32[1x1x4x4] = conv(%x, %w, -)\n"
                "output %y\n");
}

static void sweep_takes_chains_and_constants(void **state) {
  (void)state;
  scull_graph_t *graph = parse("input %x: f32[2]\n"
                               "input %unused: f32[2]\n"
                               "const %k: f32[2]={1,2}\n"
                               "const %kept: f32[2]={3,4}\n"
                               "%a = add(%x, %k)\n"
                               "%b = relu(%a)\n"
                               "%c, %d = split(%b)\n"
                               "%y = relu(%x)\n"
                               "output %y\n"
                               "output %kept\n");
  assert_int_equal(scull_graph_sweep(graph), 3);
  assert_int_equal(scull_graph_sweep(graph), 0);
  finish(graph, "input %x: f32[2]\n"
                "input %unused: f32[2]\n"
                "const %kept: f32[2]={3,4}\n"
                "%y: f32[2] = relu(%x)\n"
                "output %y\n"
                "output %kept\n");
}

static void absorb_joins_origins_once(void **state) {
  (void)state;
  scull_graph_t *graph = parse(twice);
  scull_node_id_t a = producer(graph, "a"), b = producer(graph, "b"), c = producer(graph, "c");
  assert_int_equal(scull_graph_absorb(graph, a, b), SCULL_OK);
  assert_int_equal(scull_graph_absorb(graph, c, b), SCULL_OK);
  assert_int_equal(scull_graph_absorb(graph, a, c), SCULL_OK);
  const scull_node_t *node = scull_graph_node(graph, a);
  assert_int_equal(node->origin_count, 3);
  assert_string_equal(graph->origins.data[node->origins[0]].name, "a");
  assert_string_equal(graph->origins.data[node->origins[1]].name, "b");
  assert_string_equal(graph->origins.data[node->origins[2]].name, "c");
  scull_graph_destroy(graph);
}

/* Producers first; otherwise as added. */
static void sorting(void **state) {
  (void)state;
  scull_graph_t *graph = parse("input %x: f32[2]\n"
                               "%a = relu(%x)\n"
                               "%b = relu(%x)\n"
                               "%c = relu(%x)\n"
                               "%d = add(%c, %b)\n");
  scull_node_id_t *order = NULL;
  size_t count = 0;
  assert_int_equal(scull_graph_set_input(graph, 0, 0, value(graph, "d")), SCULL_OK);
  assert_int_equal(scull_graph_sort(graph, &order, &count), SCULL_OK);
  const scull_node_id_t want[] = {1, 2, 3, 0};
  assert_int_equal(count, 4);
  assert_memory_equal(order, want, sizeof want);
  assert_int_equal(scull_graph_verify(graph), SCULL_OK);
  scull_graph_destroy(graph);
}

static void cycles_are_found(void **state) {
  (void)state;
  scull_diag_t diag;
  scull_graph_t *graph = parse(twice);
  scull_node_id_t *order = NULL;
  size_t count = 0;
  scull_base_diag_init(&diag, SCULL_SEVERITY_ERROR, NULL, NULL);
  graph->diag = &diag;
  assert_int_equal(scull_graph_set_input(graph, 0, 0, value(graph, "b")), SCULL_OK);
  assert_int_equal(scull_graph_sort(graph, &order, &count), SCULL_CORRUPT);
  assert_string_equal(scull_base_diag_first_error(&diag), "the graph has a cycle of 3 nodes");
  assert_int_equal(scull_graph_infer(graph), SCULL_CORRUPT);
  assert_int_equal(scull_graph_verify(graph), SCULL_CORRUPT);
  assert_int_equal(scull_graph_set_input(graph, 0, 0, value(graph, "x")), SCULL_OK);
  assert_int_equal(scull_graph_sort(graph, &order, &count), SCULL_OK);
  scull_graph_destroy(graph);
  scull_base_diag_deinit(&diag);
}

static void infer_follows_an_edit(void **state) {
  (void)state;
  scull_graph_t *graph = parse("input %x: f32[2]\n"
                               "input %z: f32[3x4]\n"
                               "%a = relu(%x)\n"
                               "%b = relu(%a)\n"
                               "output %b\n");
  assert_int_equal(scull_graph_set_input(graph, 0, 0, value(graph, "z")), SCULL_OK);
  assert_int_equal(scull_graph_verify(graph), SCULL_INTERNAL);
  assert_int_equal(scull_graph_infer(graph), SCULL_OK);
  finish(graph, "input %x: f32[2]\n"
                "input %z: f32[3x4]\n"
                "%a: f32[3x4] = relu(%z)\n"
                "%b: f32[3x4] = relu(%a)\n"
                "output %b\n");
}

/* --- damage that verify must see -------------------------------------------------------------- */

static void stale_user(scull_graph_t *g) {
  scull_value_t *x = scull_graph_value(g, value(g, "x"));
  assert_true(SCULL_VEC_PUSH(&x->users, producer(g, "b")));
}

static void missing_user(scull_graph_t *g) {
  scull_graph_value(g, value(g, "a"))->users.size--;
}

static void user_out_of_range(scull_graph_t *g) {
  scull_value_t *x = scull_graph_value(g, value(g, "x"));
  assert_true(SCULL_VEC_PUSH(&x->users, 99));
}

static void operand_out_of_range(scull_graph_t *g) {
  scull_graph_node(g, 0)->inputs[0] = 99;
}

static void dead_operand(scull_graph_t *g) {
  scull_graph_value(g, value(g, "x"))->dead = true;
}

static void dead_user(scull_graph_t *g) {
  scull_graph_node(g, producer(g, "d"))->dead = true;
}

static void wrong_producer(scull_graph_t *g) {
  scull_graph_value(g, value(g, "a"))->producer = 1;
}

static void wrong_slot(scull_graph_t *g) {
  scull_graph_value(g, value(g, "e"))->slot = 0;
}

static void wrong_dtype(scull_graph_t *g) {
  scull_graph_value(g, value(g, "a"))->dtype = SCULL_DTYPE_I32;
}

static void wrong_extent(scull_graph_t *g) {
  scull_graph_value(g, value(g, "d"))->shape[0].dim[0] = 7;
}

/* Of an output that is not the first: inference must not have repaired it before it is compared. */
static void wrong_extent_of_a_second_output(scull_graph_t *g) {
  scull_graph_value(g, value(g, "e"))->shape[0].dim[0] = 7;
}

static void no_dtype(scull_graph_t *g) {
  scull_graph_value(g, value(g, "x"))->dtype = SCULL_DTYPE_NONE;
}

static void from_nowhere(scull_graph_t *g) {
  scull_graph_value(g, value(g, "x"))->is_input = false;
}

static void output_out_of_range(scull_graph_t *g) {
  g->outputs.data[0].value = 99;
}

static void input_out_of_range(scull_graph_t *g) {
  g->inputs.data[0] = 99;
}

static void renamed_behind_the_map(scull_graph_t *g) {
  scull_graph_value(g, value(g, "b"))->name = "a";
}

static void removed_while_in_use(scull_graph_t *g) {
  scull_graph_remove(g, producer(g, "b"));
}

static void output_of_nobody(scull_graph_t *g) {
  scull_graph_node(g, producer(g, "e"))->output_count = 1;
}

static void damage_is_found(void **state) {
  (void)state;
  static const struct {
    void (*plant)(scull_graph_t *graph);
    const char *words;
  } cases[] = {
      {stale_user, "a value lists a user that does not read it: 'x'"},
      {missing_user, "users and operands disagree: 'b'"},
      {user_out_of_range, "a value is used by a node that is gone: 'x'"},
      {operand_out_of_range, "a node reads a value that is gone: 'a'"},
      {dead_operand, "a node reads a value that is gone: 'a'"},
      {dead_user, "a value is used by a node that is gone: 'b'"},
      {wrong_producer, "an output does not know its producer: 'a'"},
      {wrong_slot, "an output does not know its producer: 'd'"},
      {wrong_dtype, "a value's type is not what its operator gives: 'a'"},
      {wrong_extent, "a value's type is not what its operator gives: 'd'"},
      {wrong_extent_of_a_second_output, "a value's type is not what its operator gives: 'e'"},
      {no_dtype, "a value has no type: 'x'"},
      {from_nowhere, "a value comes from nowhere: 'x'"},
      {output_out_of_range, "an output's value is gone: 'e'"},
      {input_out_of_range, "an input is gone: '?'"},
      {renamed_behind_the_map, "a value is not found by its name: 'a'"},
      {removed_while_in_use, "a node reads a value that is gone: 'd'"},
      {output_of_nobody, "a value's producer does not give it: 'e'"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    scull_diag_t diag;
    scull_graph_t *graph = parse("input %x: f32[2]\n"
                                 "%a = relu(%x)\n"
                                 "%b = add(%a, %a)\n"
                                 "%d, %e = split(%b)\n"
                                 "output %e\n");
    scull_base_diag_init(&diag, SCULL_SEVERITY_ERROR, NULL, NULL);
    graph->diag = &diag;
    cases[i].plant(graph);
    assert_int_equal(scull_graph_verify(graph), SCULL_INTERNAL);
    assert_non_null(strstr(scull_base_diag_first_error(&diag), cases[i].words));
    scull_graph_destroy(graph);
    scull_base_diag_deinit(&diag);
  }
}

/* --- short memory ----------------------------------------------------------------------------- */

/* A life with every kind of edit; stops at the first failure. */
static scull_status_t live(scull_graph_t **graph) {
  const scull_shape_t shapes[SCULL_POINTS] = {{1, {4}}, {1, {2}}, {1, {8}}, {1, {6}}};
  const scull_type_t type = {SCULL_DTYPE_F32, {1, {1}}};
  static const float one = 1;
  scull_value_id_t x = 0, k = 0;
  scull_node_id_t node = 0, sum = 0;
  uint32_t origin = 0;
  SCULL_TRY(scull_graph_create(SCULL_POINTS, NULL, graph));
  scull_graph_t *g = *graph;
  SCULL_TRY(scull_graph_add_input(g, "x", SCULL_DTYPE_F32, shapes, &x));
  SCULL_TRY(scull_graph_add_constant(g, "k", &type, &one, &k));
  SCULL_TRY(scull_graph_add_origin(g, "o", "t", &origin));
  for (int i = 0; i < 20; i++) { /* enough for every vector to grow */
    const scull_value_id_t in = i == 0 ? x : scull_graph_node(g, node)->outputs[0];
    const scull_node_spec_t spec = {.op = &scull_opdef_relu,
                                    .name = "r",
                                    .inputs = &in,
                                    .input_count = 1,
                                    .output_count = 1,
                                    .origins = &origin,
                                    .origin_count = 1};
    SCULL_TRY(scull_graph_add_node(g, &spec, &node));
  }
  scull_value_id_t last = scull_graph_node(g, node)->outputs[0];
  const scull_value_id_t operands[] = {last, k};
  const scull_node_spec_t add = {.op = &scull_opdef_add,
                                 .name = "sum",
                                 .inputs = operands,
                                 .input_count = 2,
                                 .output_count = 1};
  SCULL_TRY(scull_graph_add_node(g, &add, &sum));
  SCULL_TRY(scull_graph_add_output(g, scull_graph_node(g, sum)->outputs[0], "y"));
  SCULL_TRY(scull_graph_set_input(g, sum, 1, x));
  SCULL_TRY(scull_graph_absorb(g, sum, node));
  SCULL_TRY(scull_graph_replace(g, last, x));
  scull_graph_sweep(g);
  SCULL_TRY(scull_graph_infer(g));
  return scull_graph_verify(g);
}

static void failing_allocations_leak_nothing(void **state) {
  (void)state;
  uint64_t before = scull_base_memory_stats().live_blocks, failures = 0;
  for (scull_status_t status = SCULL_OUT_OF_MEMORY; status != SCULL_OK;) {
    scull_graph_t *graph = NULL;
    scull_base_memory_fail_at(++failures);
    status = live(&graph);
    scull_base_memory_fail_at(0);
    assert_true(status == SCULL_OK || status == SCULL_OUT_OF_MEMORY);
    scull_graph_destroy(graph);
    assert_int_equal(scull_base_memory_stats().live_blocks, before);
    assert_true(failures < 1000);
  }
  assert_true(failures > 20);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(looking),
      cmocka_unit_test(constants_may_be_unaligned),
      cmocka_unit_test(names_are_unique),
      cmocka_unit_test(outputs_without_names),
      cmocka_unit_test(refused_node_leaves_nothing),
      cmocka_unit_test(attributes_are_copied),
      cmocka_unit_test(replace_moves_every_use),
      cmocka_unit_test(replace_by_itself_does_nothing),
      cmocka_unit_test(replaced_output_keeps_its_name),
      cmocka_unit_test(output_replaced_by_an_input),
      cmocka_unit_test(set_input_keeps_users_exact),
      cmocka_unit_test(sweep_takes_chains_and_constants),
      cmocka_unit_test(absorb_joins_origins_once),
      cmocka_unit_test(sorting),
      cmocka_unit_test(cycles_are_found),
      cmocka_unit_test(infer_follows_an_edit),
      cmocka_unit_test(damage_is_found),
      cmocka_unit_test(failing_allocations_leak_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
