/* Timing caches: opened, asked and added to. The file is one in memory, since thousands are wanted.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "tune/tune.h"

static const scull_device_t *device_of(void) {
  static const scull_device_t device = {.name = "a fuzzer's", .libraries = "none"};
  static scull_device_t whole;
  if (whole.backend == NULL) {
    whole = device;
    whole.backend = scull_backend_find("null");
  }
  return &whole;
}

static void use(const char *path) {
  static const char key[] = "0123456789abcdef0123456789abcdef";
  scull_tune_cache_t *cache = NULL;
  double microseconds = 0;
  if (scull_tune_cache_open(path, device_of(), &cache, NULL) != SCULL_OK)
    return;
  (void)scull_tune_cache_find(cache, key, &microseconds);
  (void)scull_tune_cache_add(cache, key, microseconds + 1);
  scull_tune_cache_destroy(cache);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static int file = -1;
  char path[64];
  if (file < 0)
    file = memfd_create("cache", 0);
  snprintf(path, sizeof path, "/proc/self/fd/%d", file);
  if (file >= 0 && ftruncate(file, 0) == 0 && pwrite(file, data, size, 0) == (ssize_t)size)
    use(path);
  return 0;
}

bool fuzz_seed(size_t index, scull_text_t *out) {
  static const char seed[] = "scull timing cache 1\n"
                             "0123456789abcdef0123456789abcdef 0123456789abcdef 12.5\n"
                             "fedcba9876543210fedcba9876543210 0123456789abcdef -1\n"
                             "00000000000000000000000000000000 fedcba9876543210 3.25e-1\n";
  if (index > 0)
    return false;
  scull_base_text_add(out, seed, strlen(seed));
  return true;
}
