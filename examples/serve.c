/* Serves requests from several threads: one engine, a context a thread, a queue between. The
 * answers are those of one thread, bit for bit.
 *
 *   serve net.plan items.npy [THREADS] */
#include <pthread.h>

#include "common.h"
#include "npy.h"

/* Requests are the numbers of items; `next` is the queue. */
typedef struct {
  scull_engine_t *engine;
  npy_t items;
  pthread_mutex_t lock;
  size_t next, classes;
  float *answers; /* one row a request */
} server_t;

static bool take(server_t *server, size_t *request) {
  pthread_mutex_lock(&server->lock);
  const bool more = server->next < (size_t)server->items.dims[0];
  *request = more ? server->next++ : 0;
  pthread_mutex_unlock(&server->lock);
  return more;
}

/* A context belongs to one thread: it is made, used and given back here. */
static void *serve(void *user) {
  server_t *server = user;
  scull_context_t *context = NULL;
  scull_context_options_t options;
  size_t request = 0;
  scull_context_options_init(&options);
  options.threads = 1; /* the requests are the parallel part */
  must(scull_context_create(server->engine, &options, &context));
  int64_t dims[NPY_MOST_DIMS] = {1};
  for (int32_t i = 1; i < server->items.rank; i++)
    dims[i] = server->items.dims[i];
  must(scull_context_set_input_shape(context, 0, server->items.rank, dims));
  while (take(server, &request)) {
    must(scull_context_set_input(context, 0,
                                 (float *)server->items.data + request * server->items.row,
                                 server->items.row * sizeof(float)));
    must(scull_context_run(context));
    const scull_tensor_view_t scores = output_of(context, 0);
    memcpy(server->answers + request * server->classes, scores.data, scores.size);
  }
  scull_context_destroy(context);
  return NULL;
}

int main(int count, char **words) {
  enum { MOST = 64 };
  pthread_t threads[MOST];
  server_t server = {.lock = PTHREAD_MUTEX_INITIALIZER};
  scull_tensor_info_t info;
  const long wanted = count > 3 ? strtol(words[3], NULL, 10) : 4;
  if (count < 3 || wanted < 1 || wanted > MOST) {
    fprintf(stderr, "usage: serve PLAN ITEMS.npy [THREADS]\n");
    return 2;
  }
  if (!npy_read(words[2], "<f4", sizeof(float), &server.items))
    return 1;
  must(scull_engine_open(words[1], NULL, &server.engine));
  must(scull_engine_output(server.engine, 0, &info));
  server.classes = 1;
  for (int32_t i = 1; i < info.rank; i++)
    server.classes *= (size_t)info.max[i];
  const size_t all = (size_t)server.items.dims[0] * server.classes;
  float *answers = must_have(calloc(all, sizeof *answers));
  float *alone = must_have(calloc(all, sizeof *alone));
  server.answers = alone;
  serve(&server); /* one thread */
  server.answers = answers;
  server.next = 0;
  for (long i = 0; i < wanted; i++) {
    if (pthread_create(&threads[i], NULL, serve, &server) != 0)
      return 1;
  }
  for (long i = 0; i < wanted; i++)
    pthread_join(threads[i], NULL);
  const bool equal = memcmp(answers, alone, all * sizeof *answers) == 0;
  printf("%lld requests, %ld threads: answers are %s\n", (long long)server.items.dims[0], wanted,
         equal ? "equal" : "DIFFERENT");
  scull_engine_destroy(server.engine);
  free(server.items.data);
  free(answers);
  free(alone);
  return equal ? 0 : 1;
}
