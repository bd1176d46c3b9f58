/* What the examples share: a failure ends the program, and pictures as PPM files. */
#ifndef EXAMPLES_COMMON_H
#define EXAMPLES_COMMON_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <scull/scull.h>

static inline void must(scull_status_t status) {
  if (status == SCULL_OK)
    return;
  fprintf(stderr, "%s: %s\n", scull_status_name(status), scull_last_error());
  exit(1);
}

static inline void *must_have(void *memory) {
  if (memory == NULL) {
    fprintf(stderr, "memory is short\n");
    exit(1);
  }
  return memory;
}

/* Output `index` of the last run. */
static inline scull_tensor_view_t output_of(scull_context_t *context, size_t index) {
  scull_tensor_view_t view;
  must(scull_context_output(context, index, &view));
  if (view.dtype != SCULL_DTYPE_F32) {
    fprintf(stderr, "output %zu is no float32\n", index);
    exit(1);
  }
  return view;
}

/* --- pictures ----------------------------------------------------------------------------------
 */

/* Rows of red, green, blue. */
typedef struct {
  int width, height;
  unsigned char *bytes;
} picture_t;

/* A P6 file without comments. */
static inline picture_t picture_read(const char *path) {
  picture_t p = {0};
  int most = 0;
  FILE *file = fopen(path, "rb");
  if (file == NULL || fscanf(file, "P6 %d %d %d", &p.width, &p.height, &most) != 3 || most != 255 ||
      p.width < 1 || p.height < 1 || p.width > 1 << 14 || p.height > 1 << 14) {
    fprintf(stderr, "%s: no PPM file of 8 bits\n", path);
    exit(1);
  }
  fgetc(file);
  const size_t size = (size_t)p.width * (size_t)p.height * 3;
  p.bytes = must_have(malloc(size));
  if (fread(p.bytes, 1, size, file) != size) {
    fprintf(stderr, "%s: the file ends early\n", path);
    exit(1);
  }
  fclose(file);
  return p;
}

static inline void picture_write(const char *path, const picture_t *p) {
  const size_t size = (size_t)p->width * (size_t)p->height * 3;
  FILE *file = fopen(path, "wb");
  if (file == NULL || fprintf(file, "P6\n%d %d\n255\n", p->width, p->height) < 0 ||
      fwrite(p->bytes, 1, size, file) != size || fclose(file) != 0) {
    fprintf(stderr, "%s: cannot be written\n", path);
    exit(1);
  }
}

/* Between the pixels of a picture, whose centres are whole numbers: red, green or blue, 0 to 255;
 * beyond the part (x, y, w, h) its edge. */
static inline float picture_sample(const picture_t *p, const int part[4], float x, float y, int c) {
  const float sx = fminf(fmaxf(x, 0), (float)(part[2] - 1));
  const float sy = fminf(fmaxf(y, 0), (float)(part[3] - 1));
  const int x0 = (int)sx, y0 = (int)sy;
  const int x1 = x0 + 1 < part[2] ? x0 + 1 : x0, y1 = y0 + 1 < part[3] ? y0 + 1 : y0;
  const float fx = sx - (float)x0, fy = sy - (float)y0;
#define AT(px, py)                                                                                 \
  (float)p->bytes[((size_t)(part[1] + (py)) * (size_t)p->width + (size_t)(part[0] + (px))) * 3 +   \
                  (size_t)c]
  return (AT(x0, y0) * (1 - fx) + AT(x1, y0) * fx) * (1 - fy) +
         (AT(x0, y1) * (1 - fx) + AT(x1, y1) * fx) * fy;
#undef AT
}

/* The part (x, y, w, h) of a picture as height * width planes of red, green, blue, linear between
 * pixels: (value / 255 - mean) / std. */
static inline void picture_planes(const picture_t *p, const int part[4], int height, int width,
                                  const float mean[3], const float std[3], float *out) {
  for (int y = 0; y < height; y++) {
    const float sy = ((float)y + 0.5f) * (float)part[3] / (float)height - 0.5f;
    for (int x = 0; x < width; x++) {
      const float sx = ((float)x + 0.5f) * (float)part[2] / (float)width - 0.5f;
      for (int c = 0; c < 3; c++)
        out[((size_t)c * (size_t)height + (size_t)y) * (size_t)width + (size_t)x] =
            (picture_sample(p, part, sx, sy, c) / 255 - mean[c]) / std[c];
    }
  }
}

#endif
