/* Gaps, words and extra outputs: see the header. */
#include "import/gaps.h"

#include <string.h>

#include "base/nearest.h"

enum { PLACES = 3 };

void scull_import_gaps_deinit(scull_import_gaps_t *gaps) {
  SCULL_VEC_DEINIT(&gaps->list);
  scull_base_arena_deinit(&gaps->arena);
}

static scull_import_gap_t *find_gap(scull_import_gaps_t *gaps, const char *type,
                                    const char *reason) {
  for (size_t i = 0; i < gaps->list.size; i++) {
    scull_import_gap_t *gap = &gaps->list.data[i];
    if (strcmp(gap->type, type) == 0 && strncmp(gap->reason, reason, sizeof gap->reason - 1) == 0)
      return gap;
  }
  return NULL;
}

scull_status_t scull_import_gaps_add(scull_import_gaps_t *gaps, scull_diag_t *diag,
                                     const char *type, const char *reason, const char *place) {
  scull_import_gap_t *gap = find_gap(gaps, type, reason);
  if (gap == NULL) {
    scull_import_gap_t made = {.type = type};
    strncpy(made.reason, reason, sizeof made.reason - 1);
    if (!SCULL_VEC_PUSH(&gaps->list, made))
      return scull_base_fail_memory(diag, "a report");
    gap = &gaps->list.data[gaps->list.size - 1];
  }
  if (gap->count < PLACES) {
    gap->places = gap->places == NULL
                      ? scull_base_arena_string(&gaps->arena, place, strlen(place))
                      : scull_base_arena_format(&gaps->arena, "%s; %s", gap->places, place);
    if (gap->places == NULL)
      return scull_base_fail_memory(diag, "a report");
  }
  gap->count++;
  return SCULL_OK;
}

scull_status_t scull_import_gaps_report(const scull_import_gaps_t *gaps,
                                        const scull_import_source_t *source) {
  for (size_t i = 0; i < gaps->list.size; i++) {
    const scull_import_gap_t *gap = &gaps->list.data[i];
    if (source->options->gap != NULL)
      source->options->gap(source->options->gap_user, gap->type, gap->reason, gap->count,
                           gap->places);
    (void)scull_base_fail(
        source->diag, SCULL_UNSUPPORTED, "%s: operator %s is not supported: %s; %zu time%s: %s%s",
        source->model_name, gap->type, gap->reason, gap->count, gap->count == 1 ? "" : "s",
        gap->places, gap->count > PLACES ? "; ..." : "");
  }
  return gaps->list.size == 0 ? SCULL_OK : SCULL_UNSUPPORTED;
}

bool scull_import_keeps_partial(const scull_import_source_t *source, scull_status_t status) {
  return status == SCULL_UNSUPPORTED && source->options->gap != NULL;
}

scull_status_t scull_import_map(const scull_import_source_t *source, scull_emitter_t *emitter,
                                scull_import_gaps_t *gaps, const char *type, const char *place,
                                scull_import_map_fn_t fn, void *user, bool *lost) {
  scull_diag_t words; /* the graph's words come without file and operator */
  scull_base_diag_init(&words, SCULL_SEVERITY_ERROR, NULL, NULL);
  scull_graph_set_diag(emitter->graph, &words);
  emitter->reason[0] = '\0';
  scull_status_t status = fn(user);
  scull_graph_set_diag(emitter->graph, source->diag);
  const char *cause = scull_base_diag_first_error(&words);
  *lost = status == SCULL_UNSUPPORTED;
  if (*lost)
    status = scull_import_gaps_add(gaps, source->diag, type,
                                   emitter->reason[0] != '\0' ? emitter->reason : cause, place);
  else if (status != SCULL_OK)
    status = scull_base_fail(source->diag, status, "%s: %s: %s", source->model_name, place, cause);
  scull_base_diag_deinit(&words);
  return status;
}

scull_status_t scull_import_extra_outputs(const scull_import_source_t *source, scull_graph_t *graph,
                                          scull_import_find_fn_t find, void *user) {
  const scull_import_options_t *options = source->options;
  scull_nearest_t nearest;
  for (size_t i = 0; i < options->extra_output_count; i++) {
    scull_value_id_t value = find(user, options->extra_outputs[i]);
    if (value != SCULL_NO_ID) {
      SCULL_TRY(scull_graph_add_output(graph, value, options->extra_outputs[i]));
      continue;
    }
    scull_base_nearest_init(&nearest, options->extra_outputs[i]);
    for (size_t v = 0; v < graph->values.size; v++)
      scull_base_nearest_offer(&nearest, graph->values.data[v].name);
    return scull_base_fail(source->diag, SCULL_INVALID_ARGUMENT,
                           "%s: no operator gives '%.80s', which was asked for as an output%s",
                           source->model_name, options->extra_outputs[i],
                           scull_base_nearest_words(&nearest));
  }
  return SCULL_OK;
}
