/* Stage 3 of the search: the formats between the groups, layout and precision alike. Each group is
 * a variable whose labels are its fastest candidates by (source format, destination format); an
 * edge costs the reformat between what one writes and the other reads. Inputs and outputs of the
 * network are plain and of the model's types. */
#include <string.h>

#include "tune/search.h"

static const scull_storage_t plain_format = {SCULL_LAYOUT_PLAIN, SCULL_AS_MODEL};

typedef struct {
  scull_search_t *s;
  size_t count;            /* variables: groups, native nodes, views */
  scull_node_id_t *anchor; /* by variable */
  size_t *label_count;
  size_t **candidate; /* by variable, by label: index into the form's candidates; of views the
                         precision that they pass on */
  double **cost;
  size_t *variable_of; /* by value id: who writes it; SIZE_MAX: nobody */
  scull_label_edge_t *edges;
  size_t edge_count, edge_room;
} work_t;

static const scull_form_t *form_of(const work_t *w, size_t variable) {
  return w->s->units[w->anchor[variable]].chosen;
}

static scull_storage_t fit(const scull_value_t *v, scull_storage_t wanted) {
  return scull_backend_storage_fit(v->dtype, &v->shape[0], v->quant, wanted);
}

/* Views are plain, in any of the floats that are permitted: their bytes are whatever they are. */
static bool is_view(const work_t *w, size_t variable) {
  const scull_node_t *node = scull_graph_node(w->s->graph, w->anchor[variable]);
  return form_of(w, variable) == NULL && (node->op->traits & SCULL_OP_VIEW) != 0 &&
         !scull_tune_is_at_shape(w->s->graph, node);
}

static scull_storage_t view_format(const work_t *w, size_t variable, size_t l) {
  return (scull_storage_t){SCULL_LAYOUT_PLAIN, (scull_precision_t)w->candidate[variable][l]};
}

/* The format in which label `l` of a variable writes. */
static scull_storage_t writes(const work_t *w, size_t variable, size_t l, const scull_value_t *v) {
  const scull_form_t *form = form_of(w, variable);
  if (form == NULL)
    return is_view(w, variable) ? fit(v, view_format(w, variable, l)) : plain_format;
  return fit(v, scull_backend_config_dst(&form->candidates[w->candidate[variable][l]].config));
}

/* The format in which label `l` wants to read `value`: the anchor's operands by src, others by dst.
 */
static scull_storage_t reads(const work_t *w, size_t variable, size_t l, scull_value_id_t value) {
  const scull_form_t *form = form_of(w, variable);
  const scull_value_t *v = scull_graph_value(w->s->graph, value);
  if (form == NULL)
    return is_view(w, variable) ? fit(v, view_format(w, variable, l)) : plain_format;
  const scull_config_t *config = &form->candidates[w->candidate[variable][l]].config;
  const scull_node_t *anchor = scull_graph_node(w->s->graph, w->anchor[variable]);
  for (size_t i = 0; i < anchor->input_count; i++) {
    if (anchor->inputs[i] == value)
      return fit(v, scull_backend_config_src(config));
  }
  return fit(v, scull_backend_config_dst(config));
}

/* --- reformats ----------------------------------------------------------------------------------
 */

/* Without timing: both ways through memory at 20 GB/s. */
static double guess(const scull_site_t *site) {
  double bytes = 0;
  for (size_t i = 0; i < site->value_count; i++) {
    const scull_type_t type = scull_backend_site_type(&site->values[i], &site->values[i].opt);
    bytes += (double)scull_tensor_bytes(&type);
  }
  return bytes / 20e3;
}

static scull_status_t time_reformat(scull_search_t *s, scull_site_t *site, double *best) {
  const scull_tactic_t *const *tactics = scull_backend_tactics(s->options->device->backend);
  const scull_config_t config = {.src = site->values[0].layout,
                                 .dst = site->values[1].layout,
                                 .src_as = site->values[0].as,
                                 .dst_as = site->values[1].as};
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

scull_status_t scull_tune_reformat_site(const scull_site_value_t *value, scull_storage_t from,
                                        scull_storage_t to, int threads, scull_arena_t *arena,
                                        scull_site_t *site) {
  static const uint16_t first[] = {0}, second[] = {1};
  scull_site_value_t *values = SCULL_ARENA_ARRAY(arena, scull_site_value_t, 2);
  scull_site_op_t *op = SCULL_ARENA_NEW(arena, scull_site_op_t);
  const scull_opdef_t *def = scull_ops_find("identity");
  if (values == NULL || op == NULL || def == NULL)
    return SCULL_OUT_OF_MEMORY;
  values[0] = values[1] = *value;
  values[0].layout = from.layout;
  values[0].as = from.as;
  values[1].layout = to.layout;
  values[1].as = to.as;
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
                                        scull_storage_t from, scull_storage_t to,
                                        double *microseconds) {
  const scull_value_t *v = scull_graph_value(s->graph, value);
  const scull_shape_t *shape = &v->shape[0];
  scull_site_t site;
  *microseconds = 0;
  if (from.as == to.as && scull_backend_layout_same(shape, from.layout, to.layout))
    return SCULL_OK;
  const scull_site_value_t site_value = {
      .dtype = v->dtype, .quant = v->quant, .opt = *shape, .min = *shape, .max = *shape};
  double best = -1;
  SCULL_TRY(scull_tune_reformat_site(&site_value, from, to, s->options->threads, s->arena, &site));
  *microseconds = guess(&site);
  if (scull_tune_is_over(s) || s->replay != NULL)
    return SCULL_OK;
  SCULL_TRY(time_reformat(s, &site, &best));
  if (best >= 0)
    *microseconds = best;
  return SCULL_OK;
}

/* --- variables ----------------------------------------------------------------------------------
 */

static bool same_formats(const scull_config_t *a, const scull_config_t *b) {
  return scull_backend_storage_equal(scull_backend_config_src(a), scull_backend_config_src(b)) &&
         scull_backend_storage_equal(scull_backend_config_dst(a), scull_backend_config_dst(b));
}

/* A view has a label for each precision of floats. */
static scull_status_t make_view_labels(work_t *w, size_t variable) {
  size_t *candidate = SCULL_ARENA_ARRAY(w->s->arena, size_t, SCULL_PRECISIONS), count = 0;
  double *cost = SCULL_ARENA_ARRAY(w->s->arena, double, SCULL_PRECISIONS);
  if (candidate == NULL || cost == NULL)
    return SCULL_OUT_OF_MEMORY;
  for (size_t as = SCULL_AS_MODEL; as <= SCULL_AS_F16; as++) {
    if (as == SCULL_AS_MODEL || (w->s->options->precisions >> as & 1) != 0)
      candidate[count++] = as;
  }
  w->label_count[variable] = count;
  w->candidate[variable] = candidate;
  w->cost[variable] = cost;
  return SCULL_OK;
}

/* Keeps the fastest candidate of each pair of formats. */
static scull_status_t make_labels(work_t *w, size_t variable) {
  const scull_form_t *form = form_of(w, variable);
  size_t room = form == NULL ? 1 : form->candidate_count, count = 0;
  size_t *candidate = SCULL_ARENA_ARRAY(w->s->arena, size_t, room);
  double *cost = SCULL_ARENA_ARRAY(w->s->arena, double, room);
  if (candidate == NULL || cost == NULL)
    return SCULL_OUT_OF_MEMORY;
  for (size_t i = 0; form != NULL && i < form->candidate_count; i++) {
    const scull_candidate_t *c = &form->candidates[i];
    /* untimed, the order of preference is worth a little */
    double time = c->microseconds > 0 ? c->microseconds : 0.01 * (double)i;
    size_t l = 0;
    while (l < count && !same_formats(&form->candidates[candidate[l]].config, &c->config))
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
    SCULL_TRY(is_view(w, w->count) ? make_view_labels(w, w->count) : make_labels(w, w->count));
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
  if (v == NULL || v->data != NULL ||
      (v->shape[0].rank < 3 && (v->dtype != SCULL_DTYPE_F32 || w->s->options->precisions == 0)))
    return SCULL_OK; /* has one format only */
  size_t from = w->variable_of[value];
  if (from == variable)
    return SCULL_OK; /* inside the group */
  if (from != SIZE_MAX)
    return add_edge(w, value, from, variable);
  for (size_t l = 0; l < w->label_count[variable]; l++) {
    double time = 0;
    SCULL_TRY(
        scull_tune_reformat_time(w->s, value, plain_format, reads(w, variable, l, value), &time));
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
      SCULL_TRY(scull_tune_reformat_time(w->s, value, writes(w, x, l, v), plain_format, &time));
      w->cost[x][l] += time;
    }
  }
  return SCULL_OK;
}

/* --- solving ------------------------------------------------------------------------------------
 */

/* Every variable starts at its cheapest label that reads and writes `format`, if it has one. */
static void start_at(const work_t *w, scull_storage_t format, size_t *label) {
  for (size_t x = 0; x < w->count; x++) {
    const scull_form_t *form = form_of(w, x);
    label[x] = 0;
    for (size_t l = 0; form == NULL && is_view(w, x) && l < w->label_count[x]; l++)
      label[x] = w->candidate[x][l] == (size_t)format.as ? l : label[x];
    for (size_t l = 0; form != NULL && l < w->label_count[x]; l++) {
      const scull_config_t *c = &form->candidates[w->candidate[x][l]].config;
      if (scull_backend_storage_equal(scull_backend_config_src(c), format) &&
          scull_backend_storage_equal(scull_backend_config_dst(c), format))
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
  for (int i = 0; i < SCULL_LAYOUTS * SCULL_PRECISIONS; i++) {
    double total = 0;
    const scull_storage_t format = {(scull_layout_t)(i % SCULL_LAYOUTS),
                                    (scull_precision_t)(i / SCULL_LAYOUTS)};
    if (format.as != SCULL_AS_MODEL && (w->s->options->precisions >> format.as & 1) == 0)
      continue;
    start_at(w, format, label);
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
