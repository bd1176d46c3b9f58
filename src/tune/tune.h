/* Chooses: which nodes the engine takes (partition.c), in which groups, by which tactics and in
 * which layouts (search.c), by measuring (timing.c) and remembering (cache.c). The graph is not
 * changed; the result is a table of choices by value. */
#ifndef SCULL_TUNE_TUNE_H
#define SCULL_TUNE_TUNE_H

#include <stdatomic.h>

#include "backend/backend.h"
#include "graph/graph.h"

typedef struct scull_tune_cache scull_tune_cache_t;

/* Return false to cancel. */
typedef bool (*scull_tune_progress_t)(void *user, const char *what, size_t done, size_t total);

typedef enum scull_tune_level {
  SCULL_TUNE_LEVEL_NONE = 0, /* nothing is timed: preference decides */
  SCULL_TUNE_LEVEL_FAST = 1, /* the largest accepted groups, few configurations */
  SCULL_TUNE_LEVEL_FULL = 2,
} scull_tune_level_t;

typedef struct scull_names {
  const char *const *names; /* patterns with * and ? */
  size_t count;
} scull_names_t;

/* Layers that compute in one precision: names of nodes, of the file's operators behind them or of
 * their results, as patterns. */
typedef struct scull_pin {
  const char *pattern;
  scull_precision_t as;
} scull_pin_t;

/* True when one of the patterns fits. */
bool scull_tune_names_match(scull_names_t names, const char *text);

typedef struct scull_tune_options {
  scull_device_t *device;
  int threads;
  size_t workspace; /* 0: no limit */
  scull_tune_level_t level;
  double time_budget_s; /* 0: none */
  int min_subgraph_size;
  scull_names_t disabled_ops, disabled_tactics;
  uint32_t precisions;     /* bits 1 << as: permitted besides the model's own types */
  const scull_pin_t *pins; /* the first that names a layer counts */
  size_t pin_count;
  bool singles;              /* no groups, no concats in place: every node is a step of its own */
  bool prefer_pins;          /* a pin that no tactic can follow is a warning instead of a failure */
  scull_tune_cache_t *cache; /* may be NULL */
  scull_bytes_t replay;      /* choices of an earlier build as text; empty: none */
  const char *replay_prefix; /* of a region's names in them; NULL: the network's, none */
  const char *replay_name;   /* of its file, for messages; NULL: "replay" */
  scull_tune_progress_t progress; /* may be NULL */
  void *progress_user;
  const atomic_bool *cancel; /* may be NULL */
} scull_tune_options_t;

/* What a tactic said or took for a choice; microseconds < 0: refused, for `reason`. */
typedef struct scull_alternative {
  const char *tactic, *reason;
  scull_config_t config;
  scull_precision_t computes;
  double microseconds;
  size_t node_count; /* how many nodes of the group's chain it would have taken */
} scull_alternative_t;

typedef enum scull_choice_kind {
  SCULL_CHOICE_RUN = 0,
  SCULL_CHOICE_AT_SHAPE = 1, /* depends on shapes only */
  SCULL_CHOICE_VIEW = 2,     /* same bytes: no work */
  SCULL_CHOICE_ELIDED = 3,   /* a concat whose inputs are written in place */
  SCULL_CHOICE_CONTROL = 4,  /* owns regions, which have choices of their own */
} scull_choice_kind_t;

/* One step to be. */
typedef struct scull_choice {
  scull_node_id_t *nodes; /* the anchor first, in an order that can be executed */
  size_t node_count;
  scull_choice_kind_t kind;
  int32_t engine;               /* -1: native */
  const char *why;              /* native: the reason; static or in the arena; else NULL */
  const scull_tactic_t *tactic; /* NULL: reference kernel, or no work; ELIDED: what would copy */
  scull_config_t config;
  double microseconds; /* 0: not timed */
  scull_alternative_t *alternatives;
  size_t alternative_count;
  struct scull_tuning *regions; /* CONTROL: by region of the node */
} scull_choice_t;

/* Where a value lies inside a wider one; whole == SCULL_NO_ID: nowhere. */
typedef struct scull_slice {
  scull_value_id_t whole;
  int64_t channel_offset, channel_total;
} scull_slice_t;

typedef struct scull_tuning {
  scull_choice_t *choices; /* in execution order */
  size_t choice_count;
  scull_storage_t *formats; /* by value id: how its producer writes it */
  scull_slice_t *slices;    /* by value id */
  int32_t engine_count;     /* those of regions included */
  size_t timed, cached;     /* measurements made, and taken from the cache */
  double microseconds;      /* what the choices are expected to take, reformats included */
} scull_tuning_t;

/* Marks, contracts, trims: engine number by node id (-1: native) and the reason where native.
 * Arrays in `arena`, as long as graph->nodes. */
typedef struct scull_partition {
  int32_t *engine;
  const char **why;
  int32_t engine_count;
} scull_partition_t;
scull_status_t scull_tune_partition(scull_graph_t *graph, const scull_tune_options_t *options,
                                    scull_arena_t *arena, scull_partition_t *out) SCULL_MUST_USE;

/* The whole search. Everything in *out lives in `arena`. CANCELLED when asked to stop. */
scull_status_t scull_tune_search(scull_graph_t *graph, const scull_partition_t *partition,
                                 const scull_tune_options_t *options, scull_arena_t *arena,
                                 scull_tuning_t *out) SCULL_MUST_USE;

/* What stands before the names of `options`' graph in a text of choices; never NULL. */
const char *scull_tune_prefix(const scull_tune_options_t *options);

/* The choices as text that scull_tune_options.replay takes, those of regions included. */
void scull_tune_print_choices(const scull_graph_t *graph, const scull_tuning_t *tuning,
                              scull_text_t *text);

/* --- sites of graph nodes ----------------------------------------------------------------------
 */

/* True when the node's outputs depend on shapes only and are known at every point; what a region
 * computes is left to its runs. */
bool scull_tune_is_at_shape(const scull_graph_t *graph, const scull_node_t *node);

/* True when only the kernel itself can say how large its results are: no tactic can. */
bool scull_tune_is_sized_in_run(const scull_graph_t *graph, const scull_node_t *node);

/* The site of `nodes` (anchor first); all layouts PLAIN. `values` gets the graph value of each site
 * value. Constants above 4 KiB have no data. Everything lives in `arena`. */
scull_status_t scull_tune_site(const scull_graph_t *graph, const scull_node_id_t *nodes,
                               size_t count, const scull_tune_options_t *options,
                               scull_arena_t *arena, scull_site_t *site,
                               scull_value_id_t **values) SCULL_MUST_USE;

/* Gives every constant of the site its bytes, 64-byte aligned, from `scratch`. */
scull_status_t scull_tune_site_load(const scull_graph_t *graph, const scull_value_id_t *values,
                                    scull_site_t *site, scull_arena_t *scratch) SCULL_MUST_USE;

/* The site of a reformat: the identity operator from one format into another. In `arena`. */
scull_status_t scull_tune_reformat_site(const scull_site_value_t *value, scull_storage_t from,
                                        scull_storage_t to, int threads, scull_arena_t *arena,
                                        scull_site_t *site) SCULL_MUST_USE;

/* --- measuring ---------------------------------------------------------------------------------
 */

/* Where native nodes run: the processor beside a discrete device, else the device itself. */
scull_device_t *scull_tune_native_device(const scull_tune_options_t *options);

/* Memory that measurements reuse. */
typedef struct scull_timer scull_timer_t;
scull_status_t scull_tune_timer_create(const scull_tune_options_t *options,
                                       scull_timer_t **out) SCULL_MUST_USE;
void scull_tune_timer_destroy(scull_timer_t *timer);

/* Microseconds of one run of a site by a tactic: packed weights cold, inputs warm, as in a network;
 * the second fastest of several. A candidate that is clearly behind `best` (microseconds; <= 0:
 * none yet) after a few runs is not measured to the end. Layouts are set in the site. UNSUPPORTED
 * when the tactic cannot be prepared at every point of the range or wants more scratch than the
 * limit; *reason then says so.
 */
scull_status_t scull_tune_measure(scull_timer_t *timer, const scull_site_t *site,
                                  const scull_tactic_t *tactic, const scull_config_t *config,
                                  double best, double *microseconds,
                                  const char **reason) SCULL_MUST_USE;

/* Only the checks of the above on a device (the options' or its host), nothing timed. */
scull_status_t scull_tune_try(scull_timer_t *timer, const scull_site_t *site,
                              const scull_device_t *device, const scull_tactic_t *tactic,
                              const scull_config_t *config, const char **reason) SCULL_MUST_USE;

/* --- timing cache ------------------------------------------------------------------------------
 */

/* Reads `path` if it is there; a damaged file or lines of other devices are no error: they are kept
 * out, with a warning for damage. */
scull_status_t scull_tune_cache_open(const char *path, const scull_device_t *device,
                                     scull_tune_cache_t **out, scull_diag_t *diag) SCULL_MUST_USE;
void scull_tune_cache_destroy(scull_tune_cache_t *cache);
/* A negative time stands for "cannot run". */
bool scull_tune_cache_find(const scull_tune_cache_t *cache, const char *key, double *microseconds);
bool scull_tune_cache_add(scull_tune_cache_t *cache, const char *key, double microseconds);
/* Writes it whole or not at all, other devices' lines included. */
scull_status_t scull_tune_cache_write(const scull_tune_cache_t *cache,
                                      scull_diag_t *diag) SCULL_MUST_USE;

/* Key of a measurement: site text, tactic, version, config, threads. In `arena`. */
const char *scull_tune_cache_key(scull_arena_t *arena, const scull_site_t *site,
                                 const scull_tactic_t *tactic, const scull_config_t *config);

/* --- labels ------------------------------------------------------------------------------------
 */

/* A labelling problem: each variable takes one of its labels at a cost; each edge adds
 * cost[label_a * labels_of_b + label_b]. */
typedef struct scull_label_edge {
  size_t a, b;
  const double *cost;
} scull_label_edge_t;
typedef struct scull_label_problem {
  size_t variable_count;
  const size_t *label_count;
  const double *const *cost; /* cost[variable][label] */
  const scull_label_edge_t *edges;
  size_t edge_count;
} scull_label_problem_t;

/* Picks labels in `label` (in: a start). Exact when the edges form a forest; otherwise exact over a
 * spanning forest with the other edges held at their present labels, repeated over several forests
 * until nothing improves. Returns false when memory is short. */
bool scull_tune_label(const scull_label_problem_t *problem, size_t *label, double *total);

#endif
