/* Reads the text of a picture: where it is, which way up, what it says. Prints a line a line.
 *
 *   read_text DETECTOR.plan TURNED.plan READER.plan KEYS.txt PICTURE
 *
 * The plans are of PP-OCR's three networks (scripts/demo-ocr makes them): a map of probabilities
 * for a picture 1x3xHxW of any size in the plan's range; whether a line 1x3xHxW stands upside down;
 * for a line of any width a row of scores a step, whose class 0 is "nothing" and whose others are
 * the lines of KEYS.txt and a blank. Pictures are PNG, JPEG or PPM. */
#include "photo.h"
#include "text_boxes.h"
#include "text_keys.h"

typedef struct {
  scull_engine_t *engine;
  scull_context_t *context;
  scull_tensor_info_t input;
} net_t;

static net_t net_open(const char *path) {
  net_t net = {0};
  must(scull_engine_open(path, NULL, &net.engine));
  must(scull_context_create(net.engine, NULL, &net.context));
  must(scull_engine_input(net.engine, 0, &net.input));
  return net;
}

/* Output 0 for planes 1x3 x height x width; valid until the next run. */
static scull_tensor_view_t net_run(net_t *net, const float *planes, int height, int width) {
  const int64_t dims[4] = {1, 3, height, width};
  must(scull_context_set_input_shape(net->context, 0, 4, dims));
  must(scull_context_set_input(net->context, 0, planes,
                               3 * (size_t)height * (size_t)width * sizeof *planes));
  must(scull_context_run(net->context));
  return output_of(net->context, 0);
}

static void net_close(net_t *net) {
  scull_context_destroy(net->context);
  scull_engine_destroy(net->engine);
}

/* The boxes of a picture, in its own pixels: the short side is made 736 if the range allows it. */
static size_t find_lines(net_t *net, const picture_t *p, rectangle_t *found) {
  static const float mean[3] = {0.5f, 0.5f, 0.5f}, std[3] = {0.5f, 0.5f, 0.5f};
  float scale = fmaxf(1, 736 / (float)(p->width < p->height ? p->width : p->height));
  scale = fminf(scale, fminf((float)net->input.max[2] / (float)p->height,
                             (float)net->input.max[3] / (float)p->width));
  const int height = (int)fmaxf(roundf((float)p->height * scale / 32), 1) * 32;
  const int width = (int)fmaxf(roundf((float)p->width * scale / 32), 1) * 32;
  float *planes = must_have(malloc(3 * (size_t)height * (size_t)width * sizeof *planes));
  picture_planes(p, (int[]){0, 0, p->width, p->height}, height, width, mean, std, planes);
  const scull_tensor_view_t map = net_run(net, planes, height, width);
  const size_t count = text_boxes_find(map.data, (int)map.dims[2], (int)map.dims[3], found);
  const float sx = (float)p->width / (float)width, sy = (float)p->height / (float)height;
  for (size_t i = 0; i < count; i++)
    found[i] = stretched(&found[i], sx, sy);
  free(planes);
  return count;
}

/* A box as planes of `height` rows, at most `width` columns, the rest 0; upside down if `turned`.
 */
static void cut_out(const picture_t *p, rectangle_t box, bool turned, int height, int width,
                    float *planes) {
  const int part[4] = {0, 0, p->width, p->height};
  const float w = hypotf(box.along.x, box.along.y), h = hypotf(box.down.x, box.down.y);
  const int used = (int)fminf(ceilf((float)height * w / h), (float)width);
  memset(planes, 0, 3 * (size_t)height * (size_t)width * sizeof *planes);
  for (int y = 0; y < height; y++)
    for (int x = 0; x < used; x++) {
      float u = ((float)x + 0.5f) / (float)used, v = ((float)y + 0.5f) / (float)height;
      if (turned)
        u = 1 - u, v = 1 - v;
      const float sx = box.corner.x + box.along.x * u + box.down.x * v - 0.5f;
      const float sy = box.corner.y + box.along.y * u + box.down.y * v - 0.5f;
      for (int c = 0; c < 3; c++)
        planes[(c * height + y) * width + x] = picture_sample(p, part, sx, sy, c) / 127.5f - 1;
    }
}

int main(int count, char **words) {
  static rectangle_t found[TEXT_BOXES_MOST];
  if (count != 6) {
    fprintf(stderr, "usage: read_text DETECTOR.plan TURNED.plan READER.plan KEYS.txt PICTURE\n");
    return 2;
  }
  net_t nets[3] = {net_open(words[1]), net_open(words[2]), net_open(words[3])};
  size_t key_count = 0;
  char **keys = keys_read(words[4], &key_count);
  picture_t picture = photo_read(words[5]);
  for (size_t i = 0; i < (size_t)picture.width * (size_t)picture.height; i++) {
    const unsigned char red = picture.bytes[3 * i]; /* they were taught blue, green, red */
    picture.bytes[3 * i] = picture.bytes[3 * i + 2];
    picture.bytes[3 * i + 2] = red;
  }
  const size_t lines = find_lines(&nets[0], &picture, found);
  in_reading_order(found, lines);
  const int turn_h = (int)nets[1].input.opt[2], turn_w = (int)nets[1].input.opt[3];
  const int height = (int)nets[2].input.opt[2], most = (int)nets[2].input.max[3];
  float *planes = must_have(malloc(3 * sizeof *planes * (size_t)(height * most + turn_h * turn_w)));
  for (size_t i = 0; i < lines; i++) {
    const rectangle_t box = upright(found[i]);
    cut_out(&picture, box, false, turn_h, turn_w, planes);
    const float *up = net_run(&nets[1], planes, turn_h, turn_w).data;
    const float ratio = hypotf(box.along.x, box.along.y) / hypotf(box.down.x, box.down.y);
    const int width = (int)fminf(fmaxf(ceilf((float)height * ratio), 320), (float)most);
    cut_out(&picture, box, up[1] > 0.9f, height, width, planes);
    const scull_tensor_view_t scores = net_run(&nets[2], planes, height, width);
    print_text(&scores, keys, key_count);
  }
  for (int i = 0; i < 3; i++)
    net_close(&nets[i]);
  free(planes);
  free(picture.bytes);
  free(keys[0]);
  free(keys);
  return 0;
}
