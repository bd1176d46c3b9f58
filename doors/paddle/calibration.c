/* Upstream keeps a table a sub-graph, named by a hash of its own, which no other build of it
 * shares; Scull one a model. Both are called trt_calib_*, so files are told apart by how they
 * begin. */
#include "calibration.h"

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "files.h"

struct door_calibration {
  pthread_mutex_t lock; /* against the process's exit */
  struct door_calibration *next;
  scull_collector_t *collector;
  uint64_t written; /* rows that the table has */
  pid_t owner;      /* the process that calibrates: a child leaves the table alone */
  bool quiet, complained;
};

bool door_calibration_asked(const PD_Config *config) {
  return config->use_engine && config->engine_precision == PD_PRECISION_INT8 &&
         config->use_calibration;
}

/* --- tables that are there ----------------------------------------------------------------------
 */

typedef enum { NO_TABLE, OURS, TENSORRT } table_t;

static table_t kind_of(FILE *file) {
  char head[6] = "";
  if (file == NULL || fread(head, 1, sizeof head - 1, file) < sizeof head - 1)
    return NO_TABLE;
  rewind(file);
  return strncmp(head, "TRT-", 4) == 0 ? TENSORRT : strcmp(head, "scull") == 0 ? OURS : NO_TABLE;
}

/* Lines of a table behind those of the first, whose head stays. */
static bool append(FILE *from, FILE *to, bool with_head) {
  char block[4096];
  size_t size;
  int sign = 0;
  while (!with_head && (sign = fgetc(from)) != '\n' && sign != EOF)
    continue;
  while ((size = fread(block, 1, sizeof block, from)) > 0) {
    if (fwrite(block, 1, size, to) != size)
      return false;
  }
  return ferror(from) == 0;
}

/* What the folder holds; tables of TensorRT are joined in `to`. */
static table_t join_tables(const char *folder, FILE *to) {
  table_t found = NO_TABLE;
  DIR *dir = opendir(folder);
  struct dirent *entry;
  while (dir != NULL && found != OURS && (entry = readdir(dir)) != NULL) {
    char path[4096];
    if (strncmp(entry->d_name, "trt_calib_", 10) != 0 ||
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) >= (int)sizeof path)
      continue;
    FILE *file = fopen(path, "rb");
    const table_t kind = kind_of(file);
    if (kind == TENSORRT && append(file, to, found == NO_TABLE))
      found = TENSORRT;
    else if (kind == OURS)
      found = OURS;
    if (file != NULL)
      fclose(file);
  }
  if (dir != NULL)
    closedir(dir);
  return found;
}

/* --- all of this process ------------------------------------------------------------------------
 */

static door_calibration_t *all;
static pthread_mutex_t all_lock = PTHREAD_MUTEX_INITIALIZER;

static void enlist(door_calibration_t *c) {
  pthread_mutex_lock(&all_lock);
  c->next = all;
  all = c;
  pthread_mutex_unlock(&all_lock);
}

static void strike_out(door_calibration_t *c) {
  pthread_mutex_lock(&all_lock);
  door_calibration_t **at = &all;
  while (*at != c)
    at = &(*at)->next;
  *at = c->next;
  pthread_mutex_unlock(&all_lock);
}

static bool write_table(door_calibration_t *c);

/* Programs that never destroy their predictor lose nothing. A thread that is amid a run has a
 * second to get out of it. */
__attribute__((destructor)) static void write_all(void) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec++;
  if (pthread_mutex_timedlock(&all_lock, &until) != 0)
    return;
  for (door_calibration_t *c = all; c != NULL; c = c->next) {
    if (pthread_mutex_timedlock(&c->lock, &until) != 0)
      continue;
    if (c->owner == getpid() && !write_table(c))
      door_say(c->quiet, "%s", door_error());
    pthread_mutex_unlock(&c->lock);
  }
  pthread_mutex_unlock(&all_lock);
}

/* --- begin --------------------------------------------------------------------------------------
 */

door_calibration_t *door_calibration_create(const PD_Config *config,
                                            const scull_build_options_t *options) {
  door_calibration_t *c = calloc(1, sizeof *c);
  if (c == NULL) {
    door_fail_memory();
    return NULL;
  }
  c->quiet = config->quiet;
  c->owner = getpid();
  if (scull_collector_create(options, &c->collector) != SCULL_OK) {
    door_fail("%s", scull_last_error());
    free(c);
    return NULL;
  }
  pthread_mutex_init(&c->lock, NULL);
  enlist(c);
  door_say(c->quiet, "calibrating: every run's inputs count, and the predictor's end writes %s",
           scull_collector_path(c->collector));
  return c;
}

void door_calibration_destroy(door_calibration_t *calibration) {
  if (calibration == NULL)
    return;
  strike_out(calibration);
  scull_collector_destroy(calibration->collector);
  pthread_mutex_destroy(&calibration->lock);
  free(calibration);
}

bool door_calibration_begin(const PD_Config *config, scull_build_options_t *options, char *joined,
                            size_t room, door_calibration_t **out) {
  FILE *file = door_temporary_file(joined, room);
  if (file == NULL)
    return false;
  const table_t found = join_tables(options->cache_dir, file);
  const bool is_written = fclose(file) == 0;
  options->use_calib_mode = true;
  if (found == TENSORRT && is_written) {
    door_say(config->quiet, "INT8: the tables of Paddle-TensorRT in %s are used",
             options->cache_dir);
    options->calibration = joined;
    options->force_calibration = true;
    return true;
  }
  unlink(joined);
  joined[0] = '\0';
  if (found == OURS)
    return true; /* this model's or another's: the build sees */
  *out = door_calibration_create(config, options);
  options->precisions &= ~(uint32_t)SCULL_PRECISION_INT8;
  options->tune = SCULL_TUNE_NONE; /* a plan of this life only */
  options->use_static = options->use_calib_mode = false;
  return *out != NULL;
}

/* --- inputs -------------------------------------------------------------------------------------
 */

static void add(door_calibration_t *c, const scull_named_tensor_t *inputs, size_t count) {
  if (scull_collector_add(c->collector, inputs, count) == SCULL_OK || c->complained)
    return;
  door_say(c->quiet, "calibration: inputs of a run are left out: %s", scull_last_error());
  c->complained = true;
}

void door_calibration_add(door_calibration_t *calibration, const scull_named_tensor_t *inputs,
                          size_t count) {
  if (calibration == NULL)
    return;
  pthread_mutex_lock(&calibration->lock);
  add(calibration, inputs, count);
  pthread_mutex_unlock(&calibration->lock);
}

/* The lock is held. */
static bool write_table(door_calibration_t *c) {
  const uint64_t rows = scull_collector_count(c->collector);
  if (rows == c->written)
    return true;
  if (scull_collector_write(c->collector, SCULL_CALIBRATION_MSE, NULL) != SCULL_OK)
    return door_fail("%s", scull_last_error());
  door_say(c->quiet, "calibration: %llu inputs are in %s", (unsigned long long)rows,
           scull_collector_path(c->collector));
  c->written = rows;
  return true;
}

bool door_calibration_write(door_calibration_t *calibration) {
  if (calibration == NULL)
    return true;
  pthread_mutex_lock(&calibration->lock);
  const bool ok = write_table(calibration);
  pthread_mutex_unlock(&calibration->lock);
  return ok;
}
