/* Calibrates a model on an array of inputs of one's own and builds it for INT8: the four callbacks
 * of a calibrator are all that a program needs to give.
 *
 *   calibrate net.pdmodel items.npy net.table net.plan
 *
 * The table is kept; where it is there already, it is taken as it is. */
#include "common.h"
#include "npy.h"

enum { BATCH = 8 };

typedef struct {
  npy_t items;
  size_t next;
} source_t;

static int64_t batch_size(void *user) {
  (void)user;
  return BATCH;
}

/* The next items, as many as fit into a whole batch. */
static scull_status_t next_batch(void *user, scull_named_tensor_t *tensors, size_t count,
                                 bool *more) {
  source_t *source = user;
  *more = count == 1 && source->next + BATCH <= (size_t)source->items.dims[0];
  if (!*more)
    return SCULL_OK;
  tensors[0].dims[0] = BATCH;
  tensors[0].data = (float *)source->items.data + source->next * source->items.row;
  tensors[0].size = BATCH * source->items.row * sizeof(float);
  source->next += BATCH;
  return SCULL_OK;
}

static bool show(void *user, const scull_progress_t *progress) {
  (void)user;
  fprintf(stderr, "\r%s %zu of %zu ", progress->stage, progress->done, progress->total);
  return true; /* false would end it */
}

int main(int count, char **words) {
  source_t source = {0};
  scull_builder_t *builder = NULL;
  if (count != 5) {
    fprintf(stderr, "usage: calibrate MODEL ITEMS.npy TABLE PLAN\n");
    return 2;
  }
  if (!npy_read(words[2], "<f4", sizeof(float), &source.items))
    return 1;
  must(scull_builder_create(&builder));
  scull_build_options_t build;
  scull_build_options_init(&build);
  build.model.model_path = words[1];
  build.max_batch = 16;
  build.threads = 1; /* of a context; serve.c runs several beside each other */
  build.tune = SCULL_TUNE_FAST;
  build.progress = show;

  FILE *table = fopen(words[3], "rb");
  if (table != NULL) {
    fclose(table);
  } else {
    const scull_calibrator_t calibrator = {.struct_size = sizeof calibrator,
                                           .user = &source,
                                           .batch_size = batch_size,
                                           .next_batch = next_batch};
    scull_calibrate_options_t calibrate;
    scull_calibrate_options_init(&calibrate);
    calibrate.calibrator = &calibrator;
    calibrate.table_path = words[3];
    must(scull_builder_calibrate(builder, &build, &calibrate));
  }
  build.precisions = SCULL_PRECISION_F32 | SCULL_PRECISION_INT8;
  build.calibration = words[3];
  must(scull_builder_build(builder, &build, words[4]));
  fprintf(stderr, "\n");
  scull_builder_destroy(builder);
  free(source.items.data);
  return 0;
}
