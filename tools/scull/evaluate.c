/* Evaluation. */
#include "evaluate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "values.h"

/* --- labels ----------------------------------------------------------------------------------- */

void cli_labels_deinit(cli_labels_t *labels) {
  free(labels->items);
  *labels = (cli_labels_t){0};
}

static const char *base_of(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

/* Which input a line is about: the one of that file name, or the `line`-th. */
static size_t input_of(const cli_list_t *inputs, const char *name, size_t line) {
  if (!name[0])
    return line;
  for (size_t i = 0; i < inputs->count; i++) {
    if (strcmp(base_of(inputs->items[i]), base_of(name)) == 0)
      return i;
  }
  return SIZE_MAX;
}

static scull_status_t take_label(const char *path, char *line, size_t number,
                                 const cli_list_t *inputs, cli_labels_t *out) {
  char *end = line + strcspn(line, "\r\n");
  while (end > line && (end[-1] == ' ' || end[-1] == '\t'))
    end--;
  *end = '\0';
  char *word = end;
  while (word > line && word[-1] != ' ' && word[-1] != '\t')
    word--;
  char *stop = word;
  while (stop > line && (stop[-1] == ' ' || stop[-1] == '\t'))
    stop--;
  char *digits = NULL;
  const long long label = strtoll(word, &digits, 10);
  if (digits == word || *digits || label < 0)
    return cli_fail(SCULL_INVALID_ARGUMENT, "%s: line %zu: '%s' is no label", path, number + 1,
                    word);
  *stop = '\0';
  const size_t at = input_of(inputs, stop == line ? "" : line, number);
  if (at >= inputs->count || out->items[at] >= 0)
    return cli_fail(SCULL_INVALID_ARGUMENT,
                    "%s: line %zu is of no held-out input, or of one that has a label already",
                    path, number + 1);
  out->items[at] = label;
  out->count++;
  return SCULL_OK;
}

scull_status_t cli_labels_read(const char *path, const cli_list_t *inputs, cli_labels_t *out) {
  char line[4096];
  scull_status_t status = SCULL_OK;
  *out = (cli_labels_t){.items = malloc((inputs->count + 1) * sizeof *out->items)};
  if (!out->items)
    return cli_fail_memory();
  for (size_t i = 0; i < inputs->count; i++)
    out->items[i] = -1;
  FILE *file = fopen(path, "r");
  if (!file)
    return cli_fail_errno(path, "read");
  for (size_t number = 0; status == SCULL_OK && fgets(line, sizeof line, file);) {
    if (strspn(line, " \t\r\n") != strlen(line))
      status = take_label(path, line, number++, inputs, out);
  }
  fclose(file);
  if (status == SCULL_OK && out->count != inputs->count)
    status = cli_fail(SCULL_INVALID_ARGUMENT, "%s: %zu labels for %zu held-out inputs", path,
                      out->count, inputs->count);
  return status;
}

/* --- runs ------------------------------------------------------------------------------------- */

scull_status_t cli_evaluate_tensors(const scull_engine_t *engine, scull_named_tensor_t **out) {
  const size_t count = scull_engine_input_count(engine);
  scull_named_tensor_t *tensors = calloc(count + 1, sizeof *tensors);
  *out = NULL;
  if (!tensors)
    return cli_fail_memory();
  for (size_t i = 0; i < count; i++) {
    scull_tensor_info_t info;
    scull_status_t status = cli_check(scull_engine_input(engine, i, &info), "input");
    if (status != SCULL_OK) {
      free(tensors);
      return status;
    }
    tensors[i].name = info.name;
    tensors[i].rank = info.rank;
    memcpy(tensors[i].dims, info.opt, sizeof tensors[i].dims);
  }
  *out = tensors;
  return SCULL_OK;
}

static scull_status_t run_one(scull_engine_t *engine, scull_context_t *context,
                              const scull_named_tensor_t *tensors) {
  for (size_t i = 0; i < scull_engine_input_count(engine); i++) {
    const scull_named_tensor_t *t = &tensors[i];
    size_t index = 0;
    CLI_TRY(cli_check(scull_engine_find_input(engine, t->name, &index), t->name));
    CLI_TRY(cli_check(scull_context_set_input_shape(context, index, t->rank, t->dims), t->name));
    CLI_TRY(cli_check(scull_context_set_input(context, index, t->data, t->size), t->name));
  }
  return cli_check(scull_context_run(context), "run");
}

typedef struct sums {
  cli_metric_t metric;
  const cli_labels_t *labels;
  size_t files;  /* rows beyond these are repetitions */
  size_t rows;   /* so far */
  size_t inputs; /* runs */
  double noise, power, angle, divergence;
  size_t hits_here, hits_there;
} sums_t;

static size_t largest(const float *x, size_t count) {
  size_t at = 0;
  for (size_t i = 1; i < count; i++)
    at = x[i] > x[at] ? i : at;
  return at;
}

/* log of the sum of exponentials */
static double log_sum(const float *x, size_t count) {
  double sum = 0, top = (double)x[largest(x, count)];
  for (size_t i = 0; i < count; i++)
    sum += exp((double)x[i] - top);
  return top + log(sum);
}

static bool is_distribution(const float *x, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; i++) {
    if (x[i] < 0)
      return false;
    sum += (double)x[i];
  }
  return fabs(sum - 1) < 1e-3;
}

/* of q from p, both probabilities or both their logarithms up to a constant */
static double divergence(const float *p, const float *q, size_t count) {
  const bool plain = is_distribution(p, count);
  const double lp = plain ? 0 : log_sum(p, count), lq = plain ? 0 : log_sum(q, count);
  double sum = 0;
  for (size_t i = 0; i < count; i++) {
    const double a = plain ? log(fmax((double)p[i], 1e-12)) : (double)p[i] - lp;
    const double b = plain ? log(fmax((double)q[i], 1e-12)) : (double)q[i] - lq;
    sum += exp(a) * (a - b);
  }
  return sum;
}

static scull_status_t add_rows(sums_t *s, const scull_tensor_view_t *here,
                               const scull_tensor_view_t *there) {
  const size_t rows = here->rank > 1 ? (size_t)here->dims[0] : 1;
  const size_t width = rows == 0 ? 0 : here->size / sizeof(float) / rows;
  const float *x = here->data, *y = there->data;
  for (size_t r = 0; r < rows && width > 0 && s->rows < s->files; r++, s->rows++) {
    s->divergence += divergence(y + r * width, x + r * width, width);
    if (s->metric != CLI_METRIC_TOP1)
      continue;
    const int64_t label = s->labels->items[s->rows];
    if ((size_t)label >= width)
      return cli_fail(SCULL_INVALID_ARGUMENT, "label %lld of a network with %zu classes",
                      (long long)label, width);
    s->hits_here += largest(x + r * width, width) == (size_t)label;
    s->hits_there += largest(y + r * width, width) == (size_t)label;
  }
  return SCULL_OK;
}

static void add_difference(sums_t *s, const scull_tensor_view_t *here,
                           const scull_tensor_view_t *there) {
  const float *x = here->data, *y = there->data;
  double product = 0, xx = 0, yy = 0;
  for (size_t i = 0; i < here->size / sizeof(float); i++) {
    const double a = (double)x[i], b = (double)y[i];
    s->noise += (a - b) * (a - b);
    product += a * b;
    xx += a * a;
    yy += b * b;
  }
  s->power += yy;
  s->angle += xx > 0 && yy > 0 ? 1 - product / sqrt(xx * yy) : (double)(xx != yy);
}

static scull_status_t add_outputs(sums_t *s, const scull_engine_t *engine, scull_context_t *here,
                                  scull_context_t *there) {
  const size_t count = scull_engine_output_count(engine);
  for (size_t i = 0; i < count; i++) {
    scull_tensor_view_t a, b;
    CLI_TRY(cli_check(scull_context_output(here, i, &a), "output"));
    CLI_TRY(cli_check(scull_context_output(there, i, &b), "output"));
    if (a.dtype != SCULL_DTYPE_F32 || a.size != b.size) {
      if (i == 0 && s->metric >= CLI_METRIC_KL)
        return cli_fail(SCULL_INVALID_ARGUMENT, "output 0 holds no scores");
      continue;
    }
    add_difference(s, &a, &b);
    if (i == 0)
      CLI_TRY(add_rows(s, &a, &b));
  }
  s->inputs++;
  return SCULL_OK;
}

static scull_status_t give_score(const sums_t *s, cli_score_t *out) {
  const double rows = s->rows > 0 ? (double)s->rows : 1, runs = (double)(s->inputs ? s->inputs : 1);
  *out = (cli_score_t){.rows = s->rows};
  if (s->metric == CLI_METRIC_TOP1) {
    out->here = 100.0 * (double)s->hits_here / rows;
    out->there = 100.0 * (double)s->hits_there / rows;
    out->loss = out->there - out->here;
  } else if (s->metric == CLI_METRIC_KL) {
    out->loss = 100 * s->divergence / rows;
  } else if (s->metric == CLI_METRIC_COSINE) {
    out->loss = 100 * s->angle / runs;
  } else {
    out->loss = s->power > 0 ? 100 * s->noise / s->power : 0;
  }
  return isfinite(out->loss) ? SCULL_OK
                             : cli_fail(SCULL_OUT_OF_RANGE, "a result holds NaN or infinity");
}

static scull_status_t run_all(scull_engine_t *here, scull_engine_t *there,
                              scull_context_t **contexts, cli_samples_t *samples, sums_t *sums) {
  const size_t count = scull_engine_input_count(here);
  scull_named_tensor_t *tensors = NULL;
  scull_status_t status = cli_evaluate_tensors(here, &tensors);
  bool more = true;
  samples->next = 0;
  while (status == SCULL_OK) {
    status = cli_samples_next(samples, tensors, count, &more);
    if (status != SCULL_OK || !more)
      break;
    status = run_one(here, contexts[0], tensors);
    if (status == SCULL_OK)
      status = run_one(there, contexts[1], tensors);
    if (status == SCULL_OK)
      status = add_outputs(sums, here, contexts[0], contexts[1]);
  }
  free(tensors);
  return status;
}

scull_status_t cli_evaluate(scull_engine_t *here, scull_engine_t *there, cli_samples_t *samples,
                            cli_metric_t metric, const cli_labels_t *labels, cli_score_t *out) {
  scull_context_t *contexts[2] = {NULL, NULL};
  sums_t sums = {.metric = metric, .labels = labels, .files = samples->files.count};
  scull_status_t status = cli_check(scull_context_create(here, NULL, &contexts[0]), "context");
  if (status == SCULL_OK)
    status = cli_check(scull_context_create(there, NULL, &contexts[1]), "context");
  if (status == SCULL_OK)
    status = run_all(here, there, contexts, samples, &sums);
  if (status == SCULL_OK)
    status = give_score(&sums, out);
  scull_context_destroy(contexts[0]);
  scull_context_destroy(contexts[1]);
  return status;
}
