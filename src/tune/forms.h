/* Forms: the groups that may start at a node, and the tactics that take them. Private to tune/. */
#ifndef SCULL_TUNE_FORMS_H
#define SCULL_TUNE_FORMS_H

#include "tune/timing.h"

/* One tactic in one configuration for a form. */
typedef struct scull_candidate {
  const scull_tactic_t *tactic;
  scull_config_t config;
  double microseconds; /* 0: not timed */
} scull_candidate_t;

/* The nodes [0, count) of the anchor's chain as one step. */
typedef struct scull_form {
  size_t count;
  scull_site_t site; /* all PLAIN */
  scull_value_id_t *values;
  scull_candidate_t *candidates;
  size_t candidate_count;
  double best;            /* microseconds of the fastest; 0: none timed */
  const scull_pin_t *pin; /* what its candidates have to compute in; NULL: whatever is permitted */
} scull_form_t;

enum { SCULL_MAX_CHAIN = 8 };

/* What the search knows of one node as an anchor. */
typedef struct scull_unit {
  scull_node_id_t chain[SCULL_MAX_CHAIN];
  size_t chain_count;
  scull_form_t *forms; /* those that some tactic takes, shortest first */
  size_t form_count;
  scull_alternative_t *alternatives; /* all that was asked or timed, for the report */
  size_t alternative_count, alternative_room;
  scull_form_t *chosen; /* NULL: covered by another unit's form, or no form */
  size_t label;         /* index into chosen->candidates */
} scull_unit_t;

typedef struct scull_search {
  scull_graph_t *graph;
  const scull_partition_t *partition;
  const scull_tune_options_t *options;
  scull_arena_t *arena;
  scull_timer_t *timer;
  scull_tune_cache_t *cache;
  scull_node_id_t *order;
  size_t node_count;
  scull_unit_t *units; /* by node id */
  scull_tuning_t *out;
  uint64_t deadline;                       /* 0: none */
  const struct scull_replay_table *replay; /* NULL: none */
} scull_search_t;

/* Finds and times the forms of every engine node. */
scull_status_t scull_tune_make_forms(scull_search_t *s) SCULL_MUST_USE;

/* Measured through the cache (`best`: see scull_tune_measure); a time < 0 means that the tactic
 * cannot. The site's layouts are set.
 */
scull_status_t scull_tune_time(scull_search_t *s, const scull_site_t *site,
                               const scull_tactic_t *tactic, const scull_config_t *config,
                               double best, double *microseconds,
                               const char **reason) SCULL_MUST_USE;

/* A copy of the site with the layouts of a configuration. */
scull_status_t scull_tune_configured(const scull_site_t *site, const scull_config_t *config,
                                     scull_arena_t *arena, scull_site_t *out) SCULL_MUST_USE;

/* Time of changing a value from one format into another; 0 when the bytes are the same. */
scull_status_t scull_tune_reformat_time(scull_search_t *s, scull_value_id_t value,
                                        scull_storage_t from, scull_storage_t to,
                                        double *microseconds) SCULL_MUST_USE;

/* CANCELLED when the caller wants to stop. */
scull_status_t scull_tune_check_cancel(const scull_search_t *s) SCULL_MUST_USE;

/* True when nothing may be timed (any more). */
bool scull_tune_is_over(const scull_search_t *s);

/* --- choices of an earlier build -----------------------------------------------------------------
 */

typedef struct scull_replay_line {
  const char *name; /* of the anchor's first output */
  bool elide;
  size_t count;
  const scull_tactic_t *tactic;
  scull_config_t config;
  double microseconds;
} scull_replay_line_t;

typedef struct scull_replay_table {
  const char *name; /* of the file, for messages */
  scull_replay_line_t *lines;
  size_t count;
} scull_replay_table_t;

/* Reads options->replay, the text of scull_tune_print_choices. CORRUPT names file and line,
 * INVALID_ARGUMENT a line that is about another network. */
scull_status_t scull_tune_replay_read(const scull_graph_t *graph,
                                      const scull_tune_options_t *options, scull_arena_t *arena,
                                      scull_replay_table_t *out) SCULL_MUST_USE;

/* The line for a node by its first output's name, or NULL. */
const scull_replay_line_t *scull_tune_replay_find(const scull_replay_table_t *table,
                                                  const char *name, bool elide);

#endif
