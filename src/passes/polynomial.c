/* Coefficients by walking the arithmetic. The recursion ends because nodes are counted. */
#include "passes/polynomial.h"

#include "ops/scale.h"

typedef struct {
  double c[SCULL_POLYNOMIAL_DEGREE + 1];
} coefficients_t;

typedef struct {
  const scull_graph_t *graph;
  scull_value_id_t x;
  scull_polynomial_t *out;
} reader_t;

static bool multiply(const coefficients_t *a, const coefficients_t *b, coefficients_t *out) {
  coefficients_t product = {0};
  for (int i = 0; i <= SCULL_POLYNOMIAL_DEGREE; i++) {
    for (int k = 0; k <= SCULL_POLYNOMIAL_DEGREE; k++) {
      double term = a->c[i] * b->c[k];
      if (term != 0 && i + k > SCULL_POLYNOMIAL_DEGREE)
        return false;
      if (term != 0)
        product.c[i + k] += term;
    }
  }
  *out = product;
  return true;
}

static void add(const coefficients_t *a, const coefficients_t *b, double sign,
                coefficients_t *out) {
  for (int i = 0; i <= SCULL_POLYNOMIAL_DEGREE; i++)
    out->c[i] = a->c[i] + sign * b->c[i];
}

static bool power(const coefficients_t *base, double exponent, coefficients_t *out) {
  if (exponent != 1 && exponent != 2 && exponent != 3)
    return false;
  *out = *base;
  for (int i = 1; i < (int)exponent; i++) {
    if (!multiply(out, base, out))
      return false;
  }
  return true;
}

static bool read(reader_t *r, scull_value_id_t value, coefficients_t *out);

static bool read_one(reader_t *r, const scull_node_t *node, coefficients_t *out) {
  coefficients_t a;
  if (!read(r, node->inputs[0], &a))
    return false;
  if (node->op == &scull_opdef_square)
    return power(&a, 2, out);
  const scull_scale_attrs_t minus = {.scale = -1};
  const scull_scale_attrs_t *attrs = node->op == &scull_opdef_neg ? &minus : node->attrs;
  const coefficients_t factor = {{attrs->scale}}, bias = {{attrs->bias}};
  coefficients_t scaled;
  if (!multiply(&a, &factor, &scaled))
    return false;
  add(&scaled, &bias, 1, out);
  return true;
}

static bool read_two(reader_t *r, const scull_node_t *node, coefficients_t *out) {
  coefficients_t a, b;
  double exponent = 0;
  if (!read(r, node->inputs[0], &a))
    return false;
  if (node->op == &scull_opdef_pow)
    return scull_passes_uniform(r->graph, node->inputs[1], &exponent) && power(&a, exponent, out);
  if (!read(r, node->inputs[1], &b))
    return false;
  if (node->op == &scull_opdef_mul)
    return multiply(&a, &b, out);
  add(&a, &b, node->op == &scull_opdef_sub ? -1 : 1, out);
  return true;
}

static bool read(reader_t *r, scull_value_id_t value, coefficients_t *out) {
  *out = (coefficients_t){{0, 1}};
  if (value == r->x)
    return true;
  *out = (coefficients_t){{0}};
  if (scull_passes_uniform(r->graph, value, &out->c[0]))
    return true;
  const scull_node_t *node = scull_graph_producer(r->graph, value);
  if (node == NULL || r->out->node_count == SCULL_POLYNOMIAL_NODES)
    return false;
  r->out->nodes[r->out->node_count++] = scull_graph_node_id(r->graph, node);
  if (node->op == &scull_opdef_scale || node->op == &scull_opdef_square ||
      node->op == &scull_opdef_neg)
    return read_one(r, node, out);
  if (node->op == &scull_opdef_add || node->op == &scull_opdef_sub ||
      node->op == &scull_opdef_mul || node->op == &scull_opdef_pow)
    return read_two(r, node, out);
  return false;
}

bool scull_passes_polynomial_read(const scull_graph_t *graph, scull_value_id_t value,
                                  scull_value_id_t x, scull_polynomial_t *out) {
  reader_t reader = {graph, x, out};
  coefficients_t c;
  out->node_count = 0;
  if (!scull_passes_same_type(graph, value, x) || !read(&reader, value, &c))
    return false;
  for (int i = 0; i <= SCULL_POLYNOMIAL_DEGREE; i++)
    out->c[i] = c.c[i];
  return true;
}
