/* trig: the circular and hyperbolic functions that networks seldom use, one operator for all; sin,
 * cos and tanh have their own. NaN where the function is not defined. */
#include "ops/trig.h"

#include <math.h>

#include "ops/unary.h"

static const char *const names[] = {"tan",  "sinh",  "cosh",  "asin",  "acos",
                                    "atan", "asinh", "acosh", "atanh", NULL};
static double (*const functions[])(double) = {tan,  sinh,  cosh,  asin, acos,
                                              atan, asinh, acosh, atanh};

static const scull_attr_field_t fields[] = {
    SCULL_FIELD_ENUM(scull_trig_attrs_t, fn, "tan", names),
};

static double body(double x, const void *attrs) {
  const scull_trig_attrs_t *a = attrs;
  return functions[a->fn](x);
}

SCULL_UNARY_ATTRS_OP(trig, scull_ops_infer_float, body, SCULL_SCHEMA(scull_trig_attrs_t, fields));
