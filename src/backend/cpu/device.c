/* The x86-64 processor as a device: its facts, read from CPUID; memory is the host's; a stream is
 * the calling thread, so waiting is nothing and time is the clock. */
#include <cpuid.h>
#include <stdio.h>
#include <string.h>

#include "backend/backend.h"
#include "backend/cpu/tactics.h"
#include "base/thread.h"

#ifdef SCULL_ONEDNN
#include "backend/cpu/onednn.h"
#endif

typedef struct {
  uint32_t a, b, c, d;
} regs_t;

static regs_t cpuid(uint32_t leaf, uint32_t sub) {
  regs_t r = {0};
  __cpuid_count(leaf, sub, r.a, r.b, r.c, r.d);
  return r;
}

/* Registers that the operating system saves: bits of XCR0; 0 without XSAVE. */
static uint64_t saved_state(void) {
  uint32_t low = 0, high = 0;
  if ((cpuid(1, 0).c & bit_OSXSAVE) == 0)
    return 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t)high << 32 | low;
}

static uint32_t read_features(void) {
  const uint64_t ymm = 0x6, zmm = 0xe6, tile = 0x60000, state = saved_state();
  uint32_t features = 0, top = cpuid(0, 0).a;
  if (top < 7)
    return 0;
  regs_t one = cpuid(1, 0), seven = cpuid(7, 0), more = cpuid(7, 1);
  const uint32_t avx512 = bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL;
  if ((state & ymm) == ymm && (seven.b & bit_AVX2) != 0 && (one.c & bit_FMA) != 0)
    features |= SCULL_CPU_AVX2;
  if (features != 0 && (more.a & 1u << 4) != 0)
    features |= SCULL_CPU_AVX_VNNI;
  if (features == 0 || (state & zmm) != zmm || (seven.b & avx512) != avx512)
    return features;
  features |= SCULL_CPU_AVX512;
  features |= (seven.c & 1u << 11) != 0 ? SCULL_CPU_AVX512_VNNI : 0;
  features |= (more.a & 1u << 5) != 0 ? SCULL_CPU_AVX512_BF16 : 0;
  features |= (seven.d & 1u << 23) != 0 ? SCULL_CPU_AVX512_FP16 : 0;
  if ((state & tile) == tile) {
    features |= (seven.d & 1u << 25) != 0 ? SCULL_CPU_AMX_INT8 : 0;
    features |= (seven.d & 1u << 22) != 0 ? SCULL_CPU_AMX_BF16 : 0;
  }
  return features;
}

static void read_name(char *out, size_t size) {
  char brand[49] = "";
  if (cpuid(0x80000000u, 0).a >= 0x80000004u) {
    for (uint32_t i = 0; i < 3; i++) {
      regs_t r = cpuid(0x80000002u + i, 0);
      memcpy(brand + 16 * i, &r, 16);
    }
  }
  regs_t one = cpuid(1, 0);
  const char *start = brand;
  while (*start == ' ')
    start++;
  snprintf(out, size, "%s (signature %x)", *start == '\0' ? "x86-64" : start, one.a);
}

/* Deterministic cache parameters: leaf 4 on Intel, 0x8000001d on AMD, one cache a sub-leaf. */
static void read_caches(scull_device_t *device) {
  bool amd = cpuid(0, 0).c == signature_AMD_ecx;
  uint32_t leaf = amd ? 0x8000001du : 4;
  if (amd && cpuid(0x80000000u, 0).a < leaf)
    return;
  for (uint32_t i = 0; i < 8; i++) {
    regs_t r = cpuid(leaf, i);
    uint32_t type = r.a & 31u, level = r.a >> 5 & 7u;
    size_t bytes = (size_t)((r.b >> 22) + 1) * ((r.b >> 12 & 1023u) + 1) * ((r.b & 4095u) + 1) *
                   ((size_t)r.c + 1);
    if (type == 0)
      break;
    if (type == 2)
      continue; /* instructions */
    if (level == 1)
      device->l1_bytes = bytes;
    else if (level == 2)
      device->l2_bytes = bytes;
    else if (level == 3)
      device->l3_bytes = bytes;
  }
}

static const char *absent(void) {
  return NULL;
}

static scull_status_t open_cpu(int index, scull_device_t **out, scull_diag_t *diag) {
  *out = NULL;
  if (index != 0)
    return scull_base_fail(diag, SCULL_DEVICE, "there is one cpu device, number 0, not %d", index);
  scull_device_t *device = scull_base_alloc(sizeof *device);
  if (device == NULL)
    return scull_base_fail_memory(diag, "a device");
  device->backend = &scull_backend_cpu;
  device->features = read_features();
  read_name(device->name, sizeof device->name);
  read_caches(device);
#ifdef SCULL_ONEDNN
  scull_onednn_version(device->libraries, sizeof device->libraries);
#else
  snprintf(device->libraries, sizeof device->libraries, "no libraries");
#endif
  *out = device;
  return SCULL_OK;
}

static void close_cpu(scull_device_t *device) {
  scull_base_free(device);
}

static scull_status_t alloc_cpu(scull_device_t *device, size_t bytes, void **out) {
  (void)device;
  *out = scull_base_alloc_raw(bytes);
  return *out == NULL ? SCULL_OUT_OF_MEMORY : SCULL_OK;
}

static void free_cpu(scull_device_t *device, void *memory) {
  (void)device;
  scull_base_free(memory);
}

static scull_status_t stream_create(scull_device_t *device, scull_stream_t **out) {
  (void)device;
  *out = NULL; /* the calling thread */
  return SCULL_OK;
}

static void stream_destroy(scull_stream_t *stream) {
  (void)stream;
}

static scull_status_t copy(scull_stream_t *stream, void *dst, const void *src, size_t bytes) {
  (void)stream;
  memcpy(dst, src, bytes);
  return SCULL_OK;
}

static scull_status_t wait(scull_stream_t *stream) {
  (void)stream;
  return SCULL_OK;
}

/* An event is the time itself, carried in the pointer. */
static scull_status_t mark(scull_stream_t *stream, scull_event_t **event) {
  (void)stream;
  *event = (scull_event_t *)(uintptr_t)scull_base_now();
  return SCULL_OK;
}

static double elapsed(scull_event_t *from, scull_event_t *to) {
  return (double)((uintptr_t)to - (uintptr_t)from) / 1e3;
}

#define SCULL_TACTIC(name) &scull_tactic_cpu_##name,
static const scull_tactic_t *const tactics[] = {
#include "backend/cpu/tactics.def"
    NULL};
#undef SCULL_TACTIC

const scull_backend_t scull_backend_cpu = {.name = "cpu",
                                           .absent = absent,
                                           .open = open_cpu,
                                           .close = close_cpu,
                                           .alloc = alloc_cpu,
                                           .free = free_cpu,
                                           .stream_create = stream_create,
                                           .stream_destroy = stream_destroy,
                                           .copy = copy,
                                           .wait = wait,
                                           .mark = mark,
                                           .elapsed = elapsed,
                                           .tactics = tactics};
