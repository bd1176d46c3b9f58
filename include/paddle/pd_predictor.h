/* Predictors: a model made ready to run. A predictor belongs to one thread at a time; clones share
 * weights and may run in threads of their own. What fails answers NULL, 0 or FALSE and leaves its
 * words in PD_GetLastError (pd_scull.h): nothing throws or aborts. */
#ifndef PADDLE_PD_PREDICTOR_H
#define PADDLE_PD_PREDICTOR_H

#include "pd_types.h"

PD_BEGIN

/* Reads the model and, when all its shapes are known, optimizes it; otherwise that waits for the
 * first run. The config is copied: it stays the caller's, who destroys it when he likes. NULL when
 * the model cannot be read, has operators that are not supported (all are named), or the config is
 * NULL or was declared invalid. Destroy with PD_PredictorDestroy. */
PADDLE_CAPI_EXPORT extern __pd_give PD_Predictor *
PD_PredictorCreate(__pd_take PD_Config *pd_config);

/* A predictor of the same model for another thread: weights and plans are shared, memory is its
 * own. The original may be destroyed before the clone. May be called while other clones run. */
PADDLE_CAPI_EXPORT extern __pd_give PD_Predictor *
PD_PredictorClone(__pd_keep PD_Predictor *pd_predictor);

/* Names in the order of the model's feeds and fetches. */
PADDLE_CAPI_EXPORT extern __pd_give PD_OneDimArrayCstr *
PD_PredictorGetInputNames(__pd_keep PD_Predictor *pd_predictor);
PADDLE_CAPI_EXPORT extern __pd_give PD_OneDimArrayCstr *
PD_PredictorGetOutputNames(__pd_keep PD_Predictor *pd_predictor);

/* Names, declared shapes and types. */
PADDLE_CAPI_EXPORT extern __pd_give PD_IOInfos *
PD_PredictorGetInputInfos(__pd_keep PD_Predictor *pd_predictor);
PADDLE_CAPI_EXPORT extern __pd_give PD_IOInfos *
PD_PredictorGetOutputInfos(__pd_keep PD_Predictor *pd_predictor);

PADDLE_CAPI_EXPORT extern size_t PD_PredictorGetInputNum(__pd_keep PD_Predictor *pd_predictor);
PADDLE_CAPI_EXPORT extern size_t PD_PredictorGetOutputNum(__pd_keep PD_Predictor *pd_predictor);

/* A handle of an input (output); several handles of one tensor are one tensor. NULL when no input
 * (output) has that name. Destroy with PD_TensorDestroy; when the predictor went before, the handle
 * answers nothing any more. */
PADDLE_CAPI_EXPORT extern __pd_give PD_Tensor *
PD_PredictorGetInputHandle(__pd_keep PD_Predictor *pd_predictor, const char *name);
PADDLE_CAPI_EXPORT extern __pd_give PD_Tensor *
PD_PredictorGetOutputHandle(__pd_keep PD_Predictor *pd_predictor, const char *name);

/* Runs on the inputs as they lie in their tensors and returns when the outputs are there. A shape
 * that no plan at hand serves makes one first. FALSE when an input was not filled, its shape does
 * not fit the model, or the run failed. */
PADDLE_CAPI_EXPORT extern PD_Bool PD_PredictorRun(__pd_keep PD_Predictor *pd_predictor);

/* Gives back the memory of inner tensors and what was prepared for shapes; the next run takes it
 * again. Inputs and outputs stay. */
PADDLE_CAPI_EXPORT extern void
PD_PredictorClearIntermediateTensor(__pd_keep PD_Predictor *pd_predictor);

/* The same; returns how many bytes of activations went, 0 when none were held. */
PADDLE_CAPI_EXPORT extern uint64_t
PD_PredictorTryShrinkMemory(__pd_keep PD_Predictor *pd_predictor);

/* With PD_ConfigCollectShapeRangeInfo the last of a family of clones writes the file of shapes.
 * NULL is allowed. */
PADDLE_CAPI_EXPORT extern void PD_PredictorDestroy(__pd_take PD_Predictor *pd_predictor);

/* The library's version as text; static. */
PADDLE_CAPI_EXPORT extern const char *PD_GetVersion(void);

PD_END

#endif
