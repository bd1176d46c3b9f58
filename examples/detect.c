/* Finds things in a picture and draws a box around each.
 *
 *   detect net.plan picture.ppm boxes.ppm [LEAST_SCORE]
 *
 * The network takes 1x3xHxW (0 to 1) and gives, as SSD does, boxes 1xNx4 (left, top, right, bottom
 * as shares of the picture) and scores 1xCxN, class 0 being the background. Of boxes of one class
 * that overlap by more than 0.45 the best is kept. */
#include "common.h"

enum { MOST = 200 };

typedef struct {
  float score, side[4];
  size_t class;
} box_t;

static float area(const float *s) {
  return fmaxf(s[2] - s[0], 0) * fmaxf(s[3] - s[1], 0);
}

static float overlap(const box_t *a, const box_t *b) {
  const float both[4] = {fmaxf(a->side[0], b->side[0]), fmaxf(a->side[1], b->side[1]),
                         fminf(a->side[2], b->side[2]), fminf(a->side[3], b->side[3])};
  const float common = area(both), all = area(a->side) + area(b->side) - common;
  return all > 0 ? common / all : 0;
}

static int by_score(const void *a, const void *b) {
  const box_t *x = a, *y = b;
  return (x->score < y->score) - (x->score > y->score);
}

/* Candidates into `found`, the best first; returns how many are kept. */
static size_t choose(const scull_tensor_view_t *boxes, const scull_tensor_view_t *scores,
                     float least, box_t *found) {
  const size_t count = (size_t)boxes->dims[1], classes = (size_t)scores->dims[1];
  box_t *all = must_have(calloc(count * classes, sizeof *all));
  size_t candidates = 0, kept = 0;
  for (size_t i = 0; i < count * classes; i++) {
    const float score = ((const float *)scores->data)[i];
    if (i < count || score < least)
      continue;
    box_t *box = &all[candidates++];
    *box = (box_t){.score = score, .class = i / count};
    memcpy(box->side, (const float *)boxes->data + i % count * 4, sizeof box->side);
  }
  qsort(all, candidates, sizeof *all, by_score);
  for (size_t i = 0; i < candidates && kept < MOST; i++) {
    bool is_new = true;
    for (size_t k = 0; k < kept && is_new; k++)
      is_new = found[k].class != all[i].class || overlap(&found[k], &all[i]) <= 0.45f;
    if (is_new)
      found[kept++] = all[i];
  }
  free(all);
  return kept;
}

static void put(picture_t *p, int x, int y) {
  static const unsigned char red[3] = {255, 30, 30};
  if (x >= 0 && y >= 0 && x < p->width && y < p->height)
    memcpy(p->bytes + ((size_t)y * (size_t)p->width + (size_t)x) * 3, red, 3);
}

static int place(float share, int size) {
  return (int)(fminf(fmaxf(share, 0), 1) * (float)(size - 1));
}

static void draw(picture_t *p, const box_t *box) {
  const int left = place(box->side[0], p->width), top = place(box->side[1], p->height);
  const int right = place(box->side[2], p->width), bottom = place(box->side[3], p->height);
  for (int x = left; x <= right; x++) {
    put(p, x, top);
    put(p, x, bottom);
  }
  for (int y = top; y <= bottom; y++) {
    put(p, left, y);
    put(p, right, y);
  }
  printf("class %zu, score %.3f: %d,%d to %d,%d\n", box->class, (double)box->score, left, top,
         right, bottom);
}

int main(int count, char **words) {
  static const float mean[3] = {0, 0, 0}, std[3] = {1, 1, 1};
  static box_t found[MOST];
  scull_engine_t *engine = NULL;
  scull_context_t *context = NULL;
  scull_tensor_info_t info;
  if (count < 4) {
    fprintf(stderr, "usage: detect PLAN PICTURE.ppm BOXES.ppm [LEAST_SCORE]\n");
    return 2;
  }
  picture_t picture = picture_read(words[2]);
  must(scull_engine_open(words[1], NULL, &engine));
  must(scull_context_create(engine, NULL, &context));
  must(scull_engine_input(engine, 0, &info));
  const int height = (int)info.opt[2], width = (int)info.opt[3];
  const size_t size = 3 * (size_t)height * (size_t)width * sizeof(float);
  float *planes = must_have(malloc(size));
  picture_planes(&picture, (int[]){0, 0, picture.width, picture.height}, height, width, mean, std,
                 planes);
  must(scull_context_set_input(context, 0, planes, size));
  must(scull_context_run(context));
  const scull_tensor_view_t boxes = output_of(context, 0), scores = output_of(context, 1);
  if (boxes.rank != 3 || boxes.dims[2] != 4 || scores.rank != 3 || scores.dims[2] != boxes.dims[1])
    return fprintf(stderr, "the network gives no boxes 1xNx4 and scores 1xCxN\n"), 1;
  const float least = count > 4 ? strtof(words[4], NULL) : 0.5f;
  const size_t kept = choose(&boxes, &scores, least, found);
  for (size_t i = 0; i < kept; i++)
    draw(&picture, &found[i]);
  picture_write(words[3], &picture);
  scull_context_destroy(context);
  scull_engine_destroy(engine);
  free(planes);
  free(picture.bytes);
  return 0;
}
