/* max_pool: x [N,C,spatial...] -> the largest tap of each window; NaN wins. Padding never does; a
 * window without any tap inside the picture (ceil_mode) gives the lowest f32, as in Paddle. */
#include <float.h>
#include <math.h>

#include "ops/pool.h"
#include "ops/sliding.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_pool_attrs_t, INTS, kernel, ""),
    SCULL_FIELD(scull_pool_attrs_t, INTS, strides, ""),
    SCULL_FIELD(scull_pool_attrs_t, INTS, pads, ""),
    SCULL_FIELD(scull_pool_attrs_t, INTS, dilations, ""),
    SCULL_FIELD_ENUM(scull_pool_attrs_t, auto_pad, "explicit", scull_ops_auto_pad_names),
    SCULL_FIELD(scull_pool_attrs_t, BOOL, ceil_mode, "false"),
    SCULL_FIELD(scull_pool_attrs_t, BOOL, clip, "false"),
    SCULL_FIELD(scull_pool_attrs_t, BOOL, global, "false"),
};

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_tensor_t *x = &call->inputs[0];
  scull_pool_geometry_t g;
  SCULL_TRY(scull_ops_pool_geometry(call, &g));
  scull_sliding_t s = scull_ops_sliding(g.window, g.spatial);
  scull_piece_t piece = {0};
  while (scull_ops_piece_next(&s, g.planes, &piece)) {
    double max[SCULL_ROW];
    bool reached = scull_ops_taps_inside(&s.axis[0], piece.row / s.axis[1].out, false) > 0 &&
                   scull_ops_taps_inside(&s.axis[1], piece.row % s.axis[1].out, false) > 0;
    for (int64_t i = piece.begin; i < piece.end; i++)
      max[i - piece.begin] =
          reached && scull_ops_taps_inside(&s.axis[2], i, false) > 0 ? -HUGE_VAL : -(double)FLT_MAX;
    scull_span_t span = SCULL_SPAN_BEGIN;
    while (scull_ops_span_next(&s, &piece, &span))
      scull_ops_row_max(x, piece.plane * s.in + span.in, span.step, span.count,
                        max + (span.out - piece.begin));
    scull_ops_row_store(max, piece.end - piece.begin, &call->outputs[0], piece.first);
  }
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_max_pool = {.name = "max_pool",
                                            .inputs_min = 1,
                                            .inputs_max = 1,
                                            .traits = SCULL_OP_POOLING | SCULL_OP_SELECTS,
                                            .outputs_min = 1,
                                            .outputs_max = 1,
                                            .attrs = SCULL_SCHEMA(scull_pool_attrs_t, fields),
                                            .infer = scull_ops_pool_infer,
                                            .reference = reference,
                                            .flops = scull_ops_pool_flops};
