/* avg_pool: x [N,C,spatial...] -> the mean of each window's taps, by default of those inside the
 * picture, with include_pad of those inside the padded picture (Paddle: exclusive=false; Paddle
 * measures that by the begin padding at both ends, which differs only for one-sided padding). A
 * window without any such tap (ceil_mode) gives 0. */
#include "ops/pool.h"
#include "ops/sliding.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_pool_attrs_t, INTS, kernel, ""),
    SCULL_FIELD(scull_pool_attrs_t, INTS, strides, ""),
    SCULL_FIELD(scull_pool_attrs_t, INTS, pads, ""),
    SCULL_FIELD_ENUM(scull_pool_attrs_t, auto_pad, "explicit", scull_ops_auto_pad_names),
    SCULL_FIELD(scull_pool_attrs_t, BOOL, ceil_mode, "false"),
    SCULL_FIELD(scull_pool_attrs_t, BOOL, clip, "false"),
    SCULL_FIELD(scull_pool_attrs_t, BOOL, global, "false"),
    SCULL_FIELD(scull_pool_attrs_t, BOOL, include_pad, "false"),
};

static scull_status_t infer(const scull_op_call_t *call) {
  SCULL_TRY(scull_ops_check_floats(call, 1));
  return scull_ops_pool_infer(call);
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_pool_attrs_t *attrs = call->attrs;
  scull_pool_geometry_t g;
  SCULL_TRY(scull_ops_pool_geometry(call, &g));
  scull_sliding_t s = scull_ops_sliding(g.window, g.spatial);
  scull_piece_t piece = {0};
  while (scull_ops_piece_next(&s, g.planes, &piece)) {
    double sum[SCULL_ROW] = {0};
    scull_span_t span = SCULL_SPAN_BEGIN;
    while (scull_ops_span_next(&s, &piece, &span))
      scull_ops_row_axpy(1, &call->inputs[0], piece.plane * s.in + span.in, span.step, span.count,
                         sum + (span.out - piece.begin), 1);
    int64_t d = piece.row / s.axis[1].out, h = piece.row % s.axis[1].out;
    int64_t above = scull_ops_taps_inside(&s.axis[0], d, attrs->include_pad) *
                    scull_ops_taps_inside(&s.axis[1], h, attrs->include_pad);
    for (int64_t i = piece.begin; i < piece.end; i++) {
      int64_t taps = above * scull_ops_taps_inside(&s.axis[2], i, attrs->include_pad);
      sum[i - piece.begin] = taps == 0 ? 0 : sum[i - piece.begin] / (double)taps;
    }
    scull_ops_row_store(sum, piece.end - piece.begin, &call->outputs[0], piece.first);
  }
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_avg_pool = {.name = "avg_pool",
                                            .inputs_min = 1,
                                            .inputs_max = 1,
                                            .traits = SCULL_OP_POOLING,
                                            .outputs_min = 1,
                                            .outputs_max = 1,
                                            .attrs = SCULL_SCHEMA(scull_pool_attrs_t, fields),
                                            .infer = infer,
                                            .reference = reference,
                                            .flops = scull_ops_pool_flops};
