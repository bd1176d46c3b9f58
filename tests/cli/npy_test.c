/* .npy: what is written is read again; what others write is read; damaged files are refused. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "npy.h"

static char path[64];

static int make_path(void **state) {
  (void)state;
  snprintf(path, sizeof path, "/tmp/scull-npy-XXXXXX");
  int file = mkstemp(path);
  return file < 0 ? -1 : close(file);
}

static int remove_path(void **state) {
  (void)state;
  return unlink(path);
}

static void put(const void *data, size_t size) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(data, 1, size, file), size);
  assert_int_equal(fclose(file), 0);
}

static size_t get(unsigned char *data, size_t room) {
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  size_t size = fread(data, 1, room, file);
  fclose(file);
  return size;
}

/* A file of version `version` with the given dictionary and `size` zero bytes of elements. */
static void put_version(int version, const char *dictionary, size_t size) {
  unsigned char data[1024] = "\x93NUMPY";
  size_t length = strlen(dictionary), at = 8;
  data[6] = (unsigned char)version;
  data[at++] = (unsigned char)length;
  data[at++] = (unsigned char)(length >> 8);
  if (version > 1)
    at += 2;
  memcpy(data + at, dictionary, length);
  put(data, at + length + size);
}

static void all_types_return(void **state) {
  (void)state;
  static const scull_dtype_t types[] = {SCULL_DTYPE_F32, SCULL_DTYPE_F64, SCULL_DTYPE_F16,
                                        SCULL_DTYPE_I8,  SCULL_DTYPE_U8,  SCULL_DTYPE_I16,
                                        SCULL_DTYPE_I32, SCULL_DTYPE_I64, SCULL_DTYPE_BOOL,
                                        SCULL_DTYPE_U16, SCULL_DTYPE_U32, SCULL_DTYPE_U64};
  unsigned char data[48];
  for (size_t i = 0; i < sizeof data; i++)
    data[i] = (unsigned char)(i * 5);
  for (size_t i = 0; i < CLI_COUNT(types); i++) {
    const scull_tensor_view_t view = {data, 6 * cli_dtype_size(types[i]), types[i], 3, {1, 2, 3}};
    cli_array_t array;
    assert_int_equal(cli_npy_write(path, &view), SCULL_OK);
    assert_int_equal(cli_npy_read(path, &array), SCULL_OK);
    assert_int_equal(array.dtype, types[i]);
    assert_int_equal(array.rank, 3);
    assert_int_equal(array.dims[2], 3);
    assert_int_equal(array.size, view.size);
    assert_memory_equal(array.data, data, view.size);
    cli_array_deinit(&array);
  }
}

static void scalars_and_empty_arrays_return(void **state) {
  (void)state;
  const float one = 1;
  const scull_tensor_view_t views[] = {{&one, sizeof one, SCULL_DTYPE_F32, 0, {0}},
                                       {&one, sizeof one, SCULL_DTYPE_F32, 1, {1}},
                                       {NULL, 0, SCULL_DTYPE_F32, 2, {0, 7}}};
  for (size_t i = 0; i < CLI_COUNT(views); i++) {
    cli_array_t array;
    assert_int_equal(cli_npy_write(path, &views[i]), SCULL_OK);
    assert_int_equal(cli_npy_read(path, &array), SCULL_OK);
    assert_int_equal(array.rank, views[i].rank);
    assert_int_equal(array.size, views[i].size);
    cli_array_deinit(&array);
  }
}

static void bf16_becomes_f32(void **state) {
  (void)state;
  const uint16_t halves[] = {0x3f80, 0xc000}; /* 1, -2 */
  const scull_tensor_view_t view = {halves, sizeof halves, SCULL_DTYPE_BF16, 1, {2}};
  cli_array_t array;
  assert_int_equal(cli_npy_write(path, &view), SCULL_OK);
  assert_int_equal(cli_npy_read(path, &array), SCULL_OK);
  assert_int_equal(array.dtype, SCULL_DTYPE_F32);
  assert_true(((float *)array.data)[0] == 1 && ((float *)array.data)[1] == -2);
  cli_array_deinit(&array);
}

static void foreign_headers_are_read(void **state) {
  (void)state;
  for (int version = 1; version <= 3; version++) {
    cli_array_t array;
    put_version(version, "{'shape':(2,3),'descr':'<i4','fortran_order':False}\n", 24);
    assert_int_equal(cli_npy_read(path, &array), SCULL_OK);
    assert_int_equal(array.rank, 2);
    assert_int_equal(array.dtype, SCULL_DTYPE_I32);
    cli_array_deinit(&array);
  }
}

static void wrong_headers_are_refused(void **state) {
  (void)state;
  static const struct {
    const char *dictionary;
    scull_status_t status;
  } wrong[] = {
      {"{'descr': '<f4', 'fortran_order': True, 'shape': (1, 6), }", SCULL_UNSUPPORTED},
      {"{'descr': '>f4', 'fortran_order': False, 'shape': (6,), }", SCULL_CORRUPT},
      {"{'descr': '<c8', 'fortran_order': False, 'shape': (3,), }", SCULL_CORRUPT},
      {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (6,), }", SCULL_CORRUPT},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (5,), }", SCULL_CORRUPT},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (-6,), }", SCULL_CORRUPT},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }",
       SCULL_CORRUPT},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }",
       SCULL_CORRUPT},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,6), }", SCULL_CORRUPT},
      {"{'descr': '<f4', 'fortran_order': False, }", SCULL_CORRUPT},
      {"{'descr': '<f4', 'shape': (6,), 'shape': (6,), }", SCULL_CORRUPT},
      {"{'descr': '<f4', 'fortran_order': 0, 'shape': (6,), }", SCULL_CORRUPT},
      {"", SCULL_CORRUPT},
  };
  for (size_t i = 0; i < CLI_COUNT(wrong); i++) {
    cli_array_t array;
    put_version(1, wrong[i].dictionary, 24);
    assert_int_equal(cli_npy_read(path, &array), wrong[i].status);
    assert_null(array.data);
  }
}

static void damaged_files_are_refused(void **state) {
  (void)state;
  const float values[6] = {1, 2, 3, 4, 5, 6};
  const scull_tensor_view_t view = {values, sizeof values, SCULL_DTYPE_F32, 2, {2, 3}};
  unsigned char good[512], bad[512];
  cli_array_t array;
  assert_int_equal(cli_npy_write(path, &view), SCULL_OK);
  size_t size = get(good, sizeof good);
  for (size_t cut = 0; cut < size; cut++) { /* every truncation */
    put(good, cut);
    assert_int_equal(cli_npy_read(path, &array), SCULL_CORRUPT);
  }
  unsigned random = 1;
  for (int i = 0; i < 2000; i++) { /* seeded mutations: any status, but an end and no leak */
    memcpy(bad, good, size);
    for (int k = 0; k < 3; k++) {
      random = random * 1664525u + 1013904223u;
      bad[(random >> 8) % size] = (unsigned char)(random >> 24);
    }
    put(bad, size);
    if (cli_npy_read(path, &array) == SCULL_OK)
      assert_true(array.size < size); /* never more than the file holds */
    cli_array_deinit(&array);
  }
  assert_int_equal(cli_npy_read("/nonexistent/x.npy", &array), SCULL_NOT_FOUND);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_types_return),
      cmocka_unit_test(scalars_and_empty_arrays_return),
      cmocka_unit_test(bf16_becomes_f32),
      cmocka_unit_test(foreign_headers_are_read),
      cmocka_unit_test(wrong_headers_are_refused),
      cmocka_unit_test(damaged_files_are_refused),
  };
  return cmocka_run_group_tests(tests, make_path, remove_path);
}
