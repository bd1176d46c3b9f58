/* A tensor that no step writes is computed from a cut through the network: walking back from it,
 * the first tensors that the plan has, and the inputs. Between them run reference kernels, on the
 * network as it was imported. */
#include "build/watch.h"

#include <string.h>

#include "base/nearest.h"
#include "build/compare.h"
#include "build/sources.h"
#include "graph/evaluate.h"

/* A tensor of the plan that a run leaves here. */
typedef struct {
  const char *name;
  scull_tensor_t tensor;
} kept_t;

struct scull_build_watch {
  scull_arena_t arena;
  const char *name;
  bool direct; /* the plan has the tensor itself: it is the only one kept */
  kept_t *kept;
  size_t kept_count;
};

/* --- what to keep --------------------------------------------------------------------------------
 */

static scull_status_t keep(scull_build_watch_t *watch, const char *name) {
  kept_t *one = &watch->kept[watch->kept_count++];
  one->name = scull_base_arena_string(&watch->arena, name, strlen(name));
  return one->name == NULL ? SCULL_OUT_OF_MEMORY : SCULL_OK;
}

/* True when the plan has the value in the type of the graph. */
static bool plan_has(const scull_plan_t *plan, const scull_value_t *value) {
  const scull_plan_value_t *v = scull_build_find_tensor(plan, value->name);
  return v != NULL && v->dtype == value->dtype;
}

static scull_status_t find_cut(scull_build_watch_t *watch, const scull_plan_t *plan,
                               scull_graph_t *graph, scull_value_id_t target) {
  size_t count = graph->values.size, top = 0;
  bool *met = SCULL_ARENA_ARRAY(&graph->arena, bool, count);
  scull_value_id_t *stack = SCULL_ARENA_ARRAY(&graph->arena, scull_value_id_t, count);
  watch->kept = SCULL_ARENA_ARRAY(&watch->arena, kept_t, count);
  if (met == NULL || stack == NULL || watch->kept == NULL)
    return SCULL_OUT_OF_MEMORY;
  met[target] = true;
  stack[top++] = target;
  while (top > 0) {
    scull_value_id_t id = stack[--top];
    const scull_value_t *value = scull_graph_value(graph, id);
    const scull_node_t *node = scull_graph_producer(graph, id);
    if (node != NULL && plan_has(plan, value)) {
      SCULL_TRY(keep(watch, value->name));
      continue;
    }
    for (size_t i = 0; node != NULL && i < node->input_count; i++) {
      if (node->inputs[i] == SCULL_NO_ID || met[node->inputs[i]])
        continue;
      met[node->inputs[i]] = true;
      stack[top++] = node->inputs[i];
    }
  }
  return SCULL_OK;
}

static scull_status_t no_tensor(const scull_graph_t *graph, const char *name, scull_diag_t *diag) {
  scull_nearest_t nearest;
  scull_base_nearest_init(&nearest, name);
  for (size_t i = 0; i < graph->values.size; i++)
    scull_base_nearest_offer(&nearest, graph->values.data[i].name);
  return scull_base_fail(diag, SCULL_NOT_FOUND, "the model has no tensor '%s'%s", name,
                         scull_base_nearest_words(&nearest));
}

static scull_status_t settle(scull_build_watch_t *watch, const scull_plan_t *plan, const char *name,
                             scull_diag_t *diag) {
  scull_graph_t *graph = NULL;
  watch->name = scull_base_arena_string(&watch->arena, name, strlen(name));
  watch->direct = scull_build_find_tensor(plan, name) != NULL;
  if (watch->name == NULL)
    return SCULL_OUT_OF_MEMORY;
  if (watch->direct) {
    watch->kept = SCULL_ARENA_NEW(&watch->arena, kept_t);
    return watch->kept == NULL ? SCULL_OUT_OF_MEMORY : keep(watch, name);
  }
  SCULL_TRY(scull_build_sources_graph(plan, &graph, diag));
  scull_value_id_t target = scull_graph_find_value(graph, name);
  scull_status_t status =
      target == SCULL_NO_ID ? no_tensor(graph, name, diag) : find_cut(watch, plan, graph, target);
  scull_graph_destroy(graph);
  return status;
}

scull_status_t scull_build_watch_create(const scull_plan_t *plan, const char *name,
                                        scull_diag_t *diag, scull_build_watch_t **out) {
  scull_build_watch_t *watch = scull_base_alloc(sizeof *watch);
  *out = NULL;
  if (watch == NULL)
    return scull_base_fail_memory(diag, "a watch");
  scull_status_t status = settle(watch, plan, name, diag);
  if (status != SCULL_OK) {
    scull_build_watch_destroy(watch);
    return status == SCULL_OUT_OF_MEMORY ? scull_base_fail_memory(diag, "a watch") : status;
  }
  *out = watch;
  return SCULL_OK;
}

static void let_go(scull_build_watch_t *watch) {
  for (size_t i = 0; i < watch->kept_count; i++) {
    scull_base_free(watch->kept[i].tensor.data);
    watch->kept[i].tensor = (scull_tensor_t){0};
  }
}

void scull_build_watch_destroy(scull_build_watch_t *watch) {
  if (watch == NULL)
    return;
  let_go(watch);
  scull_base_arena_deinit(&watch->arena);
  scull_base_free(watch);
}

const char *scull_build_watch_name(const scull_build_watch_t *watch) {
  return watch->name;
}

/* --- a run ---------------------------------------------------------------------------------------
 */

scull_status_t scull_build_watch_see(scull_build_watch_t *watch,
                                     const scull_runtime_engine_t *engine,
                                     const scull_runtime_event_t *event) {
  for (size_t i = 0; i < watch->kept_count; i++) {
    scull_tensor_t tensor = {0};
    SCULL_TRY(scull_build_take_output(engine, event, watch->kept[i].name, &tensor));
    if (tensor.data == NULL)
      continue;
    scull_base_free(watch->kept[i].tensor.data);
    watch->kept[i].tensor = tensor;
  }
  return SCULL_OK;
}

static void give(scull_graph_t *graph, const char *name, scull_tensor_t tensor,
                 scull_graph_given_t *given, size_t *count) {
  scull_value_id_t value = scull_graph_find_value(graph, name);
  if (value != SCULL_NO_ID && tensor.data != NULL)
    given[(*count)++] = (scull_graph_given_t){value, tensor};
}

static scull_status_t recompute(const scull_build_watch_t *watch, const scull_plan_t *plan,
                                const scull_runtime_context_t *context, scull_graph_t *graph,
                                scull_tensor_t *out) {
  size_t count = 0;
  scull_graph_given_t *given = SCULL_ARENA_ARRAY(&graph->arena, scull_graph_given_t,
                                                 plan->input_count + watch->kept_count + 1);
  if (given == NULL)
    return scull_base_fail_memory(graph->diag, "a watch");
  for (size_t i = 0; i < plan->input_count; i++) {
    const scull_plan_value_t *v = &plan->values[plan->inputs[i].value];
    const scull_tensor_t tensor = {
        .type = {.dtype = v->dtype, .shape = *scull_runtime_input_shape(context, i)},
        .data = scull_base_unconst(scull_runtime_input_data(context, i))};
    give(graph, plan->inputs[i].name, tensor, given, &count);
  }
  for (size_t i = 0; i < watch->kept_count; i++)
    give(graph, watch->kept[i].name, watch->kept[i].tensor, given, &count);
  return scull_graph_evaluate_value(graph, given, count, scull_graph_find_value(graph, watch->name),
                                    out);
}

scull_status_t scull_build_watch_end(scull_build_watch_t *watch,
                                     const scull_runtime_engine_t *engine,
                                     const scull_runtime_context_t *context, scull_tensor_t *out,
                                     scull_diag_t *diag) {
  scull_graph_t *graph = NULL;
  scull_status_t status = SCULL_OK;
  *out = (scull_tensor_t){0};
  if (watch->direct) {
    *out = watch->kept[0].tensor;
    watch->kept[0].tensor = (scull_tensor_t){0};
    return out->data != NULL ? SCULL_OK
                             : scull_base_fail(diag, SCULL_NOT_FOUND,
                                               "the run computed no tensor '%s'", watch->name);
  }
  status = scull_build_sources_graph(&engine->plan, &graph, diag);
  if (status == SCULL_OK)
    status = recompute(watch, &engine->plan, context, graph, out);
  scull_graph_destroy(graph);
  let_go(watch);
  return status;
}
