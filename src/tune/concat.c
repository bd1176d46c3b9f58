/* Stage 4 of the search: concats without a copy. A concat over channels disappears when every one
 * of its inputs has no other user and comes from a tactic that can write into a slice, and the
 * slices cost less time than the copy. Layouts are as the labels left them. */
#include <string.h>

#include "tune/search.h"

typedef struct {
  scull_choice_t *choice; /* of the producer */
  scull_value_id_t value;
  scull_candidate_t candidate; /* how it would write the slice */
} writer_t;

static scull_choice_t *choice_of(const scull_search_t *s, scull_value_id_t value) {
  const scull_value_t *v = scull_graph_value(s->graph, value);
  for (size_t i = 0; i < s->out->choice_count; i++) {
    scull_choice_t *c = &s->out->choices[i];
    if (c->kind == SCULL_CHOICE_RUN && c->nodes[c->node_count - 1] == v->producer)
      return c;
  }
  return NULL;
}

/* True for a concat of engine values over axis 1, each with at least one spatial axis. */
static bool is_channel_concat(const scull_search_t *s, const scull_choice_t *c) {
  const scull_node_t *node = scull_graph_node(s->graph, c->nodes[0]);
  const scull_attr_field_t *field = scull_ops_attr_find(&node->op->attrs, "axis");
  if (c->kind != SCULL_CHOICE_RUN || c->engine < 0 || c->node_count != 1 ||
      strcmp(node->op->name, "concat") != 0 || field == NULL)
    return false;
  int64_t axis = *(const int64_t *)(const void *)((const char *)node->attrs + field->offset);
  const scull_value_t *y = scull_graph_value(s->graph, node->outputs[0]);
  if (y->late || s->graph->is_region)
    return false; /* memory that a run sizes has no slices */
  return y->shape[0].rank >= 3 && (axis == 1 || axis == 1 - y->shape[0].rank) &&
         scull_backend_storage_equal(scull_backend_config_src(&c->config),
                                     scull_backend_config_dst(&c->config)) &&
         s->out->slices[node->outputs[0]].whole == SCULL_NO_ID;
}

/* Blocked layouts can only be cut at whole blocks; the channels must be the same at all points. */
static bool can_cut(const scull_search_t *s, scull_value_id_t value, scull_layout_t layout,
                    int64_t offset) {
  const scull_value_t *v = scull_graph_value(s->graph, value);
  int64_t block = scull_backend_layout_block(layout);
  for (int p = 1; p < s->graph->points; p++) {
    if (v->shape[p].dim[1] != v->shape[0].dim[1])
      return false;
  }
  return offset % block == 0 && v->shape[0].dim[1] % block == 0;
}

/* Marks `value` as a slice in a producer's site, besides those outputs that are slices already. */
static void set_slices(const scull_search_t *s, const scull_form_t *form, scull_site_t *site,
                       scull_value_id_t value, const scull_slice_t *slice) {
  for (size_t i = 0; i < site->output_count; i++) {
    uint16_t k = site->outputs[i];
    const scull_slice_t *own = form->values[k] == value ? slice : &s->out->slices[form->values[k]];
    if (own->whole == SCULL_NO_ID)
      continue;
    site->values[k].channel_offset = own->channel_offset;
    site->values[k].channel_total = own->channel_total;
  }
}

/* Sets the candidate's time on a slice; a replayed one keeps the time that it had. */
static scull_status_t time_slice(scull_search_t *s, const scull_site_t *site, double best,
                                 scull_candidate_t *c) {
  const char *reason = NULL;
  if (!scull_tune_is_over(s) && s->replay == NULL)
    return scull_tune_time(s, site, c->tactic, &c->config, best, &c->microseconds, &reason);
  scull_status_t status =
      scull_tune_try(s->timer, site, s->options->device, c->tactic, &c->config, &reason);
  if (status == SCULL_UNSUPPORTED)
    c->microseconds = -1;
  return status == SCULL_UNSUPPORTED ? SCULL_OK : status;
}

/* The fastest way to write the slice with the producer's present layouts; false when there is none.
 */
static scull_status_t find_writer(scull_search_t *s, writer_t *w, const scull_slice_t *slice,
                                  bool *found) {
  const scull_unit_t *unit = &s->units[w->choice->nodes[0]];
  const scull_form_t *form = unit->chosen;
  double best = -1;
  *found = false;
  for (size_t i = 0; form != NULL && i < form->candidate_count; i++) {
    scull_candidate_t c = form->candidates[i];
    scull_site_t site;
    if (c.config.src != w->choice->config.src || c.config.dst != w->choice->config.dst ||
        c.config.src_as != w->choice->config.src_as || c.config.dst_as != w->choice->config.dst_as)
      continue;
    SCULL_TRY(scull_tune_configured(&form->site, &c.config, s->arena, &site));
    set_slices(s, form, &site, w->value, slice);
    if (c.tactic->refuse(&site, s->options->device) != NULL)
      continue;
    SCULL_TRY(time_slice(s, &site, best, &c));
    if (c.microseconds < 0 || (best >= 0 && c.microseconds >= best))
      continue;
    best = c.microseconds;
    w->candidate = c;
    *found = true;
  }
  return SCULL_OK;
}

/* Finds writers of all inputs; *saved is the time that would be gained. */
static scull_status_t find_writers(scull_search_t *s, const scull_choice_t *concat,
                                   writer_t *writers, double *saved, bool *found) {
  const scull_node_t *node = scull_graph_node(s->graph, concat->nodes[0]);
  const scull_value_t *y = scull_graph_value(s->graph, node->outputs[0]);
  int64_t offset = 0;
  *found = true;
  *saved = concat->microseconds;
  for (size_t i = 0; i < node->input_count && *found; i++) {
    scull_value_id_t value = node->inputs[i];
    const scull_slice_t slice = {node->outputs[0], offset, y->shape[0].dim[1]};
    writers[i] = (writer_t){.choice = choice_of(s, value), .value = value};
    *found = writers[i].choice != NULL && writers[i].choice->kind == SCULL_CHOICE_RUN &&
             scull_graph_only_user(s->graph, value) == node &&
             scull_backend_storage_equal(s->out->formats[value],
                                         scull_backend_config_dst(&concat->config)) &&
             s->out->slices[value].whole == SCULL_NO_ID &&
             can_cut(s, value, concat->config.dst, offset);
    if (*found)
      SCULL_TRY(find_writer(s, &writers[i], &slice, found));
    if (*found)
      *saved += writers[i].choice->microseconds - writers[i].candidate.microseconds;
    offset += scull_graph_value(s->graph, value)->shape[0].dim[1];
  }
  return SCULL_OK;
}

static void apply(scull_search_t *s, scull_choice_t *concat, const writer_t *writers) {
  const scull_node_t *node = scull_graph_node(s->graph, concat->nodes[0]);
  const scull_value_t *y = scull_graph_value(s->graph, node->outputs[0]);
  int64_t offset = 0;
  for (size_t i = 0; i < node->input_count; i++) {
    s->out->slices[node->inputs[i]] = (scull_slice_t){node->outputs[0], offset, y->shape[0].dim[1]};
    writers[i].choice->tactic = writers[i].candidate.tactic;
    writers[i].choice->config = writers[i].candidate.config;
    writers[i].choice->microseconds = writers[i].candidate.microseconds;
    offset += scull_graph_value(s->graph, node->inputs[i])->shape[0].dim[1];
  }
  concat->kind = SCULL_CHOICE_ELIDED; /* its tactic stays: a replay asks for it */
  concat->microseconds = 0;
}

/* What the present build (or the replayed one) decides for one concat. */
static scull_status_t consider(scull_search_t *s, scull_choice_t *concat) {
  const scull_node_t *node = scull_graph_node(s->graph, concat->nodes[0]);
  writer_t *writers = SCULL_ARENA_ARRAY(s->arena, writer_t, node->input_count);
  double saved = 0;
  bool found = false;
  if (writers == NULL)
    return SCULL_OUT_OF_MEMORY;
  const char *name = scull_graph_value(s->graph, node->outputs[0])->name;
  if (s->replay != NULL && scull_tune_replay_find(s->replay, name, true) == NULL)
    return SCULL_OK;
  SCULL_TRY(find_writers(s, concat, writers, &saved, &found));
  if (found && (saved > 0 || scull_tune_is_over(s) || s->replay != NULL)) {
    s->out->microseconds -= saved;
    apply(s, concat, writers);
  }
  return SCULL_OK;
}

scull_status_t scull_tune_elide_concats(scull_search_t *s) {
  for (size_t i = 0; !s->options->singles && i < s->out->choice_count; i++) {
    SCULL_TRY(scull_tune_check_cancel(s));
    if (is_channel_concat(s, &s->out->choices[i]))
      SCULL_TRY(consider(s, &s->out->choices[i]));
  }
  return SCULL_OK;
}
