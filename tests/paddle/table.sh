#!/bin/sh
# The table of docs/paddle.md is what doors/paddle/table.sh makes of the prototypes and states.
set -eu
cd "$(dirname "$0")/../.."
tmp=$(mktemp)
trap 'rm -f "$tmp"' EXIT
doors/paddle/table.sh >"$tmp"
sed -n '/^## Every function/,$p' docs/paddle.md | sed -n '/^| `PD_/p' | diff - "$tmp"
