/* Builds a site by hand, computes it with the reference kernels, and runs a tactic on it in any
 * layout, as a slice or not, on any number of threads. For tests and benchmarks of kernels; header
 * only, so that every test program can use it. */
#ifndef SCULL_TESTS_KERNELS_HARNESS_H
#define SCULL_TESTS_KERNELS_HARNESS_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "backend/cpu/tactics.h"
#include "base/memory.h"
#include "ops/opdef.h"

enum { HARNESS_VALUES = 24, HARNESS_OPS = 8 };

typedef struct harness {
  scull_arena_t arena;
  scull_device_t *device;
  scull_site_t site;
  scull_site_value_t values[HARNESS_VALUES];
  scull_site_op_t ops[HARNESS_OPS];
  uint16_t lists[HARNESS_OPS][8];
  uint16_t inputs[HARNESS_VALUES], outputs[HARNESS_VALUES];
  void *data[HARNESS_VALUES]; /* row-major */
  uint32_t seed;
} harness_t;

static inline void harness_check(bool ok, const char *what) {
  if (!ok) {
    fprintf(stderr, "harness: %s\n", what);
    exit(1);
  }
}

static inline void harness_init(harness_t *h, scull_device_t *device, int threads) {
  memset(h, 0, sizeof *h);
  scull_base_arena_init(&h->arena);
  h->device = device;
  h->seed = 1;
  h->site = (scull_site_t){.ops = h->ops,
                           .values = h->values,
                           .inputs = h->inputs,
                           .outputs = h->outputs,
                           .threads = threads,
                           .workspace = SIZE_MAX};
}

static inline void harness_deinit(harness_t *h) {
  scull_base_arena_deinit(&h->arena);
}

static inline float harness_random(harness_t *h) { /* about -1 to 1 */
  h->seed = h->seed * 1664525u + 1013904223u;
  return (float)(h->seed >> 8) / 8388608.0f - 1.0f;
}

/* A value of known shape: an input of the site, or a constant; filled with seeded numbers. */
static inline uint16_t harness_value(harness_t *h, bool constant, int32_t rank,
                                     const int64_t *dims) {
  const uint16_t v = (uint16_t)h->site.value_count++;
  const scull_shape_t shape = scull_tensor_shape(rank, dims);
  const int64_t count = scull_tensor_count(&shape);
  float *data = scull_base_arena_alloc(&h->arena, (size_t)count * sizeof *data + 4096);
  harness_check(data != NULL, "memory");
  for (int64_t i = 0; i < count; i++)
    data[i] = harness_random(h);
  h->data[v] = data;
  h->values[v] = (scull_site_value_t){.dtype = SCULL_DTYPE_F32,
                                      .opt = shape,
                                      .min = shape,
                                      .max = shape,
                                      .data = constant ? data : NULL,
                                      .is_constant = constant};
  if (!constant)
    h->inputs[h->site.input_count++] = v;
  return v;
}

/* Adds an operator; `inputs` may hold SCULL_SITE_ABSENT. The result is returned; the last op's is
 * the site's output. Attributes as text: "pads=1,1 strides=2,2", or NULL. */
static inline uint16_t harness_op(harness_t *h, const char *name, const char *attrs, size_t count,
                                  const uint16_t *inputs) {
  const size_t i = h->site.op_count++;
  const scull_opdef_t *def = scull_ops_find(name);
  harness_check(def != NULL, name);
  void *set = scull_ops_attrs_create(&def->attrs, &h->arena);
  char text[256];
  snprintf(text, sizeof text, "%s", attrs == NULL ? "" : attrs);
  for (char *word = text, *next = NULL; *word != '\0'; word = next) {
    next = word + strcspn(word, " ");
    if (*next != '\0')
      *next++ = '\0';
    char *value = strchr(word, '=');
    harness_check(value != NULL, word);
    *value = '\0';
    harness_check(
        scull_ops_attrs_set(&def->attrs, set, word, value + 1, &h->arena, NULL) == SCULL_OK, word);
  }
  const uint16_t v = (uint16_t)h->site.value_count++;
  memcpy(h->lists[i], inputs, count * sizeof *inputs);
  h->lists[i][count] = v;
  h->values[v] = (scull_site_value_t){.dtype = SCULL_DTYPE_F32};
  h->ops[i] = (scull_site_op_t){.def = def,
                                .attrs = set,
                                .inputs = h->lists[i],
                                .input_count = count,
                                .outputs = h->lists[i] + count,
                                .output_count = 1};
  h->outputs[0] = v;
  h->site.output_count = 1;
  scull_diag_t diag;
  scull_base_diag_init(&diag, SCULL_SEVERITY_ERROR, NULL, NULL);
  if (scull_backend_site_infer(&h->site, &diag) != SCULL_OK)
    harness_check(false, scull_base_diag_first_error(&diag));
  scull_base_diag_deinit(&diag);
  h->values[v].min = h->values[v].max = h->values[v].opt;
  const size_t bytes = (size_t)scull_tensor_count(&h->values[v].opt) * sizeof(float);
  h->data[v] = scull_base_arena_alloc(&h->arena, bytes + 4096);
  harness_check(h->data[v] != NULL, "memory");
  return v;
}

/* All ops with their reference kernels, into h->data. */
static inline void harness_reference(harness_t *h) {
  for (size_t i = 0; i < h->site.op_count; i++) {
    scull_tensor_t in[8], out[1];
    scull_op_call_t call;
    harness_check(scull_backend_site_call(&h->site, i, in, 8, out, 8, &call), "operands");
    for (size_t k = 0; k < h->ops[i].input_count; k++) {
      if (h->ops[i].inputs[k] != SCULL_SITE_ABSENT)
        in[k].data = h->data[h->ops[i].inputs[k]];
    }
    out[0].data = h->data[h->ops[i].outputs[0]];
    call.scratch = call.def->scratch == NULL
                       ? NULL
                       : scull_base_arena_alloc(&h->arena, call.def->scratch(&call));
    harness_check(call.def->reference(&call) == SCULL_OK, call.def->name);
  }
}

static inline int64_t harness_block(scull_layout_t layout) {
  return layout == SCULL_LAYOUT_C16 ? 16 : layout == SCULL_LAYOUT_C8 ? 8 : 1;
}

/* Floats that the buffer of a value has in its layout, the whole tensor that it is a slice of. */
static inline int64_t harness_room(const scull_site_value_t *v) {
  scull_shape_t shape = v->opt;
  if (v->channel_total > 0)
    shape.dim[1] = v->channel_total;
  const int64_t block = harness_block(v->layout);
  if (block > 1)
    shape.dim[1] = (shape.dim[1] + block - 1) / block * block;
  return scull_tensor_count(&shape);
}

/* Where element `i` (row-major) of the value lies in the buffer of the whole tensor. */
static inline int64_t harness_at(const scull_site_value_t *v, int64_t i) {
  int64_t pixels = 1, channels = v->opt.rank > 1 ? v->opt.dim[1] : 1;
  for (int32_t d = 2; d < v->opt.rank; d++)
    pixels *= v->opt.dim[d];
  if (v->opt.rank < 2 || (v->layout == SCULL_LAYOUT_PLAIN && v->channel_total == 0))
    return i;
  const int64_t p = i % pixels, c = i / pixels % channels + v->channel_offset;
  const int64_t n = i / (pixels * channels);
  const int64_t total = v->channel_total > 0 ? v->channel_total : channels;
  if (v->layout == SCULL_LAYOUT_NHWC)
    return (n * pixels + p) * total + c;
  const int64_t block = harness_block(v->layout);
  if (block > 1)
    return ((n * ((total + block - 1) / block) + c / block) * pixels + p) * block + c % block;
  return (n * total + c) * pixels + p;
}

/* A tactic, ready to run: buffers in the layouts of a config. */
typedef struct harness_run {
  const scull_tactic_t *tactic;
  scull_prepared_t prepared;
  void *in[HARNESS_VALUES], *out[HARNESS_VALUES], *packed, *scratch;
  scull_args_t args;
  size_t input_count;
} harness_run_t;

static inline float *harness_buffer(int64_t floats) {
  float *p = scull_base_alloc((size_t)floats * sizeof *p + 64);
  harness_check(p != NULL, "memory");
  return p;
}

/* False when the tactic gives UNSUPPORTED in prepare. Slices are set in h->values before. */
static inline bool harness_prepare(harness_t *h, const scull_tactic_t *tactic,
                                   const scull_config_t *config, harness_run_t *run) {
  size_t bytes = 0;
  memset(run, 0, sizeof *run);
  run->tactic = tactic;
  scull_backend_config_apply(&h->site, config);
  if (tactic->pack_size != NULL) {
    harness_check(tactic->pack_size(&h->site, config, h->device, &bytes) == SCULL_OK, "pack_size");
    run->packed = scull_base_alloc_raw(bytes);
    harness_check(tactic->pack(&h->site, config, h->device, run->packed) == SCULL_OK, "pack");
  }
  scull_status_t status = tactic->prepare(&h->site, config, h->device, &run->prepared, NULL);
  if (status == SCULL_UNSUPPORTED) {
    scull_base_free(run->packed);
    return false;
  }
  harness_check(status == SCULL_OK, "prepare");
  run->scratch = scull_base_alloc_raw(run->prepared.scratch + 64);
  run->input_count = h->site.input_count;
  for (size_t i = 0; i < h->site.input_count; i++) {
    const scull_site_value_t *v = &h->values[h->inputs[i]];
    float *p = run->in[i] = harness_buffer(harness_room(v));
    const float *from = h->data[h->inputs[i]];
    for (int64_t k = 0; k < scull_tensor_count(&v->opt); k++)
      p[harness_at(v, k)] = from[k];
  }
  const scull_site_value_t *y = &h->values[h->outputs[0]];
  float *p = run->out[0] = harness_buffer(harness_room(y));
  for (int64_t k = 0; k < harness_room(y); k++)
    p[k] = -77777.0f;
  return true;
}

/* The first element of a value in the buffer of the whole tensor. */
static inline void *harness_start(const scull_site_value_t *v, void *buffer) {
  const size_t size = scull_tensor_dtype_size(scull_backend_site_stored(v));
  return (char *)buffer + (v->channel_total > 0 ? (size_t)harness_at(v, 0) * size : 0);
}

static inline void harness_enqueue(harness_t *h, harness_run_t *run) {
  const void *in[HARNESS_VALUES];
  void *out[1];
  for (size_t i = 0; i < run->input_count; i++) {
    scull_site_value_t v = h->values[h->inputs[i]];
    in[i] = harness_start(&v, run->in[i]);
  }
  const scull_site_value_t *y = &h->values[h->outputs[0]];
  out[0] = harness_start(y, run->out[0]);
  run->args =
      (scull_args_t){.inputs = in, .outputs = out, .packed = run->packed, .scratch = run->scratch};
  harness_check(run->tactic->enqueue(run->prepared.state, &run->args) == SCULL_OK, "enqueue");
}

/* The largest difference from the reference over the largest result; infinity when something
 * outside the slice was written or a padded channel is not zero. */
static inline double harness_error(const harness_t *h, const harness_run_t *run) {
  const uint16_t o = h->outputs[0];
  const scull_site_value_t *v = &h->values[o];
  const float *got = run->out[0], *want = h->data[o];
  const int64_t count = scull_tensor_count(&v->opt), room = harness_room(v);
  double worst = 0, range = 1e-30;
  unsigned char *seen = calloc((size_t)room + 1, 1);
  harness_check(seen != NULL, "memory");
  for (int64_t i = 0; i < count; i++) {
    const int64_t at = harness_at(v, i);
    const double d = fabs((double)got[at] - (double)want[i]);
    seen[at] = 1;
    worst = d > worst || isnan(d) ? d : worst;
    range = fabs((double)want[i]) > range ? fabs((double)want[i]) : range;
  }
  const float rest = v->channel_total > 0 ? -77777.0f : 0.0f;
  for (int64_t i = 0; i < room; i++) {
    if (seen[i] == 0 && (got[i] < rest || got[i] > rest))
      worst = INFINITY;
  }
  free(seen);
  return worst / range;
}

static inline void harness_release(harness_run_t *run) {
  run->tactic->release(run->prepared.state);
  for (size_t i = 0; i < run->input_count; i++)
    scull_base_free(run->in[i]);
  scull_base_free(run->out[0]);
  scull_base_free(run->packed);
  scull_base_free(run->scratch);
}

#endif
