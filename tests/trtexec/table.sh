#!/bin/sh
# The tables of docs/trtexec.md are what doors/trtexec/table.sh makes of flags.def.
set -eu
cd "$(dirname "$0")/../.."
tmp=$(mktemp)
trap 'rm -f "$tmp"' EXIT
{ doors/trtexec/table.sh yes; doors/trtexec/table.sh no; } >"$tmp"
sed -n '/^| `--/p' docs/trtexec.md | diff - "$tmp"
