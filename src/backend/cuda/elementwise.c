/* cuda.elementwise: a chain of element-wise operators in one pass (elementwise.cu). Operands may
 * broadcast and lie in any order that steps can express; constants are packed. */
#include "backend/cuda/elementwise.h"

#include <math.h>
#include <string.h>

#include "backend/cuda/chain.h"
#include "backend/cuda/tactics.h"

/* What an operand is: a value of the site, or a factor or shift a channel that a batch
 * normalization comes to. */
typedef enum { WHOLE, FACTOR, SHIFT } part_t;

/* A chain as the site has it; of factors and shifts `value` is the number of the operator. */
typedef struct {
  uint16_t value[SCULL_CUDA_OPERANDS];
  part_t part[SCULL_CUDA_OPERANDS];
  int count;
  scull_cuda_do_t chain[SCULL_CUDA_CHAIN];
  int length;
} program_t;

static int add_operand(program_t *p, uint16_t value, part_t part) {
  for (int i = 1; i < p->count; i++) {
    if (p->value[i] == value && p->part[i] == part)
      return i;
  }
  if (p->count == SCULL_CUDA_OPERANDS)
    return -1;
  p->value[p->count] = value;
  p->part[p->count] = part;
  return p->count++;
}

static int operand_of(program_t *p, uint16_t value) {
  return add_operand(p, value, WHOLE);
}

/* where(condition, x, y): x flows. */
static const char *add_where(const scull_site_op_t *op, program_t *p) {
  int condition = operand_of(p, op->inputs[0]), other = operand_of(p, op->inputs[2]);
  p->chain[p->length++] = (scull_cuda_do_t){
      .kind = SCULL_CUDA_DO_WHERE, .operand = (int8_t)condition, .swapped = (int8_t)other};
  return condition < 0 || other < 0 ? "has too many operands" : NULL;
}

/* x * factor + shift. */
static const char *add_norm(const scull_site_t *site, size_t i, program_t *p) {
  for (size_t k = 1; k < 5; k++) {
    if (!scull_backend_site_input(site, i, k)->is_constant)
      return "needs constant statistics";
  }
  int factor = add_operand(p, (uint16_t)i, FACTOR), shift = add_operand(p, (uint16_t)i, SHIFT);
  if (factor < 0 || shift < 0 || p->length + 2 > SCULL_CUDA_CHAIN)
    return "has too many operands";
  p->chain[p->length++] = (scull_cuda_do_t){.kind = SCULL_CUDA_DO_MUL, .operand = (int8_t)factor};
  p->chain[p->length++] = (scull_cuda_do_t){.kind = SCULL_CUDA_DO_ADD, .operand = (int8_t)shift};
  return NULL;
}

static const char *add_step(const scull_site_t *site, size_t i, uint16_t flow, program_t *p) {
  const scull_site_op_t *op = &site->ops[i];
  scull_cuda_do_t *d = &p->chain[p->length];
  if (scull_backend_site_is(site, i, "batch_norm"))
    return add_norm(site, i, p);
  if (p->length == SCULL_CUDA_CHAIN)
    return "takes eight steps at most";
  if (!scull_cuda_do_of(op, d))
    return "has no code for this operator";
  if (d->kind >= SCULL_CUDA_DO_BINARY) {
    bool swapped = i > 0 && op->inputs[0] != flow;
    int other = operand_of(p, op->inputs[swapped ? 0 : 1]);
    if (other < 0)
      return "has too many operands";
    d->operand = (int8_t)other;
    d->swapped = swapped;
  } else if (op->input_count != 1) {
    return "has no code for this operator";
  }
  p->length++;
  return NULL;
}

static const char *read_program(const scull_site_t *site, program_t *p) {
  *p = (program_t){.count = 1};
  const char *why = NULL;
  if (site->op_count > SCULL_CUDA_CHAIN)
    return "takes eight operators at most";
  if (site->output_count != 1)
    return "has one result";
  const bool chooses = strcmp(site->ops[0].def->name, "where") == 0;
  p->value[0] = site->ops[0].inputs[chooses ? 1 : 0];
  if (chooses)
    why = add_where(&site->ops[0], p);
  uint16_t flow = chooses ? site->ops[0].outputs[0] : p->value[0];
  for (size_t i = chooses ? 1 : 0; i < site->op_count && why == NULL; i++) {
    if (i > 0 &&
        (site->ops[i].def->traits & (SCULL_OP_UNARY | SCULL_OP_BINARY | SCULL_OP_BY_CHANNEL)) == 0)
      return "takes element-wise operators only";
    why = add_step(site, i, flow, p);
    flow = site->ops[i].outputs[0];
  }
  return why;
}

/* By the model's type: as what it is stored is a matter of the configuration. */
static bool fits_type(const scull_site_value_t *v) {
  return scull_cuda_element(v->dtype) <= SCULL_CUDA_E_BF16 || v->dtype == SCULL_DTYPE_BOOL;
}

const char *scull_cuda_chain_refuse(const scull_site_t *site) {
  program_t p;
  const char *why = scull_cuda_refuse_values(site);
  if (why == NULL)
    why = read_program(site, &p);
  for (int i = 0; why == NULL && i < p.count; i++) {
    if (p.part[i] == WHOLE && !fits_type(&site->values[p.value[i]]))
      why = "computes in floats";
  }
  if (why == NULL && !fits_type(&site->values[site->outputs[0]]))
    why = "computes in floats";
  return why;
}

static const char *refuse(const scull_site_t *site, const scull_device_t *device) {
  (void)device;
  return scull_cuda_chain_refuse(site);
}

/* --- constants -------------------------------------------------------------------------------- */

/* Of packed operand i; 0: it is not packed. */
static size_t packed_bytes(const scull_site_t *site, const program_t *p, int i) {
  size_t bytes = 0;
  if (p->part[i] != WHOLE) {
    bytes = (size_t)scull_backend_site_input(site, p->value[i], 1)->opt.dim[0] * sizeof(float);
  } else if (site->values[p->value[i]].is_constant) {
    const scull_site_value_t *v = &site->values[p->value[i]];
    const scull_type_t type = {.dtype = v->dtype, .shape = v->opt};
    bytes = scull_tensor_bytes(&type);
  }
  return (bytes + 255) / 256 * 256;
}

static double number_of(const scull_site_t *site, size_t op, size_t operand, int64_t channel) {
  const scull_site_value_t *v = scull_backend_site_input(site, op, operand);
  return scull_tensor_load(v->data, v->dtype, channel);
}

/* scale / sqrt(variance + epsilon), and what is left of bias and mean. */
static void pack_norm(const scull_site_t *site, size_t op, part_t part, float *dst) {
  const double epsilon = scull_cuda_attr(&site->ops[op], "epsilon", 1e-5);
  for (int64_t c = 0; c < scull_backend_site_input(site, op, 1)->opt.dim[0]; c++) {
    double factor = number_of(site, op, 1, c) / sqrt(number_of(site, op, 4, c) + epsilon);
    dst[c] =
        (float)(part == FACTOR ? factor
                               : number_of(site, op, 2, c) - number_of(site, op, 3, c) * factor);
  }
}

static scull_status_t pack_size(const scull_site_t *site, const scull_config_t *config,
                                const scull_device_t *device, size_t *bytes) {
  program_t p;
  (void)config;
  (void)device;
  *bytes = 0;
  if (read_program(site, &p) != NULL)
    return SCULL_UNSUPPORTED;
  for (int i = 0; i < p.count; i++)
    *bytes += packed_bytes(site, &p, i);
  return SCULL_OK;
}

static scull_status_t pack(const scull_site_t *site, const scull_config_t *config,
                           const scull_device_t *device, void *dst) {
  program_t p;
  char *at = dst;
  (void)config;
  (void)device;
  if (read_program(site, &p) != NULL)
    return SCULL_UNSUPPORTED;
  for (int i = 0; i < p.count; i++) {
    if (p.part[i] != WHOLE) {
      pack_norm(site, p.value[i], p.part[i], (float *)(void *)at);
    } else if (site->values[p.value[i]].is_constant) {
      const scull_site_value_t *v = &site->values[p.value[i]];
      const scull_type_t type = {.dtype = v->dtype, .shape = v->opt};
      memcpy(at, v->data, scull_tensor_bytes(&type));
    }
    at += packed_bytes(site, &p, i);
  }
  return SCULL_OK;
}

/* --- running ---------------------------------------------------------------------------------- */

/* Steps of an operand along the result's dimensions: 0 where it broadcasts. */
static void steps_along(const scull_site_value_t *v, const scull_shape_t *y, int64_t *steps) {
  int64_t own[SCULL_MAX_RANK] = {0};
  int32_t skip = y->rank - v->opt.rank;
  scull_cuda_steps(v, own);
  for (int32_t i = 0; i < y->rank; i++)
    steps[i] = i < skip || v->opt.dim[i - skip] == 1 ? 0 : own[i - skip];
}

/* The order of the result's memory: dimensions by falling step. */
static void sort_dimensions(int rank, int64_t *dim, int64_t *const *steps, int sides, int by) {
  for (int i = 1; i < rank; i++) {
    for (int k = i; k > 0 && steps[by][k] > steps[by][k - 1]; k--) {
      int64_t t = dim[k];
      dim[k] = dim[k - 1];
      dim[k - 1] = t;
      for (int s = 0; s < sides; s++) {
        t = steps[s][k];
        steps[s][k] = steps[s][k - 1];
        steps[s][k - 1] = t;
      }
    }
  }
}

static void set_box(scull_cuda_chain_t *s, const scull_site_t *site, const program_t *p) {
  const scull_site_value_t *y = &site->values[site->outputs[0]];
  int64_t dim[SCULL_MAX_RANK], store[SCULL_CUDA_OPERANDS + 1][SCULL_MAX_RANK];
  int64_t *steps[SCULL_CUDA_OPERANDS + 1];
  for (int i = 0; i < p->count; i++) {
    steps[i] = store[i];
    memset(store[i], 0, sizeof store[i]);
    if (p->part[i] == WHOLE)
      steps_along(&site->values[p->value[i]], &y->opt, store[i]);
    else
      store[i][1] = 1; /* a number a channel */
  }
  steps[p->count] = store[p->count];
  scull_cuda_steps(y, store[p->count]);
  for (int32_t i = 0; i < y->opt.rank; i++)
    dim[i] = y->opt.dim[i];
  sort_dimensions(y->opt.rank, dim, steps, p->count + 1, p->count);
  s->e.rank = scull_cuda_merge(y->opt.rank, dim, steps, p->count + 1);
  s->e.flat = s->e.rank == 1;
  for (int d = 0; d < s->e.rank; d++) {
    s->e.dim[d] = (int32_t)dim[d];
    s->e.dst_step[d] = (int32_t)steps[p->count][d];
    s->e.flat = s->e.flat && steps[p->count][d] == 1;
    for (int i = 0; i < p->count; i++) {
      s->e.operand[i].step[d] = (int32_t)steps[i][d];
      s->e.flat = s->e.flat && steps[i][d] == 1;
    }
  }
  s->e.count = (int32_t)scull_tensor_count(&y->opt);
}

scull_status_t scull_cuda_chain_read(const scull_site_t *site, scull_cuda_chain_t *out) {
  program_t p;
  size_t at = 0;
  memset(out, 0, sizeof *out);
  if (read_program(site, &p) != NULL)
    return SCULL_UNSUPPORTED;
  for (int i = 0; i < p.count; i++) {
    const size_t bytes = packed_bytes(site, &p, i);
    const scull_site_value_t *v = p.part[i] == WHOLE ? &site->values[p.value[i]] : NULL;
    out->e.operand[i].type =
        v == NULL ? SCULL_CUDA_E_F32 : scull_cuda_element(scull_backend_site_stored(v));
    out->e.operand[i].scale = v == NULL ? 1 : scull_backend_site_scale(v);
    out->input[i] = v == NULL || v->is_constant ? -1 : scull_cuda_input_at(site, p.value[i]);
    out->offset[i] = at;
    at += bytes;
  }
  memcpy(out->e.chain, p.chain, sizeof p.chain);
  out->e.length = p.length;
  out->e.operands = p.count;
  const scull_site_value_t *y = &site->values[site->outputs[0]];
  out->e.dst_type = scull_cuda_element(scull_backend_site_stored(y));
  out->e.dst_factor = 1 / scull_backend_site_scale(y);
  set_box(out, site, &p);
  return SCULL_OK;
}

static scull_status_t prepare(const scull_site_t *site, const scull_config_t *config,
                              const scull_device_t *device, scull_prepared_t *out,
                              scull_diag_t *diag) {
  scull_cuda_chain_t s;
  (void)config;
  (void)device;
  (void)diag;
  SCULL_TRY(scull_cuda_chain_read(site, &s));
  return scull_cuda_keep(&s, sizeof s, out);
}

scull_cuda_elementwise_t scull_cuda_chain_bind(const scull_cuda_chain_t *chain,
                                               const scull_args_t *args) {
  scull_cuda_elementwise_t e = chain->e;
  for (int i = 0; i < e.operands; i++)
    e.operand[i].data = chain->input[i] < 0 ? (const char *)args->packed + chain->offset[i]
                                            : args->inputs[chain->input[i]];
  e.dst = args->outputs[0];
  return e;
}

static scull_status_t enqueue(void *user, const scull_args_t *args) {
  const scull_cuda_elementwise_t e = scull_cuda_chain_bind(user, args);
  scull_cuda_launch_t launch = scull_cuda_launch(args->stream, true);
  return scull_cuda_status(scull_cuda_elementwise_enqueue(&e, launch.chained, launch.stream));
}

/* Every operand that has the result's elements in the result's places may be overwritten. */
static uint32_t alias(const scull_site_t *site, const scull_config_t *config) {
  const scull_site_value_t *y = &site->values[site->outputs[0]];
  uint32_t mask = 0;
  (void)config;
  for (size_t i = 0; i < site->input_count && i < 32; i++) {
    const scull_site_value_t *x = &site->values[site->inputs[i]];
    if (scull_tensor_shape_equal(&x->opt, &y->opt) && scull_tensor_shape_equal(&x->max, &y->max) &&
        scull_tensor_shape_equal(&x->min, &y->min) &&
        scull_backend_site_stored(x) == scull_backend_site_stored(y) && x->layout == y->layout &&
        x->channel_total == 0 && y->channel_total == 0)
      mask |= 1u << i;
  }
  return mask;
}

/* A sum and what cuts it: no other operator keeps eight bits' error small for any numbers. */
static bool takes_bytes(const scull_site_t *site) {
  program_t p;
  if (read_program(site, &p) != NULL || p.chain[0].kind != SCULL_CUDA_DO_ADD || p.count != 2)
    return false;
  for (int i = 1; i < p.length; i++) {
    if (p.chain[i].kind != SCULL_CUDA_DO_CLIP)
      return false;
  }
  return site->input_count == 2;
}

static size_t configs(const scull_site_t *site, const scull_device_t *device, scull_config_t *out,
                      size_t room) {
  size_t n = scull_cuda_same_layouts(site, out, room);
  size_t layouts = n > 1 && out[1].src == SCULL_LAYOUT_NHWC ? 2 : 1;
  (void)device;
  return takes_bytes(site) ? scull_cuda_add_bytes(site, out, layouts, n, room) : n;
}

const scull_tactic_t scull_tactic_cuda_elementwise = {.name = "cuda.elementwise",
                                                      .version = 2,
                                                      .traits = SCULL_OP_UNARY | SCULL_OP_BINARY,
                                                      .growth = SCULL_GROW_ELEMENTWISE,
                                                      .precisions =
                                                          SCULL_CUDA_FLOATS | 1u << SCULL_AS_INT8,
                                                      .refuse = refuse,
                                                      .configs = configs,
                                                      .pack_size = pack_size,
                                                      .pack = pack,
                                                      .prepare = prepare,
                                                      .enqueue = enqueue,
                                                      .release = scull_cuda_release,
                                                      .alias = alias};

/* prelu has neither trait. */
static const char *const prelu_anchors[] = {"prelu", NULL};
const scull_tactic_t scull_tactic_cuda_prelu = {.name = "cuda.prelu",
                                                .version = 1,
                                                .anchors = prelu_anchors,
                                                .growth = SCULL_GROW_ELEMENTWISE,
                                                .precisions = SCULL_CUDA_FLOATS,
                                                .refuse = refuse,
                                                .configs = configs,
                                                .pack_size = pack_size,
                                                .pack = pack,
                                                .prepare = prepare,
                                                .enqueue = enqueue,
                                                .release = scull_cuda_release,
                                                .alias = alias};

static const char *const norm_anchors[] = {"batch_norm", NULL};
const scull_tactic_t scull_tactic_cuda_batch_norm = {.name = "cuda.batch_norm",
                                                     .version = 1,
                                                     .anchors = norm_anchors,
                                                     .growth = SCULL_GROW_ELEMENTWISE,
                                                     .precisions = SCULL_CUDA_FLOATS,
                                                     .refuse = refuse,
                                                     .configs = configs,
                                                     .pack_size = pack_size,
                                                     .pack = pack,
                                                     .prepare = prepare,
                                                     .enqueue = enqueue,
                                                     .release = scull_cuda_release,
                                                     .alias = alias};

/* The condition is read as a number. */
static const char *const where_anchors[] = {"where", NULL};
const scull_tactic_t scull_tactic_cuda_where = {.name = "cuda.where",
                                                .version = 1,
                                                .anchors = where_anchors,
                                                .growth = SCULL_GROW_ELEMENTWISE,
                                                .precisions = SCULL_CUDA_FLOATS,
                                                .refuse = refuse,
                                                .configs = configs,
                                                .pack_size = pack_size,
                                                .pack = pack,
                                                .prepare = prepare,
                                                .enqueue = enqueue,
                                                .release = scull_cuda_release,
                                                .alias = alias};
