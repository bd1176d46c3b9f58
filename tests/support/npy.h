/* Arrays of NumPy's .npy files, for tests: version 1, C order, little-endian. */
#ifndef SCULL_TESTS_SUPPORT_NPY_H
#define SCULL_TESTS_SUPPORT_NPY_H

#include "base/file.h"
#include "tensor/tensor.h"

/* Reads an array. tensor->data is yours: scull_base_free. */
scull_status_t npy_read(const char *path, scull_tensor_t *tensor, scull_diag_t *diag);

#endif
