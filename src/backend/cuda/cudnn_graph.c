/* cuDNN's backend interface: descriptors are made, filled and finalized one after the other; the
 * graph is convolution, residual add, bias, clamp. Of the plans that the heuristics offer those are
 * left out that compute f32 in fewer bits or that would be compiled now. */
#include "backend/cuda/cudnn_graph.h"

#include <cudnn.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/library.h"

enum { MAX_DEVICES = 16, MAX_NODES = 24, MAX_OFFERS = 24 };
enum { X = 1, W = 2, Y = 3, B = 4, Z = 5, V = 10 }; /* tensors of the graph; V and up: inner */

/* --- the library ------------------------------------------------------------------------------ */

static struct {
  pthread_once_t once;
  char why[256];
  pthread_mutex_t lock; /* of the handles: one run at a time sets the stream and enqueues */
  cudnnHandle_t handle[MAX_DEVICES];
  cudnnStatus_t (*create)(cudnnHandle_t *);
  cudnnStatus_t (*set_stream)(cudnnHandle_t, cudaStream_t);
  cudnnStatus_t (*descriptor)(cudnnBackendDescriptorType_t, cudnnBackendDescriptor_t *);
  cudnnStatus_t (*destroy)(cudnnBackendDescriptor_t);
  cudnnStatus_t (*finalize)(cudnnBackendDescriptor_t);
  cudnnStatus_t (*set)(cudnnBackendDescriptor_t, cudnnBackendAttributeName_t,
                       cudnnBackendAttributeType_t, int64_t, const void *);
  cudnnStatus_t (*get)(cudnnBackendDescriptor_t, cudnnBackendAttributeName_t,
                       cudnnBackendAttributeType_t, int64_t, int64_t *, void *);
  cudnnStatus_t (*execute)(cudnnHandle_t, cudnnBackendDescriptor_t, cudnnBackendDescriptor_t);
} dnn = {.once = PTHREAD_ONCE_INIT, .lock = PTHREAD_MUTEX_INITIALIZER};

static void load(void) {
  char words[200] = "";
  scull_library_t *library = scull_base_library_open_system("libcudnn.so.9", words, sizeof words);
  if (library == NULL) {
    snprintf(dnn.why, sizeof dnn.why, "needs cuDNN 9: %s", words);
    return;
  }
  if (!scull_base_library_find(library, "cudnnCreate", &dnn.create) ||
      !scull_base_library_find(library, "cudnnSetStream", &dnn.set_stream) ||
      !scull_base_library_find(library, "cudnnBackendCreateDescriptor", &dnn.descriptor) ||
      !scull_base_library_find(library, "cudnnBackendDestroyDescriptor", &dnn.destroy) ||
      !scull_base_library_find(library, "cudnnBackendFinalize", &dnn.finalize) ||
      !scull_base_library_find(library, "cudnnBackendSetAttribute", &dnn.set) ||
      !scull_base_library_find(library, "cudnnBackendGetAttribute", &dnn.get) ||
      !scull_base_library_find(library, "cudnnBackendExecute", &dnn.execute))
    snprintf(dnn.why, sizeof dnn.why, "needs cuDNN 9: libcudnn.so.9 lacks its backend interface");
}

const char *scull_cuda_cudnn_absent(void) {
  if (pthread_once(&dnn.once, load) != 0)
    return "needs cuDNN 9";
  return dnn.why[0] == '\0' ? NULL : dnn.why;
}

/* The device's handle, under the lock; NULL when there is none. */
static cudnnHandle_t handle_of(const scull_cuda_device_t *device) {
  if (device->index >= MAX_DEVICES)
    return NULL;
  scull_cuda_use(device);
  cudnnHandle_t *handle = &dnn.handle[device->index];
  if (*handle == NULL && dnn.create(handle) != CUDNN_STATUS_SUCCESS)
    *handle = NULL;
  return *handle;
}

/* --- descriptors ------------------------------------------------------------------------------ */

typedef cudnnBackendDescriptor_t node_t;

struct scull_cuda_cudnn_plan {
  const scull_cuda_device_t *device;
  node_t nodes[MAX_NODES]; /* of the graph, destroyed last */
  int count;
  node_t graph, plan;
  bool has_residual;
  int64_t workspace;
  bool failed; /* while it is made: something was refused */
};

/* A new descriptor of the graph, kept by the plan. */
static node_t begin(scull_cuda_cudnn_plan_t *p, cudnnBackendDescriptorType_t type) {
  node_t node = NULL;
  if (p->count == MAX_NODES || dnn.descriptor(type, &node) != CUDNN_STATUS_SUCCESS) {
    p->failed = true;
    return NULL;
  }
  p->nodes[p->count++] = node;
  return node;
}

static void put(scull_cuda_cudnn_plan_t *p, node_t node, cudnnBackendAttributeName_t name,
                cudnnBackendAttributeType_t type, int64_t count, const void *data) {
  if (!p->failed)
    p->failed = dnn.set(node, name, type, count, data) != CUDNN_STATUS_SUCCESS;
}

static void put_node(scull_cuda_cudnn_plan_t *p, node_t node, cudnnBackendAttributeName_t name,
                     node_t other) {
  put(p, node, name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &other);
}

static node_t end(scull_cuda_cudnn_plan_t *p, node_t node) {
  if (!p->failed)
    p->failed = dnn.finalize(node) != CUDNN_STATUS_SUCCESS;
  return node;
}

typedef struct {
  int64_t uid;
  cudnnDataType_t type;
  int64_t dim[4], step[4];
  bool inner;
} tensor_t;

static node_t tensor(scull_cuda_cudnn_plan_t *p, const tensor_t *t) {
  int64_t align = 16;
  node_t node = begin(p, CUDNN_BACKEND_TENSOR_DESCRIPTOR);
  put(p, node, CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, 1, &t->uid);
  put(p, node, CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &t->type);
  put(p, node, CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, CUDNN_TYPE_INT64, 1, &align);
  put(p, node, CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64, 4, t->dim);
  put(p, node, CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64, 4, t->step);
  put(p, node, CUDNN_ATTR_TENSOR_IS_VIRTUAL, CUDNN_TYPE_BOOLEAN, 1, &t->inner);
  return end(p, node);
}

static cudnnDataType_t type_of(const scull_site_value_t *v) {
  return scull_backend_site_stored(v) == SCULL_DTYPE_F16 ? CUDNN_DATA_HALF : CUDNN_DATA_FLOAT;
}

static tensor_t value_tensor(const scull_site_value_t *v, int64_t uid) {
  tensor_t t = {.uid = uid, .type = type_of(v)};
  scull_cuda_steps(v, t.step);
  for (int i = 0; i < 4; i++)
    t.dim[i] = v->opt.dim[i];
  return t;
}

/* Dense weights, channels where src has them. */
static tensor_t weights_tensor(const scull_cuda_cudnn_conv_t *c) {
  int64_t k = c->g.out_channels, each = c->g.in_channels / c->g.groups;
  int64_t r = c->g.window[0].kernel, s = c->g.window[1].kernel;
  tensor_t t = {.uid = W, .type = type_of(c->src), .dim = {k, each, r, s}};
  const int64_t last[4] = {r * s * each, 1, s * each, each}, first[4] = {each * r * s, r * s, s, 1};
  memcpy(t.step, c->src->layout == SCULL_LAYOUT_NHWC ? last : first, sizeof t.step);
  return t;
}

/* A result that stays inside, like y. */
static tensor_t inner_tensor(const scull_cuda_cudnn_conv_t *c, int64_t uid) {
  tensor_t t = value_tensor(c->dst, uid);
  t.type = CUDNN_DATA_FLOAT;
  t.inner = true;
  return t;
}

static node_t convolution(scull_cuda_cudnn_plan_t *p, const scull_cuda_cudnn_conv_t *c, node_t x,
                          node_t w, node_t y) {
  cudnnDataType_t compute = CUDNN_DATA_FLOAT;
  cudnnConvolutionMode_t mode = CUDNN_CROSS_CORRELATION;
  int64_t axes = 2, pre[2], post[2], stride[2], dilation[2];
  float one = 1, zero = 0;
  for (int i = 0; i < 2; i++) {
    const scull_window_t *v = &c->g.window[i];
    pre[i] = v->pad_begin, post[i] = v->pad_end, stride[i] = v->stride, dilation[i] = v->dilation;
  }
  node_t conv = begin(p, CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
  put(p, conv, CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &compute);
  put(p, conv, CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, 1, &mode);
  put(p, conv, CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, CUDNN_TYPE_INT64, 1, &axes);
  put(p, conv, CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, CUDNN_TYPE_INT64, 2, pre);
  put(p, conv, CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, CUDNN_TYPE_INT64, 2, post);
  put(p, conv, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, CUDNN_TYPE_INT64, 2, stride);
  put(p, conv, CUDNN_ATTR_CONVOLUTION_DILATIONS, CUDNN_TYPE_INT64, 2, dilation);
  end(p, conv);
  node_t op = begin(p, CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR);
  put_node(p, op, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, x);
  put_node(p, op, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, w);
  put_node(p, op, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y, y);
  put_node(p, op, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC, conv);
  put(p, op, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, CUDNN_TYPE_FLOAT, 1, &one);
  put(p, op, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA, CUDNN_TYPE_FLOAT, 1, &zero);
  return end(p, op);
}

/* y = x + b, or y = clamp(x) when b is NULL. */
static node_t pointwise(scull_cuda_cudnn_plan_t *p, const scull_cuda_cudnn_conv_t *c, node_t x,
                        node_t b, node_t y) {
  cudnnPointwiseMode_t mode = b != NULL ? CUDNN_POINTWISE_ADD : CUDNN_POINTWISE_RELU_FWD;
  cudnnDataType_t compute = CUDNN_DATA_FLOAT;
  double high = (double)c->hi;
  node_t what = begin(p, CUDNN_BACKEND_POINTWISE_DESCRIPTOR);
  put(p, what, CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE, 1, &mode);
  put(p, what, CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_TYPE_DATA_TYPE, 1, &compute);
  if (b == NULL && isfinite(c->hi))
    put(p, what, CUDNN_ATTR_POINTWISE_RELU_UPPER_CLIP, CUDNN_TYPE_DOUBLE, 1, &high);
  end(p, what);
  node_t op = begin(p, CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR);
  put_node(p, op, CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, what);
  put_node(p, op, CUDNN_ATTR_OPERATION_POINTWISE_XDESC, x);
  if (b != NULL)
    put_node(p, op, CUDNN_ATTR_OPERATION_POINTWISE_BDESC, b);
  put_node(p, op, CUDNN_ATTR_OPERATION_POINTWISE_YDESC, y);
  return end(p, op);
}

static void make_graph(scull_cuda_cudnn_plan_t *p, const scull_cuda_cudnn_conv_t *c,
                       cudnnHandle_t handle) {
  tensor_t x = value_tensor(c->src, X), y = value_tensor(c->dst, Y), w = weights_tensor(c);
  tensor_t bias = {.uid = B, .type = type_of(c->src), .dim = {1, c->g.out_channels, 1, 1}};
  bool clamps = c->lo == 0;
  node_t ops[4], flow = NULL;
  int n = 0;
  const int64_t bias_step[4] = {c->g.out_channels, 1, c->g.out_channels, c->g.out_channels};
  memcpy(bias.step, bias_step, sizeof bias.step);
  tensor_t v0 = inner_tensor(c, V), v1 = inner_tensor(c, V + 1), v2 = inner_tensor(c, V + 2);
  node_t b = tensor(p, &bias), out = tensor(p, &y);
  flow = tensor(p, &v0);
  ops[n++] = convolution(p, c, tensor(p, &x), tensor(p, &w), flow);
  if (c->residual != NULL) {
    tensor_t z = value_tensor(c->residual, Z);
    node_t next = tensor(p, &v1);
    ops[n++] = pointwise(p, c, flow, tensor(p, &z), next);
    flow = next;
  }
  node_t biased = clamps ? tensor(p, &v2) : out;
  ops[n++] = pointwise(p, c, flow, b, biased);
  if (clamps)
    ops[n++] = pointwise(p, c, biased, NULL, out);
  p->graph = begin(p, CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
  put(p, p->graph, CUDNN_ATTR_OPERATIONGRAPH_OPS, CUDNN_TYPE_BACKEND_DESCRIPTOR, n, ops);
  put(p, p->graph, CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, 1, &handle);
  end(p, p->graph);
}

/* --- plans ------------------------------------------------------------------------------------ */

/* True for engines that answer in fewer bits than asked for, or that must be compiled first. */
static bool is_unwanted(node_t engine, bool full) {
  cudnnBackendNumericalNote_t numbers[CUDNN_NUMERICAL_NOTE_TYPE_COUNT];
  cudnnBackendBehaviorNote_t ways[CUDNN_BEHAVIOR_NOTE_TYPE_COUNT];
  int64_t n = 0, m = 0;
  if (dnn.get(engine, CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE,
              CUDNN_NUMERICAL_NOTE_TYPE_COUNT, &n, numbers) != CUDNN_STATUS_SUCCESS ||
      dnn.get(engine, CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE, CUDNN_TYPE_BEHAVIOR_NOTE,
              CUDNN_BEHAVIOR_NOTE_TYPE_COUNT, &m, ways) != CUDNN_STATUS_SUCCESS)
    return true;
  for (int64_t i = 0; i < n; i++) {
    bool narrow = numbers[i] == CUDNN_NUMERICAL_NOTE_TENSOR_CORE ||
                  numbers[i] == CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS ||
                  numbers[i] == CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION ||
                  (numbers[i] >= CUDNN_NUMERICAL_NOTE_WINOGRAD &&
                   numbers[i] <= CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_13x13);
    if ((full && narrow) || numbers[i] == CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC)
      return true;
  }
  for (int64_t i = 0; i < m; i++) {
    if (ways[i] == CUDNN_BEHAVIOR_NOTE_RUNTIME_COMPILATION)
      return true;
  }
  return false;
}

static bool has_unwanted_engine(node_t config, bool full) {
  node_t engine = NULL;
  int64_t got = 0;
  if (dnn.descriptor(CUDNN_BACKEND_ENGINE_DESCRIPTOR, &engine) != CUDNN_STATUS_SUCCESS)
    return true;
  bool unwanted = dnn.get(config, CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1,
                          &got, &engine) != CUDNN_STATUS_SUCCESS ||
                  is_unwanted(engine, full);
  dnn.destroy(engine);
  return unwanted;
}

/* Finalizes a plan of the configuration; NULL when this device, or the limit, does not allow it. */
static node_t make_plan(node_t config, cudnnHandle_t handle, size_t limit, int64_t *workspace) {
  node_t plan = NULL;
  int64_t got = 0;
  if (dnn.descriptor(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR, &plan) != CUDNN_STATUS_SUCCESS)
    return NULL;
  bool ok = dnn.set(plan, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1,
                    &config) == CUDNN_STATUS_SUCCESS &&
            dnn.set(plan, CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, 1, &handle) ==
                CUDNN_STATUS_SUCCESS &&
            dnn.finalize(plan) == CUDNN_STATUS_SUCCESS &&
            dnn.get(plan, CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, CUDNN_TYPE_INT64, 1, &got,
                    workspace) == CUDNN_STATUS_SUCCESS &&
            (limit == 0 || (size_t)*workspace <= limit);
  if (ok)
    return plan;
  dnn.destroy(plan);
  return NULL;
}

/* Walks the heuristics' offers to the index-th that can run. */
static void choose(scull_cuda_cudnn_plan_t *p, cudnnBackendHeurMode_t mode, int *index, bool full,
                   size_t limit, cudnnHandle_t handle) {
  node_t heuristics = NULL, offers[MAX_OFFERS] = {NULL};
  int64_t count = 0;
  if (dnn.descriptor(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR, &heuristics) != CUDNN_STATUS_SUCCESS)
    return;
  bool ok = dnn.set(heuristics, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH,
                    CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &p->graph) == CUDNN_STATUS_SUCCESS &&
            dnn.set(heuristics, CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, 1, &mode) ==
                CUDNN_STATUS_SUCCESS &&
            dnn.finalize(heuristics) == CUDNN_STATUS_SUCCESS;
  for (int i = 0; ok && i < MAX_OFFERS; i++)
    ok = dnn.descriptor(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, &offers[i]) == CUDNN_STATUS_SUCCESS;
  ok = ok && dnn.get(heuristics, CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_TYPE_BACKEND_DESCRIPTOR,
                     MAX_OFFERS, &count, offers) == CUDNN_STATUS_SUCCESS;
  for (int64_t i = 0; ok && i < count && i < MAX_OFFERS && p->plan == NULL; i++) {
    if (has_unwanted_engine(offers[i], full))
      continue;
    node_t plan = make_plan(offers[i], handle, limit, &p->workspace);
    if (plan != NULL && (*index)-- == 0)
      p->plan = plan;
    else if (plan != NULL)
      dnn.destroy(plan);
  }
  for (int i = 0; i < MAX_OFFERS; i++) {
    if (offers[i] != NULL)
      dnn.destroy(offers[i]);
  }
  dnn.destroy(heuristics);
}

void scull_cuda_cudnn_plan_destroy(scull_cuda_cudnn_plan_t *plan) {
  if (plan == NULL)
    return;
  scull_cuda_use(plan->device);
  if (plan->plan != NULL)
    dnn.destroy(plan->plan);
  while (plan->count > 0)
    dnn.destroy(plan->nodes[--plan->count]);
  scull_base_free(plan);
}

scull_status_t scull_cuda_cudnn_plan_create(const scull_cuda_cudnn_conv_t *conv, int index,
                                            size_t workspace, const scull_cuda_device_t *device,
                                            scull_cuda_cudnn_plan_t **out) {
  bool full = scull_backend_site_stored(conv->src) == SCULL_DTYPE_F32 && !conv->tf32;
  *out = NULL;
  if (scull_cuda_cudnn_absent() != NULL)
    return SCULL_UNSUPPORTED;
  scull_cuda_cudnn_plan_t *p = scull_base_alloc(sizeof *p);
  if (p == NULL)
    return SCULL_OUT_OF_MEMORY;
  p->device = device;
  p->has_residual = conv->residual != NULL;
  pthread_mutex_lock(&dnn.lock);
  cudnnHandle_t handle = handle_of(device);
  if (handle != NULL)
    make_graph(p, conv, handle);
  if (handle != NULL && !p->failed) {
    choose(p, CUDNN_HEUR_MODE_A, &index, full, workspace, handle);
    if (p->plan == NULL)
      choose(p, CUDNN_HEUR_MODE_FALLBACK, &index, full, workspace, handle);
  }
  pthread_mutex_unlock(&dnn.lock);
  if (p->plan == NULL) {
    scull_cuda_cudnn_plan_destroy(p);
    return SCULL_UNSUPPORTED;
  }
  *out = p;
  return SCULL_OK;
}

size_t scull_cuda_cudnn_plan_workspace(const scull_cuda_cudnn_plan_t *plan) {
  return plan->workspace < 0 ? 0 : (size_t)plan->workspace;
}

scull_status_t scull_cuda_cudnn_plan_run(scull_cuda_cudnn_plan_t *plan, const void *src,
                                         const void *weights, const void *bias,
                                         const void *residual, void *dst, void *workspace,
                                         scull_stream_t *stream) {
  const int64_t uids[5] = {X, W, Y, B, Z};
  void *data[5] = {scull_base_unconst(src), scull_base_unconst(weights), dst,
                   scull_base_unconst(bias), scull_base_unconst(residual)};
  int64_t count = plan->has_residual ? 5 : 4;
  node_t pack = NULL;
  scull_cuda_launch_t launch = scull_cuda_launch(stream, false);
  if (dnn.descriptor(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR, &pack) != CUDNN_STATUS_SUCCESS)
    return SCULL_DEVICE;
  bool ok = dnn.set(pack, CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, count,
                    data) == CUDNN_STATUS_SUCCESS &&
            dnn.set(pack, CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, count, uids) ==
                CUDNN_STATUS_SUCCESS &&
            dnn.set(pack, CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, 1, &workspace) ==
                CUDNN_STATUS_SUCCESS &&
            dnn.finalize(pack) == CUDNN_STATUS_SUCCESS;
  pthread_mutex_lock(&dnn.lock);
  cudnnHandle_t handle = handle_of(plan->device);
  ok = ok && handle != NULL &&
       dnn.set_stream(handle, (cudaStream_t)launch.stream) == CUDNN_STATUS_SUCCESS &&
       dnn.execute(handle, plan->plan, pack) == CUDNN_STATUS_SUCCESS;
  pthread_mutex_unlock(&dnn.lock);
  dnn.destroy(pack);
  return ok ? SCULL_OK : SCULL_DEVICE;
}
