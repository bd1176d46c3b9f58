/* Contexts: changing shapes, the bounded set of prepared variants, no allocation in a run, the
 * caller's memory at any alignment, words for what is refused, and a child after a fork. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/heap.h"
#include "support/net.h"

static const char text[] = "input %x: f32[1:4:40x3x6x6]\n"
                           "const %w: f32[16x3x3x3] ~normal:1\n"
                           "const %b: f32[16] ~normal:2\n"
                           "const %u: f32[5x16] ~normal:4\n"
                           "%c = conv(%x, %w, %b) strides=1,1 pads=1,1,1,1\n"
                           "%r = relu(%c)\n"
                           "%p = avg_pool(%r) global=true\n"
                           "%n = shape(%p)\n"
                           "%d = slice(%n) starts=0 ends=2 axes=0\n"
                           "%f = reshape(%p, %d)\n"
                           "%m = matmul(%f, %u) trans_y=true\n"
                           "%s = softmax(%m) axis=-1\n"
                           "output %s\n"
                           "output %r\n";

enum { PICTURE = 3 * 6 * 6 };

typedef struct {
  net_t net;
  scull_runtime_engine_t *engine;
  scull_runtime_context_t *context;
} fixture_t;

static void open_fixture(fixture_t *f, int threads, const scull_runtime_options_t *options) {
  const scull_runtime_options_t none = {0};
  net_open(&f->net, text, "cpu");
  f->net.tune.threads = threads;
  f->engine = net_engine(&f->net);
  assert_int_equal(scull_runtime_context_create(f->engine, options == NULL ? &none : options,
                                                &f->context, &f->net.diag),
                   SCULL_OK);
}

static void close_fixture(fixture_t *f) {
  scull_runtime_context_destroy(f->context);
  scull_runtime_engine_destroy(f->engine);
  net_close(&f->net);
}

static scull_shape_t batch(int64_t n) {
  return scull_tensor_shape(4, (int64_t[]){n, 3, 6, 6});
}

static void shapes_change(void **state) {
  (void)state;
  fixture_t f;
  open_fixture(&f, 1, NULL);
  static const int64_t sizes[] = {4, 1, 40, 2, 40, 7, 1, 4};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    scull_shape_t shape = batch(sizes[i]);
    net_check(&f.net, f.context, &shape, i);
  }
  close_fixture(&f);
}

/* A concat that costs nothing still says how large it is. */
static void concats_in_place_follow_the_shape(void **state) {
  (void)state;
  net_t net;
  scull_runtime_context_t *context = NULL;
  const scull_runtime_options_t options = {0};
  net_open(&net,
           "input %x: f32[1:4:8x16x6x6]\nconst %w: f32[16x16x3x3] ~normal:1\n"
           "const %v: f32[32x16x1x1] ~normal:2\nconst %u: f32[16x48x3x3] ~normal:3\n"
           "%a = conv(%x, %w) pads=1,1,1,1\n%r = relu(%a)\n%b = conv(%x, %v)\n"
           "%y = concat(%r, %b) axis=1\n%z = conv(%y, %u) pads=1,1,1,1\noutput %z\n",
           "cpu");
  scull_runtime_engine_t *engine = net_engine(&net);
  assert_int_equal(scull_runtime_context_create(engine, &options, &context, &net.diag), SCULL_OK);
  for (int64_t n = 1; n <= 8; n++) {
    const scull_shape_t shape = scull_tensor_shape(4, (int64_t[]){n, 16, 6, 6});
    net_check(&net, context, &shape, (uint64_t)n);
  }
  scull_runtime_context_destroy(context);
  scull_runtime_engine_destroy(engine);
  net_close(&net);
}

/* 40 sizes, 1000 calls: memory stays where it is once the largest has been seen. */
static void memory_is_bounded(void **state) {
  (void)state;
  static float pictures[40 * PICTURE];
  fixture_t f;
  open_fixture(&f, 1, NULL);
  uint64_t peak = 0;
  for (int i = 0; i < 1000; i++) {
    int64_t n = 40 - (i * 7) % 40;
    scull_shape_t shape = batch(n);
    assert_int_equal(scull_runtime_set_shape(f.context, 0, &shape, NULL), SCULL_OK);
    assert_int_equal(
        scull_runtime_set_input(f.context, 0, pictures, (size_t)n * PICTURE * sizeof(float), NULL),
        SCULL_OK);
    assert_int_equal(scull_runtime_run(f.context, NULL), SCULL_OK);
    uint64_t live = scull_base_memory_stats().live_bytes;
    if (i < 80)
      peak = live > peak ? live : peak;
    else
      assert_true(live <= peak);
  }
  close_fixture(&f);
}

static void a_run_allocates_nothing(void **state) {
  (void)state;
  static float pictures[4 * PICTURE];
  fixture_t f;
  open_fixture(&f, 2, NULL);
  assert_int_equal(scull_runtime_set_input(f.context, 0, pictures, sizeof pictures, NULL),
                   SCULL_OK);
  assert_int_equal(scull_runtime_run(f.context, NULL), SCULL_OK);
  uint64_t before = scull_base_memory_stats().allocations;
  unsigned long calls = atomic_load(&heap_calls);
  for (int i = 0; i < 10; i++)
    assert_int_equal(scull_runtime_run(f.context, NULL), SCULL_OK);
  calls = atomic_load(&heap_calls) - calls;
  if (HEAP_IS_COUNTED)
    print_message("a run of %zu steps: 0 allocations of ours, %.1f of libraries\n",
                  f.engine->plan.step_count, (double)calls / 10);
  /* other memory of the caller needs none either */
  static float others[4 * PICTURE];
  assert_int_equal(scull_runtime_set_input(f.context, 0, others, sizeof others, NULL), SCULL_OK);
  assert_int_equal(scull_runtime_run(f.context, NULL), SCULL_OK);
  assert_int_equal(scull_base_memory_stats().allocations, before);
  close_fixture(&f);
}

static void refused(scull_status_t got, scull_status_t wanted, scull_diag_t *diag,
                    const char *words) {
  assert_int_equal(got, wanted);
  net_says(diag, words);
  scull_base_diag_clear(diag);
}

static void what_does_not_fit_is_refused_with_words(void **state) {
  (void)state;
  static float pictures[4 * PICTURE], answers[20];
  fixture_t f;
  open_fixture(&f, 1, NULL);
  scull_diag_t *diag = &f.net.diag;
  scull_shape_t large = batch(41), none = batch(0), wide = batch(1);
  scull_shape_t flat = scull_tensor_shape(2, (int64_t[]){1, 108});
  scull_tensor_t out;
  wide.dim[3] = 7;
  refused(scull_runtime_set_shape(f.context, 0, &large, diag), SCULL_OUT_OF_RANGE, diag,
          "input 'x', dimension 0: 41 lies outside 1..40");
  refused(scull_runtime_set_shape(f.context, 0, &none, diag), SCULL_OUT_OF_RANGE, diag, "1..40");
  refused(scull_runtime_set_shape(f.context, 0, &wide, diag), SCULL_OUT_OF_RANGE, diag,
          "dimension 3: 7 lies outside 6..6");
  refused(scull_runtime_set_shape(f.context, 0, &flat, diag), SCULL_OUT_OF_RANGE, diag,
          "has 4 dimensions, not 2");
  refused(scull_runtime_set_shape(f.context, 1, &flat, diag), SCULL_OUT_OF_RANGE, diag,
          "input 1 of 1");
  refused(scull_runtime_set_input(f.context, 0, pictures, 12, diag), SCULL_INVALID_ARGUMENT, diag,
          "12 bytes where 1728 are due");
  refused(scull_runtime_set_input(f.context, 7, pictures, 12, diag), SCULL_OUT_OF_RANGE, diag,
          "input 7 of 1");
  refused(scull_runtime_run(f.context, diag), SCULL_INVALID_ARGUMENT, diag, "'x' is not set");
  refused(scull_runtime_output(f.context, 2, &out, diag), SCULL_OUT_OF_RANGE, diag,
          "output 2 of 2");
  assert_int_equal(scull_runtime_output(f.context, 0, &out, diag), SCULL_OK);
  assert_null(out.data); /* nothing has run */
  assert_int_equal(out.type.shape.dim[0], 4);
  assert_int_equal(scull_runtime_set_input(f.context, 0, pictures, sizeof pictures, diag),
                   SCULL_OK);
  assert_int_equal(scull_runtime_set_output(f.context, 0, answers, 79, diag), SCULL_OK);
  refused(scull_runtime_run(f.context, diag), SCULL_INVALID_ARGUMENT, diag,
          "79 bytes where 80 are due");
  assert_int_equal(scull_runtime_set_output(f.context, 0, answers, 80, diag), SCULL_OK);
  assert_int_equal(scull_runtime_run(f.context, diag), SCULL_OK);
  assert_int_equal(scull_runtime_output(f.context, 0, &out, diag), SCULL_OK);
  assert_ptr_equal(out.data, answers);
  assert_int_equal(scull_runtime_set_output(f.context, 0, NULL, 0, diag), SCULL_OK);
  assert_int_equal(scull_runtime_run(f.context, diag), SCULL_OK);
  assert_int_equal(scull_runtime_output(f.context, 0, &out, diag), SCULL_OK);
  assert_ptr_not_equal(out.data, answers);
  close_fixture(&f);
}

static void a_small_arena_is_refused(void **state) {
  (void)state;
  fixture_t f;
  open_fixture(&f, 1, NULL);
  size_t need = f.engine->plan.arena_bytes;
  char *arena = scull_base_alloc(need + 64);
  scull_runtime_context_t *other = NULL;
  scull_runtime_options_t options = {.arena = arena, .arena_size = need - 1};
  refused(scull_runtime_context_create(f.engine, &options, &other, &f.net.diag),
          SCULL_INVALID_ARGUMENT, &f.net.diag, "an arena of");
  assert_null(other);
  options = (scull_runtime_options_t){.arena = arena + 4, .arena_size = need};
  refused(scull_runtime_context_create(f.engine, &options, &other, &f.net.diag),
          SCULL_INVALID_ARGUMENT, &f.net.diag, "aligned to 64");
  scull_base_free(arena);
  close_fixture(&f);
}

/* One run into memory that begins `shift` elements past an aligned address. */
static void run_at(fixture_t *f, size_t shift, float *answers) {
  enum { N = 4 };
  size_t in = N * PICTURE, out = N * 5, inner = N * 16 * 36;
  float *block = scull_base_alloc((in + out + inner + 64) * sizeof(float));
  float *x = block + shift, *y = x + in + 1, *r = y + out + 1;
  assert_non_null(block);
  for (size_t i = 0; i < in; i++)
    x[i] = (float)((i * 37) % 101) / 50 - 1;
  r[inner] = y[out] = 77; /* what lies behind stays */
  assert_int_equal(scull_runtime_set_input(f->context, 0, x, in * sizeof *x, NULL), SCULL_OK);
  assert_int_equal(scull_runtime_set_output(f->context, 0, y, out * sizeof *y, NULL), SCULL_OK);
  assert_int_equal(scull_runtime_set_output(f->context, 1, r, inner * sizeof *r, NULL), SCULL_OK);
  assert_int_equal(scull_runtime_run(f->context, &f->net.diag), SCULL_OK);
  assert_true(y[out] == 77 && r[inner] == 77);
  memcpy(answers, y, out * sizeof *y);
  assert_int_equal(scull_runtime_set_output(f->context, 0, NULL, 0, NULL), SCULL_OK);
  assert_int_equal(scull_runtime_set_output(f->context, 1, NULL, 0, NULL), SCULL_OK);
  scull_base_free(block);
}

static void memory_may_begin_at_any_element(void **state) {
  (void)state;
  float first[20], answers[20];
  fixture_t f;
  open_fixture(&f, 2, NULL);
  run_at(&f, 0, first);
  for (size_t shift = 1; shift < 16; shift++) {
    run_at(&f, shift, answers);
    for (int i = 0; i < 20; i++)
      assert_float_equal(answers[i], first[i], 1e-6);
  }
  close_fixture(&f);
}

static void the_caller_may_bring_the_arena(void **state) {
  (void)state;
  fixture_t f;
  open_fixture(&f, 1, NULL);
  size_t need = f.engine->plan.arena_bytes;
  char *arena = scull_base_alloc(need + 64);
  assert_non_null(arena);
  memset(arena + need, 0x5a, 64);
  const scull_runtime_options_t options = {.arena = arena, .arena_size = need};
  scull_runtime_context_t *one = NULL, *two = NULL; /* share it: they never run at once */
  assert_int_equal(scull_runtime_context_create(f.engine, &options, &one, NULL), SCULL_OK);
  assert_int_equal(scull_runtime_context_create(f.engine, &options, &two, NULL), SCULL_OK);
  scull_shape_t four = batch(4), many = batch(40);
  net_check(&f.net, one, &many, 1);
  net_check(&f.net, two, &four, 2);
  net_check(&f.net, one, &four, 3);
  for (int i = 0; i < 64; i++)
    assert_int_equal(arena[need + (size_t)i], 0x5a);
  scull_runtime_context_destroy(one);
  scull_runtime_context_destroy(two);
  scull_base_free(arena);
  close_fixture(&f);
}

static int run_in_child(fixture_t *f, const float *expected) {
  float answers[20];
  run_at(f, 3, answers);
  for (int i = 0; i < 20; i++) {
    if (answers[i] - expected[i] > 1e-6f || expected[i] - answers[i] > 1e-6f)
      return 1;
  }
  scull_runtime_context_t *fresh = NULL; /* and a context of the child's own */
  const scull_runtime_options_t options = {.threads = 2};
  scull_shape_t shape = batch(9);
  if (scull_runtime_context_create(f->engine, &options, &fresh, NULL) != SCULL_OK)
    return 2;
  net_check(&f->net, fresh, &shape, 9);
  scull_runtime_context_destroy(fresh);
  return 0;
}

static void a_child_runs_too(void **state) {
  (void)state;
  float expected[20];
  fixture_t f;
  open_fixture(&f, 2, NULL);
  run_at(&f, 0, expected);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    alarm(60);
    _exit(run_in_child(&f, expected));
  }
  int status = -1;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
  run_at(&f, 1, expected); /* the parent goes on */
  close_fixture(&f);
}

static void another_device_needs_a_build(void **state) {
  (void)state;
  net_t net;
  scull_plan_t plan;
  size_t size = 0;
  scull_runtime_engine_t *engine = NULL;
  net_open(&net, text, "cpu");
  net_lower(&net);
  net.lowered.plan.device = "cpu: an abacus";
  uint8_t *bytes = net_bytes(&net, &size);
  scull_plan_init(&plan);
  assert_int_equal(scull_plan_read((scull_bytes_t){bytes, size}, "a", &plan, NULL), SCULL_OK);
  refused(scull_runtime_engine_create(&plan, 0, &engine, &net.diag), SCULL_NEEDS_BUILD, &net.diag,
          "an abacus");
  assert_null(engine);
  scull_base_free(bytes);
  net_close(&net);
}

/* Which hook sees what: every step that runs, once, with its time. */
static void count_event(void *user, const scull_runtime_event_t *event) {
  size_t *seen = user;
  seen[event->step]++;
  assert_true(event->microseconds >= 0);
  assert_non_null(event->outputs[0]);
}

static void the_hook_sees_every_step(void **state) {
  (void)state;
  static float pictures[4 * PICTURE];
  size_t seen[64] = {0};
  fixture_t f;
  open_fixture(&f, 1, NULL);
  assert_true(f.engine->plan.step_count < 64);
  scull_runtime_set_hook(f.context, count_event, seen);
  assert_int_equal(scull_runtime_set_input(f.context, 0, pictures, sizeof pictures, NULL),
                   SCULL_OK);
  assert_int_equal(scull_runtime_run(f.context, NULL), SCULL_OK);
  for (size_t i = 0; i < f.engine->plan.step_count; i++)
    assert_int_equal(seen[i], f.engine->plan.steps[i].kind == SCULL_PLAN_RUN);
  scull_runtime_set_hook(f.context, NULL, NULL);
  assert_int_equal(scull_runtime_run(f.context, NULL), SCULL_OK);
  close_fixture(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(shapes_change),
      cmocka_unit_test(concats_in_place_follow_the_shape),
      cmocka_unit_test(memory_is_bounded),
      cmocka_unit_test(a_run_allocates_nothing),
      cmocka_unit_test(what_does_not_fit_is_refused_with_words),
      cmocka_unit_test(a_small_arena_is_refused),
      cmocka_unit_test(memory_may_begin_at_any_element),
      cmocka_unit_test(the_caller_may_bring_the_arena),
      cmocka_unit_test(a_child_runs_too),
      cmocka_unit_test(another_device_needs_a_build),
      cmocka_unit_test(the_hook_sees_every_step),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
