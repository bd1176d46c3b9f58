# The strict warnings of the project, as errors, from the first day.
add_library(scull_warnings INTERFACE)
target_compile_options(scull_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wdouble-promotion
  -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wvla -Wundef -Wcast-qual
  -Wwrite-strings -Wformat=2 -Wimplicit-fallthrough -Werror)
if(CMAKE_C_COMPILER_ID MATCHES "Clang") # it also means operands whose other side is a double already
  target_compile_options(scull_warnings INTERFACE -Wno-double-promotion)
endif()
