/* NVML is the driver's own library and is opened by name; of its many functions six are enough. */
#define _POSIX_C_SOURCE 200809L
#include "gpu_watch.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CLOCK_SM = 1, CLOCK_MEMORY = 2, PAUSE_MS = 20 };

typedef struct {
  unsigned gpu, memory;
} utilization_t;

typedef struct {
  unsigned long long total, free, used;
} memory_t;

struct cli_gpu_watch {
  void *library, *device;
  int (*shutdown)(void);
  int (*clock)(void *, int, unsigned *);
  int (*utilization)(void *, utilization_t *);
  int (*memory)(void *, memory_t *);
  int (*power)(void *, unsigned *);
  pthread_t thread;
  atomic_bool stop;
  cli_gpu_t sum;
};

static bool find(void *library, const char *name, void *slot) {
  void *symbol = dlsym(library, name);
  memcpy(slot, &symbol, sizeof symbol);
  return symbol != NULL;
}

static bool open_device(cli_gpu_watch_t *w, unsigned index) {
  int (*init)(void), (*get)(unsigned, void **), (*name)(void *, char *, unsigned);
  w->library = dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);
  if (w->library == NULL || !find(w->library, "nvmlInit_v2", &init) ||
      !find(w->library, "nvmlShutdown", &w->shutdown) ||
      !find(w->library, "nvmlDeviceGetHandleByIndex_v2", &get) ||
      !find(w->library, "nvmlDeviceGetName", &name) ||
      !find(w->library, "nvmlDeviceGetClockInfo", &w->clock) ||
      !find(w->library, "nvmlDeviceGetUtilizationRates", &w->utilization) ||
      !find(w->library, "nvmlDeviceGetMemoryInfo", &w->memory) ||
      !find(w->library, "nvmlDeviceGetPowerUsage", &w->power) || init() != 0)
    return false;
  if (get(index, &w->device) == 0 && name(w->device, w->sum.name, sizeof w->sum.name) == 0)
    return true;
  w->shutdown();
  return false;
}

static void take_sample(cli_gpu_watch_t *w) {
  const double gib = 1024.0 * 1024.0 * 1024.0;
  unsigned sm = 0, memory = 0, milliwatts = 0;
  utilization_t busy = {0};
  memory_t bytes = {0};
  if (w->clock(w->device, CLOCK_SM, &sm) != 0 || w->clock(w->device, CLOCK_MEMORY, &memory) != 0 ||
      w->utilization(w->device, &busy) != 0 || w->memory(w->device, &bytes) != 0 ||
      w->power(w->device, &milliwatts) != 0)
    return;
  w->sum.samples++;
  w->sum.sm_mhz += sm;
  w->sum.memory_mhz += memory;
  w->sum.busy += busy.gpu;
  w->sum.memory_busy += busy.memory;
  w->sum.used_gib += (double)bytes.used / gib;
  w->sum.total_gib += (double)bytes.total / gib;
  w->sum.watts += milliwatts / 1e3;
}

static void *watch(void *user) {
  const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
  cli_gpu_watch_t *w = user;
  while (!atomic_load(&w->stop)) {
    take_sample(w);
    nanosleep(&pause, NULL);
  }
  return NULL;
}

cli_gpu_watch_t *cli_gpu_watch_begin(unsigned index) {
  cli_gpu_watch_t *w = calloc(1, sizeof *w);
  if (w == NULL)
    return NULL;
  bool opened = open_device(w, index);
  if (opened && pthread_create(&w->thread, NULL, watch, w) == 0)
    return w;
  if (opened)
    w->shutdown();
  if (w->library != NULL)
    dlclose(w->library);
  free(w);
  return NULL;
}

void cli_gpu_watch_end(cli_gpu_watch_t *w, cli_gpu_t *out) {
  *out = (cli_gpu_t){0};
  if (w == NULL)
    return;
  atomic_store(&w->stop, true);
  pthread_join(w->thread, NULL);
  *out = w->sum;
  double *means[] = {&out->sm_mhz,   &out->memory_mhz, &out->busy, &out->memory_busy,
                     &out->used_gib, &out->total_gib,  &out->watts};
  for (size_t i = 0; out->samples > 0 && i < CLI_COUNT(means); i++)
    *means[i] /= (double)out->samples;
  w->shutdown();
  dlclose(w->library);
  free(w);
}
