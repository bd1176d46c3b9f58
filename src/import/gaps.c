/* Gaps are few kinds, each met many times: a kind is found by type and reason. */
#include "import/gaps.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void scull_import_gaps_deinit(scull_import_gaps_t *gaps) {
  SCULL_VEC_DEINIT(&gaps->list);
  scull_base_arena_deinit(&gaps->arena);
}

static scull_import_gap_t *find(scull_import_gaps_t *gaps, const char *type, const char *reason) {
  for (size_t i = 0; i < gaps->list.size; i++) {
    scull_import_gap_t *known = &gaps->list.data[i];
    if (strcmp(known->type, type) == 0 && strcmp(known->reason, reason) == 0)
      return known;
  }
  scull_import_gap_t made = {.type = scull_base_arena_string(&gaps->arena, type, strlen(type)),
                             .reason =
                                 scull_base_arena_string(&gaps->arena, reason, strlen(reason))};
  if (made.type == NULL || made.reason == NULL || !SCULL_VEC_PUSH(&gaps->list, made))
    return NULL;
  return &gaps->list.data[gaps->list.size - 1];
}

scull_status_t scull_import_gaps_add(scull_import_gaps_t *gaps, const char *type,
                                     const char *reason, const char *place, ...) {
  char words[200];
  scull_import_gap_t *gap = find(gaps, type, reason);
  if (gap != NULL && gap->count < SCULL_GAP_PLACES) {
    va_list args;
    va_start(args, place);
    vsnprintf(words, sizeof words, place, args);
    va_end(args);
    gap->places[gap->count] = scull_base_arena_string(&gaps->arena, words, strlen(words));
    if (gap->places[gap->count] == NULL)
      gap = NULL;
  }
  if (gap == NULL)
    return scull_base_fail_memory(gaps->diag, "a report");
  gap->count++;
  return SCULL_OK;
}

scull_status_t scull_import_gaps_report(const scull_import_gaps_t *gaps) {
  for (size_t i = 0; i < gaps->list.size; i++) {
    const scull_import_gap_t *gap = &gaps->list.data[i];
    scull_text_t places = {0};
    for (size_t p = 0; p < gap->count && p < SCULL_GAP_PLACES; p++)
      scull_base_text_print(&places, "%s %s", p == 0 ? "" : ",", gap->places[p]);
    (void)scull_base_fail(
        gaps->diag, SCULL_UNSUPPORTED, "%s: operator %s is not supported: %s; %zu time%s:%s%s",
        gaps->model_name, gap->type, gap->reason, gap->count, gap->count == 1 ? "" : "s",
        scull_base_text_get(&places), gap->count > SCULL_GAP_PLACES ? ", ..." : "");
    scull_base_text_deinit(&places);
  }
  return gaps->list.size == 0 ? SCULL_OK : SCULL_UNSUPPORTED;
}
