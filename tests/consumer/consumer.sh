#!/bin/sh
# tests/consumer/consumer.sh BUILD_DIR PROJECT_DIR C_FLAGS: installs the build into a scratch folder
# and builds a project outside the tree against it, through the CMake package and through
# pkg-config, in C17 and in C++17. 77: no C++ compiler.
set -eu
build=$1 project=$2 flags=$3
model=$project/../../../zoo/digits
command -v "${CXX:-c++}" >/dev/null 2>&1 || { echo "skipped: no C++ compiler"; exit 77; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

cmake --install "$build" --prefix "$tmp/prefix" >/dev/null
cp -r "$project" "$tmp/project"
cmake -S "$tmp/project" -B "$tmp/project/build" -G Ninja -DCMAKE_PREFIX_PATH="$tmp/prefix" \
  -DCMAKE_C_FLAGS="$flags" -DCMAKE_CXX_FLAGS="$flags" >"$tmp/log" 2>&1 || { cat "$tmp/log"; exit 1; }
cmake --build "$tmp/project/build" >"$tmp/log" 2>&1 || { cat "$tmp/log"; exit 1; }
"$tmp/project/build/consumer_c"
"$tmp/project/build/consumer_cpp"

# The command runs from where it was installed.
"$tmp/prefix/bin/scull" --version

if command -v pkg-config >/dev/null 2>&1; then
  pc=$(dirname "$(find "$tmp/prefix" -name scull.pc)")
  # shellcheck disable=SC2046,SC2086
  "${CC:-cc}" -std=c17 $flags "$project/consumer.c" -o "$tmp/by_pc" \
    $(PKG_CONFIG_PATH="$pc" pkg-config --cflags --libs scull) -Wl,-rpath,"$(dirname "$pc")"
  "$tmp/by_pc"
  # shellcheck disable=SC2046,SC2086
  "${CC:-cc}" -std=c17 $flags "$project/paddle.c" -o "$tmp/paddle_by_pc" \
    $(PKG_CONFIG_PATH="$pc" pkg-config --cflags --libs paddle_inference_c) \
    -Wl,-rpath,"$(dirname "$pc")" -Wl,-rpath-link,"$(dirname "$pc")"
  "$tmp/paddle_by_pc" "$model"
fi
