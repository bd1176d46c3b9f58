/* Element types: names, sizes, and the 16-bit floats by bit pattern. */
#ifndef SCULL_TENSOR_DTYPE_H
#define SCULL_TENSOR_DTYPE_H

#include <stdbool.h>

#include "base/status.h"

/* "f32", "i64", ...; "?" for a value outside the list. */
const char *scull_tensor_dtype_name(scull_dtype_t dtype);

/* The dtype of that name, or SCULL_DTYPE_NONE. */
scull_dtype_t scull_tensor_dtype_find(const char *name);

/* A sequence of tensors is a value of its own kind (tensor/sequence.h). Its dtype is that of the
 * elements with the mark SCULL_DTYPE_SEQUENCE; its name is "seq_f32". */
bool scull_tensor_dtype_is_sequence(scull_dtype_t dtype);
scull_dtype_t scull_tensor_dtype_sequence_of(scull_dtype_t element);
scull_dtype_t scull_tensor_dtype_element(scull_dtype_t sequence); /* other dtypes: themselves */

/* True for the dtypes of tensors and of sequences of them. */
bool scull_tensor_dtype_exists(scull_dtype_t dtype);

/* Bytes of one element; 0 for sequences, NONE and unknown values. */
size_t scull_tensor_dtype_size(scull_dtype_t dtype);

bool scull_tensor_dtype_is_float(scull_dtype_t dtype);
bool scull_tensor_dtype_is_integer(scull_dtype_t dtype); /* BOOL is none */

/* IEEE half and bfloat16, round to nearest even, NaN kept. */
float scull_tensor_f16_to_f32(uint16_t bits);
uint16_t scull_tensor_f32_to_f16(float value);
float scull_tensor_bf16_to_f32(uint16_t bits);
uint16_t scull_tensor_f32_to_bf16(float value);

/* Element `index` of a dense buffer as a double (64-bit integers beyond 2^53 round). */
double scull_tensor_load(const void *data, scull_dtype_t dtype, int64_t index);

/* Stores a double, truncated toward zero for integers and clamped to their range (NaN gives 0);
 * BOOL stores value != 0. */
void scull_tensor_store(void *data, scull_dtype_t dtype, int64_t index, double value);

/* The same for integers, exact over 64 bits. Floats are truncated on load. */
int64_t scull_tensor_load_i64(const void *data, scull_dtype_t dtype, int64_t index);
void scull_tensor_store_i64(void *data, scull_dtype_t dtype, int64_t index, int64_t value);

#endif
