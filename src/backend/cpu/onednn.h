/* What the CPU backend shares about oneDNN: version 2.6 and 3.x behind one set of helpers. */
#ifndef SCULL_BACKEND_CPU_ONEDNN_H
#define SCULL_BACKEND_CPU_ONEDNN_H

#include <stddef.h>

/* Prints "onednn 2.6.3" of the library that is loaded. */
void scull_onednn_version(char *out, size_t size);

#endif
