/* JPEG and PNG files as pictures of common.h. */
#ifndef EXAMPLES_PHOTO_H
#define EXAMPLES_PHOTO_H

#include "common.h"

#include <jpeglib.h>
#include <png.h>

static inline picture_t picture_of_size(size_t width, size_t height) {
  if (width < 1 || height < 1 || width > 1 << 14 || height > 1 << 14) {
    fprintf(stderr, "a picture of %zu x %zu\n", width, height);
    exit(1);
  }
  return (picture_t){(int)width, (int)height, must_have(malloc(width * height * 3))};
}

/* libjpeg ends the program itself where the file is damaged. */
static inline picture_t photo_read_jpeg(FILE *file) {
  struct jpeg_error_mgr errors;
  struct jpeg_decompress_struct info;
  info.err = jpeg_std_error(&errors);
  jpeg_create_decompress(&info);
  jpeg_stdio_src(&info, file);
  jpeg_read_header(&info, TRUE);
  info.out_color_space = JCS_RGB;
  jpeg_start_decompress(&info);
  picture_t p = picture_of_size(info.output_width, info.output_height);
  while (info.output_scanline < info.output_height) {
    JSAMPROW row = p.bytes + (size_t)info.output_scanline * info.output_width * 3;
    jpeg_read_scanlines(&info, &row, 1);
  }
  jpeg_finish_decompress(&info);
  jpeg_destroy_decompress(&info);
  return p;
}

static inline picture_t photo_read_png(const char *path) {
  png_image image;
  memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  picture_t p = {0};
  if (png_image_begin_read_from_file(&image, path)) {
    image.format = PNG_FORMAT_RGB;
    p = picture_of_size(image.width, image.height);
    if (png_image_finish_read(&image, NULL, p.bytes, 0, NULL))
      return p;
  }
  fprintf(stderr, "%s: %s\n", path, image.message);
  exit(1);
}

static inline picture_t photo_read(const char *path) {
  unsigned char start[2] = {0};
  FILE *file = fopen(path, "rb");
  if (file == NULL || fread(start, 1, 2, file) != 2) {
    fprintf(stderr, "%s: cannot be read\n", path);
    exit(1);
  }
  rewind(file);
  const picture_t p = start[0] == 0xff   ? photo_read_jpeg(file)
                      : start[0] == 0x89 ? photo_read_png(path)
                                         : picture_read(path);
  fclose(file);
  return p;
}

#endif
