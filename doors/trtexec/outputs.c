/* Outputs: printed, written, compared; and the table of layers. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "report.h"

static bool take_output(const scull_engine_t *engine, scull_context_t *context, size_t index,
                        scull_tensor_info_t *info, scull_tensor_view_t *view) {
  if (scull_engine_output(engine, index, info) != SCULL_OK ||
      scull_context_output(context, index, view) != SCULL_OK)
    return trtexec_fail_scull();
  if (trtexec_dtype_size(view->dtype) == 0)
    view->size = 0; /* a sequence: it has no values of its own */
  return true;
}

static size_t element_count(const scull_tensor_view_t *view) {
  const size_t element = trtexec_dtype_size(view->dtype);
  return element == 0 ? 0 : view->size / element;
}

/* JSON knows no other numbers. */
static void write_number(FILE *file, double value) {
  if (isfinite(value))
    fprintf(file, "%.9g", value);
  else
    fputs("null", file);
}

static void print_values(const scull_tensor_info_t *info, const scull_tensor_view_t *view) {
  char shape[TRTEXEC_DIMS_ROOM];
  trtexec_say('I', "%s: (%s)", info->name, trtexec_dims_text(view->rank, view->dims, shape));
  const size_t count = element_count(view);
  for (size_t i = 0; i < count; i++)
    printf("%s%g", i > 0 ? " " : "", trtexec_element(view->data, view->dtype, i));
  putchar('\n');
}

static void write_values(FILE *file, const scull_tensor_info_t *info,
                         const scull_tensor_view_t *view) {
  char shape[TRTEXEC_DIMS_ROOM];
  const size_t count = element_count(view);
  fputs("\n  { \"name\" : ", file);
  trtexec_json_text(file, info->name);
  fprintf(file, ", \"dimensions\" : \"%s\", \"values\" : [ ",
          trtexec_dims_text(view->rank, view->dims, shape));
  for (size_t i = 0; i < count; i++) {
    fputs(i > 0 ? ", " : "", file);
    write_number(file, trtexec_element(view->data, view->dtype, i));
  }
  fputs(" ] }", file);
}

bool trtexec_report_outputs(const trtexec_options_t *options, const scull_engine_t *engine,
                            scull_context_t *context) {
  FILE *file = NULL;
  if (options->export_output != NULL && (file = trtexec_json_open(options->export_output)) == NULL)
    return false;
  bool ok = true;
  if (options->dump_output)
    trtexec_say('I', "Output Tensors:");
  if (file != NULL)
    fputs("[", file);
  for (size_t i = 0; i < scull_engine_output_count(engine) && ok; i++) {
    scull_tensor_info_t info = {0};
    scull_tensor_view_t view = {0};
    ok = take_output(engine, context, i, &info, &view);
    if (ok && options->dump_output)
      print_values(&info, &view);
    if (ok && file != NULL) {
      fputs(i > 0 ? "," : "", file);
      write_values(file, &info, &view);
    }
  }
  if (file != NULL) {
    fputs("\n]\n", file);
    ok = trtexec_json_close(file, options->export_output) && ok;
  }
  return ok;
}

/* <name>.<type>.<shape>.Scull.raw here; signs that a name of a file cannot have become '_'. */
static bool write_raw(const char *name, scull_dtype_t dtype, int32_t rank, const int64_t *dims,
                      const void *data, size_t size) {
  char shape[TRTEXEC_DIMS_ROOM], path[1024];
  const int length = snprintf(path, sizeof path, "%s.%s.%s.Scull.raw", name,
                              trtexec_dtype_name(dtype), trtexec_dims_text(rank, dims, shape));
  if (length >= (int)sizeof path)
    return trtexec_fail("the name of '%s' is too long for a file", name);
  for (char *at = path; *at != '\0'; at++)
    *at = *at == '/' || *at == ':' ? '_' : *at;
  trtexec_say('I', "Writing %s", path);
  return trtexec_file_write(path, data, size);
}

bool trtexec_report_raw(const scull_engine_t *engine, const trtexec_bindings_t *bindings,
                        scull_context_t *context) {
  for (size_t i = 0; i < bindings->count; i++) {
    const trtexec_binding_t *b = &bindings->items[i];
    if (!write_raw(b->info.name, b->info.dtype, b->rank, b->dims, b->data, b->size))
      return false;
  }
  for (size_t i = 0; i < scull_engine_output_count(engine); i++) {
    scull_tensor_info_t info = {0};
    scull_tensor_view_t view = {0};
    if (!take_output(engine, context, i, &info, &view) ||
        !write_raw(info.name, view.dtype, view.rank, view.dims, view.data, view.size))
      return false;
  }
  return true;
}

/* --- accuracy -----------------------------------------------------------------------------------
 */

/* Sums over the elements of two tensors, a ours and b the reference. */
typedef struct {
  size_t count, outside;
  double absolute, squares, largest, ab, aa, bb;
} distance_t;

static void add_element(distance_t *d, double a, double b, const trtexec_options_t *o) {
  const double difference = fabs(a - b);
  d->count++;
  /* written so that a NaN is outside, unless both are */
  d->outside += !(difference <= o->atol + o->rtol * fabs(b)) && !(isnan(a) && isnan(b)) && a != b;
  d->absolute += difference;
  d->squares += difference * difference;
  d->largest = difference > d->largest || isnan(difference) ? difference : d->largest;
  d->ab += a * b;
  d->aa += a * a;
  d->bb += b * b;
}

static double distance_of(const distance_t *d, const char *algorithm) {
  const double count = d->count > 0 ? (double)d->count : 1;
  if (algorithm == NULL || strcmp(algorithm, "l0") == 0)
    return (double)d->outside / count;
  if (strcmp(algorithm, "l1") == 0)
    return d->absolute / count;
  if (strcmp(algorithm, "l2") == 0)
    return sqrt(d->squares);
  if (strcmp(algorithm, "lInf") == 0)
    return d->largest;
  return d->aa == 0 && d->bb == 0 ? 0 : 1 - d->ab / sqrt(d->aa * d->bb);
}

static bool compare_output(const trtexec_options_t *o, const scull_tensor_info_t *info,
                           const scull_tensor_view_t *view, const char *path) {
  distance_t d = {0};
  void *reference = calloc(1, view->size + 1);
  if (reference == NULL)
    return trtexec_fail_memory();
  bool ok = trtexec_file_read(path, reference, view->size);
  const size_t count = ok ? element_count(view) : 0;
  for (size_t i = 0; i < count; i++)
    add_element(&d, trtexec_element(view->data, view->dtype, i),
                trtexec_element(reference, view->dtype, i), o);
  free(reference);
  if (!ok)
    return false;
  const double distance = distance_of(&d, o->accuracy_algorithm);
  ok = distance <= o->accuracy_threshold;
  trtexec_say(ok ? 'I' : 'E', "Accuracy of %s: %s = %g, threshold %g: %s", info->name,
              o->accuracy_algorithm == NULL ? "l0" : o->accuracy_algorithm, distance,
              o->accuracy_threshold, ok ? "PASSED" : "FAILED");
  return ok;
}

static bool compare_all(const trtexec_options_t *o, const trtexec_pairs_t *pairs,
                        const scull_engine_t *engine, scull_context_t *context) {
  bool ok = true;
  for (size_t i = 0; i < pairs->count; i++) {
    size_t index = 0;
    scull_tensor_info_t info = {0};
    scull_tensor_view_t view = {0};
    if (scull_engine_find_output(engine, pairs->items[i].name, &index) != SCULL_OK)
      return trtexec_fail("--loadRefOutputs: there is no output '%s'", pairs->items[i].name);
    if (!take_output(engine, context, index, &info, &view))
      return false;
    ok = compare_output(o, &info, &view, pairs->items[i].value) && ok;
  }
  return ok;
}

bool trtexec_report_accuracy(const trtexec_options_t *options, const scull_engine_t *engine,
                             scull_context_t *context) {
  trtexec_pairs_t pairs;
  if (!trtexec_pairs_read(&options->references, "loadRefOutputs", &pairs))
    return false;
  const bool ok = compare_all(options, &pairs, engine, context);
  trtexec_pairs_deinit(&pairs);
  return ok;
}

/* --- layers -------------------------------------------------------------------------------------
 */

static double share_of(const trtexec_profile_t *profile, double time) {
  return profile->total > 0 ? 100 * time / profile->total : 0;
}

static void print_profile(const trtexec_profile_t *profile) {
  const double runs = (double)profile->runs;
  double medians = 0;
  trtexec_say('I', "=== Profile (%zu iterations ) ===", profile->runs);
  trtexec_say('I', "%11s %11s %11s %8s   Layer", "Time(ms)", "Avg.(ms)", "Median(ms)", "Time(%)");
  for (size_t i = 0; i < profile->count; i++) {
    const trtexec_layer_t *layer = &profile->items[i];
    trtexec_say('I', "%11.2f %11.4f %11.4f %8.1f   %s", layer->total, layer->total / runs,
                layer->median, share_of(profile, layer->total), layer->name);
    medians += layer->median;
  }
  trtexec_say('I', "%11.2f %11.4f %11.4f %8.1f   Total", profile->total, profile->total / runs,
              medians, 100.0);
}

static bool export_profile(const char *path, const trtexec_profile_t *profile) {
  FILE *file = trtexec_json_open(path);
  if (file == NULL)
    return false;
  fprintf(file, "[\n  { \"count\" : %zu }", profile->runs);
  for (size_t i = 0; i < profile->count; i++) {
    const trtexec_layer_t *layer = &profile->items[i];
    fputs(",\n  { \"name\" : ", file);
    trtexec_json_text(file, layer->name);
    fprintf(file,
            ", \"timeMs\" : %.6f, \"averageMs\" : %.6f, \"medianMs\" : %.6f, "
            "\"percentage\" : %.4f }",
            layer->total, layer->total / (double)profile->runs, layer->median,
            share_of(profile, layer->total));
  }
  fputs("\n]\n", file);
  return trtexec_json_close(file, path);
}

bool trtexec_report_profile(const trtexec_options_t *options, const trtexec_profile_t *profile) {
  if (options->dump_profile)
    print_profile(profile);
  return options->export_profile == NULL || export_profile(options->export_profile, profile);
}
