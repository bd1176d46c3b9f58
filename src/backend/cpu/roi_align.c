/* cpu.roi_align: the mean of a bin's samples as one weighted sum of pixels. Samples stand on a
 * grid, so the weight of a pixel is that of its row times that of its column, and both are worked
 * out once a region; the sum then runs over channels, which lie innermost. Pictures that come in
 * planes are turned first. Floor: the pixels under a bin, read once a bin. */
#include <string.h>

#include "backend/cpu/kernel.h"
#include "base/checked.h"
#include "base/thread.h"
#include "ops/roi_align.h"

enum { X, ROIS, BESIDE, TILE = 16 };

typedef struct {
  const scull_cpu_kernels_t *kernels;
  scull_roi_align_attrs_t attrs;
  scull_tensor_t inputs[3]; /* types; their bytes come with a run */
  int src[3];               /* positions in args->inputs; -1: absent */
  bool turned;              /* the pictures come with channels innermost */
  int threads;
  int64_t channels, height, width, regions;
  size_t spans, weights; /* of a thread's share */
  size_t share;          /* bytes */
} state_t;

static const char *refuse(const scull_site_t *site, const scull_device_t *device) {
  const scull_roi_align_attrs_t *attrs = site->ops[0].attrs;
  if (attrs->largest)
    return "takes means only";
  for (size_t i = 0; i < site->value_count; i++) {
    const scull_site_value_t *v = &site->values[i];
    if (v->is_constant || v->channel_total > 0)
      return "knows no constants and no slices";
  }
  if (scull_backend_site_input(site, 0, X)->dtype != SCULL_DTYPE_F32 ||
      scull_backend_site_input(site, 0, ROIS)->dtype != SCULL_DTYPE_F32)
    return "computes in f32 only";
  return scull_cpu_kernels_of(device) == NULL ? "needs AVX2" : NULL;
}

static size_t configs(const scull_site_t *site, const scull_device_t *device, scull_config_t *out,
                      size_t room) {
  (void)site;
  (void)device;
  if (room < 2)
    return 0;
  out[0] = (scull_config_t){.src = SCULL_LAYOUT_NHWC};
  out[1] = (scull_config_t){.src = SCULL_LAYOUT_PLAIN};
  return 2;
}

/* What a bin takes along one axis: elements [first, first + count) with these weights. */
typedef struct {
  const float *weight;
  int64_t first, count;
} span_t;

/* Bytes in whole cache lines. */
static size_t lines_of(size_t bytes) {
  return (bytes + 63) / 64 * 64;
}

/* Adds count * size to *sum, in whole cache lines. */
static bool add_items(size_t *sum, size_t count, size_t size) {
  size_t bytes = 0, room = 0;
  return scull_base_size_mul(count, size, &bytes) && scull_base_size_add(bytes, 63, &room) &&
         scull_base_size_add(*sum, lines_of(bytes), sum);
}

/* A share of each thread: spans and weights of rows and columns, the bins of a region; then the
 * picture of each region, and the pictures with channels innermost. */
static bool size_scratch(state_t *s, size_t *bytes) {
  const size_t high = (size_t)s->attrs.height, wide = (size_t)s->attrs.width;
  size_t down = 0, along = 0, bins = 0;
  return scull_base_size_mul(high, (size_t)s->height, &down) &&
         scull_base_size_mul(wide, (size_t)s->width, &along) &&
         scull_base_size_add(down, along, &s->weights) && scull_base_size_mul(high, wide, &bins) &&
         scull_base_size_mul(bins, (size_t)s->channels, &bins) &&
         scull_base_size_add(high, wide, &s->spans) &&
         add_items(&s->share, s->spans, sizeof(span_t)) &&
         add_items(&s->share, s->weights, sizeof(float)) &&
         add_items(&s->share, bins, sizeof(float)) &&
         add_items(bytes, (size_t)s->threads, s->share) &&
         add_items(bytes, (size_t)s->regions, sizeof(int64_t)) &&
         (s->turned ||
          add_items(bytes, (size_t)scull_tensor_count(&s->inputs[X].type.shape), sizeof(float)));
}

static scull_status_t prepare(const scull_site_t *site, const scull_config_t *config,
                              const scull_device_t *device, scull_prepared_t *out,
                              scull_diag_t *diag) {
  const scull_site_op_t *op = &site->ops[0];
  (void)config;
  state_t *s = scull_base_alloc(sizeof *s);
  if (s == NULL)
    return scull_base_fail_memory(diag, "a pooling of regions");
  *s = (state_t){.kernels = scull_cpu_kernels_of(device),
                 .attrs = *(const scull_roi_align_attrs_t *)op->attrs,
                 .threads = site->threads};
  for (size_t i = 0; i < 3; i++) {
    const scull_site_value_t *v = scull_backend_site_input(site, 0, i);
    s->src[i] = v == NULL ? -1 : scull_cpu_input_position(site, op->inputs[i]);
    if (v != NULL)
      s->inputs[i].type = (scull_type_t){v->dtype, v->opt};
  }
  const scull_shape_t *x = &s->inputs[X].type.shape;
  s->turned = scull_backend_site_input(site, 0, X)->layout == SCULL_LAYOUT_NHWC;
  s->channels = x->dim[1];
  s->height = x->dim[2];
  s->width = x->dim[3];
  s->regions = s->inputs[ROIS].type.shape.dim[0];
  size_t bytes = 0;
  if (!size_scratch(s, &bytes)) {
    scull_base_free(s);
    return SCULL_UNSUPPORTED;
  }
  *out = (scull_prepared_t){.state = s, .scratch = bytes};
  return SCULL_OK;
}

/* --- work ------------------------------------------------------------------------------------- */

typedef struct {
  const state_t *state;
  const float *planes, *pictures; /* as they come; with channels innermost */
  const float *rois;
  const int64_t *whose;
  float *turned, *dst;
  char *shares;
} job_t;

/* dst[x * rows + y] = src[y * columns + x], in tiles. */
static void turn(const scull_cpu_kernels_t *kernels, const float *src, int64_t rows,
                 int64_t columns, float *dst) {
  for (int64_t y = 0; y < rows; y += TILE)
    for (int64_t x = 0; x < columns; x += TILE)
      kernels->transpose_part(src + y * columns + x, columns, dst + x * rows + y, rows,
                              rows - y < TILE ? rows - y : TILE,
                              columns - x < TILE ? columns - x : TILE);
}

static int64_t bands_of(const state_t *s) {
  return (s->height * s->width + TILE - 1) / TILE;
}

/* Bands of 16 pixels of the planes. */
static void turn_bands(void *user, int64_t begin, int64_t end, int thread) {
  const job_t *job = user;
  const state_t *s = job->state;
  const int64_t pixels = s->height * s->width;
  (void)thread;
  for (int64_t i = begin; i < end; i++) {
    const int64_t picture = i / bands_of(s), p = i % bands_of(s) * TILE;
    const float *from = job->planes + picture * s->channels * pixels + p;
    float *to = job->turned + (picture * pixels + p) * s->channels;
    for (int64_t c = 0; c < s->channels; c += TILE)
      s->kernels->transpose_part(from + c * pixels, pixels, to + c, s->channels,
                                 s->channels - c < TILE ? s->channels - c : TILE,
                                 pixels - p < TILE ? pixels - p : TILE);
  }
}

/* Fills `weight`, one number for each of `extent` elements. */
static span_t weigh(const scull_roi_side_t *side, int64_t bin, int64_t extent, float *weight) {
  int64_t low = extent, high = -1;
  memset(weight, 0, (size_t)extent * sizeof *weight);
  for (int64_t i = 0; i < side->samples; i++) {
    const double share = 1 / (double)side->samples;
    double at = side->begin + side->bin * ((double)bin + ((double)i + 0.5) / (double)side->samples);
    if (!(at >= -1 && at <= (double)extent))
      continue;
    at = at < 0 ? 0 : at > (double)(extent - 1) ? (double)(extent - 1) : at;
    const int64_t here = (int64_t)at, next = here + 1 < extent ? here + 1 : here;
    weight[here] += (float)(share * (1 - (at - (double)here)));
    weight[next] += (float)(share * (at - (double)here));
    low = here < low ? here : low;
    high = next > high ? next : high;
  }
  return high < low ? (span_t){weight, 0, 0} : (span_t){weight + low, low, high - low + 1};
}

/* Rows, then columns. */
static void weigh_all(const state_t *s, const float *roi, span_t *spans, float *weights) {
  const int64_t high = s->attrs.height, wide = s->attrs.width;
  const scull_roi_side_t rows = scull_ops_roi_side(&s->attrs, (double)roi[1], (double)roi[3], high);
  const scull_roi_side_t columns =
      scull_ops_roi_side(&s->attrs, (double)roi[0], (double)roi[2], wide);
  for (int64_t i = 0; i < high; i++, weights += s->height)
    spans[i] = weigh(&rows, i, s->height, weights);
  for (int64_t i = 0; i < wide; i++, weights += s->width)
    spans[high + i] = weigh(&columns, i, s->width, weights);
}

static void pool_region(const job_t *job, int64_t r, char *share) {
  const state_t *s = job->state;
  const int64_t high = s->attrs.height, wide = s->attrs.width, channels = s->channels;
  span_t *spans = (span_t *)(void *)share;
  float *weights = (float *)(void *)(share + lines_of(s->spans * sizeof *spans));
  float *pooled = (float *)(void *)((char *)weights + lines_of(s->weights * sizeof *weights));
  const float *picture = job->pictures + job->whose[r] * s->height * s->width * channels;
  weigh_all(s, job->rois + 4 * r, spans, weights);
  for (int64_t i = 0; i < high * wide; i++) {
    const span_t *down = &spans[i / wide], *along = &spans[high + i % wide];
    const scull_cpu_window_t window = {.src = picture +
                                              (down->first * s->width + along->first) * channels,
                                       .down = down->weight,
                                       .along = along->weight,
                                       .row = s->width * channels,
                                       .pixel = channels,
                                       .rows = down->count,
                                       .columns = along->count,
                                       .count = channels,
                                       .dst = pooled + i * channels};
    s->kernels->window(&window);
  }
  turn(s->kernels, pooled, high * wide, channels, job->dst + r * channels * high * wide);
}

static void pool_regions(void *user, int64_t begin, int64_t end, int thread) {
  const job_t *job = user;
  for (int64_t r = begin; r < end; r++)
    pool_region(job, r, job->shares + (size_t)thread * job->state->share);
}

/* Which picture each region is of. What says so may be nonsense, always so when it is timed:
 * regions of no picture are taken for the last one's. */
static void find_pictures(const state_t *s, const scull_args_t *args, int64_t *whose) {
  const int64_t last = s->inputs[X].type.shape.dim[0] - 1;
  scull_tensor_t inputs[3];
  memcpy(inputs, s->inputs, sizeof inputs);
  for (size_t i = 0; i < 3; i++)
    inputs[i].data = s->src[i] < 0 ? NULL : (void *)(uintptr_t)args->inputs[s->src[i]];
  const scull_op_call_t call = {.def = &scull_opdef_roi_align,
                                .attrs = &s->attrs,
                                .inputs = inputs,
                                .input_count = s->src[BESIDE] < 0 ? 2 : 3};
  scull_regions_t walk = {.call = &call, .kind = s->attrs.regions};
  bool known = last > 0; /* else there is one picture only */
  for (int64_t r = 0; r < s->regions; r++) {
    known = known && scull_ops_regions_next(&walk, r, &whose[r]) == SCULL_OK;
    if (!known)
      whose[r] = last;
  }
}

static scull_status_t enqueue(void *state, const scull_args_t *args) {
  const state_t *s = state;
  const scull_shape_t *x = &s->inputs[X].type.shape;
  char *shares = args->scratch, *lists = shares + (size_t)s->threads * s->share;
  int64_t *whose = (int64_t *)(void *)lists;
  job_t job = {.state = s,
               .planes = args->inputs[s->src[X]],
               .pictures = args->inputs[s->src[X]],
               .rois = args->inputs[s->src[ROIS]],
               .whose = whose,
               .shares = shares,
               .dst = args->outputs[0]};
  find_pictures(s, args, whose);
  if (!s->turned) {
    job.turned = (float *)(void *)(lists + lines_of((size_t)s->regions * sizeof *whose));
    job.pictures = job.turned;
    scull_base_parallel_for(s->threads, x->dim[0] * bands_of(s), turn_bands, &job);
  }
  scull_base_parallel_for(s->threads, s->regions, pool_regions, &job);
  return SCULL_OK;
}

static const char *const anchors[] = {"roi_align", NULL};

const scull_tactic_t scull_tactic_cpu_roi_align = {.name = "cpu.roi_align",
                                                   .version = 1,
                                                   .anchors = anchors,
                                                   .refuse = refuse,
                                                   .configs = configs,
                                                   .prepare = prepare,
                                                   .enqueue = enqueue,
                                                   .release = scull_base_free};
