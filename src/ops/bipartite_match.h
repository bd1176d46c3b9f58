/* Attributes of bipartite_match. */
#ifndef SCULL_OPS_BIPARTITE_MATCH_H
#define SCULL_OPS_BIPARTITE_MATCH_H

#include "ops/opdef.h"

typedef struct scull_bipartite_match_attrs {
  bool every;       /* columns that are left take the row nearest to them, too */
  double threshold; /* of those: the least that counts as near */
} scull_bipartite_match_attrs_t;

#endif
