/* Regions become lists of steps. What a region captures is the plan value that it is outside;
 * parameters and results have blocks of their own, so that a loop can swap the two of a carried
 * value instead of copying. Between them, values that live at different times share blocks. */
#include <string.h>

#include "lower/parts.h"
#include "ops/loop.h"

/* Parameters that are written before each run; captures follow them. */
static size_t own_params(const scull_node_t *node) {
  return node->op->control == SCULL_CONTROL_BRANCH
             ? 0
             : SCULL_LOOP_CARRIED + (size_t)((const scull_loop_attrs_t *)node->attrs)->carried;
}

static uint8_t storage_of(const scull_lower_t *l, uint32_t value) {
  return l->buffers.data[l->values.data[value].buffer].storage;
}

bool scull_lower_is_own(const scull_lower_t *l, scull_value_id_t id) {
  uint32_t value = *scull_lower_made(l, id);
  const scull_plan_list_t *ports = &scull_lower_list(l)->ports;
  if (scull_graph_value(l->graph, id)->producer != SCULL_NO_ID)
    return true;
  for (size_t i = 0; i < ports->param_count; i++) {
    if (ports->params[i] == value)
      return true;
  }
  return false;
}

static scull_status_t add_params(scull_lower_t *l, const scull_node_t *node,
                                 const scull_plan_step_t *step) {
  scull_plan_list_t *ports = &scull_lower_list(l)->ports;
  const scull_site_op_t *op = &step->site.ops[0];
  ports->param_count = own_params(node);
  ports->params = SCULL_ARENA_ARRAY(l->arena, uint32_t, ports->param_count);
  if (ports->params == NULL)
    return scull_lower_no_memory(l);
  size_t first = node->op->control == SCULL_CONTROL_BRANCH ? 1 : 0; /* operand of parameter 0 */
  for (size_t i = 0; i < l->graph->inputs.size; i++) {
    scull_value_id_t id = l->graph->inputs.data[i];
    l->home[id] = scull_lower_is_discrete(l) ? SCULL_ON_HOST : SCULL_ON_DEVICE;
    uint32_t *slot = scull_lower_made(l, id);
    if (i < ports->param_count) {
      SCULL_TRY(scull_lower_add_block(l, id, slot));
      scull_lower_list(l)->ports.params[i] = *slot;
    } else {
      *slot = step->bindings[op->inputs[first + i]];
    }
  }
  return SCULL_OK;
}

/* True when result `index` lies in memory that is nothing else's, or stays where its parameter is.
 */
static bool is_apart(const scull_lower_t *l, size_t index, uint32_t value) {
  const scull_plan_list_t *ports = &scull_lower_list(l)->ports;
  uint32_t buffer = l->values.data[value].buffer;
  bool sequence = storage_of(l, value) == SCULL_PLAN_SEQUENCE;
  if (storage_of(l, value) < SCULL_PLAN_BLOCK)
    return false;
  for (size_t i = 0; i < ports->param_count; i++) {
    bool its_own = i + SCULL_LOOP_RESULT == index + SCULL_LOOP_CARRIED;
    if (l->values.data[ports->params[i]].buffer == buffer &&
        !(its_own && (ports->params[i] == value || sequence)))
      return false;
  }
  for (size_t i = 0; i < index; i++) {
    if (l->values.data[ports->results[i]].buffer == buffer)
      return false;
  }
  return true;
}

/* True when the value's memory is of the list at hand, not captured. */
static bool is_local(const scull_lower_t *l, uint32_t value, size_t first_buffer) {
  return l->values.data[value].buffer >= first_buffer;
}

static scull_status_t add_results(scull_lower_t *l, size_t first_buffer) {
  size_t count = l->graph->outputs.size;
  uint32_t *results = SCULL_ARENA_ARRAY(l->arena, uint32_t, count);
  if (results == NULL)
    return scull_lower_no_memory(l);
  scull_lower_list(l)->ports.results = results;
  for (size_t i = 0; i < count; i++) {
    scull_value_id_t id = l->graph->outputs.data[i].value;
    uint32_t value = 0, copy = 0;
    SCULL_TRY(scull_lower_plain(l, id, &value));
    if (!is_local(l, value, first_buffer) || !is_apart(l, i, value)) {
      SCULL_TRY(scull_lower_add_block(l, id, &copy));
      SCULL_TRY(scull_lower_copy(l, value, copy));
      value = copy;
    }
    results[i] = value;
    scull_lower_list(l)->ports.result_count = i + 1;
  }
  return SCULL_OK;
}

static scull_status_t lower_region(scull_lower_t *l, const scull_choice_t *choice, size_t region,
                                   scull_plan_step_t *step) {
  const scull_node_t *node = scull_graph_node(l->graph, choice->nodes[0]);
  const scull_lower_list_t empty = {0};
  scull_lower_t outer = *l;
  size_t first_buffer = l->buffers.size;
  if (!SCULL_VEC_PUSH(&l->lists, empty))
    return scull_lower_no_memory(l);
  l->list = l->lists.size - 1;
  l->graph = node->regions[region];
  l->tuning = &choice->regions[region];
  step->lists[region] = (uint32_t)l->list;
  SCULL_TRY(scull_lower_begin_graph(l));
  SCULL_TRY(add_params(l, node, step));
  SCULL_TRY(scull_lower_choices(l));
  SCULL_TRY(add_results(l, first_buffer));
  l->list = outer.list;
  l->graph = outer.graph;
  l->tuning = outer.tuning;
  l->made = outer.made;
  l->home = outer.home;
  return SCULL_OK;
}

scull_status_t scull_lower_regions(scull_lower_t *l, const scull_choice_t *choice,
                                   scull_plan_step_t *step) {
  size_t count = scull_graph_node(l->graph, choice->nodes[0])->region_count;
  for (size_t i = 0; i < SCULL_PLAN_MAX_REGIONS; i++) {
    step->lists[i] = SCULL_PLAN_NONE;
    if (i < count)
      SCULL_TRY(lower_region(l, choice, i, step));
  }
  return SCULL_OK;
}

/* --- blocks -------------------------------------------------------------------------------------
 */

typedef struct {
  size_t first, last; /* steps; SIZE_MAX, 0: not touched in this list */
  bool kept;          /* has a block for itself */
} life_t;

typedef struct {
  scull_lower_t *l;
  life_t *lives; /* by buffer */
  size_t *owner; /* by buffer: its list + 1; 0: not placed yet */
  size_t list;
  uint32_t *free_blocks; /* of the list at hand, given back */
  size_t free_count;
} placing_t;

static uint32_t buffer_of(const scull_lower_t *l, uint32_t value) {
  return l->values.data[value].buffer;
}

static void find_lives(placing_t *p, const scull_lower_list_t *list) {
  const scull_lower_t *l = p->l;
  for (size_t i = 0; i < l->buffers.size; i++)
    p->lives[i] = (life_t){.first = SIZE_MAX};
  for (size_t i = 0; i < list->steps.size; i++) {
    const scull_plan_step_t *step = &list->steps.data[i];
    for (size_t k = 0; k < step->site.value_count; k++) {
      if (step->bindings[k] == SCULL_PLAN_NONE)
        continue;
      life_t *life = &p->lives[buffer_of(l, step->bindings[k])];
      life->first = life->first == SIZE_MAX ? i : life->first;
      life->last = i;
    }
  }
  for (size_t i = 0; i < list->ports.param_count; i++)
    p->lives[buffer_of(l, list->ports.params[i])].kept = true;
  for (size_t i = 0; i < list->ports.result_count; i++)
    p->lives[buffer_of(l, list->ports.results[i])].kept = true;
}

static uint32_t take_block(placing_t *p, bool reuse) {
  if (reuse && p->free_count > 0)
    return p->free_blocks[--p->free_count];
  return p->l->out->plan.block_count++;
}

static void place_buffer(placing_t *p, uint32_t buffer) {
  scull_plan_buffer_t *b = &p->l->buffers.data[buffer];
  if (b->storage < SCULL_PLAN_BLOCK || p->owner[buffer] != 0)
    return;
  p->owner[buffer] = p->list + 1;
  b->index = b->storage == SCULL_PLAN_SEQUENCE ? p->l->out->plan.sequence_count++
                                               : take_block(p, !p->lives[buffer].kept);
}

/* Steps in order: what begins takes a block that is free, what ends gives its own back. */
static void place_list(placing_t *p, const scull_lower_list_t *list) {
  const scull_lower_t *l = p->l;
  p->list = (size_t)(list - l->lists.data);
  find_lives(p, list);
  p->free_count = 0;
  for (size_t i = 0; i < list->ports.param_count; i++)
    place_buffer(p, buffer_of(l, list->ports.params[i]));
  for (size_t i = 0; i < list->steps.size; i++) {
    const scull_plan_step_t *step = &list->steps.data[i];
    for (size_t k = 0; k < step->site.value_count; k++) {
      if (step->bindings[k] != SCULL_PLAN_NONE)
        place_buffer(p, buffer_of(l, step->bindings[k]));
    }
    for (size_t k = 0; k < step->site.value_count; k++) {
      if (step->bindings[k] == SCULL_PLAN_NONE)
        continue;
      uint32_t buffer = buffer_of(l, step->bindings[k]);
      life_t *life = &p->lives[buffer];
      if (l->buffers.data[buffer].storage != SCULL_PLAN_BLOCK || life->kept || life->last != i ||
          p->owner[buffer] != p->list + 1) /* captured: the list around still needs it */
        continue;
      life->kept = true; /* given back once */
      p->free_blocks[p->free_count++] = l->buffers.data[buffer].index;
    }
  }
  for (size_t i = 0; i < list->ports.result_count; i++)
    place_buffer(p, buffer_of(l, list->ports.results[i]));
}

scull_status_t scull_lower_place_blocks(scull_lower_t *l) {
  size_t room = l->buffers.size + 1;
  placing_t p = {.l = l,
                 .lives = SCULL_ARENA_ARRAY(l->arena, life_t, room),
                 .owner = SCULL_ARENA_ARRAY(l->arena, size_t, room),
                 .free_blocks = SCULL_ARENA_ARRAY(l->arena, uint32_t, room)};
  if (p.lives == NULL || p.owner == NULL || p.free_blocks == NULL)
    return scull_lower_no_memory(l);
  scull_plan_list_t *network = &l->lists.data[0].ports;
  scull_plan_t *plan = &l->out->plan;
  const scull_plan_list_t none = *network;
  network->results = SCULL_ARENA_ARRAY(l->arena, uint32_t, plan->output_count);
  if (network->results == NULL)
    return scull_lower_no_memory(l);
  for (size_t i = 0; i < plan->output_count; i++) /* the caller reads them after the run */
    network->results[network->result_count++] = plan->outputs[i].value;
  for (size_t i = 0; i < l->lists.size; i++)
    place_list(&p, &l->lists.data[i]);
  *network = none;
  return SCULL_OK;
}
