#include "backend/cpu/boxes.h"

#include <string.h>

#include "base/thread.h"

enum { TILE = 16, FEWEST = 6 /* that a turn is worth */, SHORT_RUN = 128 };

void scull_cpu_box_append(scull_cpu_box_t *box, int64_t dim, int64_t src_step, int64_t dst_step) {
  box->dim[box->rank] = dim;
  box->src_step[box->rank] = src_step;
  box->dst_step[box->rank++] = dst_step;
}

/* --- order ------------------------------------------------------------------------------------ */

/* Takes dimension `from` out and puts it in again at `to`. */
static void move_dim(scull_cpu_box_t *box, int32_t from, int32_t to) {
  const int64_t dim = box->dim[from], src = box->src_step[from], dst = box->dst_step[from];
  const int32_t way = from < to ? 1 : -1;
  for (int32_t i = from; i != to; i += way) {
    box->dim[i] = box->dim[i + way];
    box->src_step[i] = box->src_step[i + way];
    box->dst_step[i] = box->dst_step[i + way];
  }
  box->dim[to] = dim;
  box->src_step[to] = src;
  box->dst_step[to] = dst;
}

/* By steps of the destination, longest first, without dimensions of one element. */
static void sort(scull_cpu_box_t *box) {
  int32_t kept = 0;
  for (int32_t i = 0; i < box->rank; i++) {
    if (box->dim[i] == 1)
      continue;
    move_dim(box, i, kept);
    int32_t to = kept++;
    while (to > 0 && box->dst_step[to - 1] < box->dst_step[kept - 1])
      to--;
    move_dim(box, kept - 1, to);
  }
  box->rank = kept;
}

/* Joins dimensions that go on without a jump. */
static void merge(scull_cpu_box_t *box) {
  int32_t kept = 0;
  for (int32_t i = 0; i < box->rank; i++) {
    const int64_t dim = box->dim[i], src = box->src_step[i], dst = box->dst_step[i];
    if (kept > 0 && box->src_step[kept - 1] == src * dim && box->dst_step[kept - 1] == dst * dim) {
      box->dim[kept - 1] *= dim;
      kept--;
    } else {
      box->dim[kept] = dim;
    }
    box->src_step[kept] = src;
    box->dst_step[kept++] = dst;
  }
  box->rank = kept;
}

/* Chooses the innermost dimensions. */
static void choose(scull_cpu_box_t *box, bool tiles) {
  const int32_t last = box->rank - 1;
  int32_t dense = last; /* in the source */
  box->way = SCULL_CPU_BOX_LINE;
  if (last < 1)
    return;
  for (int32_t i = 0; i < last && box->src_step[last] != 1; i++)
    dense = box->src_step[i] == 1 ? i : dense;
  if (dense != last) {
    const bool turns = tiles && box->dst_step[last] == 1 && box->dim[last] >= FEWEST;
    if (turns && box->dim[dense] >= FEWEST) {
      move_dim(box, dense, last - 1);
      box->way = SCULL_CPU_BOX_TURN;
      return;
    }
    if (box->dim[dense] > box->dim[last])
      move_dim(box, dense, last);
  }
  const bool run = box->src_step[last] == 1 && box->dst_step[last] == 1;
  if (box->dim[last] < (run ? SHORT_RUN : TILE))
    box->way = SCULL_CPU_BOX_FEW;
}

static int32_t inner_rank(const scull_cpu_box_t *box) {
  return box->way != SCULL_CPU_BOX_LINE ? 2 : box->rank > 0 ? 1 : 0;
}

static int64_t pieces_of(const scull_cpu_box_t *box) {
  int64_t pieces = 1;
  for (int32_t i = 0; i < box->rank - inner_rank(box); i++)
    pieces *= box->dim[i];
  return pieces;
}

/* Cuts a long inner dimension, so that threads get shares that do not lie between each other's, and
 * pieces stay in L1; what is left over becomes a box of its own. */
static void cut(scull_cpu_boxes_t *s, int index) {
  enum { SHARE = 512, RUN = 16384 };
  scull_cpu_box_t *box = &s->box[index];
  const int32_t at = box->rank - inner_rank(box); /* where the piece begins */
  if (box->rank == 0 || box->rank == SCULL_CPU_BOX_RANK)
    return;
  const int64_t src = box->src_step[at], dst = box->dst_step[at];
  const bool run = box->way == SCULL_CPU_BOX_LINE && src == 1 && dst == 1;
  const int64_t share = run ? RUN : SHARE, parts = box->dim[at] / share;
  const int64_t rest = box->dim[at] - parts * share;
  if (parts < 2 || (run && pieces_of(box) >= s->threads) ||
      (rest > 0 && s->count == SCULL_CPU_BOXES))
    return;
  if (rest > 0) {
    scull_cpu_box_t *more = &s->box[s->count++];
    *more = *box;
    more->dim[at] = rest;
    more->src_at += parts * share * src;
    more->dst_at += parts * share * dst;
  }
  box->dim[at] = share;
  scull_cpu_box_append(box, parts, share * src, share * dst);
  move_dim(box, box->rank - 1, 0);
}

void scull_cpu_boxes_arrange(scull_cpu_boxes_t *s) {
  const int count = s->count;
  for (int i = 0; i < count; i++) {
    sort(&s->box[i]);
    merge(&s->box[i]);
    choose(&s->box[i], s->size == 4 && s->kernels != NULL);
  }
  for (int i = 0; i < count; i++)
    cut(s, i);
}

/* --- work ------------------------------------------------------------------------------------- */

typedef struct {
  const scull_cpu_boxes_t *boxes;
  const scull_cpu_box_t *box;
  const char *src;
  char *dst;
} job_t;

/* Elements of 4 bytes are moved as such: their alignment is that of the tensors. */
static void move_words(const uint32_t *restrict src, uint32_t *restrict dst, int64_t count,
                       int64_t src_step, int64_t dst_step) {
  if (dst_step == 1 && src_step == 0) {
    const uint32_t word = *src;
    for (int64_t i = 0; i < count; i++)
      dst[i] = word;
  } else if (dst_step == 1 && src_step == 2) {
    for (int64_t i = 0; i < count; i++)
      dst[i] = src[2 * i];
  } else if (dst_step == 2 && src_step == 1) {
    for (int64_t i = 0; i < count; i++)
      dst[2 * i] = src[i];
  } else {
    for (int64_t i = 0; i < count; i++)
      dst[i * dst_step] = src[i * src_step];
  }
}

/* One dimension. */
static void copy_line(const job_t *job, int64_t count, int64_t src_step, int64_t dst_step,
                      int64_t a, int64_t b) {
  const int64_t size = (int64_t)job->boxes->size;
  const char *src = job->src + a * size;
  char *dst = job->dst + b * size;
  if (src_step == 1 && dst_step == 1) {
    memcpy(dst, src, (size_t)(count * size));
  } else if (size == 4) {
    move_words((const uint32_t *)(const void *)src, (uint32_t *)(void *)dst, count, src_step,
               dst_step);
  } else {
    for (int64_t i = 0; i < count; i++)
      memcpy(dst + i * dst_step * size, src + i * src_step * size, (size_t)size);
  }
}

/* Two dimensions where the source is dense in the outer one and the destination in the inner: tiles
 * of 16 x 16. */
static void copy_turned(const job_t *job, int64_t a, int64_t b) {
  const scull_cpu_kernels_t *kernels = job->boxes->kernels;
  const scull_cpu_box_t *box = job->box;
  const int32_t x = box->rank - 1, y = x - 1;
  const int64_t src_step = box->src_step[x], dst_step = box->dst_step[y];
  const float *src = (const float *)(const void *)job->src + a;
  float *dst = (float *)(void *)job->dst + b;
  for (int64_t i = 0; i < box->dim[y]; i += TILE) {
    for (int64_t j = 0; j < box->dim[x]; j += TILE) {
      const int64_t high = box->dim[y] - i, wide = box->dim[x] - j;
      const float *from = src + i + j * src_step;
      float *to = dst + i * dst_step + j;
      if (high >= TILE && wide >= TILE)
        kernels->transpose(from, src_step, to, dst_step);
      else
        kernels->transpose_part(from, src_step, to, dst_step, wide < TILE ? wide : TILE,
                                high < TILE ? high : TILE);
    }
  }
}

/* A run of less than a few lines, without a call. */
static inline void copy_run(const uint32_t *src, uint32_t *dst, int64_t count) {
  int64_t k = 0;
  for (; k + 4 <= count; k += 4)
    memcpy(dst + k, src + k, 16);
  for (; k < count; k++)
    dst[k] = src[k];
}

/* Two dimensions, few elements in the inner one. */
static void copy_few(const job_t *job, int64_t a, int64_t b) {
  const scull_cpu_box_t *box = job->box;
  const int32_t x = box->rank - 1, y = x - 1;
  const int64_t few = box->dim[x], sx = box->src_step[x], dx = box->dst_step[x];
  if (job->boxes->size != 4) {
    for (int64_t i = 0; i < box->dim[y]; i++)
      copy_line(job, few, sx, dx, a + i * box->src_step[y], b + i * box->dst_step[y]);
    return;
  }
  const uint32_t *src = (const uint32_t *)(const void *)job->src + a;
  uint32_t *dst = (uint32_t *)(void *)job->dst + b;
  for (int64_t i = 0; i < box->dim[y]; i++, src += box->src_step[y], dst += box->dst_step[y]) {
    if (sx == 1 && dx == 1)
      copy_run(src, dst, few);
    else
      for (int64_t j = 0; j < few; j++)
        dst[j * dx] = src[j * sx];
  }
}

static void run_pieces(void *user, int64_t begin, int64_t end, int thread) {
  const job_t *job = user;
  const scull_cpu_box_t *box = job->box;
  const int32_t outer = box->rank - inner_rank(box);
  (void)thread;
  for (int64_t p = begin; p < end; p++) {
    int64_t a = box->src_at, b = box->dst_at, rest = p;
    for (int32_t i = outer - 1; i >= 0; i--) {
      a += rest % box->dim[i] * box->src_step[i];
      b += rest % box->dim[i] * box->dst_step[i];
      rest /= box->dim[i];
    }
    if (box->way == SCULL_CPU_BOX_TURN)
      copy_turned(job, a, b);
    else if (box->way == SCULL_CPU_BOX_FEW)
      copy_few(job, a, b);
    else if (box->rank > 0)
      copy_line(job, box->dim[outer], box->src_step[outer], box->dst_step[outer], a, b);
    else
      copy_line(job, 1, 1, 1, a, b);
  }
}

void scull_cpu_boxes_run(const scull_cpu_boxes_t *s, const scull_args_t *args) {
  enum { SMALL = 64 * 1024 }; /* bytes below which a fork costs more than it brings */
  for (int i = 0; i < s->count; i++) {
    const scull_cpu_box_t *box = &s->box[i];
    job_t job = {.boxes = s,
                 .box = box,
                 .src = box->input < 0 ? s->fill : args->inputs[box->input],
                 .dst = args->outputs[box->output]};
    int64_t all = 1;
    for (int32_t d = 0; d < box->rank; d++)
      all *= box->dim[d];
    if (all > 0)
      scull_base_parallel_for((size_t)all * s->size < SMALL ? 1 : s->threads, pieces_of(box),
                              run_pieces, &job);
  }
}
