/* The search on the null device: groups, cancellation, and choices that a replay repeats to the
 * byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/net.h"

static const char text[] =
    "input %x: f32[1x16x8x8]\nconst %w: f32[16x16x3x3] ~normal:1\nconst %v: f32[16x16x1x1] "
    "~normal:2\n"
    "%a = conv(%x, %w) strides=1,1 pads=1,1,1,1\n%b = relu(%a)\n"
    "%c = conv(%b, %v) strides=1,1\n%d = add(%c, %b)\n%e = relu(%d)\n"
    "%f = conv(%x, %v) strides=1,1\n%y = concat(%e, %f) axis=1\n%p = max_pool(%y) kernel=2,2\n"
    "output %p\n";

static const scull_choice_t *choice_of(const net_t *net, const char *value) {
  scull_node_id_t id = scull_graph_value(net->graph, net_value(net, value))->producer;
  for (size_t i = 0; i < net->tuning.choice_count; i++) {
    for (size_t k = 0; k < net->tuning.choices[i].node_count; k++) {
      if (net->tuning.choices[i].nodes[k] == id)
        return &net->tuning.choices[i];
    }
  }
  fail_msg("nobody computes '%s'", value);
  return NULL;
}

static void groups_grow_from_their_anchor(void **state) {
  (void)state;
  net_t net;
  net_open(&net, text, "null");
  net_search(&net);
  assert_ptr_equal(choice_of(&net, "a"), choice_of(&net, "b"));
  assert_ptr_equal(choice_of(&net, "c"), choice_of(&net, "e"));
  assert_int_equal(choice_of(&net, "c")->node_count, 3);
  assert_int_equal(choice_of(&net, "y")->node_count, 1);
  net_close(&net);
}

/* Every node is in one choice, and none before what it reads. */
static void choices_cover_the_graph_in_order(void **state) {
  (void)state;
  net_t net;
  bool done[64] = {false};
  net_open(&net, text, "cpu");
  net_search(&net);
  assert_true(net.graph->nodes.size < 64);
  for (size_t i = 0; i < net.tuning.choice_count; i++) {
    const scull_choice_t *c = &net.tuning.choices[i];
    for (size_t k = 0; k < c->node_count; k++) {
      const scull_node_t *node = scull_graph_node(net.graph, c->nodes[k]);
      for (size_t n = 0; n < node->input_count; n++) {
        const scull_value_t *v = scull_graph_value(net.graph, node->inputs[n]);
        assert_true(v == NULL || v->producer == SCULL_NO_ID || done[v->producer]);
      }
      assert_false(done[c->nodes[k]]);
      done[c->nodes[k]] = true;
    }
  }
  for (size_t i = 0; i < net.graph->nodes.size; i++)
    assert_true(done[i]);
  net_close(&net);
}

static void print_choices(const net_t *net, scull_text_t *out) {
  scull_tune_print_choices(net->graph, &net->tuning, out);
  assert_false(out->failed);
}

/* Choices -> text -> choices, plans alike to the byte. */
static void replay(const char *backend, scull_tune_level_t level) {
  net_t first;
  scull_text_t said = {0};
  net_open(&first, text, backend);
  first.tune.level = level;
  net_search(&first);
  print_choices(&first, &said);
  uint8_t *plans[2];
  size_t sizes[2];
  for (int i = 0; i < 2; i++) {
    net_t again;
    scull_text_t repeated = {0};
    net_open(&again, text, backend);
    again.tune.level = level;
    again.tune.replay = (scull_bytes_t){(const uint8_t *)said.data, said.size};
    net_search(&again);
    print_choices(&again, &repeated);
    assert_string_equal(said.data, repeated.data);
    assert_int_equal(again.tuning.timed, 0);
    plans[i] = net_bytes(&again, &sizes[i]);
    scull_base_text_deinit(&repeated);
    net_close(&again);
  }
  assert_int_equal(sizes[0], sizes[1]);
  assert_memory_equal(plans[0], plans[1], sizes[0]);
  scull_base_free(plans[0]);
  scull_base_free(plans[1]);
  scull_base_text_deinit(&said);
  net_close(&first);
}

static void a_replay_repeats_everything(void **state) {
  (void)state;
  replay("null", SCULL_TUNE_LEVEL_FULL);
  replay("cpu", SCULL_TUNE_LEVEL_NONE);
  replay("cpu", SCULL_TUNE_LEVEL_FAST);
}

static void elided_concats_are_replayed(void **state) {
  (void)state;
  net_t net;
  net_open(&net, text, "null");
  net_search(&net);
  assert_int_equal(choice_of(&net, "y")->kind, SCULL_CHOICE_ELIDED);
  assert_int_equal(net.tuning.slices[net_value(&net, "f")].channel_offset, 16);
  net_close(&net);
}

static void search_fails(const char *said, scull_status_t wanted, const char *words) {
  net_t net;
  scull_tuning_t tuning;
  net_open(&net, text, "null");
  net.tune.replay = (scull_bytes_t){(const uint8_t *)said, strlen(said)};
  net_partition(&net);
  assert_int_equal(scull_tune_search(net.graph, &net.partition, &net.tune, &net.arena, &tuning),
                   wanted);
  net_says(&net.diag, words);
  net_close(&net);
}

static void bad_replays_name_their_line(void **state) {
  (void)state;
  search_fails("nonsense", SCULL_CORRUPT, "line 1");
  search_fails("scull choices 1\nrun\ta\n", SCULL_CORRUPT, "line 2");
  search_fails("scull choices 1\nelide\ty\nrun\ta\t1\tno.such\t0,0,0,0\tplain\tplain\t1\n",
               SCULL_CORRUPT, "line 3");
  search_fails("scull choices 1\nrun\ta\t1\tnull.any\t0,0,0\tplain\tplain\t1\n", SCULL_CORRUPT,
               "line 2");
  search_fails("scull choices 1\nrun\ta\t8\tnull.any\t0,0,0,0\tplain\tplain\t1\n",
               SCULL_INVALID_ARGUMENT, "'a' is no longer followed by 7 operators");
  search_fails("scull choices 1\nrun\tother\t1\tnull.any\t0,0,0,0\tplain\tplain\t1\n",
               SCULL_INVALID_ARGUMENT, "line 2: there is no 'other'");
}

static bool stop(void *user, const char *what, size_t done, size_t total) {
  (void)what;
  assert_true(done < total);
  return ++*(int *)user < 3;
}

static void it_can_be_cancelled(void **state) {
  (void)state;
  net_t net;
  scull_tuning_t tuning;
  int calls = 0;
  atomic_bool cancel = true;
  net_open(&net, text, "null");
  net_partition(&net);
  net.tune.progress = stop;
  net.tune.progress_user = &calls;
  assert_int_equal(scull_tune_search(net.graph, &net.partition, &net.tune, &net.arena, &tuning),
                   SCULL_CANCELLED);
  assert_int_equal(calls, 3);
  net.tune.progress = NULL;
  net.tune.cancel = &cancel;
  assert_int_equal(scull_tune_search(net.graph, &net.partition, &net.tune, &net.arena, &tuning),
                   SCULL_CANCELLED);
  net_close(&net);
}

/* A second search finds every time in the cache. */
static void a_warm_cache_times_nothing(void **state) {
  (void)state;
  scull_tune_cache_t *cache = NULL;
  for (int i = 0; i < 2; i++) {
    net_t net;
    net_open(&net, text, "null");
    if (cache == NULL)
      assert_int_equal(scull_tune_cache_open(NULL, net.device, &cache, NULL), SCULL_OK);
    net.tune.level = SCULL_TUNE_LEVEL_FULL;
    net.tune.cache = cache;
    net_search(&net);
    assert_true((net.tuning.timed > 0) == (i == 0));
    assert_true(i == 0 || net.tuning.cached > 0);
    net_close(&net);
  }
  scull_tune_cache_destroy(cache);
}

/* A large constant that nobody packs is there when its reader is timed. */
static void constants_are_there_when_timed(void **state) {
  (void)state;
  net_t net;
  net_open(&net,
           "input %x: f32[64x1024]\nconst %k: f32[64x1024] ~normal:1\nconst %i: i64[3000] "
           "~index:64:1\n%y = mul(%x, %k)\n%z = gather(%y, %i) axis=0\noutput %z\n",
           "cpu");
  net.tune.level = SCULL_TUNE_LEVEL_FAST;
  net_search(&net);
  assert_true(net.tuning.choice_count == 2);
  net_close(&net);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(groups_grow_from_their_anchor),
      cmocka_unit_test(choices_cover_the_graph_in_order),
      cmocka_unit_test(a_replay_repeats_everything),
      cmocka_unit_test(elided_concats_are_replayed),
      cmocka_unit_test(bad_replays_name_their_line),
      cmocka_unit_test(it_can_be_cancelled),
      cmocka_unit_test(a_warm_cache_times_nothing),
      cmocka_unit_test(constants_are_there_when_timed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
