/* Sites made from operator cases, their reference results, and tensors in layouts, written with
 * plain loops and nothing of backend/ but its types. */
#ifndef SCULL_TESTS_CONFORMANCE_SITE_H
#define SCULL_TESTS_CONFORMANCE_SITE_H

#include "backend/backend.h"
#include "case.h"

enum { SITE_MAX_OPS = 4, SITE_MAX_VALUES = 2 * CASE_MAX_TENSORS + 8 };

/* Which inputs of the anchor are constants. */
typedef enum { CONSTANT_NONE, CONSTANT_REST } constants_t;

/* What follows the anchor; `self` adds the anchor's own first input. */
typedef struct group_step {
  const scull_opdef_t *def; /* NULL: end */
  bool self;
} group_step_t;

typedef struct case_site {
  case_data_t data;
  scull_site_t site;
  scull_site_op_t ops[SITE_MAX_OPS];
  scull_site_value_t values[SITE_MAX_VALUES];
  scull_tensor_t tensors[SITE_MAX_VALUES]; /* of every value, row-major: inputs and results */
  uint16_t operands[SITE_MAX_VALUES * 2], inputs[SITE_MAX_VALUES], outputs[SITE_MAX_VALUES];
  size_t operands_used;
} case_site_t;

/* False when the case wants an error or is of a kind that no site can express. Reference results
 * are computed here, with `narrow` not NONE from f32 inputs that were rounded to that type; false
 * also when a number is beyond it; with U8 from a first input without negative numbers.
 * case_site_deinit gives back what it took, in either case. */
bool case_site_init(case_site_t *s, const scull_opdef_t *def, const scull_opcase_t *one,
                    constants_t constants, scull_dtype_t narrow);
/* Appends one operator; false when it does not apply (types, shapes). */
bool case_site_append(case_site_t *s, const group_step_t *step);
/* Lets dimension 0 of the inputs run from 1 to twice its value; false when the operators' rules do
 * not go along. */
bool case_site_make_range(case_site_t *s);
void case_site_deinit(case_site_t *s);

/* Bytes of the whole tensor that a value lies in, in its layout (the wide one for a slice). */
size_t layout_bytes(const scull_site_value_t *value);
/* Where the value's first element is in it. */
size_t layout_start(const scull_site_value_t *value);
/* Row-major to layout and back; `wide` is the whole tensor. */
void layout_write(const scull_site_value_t *value, const void *plain, void *wide);
void layout_read(const scull_site_value_t *value, const void *wide, void *plain);
/* True when every byte of `wide` that belongs to no element has the value `fill`, except that the
 * padded channels of a blocked tensor must be zero. */
bool layout_rest_is(const scull_site_value_t *value, const void *wide, uint8_t fill);

#endif
