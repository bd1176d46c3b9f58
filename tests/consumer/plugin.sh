#!/bin/sh
# tests/consumer/plugin.sh BUILD_DIR PROJECT_DIR C_FLAGS: a plug-in outside the tree, built against
# the installed headers, used by a program and by the installed command.
set -eu
build=$1 project=$2 flags=$3
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

fail() {
  echo "plugin.sh: $1"
  exit 1
}

cmake --install "$build" --prefix "$tmp/prefix" >/dev/null
cp -r "$project" "$tmp/project"
cmake -S "$tmp/project" -B "$tmp/project/build" -G Ninja -DCMAKE_PREFIX_PATH="$tmp/prefix" \
  -DCMAKE_C_FLAGS="$flags" >"$tmp/log" 2>&1 || { cat "$tmp/log"; exit 1; }
cmake --build "$tmp/project/build" >"$tmp/log" 2>&1 || { cat "$tmp/log"; exit 1; }
lib=$tmp/project/build/libscull_rbf.so
models=$tmp/project/models
"$tmp/project/build/rbf_test" "$lib" "$tmp" \
  "$models/rbf.onnx" "$models/rbf_onnx_x.f32" "$models/rbf_onnx_y.f32" \
  "$models/rbf.pdmodel" "$models/rbf_paddle_x.f32" "$models/rbf_paddle_y.f32" \
  "$tmp/rbf.onnx" "$models/rbf_export_x.f32" "$models/rbf_export_y.f32"

# A process without the plug-in says what is missing; with it, by name or by path, all is well.
scull=$tmp/prefix/bin/scull
if "$scull" bench "$tmp/rbf_native.plan" --duration 0.1 >"$tmp/log" 2>&1; then
  fail "a plan without its plug-in was opened"
fi
grep -q "needs the plug-in 'scull_rbf' (version 1), which is not loaded" "$tmp/log" ||
  { cat "$tmp/log"; fail "the message does not name the plug-in"; }
if "$scull" build "$models/rbf.onnx" -o "$tmp/x.plan" >"$tmp/log" 2>&1; then
  fail "a model with an unknown operator was built"
fi
grep -q RadialBasis "$tmp/log" || { cat "$tmp/log"; fail "the message does not name the operator"; }
"$scull" build "$models/rbf.onnx" --plugin "$lib" --min-subgraph 0 -o "$tmp/x.plan" >"$tmp/log" 2>&1 ||
  { cat "$tmp/log"; fail "build with --plugin"; }
"$scull" show "$tmp/x.plan" --plugin="$lib" >/dev/null || fail "show with --plugin"
"$scull" ops --plugin "$lib" | grep -q demo.rbf || fail "ops does not list the operator"
SCULL_PLUGIN_PATH=/no/such/folder:$tmp/project/build "$scull" bench "$tmp/x.plan" --duration 0.1 \
  >"$tmp/log" 2>&1 || { cat "$tmp/log"; fail "bench by SCULL_PLUGIN_PATH"; }
trtexec=$tmp/prefix/bin/scull-trtexec
"$trtexec" --onnx="$models/rbf.onnx" --dynamicPlugins="$lib" --plugins=/no/such/lib.so --skipInference >"$tmp/log" 2>&1 ||
  { cat "$tmp/log"; fail "scull-trtexec --dynamicPlugins"; }
grep -q '\[W\] /no/such/lib.so is no plug-in of Scull: ' "$tmp/log" || { cat "$tmp/log"; fail "a library that is none is not named"; }
