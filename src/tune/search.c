/* The whole-network search.
 *
 * 1. forms.c: every group that some tactic takes, each candidate timed.
 * 2. cover: which groups. Groups overlap (a residual add may end either of two convolutions), so
 * the one that saves most against its nodes run singly is taken first; then the next that still
 * fits.
 * 3. labels: which candidate of each group, so that times plus reformats between the layouts are
 *    least (label.c).
 * 4. concats: where all producers can write into slices for less than the copy, the copy goes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/thread.h"
#include "tune/pins.h"
#include "tune/search.h"

/* --- 2. cover -----------------------------------------------------------------------------------
 */

typedef struct {
  double gain;
  size_t position; /* of the anchor in order: later ones first on a tie */
  scull_unit_t *unit;
  scull_form_t *form;
} offer_t;

static double best_time(const scull_form_t *form) {
  double best = HUGE_VAL;
  for (size_t i = 0; i < form->candidate_count; i++)
    best = form->candidates[i].microseconds < best ? form->candidates[i].microseconds : best;
  return best;
}

/* What the form saves; untimed forms are worth a little a node, so that the longest wins. A group
 * has a start of 5 %: the noise of two timings is larger than most epilogues, and a group also
 * spares the caches, which timing its nodes alone does not show. */
static double gain_of(const scull_search_t *s, const scull_unit_t *unit, const scull_form_t *form) {
  /* Between precisions a node alone also costs conversions, which its time does not show. */
  const double start = s->options->precisions == 0 ? 1.05 : 1.5;
  double alone = 0, together = best_time(form);
  bool timed = together > 0;
  for (size_t i = 0; i < form->count; i++) {
    const scull_unit_t *other = &s->units[unit->chain[i]];
    bool single = other->form_count > 0 && other->forms[0].count == 1;
    double time = single ? best_time(&other->forms[0]) : 0;
    timed = timed && single && time > 0;
    alone += time;
  }
  return timed ? start * alone - together : 1e-3 * (double)(form->count - 1);
}

static int by_gain(const void *a, const void *b) {
  const offer_t *x = a, *y = b;
  if (x->gain != y->gain)
    return x->gain > y->gain ? -1 : 1;
  return x->position > y->position ? -1 : x->position < y->position;
}

static bool is_free(const bool *taken, const scull_unit_t *unit, const scull_form_t *form) {
  for (size_t i = 0; i < form->count; i++) {
    if (taken[unit->chain[i]])
      return false;
  }
  return true;
}

static scull_status_t list_offers(scull_search_t *s, offer_t **out, size_t *count) {
  size_t room = 1, n = 0;
  for (size_t i = 0; i < s->node_count; i++)
    room += s->units[s->order[i]].form_count;
  offer_t *offers = SCULL_ARENA_ARRAY(s->arena, offer_t, room);
  if (offers == NULL)
    return scull_base_fail_memory(s->graph->diag, "the search");
  for (size_t i = 0; i < s->node_count; i++) {
    scull_unit_t *unit = &s->units[s->order[i]];
    for (size_t f = 0; f < unit->form_count; f++)
      offers[n++] = (offer_t){gain_of(s, unit, &unit->forms[f]), i, unit, &unit->forms[f]};
  }
  qsort(offers, n, sizeof *offers, by_gain);
  *out = offers;
  *count = n;
  return SCULL_OK;
}

static scull_status_t cover(scull_search_t *s) {
  offer_t *offers = NULL;
  size_t count = 0;
  bool *taken = SCULL_ARENA_ARRAY(s->arena, bool, s->graph->nodes.size + 1);
  if (taken == NULL)
    return scull_base_fail_memory(s->graph->diag, "the search");
  SCULL_TRY(list_offers(s, &offers, &count));
  for (int singles = 0; singles < 2; singles++) { /* groups first, then what is left alone */
    for (size_t i = 0; i < count; i++) {
      const offer_t *o = &offers[i];
      if ((o->form->count == 1) != (singles == 1) || (singles == 0 && o->gain <= 0) ||
          !is_free(taken, o->unit, o->form))
        continue;
      o->unit->chosen = o->form;
      for (size_t k = 0; k < o->form->count; k++)
        taken[o->unit->chain[k]] = true;
    }
  }
  return SCULL_OK;
}

/* --- the untimed rest ---------------------------------------------------------------------------
 */

/* Native: the first tactic that takes the node plain and can be prepared; else the reference.
 * Beside a discrete device this is the processor's work. */
static scull_status_t choose_native(scull_search_t *s, scull_node_id_t id, scull_choice_t *choice) {
  scull_device_t *device = scull_tune_native_device(s->options);
  const scull_tactic_t *const *tactics = scull_backend_tactics(device->backend);
  const scull_config_t plain = {0};
  scull_site_t site;
  scull_value_id_t *values = NULL;
  const char *reason = NULL;
  if (scull_tune_is_sized_in_run(s->graph, scull_graph_node(s->graph, id)))
    return SCULL_OK;
  SCULL_TRY(scull_tune_site(s->graph, &id, 1, s->options, s->arena, &site, &values));
  for (size_t i = 0; tactics[i] != NULL; i++) {
    scull_config_t configs[SCULL_MAX_CONFIGS] = {{{0}, 0, 0, 0, 0}};
    if (!scull_backend_tactic_applies(tactics[i], &site) ||
        scull_tune_names_match(s->options->disabled_tactics, tactics[i]->name) ||
        tactics[i]->refuse(&site, device) != NULL)
      continue;
    size_t count = tactics[i]->configs == NULL
                       ? 1
                       : tactics[i]->configs(&site, device, configs, SCULL_MAX_CONFIGS);
    for (size_t k = 0; k < count; k++) {
      if (configs[k].src != plain.src || configs[k].dst != plain.dst ||
          configs[k].src_as != SCULL_AS_MODEL || configs[k].dst_as != SCULL_AS_MODEL)
        continue;
      scull_status_t status =
          scull_tune_try(s->timer, &site, device, tactics[i], &configs[k], &reason);
      if (status == SCULL_OUT_OF_MEMORY)
        return status;
      if (status != SCULL_OK)
        continue;
      choice->tactic = tactics[i];
      choice->config = configs[k];
      return SCULL_OK;
    }
  }
  return SCULL_OK;
}

/* Partition and search of each region; engines go on counting. */
static scull_status_t search_regions(scull_search_t *s, const scull_node_t *node,
                                     scull_choice_t *choice) {
  scull_tune_options_t options = *s->options;
  options.cache = s->cache;
  choice->kind = SCULL_CHOICE_CONTROL;
  choice->regions = SCULL_ARENA_ARRAY(s->arena, scull_tuning_t, node->region_count);
  if (choice->regions == NULL)
    return scull_base_fail_memory(s->graph->diag, "the search");
  for (size_t r = 0; r < node->region_count; r++) {
    scull_graph_t *region = node->regions[r];
    scull_partition_t partition;
    scull_graph_set_diag(region, s->graph->diag);
    options.replay_prefix =
        scull_base_arena_format(s->arena, "%s%s/%zu/", scull_tune_prefix(s->options),
                                scull_graph_value(s->graph, node->outputs[0])->name, r);
    if (options.replay_prefix == NULL)
      return scull_base_fail_memory(s->graph->diag, "the search");
    SCULL_TRY(scull_tune_partition(region, &options, s->arena, &partition));
    for (size_t i = 0; i < region->nodes.size; i++)
      partition.engine[i] += partition.engine[i] >= 0 ? s->out->engine_count : 0;
    SCULL_TRY(scull_tune_search(region, &partition, &options, s->arena, &choice->regions[r]));
    s->out->engine_count += choice->regions[r].engine_count;
    s->out->timed += choice->regions[r].timed;
    s->out->cached += choice->regions[r].cached;
    choice->microseconds += choice->regions[r].microseconds;
  }
  return SCULL_OK;
}

static scull_status_t describe(scull_search_t *s, scull_node_id_t id, scull_choice_t *choice) {
  const scull_node_t *node = scull_graph_node(s->graph, id);
  const scull_unit_t *unit = &s->units[id];
  choice->engine = s->partition->engine[id];
  choice->why = s->partition->why[id];
  choice->alternatives = unit->alternatives;
  choice->alternative_count = unit->alternative_count;
  choice->nodes = SCULL_ARENA_ARRAY(s->arena, scull_node_id_t, SCULL_MAX_CHAIN);
  if (choice->nodes == NULL)
    return scull_base_fail_memory(s->graph->diag, "the search");
  choice->nodes[0] = id;
  choice->node_count = 1;
  if (node->op->control != SCULL_CONTROL_NONE)
    return search_regions(s, node, choice);
  if (scull_tune_is_at_shape(s->graph, node)) {
    choice->kind = SCULL_CHOICE_AT_SHAPE;
    return SCULL_OK;
  }
  if ((node->op->traits & SCULL_OP_VIEW) != 0) {
    choice->kind = SCULL_CHOICE_VIEW;
    return SCULL_OK;
  }
  if (unit->chosen == NULL) {
    if (choice->engine >= 0)
      choice->why = "no tactic could be prepared";
    choice->engine = -1;
    return choose_native(s, id, choice);
  }
  const scull_candidate_t *c = &unit->chosen->candidates[unit->label];
  memcpy(choice->nodes, unit->chain, unit->chosen->count * sizeof *choice->nodes);
  choice->node_count = unit->chosen->count;
  choice->tactic = c->tactic;
  choice->config = c->config;
  choice->microseconds = c->microseconds;
  return SCULL_OK;
}

static bool is_covered(const scull_search_t *s, const bool *member, scull_node_id_t id) {
  return member[id] && s->units[id].chosen == NULL;
}

/* Choices in the order of their last node: all that a group reads is there by then. */
static scull_status_t list_choices(scull_search_t *s) {
  size_t n = s->graph->nodes.size + 1;
  bool *member = SCULL_ARENA_ARRAY(s->arena, bool, n);
  scull_node_id_t *ends = SCULL_ARENA_ARRAY(s->arena, scull_node_id_t, n); /* anchor by last node */
  s->out->choices = SCULL_ARENA_ARRAY(s->arena, scull_choice_t, s->node_count);
  if (member == NULL || ends == NULL || s->out->choices == NULL)
    return scull_base_fail_memory(s->graph->diag, "the search");
  memset(ends, 0xff, n * sizeof *ends);
  for (size_t i = 0; i < s->node_count; i++) {
    const scull_unit_t *unit = &s->units[s->order[i]];
    if (unit->chosen == NULL)
      continue;
    for (size_t k = 0; k < unit->chosen->count; k++)
      member[unit->chain[k]] = true;
    ends[unit->chain[unit->chosen->count - 1]] = s->order[i];
  }
  for (size_t i = 0; i < s->node_count; i++) {
    scull_node_id_t id = s->order[i], anchor = ends[id];
    if (anchor == SCULL_NO_ID && member[id])
      continue; /* inside a group, not its end */
    if (anchor == SCULL_NO_ID && is_covered(s, member, id))
      continue;
    SCULL_TRY(
        describe(s, anchor == SCULL_NO_ID ? id : anchor, &s->out->choices[s->out->choice_count++]));
  }
  return SCULL_OK;
}

/* --- the result ---------------------------------------------------------------------------------
 */

static const scull_choice_t *choice_with(const scull_search_t *s, scull_node_id_t node) {
  for (size_t i = 0; i < s->out->choice_count; i++) {
    const scull_choice_t *c = &s->out->choices[i];
    for (size_t k = 0; k < c->node_count; k++) {
      if (c->nodes[k] == node)
        return c;
    }
  }
  return NULL;
}

/* True when somebody, perhaps behind another view, reads the value in that precision. */
static bool is_read_as(const scull_search_t *s, scull_value_id_t value, scull_precision_t as) {
  const scull_value_t *v = scull_graph_value(s->graph, value);
  for (size_t u = 0; u < v->users.size; u++) {
    const scull_choice_t *c = choice_with(s, v->users.data[u]);
    if (c == NULL)
      continue;
    const scull_node_t *user = scull_graph_node(s->graph, v->users.data[u]);
    bool anchor = c->nodes[0] == v->users.data[u];
    if (c->kind == SCULL_CHOICE_VIEW && is_read_as(s, user->outputs[0], as))
      return true;
    if (c->kind == SCULL_CHOICE_RUN && c->engine >= 0 && c->tactic != NULL &&
        (anchor ? c->config.src_as : c->config.dst_as) == as)
      return true;
  }
  return false;
}

/* A view keeps the precision of its input where somebody wants it so. */
static void write_view(scull_search_t *s, const scull_node_t *node) {
  scull_value_id_t x = node->inputs[0], y = node->outputs[0];
  const scull_value_t *v = scull_graph_value(s->graph, x);
  scull_storage_t from = s->out->formats[x];
  bool same = true;
  if (v == NULL || (from.as != SCULL_AS_F16 && from.as != SCULL_AS_BF16))
    return;
  for (int p = 0; p < s->graph->points; p++)
    same = same && scull_backend_layout_same(&v->shape[p], from.layout, SCULL_LAYOUT_PLAIN);
  if (same && is_read_as(s, y, from.as))
    s->out->formats[y] = (scull_storage_t){SCULL_LAYOUT_PLAIN, from.as};
}

/* Formats in which each value is written. */
static scull_status_t write_formats(scull_search_t *s) {
  scull_tuning_t *out = s->out;
  for (size_t i = 0; i < out->choice_count; i++) {
    const scull_choice_t *c = &out->choices[i];
    for (size_t k = 0; k < c->node_count; k++) {
      const scull_node_t *node = scull_graph_node(s->graph, c->nodes[k]);
      for (size_t o = 0; o < node->output_count; o++) {
        const scull_value_t *v = scull_graph_value(s->graph, node->outputs[o]);
        if (c->kind == SCULL_CHOICE_RUN)
          out->formats[node->outputs[o]] = scull_backend_storage_fit(
              v->dtype, &v->shape[0], v->quant, scull_backend_config_dst(&c->config));
      }
    }
    if (c->kind == SCULL_CHOICE_VIEW)
      write_view(s, scull_graph_node(s->graph, c->nodes[0]));
    out->microseconds += c->microseconds;
  }
  return SCULL_OK;
}

static size_t network_bytes(const scull_graph_t *graph) {
  size_t bytes = 0;
  for (size_t i = 0; i < graph->values.size; i++) {
    scull_type_t type = scull_graph_type(graph, (scull_value_id_t)i, SCULL_POINT_OPT);
    if (!graph->values.data[i].dead)
      bytes += scull_tensor_bytes(&type);
  }
  return bytes;
}

static scull_status_t open_search(scull_search_t *s, scull_replay_table_t *replay) {
  scull_graph_t *g = s->graph;
  size_t values = g->values.size + 1;
  s->units = SCULL_ARENA_ARRAY(s->arena, scull_unit_t, g->nodes.size + 1);
  s->out->formats = SCULL_ARENA_ARRAY(s->arena, scull_storage_t, values);
  s->out->slices = SCULL_ARENA_ARRAY(s->arena, scull_slice_t, values);
  if (s->units == NULL || s->out->formats == NULL || s->out->slices == NULL)
    return scull_base_fail_memory(g->diag, "the search");
  for (size_t i = 0; i < values; i++)
    s->out->slices[i].whole = SCULL_NO_ID;
  s->out->engine_count = s->partition->engine_count;
  if (s->options->time_budget_s > 0)
    s->deadline = scull_base_now() + (uint64_t)(s->options->time_budget_s * 1e9);
  if (s->options->replay.size > 0) {
    SCULL_TRY(scull_tune_replay_read(g, s->options, s->arena, replay));
    s->replay = replay;
  }
  if (s->cache == NULL)
    return scull_base_fail_memory(g->diag, "the search");
  SCULL_TRY(scull_tune_timer_create(s->options, &s->timer));
  scull_tune_timer_flood(s->timer, network_bytes(g));
  return scull_graph_sort(g, &s->order, &s->node_count);
}

static scull_status_t run_search(scull_search_t *s) {
  SCULL_TRY(scull_tune_make_forms(s));
  SCULL_TRY(scull_tune_pins_check(s));
  SCULL_TRY(cover(s));
  SCULL_TRY(scull_tune_choose_labels(s));
  SCULL_TRY(list_choices(s));
  SCULL_TRY(write_formats(s));
  return scull_tune_elide_concats(s);
}

scull_status_t scull_tune_search(scull_graph_t *graph, const scull_partition_t *partition,
                                 const scull_tune_options_t *options, scull_arena_t *arena,
                                 scull_tuning_t *out) {
  scull_tune_cache_t *own = NULL;
  scull_replay_table_t replay = {0};
  *out = (scull_tuning_t){0};
  if (options->cache == NULL)
    SCULL_TRY(scull_tune_cache_open(NULL, options->device, &own, graph->diag));
  scull_search_t s = {.graph = graph,
                      .partition = partition,
                      .options = options,
                      .arena = arena,
                      .cache = options->cache == NULL ? own : options->cache,
                      .out = out};
  scull_status_t status = open_search(&s, &replay);
  if (status == SCULL_OK)
    status = run_search(&s);
  if (status == SCULL_OUT_OF_MEMORY && graph->diag != NULL && graph->diag->errors == 0)
    status = scull_base_fail_memory(graph->diag, "the search");
  scull_tune_timer_destroy(s.timer);
  scull_tune_cache_destroy(own);
  return status;
}
