/* A product taken apart: the same formula is spelled (0.5 x) y, 0.5 (x y), x (0.5 y) ... by
 * different exporters, so recognisers look at factors. Private to passes/. */
#ifndef SCULL_PASSES_PRODUCT_H
#define SCULL_PASSES_PRODUCT_H

#include "passes/rewrite.h"

enum { SCULL_PRODUCT_FACTORS = 4, SCULL_PRODUCT_NODES = 8 };

typedef struct scull_product {
  double constant;                                 /* of the factors that are numbers */
  scull_value_id_t factors[SCULL_PRODUCT_FACTORS]; /* what is no mul and no scale without bias */
  size_t factor_count;
  scull_node_id_t nodes[SCULL_PRODUCT_NODES]; /* the muls and scales inside, root not included */
  size_t node_count;
} scull_product_t;

/* Takes apart the product whose last node is `root`, a mul or a scale without bias, as far as inner
 * products have one user. False for other nodes, for one that is only scaled further (look at that
 * scale), and when there are too many factors. */
bool scull_passes_product_read(const scull_graph_t *graph, const scull_node_t *root,
                               scull_product_t *out);

#endif
