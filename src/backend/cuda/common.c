/* Reading sites: types, steps, what stands behind an anchor. */
#include "backend/cuda/common.h"

#include <math.h>
#include <string.h>

int scull_cuda_element(scull_dtype_t dtype) {
  switch (dtype) {
  case SCULL_DTYPE_F32: return SCULL_CUDA_E_F32;
  case SCULL_DTYPE_F16: return SCULL_CUDA_E_F16;
  case SCULL_DTYPE_BF16: return SCULL_CUDA_E_BF16;
  case SCULL_DTYPE_U8:
  case SCULL_DTYPE_BOOL: return SCULL_CUDA_E_U8;
  case SCULL_DTYPE_I8: return SCULL_CUDA_E_I8;
  default: return SCULL_CUDA_E_NONE;
  }
}

bool scull_cuda_is_real(const scull_site_value_t *value) {
  return scull_cuda_element(scull_backend_site_stored(value)) <= SCULL_CUDA_E_BF16;
}

void scull_cuda_steps(const scull_site_value_t *value, int64_t *steps) {
  scull_shape_t wide = value->opt;
  int64_t step = 1;
  if (value->channel_total > 0)
    wide.dim[1] = value->channel_total;
  if (value->layout == SCULL_LAYOUT_NHWC) {
    steps[1] = 1;
    step = wide.dim[1];
    for (int32_t i = wide.rank - 1; i >= 0; i--) {
      if (i == 1)
        continue;
      steps[i] = step;
      step *= wide.dim[i];
    }
    return;
  }
  for (int32_t i = wide.rank - 1; i >= 0; i--) {
    steps[i] = step;
    step *= wide.dim[i];
  }
}

scull_cuda_picture_t scull_cuda_picture(const scull_site_value_t *value) {
  int64_t steps[SCULL_MAX_RANK] = {0};
  scull_cuda_steps(value, steps);
  scull_cuda_picture_t p = {.type = scull_cuda_element(scull_backend_site_stored(value)),
                            .n = steps[0],
                            .c = steps[1],
                            .w = steps[value->opt.rank - 1]};
  p.h = value->opt.rank == 4 ? steps[2] : 0;
  return p;
}

static int position(const uint16_t *list, size_t count, uint16_t index) {
  for (size_t i = 0; i < count; i++) {
    if (list[i] == index)
      return (int)i;
  }
  return -1;
}

int scull_cuda_input_at(const scull_site_t *site, uint16_t index) {
  return position(site->inputs, site->input_count, index);
}

int scull_cuda_output_at(const scull_site_t *site, uint16_t index) {
  return position(site->outputs, site->output_count, index);
}

double scull_cuda_attr(const scull_site_op_t *op, const char *name, double otherwise) {
  const scull_attr_field_t *field = scull_ops_attr_find(&op->def->attrs, name);
  double real = otherwise;
  int64_t whole = 0;
  bool flag = false;
  if (field == NULL)
    return otherwise;
  const char *at = (const char *)op->attrs + field->offset;
  switch (field->kind) {
  case SCULL_ATTR_FLOAT: memcpy(&real, at, sizeof real); break;
  case SCULL_ATTR_INT:
    memcpy(&whole, at, sizeof whole);
    real = (double)whole;
    break;
  case SCULL_ATTR_BOOL:
    memcpy(&flag, at, sizeof flag);
    real = flag;
    break;
  default: break;
  }
  return real;
}

/* --- element-wise operators ------------------------------------------------------------------- */

typedef struct {
  const char *op;
  int kind;
  const char *p[3]; /* attributes */
} do_row_t;

static const do_row_t rows[] = {
    {"identity", SCULL_CUDA_DO_COPY, {NULL}},
    {"clip", SCULL_CUDA_DO_CLIP, {"min", "max"}},
    {"leaky_relu", SCULL_CUDA_DO_LEAKY, {"alpha"}},
    {"scale", SCULL_CUDA_DO_LINEAR, {"scale", "bias"}},
    {"sigmoid", SCULL_CUDA_DO_SIGMOID, {NULL}},
    {"swish", SCULL_CUDA_DO_SWISH, {"beta"}},
    {"tanh", SCULL_CUDA_DO_TANH, {NULL}},
    {"exp", SCULL_CUDA_DO_EXP, {NULL}},
    {"log", SCULL_CUDA_DO_LOG, {NULL}},
    {"sqrt", SCULL_CUDA_DO_SQRT, {NULL}},
    {"rsqrt", SCULL_CUDA_DO_RSQRT, {NULL}},
    {"reciprocal", SCULL_CUDA_DO_RECIPROCAL, {NULL}},
    {"abs", SCULL_CUDA_DO_ABS, {NULL}},
    {"neg", SCULL_CUDA_DO_NEG, {NULL}},
    {"square", SCULL_CUDA_DO_SQUARE, {NULL}},
    {"hard_sigmoid", SCULL_CUDA_DO_HARD_SIGMOID, {"alpha", "beta"}},
    {"hard_swish", SCULL_CUDA_DO_HARD_SWISH, {"offset", "threshold", "scale"}},
    {"elu", SCULL_CUDA_DO_ELU, {"alpha"}},
    {"erf", SCULL_CUDA_DO_ERF, {NULL}},
    {"softplus", SCULL_CUDA_DO_SOFTPLUS, {"beta", "threshold"}},
    {"mish", SCULL_CUDA_DO_MISH, {"threshold"}},
    {"floor", SCULL_CUDA_DO_FLOOR, {NULL}},
    {"ceil", SCULL_CUDA_DO_CEIL, {NULL}},
    {"sign", SCULL_CUDA_DO_SIGN, {NULL}},
    {"sin", SCULL_CUDA_DO_SIN, {NULL}},
    {"cos", SCULL_CUDA_DO_COS, {NULL}},
    {"logical_not", SCULL_CUDA_DO_NOT, {NULL}},
    {"add", SCULL_CUDA_DO_ADD, {NULL}},
    {"sub", SCULL_CUDA_DO_SUB, {NULL}},
    {"mul", SCULL_CUDA_DO_MUL, {NULL}},
    {"div", SCULL_CUDA_DO_DIV, {NULL}},
    {"pow", SCULL_CUDA_DO_POW, {NULL}},
    {"max", SCULL_CUDA_DO_MAX, {NULL}},
    {"min", SCULL_CUDA_DO_MIN, {NULL}},
    {"equal", SCULL_CUDA_DO_EQUAL, {NULL}},
    {"not_equal", SCULL_CUDA_DO_NOT_EQUAL, {NULL}},
    {"less", SCULL_CUDA_DO_LESS, {NULL}},
    {"less_equal", SCULL_CUDA_DO_LESS_EQUAL, {NULL}},
    {"greater", SCULL_CUDA_DO_GREATER, {NULL}},
    {"greater_equal", SCULL_CUDA_DO_GREATER_EQUAL, {NULL}},
    {"logical_and", SCULL_CUDA_DO_AND, {NULL}},
    {"logical_or", SCULL_CUDA_DO_OR, {NULL}},
    {"logical_xor", SCULL_CUDA_DO_XOR, {NULL}},
    {"prelu", SCULL_CUDA_DO_PRELU, {NULL}},
};

bool scull_cuda_do_of(const scull_site_op_t *op, scull_cuda_do_t *out) {
  const char *name = op->def->name;
  *out = (scull_cuda_do_t){0};
  if (strcmp(name, "relu") == 0) {
    *out = (scull_cuda_do_t){.kind = SCULL_CUDA_DO_CLIP, .p = {0, INFINITY}};
    return true;
  }
  if (strcmp(name, "gelu") == 0) {
    out->kind =
        scull_cuda_attr(op, "approximate", 0) != 0 ? SCULL_CUDA_DO_GELU_TANH : SCULL_CUDA_DO_GELU;
    return true;
  }
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (strcmp(name, rows[i].op) != 0)
      continue;
    out->kind = (int16_t)rows[i].kind;
    for (int p = 0; p < 3 && rows[i].p[p] != NULL; p++)
      out->p[p] = (float)scull_cuda_attr(op, rows[i].p[p], 0);
    return true;
  }
  return false;
}

const char *scull_cuda_behind_of(const scull_site_t *site, scull_cuda_behind_t *out) {
  scull_epilogue_t e;
  *out = (scull_cuda_behind_t){.residual_at = -1};
  if (!scull_backend_site_epilogue(site, &e))
    return "knows a residual add and one activation behind the anchor";
  if (e.activation != NULL &&
      (!scull_cuda_do_of(e.activation, &out->act) || out->act.kind >= SCULL_CUDA_DO_BINARY))
    return "has no code for this activation";
  out->residual = e.residual;
  out->add_first = e.add_first;
  if (e.residual != NULL)
    out->residual_at = scull_cuda_input_at(site, e.residual_index);
  return NULL;
}

/* --- layouts and sizes ------------------------------------------------------------------------ */

size_t scull_cuda_same_layouts(const scull_site_t *site, scull_config_t *out, size_t room) {
  static const scull_layout_t layouts[] = {SCULL_LAYOUT_PLAIN, SCULL_LAYOUT_NHWC};
  bool fits = true;
  for (size_t i = 0; i < site->output_count; i++)
    fits =
        fits && scull_backend_layout_fits(&site->values[site->outputs[i]].opt, SCULL_LAYOUT_NHWC);
  size_t count = fits ? 2 : 1;
  for (size_t i = 0; i < count && i < room; i++)
    out[i] = (scull_config_t){.src = layouts[i], .dst = layouts[i]};
  return scull_cuda_add_floats(site, out, count < room ? count : room, room, false);
}

size_t scull_cuda_add_floats(const scull_site_t *site, scull_config_t *out, size_t count,
                             size_t room, bool back) {
  static const scull_precision_t floats[] = {SCULL_AS_F16, SCULL_AS_BF16};
  size_t n = count;
  for (size_t f = 0; f < sizeof floats / sizeof *floats; f++) {
    for (int k = 0; scull_backend_site_permits(site, floats[f]) && k < (back ? 2 : 1); k++) {
      for (size_t i = 0; i < count && n < room; i++, n++) {
        out[n] = out[i];
        out[n].src_as = floats[f];
        out[n].dst_as = k == 0 ? floats[f] : SCULL_AS_MODEL;
      }
    }
  }
  return n;
}

bool scull_cuda_is_bytes(const scull_site_value_t *value) {
  return value->quant != NULL && value->quant->count == 1;
}

int8_t scull_cuda_byte(const scull_site_value_t *weights, int64_t index, float scale) {
  if (weights->quant != NULL && weights->quant->integers != NULL)
    return weights->quant->integers[index];
  float v = (float)scull_tensor_load(weights->data, weights->dtype, index);
  return (int8_t)scull_tensor_quantize(SCULL_DTYPE_I8, scale, v);
}

size_t scull_cuda_add_bytes(const scull_site_t *site, scull_config_t *out, size_t count,
                            size_t used, size_t room) {
  bool all = scull_backend_site_permits(site, SCULL_AS_INT8);
  for (size_t i = 0; i < site->input_count; i++)
    all = all && scull_cuda_is_bytes(&site->values[site->inputs[i]]);
  for (size_t i = 0; i < site->output_count; i++)
    all = all && scull_cuda_is_bytes(&site->values[site->outputs[i]]);
  for (size_t i = 0; all && i < count && used < room; i++, used++) {
    out[used] = out[i];
    out[used].src_as = out[used].dst_as = SCULL_AS_INT8;
  }
  return used;
}

bool scull_cuda_is_huge(const scull_site_value_t *value) {
  int64_t count = 1;
  for (int32_t i = 0; i < value->max.rank; i++) {
    int64_t dim = value->max.dim[i];
    if (i == 1 && value->channel_total > dim)
      dim = value->channel_total;
    if (dim > 0 && count > INT32_MAX / dim)
      return true;
    count *= dim;
  }
  return false;
}

const char *scull_cuda_refuse_values(const scull_site_t *site) {
  for (size_t i = 0; i < site->value_count; i++) {
    const scull_site_value_t *v = &site->values[i];
    if (scull_cuda_is_huge(v))
      return "counts in 32 bits";
    if (v->opt.rank > SCULL_CUDA_RANK)
      return "has too many dimensions";
  }
  return NULL;
}

int scull_cuda_merge(int rank, int64_t *dim, int64_t *const *steps, int sides) {
  int n = 0;
  for (int i = 0; i < rank; i++) {
    if (dim[i] == 1)
      continue;
    bool joins = n > 0;
    for (int s = 0; s < sides && joins; s++)
      joins = steps[s][n - 1] == steps[s][i] * dim[i];
    if (joins) {
      dim[n - 1] *= dim[i];
      for (int s = 0; s < sides; s++)
        steps[s][n - 1] = steps[s][i];
      continue;
    }
    dim[n] = dim[i];
    for (int s = 0; s < sides; s++)
      steps[s][n] = steps[s][i];
    n++;
  }
  if (n == 0) {
    dim[0] = 1;
    for (int s = 0; s < sides; s++)
      steps[s][0] = 1;
    n = 1;
  }
  return n;
}

scull_status_t scull_cuda_keep(const void *state, size_t bytes, scull_prepared_t *out) {
  void *copy = scull_base_alloc(bytes);
  if (copy == NULL)
    return SCULL_OUT_OF_MEMORY;
  memcpy(copy, state, bytes);
  out->state = copy;
  return SCULL_OK;
}

void scull_cuda_release(void *state) {
  scull_base_free(state);
}
