/* Operators joined: nodes, values, edits, walks.
 *
 * A graph is looked at from a few *points* of its input shapes at once: the shape to tune for
 * (opt), the smallest, the largest, and one in between that nobody chose. A dimension is its value
 * at each point. Shape rules stay ordinary arithmetic, run once a point; a dimension is fixed when
 * it is the same at all points, and two dimensions are the same when they agree at all of them.
 *
 * Everything lives in the graph's arena; ids are stable, removed nodes and values leave holes. One
 * graph belongs to one thread at a time. */
#ifndef SCULL_GRAPH_GRAPH_H
#define SCULL_GRAPH_GRAPH_H

#include "base/map.h"
#include "base/vec.h"
#include "ops/opdef.h"

typedef uint32_t scull_node_id_t;
typedef uint32_t scull_value_id_t;
#define SCULL_NO_ID UINT32_MAX /* an absent operand, no producer */

enum { SCULL_MAX_REGION_DEPTH = 16 }; /* regions within regions: who walks them may recurse */

typedef enum scull_point {
  SCULL_POINT_OPT = 0,
  SCULL_POINT_MIN = 1,
  SCULL_POINT_MAX = 2,
  SCULL_POINT_PROBE = 3, /* between min and max: tells "fixed" from "the same by chance" */
  SCULL_POINTS = 4,
} scull_point_t;

/* What a run alone can settle is *late*: an extent that depends on data (and then the points hold
 * an upper bound or a guess, different ones, so that nobody takes it for fixed), or bytes computed
 * from such an extent. dtype and rank of a late value are sure, its extents are for sizing and
 * tuning only, and all that reads it is late as well. A graph with late values has SCULL_POINTS
 * points, whatever its inputs. */
typedef struct scull_value {
  const char *name; /* as in the file; unique in the graph */
  scull_dtype_t dtype;
  scull_shape_t shape[SCULL_POINTS]; /* [0, graph->points) are valid */
  const void *known[SCULL_POINTS];   /* its bytes at that point, where they are known; aligned */
  const void *guess[SCULL_POINTS];   /* late: its bytes if the extents were as at that point */
  bool late;
  const void *data;                 /* a constant's bytes, any alignment; NULL for the others */
  const scull_quant_t *quant;       /* how it may be stored in 8 bits; NULL: not known */
  bool wide;                        /* holds numbers that f16 has not */
  bool exact;                       /* is not to be stored in fewer bits than dtype has */
  scull_node_id_t producer;         /* SCULL_NO_ID for inputs and constants */
  uint32_t slot;                    /* which output of the producer */
  uint64_t stands_for;              /* a constant out of a graph's text: the hash of the bytes that
                                       were printed, of which its own are no more than a likeness */
  SCULL_VEC(scull_node_id_t) users; /* one entry an operand: a node may stand twice */
  bool is_input;
  bool made_name; /* the name was made here, no file spoke of it */
  bool dead;
} scull_value_t;

/* An operator as it stood in the file: what counts, pictures and messages speak of. */
typedef struct scull_origin {
  const char *name; /* the file's name of the node; for formats without one, its first output */
  const char *type; /* the file's operator type */
} scull_origin_t;

typedef struct scull_graph scull_graph_t;

typedef struct scull_node {
  const char *name;
  const scull_opdef_t *op;
  void *attrs; /* in the graph's arena */
  scull_value_id_t *inputs;
  size_t input_count;
  scull_value_id_t *outputs;
  size_t output_count;
  uint32_t
      *origins; /* indices into graph->origins: the file's operators that this node stands for */
  size_t origin_count;
  scull_graph_t **regions; /* op->control: graphs of its own, their parameters are their inputs and
                              their results their outputs; they see nothing else */
  size_t region_count;
  bool dead;
} scull_node_t;

typedef struct scull_graph_output {
  scull_value_id_t value;
  const char *name; /* stays, whatever passes do to the value */
} scull_graph_output_t;

struct scull_graph {
  scull_arena_t arena;
  scull_diag_t *diag; /* borrowed; may be NULL */
  int points;         /* 1 (fixed shapes) or SCULL_POINTS */
  int depth;          /* levels of regions below this graph */
  bool is_region;     /* belongs to a node of another graph */
  SCULL_VEC(scull_node_t) nodes;
  SCULL_VEC(scull_value_t) values;
  SCULL_VEC(scull_value_id_t) inputs;
  SCULL_VEC(scull_graph_output_t) outputs;
  SCULL_VEC(scull_origin_t) origins;
  SCULL_VEC(scull_graph_t *) regions; /* of all nodes that ever had some; owned */
  scull_map_t names;                  /* value names -> id */
};

/* --- life ------------------------------------------------------------------------------------ */

/* An empty graph. `points` is 1 or SCULL_POINTS. *out is yours: scull_graph_destroy. */
scull_status_t scull_graph_create(int points, scull_diag_t *diag,
                                  scull_graph_t **out) SCULL_MUST_USE;
void scull_graph_destroy(scull_graph_t *graph); /* NULL is allowed */

/* Where the words of the graph and its regions go from now on; NULL: nowhere. */
void scull_graph_set_diag(scull_graph_t *graph, scull_diag_t *diag);

/* Gives a graph of one point, and its regions, all SCULL_POINTS; one that has them stays as it is.
 */
void scull_graph_open_points(scull_graph_t *graph);

/* The extent at SCULL_POINT_PROBE for a range: between min and max and, where it can be, not opt. A
 * multiple of what divides all three, since networks often take multiples of 32 only. */
int64_t scull_graph_probe(int64_t min, int64_t opt, int64_t max);

/* --- building -------------------------------------------------------------------------------- */

/* `shapes` has graph->points entries. INVALID_ARGUMENT when the name is taken. */
scull_status_t scull_graph_add_input(scull_graph_t *graph, const char *name, scull_dtype_t dtype,
                                     const scull_shape_t *shapes,
                                     scull_value_id_t *out) SCULL_MUST_USE;

/* `data` is borrowed and must outlive the graph (put computed constants into graph->arena). A taken
 * name is made unique by a suffix. */
scull_status_t scull_graph_add_constant(scull_graph_t *graph, const char *name,
                                        const scull_type_t *type, const void *data,
                                        scull_value_id_t *out) SCULL_MUST_USE;

/* What scull_graph_add_node takes. `attrs` is copied (NULL: defaults); trailing absent inputs may
 * be left out; `output_names` may be NULL or hold NULLs (names are then made from `name`). */
typedef struct scull_node_spec {
  const scull_opdef_t *op;
  const char *name;
  const void *attrs;
  const scull_value_id_t *inputs;
  size_t input_count;
  size_t output_count;
  const char *const *output_names;
  const uint32_t *origins;
  size_t origin_count;
  scull_graph_t *const *regions; /* the node's from now on if adding it succeeds */
  size_t region_count;
} scull_node_spec_t;

/* Adds a node with its output values and infers their types. On failure (arity, shapes) nothing is
 * added and the words name the node. */
scull_status_t scull_graph_add_node(scull_graph_t *graph, const scull_node_spec_t *spec,
                                    scull_node_id_t *out) SCULL_MUST_USE;

scull_status_t scull_graph_add_output(scull_graph_t *graph, scull_value_id_t value,
                                      const char *name) SCULL_MUST_USE;

/* Records an operator of the file; *out indexes graph->origins. */
scull_status_t scull_graph_add_origin(scull_graph_t *graph, const char *name, const char *type,
                                      uint32_t *out) SCULL_MUST_USE;

/* --- looking --------------------------------------------------------------------------------- */

/* Pointers stay valid until the next add. */
scull_node_t *scull_graph_node(const scull_graph_t *graph, scull_node_id_t id);
scull_value_t *scull_graph_value(const scull_graph_t *graph, scull_value_id_t id);

/* The value of that name, or that had it until a replace gave it another; else SCULL_NO_ID. */
scull_value_id_t scull_graph_find_value(const scull_graph_t *graph, const char *name);

/* The node that gives `value`, or NULL for inputs, constants and SCULL_NO_ID. */
scull_node_t *scull_graph_producer(const scull_graph_t *graph, scull_value_id_t value);

bool scull_graph_is_output(const scull_graph_t *graph, scull_value_id_t value);

/* The only user of `value`, or NULL when there are none or several or it is an output. */
scull_node_t *scull_graph_only_user(const scull_graph_t *graph, scull_value_id_t value);

/* Id of a node given by pointer. */
scull_node_id_t scull_graph_node_id(const scull_graph_t *graph, const scull_node_t *node);

bool scull_graph_is_constant(const scull_graph_t *graph, scull_value_id_t value);

/* True when the shape is the same at all points, and no run can change it. */
bool scull_graph_is_fixed(const scull_graph_t *graph, scull_value_id_t value);

/* Type of a value at a point. */
scull_type_t scull_graph_type(const scull_graph_t *graph, scull_value_id_t value,
                              scull_point_t point);

/* A constant's element as a double / an integer, read by copy. `index` within its count. */
double scull_graph_constant_at(const scull_graph_t *graph, scull_value_id_t value, int64_t index);
int64_t scull_graph_constant_i64_at(const scull_graph_t *graph, scull_value_id_t value,
                                    int64_t index);

/* A constant as f32 in graph->arena, whatever float type it has; NULL when memory is short. */
float *scull_graph_constant_f32(scull_graph_t *graph, scull_value_id_t value);

/* Live nodes, every producer before its users, otherwise in the order of addition. `*order` is in
 * the graph's arena. CORRUPT when there is a cycle. */
scull_status_t scull_graph_sort(scull_graph_t *graph, scull_node_id_t **order,
                                size_t *count) SCULL_MUST_USE;

/* The same, with `*order` in an arena of the caller's. */
scull_status_t scull_graph_order(const scull_graph_t *graph, scull_arena_t *arena,
                                 scull_node_id_t **order, size_t *count) SCULL_MUST_USE;

/* --- editing --------------------------------------------------------------------------------- */

/* Makes operand `index` of `node` be `value` (may be SCULL_NO_ID for an optional one). */
scull_status_t scull_graph_set_input(scull_graph_t *graph, scull_node_id_t node, size_t index,
                                     scull_value_id_t value) SCULL_MUST_USE;

/* Every user and graph output of `from` takes `to` instead. When `from` was a graph output, or `to`
 * has a made-up name, `to` takes over the name of `from`. */
scull_status_t scull_graph_replace(scull_graph_t *graph, scull_value_id_t from,
                                   scull_value_id_t to) SCULL_MUST_USE;

/* `into` now also stands for the file's operators of `from`. */
scull_status_t scull_graph_absorb(scull_graph_t *graph, scull_node_id_t into,
                                  scull_node_id_t from) SCULL_MUST_USE;

/* Removes a node whose outputs have no users and are no graph outputs, and its operands' uses. */
void scull_graph_remove(scull_graph_t *graph, scull_node_id_t node);

/* Removes all nodes and constants that no output needs; returns how many nodes went. */
size_t scull_graph_sweep(scull_graph_t *graph);

/* Runs the shape rule of one node again after an edit of it; of all nodes in order. */
scull_status_t scull_graph_infer_node(scull_graph_t *graph, scull_node_id_t node) SCULL_MUST_USE;
scull_status_t scull_graph_infer(scull_graph_t *graph) SCULL_MUST_USE;

/* Copies of the nodes of `region` (a region of some node of this graph, or like one) into `graph`:
 * args[i] takes the place of parameter i, results[i] gets what stands for result i. */
scull_status_t scull_graph_inline(scull_graph_t *graph, const scull_graph_t *region,
                                  const scull_value_id_t *args,
                                  scull_value_id_t *results) SCULL_MUST_USE;

/* --- checking and text ----------------------------------------------------------------------- */

/* Uses and users agree, ids are in range and alive, no cycle, types are what the rules give.
 * INTERNAL with words that name node or value. */
scull_status_t scull_graph_verify(scull_graph_t *graph) SCULL_MUST_USE;

/* The text form, one line a value or node, definitions before uses; a line that begins with # is a
 * comment:
 *
 *   input %x: f32[1:4:8x3x32x32]           min:opt:max where a dimension varies; inputs only
 *   const %b: f32[3]={1,2,3}               up to 16 elements
 *   const %w: f32[8x3x3x3] #<16 hex>       more: a hash of the bytes
 *   const %v: f32[8x3x3x3] ~normal:7       seeded: normal, pos (0.1 to 1.1), unit (-1 to 1)
 *   const %i: i64[4] ~index:10:7           0 to 9
 *   %y: f32[1:4:8x8x30x30] = conv(%x, %w, -) strides=1,1 groups=1 "node name"
 *   %a: f32[2x3], %b: f32[2x3] = split(%x) axis=1
 *   output %y "name"
 *   %z: f32[2] = if(%c, %y) {               a node with regions: each is a graph of its own, with
 *     input %a: f32[2]                      names of its own, between braces
 *     output %a
 *   } {
 *     input %a: f32[2]
 *     %b = relu(%a)
 *     output %b
 *   }
 *
 * Names with unusual characters are quoted (%"a b"), absent operands are -. A node's name is left
 * out when it is that of its first output, an output's when it is that of its value. Origins are
 * not printed. Only the end of `text` need be checked for shortage of memory. */
void scull_graph_print(scull_graph_t *graph, scull_text_t *text);

/* Type of a value as text. */
void scull_graph_print_type(const scull_graph_t *graph, const scull_value_t *value,
                            scull_text_t *text);

/* Reads the text form. `text` must be NUL-terminated. *out is yours. Types of nodes' outputs may be
 * left out; where given, they are checked. A constant given by hash gets values made from the hash
 * (floats from 0.1 to 1.1, others 0 or 1) and prints as that hash again. Every node becomes its own
 * origin. CORRUPT with words that name line and cause; OUT_OF_MEMORY also when the text asks for
 * more than 512 MiB. */
scull_status_t scull_graph_parse(const char *text, scull_diag_t *diag,
                                 scull_graph_t **out) SCULL_MUST_USE;

#endif
