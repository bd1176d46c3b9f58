/* Pictures: JPEG and PNG files to bytes, and bytes to what a network reads. A file is untrusted:
 * its size is bounded before memory is taken. */
#ifndef SCULL_TOOL_IMAGE_H
#define SCULL_TOOL_IMAGE_H

#include "command.h"

/* Rows of RGB bytes. */
typedef struct cli_image {
  int32_t width, height;
  uint8_t *rgb; /* owned */
} cli_image_t;

void cli_image_deinit(cli_image_t *image);

/* True for a name that ends as a picture's does. */
bool cli_image_is_name(const char *path);

/* By its content; greyscale and palettes become RGB, alpha is dropped. On failure *out is empty. */
CLI_CHECKED scull_status_t cli_image_read(const char *path, cli_image_t *out);

/* How a picture becomes numbers: resized (bilinear, pixel centres at halves), cut in the middle,
 * then (x - mean) / std * scale for each channel, x from 0 to 255. */
typedef struct cli_preprocess {
  int32_t short_side; /* resize so that the shorter side is this long; 0: straight to the target */
  bool bgr;           /* the order of channels that the network reads */
  float mean[3], std[3], scale; /* in that order */
} cli_preprocess_t;

/* Writes a picture as [3, height, width] (`last`: [height, width, 3]) into `out`. INVALID_ARGUMENT
 * when the resized picture is smaller than the target. */
CLI_CHECKED scull_status_t cli_image_prepare(const cli_image_t *image, const cli_preprocess_t *how,
                                             int32_t height, int32_t width, bool last, float *out);

#endif
