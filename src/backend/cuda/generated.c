/* cuda.generated: a chain of element-wise operators as a kernel of its own, written out and
 * compiled when it is prepared (NVRTC, found by name). It knows what the interpreter of
 * elementwise.cu must ask at every element: types, operators, what broadcasts; and moves 16 bytes
 * of the narrowest operand at a time. Kernels are kept for the process by their text, so that a
 * chain is compiled once. Offered for large results only: below, a launch is all that counts. */
#include <cuda_runtime_api.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "backend/cuda/chain.h"
#include "backend/cuda/tactics.h"
#include "base/hash.h"
#include "base/library.h"
#include "base/text.h"

enum { THREADS = 256, MOST_KERNELS = 256, LEAST_ELEMENTS = 1 << 16, MOST_EACH = 8 };

/* What a generated kernel gets; its text declares the same. */
typedef struct {
  const void *src[SCULL_CUDA_OPERANDS];
  void *dst;
  int32_t units; /* of `each` elements */
  int32_t dim[SCULL_CUDA_RANK], dst_step[SCULL_CUDA_RANK];
  int32_t step[SCULL_CUDA_OPERANDS][SCULL_CUDA_RANK]; /* all in elements; dim[last] in units */
} params_t;

typedef struct {
  scull_cuda_chain_t chain;
  params_t params;
  cudaKernel_t kernel; /* NULL: none for these extents or here; the interpreter does it */
} state_t;

/* --- NVRTC ------------------------------------------------------------------------------------ */

typedef void *program_t; /* an nvrtcProgram */

static struct {
  pthread_once_t once;
  char why[256];
  pthread_mutex_t lock; /* of the kernels */
  int (*create)(program_t *, const char *, const char *, int, const char *const *,
                const char *const *);
  int (*compile)(program_t, int, const char *const *);
  int (*size)(program_t, size_t *);
  int (*cubin)(program_t, char *);
  int (*destroy)(program_t *);
  size_t count;
  struct {
    scull_hash128_t text;
    int device;
    cudaKernel_t kernel;
  } kernels[MOST_KERNELS];
} rtc = {.once = PTHREAD_ONCE_INIT, .lock = PTHREAD_MUTEX_INITIALIZER};

static void load(void) {
  char words[200] = "", name[32];
  scull_library_t *library = NULL;
  snprintf(name, sizeof name, "libnvrtc.so.%d", CUDART_VERSION / 1000);
  library = scull_base_library_open_system(name, words, sizeof words);
  if (library == NULL)
    snprintf(rtc.why, sizeof rtc.why, "needs NVRTC: %s", words);
  else if (!scull_base_library_find(library, "nvrtcCreateProgram", &rtc.create) ||
           !scull_base_library_find(library, "nvrtcCompileProgram", &rtc.compile) ||
           !scull_base_library_find(library, "nvrtcGetCUBINSize", &rtc.size) ||
           !scull_base_library_find(library, "nvrtcGetCUBIN", &rtc.cubin) ||
           !scull_base_library_find(library, "nvrtcDestroyProgram", &rtc.destroy))
    snprintf(rtc.why, sizeof rtc.why, "needs NVRTC: %s lacks its functions", name);
}

/* The cubin of a text for the device's capability; NULL when it cannot be made. */
static char *compile(const char *text, uint32_t capability) {
  program_t program = NULL;
  char arch[40], *cubin = NULL;
  size_t size = 0;
  snprintf(arch, sizeof arch, "--gpu-architecture=sm_%u", (unsigned)capability);
  const char *const options[] = {arch, "--std=c++17"};
  if (rtc.create(&program, text, "chain.cu", 0, NULL, NULL) != 0)
    return NULL;
  if (rtc.compile(program, 2, options) == 0 && rtc.size(program, &size) == 0 && size > 0)
    cubin = scull_base_alloc(size);
  if (cubin != NULL && rtc.cubin(program, cubin) != 0) {
    scull_base_free(cubin);
    cubin = NULL;
  }
  rtc.destroy(&program);
  return cubin;
}

/* The kernel of a text, kept for the rest of the process. NULL when there can be none. */
static cudaKernel_t kernel_of(const char *text, const scull_device_t *device) {
  const scull_hash128_t hash = scull_base_hash128(text, strlen(text), 0);
  cudaLibrary_t library = NULL;
  cudaKernel_t kernel = NULL;
  pthread_mutex_lock(&rtc.lock);
  for (size_t i = 0; i < rtc.count && kernel == NULL; i++) {
    if (rtc.kernels[i].text.low == hash.low && rtc.kernels[i].text.high == hash.high &&
        rtc.kernels[i].device == device->index)
      kernel = rtc.kernels[i].kernel;
  }
  if (kernel == NULL && rtc.count < MOST_KERNELS) {
    const scull_cuda_device_t *self = scull_cuda_device_of(device);
    char *cubin = compile(text, self->capability);
    scull_cuda_use(self);
    if (cubin != NULL &&
        cudaLibraryLoadData(&library, cubin, NULL, NULL, 0, NULL, NULL, 0) == cudaSuccess &&
        cudaLibraryGetKernel(&kernel, library, "chain") == cudaSuccess) {
      rtc.kernels[rtc.count].text = hash;
      rtc.kernels[rtc.count].device = device->index;
      rtc.kernels[rtc.count++].kernel = kernel;
    } else {
      kernel = NULL;
    }
    scull_base_free(cubin);
    cudaGetLastError();
  }
  pthread_mutex_unlock(&rtc.lock);
  return kernel;
}

/* --- the text --------------------------------------------------------------------------------- */

static const char head[] =
    "typedef unsigned short u16; typedef unsigned char u8;\n"
    "__device__ __forceinline__ float from(float v) { return v; }\n"
    "struct half { u16 x; }; struct brain { u16 x; };\n"
    "__device__ __forceinline__ float from(half h) {\n"
    "  float v; asm(\"cvt.f32.f16 %0, %1;\" : \"=f\"(v) : \"h\"(h.x)); return v; }\n"
    "__device__ __forceinline__ float from(brain h) {\n"
    "  return __uint_as_float((unsigned)h.x << 16); }\n"
    "__device__ __forceinline__ float from(u8 v) { return v; }\n"
    "__device__ __forceinline__ void to(float v, float &o) { o = v; }\n"
    "__device__ __forceinline__ void to(float v, half &o) {\n"
    "  asm(\"cvt.rn.f16.f32 %0, %1;\" : \"=h\"(o.x) : \"f\"(v)); }\n"
    "__device__ __forceinline__ void to(float v, brain &o) {\n"
    "  asm(\"cvt.rn.bf16.f32 %0, %1;\" : \"=h\"(o.x) : \"f\"(v)); }\n"
    "__device__ __forceinline__ void to(float v, u8 &o) { o = (u8)v; }\n"
    "template <class T, int N> struct alignas(sizeof(T) * N) vec { T v[N]; };\n"
    "__device__ __forceinline__ float softplus(float v) {\n"
    "  return v > 0 ? v + log1pf(expf(-v)) : log1pf(expf(v)); }\n";

static const char *type_name(int type) {
  return type == SCULL_CUDA_E_F32    ? "float"
         : type == SCULL_CUDA_E_F16  ? "half"
         : type == SCULL_CUDA_E_BF16 ? "brain"
                                     : "u8";
}

static int type_size(int type) {
  return type == SCULL_CUDA_E_F32 ? 4 : type == SCULL_CUDA_E_U8 ? 1 : 2;
}

/* By code: v is what flows, w the other operand, P Q R the parameters. As activation.cuh has them.
 */
static const char *const formulas[SCULL_CUDA_DO_KINDS] = {
    [SCULL_CUDA_DO_COPY] = "v",
    [SCULL_CUDA_DO_CLIP] = "fminf(fmaxf(v, P), Q)",
    [SCULL_CUDA_DO_LEAKY] = "v < 0 ? P * v : v",
    [SCULL_CUDA_DO_LINEAR] = "fmaf(P, v, Q)",
    [SCULL_CUDA_DO_SIGMOID] = "1 / (1 + expf(-v))",
    [SCULL_CUDA_DO_SWISH] = "v / (1 + expf(-P * v))",
    [SCULL_CUDA_DO_TANH] = "tanhf(v)",
    [SCULL_CUDA_DO_EXP] = "expf(v)",
    [SCULL_CUDA_DO_LOG] = "logf(v)",
    [SCULL_CUDA_DO_SQRT] = "sqrtf(v)",
    [SCULL_CUDA_DO_RSQRT] = "1 / sqrtf(v)",
    [SCULL_CUDA_DO_RECIPROCAL] = "1 / v",
    [SCULL_CUDA_DO_ABS] = "fabsf(v)",
    [SCULL_CUDA_DO_NEG] = "-v",
    [SCULL_CUDA_DO_SQUARE] = "v * v",
    [SCULL_CUDA_DO_HARD_SIGMOID] = "fminf(fmaxf(fmaf(P, v, Q), 0.0f), 1.0f)",
    [SCULL_CUDA_DO_HARD_SWISH] = "v * fminf(fmaxf(v + P, 0.0f), Q) / R",
    [SCULL_CUDA_DO_ELU] = "v > 0 ? v : P * expm1f(v)",
    [SCULL_CUDA_DO_GELU] = "0.5f * v * (1 + erff(v * 0.70710678118654752f))",
    [SCULL_CUDA_DO_GELU_TANH] =
        "0.5f * v * (1 + tanhf(0.79788456080286536f * (v + 0.044715f * v * v * v)))",
    [SCULL_CUDA_DO_ERF] = "erff(v)",
    [SCULL_CUDA_DO_SOFTPLUS] = "P * v > Q ? v : softplus(P * v) / P",
    [SCULL_CUDA_DO_MISH] = "v * tanhf(v > P ? v : softplus(v))",
    [SCULL_CUDA_DO_FLOOR] = "floorf(v)",
    [SCULL_CUDA_DO_CEIL] = "ceilf(v)",
    [SCULL_CUDA_DO_ROUND] = "roundf(v)",
    [SCULL_CUDA_DO_SIGN] = "v > 0 ? 1.0f : v < 0 ? -1.0f : v",
    [SCULL_CUDA_DO_SIN] = "sinf(v)",
    [SCULL_CUDA_DO_COS] = "cosf(v)",
    [SCULL_CUDA_DO_NOT] = "v == 0",
    [SCULL_CUDA_DO_ADD] = "v + w",
    [SCULL_CUDA_DO_SUB] = "v - w",
    [SCULL_CUDA_DO_MUL] = "v * w",
    [SCULL_CUDA_DO_DIV] = "v / w",
    [SCULL_CUDA_DO_POW] = "powf(v, w)",
    [SCULL_CUDA_DO_MAX] = "fmaxf(v, w)",
    [SCULL_CUDA_DO_MIN] = "fminf(v, w)",
    [SCULL_CUDA_DO_EQUAL] = "v == w",
    [SCULL_CUDA_DO_NOT_EQUAL] = "v != w",
    [SCULL_CUDA_DO_LESS] = "v < w",
    [SCULL_CUDA_DO_LESS_EQUAL] = "v <= w",
    [SCULL_CUDA_DO_GREATER] = "v > w",
    [SCULL_CUDA_DO_GREATER_EQUAL] = "v >= w",
    [SCULL_CUDA_DO_AND] = "v != 0 && w != 0",
    [SCULL_CUDA_DO_OR] = "v != 0 || w != 0",
    [SCULL_CUDA_DO_XOR] = "(v != 0) != (w != 0)",
    [SCULL_CUDA_DO_PRELU] = "v < 0 ? w * v : v",
};

static void put_float(scull_text_t *text, const char *name, float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  scull_base_text_print(text, "    const float %s = __uint_as_float(0x%08xu);\n", name, bits);
}

static void put_step(scull_text_t *text, const scull_cuda_do_t *d) {
  static const char *const names[] = {"P", "Q", "R"};
  scull_base_text_print(text, "  {\n");
  for (int i = 0; i < 3; i++)
    put_float(text, names[i], d->p[i]);
  scull_base_text_print(text, "#pragma unroll\n    for (int i = 0; i < EACH; i++) {\n");
  const bool two = d->kind >= SCULL_CUDA_DO_BINARY;
  if (two)
    scull_base_text_print(text, "      const float o = from(a%d.v[i]);\n", d->operand);
  scull_base_text_print(text, "      const float v = %s, w = %s;\n",
                        two && d->swapped ? "o" : "t[i]",
                        !two         ? "0"
                        : d->swapped ? "t[i]"
                                     : "o");
  scull_base_text_print(text, "      t[i] = %s;\n    }\n  }\n", formulas[d->kind]);
}

/* An operand's elements: neighbours, or one for all. */
static void put_operand(scull_text_t *text, const scull_cuda_elementwise_t *e, int o) {
  const char *name = type_name(e->operand[o].type);
  if (e->operand[o].step[e->rank - 1] == 1)
    scull_base_text_print(
        text,
        "  const vec<%s, EACH> a%d = *(const vec<%s, EACH> *)((const %s *)p.src[%d] + at%d);\n",
        name, o, name, name, o, o);
  else
    scull_base_text_print(
        text,
        "  vec<%s, EACH> a%d;\n  a%d.v[0] = ((const %s *)p.src[%d])[at%d];\n"
        "#pragma unroll\n  for (int i = 1; i < EACH; i++)\n    a%d.v[i] = a%d.v[0];\n",
        name, o, o, name, o, o, o, o);
}

static void put_kernel(scull_text_t *text, const scull_cuda_elementwise_t *e, int each,
                       bool chains) {
  scull_base_text_print(text, "%senum { EACH = %d };\n", head, each);
  scull_base_text_print(text,
                        "struct params { const void *src[%d]; void *dst; int units, dim[%d], "
                        "dst_step[%d], step[%d][%d]; };\n",
                        SCULL_CUDA_OPERANDS, SCULL_CUDA_RANK, SCULL_CUDA_RANK, SCULL_CUDA_OPERANDS,
                        SCULL_CUDA_RANK);
  scull_base_text_print(
      text,
      "extern \"C\" __global__ void __launch_bounds__(%d)\n"
      "    chain(const __grid_constant__ params p) {\n%s"
      "  const unsigned unit = blockIdx.x * %d + threadIdx.x;\n"
      "  if (unit >= (unsigned)p.units)\n    return;\n  unsigned rest = unit;\n"
      "  long long to_ = 0",
      THREADS,
      chains ? "  asm volatile(\"griddepcontrol.launch_dependents;\" ::: \"memory\");\n"
               "  asm volatile(\"griddepcontrol.wait;\" ::: \"memory\");\n"
             : "",
      THREADS);
  for (int o = 0; o < e->operands; o++)
    scull_base_text_print(text, ", at%d = 0", o);
  scull_base_text_print(text, ";\n");
  for (int d = e->rank - 1; d >= 0; d--) {
    const char *scale = d == e->rank - 1 ? " * EACH" : "";
    if (d > 0)
      scull_base_text_print(text,
                            "  { const unsigned q = rest / (unsigned)p.dim[%d], r = (rest - q * "
                            "p.dim[%d])%s; rest = q;\n",
                            d, d, scale);
    else
      scull_base_text_print(text, "  { const unsigned r = rest%s;\n", scale);
    scull_base_text_print(text, "    to_ += (long long)r * p.dst_step[%d];\n", d);
    for (int o = 0; o < e->operands; o++) {
      if (e->operand[o].step[d] != 0)
        scull_base_text_print(text, "    at%d += (long long)r * p.step[%d][%d];\n", o, o, d);
    }
    scull_base_text_print(text, "  }\n");
  }
  for (int o = 0; o < e->operands; o++)
    put_operand(text, e, o);
  scull_base_text_print(text, "  float t[EACH];\n#pragma unroll\n  for (int i = 0; i < EACH; "
                              "i++)\n    t[i] = from(a0.v[i]);\n");
  for (int k = 0; k < e->length; k++)
    put_step(text, &e->chain[k]);
  scull_base_text_print(text,
                        "  vec<%s, EACH> y;\n#pragma unroll\n  for (int i = 0; i < EACH; i++)\n    "
                        "to(t[i], y.v[i]);\n"
                        "  *(vec<%s, EACH> *)((%s *)p.dst + to_) = y;\n}\n",
                        type_name(e->dst_type), type_name(e->dst_type), type_name(e->dst_type));
}

/* --- the tactic ------------------------------------------------------------------------------- */

/* How many neighbours a thread takes: 16 bytes of the narrowest, where all sides allow; 0: none. */
static int each_of(const scull_cuda_elementwise_t *e) {
  int last = e->rank - 1, size = type_size(e->dst_type), each;
  for (int o = 0; o < e->operands; o++)
    size = type_size(e->operand[o].type) < size ? type_size(e->operand[o].type) : size;
  each = 16 / size < MOST_EACH ? 16 / size : MOST_EACH;
  for (; each > 1; each /= 2) {
    bool even = e->dim[last] % each == 0 && e->dst_step[last] == 1;
    for (int d = 0; d < last; d++)
      even = even && e->dst_step[d] % each == 0;
    for (int o = 0; o < e->operands; o++) {
      even = even && e->operand[o].step[last] <= 1;
      for (int d = 0; d < last; d++)
        even = even && (e->operand[o].step[last] == 0 || e->operand[o].step[d] % each == 0);
    }
    if (even)
      return each;
  }
  return 0;
}

static const char *refuse(const scull_site_t *site, const scull_device_t *device) {
  const char *why = scull_cuda_chain_refuse(site);
  if (why != NULL)
    return why;
  if (scull_tensor_count(&site->values[site->outputs[0]].max) < LEAST_ELEMENTS)
    return "pays for large results only";
  if (device->features < 75)
    return "needs compute capability 7.5";
  if (pthread_once(&rtc.once, load) != 0)
    return "needs NVRTC";
  return rtc.why[0] == '\0' ? NULL : rtc.why;
}

static size_t configs(const scull_site_t *site, const scull_device_t *device, scull_config_t *out,
                      size_t room) {
  (void)device;
  return scull_cuda_same_layouts(site, out, room);
}

static scull_status_t pack_size(const scull_site_t *site, const scull_config_t *config,
                                const scull_device_t *device, size_t *bytes) {
  return scull_tactic_cuda_elementwise.pack_size(site, config, device, bytes);
}

static scull_status_t pack(const scull_site_t *site, const scull_config_t *config,
                           const scull_device_t *device, void *dst) {
  return scull_tactic_cuda_elementwise.pack(site, config, device, dst);
}

static uint32_t alias(const scull_site_t *site, const scull_config_t *config) {
  return scull_tactic_cuda_elementwise.alias(site, config);
}

static scull_status_t prepare(const scull_site_t *site, const scull_config_t *config,
                              const scull_device_t *device, scull_prepared_t *out,
                              scull_diag_t *diag) {
  state_t s;
  scull_text_t text = {0};
  (void)config;
  (void)diag;
  memset(&s, 0, sizeof s);
  SCULL_TRY(scull_cuda_chain_read(site, &s.chain));
  const scull_cuda_elementwise_t *e = &s.chain.e;
  const int each = each_of(e);
  if (each == 0 || pthread_once(&rtc.once, load) != 0 || rtc.why[0] != '\0')
    return scull_cuda_keep(&s, sizeof s, out);
  for (int d = 0; d < e->rank; d++) {
    s.params.dim[d] = d == e->rank - 1 ? e->dim[d] / each : e->dim[d];
    s.params.dst_step[d] = e->dst_step[d];
    for (int o = 0; o < e->operands; o++)
      s.params.step[o][d] = e->operand[o].step[d];
  }
  s.params.units = e->count / each;
  put_kernel(&text, e, each, scull_cuda_device_of(device)->chains);
  const bool written = !text.failed;
  if (written)
    s.kernel = kernel_of(scull_base_text_get(&text), device);
  scull_base_text_deinit(&text);
  return written ? scull_cuda_keep(&s, sizeof s, out) : SCULL_OUT_OF_MEMORY;
}

/* Slices may begin anywhere. */
static bool is_aligned(const scull_cuda_elementwise_t *e) {
  uintptr_t all = (uintptr_t)e->dst;
  for (int o = 0; o < e->operands; o++)
    all |= (uintptr_t)e->operand[o].data;
  return all % 16 == 0;
}

static scull_status_t enqueue(void *user, const scull_args_t *args) {
  state_t *s = user;
  const scull_cuda_elementwise_t e = scull_cuda_chain_bind(&s->chain, args);
  scull_cuda_launch_t launch = scull_cuda_launch(args->stream, true);
  if (s->kernel == NULL || !is_aligned(&e))
    return scull_cuda_status(scull_cuda_elementwise_enqueue(&e, launch.chained, launch.stream));
  params_t params = s->params;
  for (int o = 0; o < e.operands; o++)
    params.src[o] = e.operand[o].data;
  params.dst = e.dst;
  if (params.units == 0)
    return SCULL_OK;
  void *list[] = {&params};
  cudaLaunchAttribute chained = {.id = cudaLaunchAttributeProgrammaticStreamSerialization,
                                 .val.programmaticStreamSerializationAllowed = 1};
  cudaLaunchConfig_t how = {.gridDim = {((unsigned)params.units + THREADS - 1) / THREADS, 1, 1},
                            .blockDim = {THREADS, 1, 1},
                            .stream = launch.stream,
                            .attrs = &chained,
                            .numAttrs = launch.chained ? 1 : 0};
  return scull_cuda_status(cudaLaunchKernelExC(&how, (const void *)s->kernel, list));
}

const scull_tactic_t scull_tactic_cuda_generated = {.name = "cuda.generated",
                                                    .version = 1,
                                                    .traits = SCULL_OP_UNARY | SCULL_OP_BINARY,
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
