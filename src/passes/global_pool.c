/* One spelling of "the mean (or maximum) of the whole picture": adaptive pooling to 1 x 1 and
 * reductions over all spatial axes become global pooling, with a reshape after it where the axes
 * were dropped. That is what squeeze-and-excite blocks and classifiers begin with, and it is what
 * pooling kernels run in any layout. */
#include "ops/adaptive_pool.h"
#include "ops/pool.h"
#include "ops/reduce.h"
#include "passes/views.h"

/* True for [batch, channels, two or three spatial axes]: fewer may well be no picture. */
static bool is_picture(const scull_graph_t *graph, scull_value_id_t value) {
  const scull_value_t *v = scull_graph_value(graph, value);
  return v->dtype == SCULL_DTYPE_F32 && (v->shape[0].rank == 4 || v->shape[0].rank == 5);
}

static bool reduces_spatial_axes(const scull_graph_t *graph, const scull_node_t *node) {
  const scull_reduce_attrs_t *attrs = node->attrs;
  int32_t rank = scull_graph_value(graph, node->inputs[0])->shape[0].rank;
  bool reduced[SCULL_MAX_RANK] = {false};
  for (size_t i = 0; i < attrs->axes.size; i++) {
    int32_t axis = 0;
    if (!scull_tensor_axis(attrs->axes.data[i], rank, &axis))
      return false;
    reduced[axis] = true;
  }
  for (int32_t i = 0; i < rank; i++) {
    if (reduced[i] != (i >= 2))
      return false;
  }
  return true;
}

static bool pools_to_one(const scull_node_t *node) {
  const scull_adaptive_pool_attrs_t *attrs = node->attrs;
  for (size_t i = 0; i < attrs->size.size; i++) {
    if (attrs->size.data[i] != 1)
      return false;
  }
  return attrs->size.size > 0;
}

/* The pooling that does the same over the whole picture, or NULL. */
static const scull_opdef_t *pool_for(const scull_graph_t *graph, const scull_node_t *node) {
  bool is_mean = node->op == &scull_opdef_reduce_mean, is_max = node->op == &scull_opdef_reduce_max;
  bool is_adaptive_mean = node->op == &scull_opdef_adaptive_avg_pool;
  bool is_adaptive_max = node->op == &scull_opdef_adaptive_max_pool;
  if ((!is_mean && !is_max && !is_adaptive_mean && !is_adaptive_max) ||
      !is_picture(graph, node->inputs[0]))
    return NULL;
  if (is_adaptive_mean || is_adaptive_max ? !pools_to_one(node)
                                          : !reduces_spatial_axes(graph, node))
    return NULL;
  return is_mean || is_adaptive_mean ? &scull_opdef_avg_pool : &scull_opdef_max_pool;
}

/* A global pooling node before `id`, for a reshape to read. */
static scull_status_t add_pool(scull_graph_t *graph, scull_node_id_t id, const scull_opdef_t *op,
                               scull_node_id_t *out) {
  const scull_node_t *node = scull_graph_node(graph, id);
  const scull_pool_attrs_t attrs = {.global = true};
  const scull_value_id_t x = node->inputs[0];
  const scull_node_spec_t spec = {.op = op,
                                  .name = node->name,
                                  .attrs = &attrs,
                                  .inputs = &x,
                                  .input_count = 1,
                                  .output_count = 1,
                                  .origins = node->origins,
                                  .origin_count = node->origin_count};
  return scull_graph_add_node(graph, &spec, out);
}

static scull_status_t visit(scull_graph_t *graph, scull_node_id_t id, bool *changed) {
  const scull_node_t *node = scull_graph_node(graph, id);
  const scull_opdef_t *op = pool_for(graph, node);
  const scull_pool_attrs_t attrs = {.global = true};
  scull_node_id_t made = SCULL_NO_ID, pool = SCULL_NO_ID;
  scull_view_dims_t dims;
  if (op == NULL)
    return SCULL_OK;
  SCULL_TRY(scull_passes_replace_node(graph, id, op, &attrs, &node->inputs[0], 1, &made));
  *changed = *changed || made != SCULL_NO_ID;
  node = scull_graph_node(graph, id);
  if (made != SCULL_NO_ID ||
      !scull_passes_view_express(graph, node->inputs[0], node->outputs[0], &dims))
    return SCULL_OK;
  SCULL_TRY(add_pool(graph, id, op, &pool)); /* the axes are dropped: a reshape does that */
  SCULL_TRY(scull_passes_view_replace(graph, id, scull_graph_node(graph, pool)->outputs[0], &made));
  *changed = true;
  return SCULL_OK;
}

static scull_status_t run(scull_graph_t *graph, bool *changed) {
  return scull_passes_visit(graph, visit, changed);
}

const scull_pass_t scull_pass_global_pool = {
    .name = "global_pool",
    .purpose = "write the mean or maximum of whole pictures as global pooling",
    .run = run};
