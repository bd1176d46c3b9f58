/* What an NVIDIA GPU does while something else is measured, by NVML where it is there. */
#ifndef SCULL_TOOL_GPU_WATCH_H
#define SCULL_TOOL_GPU_WATCH_H

#include "console.h"

/* Means over the time that was watched. */
typedef struct cli_gpu {
  size_t samples; /* 0: there was nothing to watch, or no NVML */
  char name[96];
  double sm_mhz, memory_mhz;
  double busy, memory_busy; /* percent of the time in which kernels ran, memory was accessed */
  double used_gib, total_gib, watts;
} cli_gpu_t;

typedef struct cli_gpu_watch cli_gpu_watch_t;

/* Watches GPU `index` from a thread of its own; NULL where NVML or the GPU is not there. */
cli_gpu_watch_t *cli_gpu_watch_begin(unsigned index);

/* Ends the watch and frees it; NULL is allowed and gives no samples. */
void cli_gpu_watch_end(cli_gpu_watch_t *watch, cli_gpu_t *out);

#endif
