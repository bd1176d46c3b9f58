/* Operators from outside: a plug-in is a library (or a part of the program) that describes
 * operators which Scull does not have, and may bring tactics that run them. docs/add-a-plugin.md
 * walks through one. A plug-in needs this header only: it links against nothing of Scull's.
 *
 * The interface is stable: structs begin with their size and grow at their end, so a plug-in that
 * was built against an older header goes on working. Those without a size never change.
 *
 * What a plug-in registers stays until the process ends, and so must the descriptors, which are
 * read where they lie. Its functions may be called by several threads at once; each call's memory
 * belongs to that call. */
#ifndef SCULL_PLUGIN_H
#define SCULL_PLUGIN_H

#include <stdbool.h>

#include <scull/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SCULL_PLUGIN_ABI 1u
#define SCULL_PLUGIN_MAX_PORTS 16 /* inputs, and outputs, of an operator */

/* --- fields (attributes) ---------------------------------------------------------------------- */

/* The C type of a field: int64_t, double, bool, const char * (never NULL), and the two lists. */
typedef enum scull_plugin_kind {
  SCULL_PLUGIN_INT = 0,
  SCULL_PLUGIN_FLOAT = 1,
  SCULL_PLUGIN_BOOL = 2,
  SCULL_PLUGIN_STRING = 3,
  SCULL_PLUGIN_INTS = 4,
  SCULL_PLUGIN_FLOATS = 5,
} scull_plugin_kind_t;

typedef struct scull_plugin_ints {
  const int64_t *data;
  size_t size;
} scull_plugin_ints_t;

typedef struct scull_plugin_floats {
  const double *data;
  size_t size;
} scull_plugin_floats_t;

/* A field of the plug-in's own struct, which Scull fills from a model's attribute of that name or
 * else from `initial` ("3", "0.5", "true", "1,2,3"; "" for an empty list or string). */
typedef struct scull_plugin_field {
  const char *name;
  uint32_t kind; /* scull_plugin_kind_t */
  size_t offset;
  const char *initial;
} scull_plugin_field_t;
#define SCULL_PLUGIN_FIELD(type, kind, field, initial)                                             \
  { #field, SCULL_PLUGIN_##kind, offsetof(type, field), initial }

/* --- calls ------------------------------------------------------------------------------------ */

typedef struct scull_plugin_tensor {
  scull_dtype_t dtype; /* NONE: an input that is left out */
  int32_t rank;
  int64_t dims[SCULL_MAX_RANK];
  void *data; /* dense, row-major; inputs are read only. NULL where it is not known yet */
} scull_plugin_tensor_t;

typedef struct scull_plugin_call {
  size_t struct_size;
  const void *fields; /* the plug-in's struct; NULL without fields */
  const scull_plugin_tensor_t *inputs;
  size_t input_count;
  scull_plugin_tensor_t *outputs;
  size_t output_count;
  void *scratch;      /* as many bytes as `workspace` asked for, 64-byte aligned */
  int threads;        /* how many it may use */
  const char *node;   /* name in the model, for messages */
  void *engine_state; /* tactics: what engine_create made */
  void *state;        /* tactics: what prepare made */
  /* Notes what is wrong, before another status than OK is returned; `words` are copied. */
  void (*say)(const struct scull_plugin_call *call, const char *words);
  void *library; /* Scull's own */
} scull_plugin_call_t;

/* --- tactics ---------------------------------------------------------------------------------- */

/* One way to run an operator on a device. The search times it against the plug-in's other tactics;
 * where none accepts, the operator's `run` does the work. */
typedef struct scull_plugin_tactic {
  size_t struct_size;
  const char *name;   /* for reports */
  const char *device; /* "cpu" */
  /* NULL when it takes the operator over the whole range of shapes, else a literal reason. The
   * three calls hold types, and the bytes of constants. May be NULL: it always does. */
  const char *(*refuse)(const scull_plugin_call_t *opt, const scull_plugin_call_t *min,
                        const scull_plugin_call_t *max);
  /* Bytes of scratch that run needs at these shapes. May be NULL: none. */
  size_t (*workspace)(const scull_plugin_call_t *call);
  /* State that all contexts of an engine share, made when it is opened (and when the search times
   * the tactic) and destroyed once with it. It sees types at opt and the bytes of constants, which
   * stay where they are as long as the state lives. The pair may be NULL. */
  scull_status_t (*engine_create)(const scull_plugin_call_t *call, void **out_state);
  void (*engine_destroy)(void *engine_state);
  /* State of one context, made for the shapes at hand and given back once: when the context is
   * destroyed, or has seen too many other shapes since. The pair may be NULL. */
  scull_status_t (*prepare)(const scull_plugin_call_t *call, void **out_state);
  void (*release)(void *state);
  /* Fills the outputs. Takes no memory if it can help it. */
  scull_status_t (*run)(const scull_plugin_call_t *call);
} scull_plugin_tactic_t;

/* --- operators -------------------------------------------------------------------------------- */

enum {
  /* Extents of outputs depend on data: infer gives bounds, and run sets the dims that it found. */
  SCULL_PLUGIN_DATA_SHAPE = 1u << 0,
};

typedef struct scull_plugin_operator {
  size_t struct_size;
  const char *name; /* letters, digits, _ and . ; not one of Scull's */
  uint32_t flags;
  uint32_t inputs_min, inputs_max; /* those above the least may be left out */
  uint32_t outputs_min, outputs_max;
  uint32_t value_inputs; /* bit i: infer reads the bytes of input i, when they are there */
  const scull_plugin_field_t *fields;
  size_t field_count;
  size_t fields_size; /* of the struct */
  /* Sets dtype, rank and dims of every output from the inputs. INVALID_ARGUMENT, with words, for
   * inputs that it does not take. Runs several times a network: at each shape of a range. */
  scull_status_t (*infer)(const scull_plugin_call_t *call);
  size_t (*workspace)(const scull_plugin_call_t *call); /* scratch of `run`; NULL: none */
  /* The meaning of the operator, right before quick: the reference of comparisons, and what runs
   * where no tactic does. */
  scull_status_t (*run)(const scull_plugin_call_t *call);
  const scull_plugin_tactic_t *const *tactics; /* ended by NULL; may grow at its end. NULL: none */
  /* What models call it, beside `name`. NULL: nothing else. */
  const char *model_type;
  /* ONNX: the domain of its nodes; NULL: any that Scull does not read itself. */
  const char *onnx_domain;
  /* Paddle: its slots in the order of the inputs and outputs, ended by NULL. NULL: as in the file
   */
  const char *const *paddle_inputs, *const *paddle_outputs;
} scull_plugin_operator_t;

typedef struct scull_plugin {
  size_t struct_size;
  uint32_t abi;     /* SCULL_PLUGIN_ABI */
  const char *name; /* letters, digits, _ and -: plans name it, and lib<name>.so is looked for */
  /* Plans are tied to it: raise it when an operator's meaning or a tactic's states change, or
   * fields other than by growing at their end. */
  uint32_t version;
  const scull_plugin_operator_t *const *operators; /* ended by NULL */
} scull_plugin_t;

/* What a plug-in's library exports: */
#define SCULL_PLUGIN_ENTRY "scull_plugin_entry"
typedef const scull_plugin_t *(*scull_plugin_entry_t)(void);

#ifdef __cplusplus
}
#endif
#endif
