/* A graph as an ONNX model: a file that viewers open and, where its operators are ONNX's, other
 * runtimes run with equal results. Operators that ONNX has not (or only nearly) stand in the domain
 * "scull" with their own names and attributes. */
#ifndef SCULL_EXPORT_ONNX_H
#define SCULL_EXPORT_ONNX_H

#include "graph/graph.h"

/* Writes the whole file under a temporary name and renames it. Varying dimensions are named by
 * their ranges ("1:4:8"), equal names being equal extents. UNSUPPORTED for operators that own
 * graphs and for more than 2 GiB, which protobuf cannot hold; INVALID_ARGUMENT when an output is no
 * value of the graph; IO. */
scull_status_t scull_export_onnx(scull_graph_t *graph, const char *path,
                                 scull_diag_t *diag) SCULL_MUST_USE;

#endif
