/* A graph as text; the form is described in graph.h. Nodes stand in sorted order, or, where a cycle
 * forbids one, as they were added, so that a damaged graph can still be looked at. */
#include <string.h>

#include "base/hash.h"
#include "base/real.h"
#include "graph/scan.h"

enum { MAX_LITERALS = 16 };

static void print_name(const char *name, scull_text_t *text) {
  scull_base_text_add(text, "%", 1);
  if (scull_graph_scan_is_plain(name))
    scull_base_text_add(text, name, strlen(name));
  else
    scull_base_text_quote(text, name);
}

static void print_extent(const scull_graph_t *graph, const scull_value_t *v, int32_t axis,
                         scull_text_t *text) {
  long long opt = v->shape[SCULL_POINT_OPT].dim[axis], min = opt, max = opt;
  if (graph->points > 1) {
    min = v->shape[SCULL_POINT_MIN].dim[axis];
    max = v->shape[SCULL_POINT_MAX].dim[axis];
  }
  if (min == opt && opt == max)
    scull_base_text_print(text, "%lld", opt);
  else
    scull_base_text_print(text, "%lld:%lld:%lld", min, opt, max);
}

void scull_graph_print_type(const scull_graph_t *graph, const scull_value_t *v,
                            scull_text_t *text) {
  scull_base_text_print(text, "%s[", scull_tensor_dtype_name(v->dtype));
  for (int32_t i = 0; i < v->shape[0].rank; i++) {
    scull_base_text_print(text, "%s", i == 0 ? "" : "x");
    print_extent(graph, v, i, text);
  }
  scull_base_text_print(text, "]");
}

/* "%x: f32[2x3]" */
static void print_value(const scull_graph_t *graph, scull_value_id_t id, scull_text_t *text) {
  const scull_value_t *v = scull_graph_value(graph, id);
  print_name(v->name, text);
  scull_base_text_print(text, ": ");
  scull_graph_print_type(graph, v, text);
}

static void print_literals(const scull_graph_t *graph, scull_value_id_t id, int64_t count,
                           scull_text_t *text) {
  scull_dtype_t dtype = scull_graph_value(graph, id)->dtype;
  scull_base_text_print(text, "={");
  for (int64_t i = 0; i < count; i++) {
    scull_base_text_print(text, "%s", i == 0 ? "" : ",");
    int64_t whole = scull_graph_constant_i64_at(graph, id, i);
    if (scull_tensor_dtype_is_float(dtype))
      scull_base_real_print(text, scull_graph_constant_at(graph, id, i), dtype != SCULL_DTYPE_F64);
    else if (dtype == SCULL_DTYPE_U64)
      scull_base_text_print(text, "%llu", (unsigned long long)whole);
    else
      scull_base_text_print(text, "%lld", (long long)whole);
  }
  scull_base_text_print(text, "}");
}

static void print_constant(const scull_graph_t *graph, scull_value_id_t id, scull_text_t *text) {
  const scull_value_t *v = scull_graph_value(graph, id);
  const scull_type_t type = {v->dtype, v->shape[0]};
  int64_t count = scull_tensor_count(&type.shape);
  scull_base_text_print(text, "const ");
  print_value(graph, id, text);
  if (count <= MAX_LITERALS) {
    print_literals(graph, id, count, text);
  } else {
    uint64_t hash = v->stands_for != 0 ? v->stands_for
                                       : scull_base_hash64(v->data, scull_tensor_bytes(&type), 0);
    scull_base_text_print(text, " #%016llx", (unsigned long long)hash);
  }
  scull_base_text_print(text, "\n");
}

static void print_graph(scull_graph_t *graph, int depth, scull_text_t *text);

static void indent(int depth, scull_text_t *text) {
  scull_base_text_print(text, "%*s", 2 * depth, "");
}

static void print_regions(const scull_node_t *node, int depth, scull_text_t *text) {
  for (size_t i = 0; i < node->region_count; i++) {
    scull_base_text_print(text, "%s {\n", i == 0 ? "" : "}");
    print_graph(node->regions[i], depth + 1, text);
    indent(depth, text);
  }
  scull_base_text_print(text, "%s\n", node->region_count > 0 ? "}" : "");
}

static void print_node(const scull_graph_t *graph, const scull_node_t *node, int depth,
                       scull_text_t *text) {
  indent(depth, text);
  for (size_t i = 0; i < node->output_count; i++) {
    scull_base_text_print(text, "%s", i == 0 ? "" : ", ");
    print_value(graph, node->outputs[i], text);
  }
  scull_base_text_print(text, " = %s(", node->op->name);
  for (size_t i = 0; i < node->input_count; i++) {
    const scull_value_t *v = scull_graph_value(graph, node->inputs[i]);
    scull_base_text_print(text, "%s", i == 0 ? "" : ", ");
    if (v == NULL)
      scull_base_text_print(text, "-");
    else
      print_name(v->name, text);
  }
  scull_base_text_print(text, ")");
  scull_text_t attrs = {0};
  scull_ops_attrs_print(&node->op->attrs, node->attrs, false, &attrs);
  if (attrs.size > 0)
    scull_base_text_print(text, " %s", attrs.data);
  text->failed = text->failed || attrs.failed;
  scull_base_text_deinit(&attrs);
  const scull_value_t *first = scull_graph_value(graph, node->outputs[0]);
  if (strcmp(node->name, first->name) != 0) {
    scull_base_text_print(text, " ");
    scull_base_text_quote(text, node->name);
  }
  print_regions(node, depth, text);
}

static void print_nodes(scull_graph_t *graph, int depth, scull_text_t *text) {
  scull_node_id_t *order = NULL;
  size_t count = 0;
  scull_status_t status = scull_graph_sort(graph, &order, &count);
  for (size_t i = 0; i < count; i++)
    print_node(graph, scull_graph_node(graph, order[i]), depth, text);
  if (status == SCULL_OK)
    return;
  text->failed = text->failed || status == SCULL_OUT_OF_MEMORY;
  scull_base_text_print(text, "# not sorted: %s\n", scull_base_status_text(status));
  for (size_t i = 0; i < graph->nodes.size; i++) {
    if (!graph->nodes.data[i].dead)
      print_node(graph, &graph->nodes.data[i], depth, text);
  }
}

static void print_graph(scull_graph_t *graph, int depth, scull_text_t *text) {
  for (size_t i = 0; i < graph->inputs.size; i++) {
    indent(depth, text);
    scull_base_text_print(text, "input ");
    print_value(graph, graph->inputs.data[i], text);
    scull_base_text_print(text, "\n");
  }
  for (size_t i = 0; i < graph->values.size; i++) {
    const scull_value_t *v = &graph->values.data[i];
    if (v->dead || v->data == NULL)
      continue;
    indent(depth, text);
    print_constant(graph, (scull_value_id_t)i, text);
  }
  print_nodes(graph, depth, text);
  for (size_t i = 0; i < graph->outputs.size; i++) {
    const scull_graph_output_t *output = &graph->outputs.data[i];
    const scull_value_t *v = scull_graph_value(graph, output->value);
    indent(depth, text);
    scull_base_text_print(text, "output ");
    print_name(v->name, text);
    if (strcmp(v->name, output->name) != 0) {
      scull_base_text_print(text, " ");
      scull_base_text_quote(text, output->name);
    }
    scull_base_text_print(text, "\n");
  }
}

void scull_graph_print(scull_graph_t *graph, scull_text_t *text) {
  print_graph(graph, 0, text);
}
