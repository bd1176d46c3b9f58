/* What every header of Paddle Inference's C interface shares: export, booleans, enums, marks of
 * ownership. Binary interface of Paddle 2.5 and later, served by Scull. */
#ifndef PADDLE_PD_COMMON_H
#define PADDLE_PD_COMMON_H

#include <stddef.h>
#include <stdint.h>

#define PADDLE_CAPI_EXPORT __attribute__((visibility("default")))

/* Who owns a pointer: __pd_give, the caller must destroy it; __pd_take, the callee consumes it;
 * __pd_keep, it stays whose it was. */
#define __pd_give
#define __pd_take
#define __pd_keep

typedef int8_t PD_Bool;
#define TRUE 1
#define FALSE 0

/* Enums have 32 bits whatever the compiler. */
#define PD_ENUM(type)                                                                              \
  typedef int32_t type;                                                                            \
  enum

#ifdef __cplusplus
#define PD_BEGIN extern "C" {
#define PD_END }
#else
#define PD_BEGIN
#define PD_END
#endif

#endif
