/* The tactics of the CPU, from tactics.def. */
#ifndef SCULL_BACKEND_CPU_TACTICS_H
#define SCULL_BACKEND_CPU_TACTICS_H

#include "backend/backend.h"

extern const scull_backend_t scull_backend_cpu;

#define SCULL_TACTIC(name) extern const scull_tactic_t scull_tactic_cpu_##name;
#include "backend/cpu/tactics.def"
#undef SCULL_TACTIC

#endif
