/* Operators that Scull knows and does not take, with the reason: better words than "unknown". */
#include "import/onnx/call.h"

static scull_status_t random_numbers(scull_onnx_call_t *call) {
  return scull_import_unsupported(&call->emitter,
                                  "it draws random numbers, and a plan gives the same answer to "
                                  "the same question");
}

static scull_status_t texts(scull_onnx_call_t *call) {
  return scull_import_unsupported(&call->emitter,
                                  "it works on texts, and Scull has tensors of numbers only");
}

static const scull_onnx_row_t rows[] = {
    {"Bernoulli", 15, 0, random_numbers, NULL, NULL},
    {"Multinomial", 7, 0, random_numbers, NULL, NULL},
    {"RandomNormal", 1, 0, random_numbers, NULL, NULL},
    {"RandomNormalLike", 1, 0, random_numbers, NULL, NULL},
    {"RandomUniform", 1, 0, random_numbers, NULL, NULL},
    {"RandomUniformLike", 1, 0, random_numbers, NULL, NULL},
    {"RegexFullMatch", 20, 0, texts, NULL, NULL},
    {"StringConcat", 20, 0, texts, NULL, NULL},
    {"StringNormalizer", 10, 0, texts, NULL, NULL},
    {"StringSplit", 20, 0, texts, NULL, NULL},
};

SCULL_ONNX_ROWS(refused, "", rows);
