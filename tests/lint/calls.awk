# Calls that are banned: everywhere, and (memory, output, files) in the library outside base/.
function strip(line) { # strings, characters and comments that end on the line
  gsub(/\\["'\\]/, "", line)
  gsub(/"[^"]*"/, "\"\"", line)
  gsub(/\/\*.*\*\//, "", line)
  sub(/\/\/.*/, "", line)
  return line
}

function find(line, words,    rest, at) {
  at = match(line, "(^|[^A-Za-z0-9_.>])(" words ")[ ]*\\(")
  if (!at) return ""
  rest = substr(line, RSTART, RLENGTH)
  gsub(/[^A-Za-z0-9_]/, "", rest)
  return rest
}

FNR == 1 {
  comment = 0
  library = FILENAME ~ /^src\// && FILENAME !~ /_test\.c$/
  base = FILENAME ~ /^src\/base\//
}

{
  line = strip($0)
  if (comment) {
    if (line !~ /\*\//) next
    sub(/.*\*\//, "", line)
    comment = 0
  }
  if (line ~ /\/\*/) {
    sub(/\/\*.*/, "", line)
    comment = 1
  }
  if (line ~ /^#/) next
  name = find(line, "strcpy|strcat|sprintf|vsprintf|strtok|atoi|gets|alloca|system|popen|tmpnam|mktemp")
  if (name != "") printf "%s:%d: %s is banned\n", FILENAME, FNR, name
  if (library) {
    name = find(line, "abort|exit|_exit|assert|printf|fprintf|vprintf|vfprintf|puts|putchar|perror")
    if (name != "") printf "%s:%d: %s: the library never aborts, exits or prints\n", FILENAME, FNR, name
  }
  if (library && !base) {
    name = find(line, "malloc|calloc|realloc|free|strdup|strndup|posix_memalign|aligned_alloc|fopen|open|mmap")
    if (name != "") printf "%s:%d: %s: go through base/\n", FILENAME, FNR, name
  }
}
