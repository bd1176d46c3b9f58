/* Every operator's cases through its shape rule and its reference kernel: types are as stated,
 * values are as stated where a case has them, and what must be refused is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "case.h"
#include "conformance.h"
#include "support.h"

static int failures, passed;

static void fail_case(const char *op, const char *name, const char *why) {
  fprintf(stderr, "%s, %s: %s\n", op, name, why);
  failures++;
}

static void check_outputs(const scull_opdef_t *def, const scull_opcase_t *one,
                          const case_data_t *data, const scull_tensor_t *out) {
  char want[128], got[128], words[400];
  for (size_t i = 0; i < data->output_count; i++) {
    const scull_tensor_t *expected = &data->outputs[i].tensor;
    if (expected->type.dtype != out[i].type.dtype ||
        !scull_tensor_shape_equal(&expected->type.shape, &out[i].type.shape)) {
      snprintf(words, sizeof words, "output %zu is %s, not %s", i,
               scull_tensor_type_text(&out[i].type, got, sizeof got),
               scull_tensor_type_text(&expected->type, want, sizeof want));
      fail_case(def->name, one->name, words);
    } else if (data->outputs[i].has_values) {
      const double room = scull_tensor_dtype_is_float(out[i].type.dtype) ? 1e-5 : 0;
      const scull_tolerance_t tolerance = {.absolute = room, .relative = room};
      scull_difference_t d = scull_tensor_compare(&out[i], expected, tolerance);
      if (d.outside == 0)
        continue;
      snprintf(words, sizeof words, "output %zu[%lld] is %g, not %g", i, (long long)d.worst,
               scull_tensor_load(out[i].data, out[i].type.dtype, d.worst),
               scull_tensor_load(expected->data, expected->type.dtype, d.worst));
      fail_case(def->name, one->name, words);
    }
  }
}

static void check_case(const scull_opdef_t *def, const scull_opcase_t *one) {
  case_data_t data;
  scull_diag_t diag;
  scull_tensor_t out[CASE_MAX_TENSORS] = {0};
  int before = failures;
  case_data_init(&data, def, one);
  scull_base_diag_init(&diag, SCULL_SEVERITY_ERROR, NULL, NULL);
  scull_status_t status = case_reference(&data, out, &diag);
  if (data.wants_error && status == SCULL_OK)
    fail_case(def->name, one->name, "was accepted and must be refused");
  else if (data.wants_error && diag.errors == 0)
    fail_case(def->name, one->name, "was refused without a word");
  else if (!data.wants_error && status != SCULL_OK)
    fail_case(def->name, one->name, scull_base_diag_first_error(&diag));
  else if (status == SCULL_OK)
    check_outputs(def, one, &data, out);
  if (status == SCULL_OK && failures == before)
    support_note("reference", def,
                 data.input_count > 0 && data.inputs[0].tensor.type.dtype != SCULL_DTYPE_NONE
                     ? data.inputs[0].tensor.type.dtype
                     : out[0].type.dtype);
  passed++;
  scull_base_diag_deinit(&diag);
  case_data_deinit(&data);
}

static void check_all(void **state) {
  (void)state;
  for (size_t i = 0; i < scull_ops_count(); i++) {
    const scull_opcases_t *cases = conformance_cases(i);
    assert_true(cases->count > 0);
    for (size_t k = 0; k < cases->count; k++)
      check_case(scull_ops_at(i), &cases->cases[k]);
  }
  printf("%zu operators, %d cases on the reference\n", scull_ops_count(), passed);
  assert_int_equal(failures, 0);
}

int conformance_reference(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(check_all)};
  return cmocka_run_group_tests_name("reference", tests, NULL, NULL);
}
