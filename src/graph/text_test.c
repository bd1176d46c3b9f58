/* The text form: what is printed parses back to the same text, and every error names its line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "graph/graph.h"

static char *print(scull_graph_t *graph) {
  scull_text_t text = {0};
  scull_graph_print(graph, &text);
  assert_false(text.failed);
  if (text.data == NULL)
    scull_base_text_add(&text, "", 0);
  return text.data;
}

static scull_graph_t *parse(const char *text) {
  scull_graph_t *graph = NULL;
  scull_diag_t diag;
  scull_base_diag_init(&diag, SCULL_SEVERITY_ERROR, NULL, NULL);
  if (scull_graph_parse(text, &diag, &graph) != SCULL_OK)
    fail_msg("%s", scull_base_diag_first_error(&diag));
  scull_base_diag_deinit(&diag);
  graph->diag = NULL;
  assert_int_equal(scull_graph_verify(graph), SCULL_OK);
  return graph;
}

/* Parsed and printed, `text` becomes `want`; and `want` becomes itself. */
static void expect_printed(const char *text, const char *want) {
  scull_graph_t *first = parse(text);
  char *once = print(first);
  assert_string_equal(once, want);
  scull_graph_t *second = parse(once);
  char *twice = print(second);
  assert_string_equal(twice, want);
  scull_base_free(once);
  scull_base_free(twice);
  scull_graph_destroy(first);
  scull_graph_destroy(second);
}

static void expect_same(const char *text) {
  expect_printed(text, text);
}

static void whole_graph(void **state) {
  (void)state;
  expect_same("input %x: f32[1x3x8x8]\n"
              "const %w: f32[1x3x1x1]={1,-2.5,0.1}\n"
              "const %k: i64[2]={1,-1}\n"
              "%y: f32[1x1x8x8] = conv(%x, %w) \"first\"\n"
              "%z: f32[1x64] = reshape(%y, %k)\n"
              "output %z \"answer\"\n");
}

static void convolution_with_types_left_out(void **state) {
  (void)state;
  scull_graph_t *graph = parse("# a comment\n"
                               "\n"
                               "input %x: f32[1x3x8x8]\r\n"
                               "\tconst %w : f32[8x3x3x3] ~normal:7\n"
                               "%y=conv( %x ,%w,- )   strides=2,2 pads=1,1\n"
                               "output %y");
  char *text = print(graph);
  assert_non_null(strstr(text, "const %w: f32[8x3x3x3] #"));
  assert_non_null(strstr(text, "%y: f32[1x8x4x4] = conv(%x, %w) strides=2,2 pads=1,1\n"));
  assert_non_null(strstr(text, "\noutput %y\n"));
  expect_same(text);
  scull_base_free(text);
  scull_graph_destroy(graph);
}

static void absent_operands(void **state) {
  (void)state;
  expect_same("input %x: i64[6]\n"
              "const %e: i64[1]={4}\n"
              "%y: i64[3] = slice(%x, -, %e) starts=1\n"
              "%f: f32[2] = fill() shape=2 value=0.5\n"
              "output %y\n");
}

static void several_outputs(void **state) {
  (void)state;
  expect_same("input %x: f32[2x5]\n"
              "%a: f32[2x2], %b: f32[2x3] = split(%x) axis=1 sections=2,3\n"
              "%v: f32[2x1], %i: i64[2x1] = top_k(%b) \"best of b\"\n"
              "output %a\n"
              "output %i \"index\"\n"
              "output %i \"again\"\n");
}

static void ranges(void **state) {
  (void)state;
  expect_same("input %x: f32[1:4:8x3x32:640:960x5]\n"
              "const %k: i64[2]={0,-1}\n"
              "%y: f32[1:4:8x480:9600:14400] = reshape(%x, %k)\n"
              "%s: i64[4] = shape(%x)\n"
              "output %y\n");
  scull_graph_t *graph = parse("input %x: f32[1:4:8x3x32:640:960x5]\n");
  assert_int_equal(graph->points, SCULL_POINTS);
  const scull_value_t *x = scull_graph_value(graph, graph->inputs.data[0]);
  const int64_t batch[] = {4, 1, 8, 5}, height[] = {640, 32, 960, 480};
  for (int p = 0; p < SCULL_POINTS; p++) {
    assert_int_equal(x->shape[p].dim[0], batch[p]);
    assert_int_equal(x->shape[p].dim[1], 3);
    assert_int_equal(x->shape[p].dim[2], height[p]);
  }
  scull_graph_destroy(graph);
}

/* A result may shrink where its input grows: min:opt:max are the extents at these points. */
static void falling_range(void **state) {
  (void)state;
  expect_same("input %x: f32[1:2:4]\n"
              "const %z: i64[8]={0,1,2,3,4,5,6,7}\n"
              "%s: i64[1] = shape(%x)\n"
              "%y: i64[7:6:4] = slice(%z, %s) ends=8\n"
              "output %y\n");
}

static void no_range_is_one_point(void **state) {
  (void)state;
  scull_graph_t *graph = parse("input %x: f32[4:4:4x2]\n%y = relu(%x)\noutput %y\n");
  assert_int_equal(graph->points, 1);
  scull_graph_destroy(graph);
  expect_printed("input %x: f32[4:4:4x2]\n", "input %x: f32[4x2]\n");
}

static void names_of_all_sorts(void **state) {
  (void)state;
  expect_same("input %a.b/c-d_1: f32[2]\n"
              "input %\"with blank\": f32[2]\n"
              "input %\"x:0\": f32[2]\n"
              "input %\"quote \\\" back \\\\ line \\n tab \\t bell \\x07\": f32[2]\n"
              "input %\"\xc3\xa4\": f32[2]\n"
              "%\"(\": f32[2] = relu(%\"x:0\") \"a node, \\\"named\\\"\"\n"
              "output %\"(\" \"\"\n");
}

static void literals_of_every_type(void **state) {
  (void)state;
  expect_same("const %a: f32[6]={0.1,-0,inf,-inf,nan,3.4028235e+38}\n"
              "const %b: f64[2]={0.1,1e-300}\n"
              "const %c: f16[3]={0.099975586,65504,-1.5}\n"
              "const %d: bf16[1]={0.25}\n"
              "const %e: i8[2]={-128,127}\n"
              "const %f: u8[2]={0,255}\n"
              "const %g: i16[1]={-32768}\n"
              "const %h: u16[1]={65535}\n"
              "const %i: i32[2]={-2147483648,2147483647}\n"
              "const %j: u32[1]={4294967295}\n"
              "const %k: i64[2]={-9223372036854775808,9223372036854775807}\n"
              "const %l: u64[1]={18446744073709551615}\n"
              "const %m: bool[2]={0,1}\n"
              "const %n: f32[]={7}\n"
              "const %o: f32[0x3]={}\n"
              "const %p: i64[16]={1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16}\n");
}

/* A hash stands for bytes that the text does not have: it stays, and the values are usable. */
static void constants_by_hash(void **state) {
  (void)state;
  const char *text = "const %w: f32[10x10] #0123456789abcdef\n"
                     "const %i: i64[17] #fedcba9876543210\n";
  expect_same(text);
  scull_graph_t *a = parse(text), *b = parse(text);
  scull_value_id_t w = scull_graph_find_value(a, "w"), i = scull_graph_find_value(a, "i");
  for (int64_t k = 0; k < 100; k++) {
    double v = scull_graph_constant_at(a, w, k);
    assert_true(v >= 0.1 && v <= 1.1);
    assert_true(v == scull_graph_constant_at(b, w, k));
    assert_true(k == 0 || v != scull_graph_constant_at(a, w, k - 1));
  }
  for (int64_t k = 0; k < 17; k++) {
    int64_t v = scull_graph_constant_i64_at(a, i, k);
    assert_true(v == 0 || v == 1);
  }
  scull_graph_destroy(a);
  scull_graph_destroy(b);
}

/* The hash is of the bytes: equal constants print alike, others do not. */
static void hashes_tell_constants_apart(void **state) {
  (void)state;
  scull_graph_t *graph = parse("const %a: f32[20] ~normal:1\n"
                               "const %b: f32[20] ~normal:1\n"
                               "const %c: f32[20] ~normal:2\n");
  char *text = print(graph);
  const char *a = strstr(text, "%a: f32[20] #"), *b = strstr(text, "%b: f32[20] #");
  const char *c = strstr(text, "%c: f32[20] #");
  assert_true(a != NULL && b != NULL && c != NULL);
  assert_memory_equal(a + 13, b + 13, 16);
  assert_memory_not_equal(a + 13, c + 13, 16);
  scull_base_free(text);
  scull_graph_destroy(graph);
}

static void seeded_kinds(void **state) {
  (void)state;
  scull_graph_t *graph = parse("const %n: f32[4096] ~normal:7\n"
                               "const %p: f32[4096] ~pos:7\n"
                               "const %u: f32[4096] ~unit:7\n"
                               "const %i: i32[4096] ~index:10:7\n");
  double sum = 0, squares = 0, low[3] = {9, 9, 99}, high[3] = {-9, -9, -9};
  const char *const names[] = {"p", "u", "i"};
  for (int64_t k = 0; k < 4096; k++) {
    double v = scull_graph_constant_at(graph, scull_graph_find_value(graph, "n"), k);
    sum += v;
    squares += v * v;
    for (int j = 0; j < 3; j++) {
      v = scull_graph_constant_at(graph, scull_graph_find_value(graph, names[j]), k);
      low[j] = v < low[j] ? v : low[j];
      high[j] = v > high[j] ? v : high[j];
    }
  }
  assert_true(sum / 4096 > -0.1 && sum / 4096 < 0.1);
  assert_true(squares / 4096 > 0.9 && squares / 4096 < 1.1);
  assert_true(low[0] >= 0.1 && low[0] < 0.11 && high[0] > 1.09 && high[0] <= 1.1001);
  assert_true(low[1] >= -1 && low[1] < -0.99 && high[1] > 0.99 && high[1] <= 1);
  assert_true(low[2] == 0 && high[2] == 9);
  scull_graph_destroy(graph);
}

/* Passes and partition count the file's operators: a text's nodes are such. */
static void nodes_are_their_own_origins(void **state) {
  (void)state;
  scull_graph_t *graph = parse("input %x: f32[2]\n%y = relu(%x) \"n\"\noutput %y\n");
  assert_int_equal(graph->origins.size, 1);
  assert_string_equal(graph->origins.data[0].name, "n");
  assert_string_equal(graph->origins.data[0].type, "relu");
  assert_int_equal(graph->nodes.data[0].origin_count, 1);
  scull_graph_destroy(graph);
}

typedef struct {
  const char *text, *words;
} wrong_t;

static const wrong_t wrongs[] = {
    {"nonsense", "line 1: 'nonsense' is not input"},
    {"\n\n!", "line 3: a word is wanted, not '!'"},
    {"input x: f32[1]", "line 1: '%' is wanted, not 'x: f32[1]'"},
    {"input %x f32[1]", "line 1: ':' is wanted"},
    {"input %: f32[1]", "line 1: a name is wanted"},
    {"input %\"\": f32[1]", "line 1: a name is empty"},
    {"input %\"a: f32[1]", "line 1: a closing quote"},
    {"input %\"a\\q\": f32[1]", "line 1: a closing quote or a known escape"},
    {"input %\"a\\x0\": f32[1]", "line 1: a closing quote or a known escape"},
    {"input %\"a\\x00\": f32[1]", "line 1: a closing quote or a known escape"},
    {"input %\"a\\", "line 1: a closing quote"},
    {"input %x: f33[1]", "line 1: no element type 'f33'"},
    {"input %x: none[1]", "line 1: no element type 'none'"},
    {"input %x: f32", "line 1: '[' is wanted"},
    {"input %x: f32[", "line 1: a number is wanted"},
    {"input %x: f32[1", "line 1: 'x' or ']' is wanted"},
    {"input %x: f32[1x]", "line 1: a number is wanted"},
    {"input %x: f32[-1]", "line 1: a number is wanted"},
    {"input %x: f32[1,2]", "line 1: 'x' or ']' is wanted"},
    {"input %x: f32[1:2]", "line 1: min:opt:max is wanted"},
    {"input %x: f32[4:2:8]", "line 1: a range must be min:opt:max in this order"},
    {"input %x: f32[1:9:8]", "line 1: a range must be min:opt:max in this order"},
    {"input %x: f32[99999999999999999999]", "line 1: a number does not fit"},
    {"input %x: f32[4294967296x4294967296]", "line 1: the input is too large"},
    {"input %x: f32[1x1x1x1x1x1x1x1x1]", "line 1: more than 8 dimensions"},
    {"input %x: f32[1] f32", "line 1: more than one statement"},
    {"input %x: f32[1]\rinput", "line 1: a carriage return within a line"},
    {"input %x: f32[1]\ninput %x: f32[1]", "line 2: %x is defined twice"},
    {"const %x: f32[1]", "line 1: a constant's values are wanted"},
    {"const %x: f32[1:2:3]={1}", "line 1: only inputs may vary"},
    {"const %x: f32[2]={1}", "line 1: ',' is wanted, not '}'"},
    {"const %x: f32[1]={1,2}", "line 1: '}' is wanted, not ',2}'"},
    {"const %x: f32[1]={a}", "line 1: element 0 is no number of type f32"},
    {"const %x: f32[1]={\n1}", "line 1: element 0 is no number"},
    {"const %x: f32[1]={\v1}", "line 1: element 0 is no number"},
    {"const %x: i64[1]={1.5}", "line 1: '}' is wanted, not '.5}'"},
    {"const %x: i64[1]={9223372036854775808}", "line 1: element 0 is no number of type i64"},
    {"const %x: u8[1]={256}", "line 1: element 0 is no number of type u8"},
    {"const %x: u64[1]={-1}", "line 1: element 0 is no number of type u64"},
    {"const %x: bool[1]={2}", "line 1: element 0 is no number of type bool"},
    {"const %x: f32[1]={1", "line 1: '}' is wanted"},
    {"const %x: f32[1] ~odd:1", "line 1: no kind of values 'odd'"},
    {"const %x: f32[1] ~normal", "line 1: ':' is wanted"},
    {"const %x: f32[1] ~index:5", "line 1: ':' is wanted"},
    {"const %x: f32[1] ~normal:x", "line 1: a number is wanted"},
    {"const %x: f32[17] #12", "line 1: a hash has 16"},
    {"const %x: f32[17] #0123456789abcdeg", "line 1: a hash has 16"},
    {"const %x: f32[1000000x1000000] ~normal:1", "line 1: the text asks for more than 512 MiB"},
    {"const %a: f32[67108864] #0123456789abcdef\nconst %b: f32[67108864] #0123456789abcdef\n"
     "const %c: f32[1] ~pos:1",
     "line 2: the text asks for more than 512 MiB"},
    {"%y", "line 1: '=' is wanted"},
    {"%y = ", "line 1: a word is wanted"},
    {"%y = nop()", "line 1: no operator 'nop'"},
    {"%y = relu", "line 1: '(' is wanted"},
    {"%y = relu(", "line 1: '%' is wanted"},
    {"%y = relu(%x)", "line 1: %x is not defined above"},
    {"%y = relu(%y)", "line 1: %y is not defined above"},
    {"input %x: f32[1]\n%y = relu(%x", "line 2: ')' is wanted"},
    {"input %x: f32[1]\n%y = relu(%x,)", "line 2: '%' is wanted"},
    {"input %x: f32[1]\n%x = relu(%x)", "line 2: %x is defined twice"},
    {"input %x: f32[3]\n%a, %b, %a = split(%x)", "line 2: %a is defined twice"},
    {"input %x: f32[2]\n%a, %a = split(%x)", "line 2: %a is defined twice"},
    {"input %x: f32[1]\n%y = relu(%x, %x)", "line 2: node 'y' (relu): 2 inputs"},
    {"input %x: f32[1]\n%y = relu(-)", "line 2: node 'y' (relu): input 0 is missing"},
    {"input %x: f32[1]\n%y, %z = relu(%x)", "line 2: node 'y' (relu): 2 outputs"},
    {"input %x: f32[1]\n%y = relu(%x) size=1", "line 2: no attribute 'size'"},
    {"input %x: f32[1]\n%y = flatten(%x) start=a", "line 2: attribute start: cannot read 'a'"},
    {"input %x: f32[1]\n%y = flatten(%x) start", "line 2: '=' is wanted"},
    {"input %x: f32[1]\n%y = flatten(%x) =1", "line 2: a word is wanted"},
    {"input %x: f32[1]\n%y = relu(%x) \"a\" \"b\"", "line 2: more than one statement"},
    {"input %x: f32[1]\n%y: f32[2] = relu(%x)", "line 2: %y is written with another type than f32"},
    {"input %x: f32[1]\n%y: i32[1] = relu(%x)", "line 2: %y is written with another type"},
    {"input %x: f32[1]\n%y: f32[1x1] = relu(%x)", "line 2: %y is written with another type"},
    {"input %x: f32[1:2:4]\n%y: f32[1:2:5] = relu(%x)", "line 2: %y is written with another type"},
    {"output %y", "line 1: %y is not defined above"},
    {"input %x: f32[1]\noutput %x name", "line 2: '\"' is wanted"},
    {"input %x: f32[1:2:4x3]\n%y = squeeze(%x)", "line 2: node 'y' (squeeze): output 0 has"},
};

static void expect_refused(const char *text, const char *words) {
  scull_graph_t *graph = NULL;
  scull_diag_t diag;
  scull_base_diag_init(&diag, SCULL_SEVERITY_ERROR, NULL, NULL);
  scull_status_t status = scull_graph_parse(text, &diag, &graph);
  assert_null(graph);
  assert_true(status == SCULL_CORRUPT || status == SCULL_OUT_OF_MEMORY);
  const char *got = scull_base_diag_first_error(&diag);
  if (strncmp(got, words, strlen(words)) != 0)
    fail_msg("\"%s\" gave \"%s\", not \"%s\"", text, got, words);
  assert_int_equal(diag.errors, 1);
  scull_base_diag_deinit(&diag);
}

static void errors_name_line_and_cause(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof wrongs / sizeof wrongs[0]; i++)
    expect_refused(wrongs[i].text, wrongs[i].words);
}

enum { HUGE_TEXT = 10 << 20 };

/* Ten megabytes of the same piece over and over. */
static char *repeat(const char *piece) {
  char *text = malloc(HUGE_TEXT + 1);
  size_t length = strlen(piece);
  assert_non_null(text);
  for (size_t i = 0; i < HUGE_TEXT; i++)
    text[i] = piece[i % length];
  text[HUGE_TEXT] = '\0';
  return text;
}

static void huge_garbage_is_refused(void **state) {
  (void)state;
  static const char *const pieces[] = {"\x01\xff@",     "(",       "%",   "%x", "\"", "%\"a\\",
                                       "f32[1x",        "input %", "%y=", "1",  "x",  "#\rx",
                                       "const %a: f32["};
  for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
    char *text = repeat(pieces[i]);
    scull_graph_t *graph = NULL;
    if (scull_graph_parse(text, NULL, &graph) == SCULL_OK)
      assert_string_equal(pieces[i], "#\rx"); /* one long comment */
    scull_graph_destroy(graph);
    free(text);
  }
}

/* A chain of 50,000 nodes: nothing recurses. */
static void deep_chain(void **state) {
  (void)state;
  scull_text_t text = {0};
  scull_base_text_print(&text, "input %%v0: f32[1:2:4]\n");
  for (int i = 1; i <= 50000; i++)
    scull_base_text_print(&text, "%%v%d: f32[1:2:4] = relu(%%v%d)\n", i, i - 1);
  scull_base_text_print(&text, "output %%v50000\n");
  expect_same(text.data);
  scull_base_text_deinit(&text);
}

/* What is asked for beyond the limit is refused while it is read, not after. */
static void greedy_text_is_refused(void **state) {
  (void)state;
  scull_text_t text = {0};
  scull_diag_t diag;
  scull_graph_t *graph = NULL;
  for (int i = 0; i < 30000; i++)
    scull_base_text_print(&text, "%%v%d = fill() shape=1024 to=i64\n", i);
  scull_base_diag_init(&diag, SCULL_SEVERITY_ERROR, NULL, NULL);
  assert_int_equal(scull_graph_parse(text.data, &diag, &graph), SCULL_OUT_OF_MEMORY);
  assert_non_null(strstr(scull_base_diag_first_error(&diag), "512 MiB"));
  assert_true(scull_base_memory_stats().peak_bytes < (600u << 20));
  scull_base_diag_deinit(&diag);
  scull_base_text_deinit(&text);
}

static void truncations_never_crash(void **state) {
  (void)state;
  static const char whole[] = "input %\"a b\": f32[1:4:8x3x32x32]\n"
                              "const %k: i64[2]={0,-1}\n"
                              "const %w: f32[8x3x3x3] ~normal:7\n"
                              "%c: f32[1:4:8x8x30x30] = conv(%\"a b\", %w, -) groups=1\n"
                              "%y = reshape(%c, %k) \"node \\x41\"\n"
                              "output %y \"name\"\n";
  for (size_t length = 0; length < sizeof whole; length++) {
    char *text = malloc(length + 1); /* its end is the sanitizer's fence */
    scull_graph_t *graph = NULL;
    assert_non_null(text);
    memcpy(text, whole, length);
    text[length] = '\0';
    scull_status_t status = scull_graph_parse(text, NULL, &graph);
    assert_true(status == SCULL_CORRUPT || (status == SCULL_OK && graph != NULL));
    scull_graph_destroy(graph);
    free(text);
  }
}

static void failing_allocations_leak_nothing(void **state) {
  (void)state;
  static const char text[] = "input %x: f32[1:4:8x3x8x8]\n"
                             "const %w: f32[8x3x3x3] ~normal:7\n"
                             "%y = conv(%x, %w) pads=1,1 \"node\"\n"
                             "%a, %b = split(%y) axis=1\n"
                             "output %a \"name\"\n";
  uint64_t live = scull_base_memory_stats().live_blocks;
  for (uint64_t n = 1;; n++) {
    scull_graph_t *graph = NULL;
    scull_base_memory_fail_at(n);
    scull_status_t status = scull_graph_parse(text, NULL, &graph);
    scull_base_memory_fail_at(0);
    scull_graph_destroy(graph);
    assert_int_equal(scull_base_memory_stats().live_blocks, live);
    if (status == SCULL_OK)
      break;
    assert_int_equal(status, SCULL_OUT_OF_MEMORY);
    assert_null(graph);
    assert_true(n < 1000);
  }
}

/* A print that runs out of memory says so. */
static void print_reports_short_memory(void **state) {
  (void)state;
  scull_graph_t *graph = parse("input %x: f32[2]\n%y = flatten(%x) start=0\noutput %y\n");
  uint64_t live = scull_base_memory_stats().live_blocks, n = 1;
  for (bool failed = true; failed; n++) {
    scull_text_t text = {0};
    scull_base_memory_fail_at(n);
    scull_graph_print(graph, &text);
    scull_base_memory_fail_at(0);
    failed = text.failed;
    scull_base_text_deinit(&text);
    assert_true(n < 100);
  }
  assert_true(n > 2);
  assert_true(scull_base_memory_stats().live_blocks <= live + 8); /* the graph's own arena */
  scull_graph_destroy(graph);
}

/* A graph with a cycle can still be looked at. */
static void cycles_are_printed(void **state) {
  (void)state;
  scull_graph_t *graph = parse("input %x: f32[2]\n%a = relu(%x)\n%b = relu(%a)\noutput %b\n");
  scull_value_id_t b = scull_graph_find_value(graph, "b");
  assert_int_equal(scull_graph_set_input(graph, 0, 0, b), SCULL_OK);
  char *text = print(graph);
  assert_string_equal(text, "input %x: f32[2]\n"
                            "# not sorted: a file is truncated, damaged or not of the format that "
                            "it claims\n"
                            "%a: f32[2] = relu(%b)\n"
                            "%b: f32[2] = relu(%a)\n"
                            "output %b\n");
  scull_base_free(text);
  scull_graph_destroy(graph);
}

static void probes(void **state) {
  (void)state;
  static const int64_t cases[][4] = {
      {1, 4, 8, 5},        {1, 1, 8, 4},         {1, 8, 8, 4},         {1, 2, 3, 2},
      {1, 1, 2, 1},        {1, 2, 2, 2},         {5, 5, 5, 5},         {1, 1, 3, 2},
      {32, 640, 960, 480}, {32, 64, 96, 64},     {320, 320, 640, 480}, {2, 4, 8, 6},
      {4, 4, 8, 6},        {0, 0, 8, 4},         {0, 4, 8, 4},         {1, 3, 6, 4},
      {1, 3, 4, 2},        {1, 224, 4096, 2048}, {3, 3, 5, 4},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    assert_int_equal(scull_graph_probe(cases[i][0], cases[i][1], cases[i][2]), cases[i][3]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(whole_graph),
      cmocka_unit_test(convolution_with_types_left_out),
      cmocka_unit_test(absent_operands),
      cmocka_unit_test(several_outputs),
      cmocka_unit_test(ranges),
      cmocka_unit_test(falling_range),
      cmocka_unit_test(no_range_is_one_point),
      cmocka_unit_test(names_of_all_sorts),
      cmocka_unit_test(literals_of_every_type),
      cmocka_unit_test(constants_by_hash),
      cmocka_unit_test(hashes_tell_constants_apart),
      cmocka_unit_test(seeded_kinds),
      cmocka_unit_test(nodes_are_their_own_origins),
      cmocka_unit_test(errors_name_line_and_cause),
      cmocka_unit_test(huge_garbage_is_refused),
      cmocka_unit_test(deep_chain),
      cmocka_unit_test(greedy_text_is_refused),
      cmocka_unit_test(truncations_never_crash),
      cmocka_unit_test(failing_allocations_leak_nothing),
      cmocka_unit_test(print_reports_short_memory),
      cmocka_unit_test(cycles_are_printed),
      cmocka_unit_test(probes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
