/* Windows, mel weights and Fourier transforms. What depends on extents only is computed here; a
 * transform is a product with a matrix of cosines and sines, which devices are good at. */
#include <math.h>
#include <string.h>

#include "import/onnx/convert.h"

static const double pi = 3.14159265358979323846;

enum { MAX_EXTENT = 1 << 20, MAX_MATRIX = 1 << 26 }; /* elements that a few bytes may ask for */

/* A constant of `count` doubles in the dtype, as a new value. */
static scull_status_t emit_doubles(scull_onnx_call_t *call, scull_dtype_t dtype,
                                   const scull_shape_t *shape, const double *from, const char *name,
                                   scull_value_id_t *out) {
  scull_type_t type = {.dtype = dtype, .shape = *shape};
  int64_t count = scull_tensor_count(shape);
  void *data = scull_base_arena_alloc(&call->graph->arena, scull_tensor_bytes(&type));
  if (data == NULL)
    return scull_base_fail_memory(call->graph->diag, "a constant");
  for (int64_t i = 0; i < count; i++)
    scull_tensor_store(data, dtype, i, from[i]);
  return scull_graph_add_constant(call->graph, name == NULL ? call->emitter.name : name, &type,
                                  data, out);
}

static scull_status_t new_doubles(scull_onnx_call_t *call, int64_t count, double **out) {
  if (count < 0 || count > MAX_MATRIX)
    return scull_import_unsupported(&call->emitter, "a constant of %lld elements",
                                    (long long)count);
  *out = SCULL_ARENA_ARRAY(&call->converter->arena, double, (size_t)count);
  return *out == NULL ? scull_base_fail_memory(call->graph->diag, "a constant") : SCULL_OK;
}

/* --- windows --------------------------------------------------------------------------------- */

/* a - b cos(2 pi i / n) + c cos(4 pi i / n) */
static scull_status_t window(scull_onnx_call_t *call, double a, double b, double c) {
  int64_t size = 0;
  double *values = NULL;
  scull_value_id_t given = SCULL_NO_ID;
  scull_dtype_t dtype = SCULL_DTYPE_F32;
  SCULL_TRY(scull_onnx_need(call, 0, &given));
  SCULL_TRY(scull_onnx_fixed_int(call, 0, "size", 0, &size));
  SCULL_TRY(scull_onnx_to(call, "output_datatype", SCULL_DTYPE_F32, &dtype));
  if (size < 0 || size > MAX_EXTENT)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "a window of %lld", (long long)size);
  SCULL_TRY(new_doubles(call, size, &values));
  double n = (double)(scull_onnx_int(call, "periodic", 1) != 0 ? size : size - 1);
  for (int64_t i = 0; i < size; i++)
    values[i] = n > 0 ? a - b * cos(2 * pi * (double)i / n) + c * cos(4 * pi * (double)i / n) : 1;
  const scull_shape_t shape = {.rank = 1, .dim = {size}};
  return emit_doubles(call, dtype, &shape, values, scull_onnx_out_name(call, 0), &call->out[0]);
}

static scull_status_t hann(scull_onnx_call_t *call) {
  return window(call, 0.5, 0.5, 0);
}

static scull_status_t hamming(scull_onnx_call_t *call) {
  return window(call, 25.0 / 46, 21.0 / 46, 0);
}

static scull_status_t blackman(scull_onnx_call_t *call) {
  return window(call, 0.42, 0.5, 0.08);
}

/* --- mel weights ----------------------------------------------------------------------------- */

/* One triangle from `low` over `middle` to `high`, in column `column`. */
static void add_triangle(double *matrix, int64_t columns, int64_t rows, int64_t column,
                         const int64_t edge[3]) {
  int64_t low = edge[0], middle = edge[1], high = edge[2];
  for (int64_t i = low; i <= middle && i < rows; i++)
    matrix[i * columns + column] = middle == low ? 1 : (double)(i - low) / (double)(middle - low);
  for (int64_t i = middle; i < high && i < rows; i++)
    matrix[i * columns + column] = (double)(high - i) / (double)(high - middle);
}

/* The bin of the k-th edge of evenly spaced mels. */
static int64_t bin_of(int64_t k, double low_mel, double step, int64_t length, int64_t rate) {
  double hertz = 700 * (pow(10, (low_mel + (double)k * step) / 2595) - 1);
  double bin = floor((double)(length + 1) * hertz / (double)rate);
  return bin > 0 && bin < MAX_EXTENT ? (int64_t)bin : 0;
}

static scull_status_t mel_weights(scull_onnx_call_t *call) {
  int64_t bins = 0, length = 0, rate = 0;
  double low = 0, high = 0, *values = NULL;
  scull_dtype_t dtype = SCULL_DTYPE_F32;
  SCULL_TRY(scull_onnx_fixed_int(call, 0, "number of bins", 0, &bins));
  SCULL_TRY(scull_onnx_fixed_int(call, 1, "length", 0, &length));
  SCULL_TRY(scull_onnx_fixed_int(call, 2, "sample rate", 0, &rate));
  SCULL_TRY(scull_onnx_fixed_float(call, 3, "lower edge", 0, &low));
  SCULL_TRY(scull_onnx_fixed_float(call, 4, "upper edge", 0, &high));
  SCULL_TRY(scull_onnx_to(call, "output_datatype", SCULL_DTYPE_F32, &dtype));
  bool sane = bins > 0 && bins <= MAX_EXTENT && length > 0 && length <= MAX_EXTENT && rate > 0;
  if (!sane || !(low > -700) || !(high >= low))
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "%lld bins of %lld at %lld Hz",
                           (long long)bins, (long long)length, (long long)rate);
  int64_t rows = length / 2 + 1;
  SCULL_TRY(new_doubles(call, rows * bins, &values));
  double low_mel = 2595 * log10(1 + low / 700), high_mel = 2595 * log10(1 + high / 700);
  double step = (high_mel - low_mel) / (double)(bins + 2);
  for (int64_t i = 0; i < bins; i++) {
    int64_t edge[3];
    for (int64_t k = 0; k < 3; k++)
      edge[k] = bin_of(i + k, low_mel, step, length, rate);
    add_triangle(values, bins, rows, i, edge);
  }
  const scull_shape_t shape = {.rank = 2, .dim = {rows, bins}};
  return emit_doubles(call, dtype, &shape, values, scull_onnx_out_name(call, 0), &call->out[0]);
}

/* --- transforms ------------------------------------------------------------------------------ */

typedef struct {
  int64_t length, bins; /* of the signal, of the spectrum */
  int64_t parts;        /* 1: real, 2: complex */
  bool inverse;
} transform_t;

/* Row (n, part) of a signal times column (k, part) of its spectrum. */
static scull_status_t emit_matrix(scull_onnx_call_t *call, const transform_t *t,
                                  scull_dtype_t dtype, scull_value_id_t *out) {
  int64_t rows = t->length * t->parts, columns = 2 * t->bins;
  double *values = NULL, scale = t->inverse ? 1 / (double)t->length : 1;
  SCULL_TRY(new_doubles(call, rows * columns, &values));
  for (int64_t n = 0; n < t->length; n++) {
    for (int64_t k = 0; k < t->bins; k++) {
      double angle = 2 * pi * (double)(n * k % t->length) / (double)t->length;
      double real = scale * cos(angle), imaginary = scale * (t->inverse ? sin(angle) : -sin(angle));
      double *at = values + n * t->parts * columns + 2 * k;
      at[0] = real;
      at[1] = imaginary;
      if (t->parts == 2) {
        at[columns] = -imaginary;
        at[columns + 1] = real;
      }
    }
  }
  const scull_shape_t shape = {.rank = 2, .dim = {rows, columns}};
  return emit_doubles(call, dtype, &shape, values, NULL, out);
}

/* x [..., length, parts], at least of two dimensions before these -> [..., bins, 2]. */
static scull_status_t emit_transform(scull_onnx_call_t *call, const transform_t *t,
                                     scull_value_id_t x, const scull_shape_t *lead,
                                     const char *name, scull_value_id_t *out) {
  scull_emitter_t *to = &call->emitter;
  scull_value_id_t matrix = SCULL_NO_ID;
  int64_t dims[SCULL_MAX_RANK];
  size_t rank = (size_t)lead->rank;
  if (t->length < 1 || t->length > MAX_EXTENT || rank + 2 > SCULL_MAX_RANK)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "a transform of %lld elements",
                           (long long)t->length);
  memcpy(dims, lead->dim, rank * sizeof *dims);
  dims[rank] = t->length * t->parts;
  SCULL_TRY(emit_matrix(call, t, scull_graph_value(call->graph, x)->dtype, &matrix));
  SCULL_TRY(scull_import_emit_reshape(to, x, (scull_ints_t){dims, rank + 1}, NULL, &x));
  SCULL_TRY(scull_import_emit_simple(to, "matmul", x, matrix, NULL, &x));
  dims[rank] = t->bins;
  dims[rank + 1] = 2;
  return scull_import_emit_reshape(to, x, (scull_ints_t){dims, rank + 2}, name, out);
}

/* x's axis cut or filled with zeros to `length`. */
static scull_status_t fit_axis(scull_onnx_call_t *call, scull_value_id_t *x, int32_t rank,
                               int64_t axis, int64_t more) {
  int64_t pads[2 * SCULL_MAX_RANK] = {0};
  if (more == 0)
    return SCULL_OK;
  pads[rank + axis] = more;
  scull_emit_t emit = scull_import_emit(&call->emitter, "pad", *x);
  scull_import_emit_ints(&emit, "pads", (scull_ints_t){pads, 2 * (size_t)rank});
  return scull_import_emit_end(&emit, NULL, x);
}

/* The axis goes behind the others but for the parts, and comes back. */
static scull_status_t dft(scull_onnx_call_t *call) {
  scull_emitter_t *to = &call->emitter;
  scull_value_id_t x = SCULL_NO_ID;
  scull_shape_t shape, lead = {0};
  int64_t axis = scull_onnx_int(call, "axis", call->version < 20 ? 1 : -2), length = 0;
  int64_t perm[SCULL_MAX_RANK], back[SCULL_MAX_RANK];
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  SCULL_TRY(scull_onnx_fixed_shape(call, x, &shape));
  if (call->version >= 20)
    SCULL_TRY(scull_onnx_fixed_int(call, 2, "axis", axis, &axis));
  axis = axis < 0 ? axis + shape.rank : axis;
  if (shape.rank < 2 || axis < 0 || axis > shape.rank - 2)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "axis %lld of %d dimensions",
                           (long long)axis, shape.rank);
  SCULL_TRY(scull_onnx_fixed_int(call, 1, "length", shape.dim[axis], &length));
  SCULL_TRY(fit_axis(call, &x, shape.rank, axis, length - shape.dim[axis]));
  bool one_sided = scull_onnx_int(call, "onesided", 0) != 0;
  transform_t t = {.length = length,
                   .bins = one_sided ? length / 2 + 1 : length,
                   .parts = shape.dim[shape.rank - 1],
                   .inverse = scull_onnx_int(call, "inverse", 0) != 0};
  if (t.parts < 1 || t.parts > 2 || (one_sided && t.inverse))
    return scull_import_unsupported(to, "a one-sided inverse, or neither real nor complex");
  for (int32_t d = 0; d < shape.rank; d++) {
    perm[d] = d < axis ? d : d == shape.rank - 2 ? axis : d == shape.rank - 1 ? d : d + 1;
    if (d < shape.rank - 2)
      lead.dim[lead.rank++] = shape.dim[perm[d]];
  }
  for (int32_t d = 0; d < shape.rank; d++)
    back[perm[d]] = d;
  SCULL_TRY(scull_import_emit_transpose(to, x, (scull_ints_t){perm, (size_t)shape.rank}, NULL, &x));
  SCULL_TRY(emit_transform(call, &t, x, &lead, NULL, &x));
  scull_emit_t emit = scull_import_emit(to, "transpose", x);
  scull_import_emit_ints(&emit, "perm", (scull_ints_t){back, (size_t)shape.rank});
  return scull_onnx_end(call, &emit);
}

/* The places of all frames, [frames, length]. */
static scull_status_t emit_frames(scull_onnx_call_t *call, int64_t frames, int64_t step,
                                  int64_t length, scull_value_id_t *out) {
  double *places = NULL;
  SCULL_TRY(new_doubles(call, frames * length, &places));
  for (int64_t i = 0; i < frames * length; i++)
    places[i] = (double)(i / length * step + i % length);
  const scull_shape_t shape = {.rank = 2, .dim = {frames, length}};
  return emit_doubles(call, SCULL_DTYPE_I64, &shape, places, NULL, out);
}

/* Frames cut out of the signal, weighted, transformed. */
static scull_status_t stft(scull_onnx_call_t *call) {
  scull_emitter_t *to = &call->emitter;
  scull_value_id_t x = SCULL_NO_ID, window_id = scull_onnx_in(call, 2), places = SCULL_NO_ID;
  scull_shape_t shape, weights = {0};
  int64_t step = 0, length = 0;
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  SCULL_TRY(scull_onnx_fixed_shape(call, x, &shape));
  SCULL_TRY(scull_onnx_fixed_int(call, 1, "step", 0, &step));
  if (window_id != SCULL_NO_ID)
    SCULL_TRY(scull_onnx_fixed_shape(call, window_id, &weights));
  SCULL_TRY(
      scull_onnx_fixed_int(call, 3, "length", weights.rank == 1 ? weights.dim[0] : 0, &length));
  if (shape.rank != 3 || step < 1 || length < 1 || length > shape.dim[1] || shape.dim[2] < 1 ||
      shape.dim[2] > 2 || length > MAX_EXTENT)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "frames of %lld every %lld",
                           (long long)length, (long long)step);
  int64_t frames = (shape.dim[1] - length) / step + 1;
  bool one_sided = scull_onnx_int(call, "onesided", 1) != 0;
  const transform_t t = {
      .length = length, .bins = one_sided ? length / 2 + 1 : length, .parts = shape.dim[2]};
  SCULL_TRY(emit_frames(call, frames, step, length, &places));
  scull_emit_t gather = scull_import_emit(to, "gather", x);
  scull_import_emit_input(&gather, places);
  scull_import_emit_int(&gather, "axis", 1);
  SCULL_TRY(scull_import_emit_end(&gather, NULL, &x));
  if (window_id != SCULL_NO_ID) {
    SCULL_TRY(scull_import_emit_unsqueeze(to, window_id, SCULL_INTS(1), NULL, &window_id));
    SCULL_TRY(scull_import_emit_simple(to, "mul", x, window_id, NULL, &x));
  }
  const scull_shape_t lead = {.rank = 2, .dim = {shape.dim[0], frames}};
  return emit_transform(call, &t, x, &lead, scull_onnx_out_name(call, 0), &call->out[0]);
}

static const scull_onnx_row_t rows[] = {
    {"HannWindow", 17, 0, hann, NULL, NULL},
    {"HammingWindow", 17, 0, hamming, NULL, NULL},
    {"BlackmanWindow", 17, 0, blackman, NULL, NULL},
    {"MelWeightMatrix", 17, 0, mel_weights, NULL, NULL},
    {"DFT", 17, 0, dft, NULL, NULL},
    {"STFT", 17, 0, stft, NULL, NULL},
};

SCULL_ONNX_ROWS(signal, "", rows);
