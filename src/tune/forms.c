/* Finding and timing forms. From each node the chain of its only users is followed; each prefix of
 * the chain is shown to every tactic, and what accepts is timed in each of its configurations. */
#include <string.h>

#include "base/thread.h"
#include "tune/pins.h"

enum { FAST_CONFIGS = 4 };

scull_status_t scull_tune_check_cancel(const scull_search_t *s) {
  if (s->options->cancel != NULL && atomic_load(s->options->cancel))
    return scull_base_fail(s->graph->diag, SCULL_CANCELLED, "the build was cancelled");
  return SCULL_OK;
}

bool scull_tune_is_over(const scull_search_t *s) {
  return s->options->level == SCULL_TUNE_LEVEL_NONE ||
         (s->deadline != 0 && scull_base_now() > s->deadline);
}

scull_status_t scull_tune_configured(const scull_site_t *site, const scull_config_t *config,
                                     scull_arena_t *arena, scull_site_t *out) {
  *out = *site;
  out->values =
      scull_base_arena_copy(arena, site->values, site->value_count * sizeof *site->values);
  if (out->values == NULL)
    return SCULL_OUT_OF_MEMORY;
  scull_backend_config_apply(out, config);
  return SCULL_OK;
}

/* --- times --------------------------------------------------------------------------------------
 */

scull_status_t scull_tune_time(scull_search_t *s, const scull_site_t *site,
                               const scull_tactic_t *tactic, const scull_config_t *config,
                               double best, double *microseconds, const char **reason) {
  const char *key = scull_tune_cache_key(s->arena, site, tactic, config);
  if (key == NULL)
    return SCULL_OUT_OF_MEMORY;
  *reason = "was found unable before (timing cache)";
  if (scull_tune_cache_find(s->cache, key, microseconds)) {
    s->out->cached++;
    return SCULL_OK;
  }
  scull_status_t status =
      scull_tune_measure(s->timer, site, tactic, config, best, microseconds, reason);
  if (status == SCULL_DEVICE)
    return scull_base_fail(s->graph->diag, status, "the device failed while %s was timed",
                           tactic->name);
  if (status == SCULL_UNSUPPORTED)
    *microseconds = -1;
  else if (status != SCULL_OK)
    return status;
  s->out->timed++;
  return scull_tune_cache_add(s->cache, key, *microseconds) ? SCULL_OK : SCULL_OUT_OF_MEMORY;
}

/* Without timing: preference decides, and only what can be prepared counts. */
static scull_status_t try_untimed(scull_search_t *s, const scull_site_t *site,
                                  const scull_candidate_t *c, double *microseconds,
                                  const char **reason) {
  scull_status_t status =
      scull_tune_try(s->timer, site, s->options->device, c->tactic, &c->config, reason);
  *microseconds = status == SCULL_OK ? 0 : -1;
  return status == SCULL_UNSUPPORTED ? SCULL_OK : status;
}

static scull_status_t add_alternative(scull_search_t *s, scull_unit_t *unit,
                                      scull_alternative_t one) {
  if (unit->alternative_count == unit->alternative_room) {
    size_t room = unit->alternative_room == 0 ? 8 : 2 * unit->alternative_room;
    scull_alternative_t *grown = SCULL_ARENA_ARRAY(s->arena, scull_alternative_t, room);
    if (grown == NULL)
      return SCULL_OUT_OF_MEMORY;
    if (unit->alternative_count > 0)
      memcpy(grown, unit->alternatives, unit->alternative_count * sizeof *grown);
    unit->alternatives = grown;
    unit->alternative_room = room;
  }
  unit->alternatives[unit->alternative_count++] = one;
  return SCULL_OK;
}

/* --- candidates ---------------------------------------------------------------------------------
 */

/* Times one configuration and keeps it when it can run. */
static scull_status_t add_candidate(scull_search_t *s, scull_unit_t *unit, scull_form_t *form,
                                    scull_candidate_t c) {
  scull_site_t site;
  scull_alternative_t one = {.tactic = c.tactic->name,
                             .config = c.config,
                             .computes = scull_backend_computes(c.tactic, &c.config),
                             .node_count = form->count};
  SCULL_TRY(scull_tune_configured(&form->site, &c.config, s->arena, &site));
  if (scull_tune_is_over(s))
    SCULL_TRY(try_untimed(s, &site, &c, &c.microseconds, &one.reason));
  else
    SCULL_TRY(
        scull_tune_time(s, &site, c.tactic, &c.config, form->best, &c.microseconds, &one.reason));
  one.microseconds = c.microseconds;
  if (c.microseconds >= 0) {
    one.reason = NULL;
    form->candidates[form->candidate_count++] = c;
    if (c.microseconds > 0 && (form->best == 0 || c.microseconds < form->best))
      form->best = c.microseconds;
  }
  return add_alternative(s, unit, one);
}

/* What a tactic offers for the site of a form and may be taken; in fast tuning the first few of
 * each precision. */
static size_t configs_of(const scull_search_t *s, const scull_unit_t *unit,
                         const scull_form_t *form, const scull_tactic_t *tactic,
                         const scull_site_t *site, scull_config_t *configs) {
  size_t limit = s->options->level == SCULL_TUNE_LEVEL_FULL ? SCULL_MAX_CONFIGS : FAST_CONFIGS;
  size_t kept = 0, count = 1, of[SCULL_PRECISIONS] = {0};
  configs[0] = (scull_config_t){0};
  if (tactic->configs != NULL)
    count = tactic->configs(site, s->options->device, configs, SCULL_MAX_CONFIGS);
  count = scull_tune_pins_keep(s->graph, unit->chain, form, tactic, configs, count);
  for (size_t i = 0; i < count; i++) {
    if (of[configs[i].src_as]++ < limit)
      configs[kept++] = configs[i];
  }
  return kept;
}

/* --- ranges of shapes ---------------------------------------------------------------------------
 */

static bool same_formats(const scull_config_t *a, const scull_config_t *b) {
  return a->src == b->src && a->dst == b->dst && a->src_as == b->src_as && a->dst_as == b->dst_as;
}

/* The fastest configuration with the formats of `like` at the smallest or largest shapes. `like`
 * stays where none can run. */
static scull_status_t best_at_end(scull_search_t *s, const scull_unit_t *unit,
                                  const scull_form_t *form, const scull_tactic_t *tactic,
                                  bool largest, const scull_config_t *like, scull_config_t *best) {
  scull_config_t configs[SCULL_MAX_CONFIGS];
  scull_site_t end = form->site, site;
  double least = 0;
  const char *reason = NULL;
  end.values = scull_base_arena_copy(s->arena, end.values, end.value_count * sizeof *end.values);
  if (end.values == NULL)
    return SCULL_OUT_OF_MEMORY;
  for (size_t i = 0; i < end.value_count; i++)
    end.values[i].opt = largest ? end.values[i].max : end.values[i].min;
  *best = *like;
  for (size_t i = 0, count = configs_of(s, unit, form, tactic, &end, configs); i < count; i++) {
    double time = 0;
    if (!same_formats(&configs[i], like))
      continue;
    SCULL_TRY(scull_tune_check_cancel(s));
    SCULL_TRY(scull_tune_configured(&end, &configs[i], s->arena, &site));
    SCULL_TRY(scull_tune_time(s, &site, tactic, &configs[i], least, &time, &reason));
    if (time <= 0 || (least > 0 && time >= least))
      continue;
    least = time;
    *best = configs[i];
  }
  return SCULL_OK;
}

static bool is_range(const scull_site_t *site) {
  for (size_t i = 0; i < site->value_count; i++) {
    if (!scull_backend_site_fixed(&site->values[i]))
      return true;
  }
  return false;
}

/* True for the fastest of its formats among the candidates from `first` on, if it is near enough to
 * the fastest of all. */
static bool is_leader(const scull_form_t *form, size_t first, size_t index) {
  const scull_candidate_t *c = &form->candidates[index];
  for (size_t i = first; i < form->candidate_count; i++) {
    const scull_candidate_t *other = &form->candidates[i];
    if (same_formats(&other->config, &c->config) && other->microseconds < c->microseconds)
      return false;
  }
  return c->microseconds > 0 && c->microseconds <= 1.5 * form->best;
}

/* Candidates of the tactic from `first` on: leaders also know what is best at the ends. */
static scull_status_t join_ends(scull_search_t *s, const scull_unit_t *unit, scull_form_t *form,
                                const scull_tactic_t *tactic, size_t first) {
  if (tactic->join == NULL || scull_tune_is_over(s) || !is_range(&form->site))
    return SCULL_OK;
  for (size_t i = first; i < form->candidate_count; i++) {
    scull_config_t *own = &form->candidates[i].config, at[3] = {*own}, joined = *own;
    if (!is_leader(form, first, i))
      continue;
    SCULL_TRY(best_at_end(s, unit, form, tactic, false, own, &at[1]));
    SCULL_TRY(best_at_end(s, unit, form, tactic, true, own, &at[2]));
    if (tactic->join(&form->site, at, &joined))
      *own = joined;
  }
  return SCULL_OK;
}

/* What a candidate takes at the smallest (largest) shapes; < 0: it cannot run there. */
static scull_status_t time_at_end(scull_search_t *s, const scull_form_t *form,
                                  const scull_candidate_t *c, bool largest, double *time) {
  scull_site_t end = form->site, site;
  const char *reason = NULL;
  end.values = scull_base_arena_copy(s->arena, end.values, end.value_count * sizeof *end.values);
  if (end.values == NULL)
    return SCULL_OUT_OF_MEMORY;
  for (size_t i = 0; i < end.value_count; i++)
    end.values[i].opt = largest ? end.values[i].max : end.values[i].min;
  SCULL_TRY(scull_tune_check_cancel(s));
  SCULL_TRY(scull_tune_configured(&end, &c->config, s->arena, &site));
  return scull_tune_time(s, &site, c->tactic, &c->config, 0, time, &reason);
}

/* Beside a discrete device, whose kernels differ by several times between a few rows and many: what
 * is nearly the fastest at opt is also timed at the ends of a range, and what it loses there
 * counts half. Times are made longer in proportion, so that the best of all stays as it is. */
static scull_status_t weigh_ends(scull_search_t *s, scull_form_t *form) {
  const double near = 1.25, share = 0.5;
  double best[2] = {0, 0}, least = 0, most = 0;
  size_t n = form->candidate_count;
  if (s->options->device->host == NULL || n < 2 || scull_tune_is_over(s) || !is_range(&form->site))
    return SCULL_OK;
  double *times = SCULL_ARENA_ARRAY(s->arena, double, 2 * n),
         *loss = SCULL_ARENA_ARRAY(s->arena, double, n);
  if (times == NULL || loss == NULL)
    return SCULL_OUT_OF_MEMORY;
  for (size_t i = 0; i < n; i++) {
    const scull_candidate_t *c = &form->candidates[i];
    const bool counts =
        c->microseconds > 0 && (c->microseconds <= near * form->best || is_leader(form, 0, i));
    for (size_t e = 0; e < 2 && counts; e++) {
      double *time = &times[2 * i + e];
      SCULL_TRY(time_at_end(s, form, c, e == 1, time));
      best[e] = *time > 0 && (best[e] == 0 || *time < best[e]) ? *time : best[e];
    }
  }
  for (size_t i = 0, seen = 0; i < n; i++) {
    if (times[2 * i] <= 0 || times[2 * i + 1] <= 0)
      continue;
    loss[i] = share * (times[2 * i] / best[0] + times[2 * i + 1] / best[1] - 2);
    least = seen == 0 || loss[i] < least ? loss[i] : least;
    most = loss[i] > most ? loss[i] : most;
    seen++;
  }
  for (size_t i = 0; i < n; i++) /* not looked at: no better than the others */
    loss[i] = times[2 * i] > 0 && times[2 * i + 1] > 0 ? loss[i] : most;
  form->best = 0;
  for (size_t i = 0; i < n; i++) {
    scull_candidate_t *c = &form->candidates[i];
    if (c->microseconds <= 0)
      continue;
    c->microseconds *= (1 + loss[i]) / (1 + least);
    form->best = form->best == 0 || c->microseconds < form->best ? c->microseconds : form->best;
  }
  return SCULL_OK;
}

/* True when the longest form has shown that this candidate is far from the fastest: then it is not
 * timed again for the shorter ones. */
static bool is_hopeless(const scull_form_t *longest, const scull_candidate_t *c) {
  for (size_t i = 0; i < longest->candidate_count; i++) {
    const scull_candidate_t *other = &longest->candidates[i];
    if (other->tactic == c->tactic && memcmp(&other->config, &c->config, sizeof other->config) == 0)
      return other->microseconds > 1.25 * longest->best;
  }
  return false;
}

/* Shows the form to one tactic. Untimed, the first configurations of the first tactic that can are
 * enough. */
static scull_status_t ask_tactic(scull_search_t *s, scull_unit_t *unit, scull_form_t *form,
                                 const scull_tactic_t *tactic) {
  scull_config_t configs[SCULL_MAX_CONFIGS];
  const char *why = tactic->refuse(&form->site, s->options->device);
  if (why != NULL) {
    if (form->count > 1)
      return SCULL_OK; /* the shorter form has said enough */
    return add_alternative(
        s, unit,
        (scull_alternative_t){
            .tactic = tactic->name, .reason = why, .microseconds = -1, .node_count = form->count});
  }
  size_t count = configs_of(s, unit, form, tactic, &form->site, configs);
  size_t room = form->candidate_count + count;
  scull_candidate_t *grown = SCULL_ARENA_ARRAY(s->arena, scull_candidate_t, room);
  if (grown == NULL)
    return SCULL_OUT_OF_MEMORY;
  if (form->candidate_count > 0)
    memcpy(grown, form->candidates, form->candidate_count * sizeof *grown);
  form->candidates = grown;
  const size_t first = form->candidate_count;
  for (size_t i = 0; i < count; i++) {
    const scull_candidate_t c = {.tactic = tactic, .config = configs[i]};
    SCULL_TRY(scull_tune_check_cancel(s));
    if (form->candidate_count > 0 && form->candidates[0].microseconds > 0 && scull_tune_is_over(s))
      break; /* what is not timed any more must not look faster than what is */
    if (unit->form_count == 0 || !is_hopeless(&unit->forms[0], &c))
      SCULL_TRY(add_candidate(s, unit, form, c));
  }
  return join_ends(s, unit, form, tactic, first);
}

static scull_status_t ask_all(scull_search_t *s, scull_unit_t *unit, scull_form_t *form) {
  const scull_tactic_t *const *tactics = scull_backend_tactics(s->options->device->backend);
  for (size_t i = 0; tactics[i] != NULL; i++) {
    if (!scull_backend_tactic_applies(tactics[i], &form->site) ||
        scull_tune_names_match(s->options->disabled_tactics, tactics[i]->name))
      continue;
    if (scull_tune_is_over(s) && form->candidate_count > 0)
      break;
    SCULL_TRY(ask_tactic(s, unit, form, tactics[i]));
  }
  return weigh_ends(s, form);
}

/* --- chains -------------------------------------------------------------------------------------
 */

/* True when operands could broadcast in a run although their guesses agree: a group of several
 * operators has no reference kernel to fall back on. */
static bool may_broadcast(const scull_graph_t *g, const scull_node_t *node) {
  for (size_t i = 0; (node->op->traits & SCULL_OP_BINARY) != 0 && i < node->input_count; i++) {
    const scull_value_t *v = scull_graph_value(g, node->inputs[i]);
    if (v != NULL && v->late)
      return true;
  }
  return false;
}

/* True when `next` may be fused behind `flow`: element-wise, of the same shape at every point. */
static bool can_follow(const scull_search_t *s, scull_value_id_t flow, const scull_node_t *next,
                       int32_t engine) {
  const scull_graph_t *g = s->graph;
  scull_node_id_t id = scull_graph_node_id(g, next);
  if (s->partition->engine[id] != engine || next->output_count != 1 ||
      scull_tune_is_at_shape(g, next))
    return false;
  if ((next->op->traits & (SCULL_OP_UNARY | SCULL_OP_BINARY | SCULL_OP_BY_CHANNEL)) == 0)
    return false;
  if ((next->op->traits & SCULL_OP_BY_CHANNEL) != 0 && next->inputs[0] != flow)
    return false;
  if (((next->op->traits & SCULL_OP_BINARY) != 0 && next->inputs[0] == next->inputs[1]) ||
      may_broadcast(g, next))
    return false;
  const scull_value_t *a = scull_graph_value(g, flow);
  const scull_value_t *b = scull_graph_value(g, next->outputs[0]);
  bool same = a->dtype == b->dtype;
  for (int p = 0; p < g->points; p++)
    same = same && scull_tensor_shape_equal(&a->shape[p], &b->shape[p]);
  return same;
}

/* True when `next` is a pooling and some tactic takes one along behind the chain. */
static bool can_pool(const scull_search_t *s, scull_value_id_t flow, const scull_node_t *next,
                     int32_t engine) {
  const scull_tactic_t *const *tactics = scull_backend_tactics(s->options->device->backend);
  scull_node_id_t id = scull_graph_node_id(s->graph, next);
  if ((next->op->traits & SCULL_OP_POOLING) == 0 || s->partition->engine[id] != engine ||
      next->output_count != 1 || next->inputs[0] != flow)
    return false;
  for (size_t i = 0; tactics[i] != NULL; i++) {
    if (tactics[i]->growth == SCULL_GROW_POOLING)
      return true;
  }
  return false;
}

static void follow_chain(const scull_search_t *s, scull_node_id_t anchor, scull_unit_t *unit) {
  const scull_node_t *node = scull_graph_node(s->graph, anchor);
  unit->chain[0] = anchor;
  unit->chain_count = 1;
  if (may_broadcast(s->graph, node))
    return;
  while (!s->options->singles && unit->chain_count < SCULL_MAX_CHAIN && node->output_count == 1) {
    const scull_node_t *next = scull_graph_only_user(s->graph, node->outputs[0]);
    if (next == NULL)
      return;
    bool pools = can_pool(s, node->outputs[0], next, s->partition->engine[anchor]);
    if (!pools && !can_follow(s, node->outputs[0], next, s->partition->engine[anchor]))
      return;
    unit->chain[unit->chain_count++] = scull_graph_node_id(s->graph, next);
    if (pools)
      return; /* it ends a chain */
    node = next;
  }
}

static scull_status_t make_form(scull_search_t *s, scull_unit_t *unit, size_t count) {
  scull_form_t form = {.count = count};
  SCULL_TRY(scull_tune_site(s->graph, unit->chain, count, s->options, s->arena, &form.site,
                            &form.values));
  scull_tune_pins_apply(s->graph, s->options, unit->chain, &form);
  const size_t told = unit->alternative_count;
  SCULL_TRY(ask_all(s, unit, &form));
  if (form.candidate_count == 0 && form.pin != NULL && s->options->prefer_pins) {
    form.pin = NULL; /* nothing follows it: all that is permitted */
    form.site.precisions = s->options->precisions;
    unit->alternative_count = told;
    SCULL_TRY(ask_all(s, unit, &form));
  }
  if (form.candidate_count > 0)
    unit->forms[unit->form_count++] = form;
  return SCULL_OK;
}

/* Only what an earlier build chose. */
static scull_status_t replay_form(scull_search_t *s, scull_unit_t *unit, const char *name) {
  const scull_replay_line_t *line = scull_tune_replay_find(s->replay, name, false);
  scull_form_t *form = unit->forms;
  if (line == NULL || line->tactic == NULL)
    return SCULL_OK; /* covered by another node's form, or native then */
  if (line->count > unit->chain_count)
    return scull_base_fail(s->graph->diag, SCULL_INVALID_ARGUMENT,
                           "%s: '%s' is no longer followed by %zu operators", s->replay->name, name,
                           line->count - 1);
  form->count = line->count;
  SCULL_TRY(scull_tune_site(s->graph, unit->chain, line->count, s->options, s->arena, &form->site,
                            &form->values));
  const char *why = !scull_backend_tactic_applies(line->tactic, &form->site)
                        ? "does not know the operator"
                        : line->tactic->refuse(&form->site, s->options->device);
  if (why != NULL)
    return scull_base_fail(s->graph->diag, SCULL_INVALID_ARGUMENT, "%s: '%s': %s %s",
                           s->replay->name, name, line->tactic->name, why);
  form->candidates = SCULL_ARENA_NEW(s->arena, scull_candidate_t);
  if (form->candidates == NULL)
    return SCULL_OUT_OF_MEMORY;
  form->candidates[0] = (scull_candidate_t){line->tactic, line->config, line->microseconds};
  form->candidate_count = unit->form_count = 1;
  return SCULL_OK;
}

static scull_status_t make_unit(scull_search_t *s, scull_node_id_t id) {
  scull_unit_t *unit = &s->units[id];
  const scull_node_t *node = scull_graph_node(s->graph, id);
  follow_chain(s, id, unit);
  unit->forms = SCULL_ARENA_ARRAY(s->arena, scull_form_t, unit->chain_count);
  if (unit->forms == NULL)
    return SCULL_OUT_OF_MEMORY;
  if (s->replay != NULL) {
    const char *name = scull_base_arena_format(s->arena, "%s%s", scull_tune_prefix(s->options),
                                               scull_graph_value(s->graph, node->outputs[0])->name);
    return name == NULL ? SCULL_OUT_OF_MEMORY : replay_form(s, unit, name);
  }
  for (size_t count = unit->chain_count; count > 0; count--)
    SCULL_TRY(make_form(s, unit, count));
  for (size_t i = 0; i < unit->form_count / 2; i++) { /* shortest first from here on */
    scull_form_t t = unit->forms[i];
    unit->forms[i] = unit->forms[unit->form_count - 1 - i];
    unit->forms[unit->form_count - 1 - i] = t;
  }
  return SCULL_OK;
}

scull_status_t scull_tune_make_forms(scull_search_t *s) {
  for (size_t i = 0; i < s->node_count; i++) {
    scull_node_id_t id = s->order[i];
    const scull_node_t *node = scull_graph_node(s->graph, id);
    SCULL_TRY(scull_tune_check_cancel(s));
    if (s->options->progress != NULL &&
        !s->options->progress(s->options->progress_user, node->name, i, s->node_count))
      return scull_base_fail(s->graph->diag, SCULL_CANCELLED, "the build was cancelled");
    if (s->partition->engine[id] < 0 || (node->op->traits & SCULL_OP_VIEW) != 0)
      continue;
    scull_status_t status = make_unit(s, id);
    if (status == SCULL_OUT_OF_MEMORY)
      return scull_base_fail_memory(s->graph->diag, "the search");
    SCULL_TRY(status);
  }
  return SCULL_OK;
}
