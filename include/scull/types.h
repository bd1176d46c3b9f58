/* The small vocabulary that every other Scull header speaks: statuses, element types, severities.
 * Values are fixed for ever: a number is never reused. */
#ifndef SCULL_TYPES_H
#define SCULL_TYPES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(name, value, meaning) */
#define SCULL_STATUS_LIST(X)                                                                       \
  X(OK, 0, "success")                                                                              \
  X(INVALID_ARGUMENT, 1, "the caller passed something that this function does not take")           \
  X(OUT_OF_MEMORY, 2, "an allocation failed or a memory limit was reached")                        \
  X(NOT_FOUND, 3, "a file, name or item does not exist")                                           \
  X(IO, 4, "the operating system refused to read or write")                                        \
  X(CORRUPT, 5, "a file is truncated, damaged or not of the format that it claims")                \
  X(UNSUPPORTED, 6, "the model asks for something that Scull does not do")                         \
  X(OUT_OF_RANGE, 7, "a shape, batch size or index lies outside its declared range")               \
  X(NEEDS_BUILD, 8, "the plan was made for another device or version and must be built again")     \
  X(CANCELLED, 9, "the caller asked to stop")                                                      \
  X(DEVICE, 10, "a device or its library failed or is absent")                                     \
  X(INTERNAL, 11, "a defect of Scull itself")

typedef enum scull_status {
#define SCULL_X(name, value, text) SCULL_##name = (value),
  SCULL_STATUS_LIST(SCULL_X)
#undef SCULL_X
} scull_status_t;

/* X(name, value, bytes of one element) */
#define SCULL_DTYPE_LIST(X)                                                                        \
  X(NONE, 0, 0)                                                                                    \
  X(F32, 1, 4)                                                                                     \
  X(F64, 2, 8)                                                                                     \
  X(F16, 3, 2)                                                                                     \
  X(BF16, 4, 2)                                                                                    \
  X(I8, 5, 1)                                                                                      \
  X(U8, 6, 1)                                                                                      \
  X(I16, 7, 2)                                                                                     \
  X(I32, 8, 4)                                                                                     \
  X(I64, 9, 8)                                                                                     \
  X(BOOL, 10, 1)                                                                                   \
  X(U16, 11, 2)                                                                                    \
  X(U32, 12, 4)                                                                                    \
  X(U64, 13, 8)

/* The type of an element. NONE stands for an absent optional tensor. BOOL is one byte, 0 or 1. */
typedef enum scull_dtype {
#define SCULL_X(name, value, size) SCULL_DTYPE_##name = (value),
  SCULL_DTYPE_LIST(SCULL_X)
#undef SCULL_X
  /* The mark of a sequence of tensors: SCULL_DTYPE_SEQUENCE | SCULL_DTYPE_F32. */
  SCULL_DTYPE_SEQUENCE = 64,
} scull_dtype_t;

typedef enum scull_severity {
  SCULL_SEVERITY_ERROR = 0,
  SCULL_SEVERITY_WARNING = 1,
  SCULL_SEVERITY_INFO = 2,
  SCULL_SEVERITY_VERBOSE = 3,
} scull_severity_t;

/* The largest number of dimensions of a tensor. */
#define SCULL_MAX_RANK 8

#ifdef __cplusplus
}
#endif
#endif
