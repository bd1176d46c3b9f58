/* A site: an operator, or a connected group of them, as a tactic sees it. A flat list with values
 * named by index; it holds no graph, so plans can store it and the runtime can use it. */
#ifndef SCULL_BACKEND_SITE_H
#define SCULL_BACKEND_SITE_H

#include "backend/layout.h"
#include "ops/opdef.h"

#define SCULL_SITE_ABSENT UINT16_MAX /* an absent optional operand */

/* Constants up to this size keep their bytes beside a tactic's packed ones: shape rules and
 * `prepare` may read them. */
enum { SCULL_SITE_SMALL_BYTES = 4096 };

/* One tensor of a site. `opt` is the shape to work for: in `prepare` it is the actual one. */
typedef struct scull_site_value {
  scull_dtype_t dtype; /* the model's; in memory: scull_backend_site_stored */
  scull_shape_t opt, min, max;
  scull_layout_t layout; /* of inputs and outputs of the site; inner values and constants: PLAIN */
  scull_precision_t as;  /* likewise: as what its elements are stored; constants: MODEL */
  const scull_quant_t *quant; /* how it is, or could be, stored as INT8; NULL: not known */
  const void *data; /* a constant's bytes, row-major, 64-byte aligned; NULL for others, for
                       packed constants at run time, and for constants above 4 KiB except in
                       pack */
  bool is_constant;
  /* When channel_total > 0 the tensor is the channels [channel_offset, channel_offset + C) of a
   * tensor that is channel_total wide: its pixels (NHWC) or planes (PLAIN, C16) keep that tensor's
   * strides. The pointer handed to enqueue already points at the first element of the slice. */
  int64_t channel_offset, channel_total;
} scull_site_value_t;

typedef struct scull_site_op {
  const scull_opdef_t *def;
  const void *attrs;
  const uint16_t *inputs; /* indices into values, or SCULL_SITE_ABSENT */
  size_t input_count;
  const uint16_t *outputs;
  size_t output_count;
} scull_site_op_t;

typedef struct scull_site {
  const scull_site_op_t *ops; /* in an order that can be executed; ops[0] is the anchor */
  size_t op_count;
  scull_site_value_t *values;
  size_t value_count;
  const uint16_t *inputs; /* values that come from outside and are no constants, in order */
  size_t input_count;
  const uint16_t *outputs; /* values that are needed outside */
  size_t output_count;
  int threads;
  size_t workspace;    /* limit in bytes for a tactic's scratch */
  uint32_t precisions; /* bit 1 << as: what `configs` may offer besides MODEL */
  void *shared;        /* what the tactic's `share` made for this step; NULL: nothing */
} scull_site_t;

/* --- reading a site -------------------------------------------------------------------------- */

/* The value of operand `index` of op `op`, or NULL when it is absent. */
const scull_site_value_t *scull_backend_site_input(const scull_site_t *site, size_t op,
                                                   size_t index);
const scull_site_value_t *scull_backend_site_output(const scull_site_t *site, size_t op,
                                                    size_t index);

/* The element type of a value in memory. */
scull_dtype_t scull_backend_site_stored(const scull_site_value_t *value);

/* Its type in memory at `shape`. */
scull_type_t scull_backend_site_type(const scull_site_value_t *value, const scull_shape_t *shape);

/* The scale of a value that is stored as INT8; 1 for all others. */
float scull_backend_site_scale(const scull_site_value_t *value);

/* True when `configs` may offer this precision. */
bool scull_backend_site_permits(const scull_site_t *site, scull_precision_t as);

/* True when the op at `op` exists and is `name`. */
bool scull_backend_site_is(const scull_site_t *site, size_t op, const char *name);

/* True when min, opt and max shapes agree. */
bool scull_backend_site_fixed(const scull_site_value_t *value);

/* A call of op `op` with the `opt` types of its operands (data of constants included), for shape
 * rules, geometry helpers, costs. `inputs` and `outputs` are the caller's storage, each with
 * its room; false when the op has more operands. */
bool scull_backend_site_call(const scull_site_t *site, size_t op, scull_tensor_t *inputs,
                             size_t input_room, scull_tensor_t *outputs, size_t output_room,
                             scull_op_call_t *call);

/* Runs the shape rules of all ops at the `opt` shapes of the inputs and writes the others' `opt`.
 */
scull_status_t scull_backend_site_infer(scull_site_t *site, scull_diag_t *diag) SCULL_MUST_USE;

/* How many of `threads` the site's work at its `opt` shapes is worth: each gets some 10
 * microseconds of it at least, so that small steps do not fork at all. */
int scull_backend_site_threads(const scull_site_t *site, int threads);

/* The text that identifies a site in keys and reports: ops with attributes, operand types, ranges,
 * layouts, slices; not names, not weights' bytes, not threads. */
void scull_backend_site_print(const scull_site_t *site, scull_text_t *text);

/* --- what stands behind the anchor ------------------------------------------------------------ */

/* The usual group, taken apart: an anchor, then optionally a residual add, then optionally one
 * element-wise operator; the add may also follow the activation. */
typedef struct scull_epilogue {
  const scull_site_op_t *activation;  /* NULL: none */
  const scull_site_op_t *add;         /* NULL: none */
  const scull_site_value_t *residual; /* the add's other operand, a site input */
  uint16_t residual_index;            /* its value index */
  bool add_first;                     /* act(y + r), else act(y) + r */
} scull_epilogue_t;

/* False when the ops behind the anchor are something else. The residual must have the shape of the
 * result (no broadcast). */
bool scull_backend_site_epilogue(const scull_site_t *site, scull_epilogue_t *out);

#endif
