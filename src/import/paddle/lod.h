/* LoD: how the rows of a variable belong to sequences or pictures. In Paddle it hangs on a tensor
 * beside its elements; here it is a value of its own, offsets i64 [N+1] (0, ..., rows), the last
 * level where a file has several. An input x that carries one gets a companion input "x@lod" when
 * any operator of the program asks for it, an output x a companion output. Private to
 * import/paddle/. */
#ifndef SCULL_IMPORT_PADDLE_LOD_H
#define SCULL_IMPORT_PADDLE_LOD_H

#include "import/paddle/call.h"

/* The offsets of what a slot holds (its first, or number `index`), or SCULL_NO_ID. */
scull_value_id_t scull_paddle_lod(const scull_paddle_call_t *call, const char *slot, size_t index);
/* The same where there must be offsets; UNSUPPORTED otherwise. */
scull_status_t scull_paddle_need_lod(scull_paddle_call_t *call, const char *slot,
                                     scull_value_id_t *out) SCULL_MUST_USE;
void scull_paddle_set_lod(const scull_paddle_call_t *call, const char *slot, size_t index,
                          scull_value_id_t offsets);

/* Offsets i64 [N+1] to counts i32 [N], and back. */
scull_status_t scull_paddle_lod_to_counts(scull_paddle_call_t *call, scull_value_id_t offsets,
                                          scull_value_id_t *out) SCULL_MUST_USE;
scull_status_t scull_paddle_lod_from_counts(scull_paddle_call_t *call, scull_value_id_t counts,
                                            scull_value_id_t *out) SCULL_MUST_USE;

/* Around the mapping of an operator: outputs that it gave no offsets take those of the first
 * operand that has any, when they have as many rows. */
scull_value_id_t scull_paddle_lod_before(const scull_paddle_call_t *call, scull_value_id_t *like);
void scull_paddle_lod_after(const scull_paddle_call_t *call, scull_value_id_t offsets,
                            scull_value_id_t like);

/* True when an operator of the program asks for offsets. */
bool scull_paddle_reads_lod(const scull_paddle_program_t *program);

/* "x@lod" in the program's arena, or NULL. */
const char *scull_paddle_lod_name(scull_paddle_program_t *program, const char *name);

#endif
