/* Runs a pass on a text graph and compares text and meaning of before and after. */
#include "support/pass_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "graph/evaluate.h"

enum { MAX_TENSORS = 16, MAX_RUNS = 16 };

/* --- text ------------------------------------------------------------------------------------ */

static void print_operand(const scull_graph_t *graph, scull_value_id_t id, scull_text_t *text) {
  const scull_value_t *v = scull_graph_value(graph, id);
  if (v == NULL) {
    scull_base_text_print(text, "-");
  } else if (v->data == NULL) {
    scull_base_text_print(text, "%s", v->name);
  } else {
    char buffer[128];
    const scull_type_t type = scull_graph_type(graph, id, SCULL_POINT_OPT);
    scull_base_text_print(text, "%s", scull_tensor_type_text(&type, buffer, sizeof buffer));
    if (type.shape.rank == 0)
      scull_base_text_print(text, "={%g}", scull_graph_constant_at(graph, id, 0));
  }
}

static void print_node(const scull_graph_t *graph, const scull_node_t *node, scull_text_t *text) {
  for (size_t i = 0; i < node->output_count; i++)
    scull_base_text_print(text, "%s%s", i == 0 ? "" : ", ",
                          scull_graph_value(graph, node->outputs[i])->name);
  scull_base_text_print(text, " = %s(", node->op->name);
  for (size_t i = 0; i < node->input_count; i++) {
    scull_base_text_print(text, i == 0 ? "" : ", ");
    print_operand(graph, node->inputs[i], text);
  }
  scull_text_t attrs = {0};
  scull_ops_attrs_print(&node->op->attrs, node->attrs, false, &attrs);
  scull_base_text_print(text, ")%s%s\n", attrs.size > 0 ? " " : "", scull_base_text_get(&attrs));
  scull_base_text_deinit(&attrs);
}

void pass_check_skeleton(scull_graph_t *graph, scull_text_t *text) {
  scull_node_id_t *order = NULL;
  size_t count = 0;
  assert_int_equal(scull_graph_sort(graph, &order, &count), SCULL_OK);
  for (size_t i = 0; i < count; i++)
    print_node(graph, scull_graph_node(graph, order[i]), text);
  assert_false(text->failed);
}

static scull_graph_t *parse(const char *text, scull_diag_t *diag) {
  scull_graph_t *graph = NULL;
  if (scull_graph_parse(text, diag, &graph) != SCULL_OK)
    fail_msg("%s\nin\n%s", scull_base_diag_first_error(diag), text);
  return graph;
}

/* --- meaning --------------------------------------------------------------------------------- */

static double next_uniform(uint64_t *seed) {
  *seed = scull_base_hash64(seed, sizeof *seed, 7);
  return (double)(*seed >> 11) * 0x1p-53;
}

/* Values that reach both sides of every bend: -4 to 4. */
static scull_tensor_t random_tensor(const scull_type_t *type, uint64_t seed) {
  scull_tensor_t tensor = {.type = *type, .data = scull_base_alloc(scull_tensor_bytes(type))};
  assert_non_null(tensor.data);
  for (int64_t i = 0; i < scull_tensor_count(&type->shape); i++)
    scull_tensor_store(tensor.data, type->dtype, i, 8 * next_uniform(&seed) - 4);
  return tensor;
}

static void evaluate(scull_graph_t *graph, int point, scull_tensor_t *outputs) {
  scull_tensor_t inputs[MAX_TENSORS];
  assert_true(graph->inputs.size <= MAX_TENSORS && graph->outputs.size <= MAX_TENSORS);
  for (size_t i = 0; i < graph->inputs.size; i++) {
    const scull_type_t type = scull_graph_type(graph, graph->inputs.data[i], (scull_point_t)point);
    inputs[i] = random_tensor(&type, 100 * i + (uint64_t)point);
  }
  scull_status_t status = scull_graph_evaluate(graph, inputs, outputs, NULL);
  for (size_t i = 0; i < graph->inputs.size; i++)
    scull_base_free(inputs[i].data);
  if (status != SCULL_OK)
    fail_msg("evaluation: %s", scull_base_diag_first_error(graph->diag));
}

static void compare_outputs(const scull_graph_t *graph, const scull_tensor_t *a,
                            const scull_tensor_t *b) {
  for (size_t i = 0; i < graph->outputs.size; i++) {
    const char *name = graph->outputs.data[i].name;
    if (a[i].type.dtype != b[i].type.dtype ||
        !scull_tensor_shape_equal(&a[i].type.shape, &b[i].type.shape))
      fail_msg("output '%s' has another type than before", name);
    const scull_difference_t d = scull_tensor_compare(&a[i], &b[i], (scull_tolerance_t){0, 0});
    if (d.max_relative > 1e-5)
      fail_msg("output '%s' differs by %g of its range", name, d.max_relative);
  }
}

static void check_meaning(scull_graph_t *before, scull_graph_t *after) {
  assert_int_equal(before->outputs.size, after->outputs.size);
  assert_int_equal(before->inputs.size, after->inputs.size);
  for (int p = 0; p < before->points; p++) {
    scull_tensor_t a[MAX_TENSORS], b[MAX_TENSORS];
    evaluate(before, p, a);
    evaluate(after, p, b);
    compare_outputs(before, b, a);
    for (size_t i = 0; i < before->outputs.size; i++) {
      scull_base_free(a[i].data);
      scull_base_free(b[i].data);
    }
  }
}

static bool has_origin(const scull_graph_t *graph, uint32_t origin) {
  for (size_t n = 0; n < graph->nodes.size; n++) {
    const scull_node_t *node = &graph->nodes.data[n];
    for (size_t i = 0; !node->dead && i < node->origin_count; i++) {
      if (node->origins[i] == origin)
        return true;
    }
  }
  return false;
}

/* The reader makes every node its own origin. */
static void check_origins(const scull_graph_t *graph) {
  for (uint32_t i = 0; i < graph->origins.size; i++) {
    if (!has_origin(graph, i))
      fail_msg("the file's '%s' is lost", graph->origins.data[i].name);
  }
}

/* --- checks ---------------------------------------------------------------------------------- */

static void run_pass(const scull_pass_t *pass, scull_graph_t *graph) {
  bool changed = true;
  for (int i = 0; changed && i < MAX_RUNS; i++) {
    changed = false;
    if (pass->run(graph, &changed) != SCULL_OK || scull_graph_verify(graph) != SCULL_OK)
      fail_msg("%s: %s", pass->name, scull_base_diag_first_error(graph->diag));
  }
  assert_false(changed); /* else the pass finds no end */
}

static void run_pipeline(const scull_passes_options_t *options, scull_graph_t *graph) {
  scull_passes_options_t checked = options == NULL ? (scull_passes_options_t){0} : *options;
  checked.verify = true;
  if (scull_passes_run(graph, &checked) != SCULL_OK)
    fail_msg("%s", scull_base_diag_first_error(graph->diag));
}

static void assert_text(const char *expected, scull_graph_t *graph) {
  scull_text_t text = {0};
  pass_check_skeleton(graph, &text);
  assert_string_equal(scull_base_text_get(&text), expected);
  scull_base_text_deinit(&text);
}

/* `pass` NULL: the pipeline. `lossy`: nodes may vanish without an heir. */
static void check(const scull_pass_t *pass, const scull_passes_options_t *options,
                  const char *before, const char *after, bool lossy) {
  scull_diag_t diag;
  scull_base_diag_init(&diag, SCULL_SEVERITY_ERROR, NULL, NULL);
  scull_graph_t *old = parse(before, &diag), *new = parse(before, &diag);
  if (pass != NULL)
    run_pass(pass, new);
  else
    run_pipeline(options, new);
  assert_text(after, new);
  check_meaning(old, new);
  if (!lossy && after[0] != '\0')
    check_origins(new);
  scull_graph_destroy(old);
  scull_graph_destroy(new);
  scull_base_diag_deinit(&diag);
}

void pass_check(const scull_pass_t *pass, const char *before, const char *after) {
  check(pass, NULL, before, after, pass == scull_passes_find("sweep"));
}

void pass_check_pipeline(const scull_passes_options_t *options, const char *before,
                         const char *after) {
  check(NULL, options, before, after, true);
}

void pass_check_unchanged(const scull_pass_t *pass, const char *text) {
  scull_diag_t diag;
  scull_base_diag_init(&diag, SCULL_SEVERITY_ERROR, NULL, NULL);
  scull_graph_t *graph = parse(text, &diag);
  scull_text_t before = {0}, after = {0};
  bool changed = false;
  pass_check_skeleton(graph, &before);
  assert_int_equal(pass->run(graph, &changed), SCULL_OK);
  pass_check_skeleton(graph, &after);
  assert_string_equal(scull_base_text_get(&after), scull_base_text_get(&before));
  assert_false(changed);
  scull_base_text_deinit(&before);
  scull_base_text_deinit(&after);
  scull_graph_destroy(graph);
  scull_base_diag_deinit(&diag);
}
