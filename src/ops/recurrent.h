/* What rnn, gru and lstm share: attributes, operands, directions, activations, and the walk over
 * time. */
#ifndef SCULL_OPS_RECURRENT_H
#define SCULL_OPS_RECURRENT_H

#include "ops/opdef.h"

/* BOTH runs forward and reverse, and joins their outputs. */
enum { SCULL_DIRECTION_FORWARD, SCULL_DIRECTION_REVERSE, SCULL_DIRECTION_BOTH };
extern const char *const scull_ops_direction_names[];

/* Attributes of all three; an operator's table need not name the last two. */
typedef struct scull_recurrent_attrs {
  int32_t direction;       /* SCULL_DIRECTION_* */
  const char *activations; /* words between commas, as many as the cell has, once or once a
                              direction; empty: sigmoid for gates, tanh elsewhere */
  scull_floats_t alpha;    /* of the activations in their order; those missing are the defaults */
  scull_floats_t beta;
  double clip; /* what goes into an activation is clipped to -clip..clip; 0: it is not */
  bool linear_before_reset; /* gru: the reset gate meets the product with the state */
  bool coupled;             /* lstm: the forget gate is one minus the input gate */
} scull_recurrent_attrs_t;

#define SCULL_RECURRENT_FIELDS                                                                     \
  SCULL_FIELD_ENUM(scull_recurrent_attrs_t, direction, "forward", scull_ops_direction_names),      \
      SCULL_FIELD(scull_recurrent_attrs_t, STRING, activations, ""),                               \
      SCULL_FIELD(scull_recurrent_attrs_t, FLOATS, alpha, ""),                                     \
      SCULL_FIELD(scull_recurrent_attrs_t, FLOATS, beta, ""),                                      \
      SCULL_FIELD(scull_recurrent_attrs_t, FLOAT, clip, "0")

/* relu, tanh, sigmoid, affine (alpha x + beta), leaky_relu, thresholded_relu, scaled_tanh (alpha
 * tanh(beta x)), hard_sigmoid, elu, softsign, softplus. */
typedef struct scull_activation {
  int32_t fn;
  double alpha, beta;
} scull_activation_t;

enum { SCULL_RECURRENT_ACTIVATIONS = 3, SCULL_RECURRENT_GATES = 4 };

/* One direction of one layer, while it runs. */
typedef struct scull_recurrent_run {
  const scull_recurrent_attrs_t *attrs;
  scull_activation_t activation[SCULL_RECURRENT_ACTIVATIONS];
  int64_t hidden;
  const double *bias;      /* B * H (zeros when absent) */
  const double *peephole;  /* lstm: 3 * H, of the gates i, o, f; or NULL */
  const scull_tensor_t *r; /* of this direction from `r_first` on, for products beyond the common */
  int64_t r_first;
  double *spare; /* H numbers */
} scull_recurrent_run_t;

/* activation[index](x), after the clip. */
double scull_ops_activate(const scull_recurrent_run_t *run, int index, double x);

/* A cell of G gates. Operands: x [T,N,I], w [D,G*H,I], r [D,G*H,H], bias [D,B*H]?, a first state
 * [D,N,H]? for each of its states, lengths [N]? (i32 or i64; steps behind them give 0 and leave the
 * state), and with `peepholes` [D,3*H]?; results: y [T,N,D*H], then the last states [D,N,H]. */
typedef struct scull_recurrent {
  int64_t gates, biases; /* G and B */
  size_t states;         /* 1 (h) or 2 (h, c) */
  bool peepholes;
  int activations;      /* of one direction, at most SCULL_RECURRENT_ACTIVATIONS */
  const char *defaults; /* as `activations` has them */
  /* One step of one sequence. `gate_x` = w x, `gate_h` = r h (G * H each, without bias); updates
   * the states, H each, h first, and may spoil gate_x. */
  void (*step)(const scull_recurrent_run_t *run, double *gate_x, const double *gate_h,
               double *state);
} scull_recurrent_t;

scull_status_t scull_ops_recurrent_infer(const scull_op_call_t *call,
                                         const scull_recurrent_t *cell) SCULL_MUST_USE;

scull_status_t scull_ops_recurrent_run(const scull_op_call_t *call,
                                       const scull_recurrent_t *cell) SCULL_MUST_USE;

/* True when nothing but the direction was asked for, so that a library's plain cell will do. */
bool scull_ops_recurrent_is_plain(const scull_recurrent_attrs_t *attrs);

/* Product of row `row` of r (of this direction) and a vector of H. */
double scull_ops_recurrent_product(const scull_recurrent_run_t *run, int64_t row, const double *by);

size_t scull_ops_recurrent_scratch(const scull_op_call_t *call);
double scull_ops_recurrent_flops(const scull_op_call_t *call);

#endif
