#!/bin/sh
# doors/trtexec/table.sh MEANING: the tables of docs/trtexec.md out of flags.def; MEANING is "yes" for the
# flags that do something, "no" for those that are accepted and named only.
set -eu
LC_ALL=C
export LC_ALL
cd "$(dirname "$0")/../.."
awk -v meaning="$1" '
  /^TRTEXEC_FLAG\(/ {
    line = $0
    sub(/^TRTEXEC_FLAG\("/, "", line)
    name = line
    sub(/".*/, "", name)
    sub(/^[^"]*", /, "", line)
    kind = line
    sub(/,.*/, "", kind)
    sub(/^[A-Z]+, [a-z_0-9]+, /, "", line)
    value = ""
    if (line ~ /^"/) {
      value = line
      sub(/^"/, "", value)
      sub(/".*/, "", value)
      sub(/^"[^"]*", "/, "", line)
    } else {
      sub(/^NULL, "/, "", line)
    }
    sub(/"\)$/, "", line)
    if ((kind == "UNUSED") == (meaning == "yes")) next
    if (kind == "REFUSED") line = "refused: " line
    gsub(/\|/, "\\|", value)
    gsub(/\|/, "\\|", line)
    printf "| `--%s` | %s | %s |\n", name, value == "" ? "" : "`" value "`", line
  }
' doors/trtexec/flags.def
