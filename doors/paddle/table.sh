#!/bin/sh
# doors/paddle/table.sh: the table of docs/paddle.md, a function a row, from the recorded prototypes and
# states.txt. Fails when states.txt names a function that is not there.
set -eu
LC_ALL=C
export LC_ALL
cd "$(dirname "$0")/../.."
awk '
  FILENAME ~ /states\.txt$/ {
    if ($0 ~ /^#/ || !NF) next
    name = $1
    state[name] = $2
    sub(/^[^ ]+ [^ ]+ /, "")
    words[name] = $0
    next
  }
  /^PROTOTYPE\(/ {
    match($0, /PD_[A-Za-z0-9]+,( \(|$)/) # the type of the result may begin with PD_, too
    name = substr($0, RSTART, RLENGTH)
    sub(/,.*/, "", name)
    known[name] = 1
    printf "| `%s` | %s | %s |\n", name, name in state ? state[name] : "same", words[name]
  }
  END { for (name in state) if (!(name in known)) { print "no function " name > "/dev/stderr"; exit 1 } }
' doors/paddle/states.txt tests/paddle/prototypes.def
