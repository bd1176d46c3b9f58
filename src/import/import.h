/* From a model file to a graph. What the file holds is found by its content; formats.def lists the
 * formats. Weights are not copied: the graph's constants borrow them from the mapped files. */
#ifndef SCULL_IMPORT_IMPORT_H
#define SCULL_IMPORT_IMPORT_H

#include "base/file.h"
#include "graph/graph.h"

/* The mapped files of a model. Zero-initialise it; it must outlive the graphs that were made with
 * it. */
typedef struct scull_import_files {
  SCULL_VEC(scull_file_t) files;
  scull_arena_t arena; /* their names */
} scull_import_files_t;

void scull_import_files_deinit(scull_import_files_t *files);

/* The shapes that an input may take: min <= opt <= max, dimension by dimension. */
typedef struct scull_import_shape {
  const char *name;
  scull_shape_t min, opt, max;
} scull_import_shape_t;

/* An input that always has these bytes: it is a constant of the graph. For those that only say
 * shapes, which must be known when a network is built. */
typedef struct scull_import_value {
  const char *name;
  scull_tensor_t tensor; /* borrowed for the call; of type NONE: an optional that is not there */
} scull_import_value_t;

/* An operator that cannot be had; texts are valid during the call. */
typedef void (*scull_import_gap_fn_t)(void *user, const char *type, const char *reason,
                                      size_t count, const char *places);

typedef struct scull_import_options {
  /* A file, or a folder that holds a model under one of the usual names. With `model` set it is
   * only a name for messages and may be NULL. */
  const char *model_path;
  /* NULL: found beside the model. A folder: one file a parameter. */
  const char *params_path;
  /* The files' content, when the caller has it in memory; it must outlive the graph. */
  scull_bytes_t model, params;
  const char *format; /* a name of formats.def; NULL: by content */
  const scull_import_shape_t *shapes;
  size_t shape_count;
  const scull_import_value_t *values; /* of inputs that are constants */
  size_t value_count;
  /* For inputs without a shape above: an open dimension 0 goes from 1 to this, tuned at this.
   * 0 means 1. */
  int64_t max_batch;
  /* Values inside the network that become outputs too, after the model's own. */
  const char *const *extra_outputs;
  size_t extra_output_count;
  /* For descriptions: what cannot be had is told here, too, and a model that is UNSUPPORTED gives
   * what there is of its graph (inputs, operators, no outputs) all the same. NULL: neither. */
  scull_import_gap_fn_t gap;
  void *gap_user;
} scull_import_options_t;

/* Reads a model. Every operator that is not supported is reported before UNSUPPORTED is returned.
 * Further statuses: NOT_FOUND, IO (a file), CORRUPT (its content), INVALID_ARGUMENT (a shape that
 * is missing or does not suit the network, a name that is not in it), OUT_OF_MEMORY. The words name
 * file, offset or node. *out is yours; destroy it before `files`. */
scull_status_t scull_import_model(const scull_import_options_t *options,
                                  scull_import_files_t *files, scull_diag_t *diag,
                                  scull_graph_t **out) SCULL_MUST_USE;

/* An input or output as the file declares it: open dimensions are -1; rank -1: not declared. */
typedef struct scull_import_port {
  const char *name;
  scull_dtype_t dtype; /* NONE: not declared */
  scull_shape_t shape;
} scull_import_port_t;

typedef struct scull_import_outline {
  scull_arena_t arena; /* holds the rest */
  scull_import_port_t *inputs, *outputs;
  size_t input_count, output_count;
} scull_import_outline_t;

/* What a model takes and gives, before any shape is settled and without its parameters. `out` is
 * zero-initialised by the caller and his to give back, also after a failure. Statuses as above;
 * UNSUPPORTED for a format that does not tell. */
scull_status_t scull_import_outline(const scull_import_options_t *options, scull_diag_t *diag,
                                    scull_import_outline_t *out) SCULL_MUST_USE;
void scull_import_outline_deinit(scull_import_outline_t *outline);

/* A hash of the model's bytes, parameters included, without reading what they mean: names no path,
 * so a copied folder has the same. `files` as above. */
scull_status_t scull_import_hash(const scull_import_options_t *options, scull_import_files_t *files,
                                 scull_diag_t *diag, uint64_t *out) SCULL_MUST_USE;

/* An operator that models of a format use; `op` is ours that does its work, NULL where several do
 * or where its attributes decide which. */
typedef void (*scull_import_operator_fn_t)(void *user, const char *type, const char *op);

/* Calls `fn` for every operator of a family of formats ("paddle"); false when there is no such
 * family. */
bool scull_import_each_operator(const char *family, scull_import_operator_fn_t fn, void *user);

/* Families, in order; NULL past the end. */
const char *scull_import_family_at(size_t index);

#endif
