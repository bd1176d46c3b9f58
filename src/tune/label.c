/* Layouts of a whole network as a labelling problem: minimise the sum of the tactics' times (a cost
 * of each variable) and of the reformats between them (a cost of each edge).
 *
 * On a tree min-sum dynamic programming is exact: from the leaves up, each variable tells its
 * parent what the best of its subtree costs for each of the parent's labels. Networks with joins
 * (residual adds, concats) are no trees: a spanning forest is solved exactly while the edges
 * outside it are held at their present labels; then another forest, until several of them bring
 * nothing. */
#include <math.h>
#include <string.h>

#include "base/hash.h"
#include "tune/tune.h"

enum { MAX_ROUNDS = 64, PATIENCE = 8 };

typedef struct {
  const scull_label_problem_t *p;
  size_t *label;
  size_t *offset;  /* of each variable's first label in the flat arrays */
  double *message; /* flat: best cost of the subtree below, by own label */
  size_t *parent, *parent_edge, *order, *root_of;
  size_t *edge_order;
  bool *in_tree;
  size_t *first_edge, *edge_list; /* tree edges of each variable, compressed */
} work_t;

static double edge_cost(const scull_label_problem_t *p, const scull_label_edge_t *e, size_t la,
                        size_t lb) {
  return e->cost[la * p->label_count[e->b] + lb];
}

static double total_cost(const work_t *w) {
  double sum = 0;
  for (size_t v = 0; v < w->p->variable_count; v++)
    sum += w->p->cost[v][w->label[v]];
  for (size_t i = 0; i < w->p->edge_count; i++) {
    const scull_label_edge_t *e = &w->p->edges[i];
    sum += edge_cost(w->p, e, w->label[e->a], w->label[e->b]);
  }
  return sum;
}

/* --- a spanning forest -------------------------------------------------------------------------
 */

static size_t find_root(size_t *root_of, size_t v) {
  while (root_of[v] != v) {
    root_of[v] = root_of[root_of[v]];
    v = root_of[v];
  }
  return v;
}

/* Kruskal over a shuffled list of edges. */
static void choose_tree(work_t *w, uint64_t seed) {
  size_t n = w->p->edge_count;
  for (size_t v = 0; v < w->p->variable_count; v++)
    w->root_of[v] = v;
  for (size_t i = 0; i < n; i++)
    w->edge_order[i] = i;
  for (size_t i = n; seed != 0 && i > 1; i--) {
    size_t k = (size_t)(scull_base_hash64(&i, sizeof i, seed) % i), t = w->edge_order[i - 1];
    w->edge_order[i - 1] = w->edge_order[k];
    w->edge_order[k] = t;
  }
  for (size_t i = 0; i < n; i++) {
    const scull_label_edge_t *e = &w->p->edges[w->edge_order[i]];
    size_t ra = find_root(w->root_of, e->a), rb = find_root(w->root_of, e->b);
    w->in_tree[w->edge_order[i]] = ra != rb;
    w->root_of[ra] = rb;
  }
}

/* Compressed lists of the tree edges at each variable. */
static void list_edges(work_t *w) {
  const scull_label_problem_t *p = w->p;
  memset(w->first_edge, 0, (p->variable_count + 2) * sizeof *w->first_edge);
  for (size_t i = 0; i < p->edge_count; i++) {
    if (w->in_tree[i]) {
      w->first_edge[p->edges[i].a + 2]++;
      w->first_edge[p->edges[i].b + 2]++;
    }
  }
  for (size_t v = 2; v < p->variable_count + 2; v++)
    w->first_edge[v] += w->first_edge[v - 1];
  for (size_t i = 0; i < p->edge_count; i++) {
    if (w->in_tree[i]) {
      w->edge_list[w->first_edge[p->edges[i].a + 1]++] = i;
      w->edge_list[w->first_edge[p->edges[i].b + 1]++] = i;
    }
  }
}

/* Breadth first from each root: parents before children in `order`. */
static void order_variables(work_t *w) {
  size_t n = w->p->variable_count, head = 0, tail = 0;
  for (size_t v = 0; v < n; v++)
    w->parent[v] = SIZE_MAX;
  for (size_t start = 0; start < n; start++) {
    if (w->parent[start] != SIZE_MAX)
      continue;
    w->parent[start] = start;
    w->order[tail++] = start;
    while (head < tail) {
      size_t v = w->order[head++];
      for (size_t i = w->first_edge[v]; i < w->first_edge[v + 1]; i++) {
        const scull_label_edge_t *e = &w->p->edges[w->edge_list[i]];
        size_t other = e->a == v ? e->b : e->a;
        if (w->parent[other] != SIZE_MAX)
          continue;
        w->parent[other] = v;
        w->parent_edge[other] = w->edge_list[i];
        w->order[tail++] = other;
      }
    }
  }
}

/* --- dynamic programming ------------------------------------------------------------------------
 */

static double tree_cost(const work_t *w, size_t child, size_t child_label, size_t parent_label) {
  const scull_label_edge_t *e = &w->p->edges[w->parent_edge[child]];
  return e->a == child ? edge_cost(w->p, e, child_label, parent_label)
                       : edge_cost(w->p, e, parent_label, child_label);
}

static size_t best_below(const work_t *w, size_t v, size_t parent_label, double *cost) {
  size_t best = 0;
  *cost = HUGE_VAL;
  for (size_t l = 0; l < w->p->label_count[v]; l++) {
    double c = w->message[w->offset[v] + l] + tree_cost(w, v, l, parent_label);
    if (c < *cost) {
      *cost = c;
      best = l;
    }
  }
  return best;
}

/* Own costs plus the edges outside the forest at the other side's present label. */
static void start_messages(work_t *w) {
  const scull_label_problem_t *p = w->p;
  for (size_t v = 0; v < p->variable_count; v++)
    memcpy(w->message + w->offset[v], p->cost[v], p->label_count[v] * sizeof(double));
  for (size_t i = 0; i < p->edge_count; i++) {
    const scull_label_edge_t *e = &p->edges[i];
    if (w->in_tree[i])
      continue;
    for (size_t l = 0; l < p->label_count[e->a]; l++)
      w->message[w->offset[e->a] + l] += edge_cost(p, e, l, w->label[e->b]);
  }
}

static void solve_tree(work_t *w) {
  size_t n = w->p->variable_count;
  start_messages(w);
  for (size_t i = n; i-- > 0;) {
    size_t v = w->order[i], up = w->parent[v];
    if (up == v)
      continue;
    for (size_t l = 0; l < w->p->label_count[up]; l++) {
      double cost = 0;
      best_below(w, v, l, &cost);
      w->message[w->offset[up] + l] += cost;
    }
  }
  for (size_t i = 0; i < n; i++) {
    size_t v = w->order[i];
    double cost = HUGE_VAL;
    if (w->parent[v] != v) {
      w->label[v] = best_below(w, v, w->label[w->parent[v]], &cost);
      continue;
    }
    for (size_t l = 0; l < w->p->label_count[v]; l++) {
      if (w->message[w->offset[v] + l] < cost) {
        cost = w->message[w->offset[v] + l];
        w->label[v] = l;
      }
    }
  }
}

static bool prepare(work_t *w, scull_arena_t *arena) {
  size_t n = w->p->variable_count + 2, m = w->p->edge_count + 1, labels = 0;
  w->offset = SCULL_ARENA_ARRAY(arena, size_t, n);
  w->parent = SCULL_ARENA_ARRAY(arena, size_t, n);
  w->parent_edge = SCULL_ARENA_ARRAY(arena, size_t, n);
  w->order = SCULL_ARENA_ARRAY(arena, size_t, n);
  w->root_of = SCULL_ARENA_ARRAY(arena, size_t, n);
  w->first_edge = SCULL_ARENA_ARRAY(arena, size_t, n);
  w->edge_order = SCULL_ARENA_ARRAY(arena, size_t, m);
  w->edge_list = SCULL_ARENA_ARRAY(arena, size_t, 2 * m);
  w->in_tree = SCULL_ARENA_ARRAY(arena, bool, m);
  w->label = SCULL_ARENA_ARRAY(arena, size_t, n);
  if (w->offset == NULL || w->parent == NULL || w->parent_edge == NULL || w->order == NULL ||
      w->root_of == NULL || w->first_edge == NULL || w->edge_order == NULL ||
      w->edge_list == NULL || w->in_tree == NULL || w->label == NULL)
    return false;
  for (size_t v = 0; v < w->p->variable_count; v++) {
    w->offset[v] = labels;
    labels += w->p->label_count[v];
  }
  w->message = SCULL_ARENA_ARRAY(arena, double, labels + 1);
  return w->message != NULL;
}

bool scull_tune_label(const scull_label_problem_t *problem, size_t *label, double *total) {
  scull_arena_t arena;
  work_t w = {.p = problem};
  *total = 0;
  if (problem->variable_count == 0)
    return true;
  size_t bytes = problem->variable_count * sizeof *label;
  scull_base_arena_init(&arena);
  bool ok = prepare(&w, &arena);
  if (ok) {
    memcpy(w.label, label, bytes);
    double best = total_cost(&w);
    for (int round = 0, idle = 0; round < MAX_ROUNDS && idle < PATIENCE; round++) {
      choose_tree(&w, (uint64_t)round);
      list_edges(&w);
      order_variables(&w);
      solve_tree(&w);
      double now = total_cost(&w);
      idle = now < best ? 0 : idle + 1;
      if (now < best) {
        best = now;
        memcpy(label, w.label, bytes);
      } else {
        memcpy(w.label, label, bytes);
      }
    }
    *total = best;
  }
  scull_base_arena_deinit(&arena);
  return ok;
}
