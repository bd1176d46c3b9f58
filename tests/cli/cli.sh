#!/bin/sh
# tests/cli/cli.sh SCULL ZOO: the commands on the shipped network, as a user types them: their results,
# their files, their exit status, and the one line that they say when something is wrong.
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

# refuse STATUS PATTERN COMMAND...: as expect, and exactly one line on stderr, none on stdout.
refuse() {
  expect "$@"
  [ "$(wc -l <"$tmp/err")" -eq 1 ] && [ ! -s "$tmp/out" ] || complain "more or less than one line: $*"
}

shapes=picture=1x1x8x8:1x1x8x8:360x1x8x8
model=$zoo/model.pdmodel
plan=$tmp/digits.plan

expect 0 '^scull [0-9]+\.[0-9]+' --version
expect 0 'usage: scull COMMAND' --help
for command in build run bench show export explain compare diff devices ops; do
  expect 0 "usage: scull $command" "$command" --help
done
expect 0 'cpu' devices
expect 0 'relu' ops
expect 0 '"relu"' ops --format paddle --json
expect 0 'conv2d 8' show "$model"

expect 0 'layers +[0-9]+' build "$model" -o "$plan" --input "$shapes" --threads 1 --tune fast \
  --timing-cache "$tmp/cache" --save-replay "$tmp/choices" --report "$tmp/report.json"
[ -s "$plan" ] && [ -s "$tmp/cache" ] && [ -s "$tmp/report.json" ] || complain "files of the build"
"$scull" build "$model" -o "$tmp/quiet.plan" --tune none --quiet --max-batch 4 >"$tmp/out" 2>"$tmp/err" ||
  complain "build --quiet"
[ ! -s "$tmp/out" ] && [ ! -s "$tmp/err" ] || complain "--quiet speaks"
expect 0 'equal' diff "$plan" "$plan"
expect 1 'differ' diff "$plan" "$tmp/quiet.plan"
expect 0 'conv' build "$model" --stop-after passes --print
expect 0 'picture' show "$plan"
expect 0 'net.onnx' export "$plan" -o "$tmp/net.onnx"
expect 0 'picture' show "$tmp/net.onnx"
expect 0 'again.plan' build "$tmp/net.onnx" --tune none -o "$tmp/again.plan"
expect 0 'fixed.plan' build "$model" --tune none -o "$tmp/fixed.plan" --fix "picture=$zoo/pictures.npy"
expect 0 'max error' run "$tmp/fixed.plan" --expect "$zoo/expected.npy"
refuse 2 "give a file to write" export "$plan"
expect 0 'passes +' explain "$plan"
expect 0 'layer 1:|layer 0:' explain "$plan" --layer conv2d_0
expect 0 '"layers"' explain "$plan" --json
refuse 1 "no layer" explain "$plan" --layer nothing_like_it

expect 0 'accuracy 0.988889 of 360' run "$plan" --input "picture=$zoo/pictures.npy" \
  --output-dir "$tmp/out_dir" --expect "$zoo/expected.npy" --labels "$zoo/labels.npy"
read -r index name file <"$tmp/out_dir/outputs.txt"
[ "$index" = 0 ] && [ -n "$name" ] && [ -s "$tmp/out_dir/$file" ] || complain "outputs.txt"
expect 0 'max error 0.00e\+00' run "$plan" --input "$zoo/pictures.npy" \
  --expect "$tmp/out_dir/$file"
expect 0 'relu_2.tmp_0' run "$plan" --input "$zoo/pictures.npy" --watch relu_2.tmp_0 \
  --output-dir "$tmp/out_dir"
[ -s "$tmp/out_dir/relu_2.tmp_0.npy" ] || complain "a watched tensor has no file"
expect 0 'introduced' compare "$plan"
expect 0 'introduced' compare "$plan" --against "$tmp/quiet.plan" --layers 3

expect 0 'items/s' bench "$plan" --batch 1,3 --duration 0.05 --layers 2 --json "$tmp/bench.json"
[ "$(grep -c median_ms "$tmp/bench.json")" -eq 2 ] || complain "rows of bench --json"
expect 0 'items/s' bench "$plan" --batch 1,3 --duration 0.05 --trace "$tmp/trace.json"
grep -q '"ph": "X"' "$tmp/trace.json" || complain "events of bench --trace"
expect 0 'items/s' bench "$plan" --contexts 3 --duration 0.05 --input picture=2x1x8x8

# What is wrong is said in one line that names it.
refuse 1 "no such operator or layer .did you mean 'softmax'" build "$model" -o "$tmp/x" \
  --disable-ops softmx
refuse 1 "no such tactic .did you mean 'cpu.conv.gemm'" build "$model" -o "$tmp/x" \
  --disable-tactics cpu.conv.gem
refuse 1 "report.json: line 1" build "$model" -o "$tmp/x" --replay "$tmp/report.json"
expect 0 'warning: .* alone takes' build "$model" -o "$tmp/x" --tune none \
  --input picture=1x1x8x8:1x1x8x8:100000000x1x8x8
refuse 1 "a value was given for 'what', which is no input" build "$model" -o "$tmp/x" \
  --fix "what=$zoo/pictures.npy"
refuse 1 "a value of i64, and is f32" build "$model" -o "$tmp/x" --fix "picture=$zoo/labels.npy"
refuse 2 "picture: NAME=FILE.npy is wanted" build "$model" -o "$tmp/x" --fix picture
refuse 2 'unknown option .--tun' build "$model" --tun
refuse 2 'MODEL is missing' build
refuse 2 '\-o net.plan' build "$model"
refuse 2 'output is empty' build "$model" -o ''
refuse 2 "unknown command 'biuld'" biuld
refuse 2 "input 'picture' is missing" run "$plan"
refuse 2 'three shapes' build "$model" -o "$tmp/x.plan" --input picture=1x1:2
refuse 1 '/nowhere/net.pdmodel' build /nowhere/net.pdmodel -o "$tmp/x.plan"
refuse 1 '/nowhere/x.npy: cannot open' run "$plan" --input /nowhere/x.npy
refuse 1 'no input .what' run "$plan" --input "what=$zoo/pictures.npy"
refuse 1 'wants f32 of rank 4' run "$plan" --input "$zoo/labels.npy"
refuse 1 'not a .npy file' run "$plan" --input "$model"
refuse 1 '/nowhere/net.plan' run /nowhere/net.plan --input "$zoo/pictures.npy"
refuse 1 'picture' bench "$plan" --input picture=361x1x8x8 --duration 0.05
head -c 1000 "$plan" >"$tmp/short.plan"
refuse 1 'short.plan' explain "$tmp/short.plan"
head -c 1000 "$model" >"$tmp/short.pdmodel"
refuse 1 'short.pdmodel' build "$tmp/short.pdmodel" "$zoo/model.pdiparams" -o "$tmp/x.plan"
refuse 1 'not-there' build "$model" -o "$tmp/not-there/x.plan" --tune none
[ ! -e "$tmp/x.plan" ] || complain "a failed build leaves a plan"

# A signal cancels a build: exit status 130, no plan. The build is long enough to be met.
"$scull" build "$model" -o "$tmp/cancelled.plan" --input picture=360x1x8x8 --threads 1 \
  >"$tmp/out" 2>"$tmp/err" &
sleep 0.3
kill -TERM $! 2>/dev/null
code=0
wait $! || code=$?
[ "$code" -eq 130 ] || complain "a cancelled build ends with $code, not 130"
[ ! -e "$tmp/cancelled.plan" ] || complain "a cancelled build leaves a plan"

[ "$failures" -eq 0 ] || { echo "$failures failed"; exit 1; }
