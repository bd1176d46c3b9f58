/* The labelling: against every labelling there is, on small random problems. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tune/tune.h"

enum { VARIABLES = 7, LABELS = 4, EDGES = 12 };

typedef struct {
  scull_label_problem_t problem;
  size_t label_count[VARIABLES];
  double own[VARIABLES][LABELS];
  const double *cost[VARIABLES];
  scull_label_edge_t edges[EDGES];
  double edge_cost[EDGES][LABELS * LABELS];
} sample_t;

static uint64_t state_of_random = 88172645463325252u;

static uint64_t random_below(uint64_t n) {
  state_of_random ^= state_of_random << 13;
  state_of_random ^= state_of_random >> 7;
  state_of_random ^= state_of_random << 17;
  return state_of_random % n;
}

static double random_cost(void) {
  return (double)random_below(1000) / 10;
}

static void add_edge(sample_t *s, size_t a, size_t b) {
  size_t e = s->problem.edge_count++;
  for (size_t i = 0; i < LABELS * LABELS; i++)
    s->edge_cost[e][i] = random_cost();
  s->edges[e] = (scull_label_edge_t){a, b, s->edge_cost[e]};
}

/* A forest, and `extra` edges that close circles (some between the same two variables). */
static void make_sample(sample_t *s, size_t extra) {
  memset(s, 0, sizeof *s);
  size_t n = 1 + random_below(VARIABLES);
  for (size_t v = 0; v < n; v++) {
    s->label_count[v] = 1 + random_below(LABELS);
    s->cost[v] = s->own[v];
    for (size_t l = 0; l < LABELS; l++)
      s->own[v][l] = random_cost();
  }
  s->problem = (scull_label_problem_t){
      .variable_count = n, .label_count = s->label_count, .cost = s->cost, .edges = s->edges};
  for (size_t v = 1; v < n; v++) {
    size_t other = random_below(v + 1);
    if (other == v)
      continue; /* the root of another tree */
    if (random_below(2) == 0)
      add_edge(s, v, other);
    else
      add_edge(s, other, v);
  }
  for (size_t i = 0; i < extra && n > 1; i++) {
    size_t a = random_below(n), b = (a + 1 + random_below(n - 1)) % n;
    add_edge(s, a, b);
  }
}

static double cost_of(const sample_t *s, const size_t *label) {
  double sum = 0;
  for (size_t v = 0; v < s->problem.variable_count; v++)
    sum += s->own[v][label[v]];
  for (size_t i = 0; i < s->problem.edge_count; i++) {
    const scull_label_edge_t *e = &s->edges[i];
    sum += e->cost[label[e->a] * s->label_count[e->b] + label[e->b]];
  }
  return sum;
}

/* The next labelling in the order of counting; false after the last. */
static bool next_labelling(const sample_t *s, size_t *label) {
  for (size_t v = 0; v < s->problem.variable_count; v++) {
    if (++label[v] < s->label_count[v])
      return true;
    label[v] = 0;
  }
  return false;
}

static double least_cost(const sample_t *s) {
  size_t label[VARIABLES] = {0};
  double least = HUGE_VAL;
  do {
    least = fmin(least, cost_of(s, label));
  } while (next_labelling(s, label));
  return least;
}

static double solve(const sample_t *s, double *start) {
  size_t label[VARIABLES];
  double total = 0;
  for (size_t v = 0; v < s->problem.variable_count; v++)
    label[v] = random_below(s->label_count[v]);
  *start = cost_of(s, label);
  assert_true(scull_tune_label(&s->problem, label, &total));
  for (size_t v = 0; v < s->problem.variable_count; v++)
    assert_true(label[v] < s->label_count[v]);
  assert_true(fabs(total - cost_of(s, label)) < 1e-9); /* what it says is what it gives */
  return total;
}

static void trees_are_exact(void **state) {
  (void)state;
  for (int i = 0; i < 500; i++) {
    sample_t s;
    double start = 0;
    make_sample(&s, 0);
    assert_true(fabs(solve(&s, &start) - least_cost(&s)) < 1e-9);
  }
}

static void circles_are_never_worse_than_the_start(void **state) {
  (void)state;
  int exact = 0;
  for (int i = 0; i < 500; i++) {
    sample_t s;
    double start = 0;
    make_sample(&s, 1 + random_below(5));
    double got = solve(&s, &start), least = least_cost(&s);
    assert_true(got <= start + 1e-9 && got >= least - 1e-9);
    exact += got < least + 1e-9;
  }
  assert_true(exact > 400); /* random costs are harder than networks */
}

static void the_same_problem_has_the_same_answer(void **state) {
  (void)state;
  sample_t s;
  size_t one[VARIABLES] = {0}, two[VARIABLES] = {0};
  double total = 0;
  make_sample(&s, 5);
  assert_true(scull_tune_label(&s.problem, one, &total));
  assert_true(scull_tune_label(&s.problem, two, &total));
  assert_memory_equal(one, two, sizeof one);
}

static void nothing_costs_nothing(void **state) {
  (void)state;
  const scull_label_problem_t empty = {0};
  double total = 7;
  assert_true(scull_tune_label(&empty, NULL, &total));
  assert_true(total == 0);
}

static void short_memory(void **state) {
  (void)state;
  sample_t s;
  size_t label[VARIABLES] = {0};
  double total = 0;
  make_sample(&s, 0);
  scull_base_memory_fail_at(1);
  assert_false(scull_tune_label(&s.problem, label, &total));
  scull_base_memory_fail_at(0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(trees_are_exact),
      cmocka_unit_test(circles_are_never_worse_than_the_start),
      cmocka_unit_test(the_same_problem_has_the_same_answer),
      cmocka_unit_test(nothing_costs_nothing),
      cmocka_unit_test(short_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
