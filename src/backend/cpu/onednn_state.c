/* Prepared primitives: what prepare makes, enqueue runs and release gives back. A state holds the
 * primitive, one memory object an argument, and where each argument's bytes come from; enqueue only
 * sets pointers and executes. */
#include <string.h>

#include "backend/cpu/onednn.h"
#include "base/thread.h"

typedef enum { FROM_INPUT, FROM_OUTPUT, FROM_PACKED, FROM_SCRATCH } source_t;

typedef struct {
  source_t source;
  size_t index; /* of the site's input or output; bytes into the packed block or the scratch */
  const void *last;
} slot_t;

typedef struct {
  dnnl_primitive_t primitive; /* NULL: no elements, nothing to do */
  dnnl_stream_t stream;
  int threads;
  int count;
  dnnl_exec_arg_t args[SCULL_ONEDNN_OPERANDS + 1];
  slot_t slots[SCULL_ONEDNN_OPERANDS + 1];
  uint64_t packed_hash;
  const void *packed_seen;
  size_t residual_input, residual_bytes; /* copied into output 0 when bytes > 0 */
} state_t;

void scull_onednn_release(void *state) {
  state_t *s = state;
  if (s == NULL)
    return;
  for (int i = 0; i < s->count; i++)
    dnnl_memory_destroy(s->args[i].memory);
  dnnl_stream_destroy(s->stream);
  dnnl_primitive_destroy(s->primitive);
  scull_base_free(s);
}

/* --- prepare ---------------------------------------------------------------------------------- */

static bool find_index(const uint16_t *list, size_t count, uint16_t value, size_t *index) {
  for (size_t i = 0; i < count; i++) {
    if (list[i] == value) {
      *index = i;
      return true;
    }
  }
  return false;
}

static scull_status_t add_argument(state_t *s, int arg, source_t source, size_t index,
                                   scull_onednn_md_ref_t md) {
  dnnl_memory_t memory = NULL;
  if (dnnl_memory_create(&memory, md, scull_onednn_engine(), DNNL_MEMORY_NONE) != dnnl_success)
    return SCULL_OUT_OF_MEMORY;
  s->args[s->count] = (dnnl_exec_arg_t){.arg = arg, .memory = memory};
  s->slots[s->count++] = (slot_t){.source = source, .index = index};
  return SCULL_OK;
}

static scull_status_t bind_operands(state_t *s, const scull_site_t *site,
                                    const scull_onednn_choice_t *choice, size_t *packed) {
  size_t offsets[SCULL_ONEDNN_OPERANDS] = {0};
  *packed = scull_onednn_choice_packed(choice, offsets, &s->packed_hash);
  for (size_t i = 0; i < choice->recipe.count; i++) {
    const scull_onednn_operand_t *operand = &choice->recipe.operands[i];
    size_t index = offsets[i];
    source_t source = FROM_PACKED;
    if (!operand->packed && find_index(site->inputs, site->input_count, operand->value, &index))
      source = FROM_INPUT;
    else if (!operand->packed &&
             find_index(site->outputs, site->output_count, operand->value, &index))
      source = FROM_OUTPUT;
    else if (!operand->packed)
      return SCULL_UNSUPPORTED;
    scull_onednn_md_ref_t md =
        dnnl_primitive_desc_query_md(choice->walk.pd, dnnl_query_exec_arg_md, operand->arg);
    SCULL_TRY(add_argument(s, operand->arg, source, index, md));
  }
  return SCULL_OK;
}

static scull_status_t bind_residual(state_t *s, const scull_site_t *site,
                                    const scull_onednn_choice_t *choice) {
  uint16_t residual = choice->recipe.residual;
  if (residual == SCULL_SITE_ABSENT)
    return SCULL_OK;
  const scull_site_value_t *to = &site->values[site->outputs[0]];
  const scull_type_t type = scull_backend_site_type(to, &to->opt);
  if (!find_index(site->inputs, site->input_count, residual, &s->residual_input) ||
      !scull_backend_layout_bytes(&type, to->layout, &s->residual_bytes))
    return SCULL_UNSUPPORTED;
  return SCULL_OK;
}

static scull_status_t fill_state(state_t *s, const scull_site_t *site,
                                 const scull_onednn_choice_t *choice, scull_prepared_t *out) {
  dnnl_primitive_desc_t pd = choice->walk.pd;
  SCULL_TRY(bind_operands(s, site, choice, &out->packed));
  SCULL_TRY(bind_residual(s, site, choice));
  scull_onednn_md_ref_t pad = dnnl_primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0);
  out->scratch = pad == NULL ? 0 : dnnl_memory_desc_get_size(pad);
  if (out->scratch > 0)
    SCULL_TRY(add_argument(s, DNNL_ARG_SCRATCHPAD, FROM_SCRATCH, 0, pad));
  if (dnnl_stream_create(&s->stream, scull_onednn_engine(), dnnl_stream_default_flags) !=
      dnnl_success)
    return SCULL_OUT_OF_MEMORY;
  dnnl_status_t made = dnnl_primitive_create(&s->primitive, pd);
  return made == dnnl_success         ? SCULL_OK
         : made == dnnl_out_of_memory ? SCULL_OUT_OF_MEMORY
                                      : SCULL_UNSUPPORTED;
}

/* The choice for the actual shapes and threads, with the constants as they were packed. */
static bool choose(const scull_onednn_family_t *family, const scull_site_t *site,
                   const scull_config_t *config, int threads, scull_onednn_choice_t *out) {
  scull_onednn_choice_t packed;
  int packed_for = config->knob[2] > 0 ? config->knob[2] : site->threads;
  if (scull_onednn_is_fixed(site) && packed_for == threads)
    return scull_onednn_choice_init_packed(family, site, config, out);
  if (!scull_onednn_choice_init_packed(family, site, config, &packed))
    return false;
  scull_base_threads_apply(threads);
  bool ok = scull_onednn_choice_init(family, site, config, &packed, out);
  scull_onednn_choice_deinit(&packed);
  return ok;
}

static bool is_empty(const scull_site_t *site) {
  for (size_t i = 0; i < site->output_count; i++) {
    if (scull_tensor_count(&site->values[site->outputs[i]].opt) > 0)
      return false;
  }
  return true;
}

scull_status_t scull_onednn_prepare(const scull_onednn_family_t *family, const scull_site_t *site,
                                    const scull_config_t *config, scull_prepared_t *out,
                                    scull_diag_t *diag) {
  scull_onednn_choice_t choice;
  *out = (scull_prepared_t){0};
  if (site->value_count > SCULL_ONEDNN_VALUES)
    return SCULL_UNSUPPORTED;
  state_t *s = scull_base_alloc(sizeof *s);
  if (s == NULL)
    return scull_base_fail_memory(diag, "a prepared primitive");
  s->threads = scull_base_threads_forked() ? 1 : site->threads;
  scull_status_t status = SCULL_OK;
  if (!is_empty(site)) {
    status = SCULL_UNSUPPORTED;
    bool found = choose(family, site, config, s->threads, &choice);
    if (!found && !scull_base_threads_forked() && config->knob[2] > s->threads) {
      s->threads = config->knob[2]; /* what was packed for more threads may want them */
      found = choose(family, site, config, s->threads, &choice);
    }
    if (found) {
      status = fill_state(s, site, &choice, out);
      scull_onednn_choice_deinit(&choice);
    }
  }
  if (status != SCULL_OK) {
    scull_onednn_release(s);
    *out = (scull_prepared_t){0};
    return status;
  }
  out->state = s;
  out->forks = s->threads > 1;
  return SCULL_OK;
}

/* --- enqueue ---------------------------------------------------------------------------------- */

typedef struct {
  const char *src;
  char *dst;
  size_t bytes;
} move_t;

enum { MOVE_BLOCK = 16 * 1024 };

static void move_blocks(void *user, int64_t begin, int64_t end, int thread) {
  const move_t *move = user;
  size_t from = (size_t)begin * MOVE_BLOCK, to = (size_t)end * MOVE_BLOCK;
  (void)thread;
  to = to < move->bytes ? to : move->bytes;
  memcpy(move->dst + from, move->src + from, to - from);
}

/* The sum post-operation adds to what the destination holds. */
static void copy_residual(const state_t *s, const scull_args_t *args) {
  move_t move = {args->inputs[s->residual_input], args->outputs[0], s->residual_bytes};
  if (move.bytes == 0 || move.src == move.dst)
    return;
  int64_t blocks = (int64_t)((move.bytes + MOVE_BLOCK - 1) / MOVE_BLOCK);
  scull_base_parallel_for(blocks < 8 ? 1 : s->threads, blocks, move_blocks, &move);
}

static const void *address_of(const slot_t *slot, const scull_args_t *args) {
  switch (slot->source) {
  case FROM_INPUT: return args->inputs[slot->index];
  case FROM_OUTPUT: return args->outputs[slot->index];
  case FROM_PACKED: return (const char *)args->packed + slot->index;
  case FROM_SCRATCH: break;
  }
  return args->scratch;
}

/* Bytes packed for another layout would give wrong numbers without a sign: the header is compared
 * whenever the block is a new one. */
static bool packed_fits(state_t *s, const scull_args_t *args) {
  uint64_t hash = 0;
  bool needed = false;
  if (args->packed == s->packed_seen && args->packed != NULL)
    return true;
  for (int i = 0; i < s->count; i++)
    needed = needed || s->slots[i].source == FROM_PACKED;
  if (!needed)
    return true;
  if (args->packed == NULL)
    return false;
  memcpy(&hash, args->packed, sizeof hash);
  if (hash != s->packed_hash)
    return false;
  s->packed_seen = args->packed;
  return true;
}

scull_status_t scull_onednn_enqueue(void *state, const scull_args_t *args) {
  state_t *s = state;
  if (s->primitive == NULL)
    return SCULL_OK;
  if (!packed_fits(s, args))
    return SCULL_NEEDS_BUILD;
  if (s->threads > 1 && scull_base_threads_forked())
    return SCULL_DEVICE; /* planned for threads that a forked child lacks: prepare again */
  scull_base_threads_apply(s->threads);
  copy_residual(s, args);
  for (int i = 0; i < s->count; i++) {
    slot_t *slot = &s->slots[i];
    const void *address = address_of(slot, args);
    if (address == slot->last)
      continue;
    void *handle;
    memcpy(&handle, &address, sizeof handle);
    if (dnnl_memory_set_data_handle(s->args[i].memory, handle) != dnnl_success)
      return SCULL_DEVICE;
    slot->last = address;
  }
  dnnl_status_t status = dnnl_primitive_execute(s->primitive, s->stream, s->count, s->args);
  return status == dnnl_success ? SCULL_OK : SCULL_DEVICE;
}
