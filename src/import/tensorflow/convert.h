/* From a frozen graph in plain structs to a graph of ours. Private to import/tensorflow/. */
#ifndef SCULL_IMPORT_TENSORFLOW_CONVERT_H
#define SCULL_IMPORT_TENSORFLOW_CONVERT_H

#include "import/tensorflow/graph.h"

/* Statuses and words as scull_import_model's. `file` may go afterwards; the source's bytes and
 * source->files must stay. */
scull_status_t scull_tf_convert(const scull_import_source_t *source, const scull_tf_graph_t *file,
                                scull_graph_t **out) SCULL_MUST_USE;

#endif
