/* Paddle's control flow. A block writes variables of the blocks around it; here those become values
 * that the node gives and, in a loop, carries. `while` runs its block while the variable Condition
 * holds true. `conditional_block` runs its block or does nothing: alone it leaves what its
 * variables held, in a pair with select_input (how 2.x writes an if with two sides) it is a side of
 * a branch. */
#include <string.h>

#include "import/paddle/flow.h"
#include "import/region.h"
#include "ops/loop.h"

enum { MAX_DEPTH = 12 };

static bool is_scope(const scull_paddle_slot_t *slot) {
  return strcmp(slot->name, "Scope") == 0 || strcmp(slot->name, "StepScopes") == 0;
}

static scull_status_t read_block_number(scull_paddle_call_t *call, const char *name,
                                        uint32_t *out) {
  for (size_t i = 0; i < call->op->attr_count; i++) {
    const scull_paddle_attr_t *attr = &call->op->attrs[i];
    if (attr->kind != SCULL_PADDLE_ATTR_BLOCK || strcmp(attr->name, name) != 0)
      continue;
    *out = (uint32_t)attr->i;
    if (attr->i > (int64_t)call->op->block && attr->i < (int64_t)call->program->block_count)
      return SCULL_OK;
  }
  return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "it has no block behind its own");
}

/* --- what a block writes -----------------------------------------------------------------------
 */

typedef struct {
  uint32_t *vars;
  size_t count;
} written_t;

static void add_written(written_t *w, uint32_t var) {
  for (size_t i = 0; i < w->count; i++) {
    if (w->vars[i] == var)
      return;
  }
  w->vars[w->count++] = var;
}

static scull_status_t list_written(scull_paddle_call_t *call, uint32_t block, written_t *out) {
  const scull_paddle_program_t *program = call->program;
  size_t room = 0;
  for (int pass = 0; pass < 2; pass++) {
    for (size_t i = 0; i < program->op_count; i++) {
      const scull_paddle_op_t *op = &program->ops[i];
      for (size_t s = 0; op->block == block && s < op->output_count; s++) {
        for (size_t k = 0; !is_scope(&op->outputs[s]) && k < op->outputs[s].count; k++) {
          if (pass == 0)
            room++;
          else
            add_written(out, op->outputs[s].vars[k]);
        }
      }
    }
    if (pass == 0)
      *out = (written_t){SCULL_ARENA_ARRAY(&call->graph->arena, uint32_t, room), 0};
    if (out->vars == NULL)
      return scull_base_fail_memory(call->graph->diag, "a block");
  }
  return SCULL_OK;
}

/* --- regions -----------------------------------------------------------------------------------
 */

/* Scopes: the block's variables begin as nothing; what it reads is looked for around it. */
static scull_status_t enter(scull_paddle_call_t *call, scull_import_region_t *region,
                            scull_paddle_scope_t *inner) {
  scull_paddle_scope_t *outer = call->scope;
  size_t vars = call->program->vars.size;
  *inner = (scull_paddle_scope_t){
      .outer = outer,
      .region = region,
      .graph = region->graph,
      .depth = outer->depth + 1,
      .values = SCULL_ARENA_ARRAY(&region->graph->arena, scull_value_id_t, vars),
      .lods = SCULL_ARENA_ARRAY(&region->graph->arena, scull_value_id_t, vars),
      .side_of = SCULL_ARENA_ARRAY(&region->graph->arena, scull_paddle_side_t *, vars)};
  if (inner->depth > MAX_DEPTH)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "more than %d blocks in blocks",
                           MAX_DEPTH);
  if (inner->values == NULL || inner->lods == NULL || inner->side_of == NULL)
    return scull_base_fail_memory(call->graph->diag, "a block");
  for (size_t i = 0; i < vars; i++)
    inner->values[i] = inner->lods[i] = SCULL_NO_ID;
  return SCULL_OK;
}

/* The one element of a list, without its axis: programs of before 0-D tensors mix the two. */
static scull_status_t emit_scalar_of(scull_paddle_call_t *call, scull_graph_t *graph,
                                     scull_value_id_t x, scull_value_id_t *out) {
  scull_emitter_t emitter = call->emitter;
  emitter.graph = graph;
  emitter.has_origin = false;
  scull_emit_t emit = scull_import_emit(&emitter, "slice", x);
  scull_import_emit_ints(&emit, "axes", SCULL_INTS(0));
  scull_import_emit_ints(&emit, "starts", SCULL_INTS(0));
  scull_import_emit_ints(&emit, "ends", SCULL_INTS(1));
  SCULL_TRY(scull_import_emit_end(&emit, NULL, out));
  return scull_import_emit_reshape(&emitter, *out, (scull_ints_t){0}, NULL, out);
}

/* A value that takes the place of one of rank 0, and has rank 1, loses its axis, unless it is sure
 * to hold another number of elements than one. */
static scull_status_t fit_rank(scull_paddle_call_t *call, scull_paddle_scope_t *scope, uint32_t var,
                               int32_t rank) {
  scull_value_id_t value = scull_paddle_scope_value(scope, call->program, var);
  if (value >= SCULL_PADDLE_LOST || rank != 0 || scull_import_rank(scope->graph, value) != 1 ||
      scull_tensor_dtype_is_sequence(scull_graph_value(scope->graph, value)->dtype))
    return SCULL_OK;
  if (scull_graph_is_fixed(scope->graph, value) &&
      scull_graph_value(scope->graph, value)->shape[0].dim[0] != 1)
    return SCULL_OK;
  return emit_scalar_of(call, scope->graph, value, &scope->values[var]);
}

/* What a variable holds in a scope, as a result of its region. */
static scull_status_t add_result(scull_paddle_call_t *call, scull_paddle_scope_t *scope,
                                 uint32_t var) {
  const char *name = call->program->vars.data[var].name;
  scull_value_id_t value = scull_paddle_scope_value(scope, call->program, var);
  if (value == SCULL_NO_ID || value == SCULL_PADDLE_LOST)
    return scull_import_unsupported(&call->emitter, "'%.80s' in its block cannot be had", name);
  return scull_graph_add_output(scope->graph, value, name);
}

/* --- while -------------------------------------------------------------------------------------
 */

/* An array that a block writes first begins as nothing, of the type that is written. */
static scull_status_t begin_array(scull_paddle_call_t *call, uint32_t block, uint32_t var) {
  const scull_paddle_program_t *program = call->program;
  for (size_t i = 0; i < program->op_count; i++) {
    const scull_paddle_op_t *op = &program->ops[i];
    const scull_paddle_slot_t *x = scull_paddle_slot_find(op->inputs, op->input_count, "X");
    const scull_paddle_slot_t *out = scull_paddle_slot_find(op->outputs, op->output_count, "Out");
    if (op->block != block || strcmp(op->type, "write_to_array") != 0 || x == NULL || out == NULL ||
        out->vars[0] != var)
      continue;
    scull_dtype_t dtype = scull_paddle_dtype(program->vars.data[x->vars[0]].element);
    return dtype == SCULL_DTYPE_NONE
               ? SCULL_OK
               : scull_paddle_emit_array(call, dtype, &call->scope->values[var]);
  }
  return SCULL_OK;
}

static bool owns_block(const scull_paddle_op_t *op) {
  for (size_t i = 0; i < op->attr_count; i++) {
    if (op->attrs[i].kind == SCULL_PADDLE_ATTR_BLOCK)
      return true;
  }
  return false;
}

static bool holds(const scull_paddle_slot_t *slots, size_t count, uint32_t var) {
  for (size_t s = 0; s < count; s++) {
    for (size_t k = 0; k < slots[s].count; k++) {
      if (slots[s].vars[k] == var)
        return true;
    }
  }
  return false;
}

/* Does anybody want what a trip leaves in the variable: the next trip, or somebody behind the loop?
 * Exporters let a loop write names that were not defined before it, whose first values are of any
 * type and which nobody reads. Lists of operators with blocks say nothing: their blocks do. */
static bool is_wanted(const scull_paddle_program_t *program, uint32_t block, uint32_t var) {
  bool is_written = false;
  for (size_t i = 0; i < program->op_count; i++) {
    const scull_paddle_op_t *op = &program->ops[i];
    bool inside = op->block == block;
    if (!(inside && is_written) && !owns_block(op) && holds(op->inputs, op->input_count, var))
      return true;
    /* what a block writes may not be written */
    is_written =
        is_written || (inside && !owns_block(op) && holds(op->outputs, op->output_count, var));
  }
  return false;
}

/* Keeps the variables that the loop carries: written inside, holding something before, and wanted
 * after. */
static scull_status_t drop_locals(scull_paddle_call_t *call, uint32_t block, uint32_t condition,
                                  written_t *w) {
  size_t kept = 0;
  for (size_t i = 0; i < w->count; i++) {
    if (w->vars[i] != condition && !is_wanted(call->program, block, w->vars[i]))
      continue;
    if (scull_paddle_scope_value(call->scope, call->program, w->vars[i]) == SCULL_NO_ID)
      SCULL_TRY(begin_array(call, block, w->vars[i]));
    scull_value_id_t value = scull_paddle_scope_value(call->scope, call->program, w->vars[i]);
    if (value != SCULL_NO_ID && value != SCULL_PADDLE_LOST)
      w->vars[kept++] = w->vars[i];
  }
  w->count = kept;
  return SCULL_OK;
}

static scull_status_t begin_body(scull_paddle_call_t *call, const written_t *w,
                                 scull_import_region_t *body, scull_paddle_scope_t *inner,
                                 scull_value_id_t *carried) {
  const scull_value_t trip = {.dtype = SCULL_DTYPE_I64}, go = {.dtype = SCULL_DTYPE_BOOL};
  scull_value_id_t unread = SCULL_NO_ID;
  SCULL_TRY(scull_import_region_param(body, "trip", &trip, &unread));
  SCULL_TRY(scull_import_region_param(body, "go", &go, &unread));
  SCULL_TRY(enter(call, body, inner));
  for (size_t i = 0; i < w->count; i++) {
    uint32_t var = w->vars[i];
    carried[i] = scull_paddle_scope_value(call->scope, call->program, var);
    SCULL_TRY(scull_import_region_param(body, call->program->vars.data[var].name,
                                        scull_graph_value(call->graph, carried[i]),
                                        &inner->values[var]));
  }
  return SCULL_OK;
}

/* What no trip reads before it is written may begin as anything: exporters put a 0 there just to
 * have the name. It begins with as many dimensions as a trip gives it, and of that type. */
static scull_status_t fit_unread(scull_paddle_call_t *call, const scull_import_region_t *body,
                                 scull_value_id_t result, scull_value_id_t *begin) {
  const scull_value_t *outer = scull_graph_value(call->graph, *begin);
  const scull_value_t *inner = scull_graph_value(body->graph, result);
  const scull_dtype_t from = outer->dtype, to = inner->dtype;
  const int32_t rank = inner->shape[0].rank;
  int64_t ones[SCULL_MAX_RANK];
  if ((from == to && outer->shape[0].rank == rank) || scull_tensor_dtype_is_sequence(from) ||
      scull_tensor_dtype_is_sequence(to) || !scull_graph_is_fixed(call->graph, *begin) ||
      scull_tensor_count(&outer->shape[0]) != 1)
    return SCULL_OK;
  for (int32_t i = 0; i < rank; i++)
    ones[i] = 1;
  if (from != to)
    SCULL_TRY(scull_import_emit_cast(&call->emitter, *begin, to, NULL, begin));
  return scull_import_emit_reshape(&call->emitter, *begin, (scull_ints_t){ones, (size_t)rank}, NULL,
                                   begin);
}

/* Makes what a variable holds before the loop and behind a trip fit together, where they can. */
static scull_status_t fit_carried(scull_paddle_call_t *call, const scull_import_region_t *body,
                                  scull_paddle_scope_t *inner, size_t param, uint32_t var,
                                  scull_value_id_t *begin) {
  const scull_value_id_t id = body->graph->inputs.data[param];
  scull_value_id_t result = scull_paddle_scope_value(inner, call->program, var);
  if (result < SCULL_PADDLE_LOST && scull_graph_value(body->graph, id)->users.size == 0)
    return fit_unread(call, body, result, begin);
  return fit_rank(call, inner, var, scull_import_rank(call->graph, *begin));
}

static scull_status_t end_loop(scull_paddle_call_t *call, const written_t *w,
                               scull_import_region_t *body, scull_paddle_scope_t *inner,
                               uint32_t condition, scull_value_id_t *carried) {
  scull_arena_t *arena = &call->graph->arena;
  scull_value_id_t *outs = SCULL_ARENA_ARRAY(arena, scull_value_id_t, w->count);
  const char **names = SCULL_ARENA_ARRAY(arena, const char *, w->count);
  if (outs == NULL || names == NULL)
    return scull_base_fail_memory(call->graph->diag, "a loop");
  SCULL_TRY(add_result(call, inner, condition));
  for (size_t i = 0; i < w->count; i++) {
    if (w->vars[i] != condition)
      SCULL_TRY(fit_carried(call, body, inner, SCULL_LOOP_CARRIED + i, w->vars[i], &carried[i]));
    SCULL_TRY(add_result(call, inner, w->vars[i]));
    names[i] = call->program->vars.data[w->vars[i]].name;
  }
  const scull_import_loop_t loop = {
      .trips = SCULL_NO_ID,
      .condition = scull_paddle_scope_value(call->scope, call->program, condition),
      .carried = carried,
      .carried_count = w->count};
  const scull_import_owner_t owner = {names, w->count, outs};
  SCULL_TRY(scull_import_emit_loop(&call->emitter, &loop, body, &owner));
  for (size_t i = 0; i < w->count; i++)
    call->scope->values[w->vars[i]] = outs[i];
  return SCULL_OK;
}

static scull_status_t map_while(scull_paddle_call_t *call) {
  const scull_paddle_slot_t *slot =
      scull_paddle_slot_find(call->op->inputs, call->op->input_count, "Condition");
  uint32_t block = 0;
  written_t w;
  scull_import_region_t body;
  scull_paddle_scope_t inner = {0};
  scull_value_id_t ignored = SCULL_NO_ID;
  SCULL_TRY(scull_paddle_need(call, "Condition", &ignored));
  SCULL_TRY(read_block_number(call, "sub_block", &block));
  SCULL_TRY(list_written(call, block, &w));
  SCULL_TRY(drop_locals(call, block, slot->vars[0], &w));
  scull_value_id_t *carried = SCULL_ARENA_ARRAY(&call->graph->arena, scull_value_id_t, w.count);
  if (carried == NULL)
    return scull_base_fail_memory(call->graph->diag, "a loop");
  scull_status_t status = scull_import_region_begin(call->graph, &body);
  if (status == SCULL_OK)
    status = begin_body(call, &w, &body, &inner, carried);
  if (status == SCULL_OK)
    status = scull_paddle_walk_block(call->converter, &inner, block);
  if (status == SCULL_OK)
    status = end_loop(call, &w, &body, &inner, slot->vars[0], carried);
  scull_paddle_sides_deinit(inner.sides);
  scull_import_region_deinit(&body);
  return status;
}

/* --- branches ----------------------------------------------------------------------------------
 */

/* A conditional_block whose other side is another one: select_input brings them together. */
struct scull_paddle_side {
  scull_paddle_side_t *next;
  scull_import_region_t region;
  scull_paddle_scope_t scope;
};

void scull_paddle_sides_deinit(scull_paddle_side_t *sides) {
  for (scull_paddle_side_t *side = sides; side != NULL; side = side->next) {
    scull_paddle_sides_deinit(side->scope.sides);
    scull_import_region_deinit(&side->region);
  }
}

static scull_status_t open_side(scull_paddle_call_t *call, uint32_t block,
                                scull_paddle_side_t **out) {
  scull_paddle_side_t *side = SCULL_ARENA_NEW(&call->graph->arena, scull_paddle_side_t);
  if (side == NULL)
    return scull_base_fail_memory(call->graph->diag, "a branch");
  side->next = call->scope->sides; /* given back with the scope, whatever happens */
  call->scope->sides = side;
  SCULL_TRY(scull_import_region_begin(call->graph, &side->region));
  SCULL_TRY(enter(call, &side->region, &side->scope));
  *out = side;
  return block == UINT32_MAX ? SCULL_OK
                             : scull_paddle_walk_block(call->converter, &side->scope, block);
}

/* What one side leaves as it was may be of another type than what the other side makes: a name that
 * was not defined yet. It takes that type. */
static scull_status_t agree(scull_paddle_call_t *call, scull_paddle_scope_t *yes, uint32_t a,
                            scull_paddle_scope_t *no, uint32_t b) {
  bool yes_made = yes->values[a] != SCULL_NO_ID;
  scull_value_id_t x = scull_paddle_scope_value(yes, call->program, a);
  scull_value_id_t y = scull_paddle_scope_value(no, call->program, b);
  if (x >= SCULL_PADDLE_LOST || y >= SCULL_PADDLE_LOST)
    return SCULL_OK; /* told with the results */
  int32_t rank_x = scull_import_rank(yes->graph, x), rank_y = scull_import_rank(no->graph, y);
  SCULL_TRY(fit_rank(call, yes, a, rank_y));
  SCULL_TRY(fit_rank(call, no, b, rank_x));
  x = scull_paddle_scope_value(yes, call->program, a);
  y = scull_paddle_scope_value(no, call->program, b);
  scull_dtype_t of_x = scull_graph_value(yes->graph, x)->dtype;
  scull_dtype_t of_y = scull_graph_value(no->graph, y)->dtype;
  if (of_x == of_y || scull_tensor_dtype_is_sequence(of_x) || scull_tensor_dtype_is_sequence(of_y))
    return SCULL_OK;
  scull_emitter_t emitter = call->emitter;
  emitter.has_origin = false;
  emitter.graph = yes_made ? no->graph : yes->graph;
  return scull_import_emit_cast(&emitter, yes_made ? y : x, yes_made ? of_x : of_y, NULL,
                                yes_made ? &no->values[b] : &yes->values[a]);
}

/* A condition, also where only a run knows that it is one truth value. */
static scull_status_t make_condition(scull_paddle_call_t *call, scull_value_id_t x,
                                     scull_value_id_t *out) {
  const scull_value_t *value = scull_graph_value(call->graph, x);
  *out = x;
  if (value->dtype != SCULL_DTYPE_BOOL)
    SCULL_TRY(scull_import_emit_cast(&call->emitter, x, SCULL_DTYPE_BOOL, NULL, out));
  value = scull_graph_value(call->graph, *out);
  if (!value->late || scull_tensor_count(&value->shape[0]) == 1)
    return SCULL_OK;
  SCULL_TRY(scull_import_emit_reshape(&call->emitter, *out, SCULL_INTS(-1), NULL, out));
  scull_emit_t emit = scull_import_emit(&call->emitter, "slice", *out);
  scull_import_emit_ints(&emit, "axes", SCULL_INTS(0));
  scull_import_emit_ints(&emit, "starts", SCULL_INTS(0));
  scull_import_emit_ints(&emit, "ends", SCULL_INTS(1));
  return scull_import_emit_end(&emit, NULL, out);
}

/* The node for two sides; variable i is vars[i] on one side and others[i] on the other. */
static scull_status_t emit_sides(scull_paddle_call_t *call, scull_value_id_t condition,
                                 scull_paddle_side_t *yes, scull_paddle_side_t *no,
                                 const uint32_t *vars, const uint32_t *others, size_t count,
                                 const uint32_t *results) {
  scull_arena_t *arena = &call->graph->arena;
  scull_value_id_t *outs = SCULL_ARENA_ARRAY(arena, scull_value_id_t, count);
  const char **names = SCULL_ARENA_ARRAY(arena, const char *, count);
  if (outs == NULL || names == NULL)
    return scull_base_fail_memory(call->graph->diag, "a branch");
  for (size_t i = 0; i < count; i++) {
    SCULL_TRY(agree(call, &yes->scope, vars[i], &no->scope, others[i]));
    SCULL_TRY(add_result(call, &yes->scope, vars[i]));
    SCULL_TRY(add_result(call, &no->scope, others[i]));
    names[i] = call->program->vars.data[results[i]].name;
  }
  const scull_import_owner_t owner = {names, count, outs};
  SCULL_TRY(scull_import_emit_branch(&call->emitter, condition, &yes->region, &no->region, &owner));
  for (size_t i = 0; i < count; i++)
    call->scope->values[results[i]] = outs[i];
  return SCULL_OK;
}

static scull_status_t map_conditional(scull_paddle_call_t *call) {
  uint32_t block = 0;
  written_t w;
  scull_paddle_side_t *yes = NULL, *no = NULL;
  scull_value_id_t condition = SCULL_NO_ID;
  SCULL_TRY(scull_paddle_need(call, "Cond", &condition));
  SCULL_TRY(read_block_number(call, "sub_block", &block));
  if (scull_graph_value(call->graph, condition)->dtype != SCULL_DTYPE_BOOL ||
      scull_paddle_in_count(call, "Cond") != 1)
    return scull_import_unsupported(&call->emitter, "its condition is not one truth value");
  const scull_paddle_slot_t *out =
      scull_paddle_slot_find(call->op->outputs, call->op->output_count, "Out");
  size_t count = out == NULL ? 0 : out->count;
  int64_t known = 0;
  bool is_known = scull_import_known_int(call->graph, condition, 0, &known);
  if (is_known && known != 0) /* always taken: it stands where it is */
    return scull_paddle_walk_block(call->converter, call->scope, block);
  SCULL_TRY(list_written(call, block, &w));
  SCULL_TRY(open_side(call, is_known ? UINT32_MAX : block, &yes));
  bool alone = false;
  for (size_t i = 0; i < count; i++)
    alone = alone ||
            scull_paddle_scope_value(call->scope, call->program, out->vars[i]) < SCULL_PADDLE_LOST;
  for (size_t i = 0; i < count && !alone; i++) {
    call->scope->values[out->vars[i]] = SCULL_PADDLE_LOST; /* until both sides are there */
    call->scope->side_of[out->vars[i]] = yes;
  }
  if (!alone || is_known)
    return SCULL_OK;
  SCULL_TRY(open_side(call, UINT32_MAX, &no));
  SCULL_TRY(make_condition(call, condition, &condition));
  return emit_sides(call, condition, yes, no, out->vars, out->vars, count, out->vars);
}

static scull_paddle_side_t *side_of(const scull_paddle_call_t *call, uint32_t var) {
  return call->scope->values[var] == SCULL_PADDLE_LOST ? call->scope->side_of[var] : NULL;
}

static bool selects(const scull_paddle_op_t *op, uint32_t *no, uint32_t *yes, uint32_t *out) {
  const scull_paddle_slot_t *x = scull_paddle_slot_find(op->inputs, op->input_count, "X");
  const scull_paddle_slot_t *y = scull_paddle_slot_find(op->outputs, op->output_count, "Out");
  if (strcmp(op->type, "select_input") != 0 || x == NULL || x->count != 2 || y == NULL)
    return false;
  *no = x->vars[0];
  *yes = x->vars[1];
  *out = y->vars[0];
  return true;
}

/* True when a variable is what the side gives, or held something before the branch. */
static bool comes_from(const scull_paddle_call_t *call, uint32_t var,
                       const scull_paddle_side_t *side, bool *given) {
  const scull_paddle_side_t *own = side_of(call, var);
  *given = *given || own == side;
  return own == side || (own == NULL && scull_paddle_scope_value(call->scope, call->program, var) <
                                            SCULL_PADDLE_LOST);
}

/* All select_inputs of a pair of sides become one node, at the first of them; where one side leaves
 * a variable alone, its select_input reads what that held. */
static scull_status_t emit_pair(scull_paddle_call_t *call, scull_value_id_t condition,
                                scull_paddle_side_t *yes, scull_paddle_side_t *no) {
  const scull_paddle_program_t *program = call->program;
  uint32_t *lists = SCULL_ARENA_ARRAY(&call->graph->arena, uint32_t, 3 * program->op_count);
  size_t count = 0, room = program->op_count;
  if (lists == NULL)
    return scull_base_fail_memory(call->graph->diag, "a branch");
  for (size_t i = 0; i < program->op_count; i++) {
    const scull_paddle_op_t *op = &program->ops[i];
    uint32_t a = 0, b = 0, out = 0;
    bool given = false;
    if (op->block != call->op->block || !selects(op, &a, &b, &out) ||
        !comes_from(call, a, no, &given) || !comes_from(call, b, yes, &given) || !given)
      continue;
    lists[count] = b;
    lists[room + count] = a;
    lists[2 * room + count++] = out;
  }
  return emit_sides(call, condition, yes, no, lists, lists + room, count, lists + 2 * room);
}

/* Two values that are there. */
static scull_status_t emit_choice(scull_paddle_call_t *call, scull_value_id_t condition,
                                  uint32_t no, uint32_t yes, uint32_t out) {
  scull_paddle_side_t *a = NULL, *b = NULL;
  SCULL_TRY(open_side(call, UINT32_MAX, &a));
  SCULL_TRY(open_side(call, UINT32_MAX, &b));
  return emit_sides(call, condition, a, b, &yes, &no, 1, &out);
}

/* Where one side leaves the variable alone, another select_input of the two tells the other side.
 */
static void complete_pair(const scull_paddle_call_t *call, scull_paddle_side_t **no,
                          scull_paddle_side_t **yes) {
  for (size_t i = 0; (*no == NULL) != (*yes == NULL) && i < call->program->op_count; i++) {
    const scull_paddle_op_t *op = &call->program->ops[i];
    uint32_t a = 0, b = 0, out = 0;
    if (op->block != call->op->block || !selects(op, &a, &b, &out))
      continue;
    scull_paddle_side_t *x = side_of(call, a), *y = side_of(call, b);
    if (x != NULL && y != NULL && (x == *no || y == *yes)) {
      *no = x;
      *yes = y;
    }
  }
}

static scull_status_t map_select_input(scull_paddle_call_t *call) {
  uint32_t no = 0, yes = 0, out = 0;
  scull_value_id_t mask = SCULL_NO_ID, condition = SCULL_NO_ID;
  SCULL_TRY(scull_paddle_need(call, "Mask", &mask));
  if (!selects(call->op, &no, &yes, &out))
    return scull_import_unsupported(&call->emitter, "it selects among other than two");
  if (call->scope->values[out] != SCULL_NO_ID && call->scope->values[out] != SCULL_PADDLE_LOST)
    return SCULL_OK; /* came with the first of its pair */
  int64_t known = 0;
  if (scull_import_known_int(call->graph, mask, 0, &known)) {
    scull_value_id_t taken =
        scull_paddle_scope_value(call->scope, call->program, known != 0 ? yes : no);
    if (taken < SCULL_PADDLE_LOST) {
      call->scope->values[out] = taken;
      return SCULL_OK;
    }
  }
  SCULL_TRY(make_condition(call, mask, &condition));
  scull_paddle_side_t *a = side_of(call, no), *b = side_of(call, yes);
  complete_pair(call, &a, &b);
  if (a != NULL && b != NULL && a->region.graph != NULL && b->region.graph != NULL && a != b)
    return emit_pair(call, condition, b, a);
  return emit_choice(call, condition, no, yes, out);
}

static scull_status_t map_select_output(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  for (size_t i = 0; i < scull_paddle_out_count(call, "Out"); i++)
    scull_paddle_set(call, "Out", i, x); /* who is not selected is not read */
  return SCULL_OK;
}

/* --- the newer form ----------------------------------------------------------------------------
 */

/* PIR's blocks give their results by a yield at their end, and take arguments. NULL: there is none.
 */
static const scull_paddle_slot_t *ends_of(const scull_paddle_call_t *call, uint32_t block,
                                          const char *type) {
  for (size_t i = 0; i < call->program->op_count; i++) {
    const scull_paddle_op_t *op = &call->program->ops[i];
    if (op->block != block || strcmp(op->type, type) != 0)
      continue;
    if (op->input_count > 0)
      return &op->inputs[0];
    return op->output_count > 0 ? &op->outputs[0] : NULL;
  }
  return NULL;
}

static scull_status_t corrupt(const scull_paddle_call_t *call, const char *words) {
  return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "%s", words);
}

static scull_status_t map_if(scull_paddle_call_t *call) {
  uint32_t blocks[2] = {0};
  scull_paddle_side_t *yes = NULL, *no = NULL;
  scull_value_id_t condition = SCULL_NO_ID;
  SCULL_TRY(scull_paddle_need(call, "Cond", &condition));
  SCULL_TRY(read_block_number(call, "sub_block", &blocks[0]));
  SCULL_TRY(read_block_number(call, "else_block", &blocks[1]));
  if (scull_graph_value(call->graph, condition)->dtype != SCULL_DTYPE_BOOL)
    return scull_import_unsupported(&call->emitter, "its condition is not one truth value");
  if (call->op->output_count < 1)
    return corrupt(call, "it gives nothing");
  const scull_paddle_slot_t *out = &call->op->outputs[0];
  const scull_paddle_slot_t *a = ends_of(call, blocks[0], "cf.yield");
  const scull_paddle_slot_t *b = ends_of(call, blocks[1], "cf.yield");
  if (a == NULL || b == NULL || a->count != out->count || b->count != out->count)
    return corrupt(call, "its blocks yield another number of values than it gives");
  SCULL_TRY(make_condition(call, condition, &condition));
  SCULL_TRY(open_side(call, blocks[0], &yes));
  SCULL_TRY(open_side(call, blocks[1], &no));
  return emit_sides(call, condition, yes, no, a->vars, b->vars, out->count, out->vars);
}

/* What a loop of this form carries: what it takes as arguments, and the arrays around it that its
 * block writes, which nothing names. */
typedef struct {
  const scull_paddle_slot_t *args, *results;
  written_t arrays;
  scull_value_id_t *values; /* of both, before the loop */
} carried_t;

/* All values have one giver, so a variable that the block writes and that is there already is an
 * array. */
static scull_status_t list_arrays(scull_paddle_call_t *call, uint32_t block, written_t *out) {
  size_t kept = 0;
  SCULL_TRY(list_written(call, block, out));
  for (size_t i = 0; i < out->count; i++) {
    scull_value_id_t value = scull_paddle_scope_value(call->scope, call->program, out->vars[i]);
    if (value != SCULL_NO_ID && value != SCULL_PADDLE_LOST)
      out->vars[kept++] = out->vars[i];
  }
  out->count = kept;
  return SCULL_OK;
}

static scull_status_t begin_carried(scull_paddle_call_t *call, uint32_t block,
                                    const scull_paddle_slot_t *x, carried_t *c) {
  SCULL_TRY(list_arrays(call, block, &c->arrays));
  c->values = SCULL_ARENA_ARRAY(&call->graph->arena, scull_value_id_t, x->count + c->arrays.count);
  if (c->values == NULL)
    return scull_base_fail_memory(call->graph->diag, "a loop");
  for (size_t i = 0; i < x->count + c->arrays.count; i++) {
    uint32_t var = i < x->count ? x->vars[i] : c->arrays.vars[i - x->count];
    c->values[i] = scull_paddle_scope_value(call->scope, call->program, var);
    if (c->values[i] == SCULL_NO_ID || c->values[i] == SCULL_PADDLE_LOST)
      return scull_import_unsupported(&call->emitter, "'%.80s' cannot be had",
                                      call->program->vars.data[var].name);
  }
  return SCULL_OK;
}

/* Parameters of the body: trip, condition, the block's arguments, arrays. */
static scull_status_t begin_arguments(scull_paddle_call_t *call, const carried_t *c,
                                      scull_import_region_t *body, scull_paddle_scope_t *inner) {
  const scull_value_t trip = {.dtype = SCULL_DTYPE_I64}, go = {.dtype = SCULL_DTYPE_BOOL};
  scull_value_id_t unread = SCULL_NO_ID;
  SCULL_TRY(scull_import_region_param(body, "trip", &trip, &unread));
  SCULL_TRY(scull_import_region_param(body, "go", &go, &unread));
  SCULL_TRY(enter(call, body, inner));
  for (size_t i = 0; i < c->args->count + c->arrays.count; i++) {
    uint32_t var = i < c->args->count ? c->args->vars[i] : c->arrays.vars[i - c->args->count];
    SCULL_TRY(scull_import_region_param(body, call->program->vars.data[var].name,
                                        scull_graph_value(call->graph, c->values[i]),
                                        &inner->values[var]));
  }
  return SCULL_OK;
}

/* The condition, then what is carried. */
static scull_status_t add_results(scull_paddle_call_t *call, const carried_t *c,
                                  const scull_import_region_t *body, scull_paddle_scope_t *inner) {
  SCULL_TRY(add_result(call, inner, c->results->vars[0]));
  for (size_t i = 0; i < c->args->count; i++) {
    SCULL_TRY(fit_carried(call, body, inner, SCULL_LOOP_CARRIED + i, c->results->vars[i + 1],
                          &c->values[i]));
    SCULL_TRY(add_result(call, inner, c->results->vars[i + 1]));
  }
  for (size_t i = 0; i < c->arrays.count; i++)
    SCULL_TRY(add_result(call, inner, c->arrays.vars[i]));
  return SCULL_OK;
}

static scull_status_t end_while(scull_paddle_call_t *call, const carried_t *c,
                                scull_import_region_t *body, scull_paddle_scope_t *inner) {
  const scull_paddle_slot_t *out = &call->op->outputs[0];
  const size_t count = out->count + c->arrays.count;
  scull_arena_t *arena = &call->graph->arena;
  scull_value_id_t *outs = SCULL_ARENA_ARRAY(arena, scull_value_id_t, count);
  uint32_t *vars = SCULL_ARENA_ARRAY(arena, uint32_t, count);
  const char **names = SCULL_ARENA_ARRAY(arena, const char *, count);
  if (outs == NULL || vars == NULL || names == NULL)
    return scull_base_fail_memory(call->graph->diag, "a loop");
  SCULL_TRY(add_results(call, c, body, inner));
  for (size_t i = 0; i < count; i++) {
    vars[i] = i < out->count ? out->vars[i] : c->arrays.vars[i - out->count];
    names[i] = call->program->vars.data[vars[i]].name;
  }
  const scull_import_loop_t loop = {.trips = SCULL_NO_ID,
                                    .condition = scull_paddle_in(call, "Cond"),
                                    .carried = c->values,
                                    .carried_count = count};
  const scull_import_owner_t owner = {names, count, outs};
  SCULL_TRY(scull_import_emit_loop(&call->emitter, &loop, body, &owner));
  for (size_t i = 0; i < count; i++)
    call->scope->values[vars[i]] = outs[i];
  return SCULL_OK;
}

static scull_status_t map_pir_while(scull_paddle_call_t *call) {
  uint32_t block = 0;
  scull_import_region_t body = {0};
  scull_paddle_scope_t inner = {0};
  scull_value_id_t condition = SCULL_NO_ID;
  SCULL_TRY(scull_paddle_need(call, "Cond", &condition));
  SCULL_TRY(read_block_number(call, "sub_block", &block));
  if (call->op->output_count < 1 || call->op->input_count < 2)
    return corrupt(call, "it carries nothing");
  const scull_paddle_slot_t *out = &call->op->outputs[0], *x = &call->op->inputs[1];
  carried_t carried = {.args = ends_of(call, block, "block arguments"),
                       .results = ends_of(call, block, "cf.yield")};
  if (carried.args == NULL || carried.results == NULL || x->count != out->count ||
      carried.args->count != out->count || carried.results->count != out->count + 1)
    return corrupt(call, "its block takes or yields another number of values than it gives");
  SCULL_TRY(begin_carried(call, block, x, &carried));
  scull_status_t status = scull_import_region_begin(call->graph, &body);
  if (status == SCULL_OK)
    status = begin_arguments(call, &carried, &body, &inner);
  if (status == SCULL_OK)
    status = scull_paddle_walk_block(call->converter, &inner, block);
  if (status == SCULL_OK)
    status = end_while(call, &carried, &body, &inner);
  scull_paddle_sides_deinit(inner.sides);
  scull_import_region_deinit(&body);
  return status;
}

/* Whoever owns the block sees to it. */
static scull_status_t map_border(scull_paddle_call_t *call) {
  (void)call;
  return SCULL_OK;
}

static const scull_paddle_row_t rows[] = {
    {"while", map_while, "loop", NULL, NULL},
    {"conditional_block", map_conditional, "if", NULL, NULL},
    {"conditional_block_infer", map_conditional, "if", NULL, NULL},
    {"pd_op.if", map_if, "if", NULL, NULL},
    {"pd_op.while", map_pir_while, "loop", NULL, NULL},
    {"cf.yield", map_border, NULL, NULL, NULL},
    {"block arguments", map_border, NULL, NULL, NULL},
    {"select_input", map_select_input, "if", NULL, NULL},
    {"select_output", map_select_output, NULL, NULL, NULL},
};

SCULL_PADDLE_ROWS(flow, rows);
