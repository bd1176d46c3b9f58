/* What the tests of passes share: text graph in, pass, text graph out, and the proof that both
 * compute the same. */
#ifndef SCULL_TESTS_SUPPORT_PASS_CHECK_H
#define SCULL_TESTS_SUPPORT_PASS_CHECK_H

#include "passes/pass.h"

/* Parses `before`, runs `pass` until it changes nothing, verifies, and asserts
 * - that the nodes are then the lines of `after` (graph_check_skeleton's form, see below);
 * - that before and after give the same outputs (relative 1e-5 of the tensor's peak) on seeded
 *   inputs at every point of the graph;
 * - that the origins of before all stand in some node of after, if any node is left.
 * Fails the running cmocka test otherwise. */
void pass_check(const scull_pass_t *pass, const char *before, const char *after);

/* The pass must leave this graph alone. */
void pass_check_unchanged(const scull_pass_t *pass, const char *text);

/* The same for the whole pipeline. */
void pass_check_pipeline(const scull_passes_options_t *options, const char *before,
                         const char *after);

/* The nodes of a graph in order, one a line, constants by type:
 *   "y = conv(x, f32[8x3x3x3], -) strides=2,2\n"
 * several outputs as "a, b = split(x)". Scalars are written with their value: "f32[]={2}". */
void pass_check_skeleton(scull_graph_t *graph, scull_text_t *text);

#endif
