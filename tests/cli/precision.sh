#!/bin/sh
# tests/cli/precision.sh SCULL ZOO: from a float model to an INT8 plan on the shipped network, as a user types
# it: tables, budgets, explanations, and what is refused with one line and nothing written.
set -u
scull=$1 zoo=$2/digits
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failures=0

complain() {
  echo "FAILED: $1"
  sed 's/^/    out: /' "$tmp/out" | head -n 5
  sed 's/^/    err: /' "$tmp/err" | head -n 5
  failures=$((failures + 1))
}

# expect STATUS PATTERN COMMAND...: exit status, and a pattern (grep -E) in what was printed.
expect() {
  wanted=$1 pattern=$2
  shift 2
  code=0
  "$scull" "$@" >"$tmp/out" 2>"$tmp/err" || code=$?
  if [ "$code" -ne "$wanted" ]; then complain "scull $*: exit status $code, not $wanted"; return; fi
  cat "$tmp/out" "$tmp/err" >"$tmp/both"
  grep -qE -e "$pattern" "$tmp/both" || complain "scull $*: nothing matches '$pattern'"
}

# refuse FILE STATUS PATTERN COMMAND...: as expect, and FILE is not there afterwards.
refuse() {
  absent=$1
  shift
  expect "$@"
  [ ! -e "$absent" ] || complain "something was written: $*"
  rm -f "$absent"
}

# number 0..16 as the four bytes of an f32, in printf's octal
number() {
  case $1 in
  0) printf '\000\000\000\000' ;; 1) printf '\000\000\200\077' ;; 2) printf '\000\000\000\100' ;;
  3) printf '\000\000\100\100' ;; 4) printf '\000\000\200\100' ;; 5) printf '\000\000\240\100' ;;
  6) printf '\000\000\300\100' ;; nan) printf '\000\000\300\177' ;; *) printf '\000\000\200\101' ;;
  esac
}

# array FILE SHAPE COUNT SEED [NUMBER]: an .npy file of f32.
array() {
  head="{'descr': '<f4', 'fortran_order': False, 'shape': ($2), }"
  printf '\223NUMPY\001\000\166\000%-117s\n' "$head" >"$1"
  element=0 x=$4
  while [ "$element" -lt "$3" ]; do
    x=$(((x * 75 + 74) % 65537))
    number "${5:-$((x % 17))}" >>"$1"
    element=$((element + 1))
  done
}

model=$zoo/model.pdmodel
mkdir "$tmp/in" "$tmp/held" "$tmp/empty" "$tmp/odd" "$tmp/nan" "$tmp/seen" "$tmp/none" "$tmp/zeros"
for i in 1 2 3 4 5 6; do
  array "$tmp/in/$i.npy" "1, 1, 8, 8" 64 $i
  array "$tmp/held/$i.npy" "1, 1, 8, 8" 64 $((i + 40))
done
array "$tmp/odd/1.npy" "1, 1, 7, 8" 56 1
array "$tmp/nan/1.npy" "1, 1, 8, 8" 64 1 nan
array "$tmp/none/1.npy" "0, 1, 8, 8" 0 1
array "$tmp/zeros/1.npy" "1, 1, 8, 8" 64 1 0
shape=picture=1x1x8x8
build="build $model --input $shape --threads 1 --tune none --precision fp32,int8"

# the table
for method in mse entropy minmax percentile-99.9 percentile-99.99 percentile-99.999 best; do
  expect 0 "$method.table" calibrate "$model" --input $shape --inputs "$tmp/in" --threads 1 --method $method \
    --dump-inputs "$tmp/seen" -o "$tmp/$method.table"
done
[ "$(ls "$tmp/seen" | wc -l)" -eq 6 ] || complain "--dump-inputs: not six files"
head -n 1 "$tmp/mse.table" | grep -qx 'scull calibration 1' || complain "the head of a table"
grep -qx 'inputs 6' "$tmp/mse.table" || complain "a table does not say its inputs"
grep -qE '^picture: [0-9a-f]{8} ' "$tmp/mse.table" || complain "a table has no line of the input"
table=$tmp/mse.table plan=$tmp/int8.plan
"$scull" calibrate "$model" --input $shape --inputs "$tmp/in" --threads 1 -o "$tmp/again.table" --quiet
cmp -s "$table" "$tmp/again.table" || complain "two calibrations differ"

# a plan of it
expect 0 'layers' $build --calibration "$table" --layer-precision '*=int8' --precision-constraints prefer -o "$plan"
expect 0 '"int8": [1-9]' explain "$plan" --json
expect 0 'u8|s8' explain "$plan" --precision
expect 0 'SQNR' explain "$plan" --precision
expect 0 'introduced' compare "$plan"
for measures in tail equalization rounding tail,equalization,rounding; do
  expect 0 'layers' $build --calibration "$table" --without $measures -o "$tmp/without.plan"
done
refuse "$tmp/no.plan" 2 'none of tail' $build --calibration "$table" --without luck -o "$tmp/no.plan"
expect 0 'dummy' $build --dummy-ranges 4 --verbose -o "$tmp/dummy.plan"
expect 0 'numbers are not' explain "$tmp/dummy.plan" --precision
printf 'picture 0 16\n' >"$tmp/ranges"
expect 0 'layers' $build --ranges "$tmp/ranges" -o "$tmp/ranges.plan"
expect 0 '"ranges": 1' explain "$tmp/ranges.plan" --json

# the budget
expect 0 'budget .*loss' $build --calibration "$table" --max-accuracy-drop 100% --held-out "$tmp/held" -o "$tmp/budget.plan"
for metric in sqnr cosine kl; do
  expect 0 'budget .*loss' $build --calibration "$table" --layer-precision 'none=int8' --max-accuracy-drop 0.000001% \
    --metric $metric --held-out "$tmp/held" -o "$tmp/budget.plan"
done
mkdir "$tmp/scratch"
export TMPDIR="$tmp/nowhere" # that is where its other plans would be
refuse "$tmp/no.plan" 1 'nowhere' $build --calibration "$table" --max-accuracy-drop 100% --held-out "$tmp/held" -o "$tmp/no.plan"
export TMPDIR="$tmp/scratch"
expect 0 'budget .*loss' $build --calibration "$table" --max-accuracy-drop 100% --held-out "$tmp/held" -o "$tmp/budget.plan"
[ -z "$(ls "$tmp/scratch")" ] || complain "a budget leaves its other plans behind"
unset TMPDIR
printf '1\n2\n3\n4\n5\n6\n' >"$tmp/labels"
expect 0 'float' $build --calibration "$table" --max-accuracy-drop 50 --metric top1 --labels "$tmp/labels" \
  --held-out "$tmp/held" -o "$tmp/budget.plan"
printf '3.npy 1\n1.npy 2\n2.npy 3\n4.npy 4\n6.npy 5\n5.npy 6\n' >"$tmp/named"
expect 0 'float' $build --calibration "$table" --max-accuracy-drop 50 --metric top1 --labels "$tmp/named" \
  --held-out "$tmp/held" -o "$tmp/budget.plan"
over="$build --calibration $table --max-accuracy-drop 1 --held-out $tmp/held -o $tmp/no.plan --metric top1"
printf '1\n2\n' >"$tmp/few"
printf '1\n2\n3\n4\n5\nx\n' >"$tmp/words"
printf '1\n2\n3\n4\n5\n12\n' >"$tmp/beyond"
printf '1.npy 1\n1.npy 2\n3.npy 1\n4.npy 1\n5.npy 1\n6.npy 1\n' >"$tmp/twice"
refuse "$tmp/no.plan" 2 '2 labels for 6' $over --labels "$tmp/few"
refuse "$tmp/no.plan" 2 'is no label' $over --labels "$tmp/words"
refuse "$tmp/no.plan" 2 'label 12 of a network with 10' $over --labels "$tmp/beyond"
refuse "$tmp/no.plan" 2 'has a label already' $over --labels "$tmp/twice"
printf '1.npy 1\n2.npy 2\n3.npy 1\n4.npy 1\n5.npy 1\nnobody.npy 1\n' >"$tmp/stranger"
refuse "$tmp/no.plan" 2 'line 6 is of no held-out input' $over --labels "$tmp/stranger"
refuse "$tmp/no.plan" 2 'wants --labels' $over
refuse "$tmp/no.plan" 2 'wants --held-out' $build --max-accuracy-drop 1 -o "$tmp/no.plan"

# bad inputs of a calibration
bad="calibrate $model --input $shape --threads 1 -o $tmp/no.table --inputs"
refuse "$tmp/no.table" 1 'no .jpg' $bad "$tmp/empty"
refuse "$tmp/no.table" 1 'dimension 2' $bad "$tmp/odd"
refuse "$tmp/no.table" 1 'NaN or infinity' $bad "$tmp/nan"
refuse "$tmp/no.table" 1 'is empty|dimension 0' $bad "$tmp/none"
refuse "$tmp/no.table" 1 'cannot' $bad "$tmp/nowhere"
: >"$tmp/list"
refuse "$tmp/no.table" 1 'names no|no input|no .jpg' $bad "$tmp/list"
printf '%s\n%s\n' "$tmp/in/1.npy" "$tmp/in/nobody.npy" >"$tmp/list"
refuse "$tmp/no.table" 1 'nobody.npy' $bad "$tmp/list"

# a tensor that is always 0 has no range: said, and it stays float
expect 0 "'picture' held nothing but zeros" calibrate "$model" --input $shape --threads 1 --inputs "$tmp/zeros" -o "$tmp/zeros.table"
if grep -q '^picture:' "$tmp/zeros.table"; then complain "a range of nothing but zeros"; fi
expect 0 'layers' $build --calibration "$tmp/zeros.table" -o "$tmp/zeros.plan"
expect 0 '"missing": \["picture"' explain "$tmp/zeros.plan" --json

# bad tables
with="$build -o $tmp/no.plan --calibration"
sed 's/^model ./model f/;t' "$table" | sed 's/^model f\(.*\)$/model 0\1/' >"$tmp/other.table"
refuse "$tmp/no.plan" 1 'is of model' $with "$tmp/other.table"
expect 0 'layers' $build -o "$tmp/forced.plan" --calibration "$tmp/other.table" --force
for scale in 00000000 bf800000 7fc00000 7f800000 7f7fffff; do
  sed "s/^\(picture: \)[0-9a-f]*/\1$scale/" "$table" >"$tmp/scale.table"
  refuse "$tmp/no.plan" 1 'no positive number' $with "$tmp/scale.table"
done
grep -v ': [0-9a-f]\{8\} ' "$table" | grep -v '	' >"$tmp/none.table"
refuse "$tmp/no.plan" 1 'no tensor has a scale' $with "$tmp/none.table"
printf 'scull calibration 1\nnobody: 3c000000 0.0078125\n' >"$tmp/strange.table"
refuse "$tmp/no.plan" 1 'none of the 1 ranges' $with "$tmp/strange.table"
grep -v '^picture' "$table" >"$tmp/less.table"
expect 0 'layers' $build -o "$tmp/less.plan" --calibration "$tmp/less.table"

# Paddle-TensorRT's use_calib_mode
mkdir "$tmp/cache"
expect 0 'layers' $build --calib-mode --cache-dir "$tmp/cache" -o "$tmp/first.plan"
expect 0 '"int8": 0}' explain "$tmp/first.plan" --json

[ "$failures" -eq 0 ] || { echo "$failures failed"; exit 1; }
