/* Terms are joined two by two: axes that only one of them has and nobody needs are summed at once,
 * the rest is one product of matrices, batched over the axes that both keep. */
#include "import/einsum.h"

#include <stdio.h>
#include <string.h>

enum { MAX_TERMS = 16, ELLIPSIS = '0' }; /* '0', '1', ...: axes of an ellipsis, the last highest */

/* A value with a letter an axis. */
typedef struct {
  char label[SCULL_MAX_RANK + 1];
  scull_value_id_t value;
} term_t;

typedef struct {
  scull_emitter_t *emitter;
  term_t terms[MAX_TERMS];
  size_t count;
  char result[SCULL_MAX_RANK + 1];
} einsum_t;

static scull_status_t misfit(const einsum_t *e, const char *equation) {
  return scull_base_fail(e->emitter->graph->diag, SCULL_CORRUPT,
                         "equation '%.80s' does not fit its operands", equation);
}

static bool has(const char *labels, char label) {
  return strchr(labels, label) != NULL;
}

/* --- reading --------------------------------------------------------------------------------- */

/* Letters of one term, without blanks; `rank` < 0: of the result, whose ellipsis has `dots` axes.
 */
static bool read_term(const char **at, int32_t rank, int *dots, char *label) {
  char before[SCULL_MAX_RANK + 1] = "", after[SCULL_MAX_RANK + 1] = "";
  size_t size[2] = {0, 0};
  bool dotted = false;
  for (; **at != '\0' && **at != ',' && **at != '-'; (*at)++) {
    if (**at == ' ')
      continue;
    if (strncmp(*at, "...", 3) == 0 && !dotted) {
      dotted = true;
      *at += 2;
      continue;
    }
    bool letter = (**at >= 'a' && **at <= 'z') || (**at >= 'A' && **at <= 'Z');
    if (!letter || size[dotted] >= SCULL_MAX_RANK)
      return false;
    (dotted ? after : before)[size[dotted]++] = **at;
  }
  int own = rank < 0 ? *dots : rank - (int)(size[0] + size[1]);
  if (own < 0 || (own > 0 && !dotted && rank >= 0) ||
      size[0] + size[1] + (size_t)own > SCULL_MAX_RANK)
    return false;
  own = dotted ? own : 0;
  memcpy(label, before, size[0]);
  for (int i = 0; i < own; i++) /* right-aligned among terms: the last has the same letter */
    label[size[0] + (size_t)i] = (char)(ELLIPSIS + SCULL_MAX_RANK - own + i);
  memcpy(label + size[0] + own, after, size[1] + 1);
  *dots = rank >= 0 && own > *dots ? own : *dots;
  return true;
}

/* Letters that stand once, in order, behind those of the ellipsis. */
static bool implicit_result(einsum_t *e) {
  size_t size = 0;
  for (int c = ELLIPSIS; c <= 'z'; c++) {
    int seen = 0;
    for (size_t t = 0; t < e->count; t++) {
      for (const char *l = e->terms[t].label; *l != '\0'; l++)
        seen += *l == c;
    }
    bool dots = c < 'A';
    if (seen == 0 || (!dots && seen != 1))
      continue;
    if (size == SCULL_MAX_RANK)
      return false;
    e->result[size++] = (char)c;
  }
  return true;
}

static scull_status_t read_equation(einsum_t *e, const char *equation,
                                    const scull_value_id_t *operands, size_t count) {
  const char *at = equation;
  int dots = 0;
  if (count > MAX_TERMS || count == 0)
    return scull_import_unsupported(e->emitter, "%zu operands", count);
  for (size_t i = 0; i < count; i++) {
    term_t *term = &e->terms[e->count++];
    term->value = operands[i];
    if (!read_term(&at, scull_import_rank(e->emitter->graph, operands[i]), &dots, term->label))
      return misfit(e, equation);
    if (i + 1 < count && *at++ != ',')
      return misfit(e, equation);
  }
  if (*at == '\0')
    return implicit_result(e) ? SCULL_OK : misfit(e, equation);
  if (at[0] != '-' || at[1] != '>')
    return misfit(e, equation);
  at += 2;
  if (!read_term(&at, -1, &dots, e->result) || *at != '\0')
    return misfit(e, equation);
  for (const char *l = e->result; *l != '\0'; l++) {
    bool known = false;
    for (size_t t = 0; t < count; t++)
      known = known || has(e->terms[t].label, *l);
    if (!known || strchr(l + 1, *l) != NULL)
      return misfit(e, equation);
  }
  return SCULL_OK;
}

/* --- one term -------------------------------------------------------------------------------- */

/* The term's axes in the order of `order`, which has the same letters. */
static scull_status_t arrange(einsum_t *e, term_t *term, const char *order, const char *name) {
  int64_t perm[SCULL_MAX_RANK];
  size_t rank = strlen(order);
  bool same = strcmp(order, term->label) == 0;
  if (same && name == NULL)
    return SCULL_OK;
  for (size_t i = 0; i < rank; i++)
    perm[i] = strchr(term->label, order[i]) - term->label;
  memmove(term->label, order, rank + 1);
  if (same)
    return scull_import_emit_simple(e->emitter, "identity", term->value, SCULL_NO_ID, name,
                                    &term->value);
  return scull_import_emit_transpose(e->emitter, term->value, (scull_ints_t){perm, rank}, name,
                                     &term->value);
}

static void drop_label(char *labels, size_t at) {
  memmove(labels + at, labels + at + 1, strlen(labels + at));
}

/* A letter that stands twice: the elements where both axes agree. */
static scull_status_t take_diagonal(einsum_t *e, term_t *term, size_t first, size_t second) {
  scull_emitter_t *to = e->emitter;
  int64_t perm[SCULL_MAX_RANK], dims[SCULL_MAX_RANK] = {0};
  size_t rank = strlen(term->label), at = 0;
  const scull_shape_t shape = scull_graph_value(to->graph, term->value)->shape[0];
  int64_t extent = shape.dim[first];
  char label = term->label[first];
  if (!scull_graph_is_fixed(to->graph, term->value))
    return scull_import_unsupported(to, "a diagonal of extents that change");
  if (extent != shape.dim[second] || extent < 1)
    return scull_base_fail(to->graph->diag, SCULL_CORRUPT, "a diagonal of %lld by %lld",
                           (long long)extent, (long long)shape.dim[second]);
  for (size_t i = 0; i < rank; i++) {
    if (i != first && i != second)
      perm[at++] = (int64_t)i;
  }
  perm[at] = (int64_t)first;
  perm[at + 1] = (int64_t)second;
  dims[at] = extent * extent;
  SCULL_TRY(
      scull_import_emit_transpose(to, term->value, (scull_ints_t){perm, rank}, NULL, &term->value));
  SCULL_TRY(
      scull_import_emit_reshape(to, term->value, (scull_ints_t){dims, at + 1}, NULL, &term->value));
  scull_emit_t slice = scull_import_emit(to, "slice", term->value);
  scull_import_emit_ints(&slice, "axes", SCULL_INTS((int64_t)at));
  scull_import_emit_ints(&slice, "starts", SCULL_INTS(0));
  scull_import_emit_ints(&slice, "ends", SCULL_INTS(INT64_MAX));
  scull_import_emit_ints(&slice, "steps", SCULL_INTS(extent + 1));
  SCULL_TRY(scull_import_emit_end(&slice, NULL, &term->value));
  drop_label(term->label, second);
  drop_label(term->label, first);
  size_t size = strlen(term->label);
  term->label[size] = label;
  term->label[size + 1] = '\0';
  return SCULL_OK;
}

static scull_status_t take_diagonals(einsum_t *e, term_t *term) {
  for (size_t i = 0; term->label[i] != '\0'; i++) {
    const char *again = strchr(term->label + i + 1, term->label[i]);
    if (again == NULL)
      continue;
    SCULL_TRY(take_diagonal(e, term, i, (size_t)(again - term->label)));
    i = (size_t)-1; /* from the begin again */
  }
  return SCULL_OK;
}

/* Sums over the axes that are in none of the two lists. */
static scull_status_t sum_others(einsum_t *e, term_t *term, const char *keep, const char *also) {
  int64_t axes[SCULL_MAX_RANK];
  char left[SCULL_MAX_RANK + 1] = "";
  size_t count = 0, size = 0;
  for (size_t i = 0; term->label[i] != '\0'; i++) {
    if (has(keep, term->label[i]) || has(also, term->label[i]))
      left[size++] = term->label[i];
    else
      axes[count++] = (int64_t)i;
  }
  if (count == 0)
    return SCULL_OK;
  memcpy(term->label, left, sizeof left);
  scull_emit_t emit = scull_import_emit(e->emitter, "reduce_sum", term->value);
  scull_import_emit_ints(&emit, "axes", (scull_ints_t){axes, count});
  return scull_import_emit_end(&emit, NULL, &term->value);
}

/* --- two terms ------------------------------------------------------------------------------- */

/* The letters of `from` for which membership in a and b is as asked. */
static void choose(const char *from, const char *a, bool in_a, const char *b, bool in_b,
                   char *out) {
  size_t size = 0;
  for (; *from != '\0'; from++) {
    if (has(a, *from) == in_a && has(b, *from) == in_b)
      out[size++] = *from;
  }
  out[size] = '\0';
}

/* Product of the extents of some axes, which must be fixed where there are several. */
static int64_t joined(const einsum_t *e, const term_t *term, const char *labels) {
  const scull_value_t *value = scull_graph_value(e->emitter->graph, term->value);
  int64_t product = 1;
  for (; *labels != '\0'; labels++)
    product *= value->shape[0].dim[strchr(term->label, *labels) - term->label];
  return product;
}

/* [batch..., rows..., columns...] -> [batch..., rows, columns] */
static scull_status_t to_matrices(einsum_t *e, term_t *term, const char *batch, const char *rows,
                                  const char *columns) {
  char order[3 * SCULL_MAX_RANK + 1];
  int64_t dims[SCULL_MAX_RANK + 2] = {0};
  size_t lead = strlen(batch);
  snprintf(order, sizeof order, "%s%s%s", batch, rows, columns);
  SCULL_TRY(arrange(e, term, order, NULL));
  if (strlen(rows) == 1 && strlen(columns) == 1)
    return SCULL_OK;
  if (!scull_graph_is_fixed(e->emitter->graph, term->value) || lead + 2 > SCULL_MAX_RANK)
    return scull_import_unsupported(e->emitter, "it joins axes whose extents change");
  dims[lead] = joined(e, term, rows);
  dims[lead + 1] = joined(e, term, columns);
  return scull_import_emit_reshape(e->emitter, term->value, (scull_ints_t){dims, lead + 2}, NULL,
                                   &term->value);
}

/* The extents of axes of a term, behind those that are there. */
static void add_extents(const einsum_t *e, const term_t *term, const char *labels, int64_t *dims,
                        size_t *count) {
  const scull_value_t *value = scull_graph_value(e->emitter->graph, term->value);
  for (; *labels != '\0'; labels++)
    dims[(*count)++] = value->shape[0].dim[strchr(term->label, *labels) - term->label];
}

/* a becomes the product of both; `keep` holds what others need. */
static scull_status_t join(einsum_t *e, term_t *a, term_t *b, const char *keep) {
  char batch[SCULL_MAX_RANK + 1], inner[SCULL_MAX_RANK + 1], rows[SCULL_MAX_RANK + 1];
  char columns[SCULL_MAX_RANK + 1], whole[3 * SCULL_MAX_RANK + 1];
  int64_t dims[3 * SCULL_MAX_RANK] = {0};
  SCULL_TRY(sum_others(e, a, keep, b->label));
  SCULL_TRY(sum_others(e, b, keep, a->label));
  choose(a->label, b->label, true, keep, true, batch);
  choose(a->label, b->label, true, keep, false, inner);
  choose(a->label, b->label, false, keep, true, rows);
  choose(b->label, a->label, false, keep, true, columns);
  size_t count = strlen(batch);
  snprintf(whole, sizeof whole, "%s%s%s", batch, rows, columns);
  if (strlen(whole) > SCULL_MAX_RANK)
    return scull_import_unsupported(e->emitter, "%zu axes at once", strlen(whole));
  add_extents(e, a, rows, dims, &count);
  add_extents(e, b, columns, dims, &count);
  SCULL_TRY(to_matrices(e, a, batch, rows, inner));
  SCULL_TRY(to_matrices(e, b, batch, inner, columns));
  SCULL_TRY(scull_import_emit_simple(e->emitter, "matmul", a->value, b->value, NULL, &a->value));
  memcpy(a->label, whole, SCULL_MAX_RANK + 1);
  if (strlen(rows) == 1 && strlen(columns) == 1)
    return SCULL_OK;
  return scull_import_emit_reshape(e->emitter, a->value, (scull_ints_t){dims, count}, NULL,
                                   &a->value);
}

/* Letters of the result and of the terms behind number `last`. */
static void needed(const einsum_t *e, size_t last, char *out, size_t room) {
  size_t size = strlen(e->result);
  memcpy(out, e->result, size);
  for (size_t t = last + 1; t < e->count; t++) {
    for (const char *l = e->terms[t].label; *l != '\0' && size + 1 < room; l++)
      out[size++] = *l;
  }
  out[size] = '\0';
}

scull_status_t scull_import_emit_einsum(scull_emitter_t *emitter, const char *equation,
                                        const scull_value_id_t *operands, size_t count,
                                        const char *name, scull_value_id_t *out) {
  einsum_t e = {.emitter = emitter};
  char keep[(MAX_TERMS + 1) * SCULL_MAX_RANK + 1];
  SCULL_TRY(read_equation(&e, equation, operands, count));
  for (size_t i = 0; i < e.count; i++)
    SCULL_TRY(take_diagonals(&e, &e.terms[i]));
  for (size_t i = 1; i < e.count; i++) {
    needed(&e, i, keep, sizeof keep);
    SCULL_TRY(join(&e, &e.terms[0], &e.terms[i], keep));
  }
  SCULL_TRY(sum_others(&e, &e.terms[0], e.result, ""));
  SCULL_TRY(arrange(&e, &e.terms[0], e.result, name));
  *out = e.terms[0].value;
  return SCULL_OK;
}
