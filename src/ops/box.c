/* The strided copy. Axes that lie densely in both operands are merged first, so that the inner loop
 * is a memcpy wherever the movement allows one. */
#include "ops/box.h"

#include <string.h>

void scull_ops_box_add(scull_box_t *box, int64_t extent, int64_t dst_step, int64_t src_step) {
  int32_t axis = box->rank++;
  box->extent[axis] = extent;
  box->dst_step[axis] = dst_step;
  box->src_step[axis] = src_step;
}

void scull_ops_box_pack(scull_box_t *box) {
  int64_t step = 1;
  for (int32_t i = box->rank - 1; i >= 0; i--) {
    box->dst_step[i] = step;
    step *= box->extent[i];
  }
}

/* The same elements in fewer axes. */
static scull_box_t merged(const scull_box_t *box) {
  scull_box_t out = {0};
  for (int32_t i = 0; i < box->rank; i++) {
    int64_t extent = box->extent[i], last = out.rank - 1;
    if (extent == 1)
      continue;
    if (last >= 0 && out.dst_step[last] == box->dst_step[i] * extent &&
        out.src_step[last] == box->src_step[i] * extent) {
      out.extent[last] *= extent;
      out.dst_step[last] = box->dst_step[i];
      out.src_step[last] = box->src_step[i];
    } else {
      scull_ops_box_add(&out, extent, box->dst_step[i], box->src_step[i]);
    }
  }
  if (out.rank == 0)
    scull_ops_box_add(&out, 1, 1, 1);
  return out;
}

/* Steps in bytes. */
static void copy_line(char *dst, ptrdiff_t dst_step, const char *src, ptrdiff_t src_step,
                      int64_t count, size_t item_size) {
  if (dst_step == (ptrdiff_t)item_size && src_step == dst_step) {
    memcpy(dst, src, (size_t)count * item_size);
    return;
  }
  for (int64_t i = 0; i < count; i++, dst += dst_step, src += src_step) {
    switch (item_size) { /* constant sizes become single moves */
    case 1: *dst = *src; break;
    case 4: memcpy(dst, src, 4); break;
    case 8: memcpy(dst, src, 8); break;
    default: memcpy(dst, src, item_size); break;
    }
  }
}

void scull_ops_box_copy(const scull_box_t *box, void *dst, const void *src, size_t item_size) {
  for (int32_t i = 0; i < box->rank; i++) {
    if (box->extent[i] == 0)
      return;
  }
  const scull_box_t b = merged(box);
  const int64_t item = (int64_t)item_size;
  scull_walk_t to = {0}, from = {0};
  int64_t lines = 1, last = b.rank - 1;
  for (int32_t i = 0; i < last; i++) {
    scull_ops_walk_add(&to, b.extent[i], b.dst_step[i] * item);
    scull_ops_walk_add(&from, b.extent[i], b.src_step[i] * item);
    lines *= b.extent[i];
  }
  for (int64_t i = 0; i < lines; i++) {
    copy_line((char *)dst + to.at, b.dst_step[last] * item, (const char *)src + from.at,
              b.src_step[last] * item, b.extent[last], item_size);
    scull_ops_walk_next(&to);
    scull_ops_walk_next(&from);
  }
}

void *scull_ops_element(const scull_tensor_t *tensor, int64_t index) {
  return (char *)tensor->data + index * (int64_t)scull_tensor_dtype_size(tensor->type.dtype);
}

void scull_ops_walk_add(scull_walk_t *walk, int64_t extent, int64_t step) {
  walk->extent[walk->rank] = extent;
  walk->step[walk->rank++] = step;
}

void scull_ops_walk_next(scull_walk_t *walk) {
  for (int32_t d = walk->rank - 1; d >= 0; d--) {
    walk->at += walk->step[d];
    if (++walk->index[d] < walk->extent[d])
      return;
    walk->at -= walk->step[d] * walk->extent[d];
    walk->index[d] = 0;
  }
}

scull_status_t scull_ops_reference_view(const scull_op_call_t *call) {
  size_t bytes = scull_tensor_bytes(&call->outputs[0].type);
  if (bytes > 0)
    memcpy(call->outputs[0].data, call->inputs[0].data, bytes);
  return SCULL_OK;
}

double scull_ops_flops_none(const scull_op_call_t *call) {
  (void)call;
  return 0;
}
