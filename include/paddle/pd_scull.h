/* What Scull adds to Paddle Inference's C interface, and the functions that bindings (C#, Rust)
 * patch into upstream's. */
#ifndef PADDLE_PD_SCULL_H
#define PADDLE_PD_SCULL_H

#include "pd_types.h"

PD_BEGIN

/* Why the last PD_ function of this thread that failed did so, a line a fault; "" when none failed.
 * Valid until the thread's next failure. Upstream throws C++ exceptions instead. */
PADDLE_CAPI_EXPORT extern const char *PD_GetLastError(void);

/* Under use_calib_mode: writes the calibration table now, of all inputs that this predictor and its
 * clones ran on so far; every PD_PredictorDestroy does so, too. TRUE also when there is nothing to
 * write. FALSE: PD_GetLastError. One thread a predictor, as for runs. */
PADDLE_CAPI_EXPORT extern PD_Bool PD_PredictorSaveCalibration(__pd_keep PD_Predictor *pd_predictor);

/* Upstream's choices of executor and of program form have no meaning here (both forms are read, one
 * runtime runs them): kept and answered. */
PADDLE_CAPI_EXPORT extern void PD_ConfigEnableNewExecutor(__pd_keep PD_Config *pd_config,
                                                          PD_Bool x);
PADDLE_CAPI_EXPORT extern PD_Bool PD_ConfigNewExecutorEnabled(__pd_keep PD_Config *pd_config);
PADDLE_CAPI_EXPORT extern void PD_ConfigEnableNewIR(__pd_keep PD_Config *pd_config, PD_Bool x);
PADDLE_CAPI_EXPORT extern PD_Bool PD_ConfigNewIREnabled(__pd_keep PD_Config *pd_config);
PADDLE_CAPI_EXPORT extern void PD_ConfigUseOptimizedModel(__pd_keep PD_Config *pd_config,
                                                          PD_Bool x);

PD_END

#endif
