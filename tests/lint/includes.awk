# Holds include_law.txt (the first file) over the sources (the others). Besides: a device's folder is
# included by itself only, the tool, the doors and include/ see include/ only, scull.h is for build and api.
FILENAME == ARGV[1] {
  if ($0 !~ /^#/ && NF) {
    folder = $1
    sub(/:$/, "", folder)
    known[folder] = 1
    for (i = 2; i <= NF; i++) law[folder, $i] = 1
  }
  next
}

function complain(what) {
  printf "%s:%d: %s\n", FILENAME, FNR, what
}

FNR == 1 {
  depth = split(FILENAME, part, "/")
  top = part[1]
  folder = part[2]
  device = top == "src" && folder == "backend" && depth > 3 ? part[3] : ""
  if (top == "src" && !(folder in known)) complain("src/" folder " is not in include_law.txt")
}

/^#[ \t]*include[ \t]*"/ {
  path = $0
  sub(/^[^"]*"/, "", path)
  sub(/".*/, "", path)
  count = split(path, step, "/")
  if (top == "include" && folder == "paddle") {
    # as upstream's own: programs put either folder in their path
    if (path !~ /^pd_[a-z_]*\.h$/) complain("include/paddle/ includes \"" path "\"")
  } else if (top == "include") {
    complain("include/ includes \"" path "\"; write <scull/...>")
  } else if (top == "tools" || top == "doors") {
    if (count > 1) complain(top "/ includes \"" path "\"; it may see include/ only")
  } else if (count == 1) {
    complain("\"" path "\": name the folder, too")
  } else {
    if (step[1] != folder && !((folder, step[1]) in law) && !((folder, "*") in law))
      complain(folder " may not include " step[1] " (\"" path "\")")
    if (step[1] == "backend" && count > 2 && step[2] != device && path !~ /\.def$/)
      complain("only " step[2] "'s own files may include \"" path "\"")
  }
}

/^#[ \t]*include[ \t]*<scull\/scull\.h>/ && top == "src" && folder != "api" && folder != "build" {
  complain(folder " may not include <scull/scull.h>; take <scull/types.h>")
}
