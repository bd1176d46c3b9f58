/* Two plans of one model on the same inputs: how far one's results are from the other's, or how
 * often each is right. */
#ifndef SCULL_TOOL_EVALUATE_H
#define SCULL_TOOL_EVALUATE_H

#include "samples.h"

/* In the order of cli_metric_words. A loss is in percent, 0 when the two agree. */
typedef enum cli_metric {
  CLI_METRIC_SQNR,   /* power of the difference over that of the results */
  CLI_METRIC_COSINE, /* 1 - cosine of the angle between the results, mean over the inputs */
  CLI_METRIC_KL,   /* Kullback-Leibler divergence of output 0's rows as probabilities, in nats x 100
                    */
  CLI_METRIC_TOP1, /* how many fewer rows of output 0 have their largest element at the label */
} cli_metric_t;
#define CLI_METRIC_WORDS "sqnr|cosine|kl|top1"

typedef struct cli_score {
  double loss;        /* percent */
  double there, here; /* top1 of the float plan and of this one, percent; other metrics: 0 */
  size_t rows;
} cli_score_t;

/* Labels of the held-out inputs, in their order. */
typedef struct cli_labels {
  int64_t *items;
  size_t count;
} cli_labels_t;

/* A line an input: LABEL, in the inputs' order, or FILE LABEL. Refuses what does not match the
 * inputs. */
CLI_CHECKED scull_status_t cli_labels_read(const char *path, const cli_list_t *inputs,
                                           cli_labels_t *out);
void cli_labels_deinit(cli_labels_t *labels);

/* Runs both plans on all inputs, from the first. `labels` for top1 only. */
CLI_CHECKED scull_status_t cli_evaluate(scull_engine_t *here, scull_engine_t *there,
                                        cli_samples_t *samples, cli_metric_t metric,
                                        const cli_labels_t *labels, cli_score_t *out);

/* Tensors with the names and tuned shapes of an engine's inputs; *out is yours to free. */
CLI_CHECKED scull_status_t cli_evaluate_tensors(const scull_engine_t *engine,
                                                scull_named_tensor_t **out);

#endif
