/* How the operators of PIR are called in a ProgramDesc. Private to import/paddle/. */
#ifndef SCULL_IMPORT_PADDLE_PIR_NAMES_H
#define SCULL_IMPORT_PADDLE_PIR_NAMES_H

#include <stddef.h>

/* PIR has operands by position and calls some attributes otherwise; what became an operand there
 * and is an attribute here goes to the slot that the ProgramDesc form has for the same as a tensor.
 */
typedef struct scull_pir_name {
  const char *pir;     /* "topk"; in-place forms without their underscore */
  const char *type;    /* "top_k_v2" */
  const char *inputs;  /* a slot an operand; "A/B": B takes a list; "-": left out */
  const char *outputs; /* a slot a result; further ones are nobody's */
  const char *attrs;   /* "axis>dim": those that are called otherwise */
} scull_pir_name_t;

/* The row of that name, or NULL. */
const scull_pir_name_t *scull_paddle_pir_name_find(const char *pir, size_t length);

#endif
