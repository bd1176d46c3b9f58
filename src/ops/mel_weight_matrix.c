/* mel_weight_matrix: bands (how many), length (of the Fourier transform), rate (samples a second),
 * low and high (in hertz), one element each -> [length / 2 + 1, bands]: the spectrum of a signal
 * times it is the energy in bands of equal width on the mel scale, 2595 log10(1 + f / 700). Band i
 * is a triangle over three neighbours of the bands + 2 equally spaced places. */
#include "ops/mel_weight_matrix.h"

#include <math.h>
#include <string.h>

#include "ops/lists.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_mel_weight_matrix_attrs_t, DTYPE, to, "f32"),
};

enum { BANDS, LENGTH, RATE, LOW, HIGH, GUESS = 256, MOST = 1 << 24 };

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_mel_weight_matrix_attrs_t *attrs = call->attrs;
  int64_t size[2] = {GUESS, GUESS};
  if (!scull_tensor_dtype_is_float(attrs->to))
    return scull_ops_fail(call, "a matrix of %s", scull_tensor_dtype_name(attrs->to));
  for (size_t i = BANDS; i <= HIGH; i++) {
    const scull_type_t *type = &call->inputs[i].type;
    bool fits = i < LOW ? scull_tensor_dtype_is_integer(type->dtype)
                        : scull_tensor_dtype_is_float(type->dtype);
    if (!fits || scull_tensor_count(&type->shape) != 1)
      return scull_ops_fail(call, "input %zu must be one %s", i, i < LOW ? "integer" : "float");
  }
  for (size_t i = BANDS; i <= LENGTH; i++) {
    if (scull_ops_must_guess(call, i)) {
      scull_ops_open(call, 0, i == BANDS ? 1 : 0);
      continue;
    }
    if (call->inputs[i].data == NULL)
      return scull_ops_fail(call, "input %zu is computed from data", i);
    size[i] = scull_tensor_load_i64(call->inputs[i].data, call->inputs[i].type.dtype, 0);
    if (size[i] < 0 || size[i] > MOST)
      return scull_ops_fail(call, "%lld bands of a length of %lld", (long long)size[BANDS],
                            (long long)size[LENGTH]);
  }
  call->outputs[0].type = (scull_type_t){attrs->to, {2, {size[LENGTH] / 2 + 1, size[BANDS]}}};
  return SCULL_OK;
}

static double number(const scull_op_call_t *call, size_t i) {
  return scull_tensor_load(call->inputs[i].data, call->inputs[i].type.dtype, 0);
}

static double mel_of(double hertz) {
  return 2595 * log10(1 + hertz / 700);
}

/* The bin of the spectrum at equally spaced place `i` of `bands` + 2. */
static int64_t place_of(const scull_op_call_t *call, int64_t i, int64_t bands) {
  double low = mel_of(number(call, LOW)), high = mel_of(number(call, HIGH));
  double mel = low + (double)i * (high - low) / (double)(bands + 2);
  double hertz = 700 * (pow(10, mel / 2595) - 1);
  double bin = floor((number(call, LENGTH) + 1) * hertz / number(call, RATE));
  return bin >= 0 && bin < 0x1p40 ? (int64_t)bin : -1;
}

static void put(const scull_op_call_t *call, int64_t row, int64_t band, double weight) {
  const scull_tensor_t *y = &call->outputs[0];
  if (row < y->type.shape.dim[0])
    scull_tensor_store(y->data, y->type.dtype, row * y->type.shape.dim[1] + band, weight);
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_tensor_t *y = &call->outputs[0];
  int64_t bands = y->type.shape.dim[1], rows = y->type.shape.dim[0];
  if (scull_tensor_bytes(&y->type) > 0)
    memset(y->data, 0, scull_tensor_bytes(&y->type));
  for (int64_t band = 0; band < bands; band++) {
    int64_t left = place_of(call, band, bands), centre = place_of(call, band + 1, bands);
    int64_t right = place_of(call, band + 2, bands);
    if (left < 0 || centre < left || right < centre)
      return scull_ops_fail(call, "from %g to %g hertz at %g samples a second", number(call, LOW),
                            number(call, HIGH), number(call, RATE));
    if (left == centre)
      put(call, centre, band, 1);
    for (int64_t row = left; row <= centre && row < rows && left < centre; row++)
      put(call, row, band, (double)(row - left) / (double)(centre - left));
    for (int64_t row = centre; row < right && row < rows; row++)
      put(call, row, band, (double)(right - row) / (double)(right - centre));
  }
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_mel_weight_matrix = {
    .name = "mel_weight_matrix",
    .inputs_min = 5,
    .inputs_max = 5,
    .outputs_min = 1,
    .outputs_max = 1,
    .value_inputs = 1u << BANDS | 1u << LENGTH,
    .attrs = SCULL_SCHEMA(scull_mel_weight_matrix_attrs_t, fields),
    .infer = infer,
    .reference = reference};
