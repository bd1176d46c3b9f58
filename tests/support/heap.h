/* Counts every allocation of the process, the libraries' among them, by standing in front of the C
 * library's. For one file of a program; not with a sanitizer, which stands there itself. */
#ifndef SCULL_TESTS_SUPPORT_HEAP_H
#define SCULL_TESTS_SUPPORT_HEAP_H

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

static atomic_ulong heap_calls;

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
enum { HEAP_IS_COUNTED = 1 };
#define HEAP_EXPORT __attribute__((visibility("default")))

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t align, size_t size);

HEAP_EXPORT void *malloc(size_t size) {
  atomic_fetch_add(&heap_calls, 1);
  return __libc_malloc(size);
}

HEAP_EXPORT void *calloc(size_t count, size_t size) {
  atomic_fetch_add(&heap_calls, 1);
  return __libc_calloc(count, size);
}

HEAP_EXPORT void *realloc(void *block, size_t size) {
  atomic_fetch_add(&heap_calls, 1);
  return __libc_realloc(block, size);
}

HEAP_EXPORT int posix_memalign(void **out, size_t align, size_t size) {
  atomic_fetch_add(&heap_calls, 1);
  *out = __libc_memalign(align, size);
  return *out == NULL ? ENOMEM : 0;
}

HEAP_EXPORT void *aligned_alloc(size_t align, size_t size) {
  atomic_fetch_add(&heap_calls, 1);
  return __libc_memalign(align, size);
}
#else
enum { HEAP_IS_COUNTED = 0 };
#endif

#endif
