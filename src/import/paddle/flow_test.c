/* Control flow of Paddle programs: what loops and branches give (by hand, from what Paddle's
 * blocks mean), in both forms of programs, and that whatever is wrong with one is told. */
#include "import/paddle/flow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "graph/evaluate.h"
#include "import/import.h"
#include "support/paddle_writer.h"

typedef struct {
  scull_text_t model;
  scull_diag_t diag;
  scull_import_files_t files;
  scull_graph_t *graph;
} world_t;

static void end(world_t *w) {
  scull_graph_destroy(w->graph);
  scull_import_files_deinit(&w->files);
  scull_base_text_deinit(&w->model);
  scull_base_diag_deinit(&w->diag);
}

static scull_status_t import(world_t *w) {
  scull_base_diag_init(&w->diag, SCULL_SEVERITY_WARNING, NULL, NULL);
  const scull_import_options_t options = {.model = proto_get(&w->model)};
  return scull_import_model(&options, &w->files, &w->diag, &w->graph);
}

enum { BLOCKS = 16 };

static void add_block(world_t *w, int index, const char *lines) {
  paddle_writer_t writer = {0};
  paddle_writer_lines(&writer, lines);
  paddle_writer_block(&writer, index, &w->model);
}

/* Inputs x (f32 2) and c (bool 1). */
#define IN "var x f32 2\nvar c bool 1\nfeed > Out=x ; col=i0\nfeed > Out=c ; col=i1\n"
#define I64(name, value) "fill_constant > Out=" name " ; shape=1 value=f" value " dtype=i3\n"
/* i < n, the number of trips of every loop here. */
#define COUNT(n) I64("i", "0") I64("n", n) "less_than X=i Y=n > Out=go\n"
#define NEXT "increment X=i > Out=i ; step=f1\nless_than X=i Y=n > Out=go\n"
#define OUT(name) "fetch X=" name " > ; col=i0\n"

static scull_status_t import_blocks(world_t *w, const char *const *blocks) {
  *w = (world_t){0};
  for (int i = 0; i < BLOCKS && blocks[i] != NULL; i++)
    add_block(w, i, blocks[i]);
  return import(w);
}

/* The first output for x = 1, -2 and a condition, as floats; how many there are. */
static size_t run(world_t *w, bool condition, float *out) {
  enum { MOST = 8 };
  float x[2] = {1, -2};
  scull_tensor_t inputs[2], outputs[MOST];
  assert_int_equal(scull_graph_verify(w->graph), SCULL_OK);
  assert_true(w->graph->inputs.size <= 2 && w->graph->outputs.size <= MOST);
  for (size_t i = 0; i < w->graph->inputs.size; i++) {
    inputs[i].type = scull_graph_type(w->graph, w->graph->inputs.data[i], 0);
    inputs[i].data = inputs[i].type.dtype == SCULL_DTYPE_BOOL ? (void *)&condition : x;
  }
  if (scull_graph_evaluate(w->graph, inputs, outputs, NULL) != SCULL_OK)
    fail_msg("%s", scull_base_diag_first_error(&w->diag));
  size_t count = (size_t)scull_tensor_count(&outputs[0].type.shape);
  for (size_t i = 0; i < count && i < MOST; i++)
    out[i] = (float)scull_tensor_load(outputs[0].data, outputs[0].type.dtype, (int64_t)i);
  for (size_t i = 0; i < w->graph->outputs.size; i++)
    scull_base_free(outputs[i].data);
  return count;
}

typedef struct {
  const char *blocks[BLOCKS];
  size_t count;
  float yes[4], no[4]; /* for a condition that holds, and one that does not */
} case_t;

static void check(const case_t *c) {
  world_t w;
  if (import_blocks(&w, c->blocks) != SCULL_OK)
    fail_msg("%s: %s", c->blocks[0], scull_base_diag_first_error(&w.diag));
  for (int i = 0; i < 2; i++) {
    float out[8] = {0};
    const float *wanted = i == 0 ? c->yes : c->no;
    if (run(&w, i == 0, out) != c->count || memcmp(out, wanted, c->count * sizeof *out) != 0)
      fail_msg("%s: %g %g %g %g", c->blocks[0], (double)out[0], (double)out[1], (double)out[2],
               (double)out[3]);
  }
  end(&w);
}

static const case_t cases[] = {
    /* a loop that doubles */
    {{IN COUNT("3") "scale X=x > Out=s ; scale=f1\n"
                    "while X=s,i,n Condition=go > Out=s,i,go ; sub_block=B1\n" OUT("s"),
      "scale X=s > Out=t ; scale=f2\nassign X=t > Out=s\n" NEXT},
     2,
     {8, -16},
     {8, -16}},
    /* no trip: what there was */
    {{IN COUNT("0") "scale X=x > Out=s ; scale=f1\n"
                    "while X=s,i,n Condition=go > Out=s,i,go ; sub_block=B1\n" OUT("s"),
      "scale X=s > Out=t ; scale=f2\nassign X=t > Out=s\n" NEXT},
     2,
     {1, -2},
     {1, -2}},
    /* an array that the loop begins, read after it; how long it is */
    {{IN COUNT("3") "var s f32 2\nscale X=x > Out=s ; scale=f1\n"
                    "while X=s,i,n Condition=go > Out=a,s,i,go ; sub_block=B1\n" I64(
                        "k", "1") "read_from_array X=a I=k > Out=r\nlod_array_length X=a > Out=l\n"
                                  "cast X=l > Out=m ; out_dtype=i5 in_dtype=i3\n"
                                  "elementwise_add X=r Y=m > Out=y\n" OUT("y"),
      "write_to_array X=s I=i > Out=a\nscale X=s > Out=t ; scale=f2\nassign X=t > Out=s\n" NEXT},
     2,
     {2 + 3, -4 + 3},
     {2 + 3, -4 + 3}},
    /* a name that no trip reads begins with another rank and type, as mask_rcnn's mask does */
    {{IN COUNT("2") "fill_constant > Out=m ; shape= value=f0 dtype=i2\n"
                    "while X=x,i,n,m Condition=go > Out=m,i,go ; sub_block=B1\n" OUT("m"),
      "scale X=x > Out=m ; scale=f5\n" NEXT},
     2,
     {5, -10},
     {5, -10}},
    /* a block alone does nothing when its condition does not hold */
    {{IN "scale X=x > Out=y ; scale=f1\n"
         "conditional_block Cond=c Input=x > Out=y Scope=z ; sub_block=B1\n" OUT("y"),
      "scale X=x > Out=t ; scale=f3\nassign X=t > Out=y\n"},
     2,
     {3, -6},
     {1, -2}},
    /* two of them, whose results select_input brings together */
    {{IN "conditional_block Cond=c Input=x > Out=a Scope=z ; sub_block=B1\n"
         "logical_not X=c > Out=d\n"
         "conditional_block Cond=d Input=x > Out=b Scope=z1 ; sub_block=B2\n"
         "cast X=c > Out=mask ; in_dtype=i0 out_dtype=i2\n"
         "select_input X=b,a Mask=mask > Out=y\n" OUT("y"),
      "scale X=x > Out=a ; scale=f3\n", "relu X=x > Out=b\n"},
     2,
     {3, -6},
     {1, 0}},
    /* one side leaves the variable as it was; a second pair tells which the other side is */
    {{IN "scale X=x > Out=old ; scale=f-1\n"
         "conditional_block Cond=c Input=x > Out=a,p Scope=z ; sub_block=B1\n"
         "logical_not X=c > Out=d\n"
         "conditional_block Cond=d Input=x > Out=q Scope=z1 ; sub_block=B2\n"
         "cast X=c > Out=mask ; in_dtype=i0 out_dtype=i2\n"
         "select_input X=old,a Mask=mask > Out=y\n"
         "select_input X=q,p Mask=mask > Out=v\n"
         "elementwise_add X=y Y=v > Out=u\n" OUT("u"),
      "scale X=x > Out=a ; scale=f3\nscale X=x > Out=p ; scale=f10\n", "relu X=x > Out=q\n"},
     2,
     {3 + 10, -6 - 20},
     {-1 + 1, 2 + 0}},
    /* a choice of what is there anyhow */
    {{IN "relu X=x > Out=a\nscale X=x > Out=b ; scale=f2\n"
         "cast X=c > Out=mask ; in_dtype=i0 out_dtype=i2\n"
         "select_input X=a,b Mask=mask > Out=y\n" OUT("y")},
     2,
     {2, -4},
     {1, 0}},
    /* a branch in a loop */
    {{IN COUNT("2") "scale X=x > Out=s ; scale=f1\n"
                    "while X=s,i,n,c Condition=go > Out=s,i,go ; sub_block=B1\n" OUT("s"),
      "scale X=s > Out=t ; scale=f2\n"
      "conditional_block Cond=c Input=t > Out=t Scope=z ; sub_block=B2\n"
      "assign X=t > Out=s\n" NEXT,
      "relu X=t > Out=r\nassign X=r > Out=t\n"},
     2,
     {4, 0},
     {4, -8}},
    /* conditions that are known: taken, and not */
    {{IN I64("k",
             "1") "cast X=k > Out=yes ; in_dtype=i3 out_dtype=i0\n"
                  "logical_not X=yes > Out=never\nscale X=x > Out=y ; scale=f1\n"
                  "conditional_block Cond=yes Input=x > Out=y Scope=z ; sub_block=B1\n"
                  "conditional_block Cond=never Input=x > Out=y Scope=z1 ; sub_block=B2\n" OUT("y"),
      "scale X=x > Out=y ; scale=f3\n", "scale X=x > Out=y ; scale=f100\n"},
     2,
     {3, -6},
     {3, -6}},
};

static void test_what_it_gives(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    check(&cases[i]);
}

static void test_faults(void **state) {
  (void)state;
  static const struct {
    const char *blocks[4];
    scull_status_t status;
    const char *words;
  } faults[] = {
      {{IN COUNT("1") "while X=x Condition=go > Out=x ; sub_block=B0\n" OUT("x")},
       SCULL_CORRUPT,
       "it has no block behind its own"},
      {{IN COUNT("1") "while X=x Condition=go > Out=x ; sub_block=B7\n" OUT("x")},
       SCULL_CORRUPT,
       "it has no block behind its own"},
      {{IN "while X=x Condition=go > Out=x ; sub_block=B1\n" OUT("x"), ""},
       SCULL_CORRUPT,
       "input Condition is missing"},
      {{IN "conditional_block Cond=x > Out=y ; sub_block=B1\n" OUT("y"), "relu X=x > Out=y\n"},
       SCULL_UNSUPPORTED,
       "its condition is not one truth value"},
      {{IN "conditional_block Cond=c > Out=y ; sub_block=B1\n" OUT("y"), "relu X=q > Out=y\n"},
       SCULL_CORRUPT,
       "it reads 'q', which nothing"},
      {{IN "cast X=c > Out=m ; in_dtype=i0 out_dtype=i2\n"
           "select_input X=x,x,x Mask=m > Out=y\n" OUT("y")},
       SCULL_UNSUPPORTED,
       "it selects among other than two"},
      {{IN COUNT("2") "fill_constant > Out=m ; shape= value=f0 dtype=i2\n"
                      "while X=x,i,n,m Condition=go > Out=m,i,go ; sub_block=B1\n" OUT("m"),
        "cast X=m > Out=r ; in_dtype=i2 out_dtype=i5\nelementwise_add X=x Y=r > Out=m\n" NEXT},
       SCULL_INVALID_ARGUMENT,
       "begins as i32 of 0 dimensions and becomes f32 of 1"},
      {{IN "read_from_array X=x I=x > Out=y\n" OUT("y")}, SCULL_INVALID_ARGUMENT, "sequence"},
  };
  for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
    world_t w;
    bool found = false;
    scull_status_t status = import_blocks(&w, faults[i].blocks);
    for (const scull_message_t *m = w.diag.first; m != NULL; m = m->next)
      found = found || strstr(m->text, faults[i].words) != NULL;
    if (status != faults[i].status || !found)
      fail_msg("fault %zu: status %d, \"%s\"", i, (int)status,
               scull_base_diag_first_error(&w.diag));
    end(&w);
  }
}

/* Every block holds a branch into the next. */
static void test_blocks_in_blocks(void **state) {
  (void)state;
  enum { MANY = 500 };
  world_t w = {0};
  add_block(&w, 0,
            IN "scale X=x > Out=y ; scale=f1\n"
               "conditional_block Cond=c > Out=y ; sub_block=B1\n" OUT("y"));
  for (int i = 1; i < MANY; i++) {
    char line[100];
    snprintf(line, sizeof line, "conditional_block Cond=c > Out=y ; sub_block=B%d\n", i + 1);
    add_block(&w, i, line);
  }
  add_block(&w, MANY, "relu X=x > Out=y\n");
  assert_int_equal(import(&w), SCULL_CORRUPT);
  assert_non_null(strstr(scull_base_diag_first_error(&w.diag), "blocks in blocks"));
  end(&w);
}

/* --- the newer form -------------------------------------------------------------------------- */

#define F32 "{\"#\":\"0.t_dtensor\",\"D\":[{\"#\":\"0.t_f32\"},[2],\"NCHW\",[],0]}"
#define BOOL "{\"#\":\"0.t_dtensor\",\"D\":[{\"#\":\"0.t_bool\"},[1],\"NCHW\",[],0]}"
#define DATA(name, number, type)                                                                   \
  "{\"#\":\"1.data\",\"I\":[],\"A\":[{\"N\":\"name\",\"AT\":{\"#\":\"0.a_str\",\"D\":\"" name      \
  "\"}}],\"O\":[{\"%\":" number ",\"TT\":" type "}]},"
#define OP(name, in, out)                                                                          \
  "{\"#\":\"" name "\",\"I\":[{\"%\":" in "}],\"O\":[{\"%\":" out ",\"TT\":" F32 "}]}"
#define YIELD(values) "{\"#\":\"2.yield\",\"I\":[" values "],\"O\":[]}"
#define PROGRAM(ops)                                                                               \
  "{\"base_code\":{\"magic\":\"pir\",\"version\":1},\"program\":{\"regions\":[{\"blocks\":[{"      \
  "\"ops\":[" DATA("x", "1", F32) DATA("c", "2", BOOL) ops                                         \
      ",{\"#\":\"1.fetch\",\"A\":[{\"N\":\"col\",\"AT\":{\"#\":\"0.a_i32\",\"D\":0}}],\"I\":[{"    \
      "\"%\":9}],\"O\":[]}]}]}]}}"
#define IF(yes, no)                                                                                \
  "{\"#\":\"1.if\",\"I\":[{\"%\":2}],\"O\":[{\"%\":9,\"TT\":" F32 "}],\"regions\":[{\"blocks\":[{" \
  "\"args\":[],\"ops\":[" yes "]}]},{\"blocks\":[{\"args\":[],\"ops\":[" no "]}]}]}"
/* Goes on with the condition that it began with, once: the body yields its negation. */
#define WHILE(body)                                                                                \
  "{\"#\":\"1.while\",\"I\":[{\"%\":2},{\"%\":1}],\"O\":[{\"%\":9,\"TT\":" F32 "}],\"regions\":[{" \
  "\"blocks\":[{\"args\":[{\"#\":-1,\"TT\":" F32 "}],\"ops\":[" body "]}]}]}"
#define NOT "{\"#\":\"1.logical_not\",\"I\":[{\"%\":2}],\"O\":[{\"%\":5,\"TT\":" BOOL "}]},"

static scull_status_t import_json(world_t *w, const char *json) {
  *w = (world_t){0};
  scull_base_text_add(&w->model, json, strlen(json));
  return import(w);
}

static void test_newer_form(void **state) {
  (void)state;
  static const struct {
    const char *json;
    float yes[2], no[2];
  } programs[] = {
      {PROGRAM(IF(OP("1.relu", "1", "3") "," YIELD("{\"%\":3}"), YIELD("{\"%\":1}"))),
       {1, 0},
       {1, -2}},
      {PROGRAM(WHILE(OP("1.square", "-1", "4") "," NOT YIELD("{\"%\":5},{\"%\":4}"))),
       {1, 4},
       {1, -2}},
  };
  for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
    world_t w;
    float out[8];
    if (import_json(&w, programs[i].json) != SCULL_OK)
      fail_msg("%s", scull_base_diag_first_error(&w.diag));
    assert_int_equal(run(&w, true, out), 2);
    assert_memory_equal(out, programs[i].yes, sizeof programs[i].yes);
    assert_int_equal(run(&w, false, out), 2);
    assert_memory_equal(out, programs[i].no, sizeof programs[i].no);
    end(&w);
  }
}

static void test_faults_of_the_newer_form(void **state) {
  (void)state;
  static const struct {
    const char *json, *words;
  } faults[] = {
      {PROGRAM(IF(YIELD("{\"%\":1},{\"%\":1}"), YIELD("{\"%\":1}"))),
       "its blocks yield another number of values than it gives"},
      {PROGRAM(IF(OP("1.relu", "1", "3"), YIELD("{\"%\":1}"))),
       "its blocks yield another number of values than it gives"},
      {PROGRAM(WHILE(YIELD("{\"%\":-1}"))),
       "its block takes or yields another number of values than it gives"},
      {PROGRAM("{\"#\":\"1.while\",\"I\":[{\"%\":2}],\"O\":[{\"%\":9}],\"regions\":[{\"blocks\":[{"
               "\"args\":[],\"ops\":[" YIELD("{\"%\":2}") "]}]}]}"),
       "another number of values than it gives"},
  };
  for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
    world_t w;
    assert_int_equal(import_json(&w, faults[i].json), SCULL_CORRUPT);
    if (strstr(scull_base_diag_first_error(&w.diag), faults[i].words) == NULL)
      fail_msg("fault %zu: \"%s\"", i, scull_base_diag_first_error(&w.diag));
    end(&w);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_it_gives),
      cmocka_unit_test(test_faults),
      cmocka_unit_test(test_blocks_in_blocks),
      cmocka_unit_test(test_newer_form),
      cmocka_unit_test(test_faults_of_the_newer_form),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
