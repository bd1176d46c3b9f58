/* Einstein sums as transposes, reductions and products of matrices, for every format that has them.
 * Private to import/. */
#ifndef SCULL_IMPORT_EINSUM_H
#define SCULL_IMPORT_EINSUM_H

#include "import/emit.h"

/* "bij,bjk->bik" over operands: letters name axes, "..." those that have no letter, without "->"
 * the result has the letters that stand once, in alphabetical order. UNSUPPORTED (with words) where
 * several axes that change from run to run would have to be joined; CORRUPT for an equation that
 * does not fit the operands. */
scull_status_t scull_import_emit_einsum(scull_emitter_t *emitter, const char *equation,
                                        const scull_value_id_t *operands, size_t count,
                                        const char *name, scull_value_id_t *out) SCULL_MUST_USE;

#endif
