/* Precisions that the user has set for layers. */
#include "tune/pins.h"

#include <string.h>

static bool names_node(const scull_graph_t *graph, const scull_node_t *node, const char *pattern) {
  if (scull_base_glob(pattern, node->name))
    return true;
  for (size_t i = 0; i < node->origin_count; i++) {
    if (scull_base_glob(pattern, graph->origins.data[node->origins[i]].name))
      return true;
  }
  for (size_t i = 0; i < node->output_count; i++) {
    const char *name = scull_graph_value(graph, node->outputs[i])->name;
    const scull_value_id_t by_pattern = scull_graph_find_value(graph, pattern);
    if (scull_base_glob(pattern, name) || by_pattern == node->outputs[i])
      return true; /* a pass may have given the value another name */
  }
  return false;
}

static const scull_pin_t *pin_of(const scull_graph_t *graph, const scull_tune_options_t *options,
                                 const scull_node_id_t *nodes, size_t count) {
  for (size_t p = 0; p < options->pin_count; p++) {
    for (size_t i = 0; i < count; i++) {
      if (names_node(graph, scull_graph_node(graph, nodes[i]), options->pins[p].pattern))
        return &options->pins[p];
    }
  }
  return NULL;
}

static scull_precision_t computes(const scull_candidate_t *candidate) {
  return scull_backend_computes(candidate->tactic, &candidate->config);
}

void scull_tune_pins_apply(const scull_graph_t *graph, const scull_tune_options_t *options,
                           const scull_node_id_t *nodes, scull_form_t *form) {
  form->pin = pin_of(graph, options, nodes, form->count);
  form->site.precisions = form->pin == NULL                 ? options->precisions
                          : form->pin->as == SCULL_AS_MODEL ? 0
                                                            : 1u << form->pin->as;
}

/* True when the candidate would store an exact value in fewer bits, or one that f16 cannot hold in
 * it. */
static bool rounds(const scull_graph_t *g, const scull_node_id_t *nodes, const scull_form_t *form,
                   const scull_config_t *config) {
  const scull_node_t *anchor = scull_graph_node(g, nodes[0]);
  const scull_node_t *last = scull_graph_node(g, nodes[form->count - 1]);
  bool out = false, in = false;
  for (size_t i = 0; i < last->output_count; i++) {
    const scull_value_t *v = scull_graph_value(g, last->outputs[i]);
    out = out || v->exact || (v->wide && config->dst_as == SCULL_AS_F16);
  }
  for (size_t i = 0; i < anchor->input_count; i++)
    in = in || (anchor->inputs[i] != SCULL_NO_ID && anchor->op->channel_axis == NULL &&
                scull_graph_value(g, anchor->inputs[i])->exact);
  for (size_t i = 0; i < anchor->input_count && config->src_as == SCULL_AS_F16; i++) {
    if (anchor->inputs[i] != SCULL_NO_ID && scull_graph_value(g, anchor->inputs[i])->wide)
      return true;
  }
  return (out && config->dst_as != SCULL_AS_MODEL) || (in && config->src_as != SCULL_AS_MODEL);
}

size_t scull_tune_pins_keep(const scull_graph_t *graph, const scull_node_id_t *nodes,
                            const scull_form_t *form, const scull_tactic_t *tactic,
                            scull_config_t *configs, size_t count) {
  size_t kept = 0;
  for (size_t i = 0; i < count; i++) {
    if ((form->pin == NULL || scull_backend_computes(tactic, &configs[i]) == form->pin->as) &&
        !rounds(graph, nodes, form, &configs[i]))
      configs[kept++] = configs[i];
  }
  return kept;
}

/* True when some form that holds the node has a candidate in the precision. */
static bool is_followed(const scull_search_t *s, scull_node_id_t id, scull_precision_t as) {
  for (size_t i = 0; i < s->node_count; i++) {
    const scull_unit_t *unit = &s->units[s->order[i]];
    for (size_t f = 0; f < unit->form_count; f++) {
      const scull_form_t *form = &unit->forms[f];
      bool holds = false;
      for (size_t k = 0; k < form->count; k++)
        holds = holds || unit->chain[k] == id;
      for (size_t c = 0; holds && c < form->candidate_count; c++) {
        if (computes(&form->candidates[c]) == as)
          return true;
      }
    }
  }
  return false;
}

scull_status_t scull_tune_pins_check(const scull_search_t *s) {
  scull_status_t status = SCULL_OK;
  if (s->replay != NULL)
    return SCULL_OK;
  for (size_t i = 0; i < s->node_count; i++) {
    const scull_node_id_t id = s->order[i];
    const scull_node_t *node = scull_graph_node(s->graph, id);
    const scull_pin_t *pin = pin_of(s->graph, s->options, &id, 1);
    if (pin == NULL || pin->as == SCULL_AS_MODEL || s->partition->engine[id] < 0 ||
        (node->op->traits & SCULL_OP_VIEW) != 0 || is_followed(s, id, pin->as))
      continue;
    if (s->options->prefer_pins)
      scull_base_warn(s->graph->diag,
                      "'%s' (%s) stays in another precision: no tactic runs it in %s", node->name,
                      node->op->name, scull_backend_precision_name(pin->as));
    else
      status = scull_base_fail(s->graph->diag, SCULL_UNSUPPORTED,
                               "'%s' (%s) is pinned to %s, in which no tactic runs it", node->name,
                               node->op->name, scull_backend_precision_name(pin->as));
  }
  return status;
}
