/* Walks the operators of block 0 in the order of the file; flow.c lets it walk the blocks that
 * operators own. Each variable holds the value that was
 * last put into it, so programs that write a variable twice mean what they mean in Paddle, and a
 * cycle is an operator that reads a variable before anything gave it. What is not supported is
 * collected; its outputs are lost, and operators that need them are passed over. */
#include "import/paddle/convert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import/gaps.h"
#include "import/paddle/flow.h"
#include "import/paddle/lod.h"
#include "import/region.h"

enum { PLACE = 192 };
#define LOST SCULL_PADDLE_LOST

/* A feed or fetch operator. */
typedef struct {
  int64_t column;
  uint32_t var;
  const char *name;
  scull_value_id_t value;
} port_t;

typedef struct scull_paddle_converter {
  const scull_import_source_t *source;
  scull_diag_t *diag;
  scull_paddle_program_t *program;
  scull_paddle_param_t *params;
  scull_paddle_scope_t *scope; /* of the block at hand; graph and values are its own */
  scull_graph_t *graph;
  scull_value_id_t *values; /* a variable's value: NO_ID before it has one, LOST */
  scull_value_id_t *lods;   /* offsets of its rows, or NO_ID */
  port_t *feeds, *fetches;
  size_t feed_count, fetch_count;
  scull_import_gaps_t gaps;
} convert_t;

static bool is_type(const scull_paddle_op_t *op, const char *type) {
  return strcmp(op->type, type) == 0;
}

/* The name by which people know an operator, since the file gives it none: its result's. Statistics
 * and masks stand before that in the file's order. */
static const char *first_output(const convert_t *cx, const scull_paddle_op_t *op) {
  const char *name = NULL;
  for (size_t i = 0; i < op->output_count; i++) {
    const scull_paddle_slot_t *slot = &op->outputs[i];
    bool result = strcmp(slot->name, "Y") == 0 || strcmp(slot->name, "Out") == 0;
    if (slot->count > 0 && (name == NULL || result))
      name = cx->program->vars.data[slot->vars[0]].name;
  }
  return name == NULL ? op->type : name;
}

/* Where an operator stands in the file, for messages. */
static void place_of(const convert_t *cx, const scull_paddle_op_t *op, char place[PLACE]) {
  snprintf(place, PLACE, "block %u, operator %u (%.40s, output '%.80s')", op->block, op->index,
           op->type, first_output(cx, op));
}

/* --- ports ----------------------------------------------------------------------------------- */

static const scull_paddle_attr_t *attr_of(const scull_paddle_op_t *op, const char *name) {
  for (size_t i = 0; i < op->attr_count; i++) {
    if (strcmp(op->attrs[i].name, name) == 0)
      return &op->attrs[i];
  }
  return NULL;
}

static scull_status_t make_port(const convert_t *cx, const scull_paddle_op_t *op,
                                const scull_paddle_slot_t *slots, size_t count, const char *slot,
                                port_t *out) {
  const scull_paddle_attr_t *column = attr_of(op, "col"), *name = attr_of(op, "name");
  for (size_t i = 0; i < count; i++) {
    if (strcmp(slots[i].name, slot) != 0 || slots[i].count == 0)
      continue;
    out->var = slots[i].vars[0];
    out->column = column == NULL ? 0 : column->i;
    out->name = name != NULL && name->kind == SCULL_PADDLE_ATTR_STRING
                    ? name->s
                    : cx->program->vars.data[out->var].name;
    return SCULL_OK;
  }
  return scull_base_fail(cx->diag, SCULL_CORRUPT, "%s: block %u, operator %u (%s): no %s",
                         cx->source->model_name, op->block, op->index, op->type, slot);
}

static int compare_ports(const void *a, const void *b) {
  const port_t *x = a, *y = b;
  return x->column < y->column ? -1 : x->column > y->column;
}

static scull_status_t collect_ports(convert_t *cx) {
  size_t ops = cx->program->op_count;
  cx->feeds = SCULL_ARENA_ARRAY(&cx->program->arena, port_t, ops);
  cx->fetches = SCULL_ARENA_ARRAY(&cx->program->arena, port_t, ops);
  if (cx->feeds == NULL || cx->fetches == NULL)
    return scull_base_fail_memory(cx->diag, "a program's inputs");
  for (size_t i = 0; i < ops; i++) {
    const scull_paddle_op_t *op = &cx->program->ops[i];
    if (op->block == 0 && is_type(op, "feed"))
      SCULL_TRY(
          make_port(cx, op, op->outputs, op->output_count, "Out", &cx->feeds[cx->feed_count++]));
  }
  qsort(cx->feeds, cx->feed_count, sizeof *cx->feeds, compare_ports);
  return SCULL_OK;
}

/* --- inputs and parameters ------------------------------------------------------------------- */

static scull_status_t declare_input(const convert_t *cx, const port_t *feed,
                                    scull_import_input_t *input) {
  const scull_paddle_var_t *var = &cx->program->vars.data[feed->var];
  input->name = var->name;
  input->dtype = scull_paddle_dtype(var->element);
  if (!var->declared || var->element < 0)
    return scull_base_fail(cx->diag, SCULL_CORRUPT, "%s: input '%.80s' is not declared as a tensor",
                           cx->source->model_name, var->name);
  if (input->dtype == SCULL_DTYPE_NONE || var->dims.size > SCULL_MAX_RANK)
    return scull_base_fail(cx->diag, SCULL_UNSUPPORTED,
                           "%s: input '%.80s' has an element type or rank that Scull has not",
                           cx->source->model_name, var->name);
  input->declared = scull_tensor_shape((int32_t)var->dims.size, var->dims.data);
  return SCULL_OK;
}

/* The companion of an input whose rows belong to sequences. */
static scull_status_t declare_lod(const convert_t *cx, const scull_import_input_t *of,
                                  scull_import_input_t *input) {
  *input = (scull_import_input_t){.name = scull_paddle_lod_name(cx->program, of->name),
                                  .dtype = SCULL_DTYPE_I64,
                                  .declared = {1, {-1}},
                                  .rows_of = of};
  return input->name != NULL ? SCULL_OK : scull_base_fail_memory(cx->diag, "a program's inputs");
}

static scull_status_t add_inputs(convert_t *cx, scull_graph_t **out) {
  int points = 1;
  size_t count = cx->feed_count;
  bool reads_lod = scull_paddle_reads_lod(cx->program);
  scull_import_input_t *inputs =
      SCULL_ARENA_ARRAY(&cx->program->arena, scull_import_input_t, 2 * cx->feed_count);
  scull_value_id_t **where =
      SCULL_ARENA_ARRAY(&cx->program->arena, scull_value_id_t *, 2 * cx->feed_count);
  if (inputs == NULL || where == NULL)
    return scull_base_fail_memory(cx->diag, "a program's inputs");
  for (size_t i = 0; i < cx->feed_count; i++) {
    uint32_t var = cx->feeds[i].var;
    SCULL_TRY(declare_input(cx, &cx->feeds[i], &inputs[i]));
    where[i] = &cx->values[var];
    if (!reads_lod || cx->program->vars.data[var].lod_level < 1 || inputs[i].declared.rank < 1)
      continue;
    SCULL_TRY(declare_lod(cx, &inputs[i], &inputs[count]));
    where[count++] = &cx->lods[var];
  }
  SCULL_TRY(scull_import_shapes(cx->source, inputs, count, &points));
  SCULL_TRY(scull_graph_create(points, cx->diag, out));
  cx->graph = *out;
  for (size_t i = 0; i < count; i++)
    SCULL_TRY(scull_import_add_input(cx->source, *out, &inputs[i], where[i]));
  return SCULL_OK;
}

static scull_status_t add_params(convert_t *cx) {
  for (size_t i = 0; i < cx->program->vars.size; i++) {
    const scull_paddle_var_t *var = &cx->program->vars.data[i];
    const scull_paddle_param_t *param = &cx->params[i];
    if (param->type.dtype != SCULL_DTYPE_NONE && var->reads > 0)
      SCULL_TRY(scull_graph_add_constant(cx->graph, var->name, &param->type, param->data,
                                         &cx->values[i]));
  }
  return SCULL_OK;
}

/* --- what is not supported ------------------------------------------------------------------- */

static scull_status_t add_gap(convert_t *cx, const scull_paddle_op_t *op, const char *reason) {
  char place[PLACE];
  place_of(cx, op, place);
  return scull_import_gaps_add(&cx->gaps, cx->diag, op->type, reason, place);
}

/* --- operators ------------------------------------------------------------------------------- */

static scull_status_t fail_at(const convert_t *cx, scull_status_t status,
                              const scull_paddle_op_t *op, const char *words) {
  char place[PLACE];
  place_of(cx, op, place);
  return scull_base_fail(cx->diag, status, "%s: %s: %s", cx->source->model_name, place, words);
}

static void lose_outputs(convert_t *cx, const scull_paddle_op_t *op) {
  for (size_t s = 0; s < op->output_count; s++) {
    for (size_t k = 0; k < op->outputs[s].count; k++)
      cx->values[op->outputs[s].vars[k]] = LOST;
  }
}

static bool has_block(const scull_paddle_op_t *op) {
  for (size_t i = 0; i < op->attr_count; i++) {
    if (op->attrs[i].kind == SCULL_PADDLE_ATTR_BLOCK)
      return true;
  }
  return false;
}

/* Every operand must have a value; *lost is set when one of them cannot be had. */
static scull_status_t check_operands(const convert_t *cx, const scull_paddle_op_t *op, bool *lost) {
  char words[160];
  for (size_t s = 0; s < op->input_count; s++) {
    for (size_t k = 0; k < op->inputs[s].count; k++) {
      uint32_t var = op->inputs[s].vars[k];
      scull_value_id_t value = scull_paddle_scope_value(cx->scope, cx->program, var);
      *lost = *lost || (value == LOST && cx->scope->side_of[var] == NULL);
      if (value != SCULL_NO_ID || has_block(op)) /* a block says itself what it reads */
        continue;
      snprintf(words, sizeof words, "it reads '%.80s', which nothing before it gives",
               cx->program->vars.data[var].name);
      return fail_at(cx, SCULL_CORRUPT, op, words);
    }
  }
  return SCULL_OK;
}

/* The reason why the type as such cannot be had, or NULL. */
static const char *missing(const scull_paddle_op_t *op, const scull_paddle_row_t **row) {
  *row = scull_paddle_row_find(op->type);
  if (*row == NULL)
    *row = scull_paddle_plugin_row(op->type);
  return *row == NULL ? "Scull does not know it" : NULL;
}

static scull_status_t call_row(void *user) {
  scull_paddle_call_t *call = user;
  return call->row->map(call);
}

static scull_status_t map_op(convert_t *cx, const scull_paddle_op_t *op,
                             const scull_paddle_row_t *row) {
  char place[PLACE];
  bool lost = false;
  scull_value_id_t like = SCULL_NO_ID;
  scull_paddle_call_t call = {
      .emitter = {.graph = cx->graph, .name = first_output(cx, op), .has_origin = true},
      .graph = cx->graph,
      .program = cx->program,
      .op = op,
      .row = row,
      .values = cx->values,
      .converter = cx,
      .scope = cx->scope,
      .lods = cx->lods};
  scull_value_id_t offsets = scull_paddle_lod_before(&call, &like);
  place_of(cx, op, place);
  SCULL_TRY(scull_graph_add_origin(cx->graph, call.emitter.name, op->type, &call.emitter.origin));
  SCULL_TRY(scull_import_map(cx->source, &call.emitter, &cx->gaps, op->type, place, call_row, &call,
                             &lost));
  if (lost)
    lose_outputs(cx, op);
  else
    scull_paddle_lod_after(&call, offsets, like);
  return SCULL_OK;
}

/* The block of an operator that cannot be had is looked at for what else is missing. */
static scull_status_t scan_block(convert_t *cx, const scull_paddle_op_t *owner) {
  const scull_paddle_attr_t *block = attr_of(owner, "sub_block");
  if (block == NULL || block->kind != SCULL_PADDLE_ATTR_BLOCK)
    return SCULL_OK;
  for (size_t i = 0; i < cx->program->op_count; i++) {
    const scull_paddle_op_t *op = &cx->program->ops[i];
    const scull_paddle_row_t *row = NULL;
    const char *reason = op->block == block->i ? missing(op, &row) : NULL;
    if (reason != NULL)
      SCULL_TRY(add_gap(cx, op, reason));
  }
  return SCULL_OK;
}

static scull_status_t walk_op(convert_t *cx, const scull_paddle_op_t *op) {
  const scull_paddle_row_t *row = NULL;
  bool lost = false;
  const char *reason = NULL;
  if (is_type(op, "feed"))
    return SCULL_OK;
  if (is_type(op, "fetch")) {
    port_t *fetch = &cx->fetches[cx->fetch_count++];
    SCULL_TRY(make_port(cx, op, op->inputs, op->input_count, "X", fetch));
    SCULL_TRY(check_operands(cx, op, &lost));
    fetch->value = cx->values[fetch->var];
    return SCULL_OK;
  }
  reason = missing(op, &row);
  if (reason == NULL)
    SCULL_TRY(check_operands(cx, op, &lost));
  if (reason == NULL && !lost)
    return map_op(cx, op, row);
  lose_outputs(cx, op);
  SCULL_TRY(scan_block(cx, op));
  return reason == NULL ? SCULL_OK : add_gap(cx, op, reason);
}

scull_value_id_t scull_paddle_scope_value(scull_paddle_scope_t *scope,
                                          const scull_paddle_program_t *program, uint32_t var) {
  if (scope->values[var] != SCULL_NO_ID || scope->outer == NULL)
    return scope->values[var];
  scull_value_id_t around = scull_paddle_scope_value(scope->outer, program, var);
  if (around == SCULL_NO_ID || around == LOST)
    return around;
  scope->values[var] = scull_import_region_capture(scope->region, around);
  return scope->values[var];
}

scull_status_t scull_paddle_walk_block(struct scull_paddle_converter *cx,
                                       scull_paddle_scope_t *scope, uint32_t block) {
  scull_paddle_scope_t *outer = cx->scope;
  scull_status_t status = SCULL_OK;
  cx->scope = scope;
  cx->graph = scope->graph;
  cx->values = scope->values;
  cx->lods = scope->lods;
  for (size_t i = 0; i < cx->program->op_count && status == SCULL_OK; i++) {
    if (cx->program->ops[i].block == block)
      status = walk_op(cx, &cx->program->ops[i]);
  }
  cx->scope = outer;
  if (outer != NULL) {
    cx->graph = outer->graph;
    cx->values = outer->values;
    cx->lods = outer->lods;
  }
  return status;
}

/* --- outputs --------------------------------------------------------------------------------- */

static scull_value_id_t find_var(void *user, const char *name) {
  const convert_t *cx = user;
  for (size_t v = 0; v < cx->program->vars.size; v++) {
    if (strcmp(cx->program->vars.data[v].name, name) == 0)
      return cx->values[v];
  }
  return SCULL_NO_ID;
}

/* Behind all others the offsets of those that have some. */
static scull_status_t add_lod_outputs(convert_t *cx) {
  for (size_t i = 0; i < cx->fetch_count; i++) {
    scull_value_id_t offsets = cx->lods[cx->fetches[i].var];
    if (offsets == SCULL_NO_ID)
      continue;
    const char *name = scull_paddle_lod_name(cx->program, cx->fetches[i].name);
    if (name == NULL)
      return scull_base_fail_memory(cx->diag, "a program's outputs");
    SCULL_TRY(scull_graph_add_output(cx->graph, offsets, name));
  }
  return SCULL_OK;
}

static scull_status_t add_outputs(convert_t *cx) {
  qsort(cx->fetches, cx->fetch_count, sizeof *cx->fetches, compare_ports);
  for (size_t i = 0; i < cx->fetch_count; i++)
    SCULL_TRY(scull_graph_add_output(cx->graph, cx->fetches[i].value, cx->fetches[i].name));
  SCULL_TRY(add_lod_outputs(cx));
  SCULL_TRY(scull_import_extra_outputs(cx->source, cx->graph, find_var, cx));
  if (cx->graph->outputs.size == 0)
    return scull_base_fail(cx->diag, SCULL_CORRUPT, "%s: the program has no output (fetch)",
                           cx->source->model_name);
  return SCULL_OK;
}

static scull_status_t convert(convert_t *cx, scull_graph_t **out) {
  scull_paddle_program_t *program = cx->program;
  SCULL_TRY(scull_paddle_params_read(cx->source, program, &cx->params));
  cx->values = SCULL_ARENA_ARRAY(&program->arena, scull_value_id_t, program->vars.size);
  cx->lods = SCULL_ARENA_ARRAY(&program->arena, scull_value_id_t, program->vars.size);
  if (cx->values == NULL || cx->lods == NULL)
    return scull_base_fail_memory(cx->diag, "a program's values");
  for (size_t i = 0; i < program->vars.size; i++)
    cx->values[i] = cx->lods[i] = SCULL_NO_ID;
  SCULL_TRY(collect_ports(cx));
  SCULL_TRY(add_inputs(cx, out));
  SCULL_TRY(add_params(cx));
  scull_paddle_scope_t network = {
      .graph = cx->graph,
      .values = cx->values,
      .lods = cx->lods,
      .side_of = SCULL_ARENA_ARRAY(&program->arena, scull_paddle_side_t *, program->vars.size)};
  if (network.side_of == NULL)
    return scull_base_fail_memory(cx->diag, "a program's values");
  scull_status_t status = scull_paddle_walk_block(cx, &network, 0);
  scull_paddle_sides_deinit(network.sides);
  SCULL_TRY(status);
  cx->graph = network.graph;
  cx->values = network.values;
  SCULL_TRY(scull_import_gaps_report(&cx->gaps, cx->source));
  return add_outputs(cx);
}

scull_status_t scull_paddle_convert(const scull_import_source_t *source,
                                    scull_paddle_program_t *program, scull_graph_t **out) {
  convert_t cx = {.source = source, .diag = source->diag, .program = program};
  *out = NULL;
  scull_status_t status = convert(&cx, out);
  scull_import_gaps_deinit(&cx.gaps);
  if (status != SCULL_OK && !scull_import_keeps_partial(source, status)) {
    scull_graph_destroy(*out);
    *out = NULL;
  }
  return status;
}

/* --- ports alone -------------------------------------------------------------------------------
 */

/* A variable as it is declared; open extents are -1 whatever the file says. */
static scull_status_t outline_port(const convert_t *cx, const port_t *port, scull_arena_t *arena,
                                   scull_import_port_t *out) {
  const scull_paddle_var_t *var = &cx->program->vars.data[port->var];
  *out = (scull_import_port_t){.name = scull_base_arena_format(arena, "%s", port->name),
                               .shape.rank = -1};
  if (var->declared && var->element >= 0 && var->dims.size <= SCULL_MAX_RANK) {
    out->dtype = scull_paddle_dtype(var->element);
    out->shape = scull_tensor_shape((int32_t)var->dims.size, var->dims.data);
  }
  for (int32_t i = 0; i < out->shape.rank; i++)
    out->shape.dim[i] = out->shape.dim[i] < 0 ? -1 : out->shape.dim[i];
  return out->name == NULL ? scull_base_fail_memory(cx->diag, "a port") : SCULL_OK;
}

/* `room` is at least count. */
static scull_status_t outline_ports(const convert_t *cx, const port_t *ports, size_t count,
                                    size_t room, scull_arena_t *arena, scull_import_port_t **out) {
  *out = SCULL_ARENA_ARRAY(arena, scull_import_port_t, room);
  if (*out == NULL)
    return scull_base_fail_memory(cx->diag, "a program's ports");
  for (size_t i = 0; i < count; i++)
    SCULL_TRY(outline_port(cx, &ports[i], arena, &(*out)[i]));
  return SCULL_OK;
}

/* Companions stand behind the inputs, as add_inputs has them. */
static scull_status_t outline_lods(const convert_t *cx, scull_import_outline_t *out) {
  const bool reads_lod = scull_paddle_reads_lod(cx->program);
  for (size_t i = 0; i < cx->feed_count && reads_lod; i++) {
    if (cx->program->vars.data[cx->feeds[i].var].lod_level < 1 || out->inputs[i].shape.rank < 1)
      continue;
    scull_import_port_t *made = &out->inputs[out->input_count++];
    *made = (scull_import_port_t){
        .name = scull_base_arena_format(&out->arena, "%s@lod", cx->feeds[i].name),
        .dtype = SCULL_DTYPE_I64,
        .shape = {1, {-1}}};
    if (made->name == NULL)
      return scull_base_fail_memory(cx->diag, "a port");
  }
  return SCULL_OK;
}

scull_status_t scull_paddle_outline(const scull_import_source_t *source,
                                    scull_paddle_program_t *program, scull_import_outline_t *out) {
  convert_t cx = {.source = source, .diag = source->diag, .program = program};
  SCULL_TRY(collect_ports(&cx));
  for (size_t i = 0; i < program->op_count; i++) {
    const scull_paddle_op_t *op = &program->ops[i];
    if (op->block == 0 && is_type(op, "fetch"))
      SCULL_TRY(
          make_port(&cx, op, op->inputs, op->input_count, "X", &cx.fetches[cx.fetch_count++]));
  }
  qsort(cx.fetches, cx.fetch_count, sizeof *cx.fetches, compare_ports);
  out->input_count = cx.feed_count;
  out->output_count = cx.fetch_count;
  SCULL_TRY(
      outline_ports(&cx, cx.feeds, cx.feed_count, 2 * cx.feed_count, &out->arena, &out->inputs));
  SCULL_TRY(outline_lods(&cx, out));
  return outline_ports(&cx, cx.fetches, cx.fetch_count, cx.fetch_count, &out->arena, &out->outputs);
}
