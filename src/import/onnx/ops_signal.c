/* Windows, mel weights and Fourier transforms. */
#include "import/onnx/call.h"

static scull_status_t window(scull_onnx_call_t *call) {
  scull_value_id_t size = SCULL_NO_ID;
  scull_dtype_t dtype = SCULL_DTYPE_F32;
  SCULL_TRY(scull_onnx_need(call, 0, &size));
  SCULL_TRY(scull_onnx_to(call, "output_datatype", SCULL_DTYPE_F32, &dtype));
  scull_emit_t emit = scull_import_emit(&call->emitter, "window", size);
  scull_import_emit_word(&emit, "kind", call->row->attrs);
  scull_import_emit_bool(&emit, "periodic", scull_onnx_int(call, "periodic", 1) != 0);
  scull_import_emit_dtype(&emit, "to", dtype);
  return scull_onnx_end(call, &emit);
}

static scull_status_t mel_weights(scull_onnx_call_t *call) {
  scull_dtype_t dtype = SCULL_DTYPE_F32;
  SCULL_TRY(scull_onnx_to(call, "output_datatype", SCULL_DTYPE_F32, &dtype));
  scull_emit_t emit = scull_import_emit(&call->emitter, "mel_weight_matrix", SCULL_NO_ID);
  scull_import_emit_inputs(&emit, call->in, call->in_count);
  scull_import_emit_dtype(&emit, "to", dtype);
  return scull_onnx_end(call, &emit);
}

/* The axis became an operand in opset 20. */
static scull_status_t dft(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  bool old = call->version < 20;
  int64_t axis = old ? scull_onnx_int(call, "axis", 1) : -2, length = 0;
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  SCULL_TRY(scull_onnx_fixed_int(call, 1, "length", 0, &length));
  if (!old)
    SCULL_TRY(scull_onnx_fixed_int(call, 2, "axis", axis, &axis));
  scull_emit_t emit = scull_import_emit(&call->emitter, "dft", x);
  scull_import_emit_int(&emit, "axis", axis);
  scull_import_emit_int(&emit, "length", length);
  scull_import_emit_bool(&emit, "inverse", scull_onnx_int(call, "inverse", 0) != 0);
  scull_import_emit_bool(&emit, "one_sided", scull_onnx_int(call, "onesided", 0) != 0);
  return scull_onnx_end(call, &emit);
}

/* A frame is as long as it is said, else as the window. */
static scull_status_t stft(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, window_id = scull_onnx_in(call, 2);
  scull_shape_t shape = {0};
  int64_t step = 0, length = 0;
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  if (window_id != SCULL_NO_ID)
    SCULL_TRY(scull_onnx_fixed_shape(call, window_id, &shape));
  SCULL_TRY(scull_onnx_fixed_int(call, 1, "step", 0, &step));
  SCULL_TRY(scull_onnx_fixed_int(call, 3, "length", shape.rank == 1 ? shape.dim[0] : 0, &length));
  scull_emit_t emit = scull_import_emit(&call->emitter, "stft", x);
  scull_import_emit_input(&emit, window_id);
  scull_import_emit_int(&emit, "step", step);
  scull_import_emit_int(&emit, "length", length);
  scull_import_emit_bool(&emit, "one_sided", scull_onnx_int(call, "onesided", 1) != 0);
  return scull_onnx_end(call, &emit);
}

static const scull_onnx_row_t rows[] = {
    {"HannWindow", 17, 0, window, "window", "hann"},
    {"HammingWindow", 17, 0, window, "window", "hamming"},
    {"BlackmanWindow", 17, 0, window, "window", "blackman"},
    {"MelWeightMatrix", 17, 0, mel_weights, "mel_weight_matrix", NULL},
    {"DFT", 17, 0, dft, "dft", NULL},
    {"STFT", 17, 0, stft, "stft", NULL},
};

SCULL_ONNX_ROWS(signal, "", rows);
