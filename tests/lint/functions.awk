# Finds the functions of C files that clang-format has laid out: a definition begins in column 1, its
# body opens with a "{" at the end of a line and closes with a "}" in column 1.
FNR == 1 { head = ""; inside = 0 }

inside {
  if ($0 ~ /^}/) {
    printf "%s %d %d %s %s\n", FILENAME, begin, FNR - open - 1, linkage, name
    inside = 0
  }
  next
}

/^[#\/} \t]/ && head == "" { next }
/^(typedef|struct|enum|union|extern)/ && /[{;]$/ && head == "" && !/\)/ { next }
/^[A-Za-z_]/ && head == "" { begin = FNR }
head != "" || /^[A-Za-z_]/ { head = head " " $0 }

head != "" && /[;}]$/ { head = ""; next }
head ~ /^ [A-Z][A-Z0-9_]*\([^{]*\)$/ { head = ""; next } # a macro that stands for a definition

head != "" && /\{$/ {
  text = head
  head = ""
  if (text !~ /\(/ || text ~ /=[^()]*\{$/ || text ~ /^ (typedef|struct [a-z_]+ \{|enum)/) next
  linkage = text ~ /^ [A-Z0-9_]*INLINE / || text ~ / static / ? "static" : "extern"
  if (match(text, /[A-Z_]+\([a-z0-9_]+\)\(/)) { # SCULL_SIMD(name)(arguments)
    text = substr(text, RSTART, RLENGTH)
    sub(/^[A-Z_]+\(/, " ", text)
    sub(/\)/, "", text)
  }
  sub(/\(.*/, "", text)
  name = text
  sub(/.*[ *]/, "", name)
  open = FNR
  inside = 1
}
