/* cpu.attention.rows: softmax(q k^T * scale + mask) v, a head a piece of work. Keys and values of
 * the head are packed once for the register tile of our products; then six queries at a time are
 * scored, normalized and multiplied while their scores stay in L1. Nothing of the size of all
 * scores is ever written.
 * Floor: the multiply-adds of both products; packing costs a tile's share, 1/6 or less of it. */
#include <string.h>

#include "backend/cpu/kernel.h"
#include "base/checked.h"
#include "base/thread.h"
#include "ops/attention.h"

enum { ROWS = SCULL_CPU_GEMM_ROWS, BLOCK = 16 };

typedef struct {
  const scull_cpu_kernels_t *kernels;
  int threads;
  int64_t heads, heads_a_batch, queries, keys, depth, width;
  int64_t keys_wide, width_wide; /* rounded up to whole blocks */
  int src[3], mask;              /* positions in args->inputs; mask: -1 when there is none */
  int64_t mask_step[4];          /* of batch, head, query, key; 0 where it broadcasts */
  float scale;
  size_t share; /* floats of scratch a thread */
} state_t;

static int64_t round_up(int64_t count) {
  return (count + BLOCK - 1) / BLOCK * BLOCK;
}

/* --- the tactic ------------------------------------------------------------------------------- */

static const char *refuse(const scull_site_t *site, const scull_device_t *device) {
  if (scull_cpu_kernels_of(device) == NULL)
    return "needs AVX2";
  for (size_t i = 0; i < site->value_count; i++) {
    const scull_site_value_t *v = &site->values[i];
    if (v->dtype != SCULL_DTYPE_F32)
      return "takes f32 only";
    if (v->is_constant || v->channel_total > 0)
      return "knows no constants and no slices";
  }
  return NULL;
}

static void read_mask(const scull_site_t *site, state_t *s) {
  const scull_site_value_t *mask = scull_backend_site_input(site, 0, 3);
  int64_t steps[SCULL_MAX_RANK] = {0};
  s->mask = -1;
  if (mask == NULL)
    return;
  s->mask = scull_cpu_input_position(site, site->ops[0].inputs[3]);
  scull_tensor_strides(&mask->opt, steps);
  for (int32_t i = 0; i < mask->opt.rank; i++)
    s->mask_step[4 - mask->opt.rank + i] = mask->opt.dim[i] == 1 ? 0 : steps[i];
}

/* Floats for packed keys and values, a tile of scores and one of results; false on overflow. */
static bool size_share(state_t *s) {
  size_t keys = 0, values = 0, tile = 0, all = 0;
  return scull_base_size_mul((size_t)s->depth, (size_t)s->keys_wide, &keys) &&
         scull_base_size_mul((size_t)s->keys, (size_t)s->width_wide, &values) &&
         scull_base_size_mul((size_t)(s->keys_wide + s->width_wide), ROWS, &tile) &&
         scull_base_size_add(keys, values, &all) && scull_base_size_add(all, tile, &s->share);
}

static scull_status_t prepare(const scull_site_t *site, const scull_config_t *config,
                              const scull_device_t *device, scull_prepared_t *out,
                              scull_diag_t *diag) {
  const scull_attention_attrs_t *attrs = site->ops[0].attrs;
  const scull_shape_t *q = &scull_backend_site_input(site, 0, 0)->opt;
  const scull_shape_t *v = &scull_backend_site_input(site, 0, 2)->opt;
  (void)config;
  state_t *s = scull_base_alloc(sizeof *s);
  if (s == NULL)
    return scull_base_fail_memory(diag, "an attention");
  *s = (state_t){.kernels = scull_cpu_kernels_of(device),
                 .threads = site->threads,
                 .heads = q->dim[0] * q->dim[1],
                 .heads_a_batch = q->dim[1],
                 .queries = q->dim[2],
                 .depth = q->dim[3],
                 .keys = v->dim[2],
                 .width = v->dim[3],
                 .keys_wide = round_up(v->dim[2]),
                 .width_wide = round_up(v->dim[3]),
                 .scale = (float)attrs->scale};
  for (size_t i = 0; i < 3; i++)
    s->src[i] = scull_cpu_input_position(site, site->ops[0].inputs[i]);
  read_mask(site, s);
  size_t bytes = 0;
  if (!size_share(s) || !scull_base_size_mul(s->share, sizeof(float), &bytes) ||
      !scull_base_size_mul(bytes, (size_t)s->threads, &bytes)) {
    scull_base_free(s);
    return SCULL_UNSUPPORTED;
  }
  *out = (scull_prepared_t){.state = s, .scratch = bytes};
  return SCULL_OK;
}

/* --- work ------------------------------------------------------------------------------------- */

/* A right operand as the tile wants it: panels of some blocks of 16 columns, rows one after the
 * other, zeros behind the last column. Element (row, column) stands at row * row_step + column *
 * column_step. */
static void pack(const state_t *s, const float *src, int64_t rows, int64_t columns,
                 int64_t row_step, int64_t column_step, float *dst) {
  const int64_t panel = (int64_t)s->kernels->columns * BLOCK, wide = round_up(columns);
  for (int64_t begin = 0; begin < wide; begin += panel) {
    const int64_t width = wide - begin < panel ? wide - begin : panel;
    const int64_t real = columns - begin < width ? columns - begin : width;
    for (int64_t r = 0; r < rows; r++, dst += width) {
      const float *from = src + r * row_step + begin * column_step;
      for (int64_t c = 0; c < real; c++)
        dst[c] = from[c * column_step];
      for (int64_t c = real; c < width; c++)
        dst[c] = 0;
    }
  }
}

/* dst[rows][columns] = a[rows][depth] b, b packed. */
static void multiply(const state_t *s, const float *a, int64_t a_row, int64_t depth, const float *b,
                     int64_t columns, float *dst, int rows) {
  const int64_t blocks = columns / BLOCK;
  for (int64_t at = 0; at < blocks; at += s->kernels->columns) {
    const int wide = (int)(blocks - at < s->kernels->columns ? blocks - at : s->kernels->columns);
    const scull_cpu_gemm_t g = {.a = a,
                                .a_row = a_row,
                                .segments = 1,
                                .depth = depth,
                                .b = b + at * BLOCK * depth,
                                .c = dst + at * BLOCK,
                                .c_row = columns,
                                .c_block = BLOCK};
    s->kernels->gemm_plain(rows, wide)(&g);
  }
}

static void scale_and_mask(const state_t *s, const float *mask, float *scores) {
  for (int64_t k = 0; k < s->keys; k++)
    scores[k] = scores[k] * s->scale + mask[k * s->mask_step[3]];
}

typedef struct {
  const state_t *state;
  const scull_args_t *args;
} job_t;

/* Up to six queries of one head. */
static void attend(const job_t *job, int64_t head, int64_t query, int rows, float *scratch) {
  const state_t *s = job->state;
  const float *q =
      (const float *)job->args->inputs[s->src[0]] + (head * s->queries + query) * s->depth;
  const float *keys = scratch, *values = keys + s->depth * s->keys_wide;
  float *scores = scratch + s->depth * s->keys_wide + s->keys * s->width_wide;
  float *result = scores + ROWS * s->keys_wide, sum[ROWS];
  multiply(s, q, s->depth, s->depth, keys, s->keys_wide, scores, rows);
  for (int r = 0; r < rows; r++) {
    float *row = scores + r * s->keys_wide;
    if (s->mask >= 0)
      scale_and_mask(s,
                     (const float *)job->args->inputs[s->mask] +
                         head / s->heads_a_batch * s->mask_step[0] +
                         head % s->heads_a_batch * s->mask_step[1] + (query + r) * s->mask_step[2],
                     row);
    sum[r] = s->kernels->exponentials(row, s->keys, s->mask >= 0 ? 1 : s->scale);
  }
  multiply(s, scores, s->keys_wide, s->keys, values, s->width_wide, result, rows);
  float *dst = (float *)job->args->outputs[0] + (head * s->queries + query) * s->width;
  for (int r = 0; r < rows; r++) {
    for (int64_t e = 0; e < s->width; e++)
      dst[r * s->width + e] = result[r * s->width_wide + e] / sum[r];
  }
}

static void run_heads(void *user, int64_t begin, int64_t end, int thread) {
  const job_t *job = user;
  const state_t *s = job->state;
  float *scratch = (float *)job->args->scratch + (size_t)thread * s->share;
  for (int64_t head = begin; head < end; head++) {
    const float *k = (const float *)job->args->inputs[s->src[1]] + head * s->keys * s->depth;
    const float *v = (const float *)job->args->inputs[s->src[2]] + head * s->keys * s->width;
    pack(s, k, s->depth, s->keys, 1, s->depth, scratch);
    pack(s, v, s->keys, s->width, s->width, 1, scratch + s->depth * s->keys_wide);
    for (int64_t query = 0; query < s->queries; query += ROWS) {
      const int64_t left = s->queries - query;
      attend(job, head, query, left < ROWS ? (int)left : ROWS, scratch);
    }
  }
}

static scull_status_t enqueue(void *state, const scull_args_t *args) {
  const state_t *s = state;
  job_t job = {.state = s, .args = args};
  if (s->keys == 0) /* nothing to attend to */
    memset(args->outputs[0], 0, (size_t)(s->heads * s->queries * s->width) * sizeof(float));
  else if (s->queries * s->width > 0)
    scull_base_parallel_for(s->threads, s->heads, run_heads, &job);
  return SCULL_OK;
}

static const char *const anchors[] = {"attention", NULL};

const scull_tactic_t scull_tactic_cpu_attention = {.name = "cpu.attention.rows",
                                                   .version = 1,
                                                   .anchors = anchors,
                                                   .refuse = refuse,
                                                   .prepare = prepare,
                                                   .enqueue = enqueue,
                                                   .release = scull_base_free};
