/* The sub-graph method on the null device, which takes everything that the user leaves it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/net.h"

static void open_net(net_t *net, const char *text, const char *const *disabled, size_t count,
                     int least) {
  net_open(net, text, "null");
  net->tune.disabled_ops = (scull_names_t){disabled, count};
  net->tune.min_subgraph_size = least;
  net_partition(net);
}

static int32_t engine_of(const net_t *net, const char *value) {
  return net->partition.engine[scull_graph_value(net->graph, net_value(net, value))->producer];
}

static const char *why_of(const net_t *net, const char *value) {
  return net->partition.why[scull_graph_value(net->graph, net_value(net, value))->producer];
}

static const char chain[] = "input %x: f32[2x8]\n%a = exp(%x)\n%b = tanh(%a)\n%c = floor(%b)\n"
                            "%d = erf(%c)\n%e = neg(%d)\noutput %e\n";

static void all_that_can_is_one_engine(void **state) {
  (void)state;
  net_t net;
  open_net(&net, chain, NULL, 0, 3);
  assert_int_equal(net.partition.engine_count, 1);
  assert_int_equal(engine_of(&net, "a"), 0);
  assert_int_equal(engine_of(&net, "e"), 0);
  assert_null(why_of(&net, "a"));
  net_close(&net);
}

static void small_clusters_stay_native(void **state) {
  (void)state;
  net_t net;
  open_net(&net, chain, NULL, 0, 5);
  assert_int_equal(net.partition.engine_count, 0);
  assert_int_equal(engine_of(&net, "c"), -1);
  assert_non_null(strstr(why_of(&net, "c"), "5 operators; more than 5"));
  net_close(&net);
  open_net(&net, chain, NULL, 0, 4);
  assert_int_equal(net.partition.engine_count, 1);
  net_close(&net);
}

/* a and b stand for three operators of the file each, one of them the same. */
static void operators_are_counted_as_in_the_file(void **state) {
  (void)state;
  net_t net;
  net_open(&net, "input %x: f32[2]\n%a = exp(%x)\n%b = tanh(%a)\noutput %b\n", "null");
  uint32_t shared[3];
  for (int i = 0; i < 3; i++)
    assert_int_equal(scull_graph_add_origin(net.graph, "o", "t", &shared[i]), SCULL_OK);
  uint32_t of_a[] = {shared[0], shared[1], shared[2]}, of_b[] = {shared[2], 0, 1};
  for (int i = 0; i < 2; i++) {
    scull_value_id_t v = net_value(&net, i == 0 ? "a" : "b");
    scull_node_t *node = scull_graph_producer(net.graph, v);
    node->origins = i == 0 ? of_a : of_b;
    node->origin_count = 3;
  }
  net.tune.min_subgraph_size = 5;
  net_partition(&net);
  assert_int_equal(net.partition.engine_count, 0);
  assert_non_null(strstr(why_of(&net, "a"), "has 5 operators"));
  net_close(&net);
}

static void disabled_operators_cut(void **state) {
  (void)state;
  static const char *const off[] = {"floor"}, *const pattern[] = {"f*or", "nothing"};
  net_t net;
  open_net(&net, chain, off, 1, 0);
  assert_int_equal(net.partition.engine_count, 2);
  assert_int_equal(engine_of(&net, "c"), -1);
  assert_string_equal(why_of(&net, "c"), "disabled by the user");
  assert_int_not_equal(engine_of(&net, "b"), engine_of(&net, "d"));
  assert_int_equal(engine_of(&net, "a"), engine_of(&net, "b"));
  net_close(&net);
  open_net(&net, chain, pattern, 2, 0);
  assert_int_equal(engine_of(&net, "c"), -1);
  net_close(&net);
  open_net(&net, chain, off, 1, 2); /* now too few on either side */
  assert_int_equal(net.partition.engine_count, 0);
  net_close(&net);
}

/* a feeds both the native b and d, which also reads b: a and d in one engine would wait for b,
 * which waits for a. */
static void contraction_makes_no_cycle(void **state) {
  (void)state;
  static const char *const off[] = {"floor"};
  net_t net;
  open_net(&net,
           "input %x: f32[4]\n%a = exp(%x)\n%b = floor(%a)\n%d = add(%a, %b)\n%e = neg(%d)\n"
           "output %e\n",
           off, 1, 0);
  assert_int_equal(net.partition.engine_count, 2);
  assert_int_not_equal(engine_of(&net, "a"), engine_of(&net, "d"));
  assert_int_equal(engine_of(&net, "d"), engine_of(&net, "e"));
  net_close(&net);
}

/* The same, with the way round leading through another cluster. */
static void long_ways_round_count_too(void **state) {
  (void)state;
  static const char *const off[] = {"floor", "ceil"};
  net_t net;
  open_net(&net,
           "input %x: f32[4]\n%a = exp(%x)\n%b = floor(%a)\n%m = tanh(%b)\n%c = ceil(%m)\n"
           "%k = neg(%a)\n%d = add(%k, %c)\noutput %d\n",
           off, 2, 0);
  assert_int_equal(engine_of(&net, "a"), engine_of(&net, "k"));
  assert_int_not_equal(engine_of(&net, "a"), engine_of(&net, "d"));
  assert_int_not_equal(engine_of(&net, "m"), engine_of(&net, "a"));
  assert_int_not_equal(engine_of(&net, "m"), engine_of(&net, "d"));
  assert_int_equal(net.partition.engine_count, 3);
  net_close(&net);
}

static void branches_that_join_are_one(void **state) {
  (void)state;
  net_t net;
  open_net(&net,
           "input %x: f32[4]\n%a = exp(%x)\n%b = tanh(%a)\n%c = erf(%a)\n%d = add(%b, %c)\n"
           "output %d\n",
           NULL, 0, 3);
  assert_int_equal(net.partition.engine_count, 1);
  net_close(&net);
}

/* What is computed when shapes are set is native, and no way round for data. */
static void shapes_do_not_cut(void **state) {
  (void)state;
  net_t net;
  open_net(&net,
           "input %x: f32[1:2:4x6]\nconst %k: i64[1]={-1}\n%a = exp(%x)\n%s = shape(%a)\n"
           "%n = slice(%s) starts=0 ends=1 axes=0\n%t = concat(%n, %k) axis=0\n"
           "%r = reshape(%a, %t)\n%b = tanh(%r)\noutput %b\n",
           NULL, 0, 0);
  assert_int_equal(engine_of(&net, "s"), -1);
  assert_non_null(strstr(why_of(&net, "s"), "shapes only"));
  assert_int_equal(net.partition.engine_count, 1);
  assert_int_equal(engine_of(&net, "a"), engine_of(&net, "b"));
  net_close(&net);
}

static void disabled_tactics_leave_nothing(void **state) {
  (void)state;
  static const char *const off[] = {"null.*"};
  net_t net;
  net_open(&net, chain, "null");
  net.tune.disabled_tactics = (scull_names_t){off, 1};
  net_partition(&net);
  assert_int_equal(net.partition.engine_count, 0);
  assert_non_null(why_of(&net, "a"));
  net_close(&net);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_that_can_is_one_engine),
      cmocka_unit_test(small_clusters_stay_native),
      cmocka_unit_test(operators_are_counted_as_in_the_file),
      cmocka_unit_test(disabled_operators_cut),
      cmocka_unit_test(contraction_makes_no_cycle),
      cmocka_unit_test(long_ways_round_count_too),
      cmocka_unit_test(branches_that_join_are_one),
      cmocka_unit_test(shapes_do_not_cut),
      cmocka_unit_test(disabled_tactics_leave_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
