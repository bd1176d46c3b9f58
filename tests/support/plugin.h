/* A plug-in for tests: test.weigh (two tactics with states) and test.positive (an extent that
 * depends on data). */
#ifndef SCULL_TESTS_SUPPORT_PLUGIN_H
#define SCULL_TESTS_SUPPORT_PLUGIN_H

#include <scull/plugin.h>

extern const scull_plugin_t plugin_of_tests;

/* States so far: made and given back, of engines (0, 1) and of contexts (2, 3). */
long plugin_count(int which);

#endif
