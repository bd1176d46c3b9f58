/* What the run of the cases showed to work: docs/support.md, which is never written by hand. */
#ifndef SCULL_TESTS_CONFORMANCE_SUPPORT_H
#define SCULL_TESTS_CONFORMANCE_SUPPORT_H

#include "ops/opdef.h"

/* Notes that an operator gave the right answer with elements of this type: by its reference kernel
 * (device "reference") or by some tactic of a backend, on its own. */
void support_note(const char *device, const scull_opdef_t *def, scull_dtype_t dtype);

/* Says when docs/support.md is not what this run shows; with SCULL_CHECK_SUPPORT set (the option of
 * the build sets it for ctest) that is a failed test, whose number is returned. With
 * SCULL_WRITE_SUPPORT set the page is written anew. On another processor than the one whose run is
 * in the file, the columns of devices are not compared. */
int support_check(void);

#endif
