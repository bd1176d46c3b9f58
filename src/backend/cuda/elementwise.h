/* elementwise.h: chains of element-wise operators, interpreted. Valid C17, C++17. */
#ifndef SCULL_CUDA_ELEMENTWISE_H
#define SCULL_CUDA_ELEMENTWISE_H

#include "backend/cuda/element.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Of v alone (p: parameters), then of v and another operand w. */
enum {
  SCULL_CUDA_DO_COPY,
  SCULL_CUDA_DO_CLIP,   /* p0 <= v <= p1 */
  SCULL_CUDA_DO_LEAKY,  /* v < 0: p0 v */
  SCULL_CUDA_DO_LINEAR, /* p0 v + p1 */
  SCULL_CUDA_DO_SIGMOID,
  SCULL_CUDA_DO_SWISH, /* v sigmoid(p0 v) */
  SCULL_CUDA_DO_TANH,
  SCULL_CUDA_DO_EXP,
  SCULL_CUDA_DO_LOG,
  SCULL_CUDA_DO_SQRT,
  SCULL_CUDA_DO_RSQRT,
  SCULL_CUDA_DO_RECIPROCAL,
  SCULL_CUDA_DO_ABS,
  SCULL_CUDA_DO_NEG,
  SCULL_CUDA_DO_SQUARE,
  SCULL_CUDA_DO_HARD_SIGMOID, /* clip(p0 v + p1, 0, 1) */
  SCULL_CUDA_DO_HARD_SWISH,   /* v clip(v + p0, 0, p1) / p2 */
  SCULL_CUDA_DO_ELU,          /* v < 0: p0 (e^v - 1) */
  SCULL_CUDA_DO_GELU,
  SCULL_CUDA_DO_GELU_TANH,
  SCULL_CUDA_DO_ERF,
  SCULL_CUDA_DO_SOFTPLUS, /* p0: beta, p1: threshold */
  SCULL_CUDA_DO_MISH,     /* p0: threshold */
  SCULL_CUDA_DO_FLOOR,
  SCULL_CUDA_DO_CEIL,
  SCULL_CUDA_DO_ROUND, /* halves away from zero */
  SCULL_CUDA_DO_SIGN,
  SCULL_CUDA_DO_SIN,
  SCULL_CUDA_DO_COS,
  SCULL_CUDA_DO_NOT,
  SCULL_CUDA_DO_BINARY, /* from here on: two operands */
  SCULL_CUDA_DO_ADD = SCULL_CUDA_DO_BINARY,
  SCULL_CUDA_DO_SUB,
  SCULL_CUDA_DO_MUL,
  SCULL_CUDA_DO_DIV,
  SCULL_CUDA_DO_POW,
  SCULL_CUDA_DO_MAX,
  SCULL_CUDA_DO_MIN,
  SCULL_CUDA_DO_EQUAL,
  SCULL_CUDA_DO_NOT_EQUAL,
  SCULL_CUDA_DO_LESS,
  SCULL_CUDA_DO_LESS_EQUAL,
  SCULL_CUDA_DO_GREATER,
  SCULL_CUDA_DO_GREATER_EQUAL,
  SCULL_CUDA_DO_AND,
  SCULL_CUDA_DO_OR,
  SCULL_CUDA_DO_XOR,
  SCULL_CUDA_DO_PRELU, /* v < 0: w v */
  SCULL_CUDA_DO_WHERE, /* w: v, else a third operand, whose number is `swapped` */
  SCULL_CUDA_DO_KINDS
};

enum { SCULL_CUDA_CHAIN = 8, SCULL_CUDA_OPERANDS = 8 };

typedef struct scull_cuda_do {
  int16_t kind;
  int8_t operand; /* of operands; binary only */
  int8_t swapped; /* 1: the operand is the left one */
  float p[3];
} scull_cuda_do_t;

typedef struct scull_cuda_operand {
  const void *data;
  int32_t type;                  /* SCULL_CUDA_E_* */
  float scale;                   /* of INT8; 1 for all others */
  int32_t step[SCULL_CUDA_RANK]; /* elements; 0: broadcast */
} scull_cuda_operand_t;

/* dst[i] = the chain applied to operand 0. Dimensions outermost first, at most 2^31 elements. When
 * `flat` is 1 every operand and dst are dense and in the same order (count elements). */
typedef struct scull_cuda_elementwise {
  scull_cuda_operand_t operand[SCULL_CUDA_OPERANDS];
  scull_cuda_do_t chain[SCULL_CUDA_CHAIN];
  void *dst;
  int32_t dst_type, dst_step[SCULL_CUDA_RANK];
  int32_t rank, dim[SCULL_CUDA_RANK];
  int32_t operands, length, count, flat;
  float dst_factor; /* of INT8: what a result is multiplied with before it is rounded */
} scull_cuda_elementwise_t;

int scull_cuda_elementwise_enqueue(const scull_cuda_elementwise_t *e, int chained, void *stream);

#ifdef __cplusplus
}
#endif
#endif
