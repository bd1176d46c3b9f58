/* A value read as a polynomial of another value: exporters spell x + 0.044715 x^3 in many ways, but
 * the coefficients are the same. Private to passes/. */
#ifndef SCULL_PASSES_POLYNOMIAL_H
#define SCULL_PASSES_POLYNOMIAL_H

#include "passes/rewrite.h"

enum { SCULL_POLYNOMIAL_DEGREE = 3, SCULL_POLYNOMIAL_NODES = 16 };

typedef struct scull_polynomial {
  double c[SCULL_POLYNOMIAL_DEGREE + 1]; /* of x^0, x^1, ... */
  /* the nodes that compute it, every user before its operands; a node may stand twice */
  scull_node_id_t nodes[SCULL_POLYNOMIAL_NODES];
  size_t node_count;
} scull_polynomial_t;

/* Reads `value` through scale, add, sub, mul, square, neg and pow as a polynomial of `x`. False
 * when it is none, of a higher degree, or of too many nodes. */
bool scull_passes_polynomial_read(const scull_graph_t *graph, scull_value_id_t value,
                                  scull_value_id_t x, scull_polynomial_t *out);

#endif
