/* driver [COUNT [SEED]]: runs the harness on its seeds, on every truncation of them, and on COUNT
 * seeded mutations: flipped bits, set, inserted, removed and repeated bytes. A crash or a
 * sanitizer's word is the failure. Two seconds in the tests; longer by hand.
 * driver --seeds FOLDER: writes the seeds there, a file each: the corpus that libFuzzer starts
 * from. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"

enum { DEFAULT_COUNT = 5000, LONGEST = 1 << 16 };

static uint64_t state;

static uint64_t next_random(uint64_t below) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state % below;
}

/* Runs the harness on an exact-size copy, so that a sanitizer sees reads beyond the end. */
static void feed(const uint8_t *data, size_t size) {
  uint8_t *copy = malloc(size == 0 ? 1 : size);
  if (copy == NULL)
    exit(2);
  memcpy(copy, data, size);
  (void)LLVMFuzzerTestOneInput(copy, size);
  free(copy);
}

/* One change of `data`; returns its new size (at most LONGEST). */
static size_t mutate(uint8_t *data, size_t size) {
  static const uint8_t edges[] = {0x00, 0x01, 0x7f, 0x80, 0xff, '"', '{', ']'};
  size_t at = size == 0 ? 0 : next_random(size), count = 1 + next_random(8);
  switch (size == 0 ? 2 : next_random(5)) {
  case 0: data[at] ^= (uint8_t)(1u << next_random(8)); return size;
  case 1: data[at] = (uint8_t)next_random(256); return size;
  case 2:
    if (size + 1 > LONGEST)
      return size;
    memmove(data + at + 1, data + at, size - at);
    data[at] = edges[next_random(sizeof edges)];
    return size + 1;
  case 3:
    count = count < size - at ? count : size - at;
    memmove(data + at, data + at + count, size - at - count);
    return size - count;
  default:
    count = count < size - at ? count : size - at;
    if (size + count > LONGEST)
      return size;
    memmove(data + at + count, data + at, size - at);
    return size + count;
  }
}

static int write_seeds(const char *folder) {
  scull_text_t seed = {0};
  for (size_t i = 0; fuzz_seed(i, &seed); i++) {
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/seed-%zu", folder, i);
    FILE *file = fopen(path, "wb");
    bool whole =
        file != NULL && fwrite(scull_base_text_get(&seed), 1, seed.size, file) == seed.size;
    whole = (file == NULL || fclose(file) == 0) && whole;
    scull_base_text_deinit(&seed);
    if (!whole) {
      (void)fprintf(stderr, "%s: cannot be written\n", path);
      return 1;
    }
  }
  return 0;
}

int main(int argc, char **argv) {
  static uint8_t data[LONGEST];
  if (argc == 3 && strcmp(argv[1], "--seeds") == 0)
    return write_seeds(argv[2]);
  long count = argc > 1 ? strtol(argv[1], NULL, 10) : DEFAULT_COUNT;
  size_t seeds = 0;
  scull_text_t seed = {0};
  state = argc > 2 ? strtoull(argv[2], NULL, 10) : 88172645463325252ull;
  for (; fuzz_seed(seeds, &seed); seeds++) {
    for (size_t size = 0; size <= seed.size; size++)
      feed((const uint8_t *)scull_base_text_get(&seed), size);
    scull_base_text_deinit(&seed);
  }
  for (long i = 0; i < count && seeds > 0; i++) {
    (void)fuzz_seed((size_t)i % seeds, &seed);
    size_t size = seed.size < LONGEST ? seed.size : LONGEST;
    memcpy(data, scull_base_text_get(&seed), size);
    for (uint64_t changes = 1 + next_random(4); changes > 0; changes--)
      size = mutate(data, size);
    feed(data, size);
    scull_base_text_deinit(&seed);
  }
  printf("%zu seeds, their truncations, %ld mutations\n", seeds, count);
  return 0;
}
