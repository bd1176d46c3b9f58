/* The tactics of NVIDIA GPUs, from tactics.def. */
#ifndef SCULL_CUDA_TACTICS_H
#define SCULL_CUDA_TACTICS_H

#include "backend/backend.h"

#define SCULL_TACTIC(name) extern const scull_tactic_t scull_tactic_cuda_##name;
#include "backend/cuda/tactics.def"
#undef SCULL_TACTIC

#endif
