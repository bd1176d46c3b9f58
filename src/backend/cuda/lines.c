/* cuda.top_k, cuda.arg, cuda.cumsum: what works along one axis (lines.cu). */
#include "backend/cuda/lines.h"

#include "backend/cuda/common.h"
#include "backend/cuda/tactics.h"
#include "ops/arg.h"
#include "ops/cumsum.h"
#include "ops/top_k.h"

/* Every tactic here: a whole tensor that a run computes, of an element type that can be compared.
 */
static const char *refuse_x(const scull_site_t *site, bool integers) {
  const scull_site_value_t *x = scull_backend_site_input(site, 0, 0);
  int type = scull_cuda_element(x->dtype);
  bool sliced = false;
  for (size_t i = 0; i < site->output_count; i++)
    sliced = sliced || site->values[site->outputs[i]].channel_total > 0;
  if (x->is_constant || sliced)
    return "needs a tensor that a run computes, and writes whole ones";
  if (type > SCULL_CUDA_E_BF16 && !(integers && (x->dtype == SCULL_DTYPE_I32)))
    return integers ? "compares floats and i32" : "computes in floats";
  return scull_cuda_refuse_values(site);
}

static size_t configs(const scull_site_t *site, const scull_device_t *device, scull_config_t *out,
                      size_t room) {
  (void)device;
  out[0] = (scull_config_t){0};
  return scull_cuda_add_floats(site, out, 1, room, false);
}

static bool lines_of(const scull_site_t *site, int64_t axis, scull_cuda_lines_t *l) {
  const scull_site_value_t *x = scull_backend_site_input(site, 0, 0);
  scull_dtype_t stored = scull_backend_site_stored(x);
  int32_t along = 0;
  *l = (scull_cuda_lines_t){.outer = 1, .extent = 1, .inner = 1};
  l->type = stored == SCULL_DTYPE_I32 ? SCULL_CUDA_E_I32 : scull_cuda_element(stored);
  if (x->opt.rank > 0 && !scull_tensor_axis(axis, x->opt.rank, &along))
    return false;
  for (int32_t i = 0; i < x->opt.rank; i++)
    *(i < along ? &l->outer : i > along ? &l->inner : &l->extent) *= (int32_t)x->opt.dim[i];
  return true;
}

/* --- top_k ------------------------------------------------------------------------------------ */

static const char *refuse_top(const scull_site_t *site, const scull_device_t *device) {
  const scull_top_k_attrs_t *attrs = site->ops[0].attrs;
  const scull_site_value_t *x = scull_backend_site_input(site, 0, 0);
  const scull_site_value_t *k = scull_backend_site_input(site, 0, 1);
  int32_t axis = 0;
  (void)device;
  if (site->output_count != 2)
    return "gives values and indices";
  if (k != NULL && !k->is_constant)
    return "must know k";
  if (x->opt.rank > 0 && (!scull_tensor_axis(attrs->axis, x->opt.rank, &axis) ||
                          x->max.dim[axis] > SCULL_CUDA_TOP_MOST))
    return "sorts lines of 16384 at most";
  return refuse_x(site, true);
}

static scull_status_t prepare_top(const scull_site_t *site, const scull_config_t *config,
                                  const scull_device_t *device, scull_prepared_t *out,
                                  scull_diag_t *diag) {
  const scull_top_k_attrs_t *attrs = site->ops[0].attrs;
  const scull_site_value_t *y = &site->values[site->outputs[0]];
  scull_cuda_lines_t l;
  (void)config;
  (void)device;
  (void)diag;
  if (!lines_of(site, attrs->axis, &l) || l.extent > SCULL_CUDA_TOP_MOST)
    return SCULL_UNSUPPORTED;
  int64_t lines = (int64_t)l.outer * l.inner;
  l.k = lines == 0 ? 0 : (int32_t)(scull_tensor_count(&y->opt) / lines);
  l.smallest = !attrs->largest;
  return scull_cuda_keep(&l, sizeof l, out);
}

static scull_status_t enqueue_top(void *user, const scull_args_t *args) {
  scull_cuda_lines_t l = *(const scull_cuda_lines_t *)user;
  l.src = args->inputs[0];
  l.dst = args->outputs[0];
  l.index = args->outputs[1];
  scull_cuda_launch_t launch = scull_cuda_launch(args->stream, true);
  return scull_cuda_status(scull_cuda_top_enqueue(&l, launch.chained, launch.stream));
}

static const char *const tops[] = {"top_k", NULL};
const scull_tactic_t scull_tactic_cuda_top_k = {.name = "cuda.top_k",
                                                .version = 1,
                                                .anchors = tops,
                                                .precisions = SCULL_CUDA_FLOATS,
                                                .refuse = refuse_top,
                                                .configs = configs,
                                                .prepare = prepare_top,
                                                .enqueue = enqueue_top,
                                                .release = scull_cuda_release};

/* --- arg_max, arg_min ------------------------------------------------------------------------- */

static const char *refuse_arg(const scull_site_t *site, const scull_device_t *device) {
  (void)device;
  return refuse_x(site, true);
}

static scull_status_t prepare_arg(const scull_site_t *site, const scull_config_t *config,
                                  const scull_device_t *device, scull_prepared_t *out,
                                  scull_diag_t *diag) {
  const scull_arg_attrs_t *attrs = site->ops[0].attrs;
  scull_cuda_lines_t l;
  (void)config;
  (void)device;
  (void)diag;
  if (!lines_of(site, attrs->axis, &l))
    return SCULL_UNSUPPORTED;
  l.smallest = scull_backend_site_is(site, 0, "arg_min");
  l.last = attrs->last;
  l.wide = site->values[site->outputs[0]].dtype == SCULL_DTYPE_I64;
  return scull_cuda_keep(&l, sizeof l, out);
}

static scull_status_t enqueue_arg(void *user, const scull_args_t *args) {
  scull_cuda_lines_t l = *(const scull_cuda_lines_t *)user;
  l.src = args->inputs[0];
  l.dst = args->outputs[0];
  scull_cuda_launch_t launch = scull_cuda_launch(args->stream, true);
  return scull_cuda_status(scull_cuda_arg_enqueue(&l, launch.chained, launch.stream));
}

static const char *const args_of[] = {"arg_max", "arg_min", NULL};
const scull_tactic_t scull_tactic_cuda_arg = {.name = "cuda.arg",
                                              .version = 1,
                                              .anchors = args_of,
                                              .precisions = SCULL_CUDA_FLOATS,
                                              .refuse = refuse_arg,
                                              .configs = configs,
                                              .prepare = prepare_arg,
                                              .enqueue = enqueue_arg,
                                              .release = scull_cuda_release};

/* --- cumsum ----------------------------------------------------------------------------------- */

static const char *refuse_cumsum(const scull_site_t *site, const scull_device_t *device) {
  (void)device;
  return refuse_x(site, false);
}

static scull_status_t prepare_cumsum(const scull_site_t *site, const scull_config_t *config,
                                     const scull_device_t *device, scull_prepared_t *out,
                                     scull_diag_t *diag) {
  const scull_cumsum_attrs_t *attrs = site->ops[0].attrs;
  scull_cuda_lines_t l;
  (void)config;
  (void)device;
  (void)diag;
  if (!lines_of(site, attrs->axis, &l))
    return SCULL_UNSUPPORTED;
  l.exclusive = attrs->exclusive;
  l.reverse = attrs->reverse;
  l.product = attrs->product;
  return scull_cuda_keep(&l, sizeof l, out);
}

static scull_status_t enqueue_cumsum(void *user, const scull_args_t *args) {
  scull_cuda_lines_t l = *(const scull_cuda_lines_t *)user;
  l.src = args->inputs[0];
  l.dst = args->outputs[0];
  scull_cuda_launch_t launch = scull_cuda_launch(args->stream, true);
  return scull_cuda_status(scull_cuda_cumsum_enqueue(&l, launch.chained, launch.stream));
}

static const char *const sums[] = {"cumsum", NULL};
const scull_tactic_t scull_tactic_cuda_cumsum = {.name = "cuda.cumsum",
                                                 .version = 1,
                                                 .anchors = sums,
                                                 .precisions = SCULL_CUDA_FLOATS,
                                                 .refuse = refuse_cumsum,
                                                 .configs = configs,
                                                 .prepare = prepare_cumsum,
                                                 .enqueue = enqueue_cumsum,
                                                 .release = scull_cuda_release};
