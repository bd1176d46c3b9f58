/* Walking, matching and replacing: what every pass is made of. */
#include "passes/rewrite.h"

/* --- walking --------------------------------------------------------------------------------- */

scull_status_t scull_passes_visit(scull_graph_t *graph, scull_passes_visit_fn_t visit,
                                  bool *changed) {
  scull_node_id_t *order = NULL;
  size_t count = 0;
  SCULL_TRY(scull_graph_sort(graph, &order, &count));
  for (size_t i = 0; i < count; i++) {
    if (!scull_graph_node(graph, order[i])->dead)
      SCULL_TRY(visit(graph, order[i], changed));
  }
  return SCULL_OK;
}

/* --- looking --------------------------------------------------------------------------------- */

bool scull_passes_is(const scull_node_t *node, const scull_opdef_t *op) {
  return node != NULL && node->op == op;
}

scull_node_t *scull_passes_from(const scull_graph_t *graph, scull_value_id_t value,
                                const scull_opdef_t *op) {
  scull_node_t *node = scull_graph_producer(graph, value);
  return scull_passes_is(node, op) && node->outputs[0] == value ? node : NULL;
}

scull_node_t *scull_passes_only_from(const scull_graph_t *graph, scull_value_id_t value,
                                     const scull_opdef_t *op) {
  return scull_graph_only_user(graph, value) == NULL ? NULL : scull_passes_from(graph, value, op);
}

bool scull_passes_same_type(const scull_graph_t *graph, scull_value_id_t a, scull_value_id_t b) {
  const scull_value_t *va = scull_graph_value(graph, a), *vb = scull_graph_value(graph, b);
  if (va == NULL || vb == NULL)
    return false;
  bool same = va->dtype == vb->dtype && !va->late && !vb->late;
  for (int p = 0; p < graph->points && same; p++)
    same = scull_tensor_shape_equal(&va->shape[p], &vb->shape[p]);
  return same;
}

bool scull_passes_fixed_dim(const scull_graph_t *graph, scull_value_id_t value, int32_t axis) {
  const scull_value_t *v = scull_graph_value(graph, value);
  bool fixed = axis < v->shape[0].rank && !v->late;
  for (int p = 1; p < graph->points && fixed; p++)
    fixed = v->shape[p].dim[axis] == v->shape[0].dim[axis];
  return fixed;
}

bool scull_passes_uniform(const scull_graph_t *graph, scull_value_id_t value, double *out) {
  const scull_value_t *v = scull_graph_value(graph, value);
  if (v == NULL || v->data == NULL || !scull_tensor_dtype_is_float(v->dtype))
    return false;
  int64_t count = scull_tensor_count(&v->shape[0]);
  double first = count == 0 ? 0 : scull_graph_constant_at(graph, value, 0);
  for (int64_t i = 1; i < count; i++) {
    if (scull_graph_constant_at(graph, value, i) != first)
      return false;
  }
  *out = first;
  return count > 0;
}

static bool is_listed(scull_node_id_t node, const scull_node_id_t *nodes, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (nodes[i] == node)
      return true;
  }
  return false;
}

static bool is_inside(const scull_graph_t *graph, scull_value_id_t value, scull_node_id_t root,
                      const scull_node_id_t *nodes, size_t count) {
  const scull_value_t *v = scull_graph_value(graph, value);
  for (size_t u = 0; u < v->users.size; u++) {
    if (v->users.data[u] != root && !is_listed(v->users.data[u], nodes, count))
      return false;
  }
  return !scull_graph_is_output(graph, value);
}

bool scull_passes_is_closed(const scull_graph_t *graph, scull_node_id_t root,
                            const scull_node_id_t *nodes, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const scull_node_t *node = scull_graph_node(graph, nodes[i]);
    for (size_t o = 0; node != NULL && o < node->output_count; o++) {
      if (!is_inside(graph, node->outputs[o], root, nodes, count))
        return false;
    }
  }
  return true;
}

bool scull_passes_with_scalar(const scull_graph_t *graph, const scull_node_t *node,
                              scull_value_id_t *x, double *c, bool *swapped) {
  for (size_t side = 0; side < 2; side++) {
    scull_value_id_t other = node->inputs[side];
    if (scull_passes_uniform(graph, node->inputs[1 - side], c) &&
        !scull_graph_is_constant(graph, other) &&
        scull_passes_same_type(graph, other, node->outputs[0])) {
      *x = other;
      *swapped = side == 1;
      return true;
    }
  }
  return false;
}

/* --- rewriting ------------------------------------------------------------------------------- */

scull_status_t scull_passes_replace_node(scull_graph_t *graph, scull_node_id_t old,
                                         const scull_opdef_t *op, const void *attrs,
                                         const scull_value_id_t *inputs, size_t input_count,
                                         scull_node_id_t *out) {
  const scull_node_t *before = scull_graph_node(graph, old);
  scull_node_spec_t spec = {.op = op,
                            .name = before->name,
                            .attrs = attrs,
                            .inputs = inputs,
                            .input_count = input_count,
                            .output_count = 1,
                            .origins = before->origins,
                            .origin_count = before->origin_count};
  scull_value_id_t value = before->outputs[0];
  *out = SCULL_NO_ID;
  scull_node_id_t made = SCULL_NO_ID;
  SCULL_TRY(scull_graph_add_node(graph, &spec, &made));
  scull_value_id_t fresh = scull_graph_node(graph, made)->outputs[0];
  if (!scull_passes_same_type(graph, value, fresh)) {
    scull_graph_remove(graph, made);
    return SCULL_OK;
  }
  SCULL_TRY(scull_graph_replace(graph, value, fresh));
  scull_graph_remove(graph, old);
  *out = made;
  return SCULL_OK;
}

/* A graph output must stay a value of a node of its own. */
static bool can_bypass(const scull_graph_t *graph, scull_value_id_t from, scull_value_id_t to) {
  if (!scull_graph_is_output(graph, from))
    return true;
  return scull_graph_producer(graph, to) != NULL && !scull_graph_is_output(graph, to);
}

scull_status_t scull_passes_bypass(scull_graph_t *graph, scull_node_id_t node, scull_value_id_t to,
                                   bool *done) {
  scull_value_id_t from = scull_graph_node(graph, node)->outputs[0];
  *done = can_bypass(graph, from, to);
  if (!*done)
    return SCULL_OK;
  SCULL_TRY(scull_graph_replace(graph, from, to));
  return scull_passes_retire_beside(graph, to, &node, 1);
}

static bool is_needed(const scull_graph_t *graph, const scull_node_t *node) {
  for (size_t i = 0; i < node->output_count; i++) {
    if (scull_graph_value(graph, node->outputs[i])->users.size > 0 ||
        scull_graph_is_output(graph, node->outputs[i]))
      return true;
  }
  return false;
}

scull_status_t scull_passes_retire(scull_graph_t *graph, scull_node_id_t into,
                                   const scull_node_id_t *nodes, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const scull_node_t *node = scull_graph_node(graph, nodes[i]);
    if (node == NULL || node->dead || is_needed(graph, node))
      continue;
    SCULL_TRY(scull_graph_absorb(graph, into, nodes[i]));
    scull_graph_remove(graph, nodes[i]);
  }
  return SCULL_OK;
}

scull_status_t scull_passes_retire_above(scull_graph_t *graph, scull_node_id_t into,
                                         scull_node_id_t node) {
  scull_node_id_t stack[64] = {node}; /* what does not fit is left to the sweep */
  size_t size = 1;
  while (size > 0) {
    scull_node_id_t id = stack[--size];
    const scull_node_t top = *scull_graph_node(graph, id);
    SCULL_TRY(scull_passes_retire(graph, into, &id, 1));
    for (size_t i = 0; scull_graph_node(graph, id)->dead && i < top.input_count; i++) {
      const scull_value_t *v = scull_graph_value(graph, top.inputs[i]);
      if (v != NULL && v->producer != SCULL_NO_ID && size < sizeof stack / sizeof stack[0])
        stack[size++] = v->producer;
    }
  }
  return SCULL_OK;
}

scull_status_t scull_passes_retire_beside(scull_graph_t *graph, scull_value_id_t value,
                                          const scull_node_id_t *nodes, size_t count) {
  const scull_value_t *v = scull_graph_value(graph, value);
  scull_node_id_t heir = v->producer;
  for (size_t i = 0; heir == SCULL_NO_ID && i < v->users.size; i++) {
    if (!is_listed(v->users.data[i], nodes, count))
      heir = v->users.data[i];
  }
  if (heir != SCULL_NO_ID)
    return scull_passes_retire(graph, heir, nodes, count);
  for (size_t i = 0; i < count; i++) {
    if (!is_needed(graph, scull_graph_node(graph, nodes[i])))
      scull_graph_remove(graph, nodes[i]);
  }
  return SCULL_OK;
}

scull_status_t scull_passes_add_f32(scull_graph_t *graph, const char *name,
                                    const scull_shape_t *shape, const float *data,
                                    scull_value_id_t *out) {
  const scull_type_t type = {.dtype = SCULL_DTYPE_F32, .shape = *shape};
  return scull_graph_add_constant(graph, name, &type, data, out);
}
