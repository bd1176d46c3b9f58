# Installed: the library, its headers, the command, a pkg-config file and a CMake package, each of
# which tests/consumer tries from a project of its own.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/scull)
set(generated ${PROJECT_BINARY_DIR}/package)

install(TARGETS scull EXPORT scullTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/scull DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.h")

# The Paddle door, under the names that its users link: no version in the soname, as upstream's.
install(TARGETS paddle_inference_c EXPORT scullTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/paddle DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.h")
set_target_properties(paddle_inference_c PROPERTIES INSTALL_RPATH "\$ORIGIN")

# The commands find the library beside itself, wherever they are put.
set_target_properties(scull_command scull_trtexec PROPERTIES
  INSTALL_RPATH "\$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
install(TARGETS scull_command scull_trtexec RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

install(EXPORT scullTargets NAMESPACE scull:: DESTINATION ${package_dir})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/scullConfig.cmake.in
  ${generated}/scullConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${generated}/scullConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${generated}/scullConfig.cmake ${generated}/scullConfigVersion.cmake
        DESTINATION ${package_dir})

# The way from the .pc file back to the prefix: the installation may be moved.
file(RELATIVE_PATH pc_to_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(${CMAKE_CURRENT_LIST_DIR}/scull.pc.in ${generated}/scull.pc @ONLY)
configure_file(${CMAKE_CURRENT_LIST_DIR}/paddle_inference_c.pc.in
               ${generated}/paddle_inference_c.pc @ONLY)
install(FILES ${generated}/scull.pc ${generated}/paddle_inference_c.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
