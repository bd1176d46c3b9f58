# The CUDA backend: a library of its own, libscull_cuda.so, which libscull opens by name. Built when
# nvcc is found; the CUDA runtime is linked in and finds the driver by itself, so nothing else is
# needed to load it. Kernels that use Hopper's matrix unit are compiled for it alone, the others for
# SCULL_CUDA_ARCHITECTURES, the last of them also as PTX for what comes later.
set(SCULL_CUDA "AUTO" CACHE STRING "Build the CUDA backend: AUTO, ON or OFF")
set_property(CACHE SCULL_CUDA PROPERTY STRINGS AUTO ON OFF)
set(SCULL_CUDA_ARCHITECTURES "90" CACHE STRING
    "Compute capabilities of the general kernels; packages want 80;90;100 (5.6 MB)")

function(scull_add_cuda)
  if(SCULL_CUDA STREQUAL "OFF")
    return()
  endif()
  find_program(SCULL_NVCC nvcc HINTS /usr/local/cuda/bin ENV CUDA_PATH PATH_SUFFIXES bin)
  if(NOT SCULL_NVCC)
    if(SCULL_CUDA STREQUAL "ON")
      message(FATAL_ERROR "SCULL_CUDA is ON, but nvcc was not found")
    endif()
    message(STATUS "nvcc was not found: libscull_cuda.so is not built")
    return()
  endif()
  file(REAL_PATH ${SCULL_NVCC} nvcc)
  get_filename_component(toolkit ${nvcc} DIRECTORY)
  get_filename_component(toolkit ${toolkit} DIRECTORY)
  find_library(SCULL_CUDART cudart_static HINTS ${toolkit}
               PATH_SUFFIXES lib64 targets/x86_64-linux/lib lib REQUIRED)
  find_path(SCULL_CUDA_INCLUDE cuda_runtime_api.h HINTS ${toolkit}
            PATH_SUFFIXES include targets/x86_64-linux/include REQUIRED)

  set(general)
  foreach(architecture ${SCULL_CUDA_ARCHITECTURES})
    list(APPEND general -gencode arch=compute_${architecture},code=sm_${architecture})
    set(last ${architecture})
  endforeach()
  list(APPEND general -gencode arch=compute_${last},code=compute_${last})
  set(hopper -gencode arch=compute_90a,code=sm_90a)

  file(GLOB kernels CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/backend/cuda/*.cu)
  set(objects)
  foreach(source ${kernels})
    get_filename_component(name ${source} NAME_WE)
    set(object ${PROJECT_BINARY_DIR}/cuda/${name}.o)
    file(STRINGS ${source} for_hopper REGEX "conv_common")
    set(flags ${general})
    if(for_hopper)
      set(flags ${hopper})
    endif()
    add_custom_command(
      OUTPUT ${object}
      COMMAND ${CMAKE_COMMAND} -E make_directory ${PROJECT_BINARY_DIR}/cuda
      COMMAND ${CMAKE_C_COMPILER_LAUNCHER} ${SCULL_NVCC} -std=c++17 -O3 ${flags} -Xfatbin
              -compress-all -Xcompiler=-fPIC,-fvisibility=hidden,-fno-threadsafe-statics
              -I${PROJECT_SOURCE_DIR}/src -I${PROJECT_SOURCE_DIR}/include -MD -MF ${object}.d -c
              ${source} -o ${object}
      DEPENDS ${source}
      DEPFILE ${object}.d
      COMMENT "nvcc ${name}.cu"
      VERBATIM)
    list(APPEND objects ${object})
  endforeach()

  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/backend/cuda/*.c)
  list(FILTER sources EXCLUDE REGEX "_test\\.c$")
  # The headers of cuDNN and cuBLAS are enough: tactics ask for the libraries by name.
  find_path(SCULL_CUDNN_INCLUDE cudnn.h HINTS ${toolkit}
            PATH_SUFFIXES include targets/x86_64-linux/include)
  if(NOT SCULL_CUDNN_INCLUDE)
    message(STATUS "cudnn.h was not found: libscull_cuda.so is built without cuDNN's tactics")
    list(FILTER sources EXCLUDE REGEX "/cudnn_[a-z]*\\.c$")
  endif()
  find_path(SCULL_CUBLAS_INCLUDE cublasLt.h HINTS ${toolkit}
            PATH_SUFFIXES include targets/x86_64-linux/include)
  if(NOT SCULL_CUBLAS_INCLUDE)
    message(STATUS "cublasLt.h was not found: libscull_cuda.so is built without cuBLAS's tactics")
    list(FILTER sources EXCLUDE REGEX "/cublas_[a-z]*\\.c$")
  endif()
  add_library(scull_cuda MODULE ${sources} ${objects})
  set_source_files_properties(${objects} PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
  target_include_directories(scull_cuda PRIVATE ${PROJECT_SOURCE_DIR}/src
                                                ${PROJECT_SOURCE_DIR}/include)
  target_include_directories(scull_cuda SYSTEM PRIVATE ${SCULL_CUDA_INCLUDE})
  if(SCULL_CUDNN_INCLUDE)
    target_include_directories(scull_cuda SYSTEM PRIVATE ${SCULL_CUDNN_INCLUDE})
    target_compile_definitions(scull_cuda PRIVATE SCULL_CUDNN=1)
  endif()
  if(SCULL_CUBLAS_INCLUDE)
    target_include_directories(scull_cuda SYSTEM PRIVATE ${SCULL_CUBLAS_INCLUDE})
    target_compile_definitions(scull_cuda PRIVATE SCULL_CUBLAS=1)
  endif()
  # Of our own code it takes what it uses: reading of sites, geometry of operators, memory.
  target_link_libraries(scull_cuda PRIVATE scull_warnings scull_static ${SCULL_CUDART} rt dl
                                           Threads::Threads m)
  target_link_options(scull_cuda PRIVATE -Wl,--as-needed -Wl,--no-undefined
                      -Wl,--exclude-libs,ALL -Wl,-z,relro,-z,now)
  install(TARGETS scull_cuda LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
endfunction()
