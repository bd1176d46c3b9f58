/* common.h: reading sites for the CUDA tactics. */
#ifndef SCULL_CUDA_COMMON_H
#define SCULL_CUDA_COMMON_H

#include "backend/cuda/device.h"
#include "backend/cuda/elementwise.h"
#include "backend/cuda/window.h"

/* SCULL_CUDA_E_* of an element type that kernels convert to float; SCULL_CUDA_E_NONE: none. */
int scull_cuda_element(scull_dtype_t dtype);

/* True for F32, F16 and BF16. */
bool scull_cuda_is_real(const scull_site_value_t *value);

/* Steps of the value's logical dimensions in its layout (PLAIN or NHWC) at `opt`, slice or not. */
void scull_cuda_steps(const scull_site_value_t *value, int64_t *steps);

/* As a picture: one or two spatial axes (then h = 1). data is set by enqueue. */
scull_cuda_picture_t scull_cuda_picture(const scull_site_value_t *value);

/* Position of value `index` in the site's inputs (outputs), or -1. */
int scull_cuda_input_at(const scull_site_t *site, uint16_t index);
int scull_cuda_output_at(const scull_site_t *site, uint16_t index);

/* The code of an element-wise operator; false when there is none. */
bool scull_cuda_do_of(const scull_site_op_t *op, scull_cuda_do_t *out);

/* A numeric attribute by name; `otherwise` when there is none of that name. */
double scull_cuda_attr(const scull_site_op_t *op, const char *name, double otherwise);

/* What stands behind an anchor. */
typedef struct scull_cuda_behind {
  scull_cuda_do_t act;
  const scull_site_value_t *residual; /* NULL: none */
  int residual_at;                    /* in the site's inputs */
  bool add_first;
} scull_cuda_behind_t;
/* NULL, or why not. */
const char *scull_cuda_behind_of(const scull_site_t *site, scull_cuda_behind_t *out);

/* The precisions that general kernels convert to and from, for `precisions`. */
#define SCULL_CUDA_FLOATS (1u << SCULL_AS_F16 | 1u << SCULL_AS_BF16)

/* Appends the first `count` configurations once more for each of those that the site permits, on
 * both sides alike; with `back`, a third time with results in the model's type. */
size_t scull_cuda_add_floats(const scull_site_t *site, scull_config_t *out, size_t count,
                             size_t room, bool back);

/* True for a value that may be stored as s8 or u8 with one scale. */
bool scull_cuda_is_bytes(const scull_site_value_t *value);

/* Element `index` of constant weights as s8 in steps of `scale`: as the quantization has it, else
 * the nearest. */
int8_t scull_cuda_byte(const scull_site_value_t *weights, int64_t index, float scale);

/* Likewise for INT8, where every input and the results may be stored so. */
size_t scull_cuda_add_bytes(const scull_site_t *site, scull_config_t *out, size_t count,
                            size_t used, size_t room);

/* Layouts PLAIN and NHWC, both sides alike, in every float; for `configs` of what takes any. */
size_t scull_cuda_same_layouts(const scull_site_t *site, scull_config_t *out, size_t room);

/* True when an extent of the value's largest shape, or their product, is too large for kernels that
 * count in 32 bits. */
bool scull_cuda_is_huge(const scull_site_value_t *value);

/* Why a general kernel cannot take the values of the site: NULL, or a reason. */
const char *scull_cuda_refuse_values(const scull_site_t *site);

/* Merges neighbouring dimensions of boxes that go on without a jump on all sides: `steps` are
 * `sides` lists. Returns the new rank, at least 1. */
int scull_cuda_merge(int rank, int64_t *dim, int64_t *const *steps, int sides);

/* --- one launch as a state ---------------------------------------------------------------------
 */

/* Takes a copy of `bytes` as a tactic's state; OUT_OF_MEMORY. */
scull_status_t scull_cuda_keep(const void *state, size_t bytes, scull_prepared_t *out);
void scull_cuda_release(void *state);

#endif
