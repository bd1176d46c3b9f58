/* Decoding and preprocessing of pictures. */
#include "image.h"

#include <math.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <png.h>

#include "console.h"

enum { MOST_PIXELS = 1 << 26 };

void cli_image_deinit(cli_image_t *image) {
  free(image->rgb);
  *image = (cli_image_t){0};
}

bool cli_image_is_name(const char *path) {
  static const char *const ends[] = {".jpg", ".jpeg", ".png", ".JPG", ".JPEG", ".PNG"};
  const size_t length = strlen(path);
  for (size_t i = 0; i < CLI_COUNT(ends); i++) {
    const size_t n = strlen(ends[i]);
    if (length > n && strcmp(path + length - n, ends[i]) == 0)
      return true;
  }
  return false;
}

static scull_status_t take_pixels(const char *path, uint32_t width, uint32_t height,
                                  cli_image_t *out) {
  if (width == 0 || height == 0 || (uint64_t)width * height > MOST_PIXELS)
    return cli_fail(SCULL_CORRUPT, "%s: %u x %u pixels are too many or none", path, width, height);
  *out = (cli_image_t){.width = (int32_t)width, .height = (int32_t)height};
  out->rgb = malloc((size_t)width * height * 3);
  return out->rgb ? SCULL_OK : cli_fail_memory();
}

/* --- JPEG ------------------------------------------------------------------------------------- */

typedef struct jpeg_failure {
  struct jpeg_error_mgr manager; /* first: the library hands its address back */
  jmp_buf out;
  char words[JMSG_LENGTH_MAX];
} jpeg_failure_t;

static void on_jpeg_error(j_common_ptr info) {
  jpeg_failure_t *failure = (jpeg_failure_t *)(void *)info->err;
  info->err->format_message(info, failure->words);
  longjmp(failure->out, 1);
}

static void on_jpeg_message(j_common_ptr info) {
  (void)info; /* warnings: a cut file still shows what it has */
}

static scull_status_t read_jpeg(const char *path, FILE *file, cli_image_t *out) {
  struct jpeg_decompress_struct info;
  jpeg_failure_t failure;
  info.err = jpeg_std_error(&failure.manager);
  failure.manager.error_exit = on_jpeg_error;
  failure.manager.output_message = on_jpeg_message;
  jpeg_create_decompress(&info);
  if (setjmp(failure.out)) {
    jpeg_destroy_decompress(&info);
    return cli_fail(SCULL_CORRUPT, "%s: %s", path, failure.words);
  }
  jpeg_stdio_src(&info, file);
  jpeg_read_header(&info, TRUE);
  info.out_color_space = JCS_RGB;
  jpeg_start_decompress(&info);
  scull_status_t status = take_pixels(path, info.output_width, info.output_height, out);
  while (status == SCULL_OK && info.output_scanline < info.output_height) {
    JSAMPROW row = out->rgb + (size_t)info.output_scanline * info.output_width * 3;
    jpeg_read_scanlines(&info, &row, 1);
  }
  jpeg_destroy_decompress(&info);
  return status;
}

/* --- PNG -------------------------------------------------------------------------------------- */

static scull_status_t read_png(const char *path, FILE *file, cli_image_t *out) {
  png_image image;
  memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  if (!png_image_begin_read_from_stdio(&image, file))
    return cli_fail(SCULL_CORRUPT, "%s: %s", path, image.message);
  image.format = PNG_FORMAT_RGB;
  scull_status_t status = take_pixels(path, image.width, image.height, out);
  if (status == SCULL_OK && !png_image_finish_read(&image, NULL, out->rgb, 0, NULL))
    status = cli_fail(SCULL_CORRUPT, "%s: %s", path, image.message);
  png_image_free(&image);
  return status;
}

scull_status_t cli_image_read(const char *path, cli_image_t *out) {
  uint8_t magic[4] = {0};
  *out = (cli_image_t){0};
  FILE *file = fopen(path, "rb");
  if (!file)
    return cli_fail_errno(path, "read");
  scull_status_t status = SCULL_OK;
  if (fread(magic, 1, sizeof magic, file) != sizeof magic || fseek(file, 0, SEEK_SET) != 0)
    status = cli_fail(SCULL_CORRUPT, "%s: this is no picture", path);
  else if (magic[0] == 0xff && magic[1] == 0xd8)
    status = read_jpeg(path, file, out);
  else if (magic[0] == 0x89 && magic[1] == 'P')
    status = read_png(path, file, out);
  else
    status = cli_fail(SCULL_CORRUPT, "%s: neither JPEG nor PNG", path);
  fclose(file);
  if (status != SCULL_OK)
    cli_image_deinit(out);
  return status;
}

/* --- to numbers ------------------------------------------------------------------------------- */

/* A sample of the picture at a position of its own pixels, edges repeated. */
static float sample(const cli_image_t *image, float y, float x, int channel) {
  const float top = fminf(fmaxf(y, 0), (float)(image->height - 1));
  const float left = fminf(fmaxf(x, 0), (float)(image->width - 1));
  const int y0 = (int)top, x0 = (int)left;
  const int y1 = y0 + 1 < image->height ? y0 + 1 : y0, x1 = x0 + 1 < image->width ? x0 + 1 : x0;
  const float fy = top - (float)y0, fx = left - (float)x0;
  const uint8_t *p = image->rgb + channel;
  const size_t w = (size_t)image->width;
  const float a = p[((size_t)y0 * w + (size_t)x0) * 3], b = p[((size_t)y0 * w + (size_t)x1) * 3];
  const float c = p[((size_t)y1 * w + (size_t)x0) * 3], d = p[((size_t)y1 * w + (size_t)x1) * 3];
  return (a * (1 - fx) + b * fx) * (1 - fy) + (c * (1 - fx) + d * fx) * fy;
}

/* The size that a picture is resized to before it is cut. */
static void resized(const cli_image_t *image, const cli_preprocess_t *how, int32_t height,
                    int32_t width, int32_t *h, int32_t *w) {
  *h = height;
  *w = width;
  if (how->short_side <= 0)
    return;
  const int32_t least = image->width < image->height ? image->width : image->height;
  *h = (int32_t)lround((double)image->height * how->short_side / least);
  *w = (int32_t)lround((double)image->width * how->short_side / least);
}

scull_status_t cli_image_prepare(const cli_image_t *image, const cli_preprocess_t *how,
                                 int32_t height, int32_t width, bool last, float *out) {
  int32_t h, w;
  resized(image, how, height, width, &h, &w);
  if (h < height || w < width)
    return cli_fail(
        SCULL_INVALID_ARGUMENT,
        "a picture of %d x %d is %d x %d after --resize, less than the network's %d x %d",
        image->width, image->height, w, h, width, height);
  const int32_t top = (h - height) / 2, left = (w - width) / 2;
  const float step_y = (float)image->height / (float)h, step_x = (float)image->width / (float)w;
  for (int32_t y = 0; y < height; y++) {
    for (int32_t x = 0; x < width; x++) {
      for (int c = 0; c < 3; c++) {
        const float value =
            sample(image, ((float)(y + top) + 0.5f) * step_y - 0.5f,
                   ((float)(x + left) + 0.5f) * step_x - 0.5f, how->bgr ? 2 - c : c);
        const size_t at =
            last ? ((size_t)y * (size_t)width + (size_t)x) * 3 + (size_t)c
                 : ((size_t)c * (size_t)height + (size_t)y) * (size_t)width + (size_t)x;
        out[at] = (value - how->mean[c]) / how->std[c] * how->scale;
      }
    }
  }
  return SCULL_OK;
}
