/* Classifies arrays with a plan: the class of each and, with labels, how many are right.
 *
 *   scull build net.pdmodel -o net.plan --max-batch 16
 *   classify net.plan pictures.npy [labels.npy] */
#include "common.h"
#include "npy.h"

enum { BATCH = 16 };

/* The place of the largest of `count` numbers. */
static size_t largest(const float *values, size_t count) {
  size_t best = 0;
  for (size_t k = 1; k < count; k++)
    best = values[k] > values[best] ? k : best;
  return best;
}

int main(int count, char **words) {
  scull_engine_t *engine = NULL;
  scull_context_t *context = NULL;
  npy_t items = {0}, labels = {0};
  if (count < 3) {
    fprintf(stderr, "usage: classify PLAN ITEMS.npy [LABELS.npy]\n");
    return 2;
  }
  if (!npy_read(words[2], "<f4", sizeof(float), &items) ||
      (count > 3 && !npy_read(words[3], "<i8", sizeof(int64_t), &labels)))
    return 1;
  must(scull_engine_open(words[1], NULL, &engine));
  must(scull_context_create(engine, NULL, &context));
  const size_t all = (size_t)items.dims[0];
  size_t right = 0;
  for (size_t i = 0; i < all; i += BATCH) {
    const size_t batch = all - i < BATCH ? all - i : BATCH;
    items.dims[0] = (int64_t)batch;
    must(scull_context_set_input_shape(context, 0, items.rank, items.dims));
    must(scull_context_set_input(context, 0, (float *)items.data + i * items.row,
                                 batch * items.row * sizeof(float)));
    must(scull_context_run(context));
    const scull_tensor_view_t scores = output_of(context, 0);
    const size_t classes = scores.size / sizeof(float) / batch;
    for (size_t k = 0; k < batch; k++) {
      const size_t class = largest((const float *)scores.data + k * classes, classes);
      if (labels.data == NULL)
        printf("%zu\n", class);
      else if (i + k < labels.count)
        right += (int64_t) class == ((int64_t *)labels.data)[i + k];
    }
  }
  if (labels.data != NULL)
    printf("%zu of %zu are right\n", right, all);
  scull_context_destroy(context);
  scull_engine_destroy(engine);
  free(items.data);
  free(labels.data);
  return 0;
}
