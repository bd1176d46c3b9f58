/* A Caffe network in plain structs: the layers of a .prototxt that belong to the test phase, in the
 * order of the file, whichever of the three syntaxes it is written in (`layer`, `layers` with V1's
 * types in capitals, `layers` with V0's inner `layer`), and the blobs of a .caffemodel by layer.
 * Nothing here knows what a layer means. Private to import/caffe/. */
#ifndef SCULL_IMPORT_CAFFE_NET_H
#define SCULL_IMPORT_CAFFE_NET_H

#include "base/map.h"
#include "import/format.h"
#include "import/prototext.h"

typedef struct scull_caffe_names {
  const char **data;
  size_t size;
} scull_caffe_names_t;

typedef struct scull_caffe_layer {
  const char *name; /* "" when it has none */
  const char *type; /* as in the newest syntax: "InnerProduct" */
  scull_caffe_names_t bottoms, tops;
  const scull_prototext_t *message; /* its parameters; V0: they stand in it without a message of
                                       their own */
  bool flat;                        /* V0 */
  uint32_t line;
} scull_caffe_layer_t;

/* An input that the net declares outside of its layers. */
typedef struct scull_caffe_input {
  const char *name;
  scull_shape_t shape;
} scull_caffe_input_t;

typedef struct scull_caffe_net {
  SCULL_VEC(scull_caffe_layer_t) layers;
  SCULL_VEC(scull_caffe_input_t) inputs;
  scull_prototext_t root;
  scull_arena_t arena;
} scull_caffe_net_t;

void scull_caffe_net_deinit(scull_caffe_net_t *net);

/* Reads a .prototxt. `out` is zero-initialised by the caller and deinitialised by it also after a
 * failure. CORRUPT names file and line. */
scull_status_t scull_caffe_net_read(scull_bytes_t bytes, const char *file, scull_diag_t *diag,
                                    scull_caffe_net_t *out) SCULL_MUST_USE;

/* The dimensions of a `shape {}` message; CORRUPT with the line for what is no extent. */
scull_status_t scull_caffe_shape_read(const scull_prototext_t *message, const char *file,
                                      scull_diag_t *diag, scull_shape_t *out) SCULL_MUST_USE;

/* --- weights --------------------------------------------------------------------------------- */

/* A trained blob, always f32: borrowed from the file (at any alignment) where it stands there as
 * packed floats, else converted into the arena. */
typedef struct scull_caffe_blob {
  scull_shape_t shape;
  const void *data;
} scull_caffe_blob_t;

typedef struct scull_caffe_blobs {
  scull_caffe_blob_t *data;
  size_t size;
} scull_caffe_blobs_t;

typedef struct scull_caffe_weights {
  SCULL_VEC(scull_caffe_blobs_t) layers;
  scull_map_t names; /* name of a layer -> index */
  scull_arena_t arena;
} scull_caffe_weights_t;

void scull_caffe_weights_deinit(scull_caffe_weights_t *weights);

/* Reads a .caffemodel, likewise. What is not packed floats is converted in `arena`, which must live
 * as long as the blobs are read. CORRUPT names file and offset. */
scull_status_t scull_caffe_weights_read(scull_bytes_t bytes, const char *file, scull_diag_t *diag,
                                        scull_arena_t *arena,
                                        scull_caffe_weights_t *out) SCULL_MUST_USE;

/* The blobs of the layer of that name; empty when it has none. */
scull_caffe_blobs_t scull_caffe_weights_find(const scull_caffe_weights_t *weights,
                                             const char *name);

#endif
