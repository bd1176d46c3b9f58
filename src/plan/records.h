/* The records of a plan. Private to plan/. */
#ifndef SCULL_PLAN_RECORDS_H
#define SCULL_PLAN_RECORDS_H

#include "plan/plan.h"

/* Everything but weights, report and sources. Reading fills arrays of the codec's arena. */
void scull_plan_codec_meta(scull_codec_t *codec, scull_plan_t *plan);

#endif
