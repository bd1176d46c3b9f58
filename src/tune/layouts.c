/* Stage 3 of the search: the layouts between the groups. Each group is a variable whose labels are
 * its fastest candidates by (source layout, destination layout); an edge costs the reformat between
 * what one writes and the other reads. Inputs and outputs of the network are plain. */
#include <string.h>

#include "tune/search.h"

enum { PAIRS = SCULL_LAYOUTS * SCULL_LAYOUTS };

typedef struct {
  scull_search_t *s;
  size_t count;            /* variables: groups, native nodes, views */
  scull_node_id_t *anchor; /* by variable */
  size_t *label_count;
  size_t **candidate; /* by variable, by label: index into the form's candidates */
  double **cost;
  size_t *variable_of; /* by value id: who writes it; SIZE_MAX: nobody */
  scull_label_edge_t *edges;
  size_t edge_count, edge_room;
} work_t;

static const scull_form_t *form_of(const work_t *w, size_t variable) {
  return w->s->units[w->anchor[variable]].chosen;
}

static scull_layout_t fit(const scull_value_t *v, scull_layout_t layout) {
  return scull_backend_layout_fits(&v->shape[0], layout) ? layout : SCULL_LAYOUT_PLAIN;
}

/* The layout in which label `l` of a variable writes. */
static scull_layout_t writes(const work_t *w, size_t variable, size_t l, const scull_value_t *v) {
  const scull_form_t *form = form_of(w, variable);
  if (form == NULL)
    return SCULL_LAYOUT_PLAIN;
  return fit(v, form->candidates[w->candidate[variable][l]].config.dst);
}

/* The layout in which label `l` wants to read `value`: the anchor's operands by src, others by dst.
 */
static scull_layout_t reads(const work_t *w, size_t variable, size_t l, scull_value_id_t value) {
  const scull_form_t *form = form_of(w, variable);
  const scull_value_t *v = scull_graph_value(w->s->graph, value);
  if (form == NULL)
    return SCULL_LAYOUT_PLAIN;
  const scull_config_t *config = &form->candidates[w->candidate[variable][l]].config;
  const scull_node_t *anchor = scull_graph_node(w->s->graph, w->anchor[variable]);
  for (size_t i = 0; i < anchor->input_count; i++) {
    if (anchor->inputs[i] == value)
      return fit(v, config->src);
  }
  return fit(v, config->dst);
}

/* --- reformats ----------------------------------------------------------------------------------
 */

/* Without timing: both ways through memory at 20 GB/s. */
static double guess(const scull_type_t *type) {
  return (double)scull_tensor_bytes(type) * 2 / 20e3;
}

static scull_status_t time_reformat(scull_search_t *s, scull_site_t *site, double *best) {
  const scull_tactic_t *const *tactics = s->options->device->backend->tactics;
  const scull_config_t config = {.src = site->values[0].layout, .dst = site->values[1].layout};
  for (size_t i = 0; tactics[i] != NULL; i++) {
    double time = -1;
    const char *reason = NULL;
    if (!scull_backend_tactic_applies(tactics[i], site) || !tactics[i]->reformats ||
        tactics[i]->refuse(site, s->options->device) != NULL)
      continue;
    SCULL_TRY(scull_tune_time(s, site, tactics[i], &config, *best, &time, &reason));
    if (time >= 0 && (*best < 0 || time < *best))
      *best = time;
  }
  return SCULL_OK;
}

scull_status_t scull_tune_reformat_site(const scull_site_value_t *value, scull_layout_t from,
                                        scull_layout_t to, int threads, scull_arena_t *arena,
                                        scull_site_t *site) {
  static const uint16_t first[] = {0}, second[] = {1};
  scull_site_value_t *values = SCULL_ARENA_ARRAY(arena, scull_site_value_t, 2);
  scull_site_op_t *op = SCULL_ARENA_NEW(arena, scull_site_op_t);
  const scull_opdef_t *def = scull_ops_find("identity");
  if (values == NULL || op == NULL || def == NULL)
    return SCULL_OUT_OF_MEMORY;
  values[0] = values[1] = *value;
  values[0].layout = from;
  values[1].layout = to;
  *op = (scull_site_op_t){.def = def,
                          .attrs = scull_ops_attrs_create(&def->attrs, arena),
                          .inputs = first,
                          .input_count = 1,
                          .outputs = second,
                          .output_count = 1};
  *site = (scull_site_t){.ops = op,
                         .op_count = 1,
                         .values = values,
                         .value_count = 2,
                         .inputs = first,
                         .input_count = 1,
                         .outputs = second,
                         .output_count = 1,
                         .threads = threads};
  return op->attrs == NULL ? SCULL_OUT_OF_MEMORY : SCULL_OK;
}

scull_status_t scull_tune_reformat_time(scull_search_t *s, scull_value_id_t value,
                                        scull_layout_t from, scull_layout_t to,
                                        double *microseconds) {
  const scull_value_t *v = scull_graph_value(s->graph, value);
  scull_type_t type = {.dtype = v->dtype, .shape = v->shape[0]};
  scull_site_t site;
  *microseconds = 0;
  if (scull_backend_layout_same(&type.shape, from, to))
    return SCULL_OK;
  *microseconds = guess(&type);
  if (scull_tune_is_over(s) || s->replay != NULL)
    return SCULL_OK;
  const scull_site_value_t site_value = {
      .dtype = v->dtype, .opt = type.shape, .min = type.shape, .max = type.shape};
  double best = -1;
  SCULL_TRY(scull_tune_reformat_site(&site_value, from, to, s->options->threads, s->arena, &site));
  SCULL_TRY(time_reformat(s, &site, &best));
  if (best >= 0)
    *microseconds = best;
  return SCULL_OK;
}

/* --- variables ----------------------------------------------------------------------------------
 */

/* Keeps the fastest candidate of each pair of layouts. */
static scull_status_t make_labels(work_t *w, size_t variable) {
  const scull_form_t *form = form_of(w, variable);
  size_t room = form == NULL ? 1 : PAIRS, count = 0;
  size_t *candidate = SCULL_ARENA_ARRAY(w->s->arena, size_t, room);
  double *cost = SCULL_ARENA_ARRAY(w->s->arena, double, room);
  if (candidate == NULL || cost == NULL)
    return SCULL_OUT_OF_MEMORY;
  for (size_t i = 0; form != NULL && i < form->candidate_count; i++) {
    const scull_candidate_t *c = &form->candidates[i];
    /* untimed, the order of preference is worth a little */
    double time = c->microseconds > 0 ? c->microseconds : 0.01 * (double)i;
    size_t l = 0;
    while (l < count && (form->candidates[candidate[l]].config.src != c->config.src ||
                         form->candidates[candidate[l]].config.dst != c->config.dst))
      l++;
    if (l < count && time >= cost[l] * 0.98)
      continue; /* a later one must be 2 % faster */
    candidate[l] = i;
    cost[l] = time;
    count += l == count;
  }
  w->label_count[variable] = form == NULL ? 1 : count;
  w->candidate[variable] = candidate;
  w->cost[variable] = cost;
  return SCULL_OK;
}

static scull_status_t make_variables(work_t *w) {
  const scull_graph_t *g = w->s->graph;
  memset(w->variable_of, 0xff, g->values.size * sizeof *w->variable_of);
  for (size_t i = 0; i < w->s->node_count; i++) {
    scull_node_id_t id = w->s->order[i];
    const scull_unit_t *unit = &w->s->units[id];
    const scull_node_t *last = scull_graph_node(g, id);
    size_t covered = 0;
    for (size_t k = 0; k < last->output_count; k++)
      covered += w->variable_of[last->outputs[k]] != SIZE_MAX;
    if (covered > 0)
      continue; /* the end of a group that was met at its anchor */
    w->anchor[w->count] = id;
    size_t members = unit->chosen == NULL ? 1 : unit->chosen->count;
    for (size_t m = 0; m < members; m++) {
      const scull_node_t *node = scull_graph_node(g, unit->chosen == NULL ? id : unit->chain[m]);
      for (size_t k = 0; k < node->output_count; k++)
        w->variable_of[node->outputs[k]] = w->count;
    }
    SCULL_TRY(make_labels(w, w->count));
    w->count++;
  }
  return SCULL_OK;
}

/* --- edges --------------------------------------------------------------------------------------
 */

static scull_status_t add_edge(work_t *w, scull_value_id_t value, size_t from, size_t to) {
  const scull_value_t *v = scull_graph_value(w->s->graph, value);
  size_t na = w->label_count[from], nb = w->label_count[to];
  double *cost = SCULL_ARENA_ARRAY(w->s->arena, double, na *nb);
  if (cost == NULL)
    return SCULL_OUT_OF_MEMORY;
  for (size_t a = 0; a < na; a++) {
    for (size_t b = 0; b < nb; b++)
      SCULL_TRY(scull_tune_reformat_time(w->s, value, writes(w, from, a, v), reads(w, to, b, value),
                                         &cost[a * nb + b]));
  }
  if (w->edge_count == w->edge_room) {
    size_t room = w->edge_room == 0 ? 64 : 2 * w->edge_room;
    scull_label_edge_t *grown = SCULL_ARENA_ARRAY(w->s->arena, scull_label_edge_t, room);
    if (grown == NULL)
      return SCULL_OUT_OF_MEMORY;
    if (w->edge_count > 0)
      memcpy(grown, w->edges, w->edge_count * sizeof *grown);
    w->edges = grown;
    w->edge_room = room;
  }
  w->edges[w->edge_count++] = (scull_label_edge_t){from, to, cost};
  return SCULL_OK;
}

/* Edges (or own costs) for what one variable reads. */
static scull_status_t read_edges(work_t *w, size_t variable, scull_value_id_t value) {
  const scull_value_t *v = scull_graph_value(w->s->graph, value);
  if (v == NULL || v->data != NULL || v->shape[0].rank < 3)
    return SCULL_OK;
  size_t from = w->variable_of[value];
  if (from == variable)
    return SCULL_OK; /* inside the group */
  if (from != SIZE_MAX)
    return add_edge(w, value, from, variable);
  for (size_t l = 0; l < w->label_count[variable]; l++) {
    double time = 0;
    SCULL_TRY(scull_tune_reformat_time(w->s, value, SCULL_LAYOUT_PLAIN,
                                       reads(w, variable, l, value), &time));
    w->cost[variable][l] += time;
  }
  return SCULL_OK;
}

static scull_status_t make_edges(work_t *w) {
  const scull_graph_t *g = w->s->graph;
  for (size_t x = 0; x < w->count; x++) {
    const scull_unit_t *unit = &w->s->units[w->anchor[x]];
    size_t members = unit->chosen == NULL ? 1 : unit->chosen->count;
    for (size_t m = 0; m < members; m++) {
      const scull_node_t *node =
          scull_graph_node(g, unit->chosen == NULL ? w->anchor[x] : unit->chain[m]);
      for (size_t i = 0; i < node->input_count; i++)
        SCULL_TRY(read_edges(w, x, node->inputs[i]));
    }
  }
  for (size_t i = 0; i < g->outputs.size; i++) {
    scull_value_id_t value = g->outputs.data[i].value;
    size_t x = w->variable_of[value];
    for (size_t l = 0; x != SIZE_MAX && l < w->label_count[x]; l++) {
      double time = 0;
      const scull_value_t *v = scull_graph_value(g, value);
      SCULL_TRY(
          scull_tune_reformat_time(w->s, value, writes(w, x, l, v), SCULL_LAYOUT_PLAIN, &time));
      w->cost[x][l] += time;
    }
  }
  return SCULL_OK;
}

/* --- solving ------------------------------------------------------------------------------------
 */

/* Every variable starts at its cheapest label that reads and writes `layout`, if it has one. */
static void start_at(const work_t *w, scull_layout_t layout, size_t *label) {
  for (size_t x = 0; x < w->count; x++) {
    const scull_form_t *form = form_of(w, x);
    label[x] = 0;
    for (size_t l = 0; form != NULL && l < w->label_count[x]; l++) {
      const scull_config_t *c = &form->candidates[w->candidate[x][l]].config;
      if (c->src == layout && c->dst == layout)
        label[x] = l;
    }
  }
}

static scull_status_t solve(work_t *w) {
  size_t *label = SCULL_ARENA_ARRAY(w->s->arena, size_t, w->count + 1);
  size_t *best = SCULL_ARENA_ARRAY(w->s->arena, size_t, w->count + 1);
  scull_label_problem_t problem = {.variable_count = w->count,
                                   .label_count = w->label_count,
                                   .cost = (const double *const *)w->cost,
                                   .edges = w->edges,
                                   .edge_count = w->edge_count};
  double least = -1;
  if (label == NULL || best == NULL)
    return SCULL_OUT_OF_MEMORY;
  for (int layout = 0; layout < SCULL_LAYOUTS; layout++) {
    double total = 0;
    start_at(w, (scull_layout_t)layout, label);
    if (!scull_tune_label(&problem, label, &total))
      return SCULL_OUT_OF_MEMORY;
    if (least >= 0 && total >= least)
      continue;
    least = total;
    memcpy(best, label, w->count * sizeof *best);
  }
  for (size_t x = 0; x < w->count; x++) {
    scull_unit_t *unit = &w->s->units[w->anchor[x]];
    if (unit->chosen != NULL)
      unit->label = w->candidate[x][best[x]];
  }
  return SCULL_OK;
}

scull_status_t scull_tune_choose_labels(scull_search_t *s) {
  size_t n = s->node_count + 1;
  work_t w = {.s = s,
              .anchor = SCULL_ARENA_ARRAY(s->arena, scull_node_id_t, n),
              .label_count = SCULL_ARENA_ARRAY(s->arena, size_t, n),
              .candidate = SCULL_ARENA_ARRAY(s->arena, size_t *, n),
              .cost = SCULL_ARENA_ARRAY(s->arena, double *, n),
              .variable_of = SCULL_ARENA_ARRAY(s->arena, size_t, s->graph->values.size + 1)};
  if (w.anchor == NULL || w.label_count == NULL || w.candidate == NULL || w.cost == NULL ||
      w.variable_of == NULL)
    return SCULL_OUT_OF_MEMORY;
  SCULL_TRY(make_variables(&w));
  SCULL_TRY(make_edges(&w));
  return solve(&w);
}
