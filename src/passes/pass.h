/* Passes: graph -> graph rewrites that always pay, whatever the device. What pays only sometimes
 * (epilogues, layouts, whole blocks) is left to tactics, which compete by time.
 *
 * A pass is one file and one line in pipeline.c. It keeps the meaning of every graph output and of
 * every value whose name survives, and lets the nodes that it makes stand for the file's operators
 * that they replace (origins), so that pictures, counts and watches stay true. */
#ifndef SCULL_PASSES_PASS_H
#define SCULL_PASSES_PASS_H

#include "graph/graph.h"

typedef struct scull_pass {
  const char *name;    /* "fold_constants": what --disable-passes takes */
  const char *purpose; /* one line for people */
  /* Rewrites what it finds; sets *changed when it did anything and leaves it alone otherwise. On
   * failure (memory, a rule that refuses) the graph is whole but may be half rewritten. */
  scull_status_t (*run)(scull_graph_t *graph, bool *changed);
} scull_pass_t;

/* Called after every run of a pass; `changed` says whether it did anything. */
typedef void (*scull_passes_after_fn_t)(void *user, const scull_pass_t *pass, scull_graph_t *graph,
                                        bool changed);

typedef struct scull_passes_options {
  const char *const *disabled; /* names of passes to leave out */
  size_t disabled_count;
  bool verify;                   /* check the graph after each pass, as debug builds always do */
  scull_passes_after_fn_t after; /* may be NULL */
  void *after_user;
} scull_passes_options_t;

/* Runs the pipeline on the graph, then on its regions; `options` may be NULL. INVALID_ARGUMENT for
 * an unknown name in `disabled`, INTERNAL when a pass broke the graph, OUT_OF_MEMORY. */
scull_status_t scull_passes_run(scull_graph_t *graph,
                                const scull_passes_options_t *options) SCULL_MUST_USE;

/* All passes, each once, in the order of their first run. */
size_t scull_passes_count(void);
const scull_pass_t *scull_passes_at(size_t index);

/* The pass of that name, or NULL. */
const scull_pass_t *scull_passes_find(const char *name);

extern const scull_pass_t scull_pass_fold_constants;
extern const scull_pass_t scull_pass_simplify_control;
extern const scull_pass_t scull_pass_sweep;
extern const scull_pass_t scull_pass_shape_ladder;
extern const scull_pass_t scull_pass_remove_identity;
extern const scull_pass_t scull_pass_merge_scale;
extern const scull_pass_t scull_pass_matmul_layout;
extern const scull_pass_t scull_pass_recognise_swish;
extern const scull_pass_t scull_pass_recognise_hard_swish;
extern const scull_pass_t scull_pass_recognise_gelu;
extern const scull_pass_t scull_pass_recognise_layer_norm;
extern const scull_pass_t scull_pass_recognise_attention;
extern const scull_pass_t scull_pass_fold_batch_norm;
extern const scull_pass_t scull_pass_merge_pad;
extern const scull_pass_t scull_pass_merge_bias;
extern const scull_pass_t scull_pass_global_pool;
extern const scull_pass_t scull_pass_horizontal;
extern const scull_pass_t scull_pass_merge_affine;
extern const scull_pass_t scull_pass_zero_state;
extern const scull_pass_t scull_pass_join_slices;
extern const scull_pass_t scull_pass_recognise_leaky_relu;
extern const scull_pass_t scull_pass_recognise_shuffle;
extern const scull_pass_t scull_pass_recognise_focus;

#endif
