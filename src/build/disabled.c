/* One search a name: everything that it could have meant is offered to it. */
#include "build/disabled.h"

#include <string.h>

#include "base/nearest.h"
#include "import/import.h"

typedef struct {
  const char *pattern;
  bool found;
  scull_nearest_t nearest;
} wish_t;

static wish_t begin(const char *pattern) {
  wish_t wish = {.pattern = pattern};
  scull_base_nearest_init(&wish.nearest, pattern);
  return wish;
}

static void offer(wish_t *wish, const char *name) {
  wish->found = wish->found || scull_base_glob(wish->pattern, name);
  if (!wish->found)
    scull_base_nearest_offer(&wish->nearest, name);
}

static void offer_type(void *user, const char *type, const char *op) {
  (void)op;
  offer(user, type);
}

/* What is said about a name once everything was offered; `list` is the command that lists them. */
static scull_status_t end(wish_t *wish, const char *what, const char *list, scull_diag_t *diag) {
  if (wish->found)
    return SCULL_OK;
  if (strpbrk(wish->pattern, "*?") != NULL) {
    scull_base_warn(diag, "'%s' is to be disabled and fits no %s", wish->pattern, what);
    return SCULL_OK;
  }
  return scull_base_fail(diag, SCULL_INVALID_ARGUMENT,
                         "'%s' is to be disabled and there is no such %s%s%s%s", wish->pattern,
                         what, scull_base_nearest_words(&wish->nearest),
                         wish->nearest.name == NULL ? "; they are listed by " : "",
                         wish->nearest.name == NULL ? list : "");
}

scull_status_t scull_build_check_tactics(scull_names_t names, scull_diag_t *diag) {
  for (size_t i = 0; i < names.count; i++) {
    wish_t wish = begin(names.names[i]);
    for (size_t b = 0; scull_backend_at(b) != NULL; b++) {
      const scull_tactic_t *const *tactics = scull_backend_tactics(scull_backend_at(b));
      for (size_t t = 0; tactics[t] != NULL; t++)
        offer(&wish, tactics[t]->name);
    }
    SCULL_TRY(end(&wish, "tactic", "scull ops", diag));
  }
  return SCULL_OK;
}

/* Operators that Scull and the formats know, then what the network calls its own. */
static void offer_ops(wish_t *wish, const scull_graph_t *graph) {
  for (size_t i = 0; i < scull_ops_count(); i++)
    offer(wish, scull_ops_at(i)->name);
  for (size_t i = 0; scull_import_family_at(i) != NULL; i++)
    scull_import_each_operator(scull_import_family_at(i), offer_type, wish);
  for (size_t i = 0; i < graph->origins.size; i++) {
    offer(wish, graph->origins.data[i].type);
    offer(wish, graph->origins.data[i].name);
  }
  for (size_t i = 0; i < graph->nodes.size; i++) {
    if (!graph->nodes.data[i].dead)
      offer(wish, graph->nodes.data[i].name);
  }
}

scull_status_t scull_build_check_ops(scull_names_t names, const scull_graph_t *graph) {
  for (size_t i = 0; i < names.count; i++) {
    wish_t wish = begin(names.names[i]);
    offer_ops(&wish, graph);
    SCULL_TRY(end(&wish, "operator or layer", "scull ops and scull show MODEL", graph->diag));
  }
  return SCULL_OK;
}
