/* The timing cache: one line a measurement, "<key> <device> <microseconds>", sorted. Keys and
 * devices are hashes, so a cache is small and holds no paths; lines of other devices are carried
 * along. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/real.h"
#include "tune/tune.h"

enum { KEY_DIGITS = 32, DEVICE_DIGITS = 16, MAX_LINES = 1 << 20 };

static const char heading[] = "scull timing cache 1\n";

typedef struct {
  char text[KEY_DIGITS + 1 + DEVICE_DIGITS + 1]; /* "<key> <device>" */
  double microseconds;
} record_t;

struct scull_tune_cache {
  scull_arena_t arena;
  const char *path;
  char device[DEVICE_DIGITS + 1];
  record_t **records; /* in the arena, so that the map's names stay where they are */
  size_t count, room;
  scull_map_t map;
};

static bool add_record(scull_tune_cache_t *cache, const char *text, double microseconds) {
  size_t length = strlen(text), index = 0;
  if (scull_base_map_find(&cache->map, text, length, &index)) {
    cache->records[index]->microseconds = microseconds;
    return true;
  }
  record_t *record = SCULL_ARENA_NEW(&cache->arena, record_t);
  if (record == NULL || !scull_base_vec_reserve((void **)&cache->records, &cache->room,
                                                cache->count, cache->count + 1, sizeof record))
    return false;
  memcpy(record->text, text, length + 1);
  record->microseconds = microseconds;
  if (!scull_base_map_set(&cache->map, record->text, length, cache->count))
    return false;
  cache->records[cache->count++] = record;
  return true;
}

static bool is_hex(const char *text, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (strchr("0123456789abcdef", text[i]) == NULL || text[i] == '\0')
      return false;
  }
  return true;
}

/* One line without its newline; false when it is none of ours. */
static bool read_line(scull_tune_cache_t *cache, const char *line, size_t length, bool *memory) {
  enum { HEAD = KEY_DIGITS + 1 + DEVICE_DIGITS };
  char text[96];
  if (length <= HEAD + 1 || length >= sizeof text)
    return false;
  memcpy(text, line, length);
  text[length] = '\0';
  const char *end = "?";
  double value = 0;
  if (!scull_base_real_read(text + HEAD + 1, &end, &value) || !is_hex(text, KEY_DIGITS) ||
      text[KEY_DIGITS] != ' ' || !is_hex(text + KEY_DIGITS + 1, DEVICE_DIGITS) ||
      text[HEAD] != ' ' || *end != '\0' || !(value > -2 && value < 1e12))
    return false;
  text[HEAD] = '\0';
  *memory = add_record(cache, text, value);
  return true;
}

/* Another version's cache, or ours with a damaged heading: it may be replaced. A file of somebody
 * else's, named by mistake, may not. */
static bool looks_ours(scull_bytes_t bytes) {
  enum { HEAD = KEY_DIGITS + 1 + DEVICE_DIGITS };
  static const char word[] = "scull";
  const uint8_t *line = bytes.size == 0 ? NULL : memchr(bytes.data, '\n', bytes.size);
  if (bytes.size < sizeof word - 1 || memcmp(bytes.data, word, sizeof word - 1) == 0)
    return bytes.size == 0 || memcmp(bytes.data, word, bytes.size < 5 ? bytes.size : 5) == 0;
  return line != NULL && (size_t)(bytes.data + bytes.size - line) > HEAD + 1 &&
         is_hex((const char *)line + 1, KEY_DIGITS);
}

static scull_status_t read_all(scull_tune_cache_t *cache, scull_bytes_t bytes, scull_diag_t *diag) {
  const char *at = bytes.size == 0 ? "" : (const char *)bytes.data, *end = at + bytes.size;
  size_t bad = 0, lines = 0, head = sizeof heading - 1;
  if (bytes.size < head || memcmp(at, heading, head) != 0) {
    if (!looks_ours(bytes))
      return scull_base_fail(diag, SCULL_CORRUPT,
                             "%s: this is no timing cache, and it will not be overwritten",
                             cache->path);
    scull_base_warn(diag, "%s: no timing cache of this version; it will be replaced", cache->path);
    return SCULL_OK;
  }
  for (at += head; at < end && lines < MAX_LINES; lines++) {
    const char *stop = memchr(at, '\n', (size_t)(end - at));
    stop = stop == NULL ? end : stop;
    bool memory = true;
    if (!read_line(cache, at, (size_t)(stop - at), &memory))
      bad++;
    if (!memory)
      return scull_base_fail_memory(diag, "a timing cache");
    at = stop + 1;
  }
  if (bad > 0)
    scull_base_warn(diag, "%s: %zu damaged lines were left out", cache->path, bad);
  return SCULL_OK;
}

scull_status_t scull_tune_cache_open(const char *path, const scull_device_t *device,
                                     scull_tune_cache_t **out, scull_diag_t *diag) {
  scull_file_t file;
  scull_text_t facts = {0};
  *out = NULL;
  scull_tune_cache_t *cache = scull_base_alloc(sizeof *cache);
  if (cache == NULL)
    return scull_base_fail_memory(diag, "a timing cache");
  scull_backend_device_print(device, &facts);
  snprintf(cache->device, sizeof cache->device, "%016" PRIx64,
           scull_base_hash64(facts.data, facts.size, 0));
  scull_base_text_deinit(&facts);
  cache->path = path == NULL ? "" : scull_base_arena_string(&cache->arena, path, strlen(path));
  scull_status_t status = cache->path == NULL ? SCULL_OUT_OF_MEMORY : SCULL_OK;
  if (status == SCULL_OK && path != NULL && scull_base_file_exists(path)) {
    status = scull_base_file_open(path, &file, diag);
    if (status == SCULL_OK) {
      status = read_all(cache, file.bytes, diag);
      scull_base_file_close(&file);
    }
  }
  if (status != SCULL_OK) {
    scull_tune_cache_destroy(cache);
    return status;
  }
  *out = cache;
  return SCULL_OK;
}

void scull_tune_cache_destroy(scull_tune_cache_t *cache) {
  if (cache == NULL)
    return;
  scull_base_map_deinit(&cache->map);
  scull_base_free(cache->records);
  scull_base_arena_deinit(&cache->arena);
  scull_base_free(cache);
}

static void full_key(const scull_tune_cache_t *cache, const char *key, char *out, size_t size) {
  scull_hash128_t h = scull_base_hash128(key, strlen(key), 0);
  snprintf(out, size, "%016" PRIx64 "%016" PRIx64 " %s", h.high, h.low, cache->device);
}

bool scull_tune_cache_find(const scull_tune_cache_t *cache, const char *key, double *microseconds) {
  char text[64];
  size_t index = 0;
  full_key(cache, key, text, sizeof text);
  if (!scull_base_map_find(&cache->map, text, strlen(text), &index))
    return false;
  *microseconds = cache->records[index]->microseconds;
  return true;
}

bool scull_tune_cache_add(scull_tune_cache_t *cache, const char *key, double microseconds) {
  char text[64];
  full_key(cache, key, text, sizeof text);
  return add_record(cache, text, microseconds);
}

static int by_text(const void *a, const void *b) {
  return strcmp((*(record_t *const *)a)->text, (*(record_t *const *)b)->text);
}

scull_status_t scull_tune_cache_write(const scull_tune_cache_t *cache, scull_diag_t *diag) {
  scull_text_t text = {0};
  if (cache->path[0] == '\0')
    return SCULL_OK;
  record_t **sorted = scull_base_alloc((cache->count + 1) * sizeof(record_t *));
  if (sorted == NULL)
    return scull_base_fail_memory(diag, "a timing cache");
  if (cache->count > 0)
    memcpy(sorted, cache->records, cache->count * sizeof *sorted);
  qsort(sorted, cache->count, sizeof *sorted, by_text);
  scull_base_text_print(&text, "%s", heading);
  for (size_t i = 0; i < cache->count; i++)
    scull_base_text_print(&text, "%s %.3f\n", sorted[i]->text, sorted[i]->microseconds);
  scull_status_t status = text.failed
                              ? scull_base_fail_memory(diag, "a timing cache")
                              : scull_base_file_write(cache->path, text.data, text.size, diag);
  scull_base_text_deinit(&text);
  scull_base_free(sorted);
  return status;
}

const char *scull_tune_cache_key(scull_arena_t *arena, const scull_site_t *site,
                                 const scull_tactic_t *tactic, const scull_config_t *config) {
  scull_text_t text = {0};
  scull_backend_site_print(site, &text);
  const char *key = NULL;
  if (!text.failed)
    key = scull_base_arena_format(arena, "%s/%u/%d,%d,%d,%d/%d/%s", tactic->name, tactic->version,
                                  config->knob[0], config->knob[1], config->knob[2],
                                  config->knob[3], site->threads, scull_base_text_get(&text));
  scull_base_text_deinit(&text);
  return key;
}
