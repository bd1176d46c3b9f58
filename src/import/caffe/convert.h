/* From a Caffe network in plain structs to a graph. Private to import/caffe/. */
#ifndef SCULL_IMPORT_CAFFE_CONVERT_H
#define SCULL_IMPORT_CAFFE_CONVERT_H

#include "import/caffe/net.h"

/* Statuses and words as scull_import_model's. `weights` is NULL when no .caffemodel was given. The
 * net and the weights may go afterwards; the source's bytes and source->files must stay. */
scull_status_t scull_caffe_convert(const scull_import_source_t *source,
                                   const scull_caffe_net_t *net,
                                   const scull_caffe_weights_t *weights,
                                   scull_graph_t **out) SCULL_MUST_USE;

#endif
