/* A user's program in C17. Without arguments it prints the version; with a plan it runs it once on
 * zeros. */
#include <scull/scull.h>
#include <stdio.h>
#include <stdlib.h>

static int fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, scull_last_error());
  return EXIT_FAILURE;
}

static size_t bytes_of(const scull_tensor_info_t *info) {
  size_t count = sizeof(float);
  for (int32_t i = 0; i < info->rank; i++)
    count *= (size_t)info->opt[i];
  return count;
}

static int run(scull_engine_t *engine, scull_context_t *context) {
  scull_tensor_info_t info;
  scull_tensor_view_t out;
  if (scull_engine_input(engine, 0, &info) != SCULL_OK)
    return fail("input");
  void *data = calloc(1, bytes_of(&info));
  if (!data)
    return EXIT_FAILURE;
  int code = EXIT_SUCCESS;
  if (scull_context_set_input(context, 0, data, bytes_of(&info)) != SCULL_OK ||
      scull_context_run(context) != SCULL_OK || scull_context_output(context, 0, &out) != SCULL_OK)
    code = fail("run");
  else
    printf("%s -> %zu bytes\n", info.name, out.size);
  free(data);
  return code;
}

int main(int argc, char **argv) {
  scull_engine_t *engine = NULL;
  scull_context_t *context = NULL;
  printf("Scull %s\n", scull_version());
  if (argc < 2)
    return EXIT_SUCCESS;
  if (scull_engine_open(argv[1], NULL, &engine) != SCULL_OK)
    return fail(argv[1]);
  int code = scull_context_create(engine, NULL, &context) == SCULL_OK ? run(engine, context)
                                                                      : fail("context");
  scull_context_destroy(context);
  scull_engine_destroy(engine);
  return code;
}
