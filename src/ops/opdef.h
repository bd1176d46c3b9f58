/* An operator = one descriptor: what it takes, what shape it gives, and plain loops that define its
 * meaning. The reference kernel is the oracle of every test, the constant folder, and the last
 * native fallback. Nothing here knows of graphs, layouts or devices. */
#ifndef SCULL_OPS_OPDEF_H
#define SCULL_OPS_OPDEF_H

#include "ops/attr.h"

/* Traits that passes, partition and tactics may ask for; never an operator's name. */
enum {
  SCULL_OP_UNARY = 1u << 0,       /* element-wise of input 0, same shape */
  SCULL_OP_BINARY = 1u << 1,      /* element-wise of inputs 0 and 1 with NumPy broadcast */
  SCULL_OP_COMMUTATIVE = 1u << 2, /* inputs 0 and 1 may be swapped */
  SCULL_OP_VIEW = 1u << 3,        /* output 0 has the bytes of input 0 in the same order */
  SCULL_OP_TYPE_ONLY = 1u << 4,   /* outputs depend on the inputs' types, not on their bytes */
  SCULL_OP_DATA_SHAPE = 1u << 5,  /* output extents depend on data; infer gives upper bounds and
                                     the reference kernel shrinks outputs[i].type.shape */
  SCULL_OP_MOVES_DATA = 1u << 6,  /* copies elements only: any dtype */
  SCULL_OP_SEQUENCES = 1u << 7,   /* takes or gives sequences (tensor/sequence.h); others never see
                                     one */
  SCULL_OP_POOLING = 1u << 8,     /* the maximum or mean of windows that slide over input 0 */
  SCULL_OP_SELECTS = 1u << 9,     /* every element of the result is one of input 0's */
  SCULL_OP_NOT_NEGATIVE = 1u << 10, /* no element of the result is below 0 */
  SCULL_OP_BY_CHANNEL = 1u << 11,   /* element-wise of input 0, same shape, with more operands that
                                       broadcast to it or go by channel */
};

/* An operator that owns graphs (regions) has no rule and no kernel of its own; what its regions'
 * parameters and results are is said here, and who joins graphs runs them. */
typedef enum scull_control {
  SCULL_CONTROL_NONE = 0,
  /* Inputs: condition (one BOOL), captures. Regions 0 (true) and 1 (false), parameters of each: the
   * captures. The results of the one that ran are the outputs. */
  SCULL_CONTROL_BRANCH = 1,
  /* Inputs: most trips (one I64, may be absent), condition to begin (one BOOL, may be absent),
   * carried values, captures. Region 0, parameters: trip number (I64 scalar), condition (BOOL
   * scalar), carried values, captures; results: condition to go on (one BOOL), carried values,
   * gathered values. Outputs: the last carried values, then each gathered value of all trips along
   * a new first axis. The number of carried values is the attribute of scull_loop_attrs_t. */
  SCULL_CONTROL_LOOP = 2,
} scull_control_t;

enum { SCULL_ARITY_MANY = 255 };

/* One call of a rule or kernel. In `infer`, outputs[i].type is written, data of inputs is non-NULL
 * only where the value is known. Where an extent depends on bytes that are not known, the rule
 * gives an upper bound or, failing that, a guess, and says so with scull_ops_open; when `open` is
 * NULL it refuses (a run knows all bytes that rules read). In `reference`, types are set, data of
 * every present tensor is valid (unless it has no elements) and aligned, outputs do not overlap
 * inputs, unless the operator is SCULL_OP_UNARY, where output 0 may be input 0. */
typedef struct scull_op_call {
  const struct scull_opdef *def;
  const void *attrs;
  const scull_tensor_t *inputs; /* absent optional ones have dtype NONE */
  size_t input_count;
  scull_tensor_t *outputs;
  size_t output_count;
  uint32_t guessed;   /* infer: bit i: extents of input i are guesses, which may not fit others */
  uint32_t *open;     /* infer: by output, a mask of the axes whose extent is a bound; or NULL */
  void *scratch;      /* reference: as many bytes as `scratch` asked for, 64-byte aligned */
  const char *node;   /* for messages; may be NULL */
  scull_diag_t *diag; /* may be NULL */
} scull_op_call_t;

typedef struct scull_op_cost {
  double flops; /* a multiply-add counts as two */
  double bytes; /* each operand read once, each result written once */
} scull_op_cost_t;

typedef struct scull_opdef {
  const char *name;
  uint8_t inputs_min, inputs_max;   /* inputs_max may be SCULL_ARITY_MANY */
  uint8_t outputs_min, outputs_max; /* likewise */
  uint32_t traits;
  uint32_t value_inputs; /* bit i: the shape rule reads the bytes of input i; it sees no others */
  scull_control_t control;
  scull_attr_schema_t attrs;
  scull_status_t (*infer)(const scull_op_call_t *call);
  scull_status_t (*reference)(const scull_op_call_t *call);
  double (*flops)(const scull_op_call_t *call); /* NULL: one per output element */
  /* The axis of operand `input` along which each slice makes one channel of the result (and can so
   * have a scale of its own as small integers); -1: none. Only types are there. NULL: none. */
  int32_t (*channel_axis)(const scull_op_call_t *call, size_t input);
  size_t (*scratch)(const scull_op_call_t *call); /* NULL: none; types of outputs are set */
  const char *plugin;                             /* who brought it; NULL: Scull's own */
  uint32_t plugin_version;
} scull_opdef_t;

/* Every operator, from ops.def, in its order. */
#define SCULL_OP(name) extern const scull_opdef_t scull_opdef_##name;
#include "ops/ops.def"
#undef SCULL_OP

/* Scull's own, then those that were added. */
size_t scull_ops_count(void);
const scull_opdef_t *scull_ops_at(size_t index);

/* One more operator, for the rest of the process, in the caller's storage: set `def`, the rest is
 * zero. Its name is new. Others may look at the list meanwhile, but only one thread adds at a time.
 */
typedef struct scull_ops_added {
  const scull_opdef_t *def;
  void *next;
} scull_ops_added_t;
void scull_ops_add(scull_ops_added_t *entry);

/* The operator of that name, or NULL. */
const scull_opdef_t *scull_ops_find(const char *name);

/* Checks the number of inputs and outputs, that no required one is absent, then runs the rule and
 * checks what it gave (ranks, signs, overflow). Statuses: INVALID_ARGUMENT with a message that
 * names the node. */
scull_status_t scull_ops_infer(const scull_op_call_t *call) SCULL_MUST_USE;

scull_op_cost_t scull_ops_cost(const scull_op_call_t *call);

/* True when input `index` is present. */
bool scull_ops_has_input(const scull_op_call_t *call, size_t index);

/* For rules: the extent of `axis` of output `output` is no more than a bound. */
void scull_ops_open(const scull_op_call_t *call, size_t output, int32_t axis);

/* For rules: true when input `index` is there, its bytes are not known, and a bound will do. */
bool scull_ops_must_guess(const scull_op_call_t *call, size_t index);

/* Records "node 'x' (conv): <words>" and returns INVALID_ARGUMENT. */
scull_status_t scull_ops_fail(const scull_op_call_t *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
#ifdef __clang_analyzer__ /* see base/diag.h */
#define scull_ops_fail(...) ((void)(scull_ops_fail)(__VA_ARGS__), SCULL_INVALID_ARGUMENT)
#endif

#endif
