/* GELU, x * Phi(x), in both of its spellings:
 *   0.5 x (1 + erf(x / sqrt 2))   and   0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))).
 * Seen as a product of x and a gate a * f(polynomial of x) + a, where a times the product's
 * constant is a half. */
#include <math.h>

#include "ops/gelu.h"
#include "ops/scale.h"
#include "passes/polynomial.h"
#include "passes/product.h"

enum { MAX_NODES = SCULL_PRODUCT_NODES + SCULL_POLYNOMIAL_NODES + 2 };

typedef struct {
  bool approximate;
  scull_node_id_t nodes[MAX_NODES]; /* users before operands */
  size_t node_count;
} match_t;

/* Exporters round their constants to f32 or to six digits. */
static bool is_near(double value, double wanted) {
  return fabs(value - wanted) <= 2e-6 * (fabs(wanted) + 1e-2);
}

static bool has_coefficients(const scull_polynomial_t *p, double linear, double cubic) {
  return is_near(p->c[0], 0) && is_near(p->c[1], linear) && is_near(p->c[2], 0) &&
         is_near(p->c[3], cubic);
}

static void add_node(match_t *match, const scull_graph_t *graph, const scull_node_t *node) {
  match->nodes[match->node_count++] = scull_graph_node_id(graph, node);
}

/* `gate` = a f(...) + a with a * constant = 1/2. */
static bool read_gate(const scull_graph_t *graph, scull_value_id_t gate, scull_value_id_t x,
                      double constant, match_t *match) {
  const double root_half = 0.70710678118654752, root_two_over_pi = 0.79788456080286536;
  const scull_node_t *outer = scull_passes_from(graph, gate, &scull_opdef_scale);
  if (outer == NULL)
    return false;
  const scull_scale_attrs_t *attrs = outer->attrs;
  if (attrs->scale != attrs->bias || !is_near(attrs->scale * constant, 0.5))
    return false;
  const scull_node_t *f = scull_graph_producer(graph, outer->inputs[0]);
  scull_polynomial_t argument;
  match->approximate = scull_passes_is(f, &scull_opdef_tanh);
  if ((!match->approximate && !scull_passes_is(f, &scull_opdef_erf)) ||
      !scull_passes_polynomial_read(graph, f->inputs[0], x, &argument))
    return false;
  add_node(match, graph, outer);
  add_node(match, graph, f);
  for (size_t i = 0; i < argument.node_count; i++)
    match->nodes[match->node_count++] = argument.nodes[i];
  if (match->approximate)
    return has_coefficients(&argument, root_two_over_pi, root_two_over_pi * 0.044715);
  return has_coefficients(&argument, root_half, 0);
}

static scull_status_t visit(scull_graph_t *graph, scull_node_id_t id, bool *changed) {
  scull_product_t product;
  if (!scull_passes_product_read(graph, scull_graph_node(graph, id), &product) ||
      product.factor_count != 2)
    return SCULL_OK;
  for (size_t side = 0; side < 2; side++) {
    match_t match = {0};
    scull_node_id_t made = SCULL_NO_ID;
    for (size_t i = 0; i < product.node_count; i++)
      match.nodes[match.node_count++] = product.nodes[i];
    scull_value_id_t x = product.factors[1 - side];
    if (!read_gate(graph, product.factors[side], x, product.constant, &match) ||
        !scull_passes_is_closed(graph, id, match.nodes, match.node_count))
      continue;
    const scull_gelu_attrs_t attrs = {.approximate = match.approximate};
    SCULL_TRY(scull_passes_replace_node(graph, id, &scull_opdef_gelu, &attrs, &x, 1, &made));
    if (made == SCULL_NO_ID)
      return SCULL_OK;
    *changed = true;
    return scull_passes_retire(graph, made, match.nodes, match.node_count);
  }
  return SCULL_OK;
}

static scull_status_t run(scull_graph_t *graph, bool *changed) {
  return scull_passes_visit(graph, visit, changed);
}

const scull_pass_t scull_pass_recognise_gelu = {
    .name = "recognise_gelu", .purpose = "find GELU by erf and by tanh", .run = run};
