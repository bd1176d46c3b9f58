# Installed: the library, its headers, the command, a pkg-config file and a CMake package.
