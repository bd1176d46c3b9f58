#!/bin/sh
# libfuzzer.sh FUZZER DRIVER [SECONDS]: runs a libFuzzer harness for a while on the seeds that its driver writes.
set -eu
corpus=$(mktemp -d)
trap 'rm -rf "$corpus"' EXIT
mkdir "$corpus/seeds" "$corpus/found"
"$2" --seeds "$corpus/seeds"
"$1" -max_total_time="${3:-5}" -timeout=10 -rss_limit_mb=2048 -max_len=65536 -seed=1 -print_final_stats=1 \
  -artifact_prefix="$PWD/$(basename "$1")-" "$corpus/found" "$corpus/seeds"
