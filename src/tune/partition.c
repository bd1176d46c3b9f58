/* Which nodes the engine takes: mark what a device tactic accepts, contract neighbours without
 * making a cycle, keep the clusters with more than min_subgraph_size operators of the file whose
 * work is worth the copies to a device with memory of its own; the rest stays native. Nothing is
 * ever refused. */
#include <stdlib.h>

#include "tune/tune.h"

static const char shape_only[] = "depends on shapes only: computed when a shape is set";

typedef struct {
  scull_graph_t *graph;
  const scull_tune_options_t *options;
  scull_arena_t *arena;
  scull_node_id_t *order;
  size_t count;
  size_t *cluster; /* union-find over node ids; of marked nodes */
  bool *marked;
  const char **why;
  double *work;   /* by node id, of marked nodes: microseconds on the host, roughly */
  uint32_t *seen; /* marks of the last search for a path */
  uint32_t round;
  scull_node_id_t *stack;
} work_t;

bool scull_tune_names_match(scull_names_t names, const char *text) {
  for (size_t i = 0; i < names.count; i++) {
    if (scull_base_glob(names.names[i], text))
      return true;
  }
  return false;
}

/* Disabled by Scull's name of the operator or by the model's name or type of what it stands for. */
static bool is_disabled(const work_t *w, const scull_node_t *node) {
  scull_names_t names = w->options->disabled_ops;
  bool found =
      scull_tune_names_match(names, node->op->name) || scull_tune_names_match(names, node->name);
  for (size_t i = 0; i < node->origin_count && !found; i++) {
    const scull_origin_t *origin = &w->graph->origins.data[node->origins[i]];
    found =
        scull_tune_names_match(names, origin->type) || scull_tune_names_match(names, origin->name);
  }
  return found;
}

/* Microseconds that an operator takes a processor, roughly: so that nothing of a few kilobytes is
 * sent to a device and back. */
static double host_time(const scull_site_t *site) {
  enum { ROOM = 16 };
  const double flops_a_us = 2e4 * site->threads, bytes_a_us = 1e4;
  scull_tensor_t inputs[ROOM], outputs[ROOM];
  scull_op_call_t call;
  const scull_opdef_t *def = site->ops[0].def;
  double bytes = 0, flops = 0;
  for (size_t i = 0; i < site->value_count; i++) {
    const scull_type_t type = {site->values[i].dtype, site->values[i].opt};
    bytes += (double)scull_tensor_bytes(&type);
  }
  if (def->flops != NULL && scull_backend_site_call(site, 0, inputs, ROOM, outputs, ROOM, &call))
    flops = def->flops(&call);
  return flops / flops_a_us + bytes / bytes_a_us;
}

/* NULL when some tactic takes the node alone, else the reason of the last one that refused. */
static scull_status_t refusal(const work_t *w, scull_node_id_t id, const char **reason) {
  const scull_tactic_t *const *tactics = scull_backend_tactics(w->options->device->backend);
  scull_site_t site;
  scull_value_id_t *values = NULL;
  *reason = "no tactic of this device knows the operator";
  SCULL_TRY(scull_tune_site(w->graph, &id, 1, w->options, w->arena, &site, &values));
  for (size_t i = 0; tactics[i] != NULL; i++) {
    if (!scull_backend_tactic_applies(tactics[i], &site) ||
        scull_tune_names_match(w->options->disabled_tactics, tactics[i]->name))
      continue;
    const char *why = tactics[i]->refuse(&site, w->options->device);
    if (why == NULL) {
      w->work[id] = host_time(&site);
      *reason = NULL;
      return SCULL_OK;
    }
    *reason = scull_base_arena_format(w->arena, "%s %s", tactics[i]->name, why);
    if (*reason == NULL)
      return scull_base_fail_memory(w->graph->diag, "a partition");
  }
  return SCULL_OK;
}

static bool has_late(const work_t *w, const scull_node_t *node) {
  for (size_t i = 0; i < node->input_count + node->output_count; i++) {
    scull_value_id_t id =
        i < node->input_count ? node->inputs[i] : node->outputs[i - node->input_count];
    const scull_value_t *v = scull_graph_value(w->graph, id);
    if (v != NULL && v->late)
      return true;
  }
  return false;
}

static scull_status_t mark(work_t *w) {
  for (size_t i = 0; i < w->count; i++) {
    scull_node_id_t id = w->order[i];
    const scull_node_t *node = scull_graph_node(w->graph, id);
    w->cluster[id] = id;
    if (scull_tune_is_at_shape(w->graph, node))
      w->why[id] = shape_only;
    else if (node->op->control != SCULL_CONTROL_NONE)
      w->why[id] = "control flow: its regions are chosen for on their own";
    else if (scull_tune_is_sized_in_run(w->graph, node))
      w->why[id] = "gives what a run must size: the reference kernel says how large it is";
    else if (w->options->device->host != NULL && (w->graph->is_region || has_late(w, node)))
      w->why[id] = "a run settles its shapes: beside a discrete device the host does it";
    else if (is_disabled(w, node))
      w->why[id] = "disabled by the user";
    else if ((node->op->traits & SCULL_OP_VIEW) == 0)
      SCULL_TRY(refusal(w, id, &w->why[id]));
    w->marked[id] = w->why[id] == NULL;
  }
  return SCULL_OK;
}

static size_t root(work_t *w, size_t id) {
  while (w->cluster[id] != id) {
    w->cluster[id] = w->cluster[w->cluster[id]];
    id = w->cluster[id];
  }
  return id;
}

/* True for nodes that are done before a run begins: no path of a run leads through them. */
static bool is_done_before(const work_t *w, scull_node_id_t id) {
  return w->why[id] == shape_only;
}

static bool is_in(work_t *w, scull_node_id_t id, size_t a, size_t b) {
  size_t r = w->marked[id] ? root(w, id) : SIZE_MAX;
  return r == a || r == b;
}

/* Pushes the users of a node that have not been met; of a member's, only those outside. */
static size_t push_users(work_t *w, scull_node_id_t id, bool member, size_t a, size_t b,
                         size_t top) {
  const scull_node_t *node = scull_graph_node(w->graph, id);
  for (size_t o = 0; o < node->output_count; o++) {
    const scull_value_t *v = scull_graph_value(w->graph, node->outputs[o]);
    for (size_t u = 0; u < v->users.size; u++) {
      scull_node_id_t user = v->users.data[u];
      if (w->seen[user] == w->round || is_done_before(w, user) || (member && is_in(w, user, a, b)))
        continue;
      w->seen[user] = w->round;
      w->stack[top++] = user;
    }
  }
  return top;
}

/* True when something outside both clusters lies on a path from one of them into the other (or back
 * into the same): contracted, that would be a cycle. */
static bool makes_cycle(work_t *w, size_t a, size_t b) {
  size_t top = 0;
  w->round++;
  for (size_t i = 0; i < w->count; i++) {
    if (is_in(w, w->order[i], a, b))
      top = push_users(w, w->order[i], true, a, b, top);
  }
  while (top > 0) {
    scull_node_id_t id = w->stack[--top];
    if (is_in(w, id, a, b))
      return true;
    top = push_users(w, id, false, a, b, top);
  }
  return false;
}

static void contract(work_t *w) {
  for (size_t i = 0; i < w->count; i++) {
    const scull_node_t *node = scull_graph_node(w->graph, w->order[i]);
    if (!w->marked[w->order[i]])
      continue;
    for (size_t k = 0; k < node->input_count; k++) {
      const scull_value_t *v = scull_graph_value(w->graph, node->inputs[k]);
      if (v == NULL || v->producer == SCULL_NO_ID || !w->marked[v->producer])
        continue;
      size_t a = root(w, v->producer), b = root(w, w->order[i]);
      if (a != b && !makes_cycle(w, a, b))
        w->cluster[b] = a;
    }
  }
}

typedef struct {
  size_t root;
  uint32_t origin;
} claim_t;

static int by_claim(const void *a, const void *b) {
  const claim_t *x = a, *y = b;
  if (x->root != y->root)
    return x->root < y->root ? -1 : 1;
  return x->origin < y->origin ? -1 : x->origin > y->origin;
}

/* Operators of the file that stand behind the members of each cluster, each counted once. */
static scull_status_t count_origins(work_t *w, size_t *counts) {
  size_t room = 0, n = 0;
  for (size_t i = 0; i < w->count; i++)
    room += scull_graph_node(w->graph, w->order[i])->origin_count;
  claim_t *claims = SCULL_ARENA_ARRAY(w->arena, claim_t, room);
  if (claims == NULL)
    return scull_base_fail_memory(w->graph->diag, "a partition");
  for (size_t i = 0; i < w->count; i++) {
    scull_node_id_t id = w->order[i];
    const scull_node_t *node = scull_graph_node(w->graph, id);
    if (!w->marked[id])
      continue;
    size_t r = root(w, id);
    counts[r] += node->origin_count == 0;
    for (size_t k = 0; k < node->origin_count; k++)
      claims[n++] = (claim_t){r, node->origins[k]};
  }
  qsort(claims, n, sizeof *claims, by_claim);
  for (size_t i = 0; i < n; i++)
    counts[claims[i].root] += i == 0 || by_claim(&claims[i - 1], &claims[i]) != 0;
  return SCULL_OK;
}

/* What a cluster brings and costs beside a device with memory of its own. */
typedef struct {
  double work, copies; /* microseconds: of its operators on the host, of what crosses */
  bool from_host, to_host;
} worth_t;

/* A value that crosses between a cluster and an operator of the host: one copy. */
static void add_copy(const scull_value_t *v, worth_t *worth) {
  const double each_us = 10, bytes_a_us = 2e4;
  const scull_type_t type = {v->dtype, v->shape[0]};
  worth->copies += each_us + (double)scull_tensor_bytes(&type) / bytes_a_us;
}

static bool is_native(const work_t *w, scull_node_id_t id) {
  return !w->marked[id] && !is_done_before(w, id) &&
         (scull_graph_node(w->graph, id)->op->traits & SCULL_OP_VIEW) == 0;
}

/* What comes from the host, once for all of a cluster that reads it; `seen` has a place a node. */
static void weigh_arrivals(work_t *w, worth_t *worth, scull_value_id_t *seen) {
  for (size_t id = 0; id < w->graph->values.size; id++) {
    const scull_value_t *v = scull_graph_value(w->graph, (scull_value_id_t)id);
    if (v == NULL || v->producer == SCULL_NO_ID || !is_native(w, v->producer))
      continue;
    for (size_t u = 0; u < v->users.size; u++) {
      if (!w->marked[v->users.data[u]])
        continue;
      const size_t r = root(w, v->users.data[u]);
      if (seen[r] == (scull_value_id_t)id + 1)
        continue;
      seen[r] = (scull_value_id_t)id + 1;
      worth[r].from_host = true;
      add_copy(v, &worth[r]);
    }
  }
}

static void weigh(work_t *w, worth_t *worth, scull_value_id_t *seen) {
  weigh_arrivals(w, worth, seen);
  for (size_t i = 0; i < w->count; i++) {
    const scull_node_t *node = scull_graph_node(w->graph, w->order[i]);
    if (!w->marked[w->order[i]])
      continue;
    worth_t *own = &worth[root(w, w->order[i])];
    own->work += w->work[w->order[i]];
    for (size_t o = 0; o < node->output_count; o++) {
      const scull_value_t *v = scull_graph_value(w->graph, node->outputs[o]);
      bool crosses = false;
      for (size_t u = 0; u < v->users.size; u++)
        crosses = crosses || is_native(w, v->users.data[u]);
      own->to_host = own->to_host || crosses;
      if (crosses)
        add_copy(v, own);
    }
  }
}

static const char too_little[] = "the host before and behind it does it sooner than copies to the "
                                 "device and back take";

static scull_status_t trim(work_t *w, scull_partition_t *out) {
  size_t n = w->graph->nodes.size;
  size_t *counts = SCULL_ARENA_ARRAY(w->arena, size_t, n + 1);
  int32_t *number = SCULL_ARENA_ARRAY(w->arena, int32_t, n + 1);
  worth_t *worth = SCULL_ARENA_ARRAY(w->arena, worth_t, n + 1);
  scull_value_id_t *seen = SCULL_ARENA_ARRAY(w->arena, scull_value_id_t, n + 1);
  if (counts == NULL || number == NULL || worth == NULL || seen == NULL)
    return scull_base_fail_memory(w->graph->diag, "a partition");
  SCULL_TRY(count_origins(w, counts));
  if (w->options->device->host != NULL)
    weigh(w, worth, seen);
  for (size_t i = 0; i < w->count; i++) {
    scull_node_id_t id = w->order[i];
    out->engine[id] = -1;
    if (!w->marked[id])
      continue;
    size_t r = root(w, id);
    if ((int64_t)counts[r] <= w->options->min_subgraph_size) {
      w->why[id] = scull_base_arena_format(w->arena,
                                           "its cluster has %zu operators; more than %d are needed",
                                           counts[r], w->options->min_subgraph_size);
      continue;
    }
    if (worth[r].from_host && worth[r].to_host && worth[r].work < worth[r].copies) {
      w->why[id] = too_little;
      continue;
    }
    if (number[r] == 0)
      number[r] = ++out->engine_count;
    out->engine[id] = number[r] - 1;
  }
  return SCULL_OK;
}

scull_status_t scull_tune_partition(scull_graph_t *graph, const scull_tune_options_t *options,
                                    scull_arena_t *arena, scull_partition_t *out) {
  size_t n = graph->nodes.size + 1;
  work_t w = {.graph = graph, .options = options, .arena = arena};
  *out = (scull_partition_t){.engine = SCULL_ARENA_ARRAY(arena, int32_t, n),
                             .why = SCULL_ARENA_ARRAY(arena, const char *, n)};
  w.why = out->why;
  w.cluster = SCULL_ARENA_ARRAY(arena, size_t, n);
  w.marked = SCULL_ARENA_ARRAY(arena, bool, n);
  w.work = SCULL_ARENA_ARRAY(arena, double, n);
  w.seen = SCULL_ARENA_ARRAY(arena, uint32_t, n);
  w.stack = SCULL_ARENA_ARRAY(arena, scull_node_id_t, n);
  if (out->engine == NULL || out->why == NULL || w.cluster == NULL || w.marked == NULL ||
      w.work == NULL || w.seen == NULL || w.stack == NULL)
    return scull_base_fail_memory(graph->diag, "a partition");
  SCULL_TRY(scull_graph_sort(graph, &w.order, &w.count));
  SCULL_TRY(mark(&w));
  contract(&w);
  return trim(&w, out);
}
