/* The binary interface: prototypes, sizes, offsets and values as upstream's 2.5 and later have
 * them. */
#include <stddef.h>

#include <paddle/pd_inference_api.h>

#define PROTOTYPE(result, name, arguments)                                                         \
  _Static_assert(_Generic(&name, result(*) arguments : 1, default : 0), #name);
#include "paddle/prototypes.def"
#undef PROTOTYPE

#define VALUE(name, value) _Static_assert(name == (value), #name)
VALUE(PD_PRECISION_FLOAT32, 0);
VALUE(PD_PRECISION_INT8, 1);
VALUE(PD_PRECISION_HALF, 2);
VALUE(PD_PLACE_UNK, -1);
VALUE(PD_PLACE_CPU, 0);
VALUE(PD_PLACE_GPU, 1);
VALUE(PD_PLACE_XPU, 2);
VALUE(PD_PLACE_CUSTOM, 3);
VALUE(PD_DATA_UNK, -1);
VALUE(PD_DATA_FLOAT32, 0);
VALUE(PD_DATA_INT32, 1);
VALUE(PD_DATA_INT64, 2);
VALUE(PD_DATA_UINT8, 3);
VALUE(PD_DATA_INT8, 4);
VALUE(TRUE, 1);
VALUE(FALSE, 0);

#define SIZE(type, size) _Static_assert(sizeof(type) == (size), #type)
SIZE(PD_Bool, 1);
SIZE(PD_PrecisionType, 4);
SIZE(PD_PlaceType, 4);
SIZE(PD_DataType, 4);
SIZE(PD_OneDimArrayInt32, 2 * sizeof(void *));
SIZE(PD_OneDimArrayInt64, 2 * sizeof(void *));
SIZE(PD_OneDimArraySize, 2 * sizeof(void *));
SIZE(PD_OneDimArrayCstr, 2 * sizeof(void *));
SIZE(PD_Cstr, 2 * sizeof(void *));
SIZE(PD_TwoDimArraySize, 2 * sizeof(void *));
SIZE(PD_IOInfo, 3 * sizeof(void *));
SIZE(PD_IOInfos, 2 * sizeof(void *));
_Static_assert(offsetof(PD_OneDimArrayCstr, data) == sizeof(size_t), "data behind size");
_Static_assert(offsetof(PD_IOInfo, shape) == sizeof(void *), "shape");
_Static_assert(offsetof(PD_IOInfo, dtype) == 2 * sizeof(void *), "dtype");

/* Every function is there at run time, too. */
int main(void) {
  void (*const functions[])(void) = {
#define PROTOTYPE(result, name, arguments) (void (*)(void)) name,
#include "paddle/prototypes.def"
#undef PROTOTYPE
  };
  size_t missing = 0;
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
    missing += functions[i] == NULL;
  return missing > 0 || sizeof functions / sizeof *functions != 128 + 6; /* those of 2.6 */
}
