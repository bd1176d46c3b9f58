/* The report of timed runs. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "report.h"

enum { PERCENTILES = 16, SHOWN = 200 };

typedef struct {
  double percents[PERCENTILES];
  size_t percent_count;
} asked_t;

typedef struct {
  double min, max, mean, median, deviation, at[PERCENTILES];
} metric_t;

static bool read_percentiles(const char *text, asked_t *out) {
  for (const char *at = text == NULL ? "90,95,99" : text;;) {
    char *end = NULL;
    const double value = strtod(at, &end);
    if (end == at || value < 0 || value > 100 || out->percent_count == PERCENTILES ||
        (*end != ',' && *end != '\0'))
      return trtexec_fail("--percentile wants at most %d numbers from 0 to 100, not '%s'",
                          PERCENTILES, text);
    out->percents[out->percent_count++] = value;
    if (*end == '\0')
      return true;
    at = end + 1;
  }
}

static int by_value(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Sorts `values`. */
static metric_t measure(double *values, size_t count, const asked_t *asked) {
  metric_t m = {0};
  double squares = 0;
  qsort(values, count, sizeof *values, by_value);
  for (size_t i = 0; i < count; i++)
    m.mean += values[i] / (double)count;
  for (size_t i = 0; i < count; i++)
    squares += (values[i] - m.mean) * (values[i] - m.mean) / (double)count;
  m.min = values[0];
  m.max = values[count - 1];
  m.median = count % 2 == 1 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
  m.deviation = sqrt(squares);
  for (size_t i = 0; i < asked->percent_count; i++) {
    const size_t left_out = (size_t)((1 - asked->percents[i] / 100) * (double)count);
    m.at[i] = values[left_out < count ? count - 1 - left_out : 0];
  }
  return m;
}

static void print_metric(const char *name, const metric_t *m, const asked_t *asked) {
  char text[1024];
  size_t used = 0;
  for (size_t i = 0; i < asked->percent_count && used < sizeof text; i++)
    used += (size_t)snprintf(text + used, sizeof text - used, ", percentile(%g%%) = %g ms",
                             asked->percents[i], m->at[i]);
  trtexec_say('I', "%s: min = %g ms, max = %g ms, mean = %g ms, median = %g ms%s", name, m->min,
              m->max, m->mean, m->median, text);
}

/* Averages of so many runs each; of a long trace the first and the last only. */
static void print_averages(const trtexec_options_t *o, const trtexec_trace_t *traces,
                           size_t count) {
  const size_t runs = (size_t)o->average_runs;
  trtexec_say('I', "=== Trace details ===");
  trtexec_say('I', "Trace averages of %zu runs:", runs);
  for (size_t i = 0; i + runs <= count; i += runs) {
    double compute = 0, enqueue = 0;
    const size_t group = i / runs, groups = count / runs;
    if (group == SHOWN && groups > 2 * SHOWN)
      trtexec_say('I', "... Omitting %zu lines", groups - 2 * SHOWN);
    if (group >= SHOWN && group + SHOWN < groups)
      continue;
    for (size_t k = i; k < i + runs; k++) {
      compute += (traces[k].end - traces[k].start) / (double)runs;
      enqueue += (traces[k].enqueued - traces[k].start) / (double)runs;
    }
    trtexec_say('I',
                "Average on %zu runs - GPU latency: %g ms - Host latency: %g ms (enqueue %g ms)",
                runs, compute, compute, enqueue);
  }
}

static void print_warnings(const trtexec_options_t *o, const metric_t *compute,
                           const metric_t *enqueue) {
  if (enqueue->median > 0.8 * compute->median)
    trtexec_say('W', "* Throughput may be bound by Enqueue Time rather than GPU Compute and the "
                     "GPU may be under-utilized.");
  if (compute->mean > 0 && compute->deviation / compute->mean > 0.025)
    trtexec_say('W', "* GPU compute time is unstable, with coefficient of variance = %g%%.",
                100 * compute->deviation / compute->mean);
  if (o->streams > 1)
    trtexec_say('W',
                "* %d streams share the device: the latency of one is not that of a machine "
                "of its own.",
                (int)o->streams);
}

static void print_summary(const trtexec_options_t *o, const trtexec_trace_t *traces, size_t count,
                          double *values, const asked_t *asked) {
  const size_t items = o->batch > 0 ? (size_t)o->batch : 1;
  const metric_t none = {0};
  double last = 0;
  for (size_t i = 0; i < count; i++) {
    values[i] = traces[i].enqueued - traces[i].start;
    last = traces[i].end > last ? traces[i].end : last;
  }
  const double walltime = last - traces[0].start;
  const metric_t enqueue = measure(values, count, asked);
  for (size_t i = 0; i < count; i++)
    values[i] = traces[i].end - traces[i].start;
  const metric_t compute = measure(values, count, asked);
  trtexec_say('I', "=== Performance summary ===");
  trtexec_say('I', "Throughput: %g qps", 1e3 * (double)(items * count) / walltime);
  print_metric("Latency", &compute, asked);
  print_metric("Enqueue Time", &enqueue, asked);
  print_metric("H2D Latency", &none, asked);
  print_metric("GPU Compute Time", &compute, asked);
  print_metric("D2H Latency", &none, asked);
  trtexec_say('I', "Total Host Walltime: %g s", walltime / 1e3);
  trtexec_say('I', "Total GPU Compute Time: %g s", compute.mean * (double)count / 1e3);
  print_warnings(o, &compute, &enqueue);
  trtexec_say('I', "Explanations of the performance metrics are printed in the verbose logs.");
  trtexec_say('V', "=== Explanations of the performance metrics ===");
  trtexec_say('V', "Total Host Walltime: from the start of the first counted query to the end of "
                   "the last.");
  trtexec_say('V',
              "GPU Compute Time: one query on the device, whichever that is, copies included.");
  trtexec_say('V', "H2D Latency, D2H Latency: always 0, see GPU Compute Time.");
  trtexec_say('V', "Enqueue Time: the call that starts a query; 0 where that is the query itself.");
  trtexec_say('V', "Throughput: queries by Total Host Walltime. Latency: of a single query.");
}

/* --- JSON ---------------------------------------------------------------------------------------
 */

FILE *trtexec_json_open(const char *path) {
  FILE *file = fopen(path, "w");
  if (file == NULL)
    trtexec_fail("%s: cannot write", path);
  return file;
}

bool trtexec_json_close(FILE *file, const char *path) {
  const bool failed = ferror(file) != 0;
  return (fclose(file) == 0 && !failed) || trtexec_fail("%s: cannot write", path);
}

void trtexec_json_text(FILE *file, const char *text) {
  fputc('"', file);
  for (; *text != '\0'; text++) {
    const unsigned char c = (unsigned char)*text;
    if (c == '"' || c == '\\')
      fprintf(file, "\\%c", c);
    else if (c < 0x20)
      fprintf(file, "\\u%04x", c);
    else
      fputc(c, file);
  }
  fputc('"', file);
}

static bool export_times(const char *path, const trtexec_trace_t *traces, size_t count) {
  FILE *file = trtexec_json_open(path);
  if (file == NULL)
    return false;
  fputs("[", file);
  for (size_t i = 0; i < count; i++) {
    const trtexec_trace_t *t = &traces[i];
    fprintf(file, "%s\n  { \"startEnqMs\" : %.6f, \"endEnqMs\" : %.6f", i > 0 ? "," : "", t->start,
            t->enqueued);
    fprintf(file, ", \"startH2dMs\" : %.6f, \"endH2dMs\" : %.6f", t->start, t->start);
    fprintf(file, ", \"startComputeMs\" : %.6f, \"endComputeMs\" : %.6f", t->start, t->end);
    fprintf(file, ", \"startD2hMs\" : %.6f, \"endD2hMs\" : %.6f", t->end, t->end);
    fprintf(file, ", \"h2dMs\" : 0, \"computeMs\" : %.6f, \"d2hMs\" : 0, \"latencyMs\" : %.6f }",
            t->end - t->start, t->end - t->start);
  }
  fputs("\n]\n", file);
  return trtexec_json_close(file, path);
}

bool trtexec_report_times(const trtexec_options_t *options, const trtexec_traces_t *traces) {
  const trtexec_trace_t *counted = traces->items + traces->warm_ups;
  const size_t count = traces->count - traces->warm_ups;
  asked_t asked = {0};
  if (count == 0)
    return trtexec_fail("no run is behind the warm-up");
  if (!read_percentiles(options->percentiles, &asked))
    return false;
  double *values = malloc(count * sizeof *values);
  if (values == NULL)
    return trtexec_fail_memory();
  trtexec_say('I', "Warmup completed %zu queries over %g ms", traces->warm_ups,
              options->warm_up_ms);
  trtexec_say('I', "Timing trace has %zu queries over %g s", count,
              (counted[count - 1].end - counted[0].start) / 1e3);
  print_averages(options, counted, count);
  print_summary(options, counted, count, values, &asked);
  free(values);
  return options->export_times == NULL || export_times(options->export_times, counted, count);
}
