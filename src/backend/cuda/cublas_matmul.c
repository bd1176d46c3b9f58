/* cuda.matmul.cublas: products with bias, residual and ReLU by cuBLASLt, f32 (where it is permitted
 * in TF32), FP16 and BF16. Knob 0 is the place among what its heuristics offer, knob 1 tells that
 * TF32 will do. Its matrices are columns first: dst^T = y^T x^T. */
#include <cublasLt.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "backend/cuda/common.h"
#include "backend/cuda/tactics.h"
#include "base/library.h"
#include "ops/matmul.h"

enum { OFFERS = 3, ROOM = 4, MAX_DEVICES = 16, WORKSPACE = 32 << 20 };
enum { LEAST_WORK = 1 << 23 }; /* multiply-adds; the library takes 50 ms of a plan's opening */

/* --- the library ------------------------------------------------------------------------------ */

static struct {
  pthread_once_t once;
  char why[256];
  pthread_mutex_t lock; /* of the handles' making; cuBLASLt itself needs none */
  cublasLtHandle_t handle[MAX_DEVICES];
  cublasStatus_t (*create)(cublasLtHandle_t *);
  cublasStatus_t (*desc_create)(cublasLtMatmulDesc_t *, cublasComputeType_t, cudaDataType_t);
  cublasStatus_t (*desc_destroy)(cublasLtMatmulDesc_t);
  cublasStatus_t (*desc_set)(cublasLtMatmulDesc_t, cublasLtMatmulDescAttributes_t, const void *,
                             size_t);
  cublasStatus_t (*layout_create)(cublasLtMatrixLayout_t *, cudaDataType_t, uint64_t, uint64_t,
                                  int64_t);
  cublasStatus_t (*layout_destroy)(cublasLtMatrixLayout_t);
  cublasStatus_t (*layout_set)(cublasLtMatrixLayout_t, cublasLtMatrixLayoutAttribute_t,
                               const void *, size_t);
  cublasStatus_t (*wish_create)(cublasLtMatmulPreference_t *);
  cublasStatus_t (*wish_destroy)(cublasLtMatmulPreference_t);
  cublasStatus_t (*wish_set)(cublasLtMatmulPreference_t, cublasLtMatmulPreferenceAttributes_t,
                             const void *, size_t);
  cublasStatus_t (*offers)(cublasLtHandle_t, cublasLtMatmulDesc_t, cublasLtMatrixLayout_t,
                           cublasLtMatrixLayout_t, cublasLtMatrixLayout_t, cublasLtMatrixLayout_t,
                           cublasLtMatmulPreference_t, int, cublasLtMatmulHeuristicResult_t *,
                           int *);
  cublasStatus_t (*matmul)(cublasLtHandle_t, cublasLtMatmulDesc_t, const void *, const void *,
                           cublasLtMatrixLayout_t, const void *, cublasLtMatrixLayout_t,
                           const void *, const void *, cublasLtMatrixLayout_t, void *,
                           cublasLtMatrixLayout_t, const cublasLtMatmulAlgo_t *, void *, size_t,
                           cudaStream_t);
} blas = {.once = PTHREAD_ONCE_INIT, .lock = PTHREAD_MUTEX_INITIALIZER};

static void load(void) {
  char words[200] = "";
  scull_library_t *l = scull_base_library_open_system("libcublasLt.so.13", words, sizeof words);
  if (l == NULL)
    l = scull_base_library_open_system("libcublasLt.so.12", NULL, 0);
  if (l == NULL) {
    snprintf(blas.why, sizeof blas.why, "needs cuBLAS: %s", words);
    return;
  }
  if (!scull_base_library_find(l, "cublasLtCreate", &blas.create) ||
      !scull_base_library_find(l, "cublasLtMatmulDescCreate", &blas.desc_create) ||
      !scull_base_library_find(l, "cublasLtMatmulDescDestroy", &blas.desc_destroy) ||
      !scull_base_library_find(l, "cublasLtMatmulDescSetAttribute", &blas.desc_set) ||
      !scull_base_library_find(l, "cublasLtMatrixLayoutCreate", &blas.layout_create) ||
      !scull_base_library_find(l, "cublasLtMatrixLayoutDestroy", &blas.layout_destroy) ||
      !scull_base_library_find(l, "cublasLtMatrixLayoutSetAttribute", &blas.layout_set) ||
      !scull_base_library_find(l, "cublasLtMatmulPreferenceCreate", &blas.wish_create) ||
      !scull_base_library_find(l, "cublasLtMatmulPreferenceDestroy", &blas.wish_destroy) ||
      !scull_base_library_find(l, "cublasLtMatmulPreferenceSetAttribute", &blas.wish_set) ||
      !scull_base_library_find(l, "cublasLtMatmulAlgoGetHeuristic", &blas.offers) ||
      !scull_base_library_find(l, "cublasLtMatmul", &blas.matmul))
    snprintf(blas.why, sizeof blas.why, "needs cuBLAS: libcublasLt.so lacks its functions");
}

static const char *absent(void) {
  if (pthread_once(&blas.once, load) != 0)
    return "needs cuBLAS";
  return blas.why[0] == '\0' ? NULL : blas.why;
}

static cublasLtHandle_t handle_of(const scull_cuda_device_t *device) {
  if (device->index >= MAX_DEVICES)
    return NULL;
  pthread_mutex_lock(&blas.lock);
  scull_cuda_use(device);
  cublasLtHandle_t *handle = &blas.handle[device->index];
  if (*handle == NULL && blas.create(handle) != CUBLAS_STATUS_SUCCESS)
    *handle = NULL;
  pthread_mutex_unlock(&blas.lock);
  return *handle;
}

/* --- the problem ------------------------------------------------------------------------------ */

typedef struct {
  const scull_cuda_device_t *device;
  cublasLtHandle_t handle;
  cublasLtMatmulDesc_t desc;
  cublasLtMatrixLayout_t a, b, d; /* of y, x and dst; residuals lie as dst does */
  cublasLtMatmulAlgo_t algo;
  size_t workspace, bias_at;
  int x_at, y_at, residual_at; /* in args; y_at -1: packed */
  bool has_bias;
} state_t;

static bool geometry_of(const scull_site_t *site, scull_matmul_geometry_t *g) {
  scull_tensor_t inputs[ROOM], outputs[ROOM];
  scull_op_call_t call;
  return scull_backend_site_call(site, 0, inputs, ROOM, outputs, ROOM, &call) &&
         scull_ops_matmul_geometry(&call, g) == SCULL_OK;
}

static bool is_relu(const scull_cuda_do_t *act) {
  return act->kind == SCULL_CUDA_DO_CLIP && act->p[0] == 0 && isinf(act->p[1]);
}

static const char *refuse(const scull_site_t *site, const scull_device_t *device) {
  const scull_site_value_t *x = scull_backend_site_input(site, 0, 0);
  const scull_site_value_t *b = scull_backend_site_input(site, 0, 2);
  scull_cuda_behind_t behind;
  scull_matmul_geometry_t g;
  if (site->output_count != 1 || x->is_constant || (b != NULL && !b->is_constant))
    return "needs a constant bias and a first operand that a run computes";
  for (size_t i = 0; i < site->value_count; i++) {
    if (site->values[i].dtype != SCULL_DTYPE_F32 && site->values[i].dtype != SCULL_DTYPE_NONE)
      return "computes in f32";
  }
  if (site->values[site->outputs[0]].channel_total > 0)
    return "writes whole tensors";
  if (!geometry_of(site, &g) || g.batch.rank > 4)
    return "has too many dimensions";
  if ((double)g.m * (double)g.n * (double)g.k * (double)scull_tensor_count(&g.batch) < LEAST_WORK)
    return "is too small to pay for loading cuBLAS";
  const char *why = scull_cuda_refuse_values(site);
  if (why == NULL)
    why = scull_cuda_behind_of(site, &behind);
  if (why != NULL)
    return why;
  if (behind.act.kind != SCULL_CUDA_DO_COPY &&
      (!is_relu(&behind.act) || (behind.residual != NULL && !behind.add_first)))
    return "ends in a sum or ReLU";
  if (device->self == NULL)
    return "needs a GPU that is here";
  return absent();
}

static size_t configs(const scull_site_t *site, const scull_device_t *device, scull_config_t *out,
                      size_t room) {
  int narrow = (site->precisions & SCULL_PERMITS_TF32) != 0;
  size_t n = 0;
  (void)device;
  for (; n < OFFERS && n < room; n++)
    out[n] = (scull_config_t){.knob = {(int32_t)n, narrow}};
  return scull_cuda_add_floats(site, out, n, room, true);
}

static scull_dtype_t dtype_of(scull_precision_t as) {
  return as == SCULL_AS_F16    ? SCULL_DTYPE_F16
         : as == SCULL_AS_BF16 ? SCULL_DTYPE_BF16
                               : SCULL_DTYPE_F32;
}

static cudaDataType_t blas_type(scull_dtype_t dtype) {
  return dtype == SCULL_DTYPE_F16    ? CUDA_R_16F
         : dtype == SCULL_DTYPE_BF16 ? CUDA_R_16BF
                                     : CUDA_R_32F;
}

static size_t packed_operand(const scull_site_t *site, const scull_config_t *config) {
  const scull_site_value_t *y = scull_backend_site_input(site, 0, 1);
  size_t bytes = y->is_constant ? (size_t)scull_tensor_count(&y->opt) *
                                      scull_tensor_dtype_size(dtype_of(config->src_as))
                                : 0;
  return (bytes + 255) / 256 * 256;
}

static scull_status_t pack_size(const scull_site_t *site, const scull_config_t *config,
                                const scull_device_t *device, size_t *bytes) {
  const scull_site_value_t *b = scull_backend_site_input(site, 0, 2);
  (void)device;
  *bytes = packed_operand(site, config) +
           (b == NULL ? 0
                      : (size_t)scull_tensor_count(&b->opt) *
                            scull_tensor_dtype_size(dtype_of(config->dst_as)));
  return SCULL_OK;
}

static void pack_as(const scull_site_value_t *v, scull_dtype_t dtype, void *to) {
  for (int64_t i = 0, n = scull_tensor_count(&v->opt); i < n; i++)
    scull_tensor_store(to, dtype, i, scull_tensor_load(v->data, v->dtype, i));
}

static scull_status_t pack(const scull_site_t *site, const scull_config_t *config,
                           const scull_device_t *device, void *dst) {
  const scull_site_value_t *y = scull_backend_site_input(site, 0, 1);
  const scull_site_value_t *b = scull_backend_site_input(site, 0, 2);
  (void)device;
  if (y->is_constant)
    pack_as(y, dtype_of(config->src_as), dst);
  if (b != NULL)
    pack_as(b, dtype_of(config->dst_as), (char *)dst + packed_operand(site, config));
  return SCULL_OK;
}

/* The one step from matrix to matrix of an operand along all batches: false when there is none.
 * `matrix` elements each; 0: the operand repeats. */
static bool batch_step(const scull_shape_t *batch, const scull_shape_t *own, int64_t matrix,
                       int64_t *step) {
  int64_t expected = -1, at = matrix;
  *step = 0;
  for (int32_t i = batch->rank - 1; i >= 0; i--) {
    int32_t k = i - (batch->rank - own->rank);
    int64_t dim = k < 0 ? 1 : own->dim[k], here = dim == 1 ? 0 : at;
    at *= dim;
    if (batch->dim[i] == 1)
      continue;
    if (expected < 0)
      *step = here;
    else if (here != expected)
      return false;
    expected = here * batch->dim[i];
  }
  return true;
}

/* A row-major matrix by its steps, as cuBLASLt's column-major transpose; `flip` tells that it lies
 * the other way round. */
static bool operand(cublasLtMatrixLayout_t *out, scull_dtype_t dtype, int64_t rows, int64_t columns,
                    int64_t row, int64_t column, int32_t batches, int64_t step, bool *flip) {
  *flip = column != 1 && row == 1;
  if (column != 1 && row != 1 && columns != 1)
    return false;
  uint64_t fast = (uint64_t)(*flip ? rows : columns), slow = (uint64_t)(*flip ? columns : rows);
  int64_t pitch = *flip ? column : row;
  if (pitch < (int64_t)fast)
    pitch = (int64_t)fast; /* of a single row */
  return blas.layout_create(out, blas_type(dtype), fast, slow, pitch) == CUBLAS_STATUS_SUCCESS &&
         blas.layout_set(*out, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &batches, sizeof batches) ==
             CUBLAS_STATUS_SUCCESS &&
         blas.layout_set(*out, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &step, sizeof step) ==
             CUBLAS_STATUS_SUCCESS;
}

static bool set_desc(state_t *s, cublasLtMatmulDescAttributes_t which, const void *value,
                     size_t size) {
  return blas.desc_set(s->desc, which, value, size) == CUBLAS_STATUS_SUCCESS;
}

static bool describe(state_t *s, const scull_site_t *site, const scull_config_t *config,
                     const scull_cuda_behind_t *behind) {
  scull_dtype_t src = dtype_of(config->src_as), dst = dtype_of(config->dst_as);
  bool relu = behind->act.kind != SCULL_CUDA_DO_COPY, flip_x = false, flip_y = false, flip = false;
  scull_matmul_geometry_t g;
  int64_t x_step = 0, y_step = 0, d_step = 0;
  if (!geometry_of(site, &g) || !batch_step(&g.batch, &g.x_batch, g.m * g.k, &x_step) ||
      !batch_step(&g.batch, &g.y_batch, g.k * g.n, &y_step) || g.m * g.n * g.k == 0)
    return false;
  int64_t batches = scull_tensor_count(&g.batch);
  d_step = batches > 1 ? g.m * g.n : 0;
  if (batches < 1 || batches > 65535)
    return false;
  int32_t count = (int32_t)batches;
  cublasComputeType_t compute =
      config->knob[1] == 1 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
  if (blas.desc_create(&s->desc, src == SCULL_DTYPE_F32 ? compute : CUBLAS_COMPUTE_32F,
                       CUDA_R_32F) != CUBLAS_STATUS_SUCCESS ||
      !operand(&s->a, src, g.k, g.n, g.y_row, g.y_column, count, y_step, &flip_y) ||
      !operand(&s->b, src, g.m, g.k, g.x_row, g.x_column, count, x_step, &flip_x) ||
      !operand(&s->d, dst, g.m, g.n, g.n, 1, count, d_step, &flip))
    return false;
  cublasOperation_t a = flip_y ? CUBLAS_OP_T : CUBLAS_OP_N;
  cublasOperation_t b = flip_x ? CUBLAS_OP_T : CUBLAS_OP_N;
  cublasLtEpilogue_t end = s->has_bias
                               ? (relu ? CUBLASLT_EPILOGUE_RELU_BIAS : CUBLASLT_EPILOGUE_BIAS)
                           : relu ? CUBLASLT_EPILOGUE_RELU
                                  : CUBLASLT_EPILOGUE_DEFAULT;
  cudaDataType_t bias = blas_type(dst);
  return set_desc(s, CUBLASLT_MATMUL_DESC_TRANSA, &a, sizeof a) &&
         set_desc(s, CUBLASLT_MATMUL_DESC_TRANSB, &b, sizeof b) &&
         set_desc(s, CUBLASLT_MATMUL_DESC_EPILOGUE, &end, sizeof end) &&
         (!s->has_bias || set_desc(s, CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, &bias, sizeof bias));
}

/* Takes the heuristics' offer number `index`. */
static bool choose(state_t *s, int index, size_t workspace) {
  cublasLtMatmulHeuristicResult_t results[OFFERS];
  cublasLtMatmulPreference_t wish = NULL;
  uint32_t aligned = 16;
  int count = 0;
  bool ok = blas.wish_create(&wish) == CUBLAS_STATUS_SUCCESS &&
            blas.wish_set(wish, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &workspace,
                          sizeof workspace) == CUBLAS_STATUS_SUCCESS;
  for (int i = 0; ok && i < 4; i++) /* of a, b, c, d */
    ok = blas.wish_set(
             wish,
             (cublasLtMatmulPreferenceAttributes_t)(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES + i),
             &aligned, sizeof aligned) == CUBLAS_STATUS_SUCCESS;
  ok = ok &&
       blas.offers(s->handle, s->desc, s->a, s->b, s->d, s->d, wish, OFFERS, results, &count) ==
           CUBLAS_STATUS_SUCCESS &&
       index < count && results[index].state == CUBLAS_STATUS_SUCCESS;
  if (ok) {
    s->algo = results[index].algo;
    s->workspace = results[index].workspaceSize;
  }
  if (wish != NULL)
    blas.wish_destroy(wish);
  return ok;
}

static void release(void *user) {
  state_t *s = user;
  if (s->desc != NULL)
    blas.desc_destroy(s->desc);
  if (s->a != NULL)
    blas.layout_destroy(s->a);
  if (s->b != NULL)
    blas.layout_destroy(s->b);
  if (s->d != NULL)
    blas.layout_destroy(s->d);
  scull_base_free(s);
}

static scull_status_t prepare(const scull_site_t *site, const scull_config_t *config,
                              const scull_device_t *device, scull_prepared_t *out,
                              scull_diag_t *diag) {
  const scull_site_value_t *y = scull_backend_site_input(site, 0, 1);
  scull_cuda_behind_t behind;
  size_t workspace =
      site->workspace > 0 && site->workspace < WORKSPACE ? site->workspace : WORKSPACE;
  (void)diag;
  if (device->self == NULL || absent() != NULL || scull_cuda_behind_of(site, &behind) != NULL)
    return SCULL_UNSUPPORTED;
  if (behind.residual != NULL && scull_backend_site_stored(behind.residual) !=
                                     scull_backend_site_stored(&site->values[site->outputs[0]]))
    return SCULL_UNSUPPORTED; /* x itself, added to a result of another type */
  state_t *s = scull_base_alloc(sizeof *s);
  if (s == NULL)
    return SCULL_OUT_OF_MEMORY;
  s->device = device->self;
  s->handle = handle_of(s->device);
  s->x_at = scull_cuda_input_at(site, site->ops[0].inputs[0]);
  s->y_at = y->is_constant ? -1 : scull_cuda_input_at(site, site->ops[0].inputs[1]);
  s->residual_at = behind.residual_at;
  s->has_bias = scull_backend_site_input(site, 0, 2) != NULL;
  s->bias_at = packed_operand(site, config);
  if (s->handle == NULL || !describe(s, site, config, &behind) ||
      !choose(s, config->knob[0], workspace)) {
    release(s);
    return SCULL_UNSUPPORTED;
  }
  out->state = s;
  out->scratch = s->workspace + 256;
  return SCULL_OK;
}

/* The bias is an attribute of the problem, which contexts do not share: each has its own state. */
static scull_status_t enqueue(void *user, const scull_args_t *args) {
  state_t *s = user;
  const float one = 1, zero = 0;
  const void *y = s->y_at < 0 ? args->packed : args->inputs[s->y_at];
  const void *residual = s->residual_at < 0 ? NULL : args->inputs[s->residual_at];
  const void *bias = s->has_bias ? (const char *)args->packed + s->bias_at : NULL;
  uintptr_t scratch = ((uintptr_t)args->scratch + 255) / 256 * 256;
  if (bias != NULL && !set_desc(s, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &bias, sizeof bias))
    return SCULL_DEVICE;
  scull_cuda_launch_t launch = scull_cuda_launch(args->stream, false);
  cublasStatus_t status = blas.matmul(
      s->handle, s->desc, &one, y, s->a, args->inputs[s->x_at], s->b,
      residual != NULL ? &one : &zero, residual != NULL ? residual : args->outputs[0], s->d,
      args->outputs[0], s->d, &s->algo, (void *)scratch, s->workspace, (cudaStream_t)launch.stream);
  return status == CUBLAS_STATUS_SUCCESS ? SCULL_OK : SCULL_DEVICE;
}

static const char *const anchors[] = {"matmul", NULL};
const scull_tactic_t scull_tactic_cuda_cublas_matmul = {.name = "cuda.matmul.cublas",
                                                        .version = 1,
                                                        .anchors = anchors,
                                                        .growth = SCULL_GROW_EPILOGUE,
                                                        .precisions = SCULL_CUDA_FLOATS,
                                                        .refuse = refuse,
                                                        .configs = configs,
                                                        .pack_size = pack_size,
                                                        .pack = pack,
                                                        .packs_alike = true,
                                                        .prepare = prepare,
                                                        .enqueue = enqueue,
                                                        .release = release};
