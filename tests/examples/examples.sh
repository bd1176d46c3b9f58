#!/bin/sh
# tests/examples/examples.sh PROGRAMS SCULL SOURCES: every example on networks of the project, and none of
# them longer than 150 lines.
set -eu
programs=$1 scull=$2 sources=$3
digits=$sources/zoo/digits data=$sources/tests/model/data
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

fail() { echo "FAILED: $1"; cat "$tmp/log"; exit 1; }
# run PATTERN PROGRAM WORDS...: it succeeds and says so.
run() {
  pattern=$1 program=$2
  shift 2
  "$programs/$program" "$@" >"$tmp/log" 2>&1 || fail "$program $*"
  grep -qE -e "$pattern" "$tmp/log" || fail "$program $*: nothing matches '$pattern'"
}
build() { "$scull" build "$@" --tune none --threads 1 -q 2>"$tmp/log" || fail "scull build $*"; }

build "$digits/model.pdmodel" -o "$tmp/digits.plan" --max-batch 16
run '^35[67] of 360 are right' classify "$tmp/digits.plan" "$digits/pictures.npy" "$digits/labels.npy"
run '^[0-9]$' classify "$tmp/digits.plan" "$digits/pictures.npy"
run 'equal$' serve "$tmp/digits.plan" "$digits/pictures.npy" 3
run '' calibrate "$digits/model.pdmodel" "$digits/pictures.npy" "$tmp/table" "$tmp/int8.plan"
run '^35[5-9] of 360 are right' classify "$tmp/int8.plan" "$digits/pictures.npy" "$digits/labels.npy"
run '' calibrate "$digits/model.pdmodel" "$digits/pictures.npy" "$tmp/table" "$tmp/again.plan"

# a picture with a slope in each colour
{
  printf 'P6\n40 24\n255\n'
  awk 'BEGIN { for (y = 0; y < 24; y++) for (x = 0; x < 40; x++) printf "%c%c%c", 33 + x, 33 + 2 * y, 73 - x }'
} >"$tmp/in.ppm"
build "$data/segmenter/model.pdmodel" -o "$tmp/segmenter.plan"
run 'pixels are not background' segment "$tmp/segmenter.plan" "$tmp/in.ppm" "$tmp/overlay.ppm"
build "$data/ssd_head/model.pdmodel" -o "$tmp/ssd.plan"
run '^class [12], score 0' detect "$tmp/ssd.plan" "$tmp/in.ppm" "$tmp/boxes.ppm" 0.3
for made in overlay boxes; do
  [ "$(wc -c <"$tmp/$made.ppm")" -eq "$(wc -c <"$tmp/in.ppm")" ] || fail "$made.ppm has another size"
done
if cmp -s "$tmp/in.ppm" "$tmp/boxes.ppm"; then fail "no box is drawn"; fi

for program in classify serve segment detect calibrate; do
  if "$programs/$program" >"$tmp/log" 2>&1; then fail "$program without words"; fi
  grep -q '^usage: ' "$tmp/log" || fail "$program does not say how it is used"
done
if "$programs/classify" "$tmp/in.ppm" "$digits/pictures.npy" >"$tmp/log" 2>&1; then fail "no plan"; fi
if "$programs/segment" "$tmp/segmenter.plan" "$tmp/table" "$tmp/no.ppm" >"$tmp/log" 2>&1; then fail "no picture"; fi

find "$sources/examples" -name '*.[ch]' | while read -r file; do
  [ "$(wc -l <"$file")" -lt 150 ] || fail "$file is too long for an example"
done
