/* Interpolation, v1 and v2. The size wins over the scale when it comes as a tensor; v2 takes the
 * ratio of coordinates from a given scale, v1 always from the sizes. */
#include <math.h>
#include <string.h>

#include "import/paddle/call.h"

typedef struct {
  scull_value_id_t x, size_tensor;
  size_t spatial;
  bool last, v2;
  int64_t size[3];
  double scale[3]; /* 0: not given */
  bool sized;
} resize_t;

/* One number a spatial axis, from a list of one or of all. */
static bool spread(const double *from, size_t count, size_t spatial, double *to) {
  if (count != 1 && count != spatial)
    return false;
  for (size_t i = 0; i < spatial; i++)
    to[i] = from[count == 1 ? 0 : i];
  return to[0] > 0;
}

/* The scale of a tensor, else of the attribute (a number in v1, a list in v2). */
static scull_status_t read_scale(scull_paddle_call_t *call, resize_t *r, bool *given) {
  double values[3] = {0};
  scull_value_id_t tensor = scull_paddle_in(call, "Scale");
  const scull_value_t *value = scull_graph_value(call->graph, tensor);
  scull_floats_t list = scull_paddle_floats(call, "scale");
  *given = false;
  if (value == NULL) {
    *given = spread(list.data, list.size, r->spatial, r->scale);
    return SCULL_OK;
  }
  int64_t count = scull_tensor_count(&value->shape[0]);
  for (int64_t i = 0; i < count && i < 3; i++) {
    if (!scull_import_known_float(call->graph, tensor, i, &values[i]))
      return scull_import_unsupported(&call->emitter, "its scale is computed while it runs");
  }
  *given = count <= 3 && spread(values, (size_t)count, r->spatial, r->scale);
  return SCULL_OK;
}

/* Sizes that come as tensors, before all else. */
static scull_status_t read_size_tensor(scull_paddle_call_t *call, resize_t *r) {
  scull_ints_t known = {0};
  if (scull_paddle_in_count(call, "SizeTensor") == 0 &&
      scull_paddle_in(call, "OutSize") == SCULL_NO_ID)
    return SCULL_OK;
  SCULL_TRY(scull_paddle_list(call, NULL, "OutSize", "SizeTensor", &known, &r->size_tensor));
  r->sized = true;
  if (r->size_tensor != SCULL_NO_ID)
    return SCULL_OK;
  if (known.size != r->spatial)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "%zu sizes for %zu spatial axes",
                           known.size, r->spatial);
  memcpy(r->size, known.data, known.size * sizeof *known.data);
  return SCULL_OK;
}

static scull_status_t read_size_attrs(scull_paddle_call_t *call, resize_t *r) {
  static const char *const names[] = {"out_d", "out_h", "out_w"};
  for (size_t i = 0; i < r->spatial; i++) {
    r->size[i] = scull_paddle_int(call, names[3 - r->spatial + i], -1);
    if (r->size[i] < 1)
      return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "neither a size nor a scale");
  }
  r->sized = true;
  return SCULL_OK;
}

/* v1 with a scale that is no whole number: floor(in * scale), and the ratio from the sizes. */
static scull_status_t size_from_scale(scull_paddle_call_t *call, resize_t *r) {
  bool whole = true;
  for (size_t i = 0; i < r->spatial; i++)
    whole = whole && r->scale[i] == floor(r->scale[i]);
  if (whole)
    return SCULL_OK; /* in / out is 1 / scale exactly */
  if (!scull_graph_is_fixed(call->graph, r->x))
    return scull_import_unsupported(&call->emitter,
                                    "a scale of %g on an input without a fixed shape", r->scale[0]);
  for (size_t i = 0; i < r->spatial; i++)
    r->size[i] =
        (int64_t)((double)scull_graph_value(call->graph, r->x)->shape[0].dim[2 + i] * r->scale[i]);
  r->sized = true;
  return SCULL_OK;
}

static scull_status_t settle(scull_paddle_call_t *call, resize_t *r) {
  bool scaled = false;
  SCULL_TRY(read_size_tensor(call, r));
  if (r->sized)
    return SCULL_OK;
  SCULL_TRY(read_scale(call, r, &scaled));
  if (!scaled)
    return read_size_attrs(call, r);
  return r->v2 ? SCULL_OK : size_from_scale(call, r);
}

static void set_mode(scull_paddle_call_t *call, scull_emit_t *emit) {
  const char *kind = call->row->slots; /* "nearest", "linear", "cubic" */
  bool corners = scull_paddle_bool(call, "align_corners", true);
  bool half = strcmp(kind, "cubic") == 0 ||
              (strcmp(kind, "linear") == 0 && scull_paddle_int(call, "align_mode", 1) == 0);
  scull_import_emit_word(emit, "mode", kind);
  scull_import_emit_word(emit, "coords",
                         corners ? "align_corners" : (half ? "half_pixel" : "asymmetric"));
  if (strcmp(kind, "nearest") == 0)
    scull_import_emit_word(emit, "rounding", corners ? "round" : "floor");
}

static scull_status_t resize(scull_paddle_call_t *call) {
  resize_t r = {.last = scull_paddle_channels_last(call, "data_layout"),
                .v2 = strstr(call->op->type, "_v2") != NULL,
                .size_tensor = SCULL_NO_ID};
  SCULL_TRY(scull_paddle_need(call, "X", &r.x));
  int32_t rank = scull_import_rank(call->graph, r.x);
  if (rank < 3 || rank > 5)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "its input has rank %d", rank);
  r.spatial = (size_t)rank - 2;
  SCULL_TRY(scull_paddle_to_first(call, r.last, r.x, &r.x));
  SCULL_TRY(settle(call, &r));
  scull_emit_t emit = scull_import_emit(&call->emitter, "resize", r.x);
  if (r.size_tensor != SCULL_NO_ID) {
    scull_import_emit_input(&emit, r.size_tensor);
  } else if (r.sized) {
    scull_import_emit_ints(&emit, "size", (scull_ints_t){r.size, r.spatial});
  } else {
    scull_import_emit_floats(&emit, "scales", (scull_floats_t){r.scale, r.spatial});
  }
  set_mode(call, &emit);
  return scull_paddle_end_first(call, &emit, r.last, "Out");
}

static const scull_paddle_row_t rows[] = {
    {"nearest_interp", resize, "resize", "nearest", NULL},
    {"nearest_interp_v2", resize, "resize", "nearest", NULL},
    {"bilinear_interp", resize, "resize", "linear", NULL},
    {"bilinear_interp_v2", resize, "resize", "linear", NULL},
    {"linear_interp", resize, "resize", "linear", NULL},
    {"linear_interp_v2", resize, "resize", "linear", NULL},
    {"trilinear_interp", resize, "resize", "linear", NULL},
    {"trilinear_interp_v2", resize, "resize", "linear", NULL},
    {"bicubic_interp", resize, "resize", "cubic", NULL},
    {"bicubic_interp_v2", resize, "resize", "cubic", NULL},
};

SCULL_PADDLE_ROWS(resize, rows);
