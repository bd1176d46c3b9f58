# One object library a folder of src/, in the order of the data; libscull is all of them together.
set(SCULL_FOLDERS base tensor ops graph import passes quant export backend plugin tune lower plan runtime build
                  api)

# Sources of a folder, without tests; thread bodies and oneDNN's files depend on the options.
function(scull_folder_sources folder out)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${folder}/*.c)
  list(FILTER sources EXCLUDE REGEX "_test\\.c$")
  list(FILTER sources EXCLUDE REGEX "src/backend/(cuda|cpu/simd)/")
  if(SCULL_THREADS STREQUAL "openmp")
    list(FILTER sources EXCLUDE REGEX "thread_pthread\\.c$")
  else()
    list(FILTER sources EXCLUDE REGEX "thread_openmp\\.c$")
  endif()
  if(NOT SCULL_ONEDNN)
    list(FILTER sources EXCLUDE REGEX "/onednn[_a-z0-9]*\\.c$")
  endif()
  set(${out} ${sources} PARENT_SCOPE)
endfunction()

# Kernels that are written once and compiled for each instruction set; the device's features choose
# at run time. Those of small integers (int8_*.c) want VNNI beside AVX-512, those of bf16 AVX512-BF16.
function(scull_add_simd name pattern)
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/backend/cpu/simd/*.c)
  list(FILTER sources INCLUDE REGEX "${pattern}")
  add_library(scull_${name} OBJECT ${sources})
  target_include_directories(scull_${name} PRIVATE ${PROJECT_SOURCE_DIR}/src
                                                   ${PROJECT_SOURCE_DIR}/include)
  target_link_libraries(scull_${name} PRIVATE scull_warnings)
  target_compile_options(scull_${name} PRIVATE ${ARGN})
endfunction()

function(scull_add_folders)
  set(avx512 -mavx2 -mfma -mavx512f -mavx512bw -mavx512dq -mavx512vl -mprefer-vector-width=512)
  scull_add_simd(avx2 "/([a-z0-9]+|int8_[a-z]*)[.]c$" -mavx2 -mfma)
  scull_add_simd(avx512 "/[a-z0-9]+[.]c$" ${avx512})
  scull_add_simd(vnni "/int8_[a-z]*[.]c$" ${avx512} -mavx512vnni)
  scull_add_simd(bf16 "/bf16_[a-z]*[.]c$" ${avx512} -mavx512vnni -mavx512bf16)
  set(simd $<TARGET_OBJECTS:scull_avx2> $<TARGET_OBJECTS:scull_avx512> $<TARGET_OBJECTS:scull_vnni>
           $<TARGET_OBJECTS:scull_bf16>)
  set(objects ${simd})
  foreach(folder ${SCULL_FOLDERS})
    scull_folder_sources(${folder} sources)
    if(NOT sources)
      continue()
    endif()
    add_library(scull_${folder} OBJECT ${sources})
    target_include_directories(scull_${folder} PRIVATE ${PROJECT_SOURCE_DIR}/src
                                                       ${PROJECT_SOURCE_DIR}/include)
    target_link_libraries(scull_${folder} PRIVATE scull_warnings)
    target_compile_definitions(scull_${folder} PRIVATE SCULL_BUILD SCULL_LIBRARY_VERSION="${PROJECT_VERSION}"
                               $<$<BOOL:${SCULL_ONEDNN}>:SCULL_ONEDNN=1>)
    if(SCULL_THREADS STREQUAL "openmp")
      target_link_libraries(scull_${folder} PRIVATE OpenMP::OpenMP_C)
    endif()
    list(APPEND objects $<TARGET_OBJECTS:scull_${folder}>)
  endforeach()

  set_source_files_properties(${PROJECT_SOURCE_DIR}/src/base/hash_avx2.c
                              PROPERTIES COMPILE_OPTIONS -mavx2)

  # What running a plan needs and nothing else: it links without importers, graphs, passes and
  # search, which keeps the runtime's closure honest. It has no public door of its own yet.
  set(runtime ${simd})
  foreach(folder base tensor ops backend plugin plan runtime)
    list(APPEND runtime $<TARGET_OBJECTS:scull_${folder}>)
  endforeach()
  add_library(scull_rt SHARED ${runtime})
  target_link_options(scull_rt PRIVATE ${SCULL_COMPLETE})

  # Tests see everything; users see the shared library, which shows SCULL_API only.
  add_library(scull_static STATIC ${objects})
  add_library(scull SHARED ${objects})
  set_target_properties(scull PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION 0)
  target_link_options(scull PRIVATE ${SCULL_COMPLETE} -Wl,-z,relro,-z,now)
  target_link_libraries(scull_rt PRIVATE Threads::Threads m
                        $<$<BOOL:${SCULL_ONEDNN}>:${SCULL_DNNL}>)
  if(SCULL_THREADS STREQUAL "openmp")
    target_link_libraries(scull_rt PRIVATE OpenMP::OpenMP_C)
  endif()
  foreach(library scull_static scull)
    target_include_directories(${library} INTERFACE
      $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    target_link_libraries(${library} PRIVATE Threads::Threads m ${SCULL_JANSSON}
                          $<$<BOOL:${SCULL_ONEDNN}>:${SCULL_DNNL}>)
    if(SCULL_THREADS STREQUAL "openmp")
      target_link_libraries(${library} PRIVATE OpenMP::OpenMP_C)
    endif()
  endforeach()
endfunction()
