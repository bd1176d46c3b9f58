/* Sizes, lifetimes and places of buffers. */
#include <string.h>

#include "base/checked.h"
#include "lower/parts.h"

scull_plan_value_t *scull_lower_value(const scull_lower_t *l, size_t number) {
  return &l->values.data[number];
}

/* First and last step in which each buffer is touched. */
typedef struct {
  size_t first, last;
} life_t;

static void touch(life_t *life, size_t step) {
  life->first = life->first == SIZE_MAX ? step : life->first;
  life->last = step;
}

static life_t *find_lives(const scull_lower_t *l) {
  life_t *lives = SCULL_ARENA_ARRAY(l->arena, life_t, l->buffers.size + 1);
  if (lives == NULL)
    return NULL;
  for (size_t i = 0; i < l->buffers.size; i++)
    lives[i] = (life_t){SIZE_MAX, 0};
  const scull_lower_list_t *list = &l->lists.data[0]; /* regions live while their step does */
  for (size_t i = 0; i < list->steps.size; i++) {
    const scull_plan_step_t *step = &list->steps.data[i];
    for (size_t k = 0; k < step->site.value_count; k++) {
      if (step->bindings[k] != SCULL_PLAN_NONE)
        touch(&lives[scull_lower_value(l, step->bindings[k])->buffer], i);
    }
  }
  return lives;
}

/* Room for all three points: what stands behind a shape rule need not grow with its inputs. */
static bool buffer_bytes(const scull_plan_value_t *v, uint64_t *bytes) {
  const scull_shape_t *const shapes[] = {&v->opt, &v->min, &v->max};
  *bytes = 0;
  for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
    size_t size = 0;
    if (!scull_plan_value_bytes(v, shapes[i], &size))
      return false;
    *bytes = size > *bytes ? size : *bytes;
  }
  return true;
}

/* True when `value` alone is on its buffer. */
static bool is_alone(const scull_lower_t *l, uint32_t value) {
  for (size_t i = 0; i < l->values.size; i++) {
    if (i != value && scull_lower_value(l, i)->buffer == scull_lower_value(l, value)->buffer)
      return false;
  }
  return true;
}

/* True for what a copy brings: the runtime may read the caller's device memory in its place. */
static bool is_copied(const scull_lower_t *l, uint32_t value) {
  const scull_lower_list_t *list = &l->lists.data[0];
  for (size_t i = 0; i < list->steps.size; i++) {
    const scull_plan_step_t *step = &list->steps.data[i];
    if (step->kind == SCULL_PLAN_COPY && step->bindings[step->site.outputs[0]] == value)
      return true;
  }
  return false;
}

/* Joins the output of step `i` with input `k` of its site when both are plain arena memory of one
 * size and nothing reads the input afterwards. */
static bool try_join(scull_lower_t *l, life_t *lives, size_t i, size_t k) {
  const scull_plan_step_t *step = &l->lists.data[0].steps.data[i];
  uint32_t in = step->bindings[step->site.inputs[k]];
  uint32_t out = step->bindings[step->site.outputs[0]];
  scull_plan_value_t *x = scull_lower_value(l, in), *y = scull_lower_value(l, out);
  uint64_t xs = 0, ys = 1;
  uint8_t storage = l->buffers.data[x->buffer].storage;
  if ((storage != SCULL_PLAN_ARENA && storage != SCULL_PLAN_HOST) ||
      l->buffers.data[y->buffer].storage != storage || x->buffer == y->buffer || is_copied(l, in) ||
      lives[x->buffer].last != i || x->channel_total > 0 || y->channel_total > 0 ||
      !is_alone(l, in) || !is_alone(l, out) || !buffer_bytes(x, &xs) || !buffer_bytes(y, &ys) ||
      xs != ys)
    return false;
  lives[x->buffer].last = lives[y->buffer].last;
  y->buffer = x->buffer;
  return true;
}

scull_status_t scull_lower_join_in_place(scull_lower_t *l) {
  life_t *lives = find_lives(l);
  if (lives == NULL)
    return scull_lower_no_memory(l);
  const scull_lower_list_t *list = &l->lists.data[0];
  for (size_t i = 0; i < list->steps.size; i++) {
    const scull_plan_step_t *step = &list->steps.data[i];
    bool runs = step->kind == SCULL_PLAN_RUN || step->kind == SCULL_PLAN_ON_HOST;
    if (!runs || step->late || step->tactic_name[0] == '\0' || step->site.output_count != 1)
      continue;
    const scull_tactic_t *tactic =
        scull_backend_tactic_find(scull_lower_device(l, step)->backend, step->tactic_name);
    if (tactic == NULL || tactic->alias == NULL)
      continue;
    uint32_t mask = tactic->alias(&step->site, &step->config);
    for (size_t k = 0; k < step->site.input_count && k < 32; k++) {
      if ((mask & 1u << k) != 0 && try_join(l, lives, i, k))
        break;
    }
  }
  return SCULL_OK;
}

static scull_status_t size_buffers(scull_lower_t *l) {
  for (size_t i = 0; i < l->values.size; i++) {
    const scull_plan_value_t *v = scull_lower_value(l, i);
    scull_plan_buffer_t *b = &l->buffers.data[v->buffer];
    uint64_t bytes = 0;
    if (b->storage >= SCULL_PLAN_BLOCK)
      continue; /* as much as a run needs */
    if (!buffer_bytes(v, &bytes))
      return scull_base_fail(l->graph->diag, SCULL_OUT_OF_MEMORY, "'%s' is too large", v->name);
    b->bytes = bytes > b->bytes ? bytes : b->bytes;
  }
  return SCULL_OK;
}

static void place_shapes(scull_lower_t *l) {
  uint64_t at = 0;
  for (size_t i = 0; i < l->buffers.size; i++) {
    scull_plan_buffer_t *b = &l->buffers.data[i];
    if (b->storage != SCULL_PLAN_SHAPE)
      continue;
    b->offset = at;
    at += scull_base_align_up(b->bytes, SCULL_MEMORY_ALIGN);
  }
  l->out->plan.shape_bytes = at;
}

/* Devices want their tensors at 256 bytes. */
static size_t place_align(const scull_lower_t *l) {
  return l->options->device->host != NULL ? 256 : SCULL_MEMORY_ALIGN;
}

/* Places the buffers of one storage; *total and *bound as scull_lower_place has it. */
static scull_status_t place_arena(scull_lower_t *l, const life_t *lives, uint8_t storage,
                                  uint64_t *total, uint64_t *bound) {
  size_t count = 0;
  scull_span_t *spans = SCULL_ARENA_ARRAY(l->arena, scull_span_t, l->buffers.size + 1);
  uint32_t *owner = SCULL_ARENA_ARRAY(l->arena, uint32_t, l->buffers.size + 1);
  if (spans == NULL || owner == NULL)
    return scull_lower_no_memory(l);
  for (size_t i = 0; i < l->buffers.size; i++) {
    const scull_plan_buffer_t *b = &l->buffers.data[i];
    if (b->storage != storage || lives[i].first == SIZE_MAX)
      continue;
    owner[count] = (uint32_t)i;
    spans[count++] = (scull_span_t){.bytes = scull_base_align_up(b->bytes, place_align(l)),
                                    .first = lives[i].first,
                                    .last = lives[i].last};
  }
  if (!scull_lower_place(spans, count, total, bound))
    return scull_lower_no_memory(l);
  for (size_t i = 0; i < count; i++)
    l->buffers.data[owner[i]].offset = spans[i].offset;
  *total = count == 0 ? 0 : *total;
  return SCULL_OK;
}

scull_status_t scull_lower_place_buffers(scull_lower_t *l) {
  scull_plan_t *plan = &l->out->plan;
  uint64_t host = 0, bound = 0;
  SCULL_TRY(size_buffers(l));
  place_shapes(l);
  const life_t *lives = find_lives(l);
  if (lives == NULL)
    return scull_lower_no_memory(l);
  SCULL_TRY(
      place_arena(l, lives, SCULL_PLAN_ARENA, &plan->activation_bytes, &plan->activation_bound));
  SCULL_TRY(place_arena(l, lives, SCULL_PLAN_HOST, &host, &bound));
  plan->arena_bytes = plan->activation_bytes;
  return SCULL_OK;
}
