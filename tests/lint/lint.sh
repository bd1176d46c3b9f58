#!/bin/sh
# tests/lint/lint.sh [CHECK ...]: the rules of the house that a compiler does not hold. POSIX sh and
# awk only: a bare Debian has no Python. Each check prints what it found, a line each, and fails then;
# exit status 77 means that a tool is missing. Without arguments all checks run.
set -eu
LC_ALL=C
export LC_ALL
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."

fail() {
  printf '%s\n' "$1"
  return 1
}

# Prints "FILE LINE LENGTH extern|static NAME" for every function in the given files.
functions_of() {
  awk -f "$here/functions.awk" "$@"
}

sources() { # all our C, without tests
  find "$@" -name '*.[ch]' ! -name '*_test.c' | sort
}

# --- includes: who may include whom (docs/architecture.md) ------------------------------------------
check_includes() {
  # shellcheck disable=SC2046
  found=$(awk -f "$here/includes.awk" "$here/include_law.txt" $(sources src tools doors include))
  [ -z "$found" ] || fail "$found"
}

# --- lists: every line of a list has its definition, every definition its line ----------------------
# $1 what, $2 names in the list, $3 names that are defined; "conv_*" stands for all that a macro
# makes (that each of those exists is the linker's to see).
compare_names() {
  printf '%s\n' "$2" | sort -u | sed '/^$/d' >"$tmp/listed"
  printf '%s\n' "$3" | sort -u | sed '/^$/d' >"$tmp/defined"
  for prefix in $(sed -n 's/\*$//p' "$tmp/defined"); do
    sed -i "/^$prefix/d" "$tmp/listed" "$tmp/defined"
  done
  comm -23 "$tmp/listed" "$tmp/defined" | sed "s/^/$1 listed, but not defined: /"
  comm -13 "$tmp/listed" "$tmp/defined" | sed "s/^/$1 defined, but not listed: /"
}

doubles() { # $1 what, $2 names in the list
  printf '%s\n' "$2" | sed '/^$/d' | sort | uniq -d | sed "s/^/$1 listed twice: /"
}

list_names() { # $1 macro, $2 file
  sed -n "s/^$1(\([a-z0-9_]*\)).*/\1/p" "$2" 2>/dev/null || true
}

defined_names() { # $1 prefix of the descriptor, then files
  prefix=$1
  shift
  cat "$@" /dev/null | sed -n \
    -e "s/^const scull_[a-z]*_t $prefix\([a-z0-9_]*\) = .*/\1/p" \
    -e "s/^ *const scull_[a-z]*_t $prefix\([a-z0-9_]*\)##[a-z]* = .*/\1*/p"
}

lists_of_ops() {
  listed=$(list_names SCULL_OP src/ops/ops.def)
  files=$(ls src/ops/*.c | grep -v '_test\.c$')
  doubles operator "$listed"
  # shellcheck disable=SC2086
  compare_names operator "$listed" "$(
    defined_names scull_opdef_ $files
    cat $files | sed -n 's/^SCULL_[A-Z_]*OP(\([a-z0-9_]*\)[,)].*/\1/p'
  )"
  compare_names 'cases of operator' "$listed" \
    "$(cat src/ops/*_test.c | sed -n 's/^SCULL_OPCASES(\([a-z0-9_]*\),.*/\1/p')"
  for name in $listed; do
    [ -e "src/ops/$name.c" ] || echo "operator without a file of its own: $name"
  done
}

lists_of_tactics() {
  for list in src/backend/*/tactics.def; do
    folder=${list%/tactics.def}
    device=${folder##*/}
    # shellcheck disable=SC2046
    compare_names "tactic of $device" "$(list_names SCULL_TACTIC "$list")" \
      "$(defined_names "scull_tactic_${device}_" $(find "$folder" -name '*.[ch]'))"
  done
}

lists_of_passes() {
  [ -e src/passes/pipeline.c ] || return 0
  compare_names pass "$(grep -o '&scull_pass_[a-z0-9_]*' src/passes/pipeline.c |
    sed 's/^&scull_pass_//')" "$(defined_names scull_pass_ src/passes/*.c)"
}

check_lists() {
  found=$(
    lists_of_ops
    lists_of_tactics
    lists_of_passes
    # shellcheck disable=SC2046
    compare_names backend "$(list_names SCULL_BACKEND src/backend/backends.def)" \
      "$(defined_names scull_backend_ $(find src/backend -name device.c))"
    # shellcheck disable=SC2046
    compare_names format "$(list_names SCULL_FORMAT src/import/formats.def)" \
      "$(defined_names scull_format_ $(find src/import -name '*.c' 2>/dev/null))"
    compare_names command "$(list_names CLI_COMMAND tools/scull/commands.def)" \
      "$(sed -n 's/^const cli_command_t cli_command_\([a-z0-9_]*\) = .*/\1/p' tools/scull/*.c)"
  )
  [ -z "$found" ] || fail "$found"
}

# --- names: a non-static function begins with scull_<folder>_ ---------------------------------------
check_names() {
  # shellcheck disable=SC2046
  functions_of $(sources src) $(find src -name '*_test.c') >"$tmp/functions"
  found=$(awk '
    FILENAME == ARGV[1] { if ($1 !~ /^#/ && NF) permitted[$1] = permitted[$1] " " $2; next }
    $4 == "extern" && $5 != "main" {
      count = split($1, part, "/")
      good = part[2] == "api" && $5 ~ /^scull_/
      for (i = 2; i < count; i++)
        if (index($5, "scull_" part[i] "_") == 1) good = 1
      for (folder in permitted)
        if (index($1, folder "/") == 1) {
          n = split(permitted[folder], prefix, " ")
          for (i = 1; i <= n; i++) if (index($5, prefix[i]) == 1) good = 1
        }
      if (!good) printf "%s:%d: %s does not begin with its folder\n", $1, $2, $5
    }' "$here/names.txt" "$tmp/functions")
  [ -z "$found" ] || fail "$found"
}

# --- sizes: functions of at most 80 lines (kernels of devices 160), files of at most 800 ------------
check_sizes() {
  # shellcheck disable=SC2046
  found=$(
    functions_of $(find src tools doors tests include bench examples -name '*.[ch]' 2>/dev/null) |
      awk '{ limit = $1 ~ /^src\/backend\/[a-z]+\// ? 160 : 80 }
           $3 > limit { printf "%s:%d: %s has %d lines; %d are permitted\n", $1, $2, $5, $3, limit }'
    find src tools doors tests include bench examples scripts -type f -name '*.[chs]*' 2>/dev/null |
      xargs wc -l | awk '$2 != "total" && $1 > 800 { printf "%s: %d lines; 800 are permitted\n", $2, $1 }'
  )
  [ -z "$found" ] || fail "$found"
}

# --- calls: what may not be called ------------------------------------------------------------------
check_calls() {
  # shellcheck disable=SC2046
  found=$(awk -f "$here/calls.awk" $(find src tools doors tests bench examples include -name '*.[ch]' 2>/dev/null))
  [ -z "$found" ] || fail "$found"
}

# --- headers: each compiles alone; the public ones also as C++17 -------------------------------------
check_headers() {
  compiler=${CC:-cc}
  found=
  onednn=-DSCULL_ONEDNN=1
  printf '#include <oneapi/dnnl/dnnl.h>\n' | "$compiler" -x c -fsyntax-only - 2>/dev/null || onednn=
  for header in $(find src include tools doors tests -name '*.h' ! -path 'src/backend/cuda/*' | sort); do
    flags=
    case $header in
    *onednn*) [ -n "$onednn" ] || continue ;;
    */simd/*) flags='-mavx2 -mfma' ;;
    esac
    # shellcheck disable=SC2086
    printf '#include "%s"\n' "$PWD/$header" |
      "$compiler" -std=c17 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Werror $onednn $flags -Isrc -Iinclude -Itests \
        -x c -fsyntax-only - >"$tmp/out" 2>&1 ||
      found="$found$header does not compile alone: $(sed -n '/error/{p;q;}' "$tmp/out")
"
  done
  if command -v "${CXX:-c++}" >/dev/null 2>&1; then
    for header in include/*/*.h; do
      printf '#include <%s>\n' "${header#include/}" |
        "${CXX:-c++}" -std=c++17 -Wall -Wextra -Wpedantic -Werror -Iinclude -x c++ -fsyntax-only - \
          >"$tmp/out" 2>&1 || found="$found$header is no C++17: $(sed -n '/error/{p;q;}' "$tmp/out")
"
    done
  fi
  [ -z "$found" ] || fail "$found"
}

# --- docs: every path in backticks exists (build products, placeholders and globs aside) ------------
check_docs() {
  found=$(grep -o '`[a-z]*/[A-Za-z0-9_./-]*`' README.md docs/*.md bench/README.md | tr -d '`' |
    while IFS=: read -r page path; do
      case $path in
        src/* | include/* | docs/* | tests/* | tools/* | doors/* | bench/* | zoo/* | scripts/* | cmake/*)
          [ -e "$path" ] || echo "$page: there is no $path" ;;
      esac
    done)
  [ -z "$found" ] || fail "$found"
}

# --- format: clang-format ---------------------------------------------------------------------------
check_format() {
  command -v clang-format >/dev/null 2>&1 || { echo "skipped: no clang-format"; return 77; }
  # shellcheck disable=SC2046
  found=$(clang-format --dry-run $(find src tools doors tests include bench examples -name '*.[ch]' 2>/dev/null) 2>&1 |
    sed -n 's/^\([^ ]*\): warning: .*clang-format.*/\1: not as clang-format -i leaves it/p')
  [ -z "$found" ] || fail "$found"
}

# --- tidy: clang-tidy over a build folder's compile_commands.json ($SCULL_BUILD_DIR) -----------------
check_tidy() {
  command -v clang-tidy >/dev/null 2>&1 || { echo "skipped: no clang-tidy"; return 77; }
  build=${SCULL_BUILD_DIR:-build/release}
  [ -e "$build/compile_commands.json" ] || { echo "skipped: $build is not configured"; return 77; }
  sources src tools doors | grep '\.c$' | grep -v '^src/backend/cuda/' >"$tmp/files"
  grep -v 'thread_pthread\.c$' "$tmp/files" | while read -r file; do
    grep -q "\"file\": \".*/$file\"" "$build/compile_commands.json" && printf '%s\n' "$file"
  done >"$tmp/known"
  found=$(xargs -P "$(nproc)" -n 4 clang-tidy --quiet -p "$build" <"$tmp/known" 2>/dev/null |
    grep -E 'warning:|error:' | sort -u || true)
  [ -z "$found" ] || fail "$found"
}

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
[ $# -gt 0 ] || set -- includes lists names sizes calls headers docs format tidy
result=0
for check in "$@"; do
  code=0
  ( "check_$check" ) || code=$?
  [ "$code" -eq 0 ] || result=$code
  [ $# -eq 1 ] || echo "$check: $([ "$code" -eq 0 ] && echo good || { [ "$code" -eq 77 ] && echo skipped || echo BAD; })"
done
if [ $# -gt 1 ] && [ "$result" -eq 77 ]; then result=0; fi
exit "$result"
