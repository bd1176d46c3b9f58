/* Lays the classes of a segmentation network over a picture.
 *
 *   segment net.plan picture.ppm overlay.ppm
 *
 * The network takes 1x3xHxW (0 to 1) and gives scores 1xCxHxW, at any size. */
#include "common.h"

static const unsigned char colours[][3] = {{0, 0, 0},     {230, 60, 60},  {60, 180, 75},
                                           {0, 110, 220}, {245, 200, 40}, {150, 60, 190}};
enum { COLOURS = sizeof colours / sizeof *colours };

/* The class with the best score at a place; planes lie `step` apart. */
static size_t class_at(const float *scores, size_t place, size_t step, size_t classes) {
  size_t best = 0;
  for (size_t c = 1; c < classes; c++)
    best = scores[c * step + place] > scores[best * step + place] ? c : best;
  return best;
}

/* Half the picture, half the colour of its class; class 0 is the background. */
static size_t lay_over(picture_t *p, const scull_tensor_view_t *scores) {
  const size_t height = (size_t)scores->dims[2], width = (size_t)scores->dims[3];
  size_t covered = 0;
  for (int y = 0; y < p->height; y++) {
    for (int x = 0; x < p->width; x++) {
      const size_t place =
          (size_t)y * height / (size_t)p->height * width + (size_t)x * width / (size_t)p->width;
      const size_t class = class_at(scores->data, place, height * width, (size_t)scores->dims[1]);
      unsigned char *pixel = p->bytes + ((size_t)y * (size_t)p->width + (size_t)x) * 3;
      for (int c = 0; c < 3 && class > 0; c++)
        pixel[c] = (unsigned char)((pixel[c] + colours[1 + (class - 1) % (COLOURS - 1)][c]) / 2);
      covered += class > 0;
    }
  }
  return covered;
}

int main(int count, char **words) {
  static const float mean[3] = {0, 0, 0}, std[3] = {1, 1, 1};
  scull_engine_t *engine = NULL;
  scull_context_t *context = NULL;
  scull_tensor_info_t info;
  if (count != 4) {
    fprintf(stderr, "usage: segment PLAN PICTURE.ppm OVERLAY.ppm\n");
    return 2;
  }
  picture_t picture = picture_read(words[2]);
  must(scull_engine_open(words[1], NULL, &engine));
  must(scull_context_create(engine, NULL, &context));
  must(scull_engine_input(engine, 0, &info));
  if (info.rank != 4 || info.opt[1] != 3)
    return fprintf(stderr, "the network wants no picture\n"), 1;
  const int height = (int)info.opt[2], width = (int)info.opt[3];
  const size_t size = 3 * (size_t)height * (size_t)width * sizeof(float);
  float *planes = must_have(malloc(size));
  picture_planes(&picture, (int[]){0, 0, picture.width, picture.height}, height, width, mean, std,
                 planes);
  must(scull_context_set_input(context, 0, planes, size));
  must(scull_context_run(context));
  const scull_tensor_view_t scores = output_of(context, 0);
  if (scores.rank != 4)
    return fprintf(stderr, "the network gives no map of classes\n"), 1;
  const size_t covered = lay_over(&picture, &scores);
  picture_write(words[3], &picture);
  printf("%zu of %d pixels are not background\n", covered, picture.width * picture.height);
  scull_context_destroy(context);
  scull_engine_destroy(engine);
  free(planes);
  free(picture.bytes);
  return 0;
}
