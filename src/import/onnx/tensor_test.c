/* TensorProto in every form that a file may hold it in. */
#include "import/onnx/model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "support/onnx_writer.h"

typedef struct {
  scull_text_t text;
  scull_arena_t arena;
  scull_diag_t diag;
  scull_onnx_tensor_t tensor;
} world_t;

static void begin(world_t *w, int element, size_t rank, const int64_t *dims) {
  *w = (world_t){0};
  scull_base_diag_init(&w->diag, SCULL_SEVERITY_WARNING, NULL, NULL);
  for (size_t i = 0; i < rank; i++)
    proto_int(&w->text, 1, dims[i]);
  proto_int(&w->text, 2, element);
  proto_text(&w->text, 8, "t");
}

static scull_status_t read(world_t *w, bool sparse) {
  scull_onnx_store_t store = {.arena = &w->arena, .bytes = &w->arena};
  scull_wire_t wire = scull_import_wire_open(proto_get(&w->text), "file", &w->diag);
  scull_status_t status = sparse ? scull_onnx_sparse_read(&wire, &store, &w->tensor)
                                 : scull_onnx_tensor_read(&wire, &store, &w->tensor);
  scull_onnx_store_deinit(&store);
  return status;
}

static void end(world_t *w) {
  scull_base_text_deinit(&w->text);
  scull_base_arena_deinit(&w->arena);
  scull_base_diag_deinit(&w->diag);
}

static void holds(const world_t *w, scull_dtype_t dtype, size_t count, const double *wanted) {
  assert_null(w->tensor.fault);
  assert_int_equal(w->tensor.type.dtype, dtype);
  assert_int_equal(scull_tensor_count(&w->tensor.type.shape), count);
  for (size_t i = 0; i < count; i++)
    assert_true(scull_onnx_tensor_at(&w->tensor, (int64_t)i) == wanted[i]);
}

static bool is_borrowed(const world_t *w) {
  const uint8_t *at = w->tensor.data, *first = proto_get(&w->text).data;
  return at >= first && at < first + w->text.size;
}

static void test_packed_floats_are_borrowed(void **state) {
  (void)state;
  static const float numbers[] = {1.5f, -2, 3};
  world_t w;
  begin(&w, 1, 1, (int64_t[]){3});
  proto_bytes(&w.text, 4, numbers, sizeof numbers);
  assert_int_equal(read(&w, false), SCULL_OK);
  holds(&w, SCULL_DTYPE_F32, 3, (double[]){1.5, -2, 3});
  assert_true(is_borrowed(&w));
  end(&w);
}

static void test_lists(void **state) {
  (void)state;
  world_t w;
  begin(&w, 1, 1, (int64_t[]){2}); /* one field a number */
  proto_float(&w.text, 4, 0.5f);
  proto_float(&w.text, 4, 4);
  assert_int_equal(read(&w, false), SCULL_OK);
  holds(&w, SCULL_DTYPE_F32, 2, (double[]){0.5, 4});
  end(&w);
  begin(&w, 7, 1, (int64_t[]){2});
  proto_int(&w.text, 7, -5);
  proto_int(&w.text, 7, INT64_C(1) << 40);
  assert_int_equal(read(&w, false), SCULL_OK);
  holds(&w, SCULL_DTYPE_I64, 2, (double[]){-5, 1099511627776});
  end(&w);
  begin(&w, 10, 1, (int64_t[]){2}); /* the bits of halves */
  proto_int(&w.text, 5, 0x3c00);
  proto_int(&w.text, 5, 0xc000);
  assert_int_equal(read(&w, false), SCULL_OK);
  holds(&w, SCULL_DTYPE_F16, 2, (double[]){1, -2});
  end(&w);
  begin(&w, 13, 1, (int64_t[]){1}); /* beyond what a signed number holds */
  proto_int(&w.text, 11, -1);
  assert_int_equal(read(&w, false), SCULL_OK);
  assert_true(*(const uint64_t *)w.tensor.data == UINT64_MAX);
  end(&w);
}

static void test_four_bits(void **state) {
  (void)state;
  static const uint8_t pairs[] = {0x81, 0x0f};
  world_t w;
  begin(&w, 22, 1, (int64_t[]){3});
  proto_bytes(&w.text, 9, pairs, 2);
  assert_int_equal(read(&w, false), SCULL_OK);
  holds(&w, SCULL_DTYPE_I8, 3, (double[]){1, -8, -1});
  end(&w);
  begin(&w, 21, 1, (int64_t[]){3});
  proto_int(&w.text, 5, 0x81);
  proto_int(&w.text, 5, 0x0f);
  assert_int_equal(read(&w, false), SCULL_OK);
  holds(&w, SCULL_DTYPE_U8, 3, (double[]){1, 8, 15});
  end(&w);
}

static void wrong(world_t *w, const char *words) {
  assert_int_equal(read(w, false), SCULL_CORRUPT);
  assert_non_null(strstr(scull_base_diag_first_error(&w->diag), words));
  end(w);
}

static void test_wrong_sizes(void **state) {
  (void)state;
  world_t w;
  begin(&w, 1, 1, (int64_t[]){3});
  proto_bytes(&w.text, 9, "12345678", 8);
  wrong(&w, "tensor 't' has 8 bytes where its shape wants 12");
  begin(&w, 1, 1, (int64_t[]){3});
  proto_float(&w.text, 4, 1);
  wrong(&w, "tensor 't' has 1 numbers where its shape wants 3");
  begin(&w, 22, 1, (int64_t[]){3});
  proto_bytes(&w.text, 9, "1", 1);
  wrong(&w, "has 1 bytes where its shape wants 2");
  begin(&w, 1, 2, (int64_t[]){INT64_C(1) << 40, INT64_C(1) << 40});
  wrong(&w, "more than memory can hold");
}

/* --- sparse ---------------------------------------------------------------------------------- */

static void begin_sparse(world_t *w, const char *values, const char *indices, size_t rank,
                         const int64_t *dims) {
  scull_text_t part = {0};
  *w = (world_t){0};
  scull_base_diag_init(&w->diag, SCULL_SEVERITY_WARNING, NULL, NULL);
  onnx_writer_tensor_proto(values, &part);
  proto_message(&w->text, 1, &part);
  onnx_writer_tensor_proto(indices, &part);
  proto_message(&w->text, 2, &part);
  for (size_t i = 0; i < rank; i++)
    proto_int(&w->text, 3, dims[i]);
}

static void test_sparse(void **state) {
  (void)state;
  world_t w;
  begin_sparse(&w, "s f32 2=5,6", "at i64 2=1,3", 2, (int64_t[]){2, 2});
  assert_int_equal(read(&w, true), SCULL_OK);
  assert_string_equal(w.tensor.name, "s");
  holds(&w, SCULL_DTYPE_F32, 4, (double[]){0, 5, 0, 6});
  end(&w);
  begin_sparse(&w, "s f32 2=5,6", "at i64 2x2=0,1,1,0", 2, (int64_t[]){2, 2});
  assert_int_equal(read(&w, true), SCULL_OK);
  holds(&w, SCULL_DTYPE_F32, 4, (double[]){0, 5, 6, 0});
  end(&w);
}

static void test_wrong_sparse(void **state) {
  (void)state;
  static const struct {
    const char *indices, *words;
    scull_status_t status;
    int64_t rows;
  } cases[] = {
      {"at i64 2=1,4", "index 1 lies outside", SCULL_CORRUPT, 2},
      {"at i64 2=-1,0", "index 0 lies outside", SCULL_CORRUPT, 2},
      {"at i64 2x2=0,0,0,2", "index 1 lies outside", SCULL_CORRUPT, 2},
      {"at i64 3=0,1,2", "do not fit its values", SCULL_CORRUPT, 2},
      {"at i32 2=0,1", "do not fit its values", SCULL_CORRUPT, 2},
      {"at i64 2=0,1", "its extents", SCULL_CORRUPT, -2},
      {"at i64 2=0,1", "more than 268435456 bytes", SCULL_UNSUPPORTED, INT64_C(1) << 32},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    world_t w;
    begin_sparse(&w, "s f32 2=5,6", cases[i].indices, 2, (int64_t[]){cases[i].rows, 2});
    assert_int_equal(read(&w, true), cases[i].status);
    assert_non_null(strstr(scull_base_diag_first_error(&w.diag), cases[i].words));
    end(&w);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_packed_floats_are_borrowed),
      cmocka_unit_test(test_lists),
      cmocka_unit_test(test_four_bits),
      cmocka_unit_test(test_wrong_sizes),
      cmocka_unit_test(test_sparse),
      cmocka_unit_test(test_wrong_sparse),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
