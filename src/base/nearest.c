/* Edit distance with swaps of neighbours, three rows of the usual table. Long names are no
 * misspelling that is worth finding. */
#include "base/nearest.h"

#include <stdio.h>
#include <string.h>

enum { LONGEST = 96 };

static size_t least(size_t a, size_t b) {
  return a < b ? a : b;
}

static size_t distance_of(const char *a, size_t rows, const char *b, size_t columns) {
  size_t table[3][LONGEST + 1];
  for (size_t k = 0; k <= columns; k++)
    table[0][k] = k;
  for (size_t i = 1; i <= rows; i++) {
    size_t *row = table[i % 3];
    const size_t *above = table[(i + 2) % 3], *second = table[(i + 1) % 3];
    row[0] = i;
    for (size_t k = 1; k <= columns; k++) {
      row[k] = least(above[k - 1] + (a[i - 1] != b[k - 1]), 1 + least(above[k], row[k - 1]));
      if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
        row[k] = least(row[k], second[k - 2] + 1);
    }
  }
  return table[rows % 3][columns];
}

void scull_base_nearest_init(scull_nearest_t *nearest, const char *wanted) {
  *nearest = (scull_nearest_t){.wanted = wanted, .distance = strlen(wanted) / 3 + 1};
}

void scull_base_nearest_offer(scull_nearest_t *nearest, const char *name) {
  size_t wanted = strlen(nearest->wanted), length = strlen(name);
  if (wanted > LONGEST || length > LONGEST)
    return;
  size_t distance = distance_of(nearest->wanted, wanted, name, length);
  if (distance < nearest->distance) {
    nearest->distance = distance;
    nearest->name = name;
  }
}

const char *scull_base_nearest_words(scull_nearest_t *nearest) {
  nearest->words[0] = '\0';
  if (nearest->name != NULL)
    snprintf(nearest->words, sizeof nearest->words, " (did you mean '%s'?)", nearest->name);
  return nearest->words;
}
