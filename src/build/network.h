/* Networks that a program writes with calls instead of a file: the same graph that an importer
 * makes, under the same rules, with faults told by the call that makes them. */
#ifndef SCULL_BUILD_NETWORK_H
#define SCULL_BUILD_NETWORK_H

#include <scull/scull.h>

#include "import/import.h"

struct scull_network {
  scull_graph_t *graph;
};

/* See scull_network_create and its fellows of the public header; `diag` gets the words. */
scull_status_t scull_build_network_create(scull_network_t *network,
                                          scull_diag_t *diag) SCULL_MUST_USE;
scull_status_t scull_build_network_input(scull_network_t *network, const char *name,
                                         scull_dtype_t dtype, const scull_shape_range_t *shape,
                                         scull_diag_t *diag, scull_tensor_id_t *out) SCULL_MUST_USE;
scull_status_t scull_build_network_constant(scull_network_t *network, const char *name,
                                            const scull_type_t *type, const void *data,
                                            scull_diag_t *diag,
                                            scull_tensor_id_t *out) SCULL_MUST_USE;
scull_status_t scull_build_network_operator(scull_network_t *network, const scull_operator_t *op,
                                            scull_diag_t *diag,
                                            scull_tensor_id_t *outs) SCULL_MUST_USE;
scull_status_t scull_build_network_output(scull_network_t *network, scull_tensor_id_t tensor,
                                          const char *name, scull_diag_t *diag) SCULL_MUST_USE;

/* The network as a graph of its own: the user may go on writing, or build again. Its bytes live in
 * `files`. Values that `options` asks for become outputs, too. */
scull_status_t scull_build_network_import(const scull_build_options_t *options,
                                          scull_import_files_t *files, scull_graph_t **out,
                                          scull_diag_t *diag) SCULL_MUST_USE;

#endif
