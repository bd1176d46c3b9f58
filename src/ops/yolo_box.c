/* yolo_box: x [N,A*(5+C),H,W], picture sizes [N,2] (i32: height, width) -> boxes [N,A*H*W,4] in the
 * picture and scores [N,A*H*W,C]: the head of YOLOv3. */
#include "ops/yolo_box.h"

#include <math.h>
#include <string.h>

#include "ops/boxes.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_yolo_box_attrs_t, INTS, anchors, ""),
    SCULL_FIELD(scull_yolo_box_attrs_t, INT, classes, "1"),
    SCULL_FIELD(scull_yolo_box_attrs_t, FLOAT, least, "0.01"),
    SCULL_FIELD(scull_yolo_box_attrs_t, INT, downsample, "32"),
    SCULL_FIELD(scull_yolo_box_attrs_t, BOOL, clip, "true"),
    SCULL_FIELD(scull_yolo_box_attrs_t, FLOAT, scale, "1"),
    SCULL_FIELD(scull_yolo_box_attrs_t, BOOL, iou_aware, "false"),
    SCULL_FIELD(scull_yolo_box_attrs_t, FLOAT, iou_factor, "0.5"),
};

enum { MAX_COUNT = 1 << 20 }; /* of anchors and classes */

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_yolo_box_attrs_t *attrs = call->attrs;
  const scull_shape_t *x = &call->inputs[0].type.shape, *size = &call->inputs[1].type.shape;
  int64_t anchors = (int64_t)attrs->anchors.size / 2;
  SCULL_TRY(scull_ops_check_f32(call, 1));
  if (attrs->anchors.size < 2 || attrs->anchors.size % 2 != 0 || anchors > MAX_COUNT ||
      attrs->classes < 1 || attrs->classes > MAX_COUNT || attrs->downsample < 1)
    return scull_ops_fail(call, "%zu numbers of anchors, %lld classes, downsampled by %lld",
                          attrs->anchors.size, (long long)attrs->classes,
                          (long long)attrs->downsample);
  int64_t wanted = anchors * (5 + attrs->classes + (attrs->iou_aware ? 1 : 0));
  if (x->rank != 4 || x->dim[1] != wanted)
    return scull_ops_fail(call, "x must be [N,%lld,H,W]", (long long)wanted);
  if (call->inputs[1].type.dtype != SCULL_DTYPE_I32 || size->rank != 2 ||
      size->dim[0] != x->dim[0] || size->dim[1] != 2)
    return scull_ops_fail(call, "picture sizes must be i32[%lldx2]", (long long)x->dim[0]);
  int64_t boxes = anchors * x->dim[2] * x->dim[3];
  call->outputs[0].type = (scull_type_t){SCULL_DTYPE_F32, {3, {x->dim[0], boxes, 4}}};
  call->outputs[1].type = (scull_type_t){SCULL_DTYPE_F32, {3, {x->dim[0], boxes, attrs->classes}}};
  return SCULL_OK;
}

static float sigmoid(float x) {
  return 1 / (1 + expf(-x));
}

/* A place of the map: its numbers lie `step` apart from `t` on. */
typedef struct {
  const float *t;
  int64_t step, row, column, height, width, anchor;
  float picture_w, picture_h;
} place_t;

static void put_box(const scull_yolo_box_attrs_t *attrs, const place_t *p, float *box) {
  float scale = (float)attrs->scale, bias = -0.5f * (scale - 1);
  float down = (float)attrs->downsample;
  float x = ((float)p->column + sigmoid(p->t[0]) * scale + bias) * p->picture_w / (float)p->width;
  float y =
      ((float)p->row + sigmoid(p->t[p->step]) * scale + bias) * p->picture_h / (float)p->height;
  float width = expf(p->t[2 * p->step]) * (float)attrs->anchors.data[2 * p->anchor] * p->picture_w /
                (down * (float)p->width);
  float height = expf(p->t[3 * p->step]) * (float)attrs->anchors.data[2 * p->anchor + 1] *
                 p->picture_h / (down * (float)p->height);
  box[0] = x - width / 2;
  box[1] = y - height / 2;
  box[2] = x + width / 2;
  box[3] = y + height / 2;
  if (!attrs->clip)
    return;
  box[0] = box[0] > 0 ? box[0] : 0;
  box[1] = box[1] > 0 ? box[1] : 0;
  box[2] = box[2] < p->picture_w - 1 ? box[2] : p->picture_w - 1;
  box[3] = box[3] < p->picture_h - 1 ? box[3] : p->picture_h - 1;
}

/* One picture. */
static void run(const scull_op_call_t *call, int64_t n) {
  const scull_yolo_box_attrs_t *attrs = call->attrs;
  const scull_shape_t *shape = &call->inputs[0].type.shape;
  const int32_t *size = (const int32_t *)call->inputs[1].data + 2 * n;
  int64_t height = shape->dim[2], width = shape->dim[3], step = height * width;
  int64_t anchors = (int64_t)attrs->anchors.size / 2, boxes = anchors * step;
  const float *x = (const float *)call->inputs[0].data + n * shape->dim[1] * step;
  const float *heads = x + (attrs->iou_aware ? boxes : 0);
  float *box = (float *)call->outputs[0].data + n * boxes * 4;
  float *score = (float *)call->outputs[1].data + n * boxes * attrs->classes;
  for (int64_t i = 0; i < boxes; i++, box += 4, score += attrs->classes) {
    int64_t anchor = i / step, at = i % step;
    place_t p = {heads + anchor * (5 + attrs->classes) * step + at,
                 step,
                 at / width,
                 at % width,
                 height,
                 width,
                 anchor,
                 (float)size[1],
                 (float)size[0]};
    float confidence = sigmoid(p.t[4 * step]), factor = (float)attrs->iou_factor;
    if (attrs->iou_aware)
      confidence = powf(confidence, 1 - factor) * powf(sigmoid(x[i]), factor);
    bool counts = !(confidence < (float)attrs->least);
    memset(box, 0, 4 * sizeof *box);
    if (counts)
      put_box(attrs, &p, box);
    for (int64_t c = 0; c < attrs->classes; c++)
      score[c] = counts ? confidence * sigmoid(p.t[(5 + c) * step]) : 0;
  }
}

static scull_status_t reference(const scull_op_call_t *call) {
  for (int64_t n = 0; n < call->inputs[0].type.shape.dim[0]; n++)
    run(call, n);
  return SCULL_OK;
}

static double flops(const scull_op_call_t *call) {
  return 10 * (double)scull_tensor_count(&call->inputs[0].type.shape);
}

const scull_opdef_t scull_opdef_yolo_box = {.name = "yolo_box",
                                            .inputs_min = 2,
                                            .inputs_max = 2,
                                            .outputs_min = 2,
                                            .outputs_max = 2,
                                            .attrs = SCULL_SCHEMA(scull_yolo_box_attrs_t, fields),
                                            .infer = infer,
                                            .reference = reference,
                                            .flops = flops};
