/* What a file format gives: a probe, and a function from bytes to a graph. Private to import/. */
#ifndef SCULL_IMPORT_FORMAT_H
#define SCULL_IMPORT_FORMAT_H

#include "import/import.h"

/* A model's bytes, found and mapped. */
typedef struct scull_import_source {
  const scull_import_options_t *options;
  scull_import_files_t *files;
  scull_diag_t *diag;
  const char *model_name; /* for messages */
  scull_bytes_t model;
  const char *params_name; /* NULL: no file of parameters was found */
  scull_bytes_t params;
  const char *params_folder; /* where single parameter files would lie; may be NULL */
} scull_import_source_t;

typedef struct scull_format {
  const char *name, *title;
  const char *family;                 /* formats of one family have the same operators: "paddle" */
  bool (*probe)(scull_bytes_t model); /* cheap; must stand any bytes */
  scull_status_t (*read)(const scull_import_source_t *source, scull_graph_t **out);
  /* Ports alone; NULL: the format cannot tell without the shapes. */
  scull_status_t (*outline)(const scull_import_source_t *source, scull_import_outline_t *out);
  void (*each_operator)(scull_import_operator_fn_t fn, void *user);
  /* Mixes the files that only the model's content names into *hash. NULL: the parameters' file, or
   * the folder that they lie in, one a file. */
  scull_status_t (*hash)(const scull_import_source_t *source, uint64_t *hash);
} scull_format_t;

#define SCULL_FORMAT(name) extern const scull_format_t scull_format_##name;
#include "import/formats.def"
#undef SCULL_FORMAT

/* Fills the source from the options: maps the files, or takes the caller's memory. */
scull_status_t scull_import_locate(const scull_import_options_t *options,
                                   scull_import_files_t *files, scull_diag_t *diag,
                                   scull_import_source_t *out) SCULL_MUST_USE;

/* Maps one file and keeps it. */
scull_status_t scull_import_files_open(scull_import_files_t *files, const char *path,
                                       scull_diag_t *diag, scull_bytes_t *out) SCULL_MUST_USE;

/* An input as the file declares it: open dimensions are negative, and so is the rank where the file
 * does not say it. */
typedef struct scull_import_input {
  const char *name;
  scull_dtype_t dtype;
  scull_shape_t declared;
  bool is_optional;                  /* may be said not to be there */
  scull_shape_t shape[SCULL_POINTS]; /* written by scull_import_shapes */
  /* The input before this one of which this says where sequences of rows begin and end: unless the
   * user says else, from one sequence to one a row. NULL for other inputs. */
  const struct scull_import_input *rows_of;
} scull_import_input_t;

/* Settles the shapes of all inputs at every point, from the options and the declarations, and says
 * how many points are needed. */
scull_status_t scull_import_shapes(const scull_import_source_t *source,
                                   scull_import_input_t *inputs, size_t count,
                                   int *points) SCULL_MUST_USE;

/* Adds an input that scull_import_shapes settled: as a constant where the options give its value,
 * as nothing (SCULL_NO_ID) where they say that it is not there. */
scull_status_t scull_import_add_input(const scull_import_source_t *source, scull_graph_t *graph,
                                      const scull_import_input_t *input,
                                      scull_value_id_t *out) SCULL_MUST_USE;

#endif
