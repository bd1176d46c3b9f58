#!/bin/sh
# tests/examples/paddle.sh PROGRAMS DIGITS: the three programs of the Paddle-TRT guide, one after the
# other, as upstream's users run them: the engine, the table from 500 inputs, INT8 with it; and the files.
set -eu
programs=$1 digits=$2
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/a"
cp "$digits/model.pdmodel" "$digits/model.pdiparams" "$tmp/a"
data="$digits/pictures.npy $digits/labels.npy"

fail() { echo "FAILED: $1"; cat "$tmp/log"; exit 1; }
# run PROGRAM FOLDER WORDS...
run() {
  program=$1 folder=$2
  shift 2
  "$programs/$program" "$tmp/$folder/model.pdmodel" "$tmp/$folder/model.pdiparams" "$@" >"$tmp/log" 2>&1 ||
    fail "$program"
}
# right LEAST: as many pictures are right.
right() {
  got=$(sed -n 's/ of 360 are right$//p' "$tmp/log")
  [ "${got:-0}" -ge "$1" ] || fail "$got are right, not $1"
}
files() { find "$tmp/$1/_opt_cache" -name "$2*" | wc -l; }

# shellcheck disable=SC2086
{
  run run_engine a $data fp32
  right 356 # of Paddle itself: 0.988889
  [ "$(files a trt_serialized_)" -eq 1 ] || fail "the engine is not stored"
  run run_engine a $data fp16
  right 355
  [ "$(files a trt_calib_)" -eq 0 ] || fail "a table nobody asked for"

  run make_table a "$digits/pictures.npy" 500
  grep -q 'calibrating: ' "$tmp/log" || fail "nothing is said of the calibration"
  grep -q '500 inputs are in ' "$tmp/log" || fail "not all inputs count"
  [ "$(files a trt_calib_)" -eq 1 ] || fail "no table"
  grep -Eq '^relu_0.tmp_0: [0-9a-f]{8}' "$tmp"/a/_opt_cache/trt_calib_* || fail "the table's form"

  run run_int8 a $data
  right 355
  if grep -q calibrat "$tmp/log"; then fail "the table is not found"; fi
  grep -aq '"precision": "int8"' "$tmp"/a/_opt_cache/trt_serialized_* ||
    ! grep -qw avx2 /proc/cpuinfo || fail "INT8 was not even offered"

  # the folder goes elsewhere: its table and its engines are found again
  before=$(files a trt_)
  cp -r "$tmp/a" "$tmp/b"
  run run_int8 b $data
  right 355
  if grep -q calibrat "$tmp/log"; then fail "the copied table is not found"; fi
  [ "$(files b trt_)" -eq "$before" ] || fail "the copied engine is not found"

  # tables of Paddle-TensorRT, one a sub-graph, under names of its own
  mkdir -p "$tmp/c/_opt_cache"
  cp "$digits/model.pdmodel" "$digits/model.pdiparams" "$tmp/c"
  sed -n 's/^\([^ :]*\): \([0-9a-f]\{8\}\).*/\1: \2/p' "$tmp"/a/_opt_cache/trt_calib_* >"$tmp/lines"
  { echo 'TRT-8601-EntropyCalibration2'; head -n 4 "$tmp/lines"; } >"$tmp/c/_opt_cache/trt_calib_1234567"
  { echo 'TRT-8601-EntropyCalibration2'; tail -n +5 "$tmp/lines"; } >"$tmp/c/_opt_cache/trt_calib_7654321"
  run run_int8 c $data
  right 355
  grep -q 'tables of Paddle-TensorRT' "$tmp/log" || fail "upstream's tables are not read"
}
