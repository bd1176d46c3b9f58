/* Arrays that the door gives away. Private to doors/paddle. All are NULL when memory is short. */
#ifndef SCULL_DOORS_PADDLE_ARRAYS_H
#define SCULL_DOORS_PADDLE_ARRAYS_H

#include <paddle/pd_utils.h>

PD_Cstr *door_cstr(const char *text);
PD_OneDimArrayCstr *door_cstr_array(const char *const *texts, size_t count);
PD_OneDimArrayInt32 *door_int32_array(const int64_t *items, size_t count);
PD_IOInfo *door_io_info(const char *name, const int64_t *dims, size_t rank, PD_DataType dtype);
/* Offsets, a level an array. */
PD_TwoDimArraySize *door_size_arrays(const PD_TwoDimArraySize *src);

#endif
