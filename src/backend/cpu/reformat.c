/* cpu.reformat: a tensor from one format into another: the identity operator whose source and
 * destination differ in layout or precision. Works for every dtype by element size; blocked
 * destinations get zeros in the padded channels. Whole tiles of 4-byte elements go through
 * registers (simd/transpose.c); where the precision changes, lines are widened to f32, turned and
 * narrowed. Floor: bytes read plus bytes written at memory speed. */
#include <string.h>

#include "backend/cpu/kernel.h"
#include "base/thread.h"

typedef struct {
  const scull_cpu_kernels_t *kernels; /* NULL: plain loops only */
  scull_layout_t src, dst;
  size_t size, dst_size; /* of an element */
  bool converts;
  scull_cpu_number_t from, to; /* when it converts */
  float src_scale, dst_scale;
  int64_t batch, channels, pixels;
  int threads;
} state_t;

static const char *refuse(const scull_site_t *site, const scull_device_t *device) {
  const scull_site_value_t *x = scull_backend_site_input(site, 0, 0);
  const scull_site_value_t *y = scull_backend_site_output(site, 0, 0);
  scull_cpu_number_t number;
  if (x->dtype != y->dtype)
    return "changes no type of the model";
  if (x->as != y->as && (!scull_cpu_number_of(x, &number) || !scull_cpu_number_of(y, &number)))
    return "has no kernel for this precision";
  if (x->as != y->as && scull_cpu_kernels_of(device) == NULL)
    return "needs AVX2";
  return x->channel_total > 0 || y->channel_total > 0 ? "does not write slices" : NULL;
}

static int64_t padded(scull_layout_t layout, int64_t channels) {
  int64_t block = scull_backend_layout_block(layout);
  return (channels + block - 1) / block * block;
}

/* Steps, in elements, of one channel and one pixel inside one picture; blocked layouts are channels
 * last inside a block. */
typedef struct {
  int64_t picture, block, block_step, channel, pixel;
} steps_t;

static steps_t steps_of(const state_t *s, scull_layout_t layout) {
  int64_t whole = padded(layout, s->channels) * s->pixels;
  switch (layout) {
  case SCULL_LAYOUT_NHWC: return (steps_t){whole, s->channels, 0, 1, s->channels};
  case SCULL_LAYOUT_C16: return (steps_t){whole, 16, 16 * s->pixels, 1, 16};
  case SCULL_LAYOUT_C8: return (steps_t){whole, 8, 8 * s->pixels, 1, 8};
  case SCULL_LAYOUT_PLAIN:
  case SCULL_LAYOUTS: break;
  }
  return (steps_t){whole, 1, s->pixels, 0, 1};
}

static int64_t offset_of(const steps_t *t, int64_t n, int64_t c, int64_t p) {
  return n * t->picture + c / t->block * t->block_step + c % t->block * t->channel + p * t->pixel;
}

typedef struct {
  const state_t *state;
  const char *src;
  char *dst;
} job_t;

/* A tile of 4-byte elements at element offsets a and b as a transpose; false when one side has
 * neither channels nor pixels in a line (C8), or both have the same. */
static bool turn_tile(const job_t *job, const steps_t *from, const steps_t *to, int64_t a,
                      int64_t b, int64_t channels, int64_t pixels) {
  const float *src = (const float *)(const void *)job->src + a;
  float *dst = (float *)(void *)job->dst + b;
  const bool src_line = from->channel == 1 && from->block != 8, src_plane = from->pixel == 1;
  const bool dst_line = to->channel == 1 && to->block != 8, dst_plane = to->pixel == 1;
  if (src_plane && dst_line)
    job->state->kernels->transpose_part(src, from->block_step, dst, to->pixel, channels, pixels);
  else if (src_line && dst_plane)
    job->state->kernels->transpose_part(src, from->pixel, dst, to->block_step, pixels, channels);
  else
    return false;
  return true;
}

/* A whole tile: lines of 16 channels, or a transpose. */
static bool move_whole_tile(const job_t *job, const steps_t *from, const steps_t *to, int64_t a,
                            int64_t b) {
  const float *src = (const float *)(const void *)job->src + a;
  float *dst = (float *)(void *)job->dst + b;
  const bool src_line = from->channel == 1 && from->block != 8, src_plane = from->pixel == 1;
  const bool dst_line = to->channel == 1 && to->block != 8, dst_plane = to->pixel == 1;
  if (src_line && dst_line) {
    for (int p = 0; p < 16; p++)
      memcpy(dst + p * to->pixel, src + p * from->pixel, 64);
  } else if (src_plane && dst_line) {
    job->state->kernels->transpose(src, from->block_step, dst, to->pixel);
  } else if (src_line && dst_plane) {
    job->state->kernels->transpose(src, from->pixel, dst, to->block_step);
  } else {
    return false;
  }
  return true;
}

enum { FEW = 80 }; /* elements below which single moves are faster than registers */

/* A tile of 16 channels x 16 pixels: both sides stay in L1 whichever of them is contiguous. */
static void move_tile(const job_t *job, const steps_t *from, const steps_t *to, int64_t n,
                      int64_t c0, int64_t p0) {
  const state_t *s = job->state;
  int64_t c1 = c0 + 16 < s->channels ? c0 + 16 : s->channels;
  int64_t p1 = p0 + 16 < s->pixels ? p0 + 16 : s->pixels;
  const bool fast = s->size == 4 && s->kernels != NULL;
  if (c1 - c0 == 16 && p1 - p0 == 16 && fast &&
      move_whole_tile(job, from, to, offset_of(from, n, c0, p0), offset_of(to, n, c0, p0)))
    return;
  if ((c1 - c0) * (p1 - p0) >= FEW && fast &&
      turn_tile(job, from, to, offset_of(from, n, c0, p0), offset_of(to, n, c0, p0), c1 - c0,
                p1 - p0))
    return;
  for (int64_t c = c0; c < c1; c++) {
    int64_t a = offset_of(from, n, c, p0), b = offset_of(to, n, c, p0);
    if (s->size == 4) {
      const uint32_t *src = (const uint32_t *)(const void *)job->src + a;
      uint32_t *dst = (uint32_t *)(void *)job->dst + b;
      for (int64_t p = p0; p < p1; p++, src += from->pixel, dst += to->pixel)
        *dst = *src;
      continue;
    }
    for (int64_t p = p0; p < p1; p++, a += from->pixel, b += to->pixel)
      memcpy(job->dst + (size_t)b * s->size, job->src + (size_t)a * s->size, s->size);
  }
}

/* --- with another precision ------------------------------------------------------------------- */

enum { LINE = 512 };

static void convert_line(const state_t *s, const char *src, char *dst, int64_t count) {
  _Alignas(64) float wide[LINE];
  for (int64_t i = 0; i < count; i += LINE) {
    const int64_t n = count - i < LINE ? count - i : LINE;
    s->kernels->widen(src + (size_t)i * s->size, s->from, s->src_scale, wide, n);
    s->kernels->narrow(wide, s->to, s->dst_scale, dst + (size_t)i * s->dst_size, n);
  }
}

/* Lines of a tile run along the channels or the pixels; false in C8, whose runs are too short. */
static bool lines_of(const steps_t *t, bool *along_channels) {
  *along_channels = t->channel == 1 && t->block != 8;
  return *along_channels || t->pixel == 1;
}

/* The tile [p][c] (along channels) or [c][p] as 16 x 16 floats. */
static void load_tile(const job_t *job, const steps_t *from, bool along, int64_t a, int64_t lines,
                      int64_t length, float *tile) {
  const state_t *s = job->state;
  const int64_t step = along ? from->pixel : from->block_step;
  for (int64_t i = 0; i < lines; i++)
    s->kernels->widen(job->src + (size_t)(a + i * step) * s->size, s->from, s->src_scale,
                      tile + 16 * i, length);
}

static void store_tile(const job_t *job, const steps_t *to, bool along, int64_t b, int64_t lines,
                       int64_t length, const float *tile) {
  const state_t *s = job->state;
  const int64_t step = along ? to->pixel : to->block_step;
  for (int64_t i = 0; i < lines; i++)
    s->kernels->narrow(tile + 16 * i, s->to, s->dst_scale,
                       job->dst + (size_t)(b + i * step) * s->dst_size, length);
}

static void convert_elements(const job_t *job, const steps_t *from, const steps_t *to, int64_t n,
                             int64_t c0, int64_t c1, int64_t p0, int64_t p1) {
  const state_t *s = job->state;
  for (int64_t c = c0; c < c1; c++) {
    for (int64_t p = p0; p < p1; p++)
      convert_line(s, job->src + (size_t)offset_of(from, n, c, p) * s->size,
                   job->dst + (size_t)offset_of(to, n, c, p) * s->dst_size, 1);
  }
}

static void convert_tile(const job_t *job, const steps_t *from, const steps_t *to, int64_t n,
                         int64_t c0, int64_t p0) {
  const state_t *s = job->state;
  const int64_t c1 = c0 + 16 < s->channels ? c0 + 16 : s->channels;
  const int64_t p1 = p0 + 16 < s->pixels ? p0 + 16 : s->pixels;
  const int64_t channels = c1 - c0, pixels = p1 - p0;
  const int64_t a = offset_of(from, n, c0, p0), b = offset_of(to, n, c0, p0);
  _Alignas(64) float tile[256] = {0}, turned[256];
  bool src_along, dst_along;
  if (!lines_of(from, &src_along) || !lines_of(to, &dst_along)) {
    convert_elements(job, from, to, n, c0, c1, p0, p1);
    return;
  }
  load_tile(job, from, src_along, a, src_along ? pixels : channels, src_along ? channels : pixels,
            tile);
  if (src_along != dst_along)
    s->kernels->transpose(tile, 16, turned, 16);
  store_tile(job, to, dst_along, b, dst_along ? pixels : channels, dst_along ? channels : pixels,
             src_along != dst_along ? turned : tile);
}

/* The padded channels of some pixels of a blocked destination: the end of the last block. */
static void zero_tail(const job_t *job, const steps_t *to, int64_t n, int64_t p0) {
  const state_t *s = job->state;
  const size_t bytes = (size_t)(padded(s->dst, s->channels) - s->channels) * s->dst_size;
  for (int64_t p = p0; bytes > 0 && p < p0 + 16 && p < s->pixels; p++)
    memset(job->dst + (size_t)offset_of(to, n, s->channels, p) * s->dst_size, 0, bytes);
}

static void move_pictures(void *user, int64_t begin, int64_t end, int thread) {
  const job_t *job = user;
  const state_t *s = job->state;
  steps_t from = steps_of(s, s->src), to = steps_of(s, s->dst);
  int64_t blocks = (s->pixels + 15) / 16;
  (void)thread;
  for (int64_t i = begin; i < end; i++) {
    int64_t n = i / blocks, p0 = i % blocks * 16;
    for (int64_t c0 = 0; c0 < s->channels; c0 += 16) {
      if (s->converts)
        convert_tile(job, &from, &to, n, c0, p0);
      else
        move_tile(job, &from, &to, n, c0, p0);
    }
    zero_tail(job, &to, n, p0);
  }
}

/* A row of elements that keep their order: units of LINE. */
static void convert_row(void *user, int64_t begin, int64_t end, int thread) {
  const job_t *job = user;
  const state_t *s = job->state;
  const int64_t first = begin * LINE, last = end * LINE < s->pixels ? end * LINE : s->pixels;
  (void)thread;
  convert_line(s, job->src + (size_t)first * s->size, job->dst + (size_t)first * s->dst_size,
               last - first);
}

/* True when both layouts hold the elements in one order, padding included. */
static bool keeps_order(const scull_site_value_t *x, const scull_site_value_t *y) {
  return x->layout == y->layout ||
         (x->as != y->as && scull_backend_layout_same(&x->opt, x->layout, y->layout));
}

static scull_status_t prepare(const scull_site_t *site, const scull_config_t *config,
                              const scull_device_t *device, scull_prepared_t *out,
                              scull_diag_t *diag) {
  (void)config;
  const scull_site_value_t *x = scull_backend_site_input(site, 0, 0);
  const scull_site_value_t *y = scull_backend_site_output(site, 0, 0);
  state_t *s = scull_base_alloc(sizeof *s);
  if (s == NULL)
    return scull_base_fail_memory(diag, "a reformat");
  *s = (state_t){.kernels = scull_cpu_kernels_of(device),
                 .src = x->layout,
                 .dst = y->layout,
                 .size = scull_tensor_dtype_size(scull_backend_site_stored(x)),
                 .dst_size = scull_tensor_dtype_size(scull_backend_site_stored(y)),
                 .converts = x->as != y->as,
                 .src_scale = scull_backend_site_scale(x),
                 .dst_scale = scull_backend_site_scale(y),
                 .threads = site->threads};
  if (s->converts && (s->kernels == NULL || !scull_cpu_number_of(x, &s->from) ||
                      !scull_cpu_number_of(y, &s->to))) {
    scull_base_free(s);
    return SCULL_UNSUPPORTED;
  }
  if (keeps_order(x, y)) { /* a copy */
    s->src = s->dst = SCULL_LAYOUT_PLAIN;
    s->batch = s->channels = 1;
    scull_type_t type = scull_backend_site_type(x, &x->opt);
    size_t bytes = 0;
    if (!scull_backend_layout_bytes(&type, x->layout, &bytes))
      bytes = 0;
    s->pixels = (int64_t)(bytes / s->size);
  } else {
    s->batch = x->opt.dim[0];
    s->channels = x->opt.dim[1];
    s->pixels = 1;
    for (int32_t i = 2; i < x->opt.rank; i++)
      s->pixels *= x->opt.dim[i];
  }
  *out = (scull_prepared_t){.state = s};
  return SCULL_OK;
}

static scull_status_t enqueue(void *state, const scull_args_t *args) {
  const state_t *s = state;
  job_t job = {.state = s, .src = args->inputs[0], .dst = args->outputs[0]};
  enum { SMALL = 64 * 1024 }; /* bytes below which a fork costs more than it brings */
  bool small = (size_t)(s->batch * s->channels * s->pixels) * s->size < SMALL;
  if (s->converts && s->batch == 1 && s->channels == 1)
    scull_base_parallel_for(small ? 1 : s->threads, (s->pixels + LINE - 1) / LINE, convert_row,
                            &job);
  else
    scull_base_parallel_for(small ? 1 : s->threads, s->batch * ((s->pixels + 15) / 16),
                            move_pictures, &job);
  return SCULL_OK;
}

static const char *const anchors[] = {"identity", NULL};

const scull_tactic_t scull_tactic_cpu_reformat = {.name = "cpu.reformat",
                                                  .version = 1,
                                                  .anchors = anchors,
                                                  .reformats = true,
                                                  .precisions =
                                                      1u << SCULL_AS_BF16 | 1u << SCULL_AS_INT8,
                                                  .refuse = refuse,
                                                  .prepare = prepare,
                                                  .enqueue = enqueue,
                                                  .release = scull_base_free};
