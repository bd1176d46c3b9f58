/* The weights of a plan: what tactics packed, and the constants that keep their bytes. Sizes first,
 * then one block, then its content, so that nothing large is ever copied twice. */
#include <string.h>

#include "base/checked.h"
#include "lower/parts.h"

static bool reserve(uint64_t *at, size_t bytes, size_t align, uint64_t *offset) {
  *offset = *at;
  size_t end = 0;
  if (bytes > SIZE_MAX / 2 || !scull_base_size_add(*at, scull_base_align_up(bytes, align), &end))
    return false;
  *at = end;
  return true;
}

static const scull_tactic_t *packing_tactic(const scull_step_notes_t *notes) {
  const scull_choice_t *choice = notes->choice;
  if (choice == NULL || choice->kind != SCULL_CHOICE_RUN || choice->tactic == NULL ||
      choice->tactic->pack == NULL)
    return NULL;
  return choice->tactic;
}

static size_t alignment(const scull_lower_t *l) {
  return scull_lower_is_discrete(l) ? 256 : SCULL_MEMORY_ALIGN;
}

static scull_status_t size_list(scull_lower_t *l, scull_lower_list_t *list, uint64_t *total) {
  const size_t align = alignment(l);
  for (size_t i = 0; i < list->steps.size; i++) {
    scull_plan_step_t *step = &list->steps.data[i];
    const scull_tactic_t *tactic = packing_tactic(&list->notes.data[i]);
    size_t bytes = 0;
    if (tactic == NULL)
      continue;
    scull_status_t status =
        tactic->pack_size(&step->site, &step->config, scull_lower_device(l, step), &bytes);
    if (status != SCULL_OK)
      return scull_base_fail(l->graph->diag, status, "'%s': %s cannot size its weights", step->name,
                             tactic->name);
    step->packed_bytes = bytes;
    if (!reserve(total, bytes, align, &step->packed_offset))
      return scull_lower_no_memory(l);
  }
  return SCULL_OK;
}

static scull_status_t size_all(scull_lower_t *l, uint64_t *total) {
  *total = 0;
  for (size_t i = 0; i < l->raws.size; i++) {
    const scull_plan_value_t *v = &l->values.data[l->raws.data[i].plan_value];
    scull_plan_buffer_t *b = &l->buffers.data[v->buffer];
    if (!reserve(total, b->bytes, alignment(l), &b->offset))
      return scull_lower_no_memory(l);
  }
  for (size_t i = 0; i < l->lists.size; i++)
    SCULL_TRY(size_list(l, &l->lists.data[i], total));
  return SCULL_OK;
}

static scull_status_t pack_step(scull_lower_t *l, const scull_plan_step_t *step,
                                const scull_step_notes_t *notes, const scull_tactic_t *tactic,
                                char *weights) {
  scull_arena_t scratch;
  scull_site_t site = step->site;
  scull_base_arena_init(&scratch);
  site.values =
      scull_base_arena_copy(&scratch, site.values, site.value_count * sizeof *site.values);
  scull_status_t status = site.values == NULL ? SCULL_OUT_OF_MEMORY : SCULL_OK;
  if (status == SCULL_OK)
    status = scull_tune_site_load(notes->graph, notes->values, &site, &scratch);
  if (status == SCULL_OK)
    status = tactic->pack(&site, &step->config, scull_lower_device(l, step),
                          weights + step->packed_offset);
  scull_base_arena_deinit(&scratch);
  if (status != SCULL_OK)
    return scull_base_fail(l->graph->diag, status, "'%s': %s cannot pack its weights", step->name,
                           tactic->name);
  return SCULL_OK;
}

static scull_status_t pack_list(scull_lower_t *l, const scull_lower_list_t *list, char *weights) {
  for (size_t i = 0; i < list->steps.size; i++) {
    const scull_tactic_t *tactic = packing_tactic(&list->notes.data[i]);
    if (tactic != NULL)
      SCULL_TRY(pack_step(l, &list->steps.data[i], &list->notes.data[i], tactic, weights));
  }
  return SCULL_OK;
}

scull_status_t scull_lower_pack_weights(scull_lower_t *l) {
  uint64_t total = 0;
  SCULL_TRY(size_all(l, &total));
  char *weights = scull_base_alloc(total);
  if (weights == NULL)
    return scull_lower_no_memory(l);
  l->out->plan.owned = weights;
  l->out->plan.weights = (scull_bytes_t){(const uint8_t *)weights, total};
  for (size_t i = 0; i < l->raws.size; i++) {
    const scull_raw_t *raw = &l->raws.data[i];
    const scull_plan_value_t *p = &l->values.data[raw->plan_value];
    memcpy(weights + l->buffers.data[p->buffer].offset, raw->data, scull_tensor_bytes(&raw->type));
  }
  for (size_t i = 0; i < l->lists.size; i++)
    SCULL_TRY(pack_list(l, &l->lists.data[i], weights));
  return SCULL_OK;
}
