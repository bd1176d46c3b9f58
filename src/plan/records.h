/* The records of a plan. Private to plan/. */
#ifndef SCULL_PLAN_RECORDS_H
#define SCULL_PLAN_RECORDS_H

#include "plan/plan.h"

/* What a reader must know before the rest can be read: who wrote it, for what, with which plug-ins.
 */
void scull_plan_codec_head(scull_codec_t *codec, scull_plan_t *plan);

/* All else but weights, report and sources, as format `codec->version` has it. Reading fills arrays
 * of the codec's arena. */
void scull_plan_codec_meta(scull_codec_t *codec, scull_plan_t *plan);

/* The laws of lists and of the steps that run them; NULL or what is wrong. The steps' sites and
 * bindings were checked before. `depth` is zeroed scratch memory, a number a list; `index`: which
 * list. */
const char *scull_plan_lists_fault(const scull_plan_t *plan, uint32_t *depth, size_t *index);

#endif
