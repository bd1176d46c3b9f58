#!/bin/sh
# tests/trtexec/trtexec.sh TRTEXEC SCULL SOURCES: what people's scripts ask of trtexec: exit status, the
# lines that they grep for, the JSON files, and every flag of every release.
set -u
trtexec=$1 scull=$2 sources=$3
model=$sources/zoo/digits/model.pdmodel
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failures=0

complain() {
  echo "FAILED: $1"
  tail -n 6 "$tmp/out" | sed 's/^/    out: /'
  tail -n 4 "$tmp/err" | sed 's/^/    err: /'
  failures=$((failures + 1))
}

# expect STATUS PATTERN FLAG...: exit status, and a pattern (grep -E) in what was printed.
expect() {
  wanted=$1 pattern=$2
  shift 2
  code=0
  "$trtexec" "$@" >"$tmp/out" 2>"$tmp/err" || code=$?
  if [ "$code" -ne "$wanted" ]; then complain "$*: exit status $code, not $wanted"; return; fi
  cat "$tmp/out" "$tmp/err" >"$tmp/both"
  grep -qE -e "$pattern" "$tmp/both" || complain "$*: nothing matches '$pattern'"
}
said() { grep -qE -e "$1" "$tmp/both" || complain "nothing matches '$1'"; }

number='[0-9.e+-]+'
times="min = $number ms, max = $number ms, mean = $number ms, median = $number ms"
three="percentile\(90%\) = $number ms, percentile\(95%\) = $number ms, percentile\(99%\) = $number ms"
quick="--builderOptimizationLevel=0 --duration=0 --warmUp=0 --iterations=20"

# --- a run, and its report ---------------------------------------------------------------------------
# shellcheck disable=SC2086
expect 0 '^&&&& PASSED TensorRT.trtexec \[.*\] # ' --onnx="$model" --optShapes=picture:4x1x8x8 $quick \
  --saveEngine="$tmp/net.plan" --exportTimes="$tmp/times.json" --exportOutput="$tmp/output.json" \
  --exportProfile="$tmp/profile.json" --exportLayerInfo="$tmp/layers.json" --dumpProfile \
  --profilingVerbosity=detailed --loadInputs=picture:"$tmp/none" --skipInference
[ -s "$tmp/net.plan" ] || complain "--saveEngine"
tail -c 16384 "$sources/zoo/digits/pictures.npy" | head -c 1024 >"$tmp/pictures.raw"
# shellcheck disable=SC2086
expect 0 '^&&&& RUNNING TensorRT.trtexec \[.*\] # ' --loadEngine="$tmp/net.plan" $quick \
  --exportTimes="$tmp/times.json" --exportOutput="$tmp/output.json" --exportProfile="$tmp/profile.json" \
  --exportLayerInfo="$tmp/layers.json" --dumpProfile --dumpLayerInfo --dumpOptimizationProfile \
  --profilingVerbosity=detailed --loadInputs=picture:"$tmp/pictures.raw" --dumpOutput
for line in '=== Model Options ===' '=== Build Options ===' '=== System Options ===' \
  '=== Inference Options ===' '=== Reporting Options ===' '=== Device Information ===' \
  'Selected Device: ' 'Engine deserialized in ' 'Created execution context with device memory size: ' \
  'Input binding for picture with dimensions 4x1x8x8 and type fp32 is created.' \
  'Output binding for .* with dimensions 4x10 and type fp32 is created.' 'Starting inference' \
  "Warmup completed $number queries over 0 ms" "Timing trace has 20 queries over $number s" \
  '=== Trace details ===' 'Trace averages of 10 runs:' \
  "Average on 10 runs - GPU latency: $number ms - Host latency: $number ms \(enqueue $number ms\)" \
  '=== Performance summary ===' "Throughput: $number qps" "\[I\] Latency: $times, $three" \
  "Enqueue Time: $times" "H2D Latency: $times" "GPU Compute Time: $times, $three" "D2H Latency: $times" \
  "Total Host Walltime: $number s" "Total GPU Compute Time: $number s" \
  '=== Profile \(20 iterations \) ===' 'Time\(ms\) +Avg.\(ms\) +Median\(ms\) +Time\(%\) +Layer' \
  ' 100.0 +Total' 'Output Tensors:' 'Layer Information:' 'kMIN 4x1x8x8, kOPT 4x1x8x8, kMAX 4x1x8x8'; do
  said "$line"
done
said '^\[[0-9/]{10}-[0-9:]{8}\] \[I\] '

# --- the files, and the numbers against those that Paddle recorded -------------------------------------
numbers() {
  python3 - "$tmp" "$sources/zoo/digits" <<'END'
import ast, json, struct, sys
tmp, digits = sys.argv[1:]
times, output, profile, layers = (
    json.load(open(f"{tmp}/{name}.json")) for name in ("times", "output", "profile", "layers"))
keys = {"startEnqMs", "endEnqMs", "startH2dMs", "endH2dMs", "startComputeMs", "endComputeMs", "startD2hMs",
        "endD2hMs", "h2dMs", "computeMs", "d2hMs", "latencyMs"}
assert len(times) == 20 and all(set(t) == keys for t in times), times[:1]
assert all(t["latencyMs"] > 0 for t in times)
assert profile[0] == {"count": 20} and len(profile) > 5
assert all(set(p) == {"name", "timeMs", "averageMs", "medianMs", "percentage"} for p in profile[1:])
assert abs(sum(p["percentage"] for p in profile[1:]) - 100) < 0.1
assert set(layers) == {"Layers", "Bindings"} and len(layers["Bindings"]) == 2
wanted = {"Name", "LayerType", "Inputs", "Outputs", "TacticName", "StreamId", "Metadata"}
assert all(wanted <= set(l) for l in layers["Layers"])
assert any("[ONNX Layer: " in l["Metadata"] for l in layers["Layers"])
assert all(set(t) >= {"Name", "Location", "Dimensions", "Format/Datatype"}
           for l in layers["Layers"] for t in l["Inputs"] + l["Outputs"])
def npy(path):
    data = open(path, "rb").read()
    size = struct.unpack("<H", data[8:10])[0]
    head = ast.literal_eval(data[10:10 + size].decode())
    body = data[10 + size:]
    return head["shape"], struct.unpack("<%df" % (len(body) // 4), body)
shape, values = npy(f"{digits}/expected.npy")
rows = npy(f"{digits}/pictures.npy")[0][0]
first = (rows * 64 * 4 - 16384) // 256  # the test above fed four pictures from there on
assert output[0]["dimensions"] == "4x10", output[0]["dimensions"]
for got, want in zip(output[0]["values"], values[first * 10:first * 10 + 40]):
    assert abs(got - want) < 1e-4, (got, want)
END
}
if command -v python3 >/dev/null 2>&1; then
  numbers >"$tmp/both" 2>&1 || { cat "$tmp/both"; failures=$((failures + 1)); }
else
  echo "note: no python3, so the numbers in the JSON files were not looked at"
fi

# --- shapes ------------------------------------------------------------------------------------------
# shellcheck disable=SC2086
{
  expect 0 'with dimensions 3x1x8x8' --onnx="$model" $quick --minShapes=picture:1x1x8x8 \
    --optShapes=picture:2x1x8x8 --maxShapes=picture:4x1x8x8 --shapes=pic*:3x1x8x8
  expect 0 'Automatically overriding shape to: 1x1x8x8' --onnx="$model" $quick
  expect 0 'with dimensions 5x1x8x8' --onnx="$model" $quick --batch=5
  expect 0 'with dimensions 7x1x8x8' --onnx="$model" $quick --shapes="'picture'":7x1x8x8
  expect 1 'Cannot find input tensor with name "nothing"' --onnx="$model" $quick --shapes=nothing:1
  expect 1 'Must specify only --optShapes or all of' --onnx="$model" $quick --minShapes=picture:1x1x8x8
  expect 1 'has rank' --onnx="$model" $quick --shapes=picture:1x8x8
  expect 1 'is no shape' --onnx="$model" $quick --shapes=picture:1x1x8xx
  expect 1 'OUT_OF_RANGE|outside|range' --onnx="$model" $quick --optShapes=picture:1x1x8x8 --shapes=picture:9x1x8x8

# --- what else a command line may say ------------------------------------------------------------------
  expect 0 'Precision: FP32\+FP16\+BF16\+INT8' --onnx="$model" $quick --best --skipInference
  expect 0 'ranges are made up' --onnx="$model" $quick --int8 --skipInference
  expect 0 'percentile\(50%\) = [0-9.e-]+ ms, percentile\(99.9%\)' --onnx="$model" $quick --percentile=50,99.9
  expect 0 '3 streams share' --onnx="$model" $quick --infStreams=3 --threads
  expect 0 'workspace: 64 MiB' --onnx="$model" $quick --workspace=64 --skipInference
  expect 0 'only workspace is a pool' --onnx="$model" $quick --memPoolSize=workspace:1024MiB,dlaSRAM:1 --skipInference
  expect 0 'Average deserialization time' --loadEngine="$tmp/net.plan" --timeDeserialize
  expect 0 'Plan was created with Scull version' --loadEngine="$tmp/net.plan" --getPlanVersionOnly
  expect 0 'Debug tensor relu_0.tmp_0: 4x16x8x8 fp32' --loadEngine="$tmp/net.plan" $quick \
    --markDebug=relu_0.tmp_0 --saveDebugTensors=relu_1.tmp_0:"$tmp/relu.raw"
  [ -s "$tmp/relu.raw" ] || complain "--saveDebugTensors"
  (cd "$tmp" && "$trtexec" --loadEngine=net.plan $quick --dumpRawBindingsToFile >out 2>err) || complain "raw"
  cp "$tmp"/picture.fp32.4x1x8x8.Scull.raw "$tmp/in.raw" && cp "$tmp"/*.4x10.Scull.raw "$tmp/out.raw" ||
    complain "names of raw files"
  out=$("$scull" show "$tmp/net.plan" --json | sed -n '/"outputs"/,/]/s/.*{"name": "\([^"]*\)".*/\1/p' | head -1)
  expect 0 'Accuracy of .*: l0 = 0, .*PASSED' --loadEngine="$tmp/net.plan" $quick \
    --loadInputs=picture:"$tmp/in.raw" --loadRefOutputs="$out":"$tmp/out.raw"
  head -c 160 /dev/zero >"$tmp/zero.raw"
  for how in l0 l1 l2 lInf cos; do
    expect 1 "Accuracy of .*: $how = .*FAILED" --loadEngine="$tmp/net.plan" $quick --accuracyAlgorithm=$how \
      --loadInputs=picture:"$tmp/in.raw" --loadRefOutputs="$out":"$tmp/zero.raw"
  done
}

# --- refusals ------------------------------------------------------------------------------------------
expect 1 'Unknown option: --fastest now' --onnx="$model" --fastest=now
said '=== Inference Options ===' # the help goes before
said '^&&&& FAILED TensorRT.trtexec'
expect 1 'Unknown option: model ' model
expect 1 'Model missing' --fp16
expect 1 'wants a whole number' --onnx="$model" --iterations=x
expect 1 'wants a value: --iterations=<n>' --onnx="$model" --iterations
expect 1 'wants one of none\|prefer\|obey' --onnx="$model" --precisionConstraints=maybe
expect 1 'UFF files are not read' --uff="$model"
expect 1 'cannot|No such|not exist|NOT_FOUND' --onnx="$tmp/nothing.onnx"
expect 1 'Engine set up failed' --loadEngine="$model"
expect 1 'Incompatible load and save' --loadEngine="$tmp/net.plan" --saveEngine="$tmp/a.plan"
expect 1 'has not the 1024 bytes' --loadEngine="$tmp/net.plan" --loadInputs=picture:"$model"
expect 1 'wants a number, cpu or cuda' --onnx="$model" --device=dla
expect 0 '=== Model Options ===' --help
expect 0 '=== Model Options ===' -h
expect 0 '=== Model Options ==='

# --- every flag of the union is known: the list is docs/trtexec.md's, which names all of them ------------
unused=
for flag in $(sed -n '/^## Flags without a meaning/,/^## /s/^| `--\([A-Za-z0-9]*\)`.*/\1/p' "$sources/docs/trtexec.md"); do
  unused="$unused --$flag=1"
done
# shellcheck disable=SC2086
expect 0 'has no meaning here' --onnx="$model" $quick --skipInference $unused
for flag in $unused; do
  said "\\$flag has no meaning here: "
done
[ "$(printf '%s\n' $unused | wc -l)" -gt 80 ] || complain "docs/trtexec.md lists too few flags"

[ "$failures" -eq 0 ] || echo "$failures failure(s)"
exit "$((failures > 0))"
