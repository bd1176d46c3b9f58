/* What passes share: walking, looking for patterns, and putting a new node in the place of old
 * ones without losing names, origins or shapes. Private to passes/. */
#ifndef SCULL_PASSES_REWRITE_H
#define SCULL_PASSES_REWRITE_H

#include "passes/pass.h"

/* --- walking --------------------------------------------------------------------------------- */

/* Looks at one live node; sets *changed when it rewrote something. */
typedef scull_status_t (*scull_passes_visit_fn_t)(scull_graph_t *graph, scull_node_id_t node,
                                                  bool *changed);

/* Visits the nodes that live at its start, producers first; those that a visit removes are not
 * visited any more, those that it adds are not visited yet. */
scull_status_t scull_passes_visit(scull_graph_t *graph, scull_passes_visit_fn_t visit,
                                  bool *changed) SCULL_MUST_USE;

/* --- looking --------------------------------------------------------------------------------- */

/* True when `node` is not NULL and of that operator. */
bool scull_passes_is(const scull_node_t *node, const scull_opdef_t *op);

/* The node of operator `op` that gives `value` as its output 0, or NULL. */
scull_node_t *scull_passes_from(const scull_graph_t *graph, scull_value_id_t value,
                                const scull_opdef_t *op);

/* As above, when besides nobody else reads `value` and it is no graph output. */
scull_node_t *scull_passes_only_from(const scull_graph_t *graph, scull_value_id_t value,
                                     const scull_opdef_t *op);

/* True when dtype and, at every point, shape agree. */
bool scull_passes_same_type(const scull_graph_t *graph, scull_value_id_t a, scull_value_id_t b);

/* True when dimension `axis` is the same at all points. */
bool scull_passes_fixed_dim(const scull_graph_t *graph, scull_value_id_t value, int32_t axis);

/* True for a constant of a float type whose elements (at least one) are all *out. */
bool scull_passes_uniform(const scull_graph_t *graph, scull_value_id_t value, double *out);

/* True when nobody but `root` and the listed nodes (SCULL_NO_ID entries are skipped) needs what the
 * listed nodes give: then a rewrite of root makes all of them superfluous. */
bool scull_passes_is_closed(const scull_graph_t *graph, scull_node_id_t root,
                            const scull_node_id_t *nodes, size_t count);

/* A binary node as an operation with a uniform constant: *x is the other operand, which has the
 * type of the result, *c the constant, *swapped is set when the constant stands left. */
bool scull_passes_with_scalar(const scull_graph_t *graph, const scull_node_t *node,
                              scull_value_id_t *x, double *c, bool *swapped);

/* --- rewriting ------------------------------------------------------------------------------- */

/* Adds a node that stands where `old` stands, named and counted as `old` is. It must give one
 * output of the same type as output 0 of `old`: else nothing happens and *out is SCULL_NO_ID.
 * Users and graph outputs of that value move over, with its name, and `old` is removed. */
scull_status_t scull_passes_replace_node(scull_graph_t *graph, scull_node_id_t old,
                                         const scull_opdef_t *op, const void *attrs,
                                         const scull_value_id_t *inputs, size_t input_count,
                                         scull_node_id_t *out) SCULL_MUST_USE;

/* Lets value `to` stand for output 0 of `node`, which goes. Its origins go to the producer of `to`,
 * else to the first user. False in *done, and nothing happens, when both are graph outputs or a
 * graph output would become an input or a constant of the graph: somebody has to copy those. */
scull_status_t scull_passes_bypass(scull_graph_t *graph, scull_node_id_t node, scull_value_id_t to,
                                   bool *done) SCULL_MUST_USE;

/* For each listed node that nobody needs any more, in this order: `into` takes its origins and it
 * is removed. SCULL_NO_ID entries are skipped. */
scull_status_t scull_passes_retire(scull_graph_t *graph, scull_node_id_t into,
                                   const scull_node_id_t *nodes, size_t count) SCULL_MUST_USE;

/* `node` and the nodes above it that are not needed without it. */
scull_status_t scull_passes_retire_above(scull_graph_t *graph, scull_node_id_t into,
                                         scull_node_id_t node) SCULL_MUST_USE;

/* As scull_passes_retire; the heir is the producer of `value`, else its first user that is not
 * listed. */
scull_status_t scull_passes_retire_beside(scull_graph_t *graph, scull_value_id_t value,
                                          const scull_node_id_t *nodes,
                                          size_t count) SCULL_MUST_USE;

/* A constant of f32 in the graph's arena; `data` must live there. */
scull_status_t scull_passes_add_f32(scull_graph_t *graph, const char *name,
                                    const scull_shape_t *shape, const float *data,
                                    scull_value_id_t *out) SCULL_MUST_USE;

#endif
