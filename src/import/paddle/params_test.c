/* Parameter records: combined and separate files, and files that do not match the program. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "import/paddle/program.h"
#include "support/paddle_writer.h"

typedef struct {
  scull_text_t program_bytes, params;
  scull_diag_t diag;
  scull_paddle_program_t program;
  scull_import_files_t files;
  scull_import_source_t source;
  scull_paddle_param_t *read;
} world_t;

/* Two parameters: a f32 [2,3], b i64 [2]. */
static void begin(world_t *w) {
  paddle_writer_t writer = {0};
  *w = (world_t){0};
  scull_base_diag_init(&w->diag, SCULL_SEVERITY_ERROR, NULL, NULL);
  paddle_writer_var(&writer, "b i64 2 param");
  paddle_writer_var(&writer, "x f32 -1x2");
  paddle_writer_var(&writer, "a f32 2x3 param");
  paddle_writer_end(&writer, 0, &w->program_bytes);
  assert_int_equal(
      scull_paddle_program_read(proto_get(&w->program_bytes), "net", &w->diag, &w->program),
      SCULL_OK);
}

static void add_good(world_t *w) {
  paddle_writer_param(&w->params, 5, 2, (int64_t[]){2, 3});
  paddle_writer_param(&w->params, 3, 1, (int64_t[]){2});
}

static scull_status_t run(world_t *w, size_t size) {
  w->source = (scull_import_source_t){.files = &w->files,
                                      .diag = &w->diag,
                                      .model_name = "net",
                                      .params_name = "net.pdiparams",
                                      .params = proto_get(&w->params)};
  w->source.params.size = size;
  return scull_paddle_params_read(&w->source, &w->program, &w->read);
}

static void end(world_t *w) {
  scull_paddle_program_deinit(&w->program);
  scull_import_files_deinit(&w->files);
  scull_base_text_deinit(&w->program_bytes);
  scull_base_text_deinit(&w->params);
  scull_base_diag_deinit(&w->diag);
}

static void test_combined(void **state) {
  (void)state;
  world_t w;
  float second = 0;
  begin(&w);
  add_good(&w);
  assert_int_equal(run(&w, w.params.size), SCULL_OK);
  assert_int_equal(w.read[2].type.dtype, SCULL_DTYPE_F32); /* a is the third variable */
  assert_int_equal(w.read[2].type.shape.dim[1], 3);
  memcpy(&second, (const char *)w.read[2].data + 4, 4);
  assert_true(second == 0.02f);
  assert_int_equal(w.read[0].type.dtype, SCULL_DTYPE_I64);
  assert_int_equal(w.read[1].type.dtype, SCULL_DTYPE_NONE); /* x is no parameter */
  const uint8_t *data = w.read[0].data;
  assert_true(data > w.source.params.data && data < w.source.params.data + w.params.size);
  end(&w);
}

static void test_every_truncation(void **state) {
  (void)state;
  world_t w;
  begin(&w);
  add_good(&w);
  for (size_t size = 0; size < w.params.size; size++) {
    scull_base_diag_clear(&w.diag);
    assert_int_equal(run(&w, size), SCULL_CORRUPT);
    assert_non_null(strstr(scull_base_diag_first_error(&w.diag), "net.pdiparams: offset "));
  }
  end(&w);
}

/* The parameters that `add` writes must be refused with these words. */
static void expect(void (*add)(scull_text_t *params), const char *words) {
  world_t w;
  begin(&w);
  add(&w.params);
  assert_int_equal(run(&w, w.params.size), SCULL_CORRUPT);
  assert_non_null(strstr(scull_base_diag_first_error(&w.diag), words));
  end(&w);
}

static void add_swapped(scull_text_t *to) {
  paddle_writer_param(to, 3, 1, (int64_t[]){2});
  paddle_writer_param(to, 5, 2, (int64_t[]){2, 3});
}

static void add_shape(scull_text_t *to) {
  paddle_writer_param(to, 5, 2, (int64_t[]){3, 2});
}

static void add_negative(scull_text_t *to) {
  paddle_writer_param(to, 5, 2, (int64_t[]){-2, 3});
}

static void add_more(scull_text_t *to) {
  paddle_writer_param(to, 5, 2, (int64_t[]){2, 3});
  paddle_writer_param(to, 3, 1, (int64_t[]){2});
  scull_base_text_add(to, "x", 1);
}

static void add_version(scull_text_t *to) {
  scull_base_text_add(to, "\1\0\0\0", 4);
}

static void add_levels(scull_text_t *to) {
  scull_base_text_add(to, "\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0\0\0\0\0", 20);
}

static void test_mismatch(void **state) {
  (void)state;
  expect(add_swapped, "parameter 'a': its element type is not the one");
  expect(add_shape, "parameter 'a': its shape is not the one");
  expect(add_negative, "parameter 'a': its shape is not the one");
  expect(add_more, "1 bytes are left over");
  expect(add_version, "no LoDTensor record of version 0");
  expect(add_levels, "the file ends inside this parameter");
}

/* A parameter of open extents, and more bytes than there are numbers for. */
static void test_overflow(void **state) {
  (void)state;
  world_t w = {0};
  paddle_writer_t writer = {0};
  scull_base_diag_init(&w.diag, SCULL_SEVERITY_ERROR, NULL, NULL);
  paddle_writer_var(&writer, "a f32 -1x-1x-1 param");
  paddle_writer_end(&writer, 0, &w.program_bytes);
  assert_int_equal(
      scull_paddle_program_read(proto_get(&w.program_bytes), "net", &w.diag, &w.program), SCULL_OK);
  paddle_writer_param(&w.params, 5, 3, (int64_t[]){INT64_MAX / 2, 4, 4});
  assert_int_equal(run(&w, w.params.size), SCULL_CORRUPT);
  assert_non_null(strstr(scull_base_diag_first_error(&w.diag), "its size overflows"));
  end(&w);
}

static void test_no_file(void **state) {
  (void)state;
  world_t w;
  begin(&w);
  w.source = (scull_import_source_t){.files = &w.files, .diag = &w.diag, .model_name = "net"};
  assert_int_equal(scull_paddle_params_read(&w.source, &w.program, &w.read), SCULL_NOT_FOUND);
  end(&w);
}

static void write_one(const char *folder, const char *name, int element, int rank,
                      const int64_t *dims) {
  char path[300];
  scull_text_t bytes = {0};
  snprintf(path, sizeof path, "%s/%s", folder, name);
  paddle_writer_param(&bytes, element, rank, dims);
  assert_int_equal(scull_base_file_write(path, scull_base_text_get(&bytes), bytes.size, NULL),
                   SCULL_OK);
  scull_base_text_deinit(&bytes);
}

static void test_separate(void **state) {
  (void)state;
  world_t w;
  char folder[] = "/tmp/scull_params_XXXXXX", path[300];
  begin(&w);
  assert_non_null(mkdtemp(folder));
  write_one(folder, "a", 5, 2, (int64_t[]){2, 3});
  w.source = (scull_import_source_t){
      .files = &w.files, .diag = &w.diag, .model_name = "net", .params_folder = folder};
  assert_int_equal(scull_paddle_params_read(&w.source, &w.program, &w.read), SCULL_NOT_FOUND);
  write_one(folder, "b", 3, 1, (int64_t[]){2});
  assert_int_equal(scull_paddle_params_read(&w.source, &w.program, &w.read), SCULL_OK);
  assert_int_equal(w.read[0].type.dtype, SCULL_DTYPE_I64);
  for (const char *name = "ab"; *name != '\0'; name++) {
    snprintf(path, sizeof path, "%s/%c", folder, *name);
    unlink(path);
  }
  rmdir(folder);
  end(&w);
}

static void test_names_stay_inside(void **state) {
  (void)state;
  static const char *const names[] = {"../a", "/etc/passwd", "b/../../c", ".."};
  for (size_t i = 0; i < 4; i++) {
    world_t w;
    char line[80];
    paddle_writer_t writer = {0};
    w = (world_t){0};
    scull_base_diag_init(&w.diag, SCULL_SEVERITY_ERROR, NULL, NULL);
    snprintf(line, sizeof line, "%s f32 2 param", names[i]);
    paddle_writer_var(&writer, line);
    paddle_writer_end(&writer, 0, &w.program_bytes);
    assert_int_equal(
        scull_paddle_program_read(proto_get(&w.program_bytes), "net", &w.diag, &w.program),
        SCULL_OK);
    w.source = (scull_import_source_t){
        .files = &w.files, .diag = &w.diag, .model_name = "net", .params_folder = "/tmp"};
    assert_int_equal(scull_paddle_params_read(&w.source, &w.program, &w.read), SCULL_CORRUPT);
    assert_non_null(strstr(scull_base_diag_first_error(&w.diag), "the name is no file name"));
    end(&w);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_combined),          cmocka_unit_test(test_every_truncation),
      cmocka_unit_test(test_mismatch),          cmocka_unit_test(test_overflow),
      cmocka_unit_test(test_no_file),           cmocka_unit_test(test_separate),
      cmocka_unit_test(test_names_stay_inside),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
