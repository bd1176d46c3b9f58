/* A Paddle program in plain structs: what both of its file forms (ProgramDesc, PIR JSON) are read
 * into. Operators have the names of the ProgramDesc form ("fluid"), with named slots and named
 * attributes; operands are indices into the table of variables. Everything lives in the program's
 * arena. Nothing here knows what an operator means. */
#ifndef SCULL_IMPORT_PADDLE_PROGRAM_H
#define SCULL_IMPORT_PADDLE_PROGRAM_H

#include "import/format.h"

/* VarType.Type of framework.proto, as far as it is spoken of. */
enum {
  SCULL_PADDLE_BOOL = 0,
  SCULL_PADDLE_INT32 = 2,
  SCULL_PADDLE_INT64 = 3,
  SCULL_PADDLE_FP32 = 5,
  SCULL_PADDLE_INT8 = 21,
  SCULL_PADDLE_LOD_TENSOR = 7,
  SCULL_PADDLE_FEED_MINIBATCH = 9,
  SCULL_PADDLE_FETCH_LIST = 10,
  SCULL_PADDLE_RAW = 17,
};

typedef enum scull_paddle_kind {
  SCULL_PADDLE_ATTR_OTHER = 0, /* of a type that is skipped */
  SCULL_PADDLE_ATTR_INT,       /* and bool, long, dtype */
  SCULL_PADDLE_ATTR_FLOAT,
  SCULL_PADDLE_ATTR_STRING,
  SCULL_PADDLE_ATTR_INTS,
  SCULL_PADDLE_ATTR_FLOATS,
  SCULL_PADDLE_ATTR_BLOCK, /* a sub-block: control flow */
} scull_paddle_kind_t;

typedef struct scull_paddle_attr {
  const char *name;
  scull_paddle_kind_t kind;
  int64_t i;
  double f;
  const char *s;
  scull_ints_t ints;
  scull_floats_t floats;
} scull_paddle_attr_t;

typedef struct scull_paddle_slot {
  const char *name;
  uint32_t *vars; /* indices into program->vars */
  size_t count;
} scull_paddle_slot_t;

typedef struct scull_paddle_op {
  const char *type;
  scull_paddle_slot_t *inputs, *outputs;
  size_t input_count, output_count;
  scull_paddle_attr_t *attrs;
  size_t attr_count;
  uint32_t block, index; /* its place in the file */
} scull_paddle_op_t;

typedef struct scull_paddle_var {
  const char *name;
  bool declared;     /* has a VarDesc; the following is known */
  int32_t kind;      /* SCULL_PADDLE_LOD_TENSOR, ... */
  int32_t element;   /* Paddle's number of the element type */
  scull_ints_t dims; /* -1: open */
  bool persistable;
  int32_t lod_level; /* above 0: its rows belong to sequences or pictures (lod.h) */
  uint32_t reads;    /* by operators, fetches included */
} scull_paddle_var_t;

typedef struct scull_paddle_program {
  scull_arena_t arena;
  SCULL_VEC(scull_paddle_var_t) vars;
  scull_paddle_op_t *ops; /* of all blocks, block 0 first, in the order of the file */
  size_t op_count;
  size_t block_count;
} scull_paddle_program_t;

void scull_paddle_program_deinit(scull_paddle_program_t *program);

/* Reads a serialized ProgramDesc. `out` is zero-initialised by the caller and deinitialised by it
 * also after a failure. CORRUPT names the file and the offset. */
scull_status_t scull_paddle_program_read(scull_bytes_t bytes, const char *file, scull_diag_t *diag,
                                         scull_paddle_program_t *out) SCULL_MUST_USE;

/* The same for PIR JSON. */
scull_status_t scull_paddle_pir_read(scull_bytes_t bytes, const char *file, scull_diag_t *diag,
                                     scull_paddle_program_t *out) SCULL_MUST_USE;

/* Our element type for Paddle's number, NONE for those that Scull has not. */
scull_dtype_t scull_paddle_dtype(int64_t element);

/* The persistable tensors in the order of a combined file: by name, byte by byte. `*order` is in
 * the program's arena. */
scull_status_t scull_paddle_program_params(scull_paddle_program_t *program, scull_diag_t *diag,
                                           uint32_t **order, size_t *count) SCULL_MUST_USE;

/* One tensor of a parameter file. */
typedef struct scull_paddle_param {
  scull_type_t type;
  const void *data; /* borrowed from the file, of any alignment */
} scull_paddle_param_t;

/* Finds the bytes of every persistable tensor: in the combined file, or one file each in the
 * source's folder. `*params` has an entry a variable (dtype NONE: no parameter) in the program's
 * arena. CORRUPT when file and program do not match. */
scull_status_t scull_paddle_params_read(const scull_import_source_t *source,
                                        scull_paddle_program_t *program,
                                        scull_paddle_param_t **params) SCULL_MUST_USE;

#endif
