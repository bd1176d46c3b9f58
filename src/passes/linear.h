/* Convolutions and matrix products with constant weights as one thing: so many input channels, so
 * many output channels, a weight element belongs to one of each. For passes/ and quant/. */
#ifndef SCULL_PASSES_LINEAR_H
#define SCULL_PASSES_LINEAR_H

#include "passes/rewrite.h"

typedef struct scull_linear {
  scull_node_id_t node;
  scull_value_id_t x, weight, bias; /* bias is SCULL_NO_ID or a constant of `outputs` items */
  int32_t axis, in_axis;            /* of channels in y and in x: 1, or -1 (-2) for a matmul */
  int64_t inputs, outputs;          /* channels */
  int64_t count;                    /* elements of the weight */
  /* element e belongs to output channel (e / out_step) % out_size + out_base, where out_base is
   * the group's first channel; likewise for the inputs */
  int64_t out_step, out_size, in_step, in_size, groups;
  bool groups_by_input; /* conv_transpose: groups follow the input channels */
  bool pads;            /* zeros are added around x, or the borders of y see less of x */
} scull_linear_t;

/* Reads a node as such: conv, conv_transpose, or matmul of f32 with a constant weight and with no
 * or a constant bias. False when it is of another kind. */
bool scull_passes_linear_read(const scull_graph_t *graph, scull_node_id_t node,
                              scull_linear_t *out);

/* Output and input channel of weight element `e`. */
int64_t scull_passes_linear_output(const scull_linear_t *linear, int64_t e);
int64_t scull_passes_linear_input(const scull_linear_t *linear, int64_t e);

/* The bias as `outputs` doubles in the graph's arena, zeros when there is none; NULL when memory is
 * short. */
double *scull_passes_linear_bias(scull_graph_t *graph, const scull_linear_t *linear);

/* The same operator with attributes as they are on other operands in the place of node `old`
 * (which may be the linear node itself or one after it). *out as scull_passes_replace_node. */
scull_status_t scull_passes_linear_replace(scull_graph_t *graph, const scull_linear_t *linear,
                                           scull_node_id_t old, scull_value_id_t x,
                                           scull_value_id_t weight, const double *bias,
                                           scull_node_id_t *out) SCULL_MUST_USE;

#endif
