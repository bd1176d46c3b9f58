/* gelu: x * P(X <= x) of a standard normal X, exactly or by the usual tanh approximation
 * (Hendrycks and Gimpel, arXiv:1606.08415). */
#include "ops/gelu.h"

#include <math.h>

#include "ops/unary.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_gelu_attrs_t, BOOL, approximate, "false"),
};

static double body(double x, const void *attrs) {
  const scull_gelu_attrs_t *a = attrs;
  const double root_half = 0.70710678118654752440, root_two_over_pi = 0.79788456080286535588;
  double p =
      a->approximate ? tanh(root_two_over_pi * (x + 0.044715 * x * x * x)) : erf(x * root_half);
  return 0.5 * x * (1 + p);
}

SCULL_UNARY_ATTRS_OP(gelu, scull_ops_infer_float, body, SCULL_SCHEMA(scull_gelu_attrs_t, fields));
